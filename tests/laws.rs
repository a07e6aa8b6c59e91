//! What holds for every text and every plan.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(not(target_arch = "wasm32"))]

use proptest::prelude::*;
use sweep_planner::launch;
use sweep_planner::sweep::checks::Doubt;
use sweep_planner::sweep::config::pasted;
use sweep_planner::sweep::diagnostic::Kind;
use sweep_planner::sweep::{
    Diagnostic, Origin, Plan, Reading, Settings, Severity, edit, quote, read,
};

/// Values as a person writes them: swept and plain, right and wrong.
fn value() -> impl Strategy<Value = String> {
    let integer = -20_i64..20;
    prop_oneof![
        integer.clone().prop_map(|n| n.to_string()),
        "[ -~]{0,8}",
        proptest::collection::vec(integer.clone(), 1..5).prop_map(|list| format!("{list:?}")),
        proptest::collection::vec("[a-c' é]{0,3}", 1..4).prop_map(|list| format!(
            "[{}]",
            list.iter()
                .map(|s| quote::python(s))
                .collect::<Vec<_>>()
                .join(", ")
        )),
        (integer.clone(), integer.clone(), integer.clone())
            .prop_map(|(a, b, c)| format!("range({a}, {b}, {c})")),
        (integer, 0_u32..5).prop_map(|(a, n)| format!("uniform({a}, 30, {n})")),
        "\\[[0-9', \\[\\]]{0,8}\\]?",
    ]
}

fn argument() -> impl Strategy<Value = String> {
    let quoted = || value().prop_map(|value| quote::shell(&value).into_owned());
    prop_oneof![
        ("--[a-c]", quoted()).prop_map(|(name, value)| format!("{name} {value}")),
        ("--[a-c]", quoted()).prop_map(|(name, value)| format!("{name}={value}")),
        quoted(),
        "-[a-c]",
    ]
}

fn command() -> impl Strategy<Value = String> {
    let options = prop_oneof![
        Just(String::new()),
        Just("--use_spot ".to_owned()),
        Just("--strategy none ".to_owned()),
        (1_u32..9, 0_u32..99)
            .prop_map(|(k, s)| format!("--strategy random_search --num_trials {k} --seed {s} ")),
        Just("--name it --memory 120 ".to_owned()),
    ];
    (options, proptest::collection::vec(argument(), 0..4))
        .prop_map(|(options, arguments)| format!("grid run {options}f.py {}", arguments.join(" ")))
}

fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(command(), 1..4).prop_map(|commands| commands.join("\n"))
}

/// Bits of commands in any order: mostly wrong.
fn fragments() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("grid run "),
        Just("--x "),
        Just("f.py "),
        Just("[1, 2"),
        Just("]"),
        Just("(((("),
        Just("uniform("),
        Just("range(1,"),
        Just("'"),
        Just("\""),
        Just("\\"),
        Just("\\\n"),
        Just("\n"),
        Just("$("),
        Just("`"),
        Just("“"),
        Just("”"),
        Just("–"),
        Just("\u{a0}"),
        Just("é🚀"),
        Just("--seed 9999999999 "),
        Just("{1,2}"),
        Just("--strategy "),
        Just("random_search "),
        Just("&&"),
        Just(";"),
        Just("#"),
        Just("{'a': [1"),
        Just("1e"),
        Just("9999999999999999999999"),
        Just("--num_trials 3 "),
        Just(","),
        Just("\r\n"),
        Just("= "),
        Just("0x"),
        Just("--g_gpus 4 "),
        Just("--grid_name abc "),
        Just("--max_nodes "),
        Just("--use_spot true "),
        Just("grid train "),
        Just("--name abc "),
        Just("compute:"),
        Just("hyper_params: "),
        Just("method: "),
        Just("parameters:\n"),
        Just("https://platform.grid.ai/#/runs?script=https://github.com/o/r/blob/c/f.py"),
        Just("&script_args="),
        Just("%20%"),
        Just("[![a]("),
        Just(")"),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Config files: right and wrong keys and values, and YAML in pieces.
fn config() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        value(),
        Just("1:30".to_owned()),
        Just("on".to_owned()),
        Just("".to_owned()),
        Just("[1, 'a b', ~]".to_owned()),
        Just("{a: [1]}".to_owned()),
        Just("\"x y\"".to_owned()),
        Just("*a".to_owned()),
        Just("&a [1, 2]".to_owned()),
        Just("2001-12-14".to_owned()),
        Just("!!int x".to_owned()),
        "[ -~]{0,6}",
    ];
    let key = prop_oneof![
        Just("compute".to_owned()),
        Just("train".to_owned()),
        Just("hyper_params".to_owned()),
        Just("params".to_owned()),
        Just("settings".to_owned()),
        Just("strategy_options".to_owned()),
        Just("num_trials".to_owned()),
        Just("gpus".to_owned()),
        Just("environment".to_owned()),
        Just("instance".to_owned()),
        Just("<<".to_owned()),
        Just("--x".to_owned()),
        Just("actions".to_owned()),
        Just("on_build".to_owned()),
        Just("scratch".to_owned()),
    ];
    let line = (0_usize..4, key, scalar.clone())
        .prop_map(|(depth, key, value)| format!("{}{key}: {value}\n", "  ".repeat(depth)));
    let any = proptest::collection::vec(line, 0..12).prop_map(|lines| lines.concat());
    let params = proptest::collection::vec(("--[a-c]", scalar), 0..5).prop_map(|params| {
        let lines: String = params
            .iter()
            .map(|(key, value)| format!("    {key}: {value}\n"))
            .collect();
        format!("hyper_params:\n  params:\n{lines}")
    });
    let piece = prop_oneof![
        Just("compute:"),
        Just("hyper_params:"),
        Just(" params:"),
        Just("\n"),
        Just("  "),
        Just("- "),
        Just("["),
        Just("]"),
        Just("{"),
        Just("}"),
        Just(", "),
        Just(": "),
        Just("? "),
        Just("&a "),
        Just("*a"),
        Just("<<: "),
        Just("|\n"),
        Just(">-\n"),
        Just("'"),
        Just("\""),
        Just("\\"),
        Just("#"),
        Just("---\n"),
        Just("...\n"),
        Just("!!str "),
        Just("!"),
        Just("%YAML 1.1\n"),
        Just("\t"),
        Just("é🚀"),
        Just("\u{feff}"),
        Just("\u{85}"),
        Just("\r"),
        Just("x"),
        Just("1"),
    ];
    let pieces = proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat());
    prop_oneof![params, any, pieces, "\\PC{0,40}"]
}

/// Commands with characters that nobody sees, or takes for others, in any place, and what a shell would
/// have changed.
fn characters() -> impl Strategy<Value = String> {
    let places = [
        "grid run ",
        "f.py ",
        "--lr ",
        "--lr=",
        "\"[1, 2]\"",
        "\"['a', 'b']\"",
        "'x'",
        "\"y\"",
        "1e-3",
        " ",
        "\n",
        " \\\n",
        " \\",
        "\"[",
        "]\"",
        "\" \"",
        "a",
        "5",
        "\"",
        "'",
        "grid run f.py --a ",
        "# ",
        "--name x ",
    ];
    let odd = [
        "\u{ad}",
        "\u{61c}",
        "\u{115f}",
        "\u{17b4}",
        "\u{180e}",
        "\u{200b}",
        "\u{200d}",
        "\u{200f}",
        "\u{202e}",
        "\u{2028}",
        "\u{2060}",
        "\u{2066}",
        "\u{3164}",
        "\u{fe0f}",
        "\u{feff}",
        "\u{fff9}",
        "\u{85}",
        "\u{e0041}",
        "\u{1b}",
        "\u{1b}[0m",
        "\u{8}",
        "\u{7f}",
        "\0",
        "\u{a0}",
        "\u{3000}",
        "\u{fffd}",
        "\t",
        "\r",
        "â€œ",
        "Â\u{a0}",
        "&quot;",
        "&#39;",
        "&amp;",
        "&nbsp;",
        "‐",
        "–",
        "−",
        "（",
        "［",
        "，",
        "＝",
        "＂",
        "´",
        "′",
        "“",
        "”",
        "‘",
        "«",
        "`",
        "^\n",
        "~/x ",
        "*.csv ",
        "$$",
        "!!",
        "C:\\data\\new ",
        "..\\x\\ ",
        "%HOME% ",
        "X=1 ",
        "cd a && ",
        ">>> ",
        "1  ",
    ];
    let piece = prop_oneof![
        proptest::sample::select(places.to_vec()),
        proptest::sample::select(odd.to_vec()),
    ];
    proptest::collection::vec(piece, 0..16)
        .prop_map(|pieces| format!("grid run f.py {}", pieces.concat()))
}

/// Whether a person sees nothing of it.
fn is_unseen(argument: &str) -> bool {
    let unseen = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || "\u{ad}\u{200b}\u{200d}\u{2060}\u{feff}\u{3164}".contains(c)
    };
    !argument.is_empty() && argument.chars().all(unseen)
}

fn settings() -> Settings {
    Settings {
        drawn_seed: 5,
        ..Settings::default()
    }
}

fn argvs(plan: &Plan) -> Vec<Vec<String>> {
    (0..plan.len().min(2000))
        .map(|n| plan.argv(&plan.trial(n).unwrap()))
        .collect()
}

/// Spans lie in the text, on character boundaries, in order, none at one place with another.
fn check_places(text: &str, reading: &Reading) {
    check_diagnostics(text, &reading.diagnostics);
    for command in reading.commands.iter() {
        let typed = command
            .arguments
            .iter()
            .filter(|a| a.origin == Origin::Command);
        for argument in typed {
            let span = argument.word.span;
            assert!(command.span.start <= span.start && span.end <= command.span.end);
            assert!(text.get(span.start as usize..span.end as usize).is_some());
        }
    }
}

fn check_diagnostics(text: &str, diagnostics: &[Diagnostic]) {
    let mut end = 0;
    for diagnostic in diagnostics {
        let span = diagnostic.span;
        assert!(
            text.get(span.start as usize..span.end as usize).is_some(),
            "{diagnostic:?}"
        );
        assert!(span.start >= end, "{diagnostic:?} overlaps the one before");
        end = span.end;
        assert!(!diagnostic.to_string().is_empty());
        assert!(diagnostic.render(text).contains('^'));
        if let Some(fix) = diagnostic.fix(text) {
            fix.apply(text);
        }
    }
}

/// Texts near what is right: mistakes in lists and calls, and right commands with a character changed.
fn near_miss() -> impl Strategy<Value = String> {
    let item = prop_oneof![
        Just("adam".to_owned()),
        Just("bert-base".to_owned()),
        Just("data/a.csv".to_owned()),
        Just("v1.0".to_owned()),
        Just("true".to_owned()),
        Just("none".to_owned()),
        Just("a b".to_owned()),
        Just("'x'".to_owned()),
        Just("\"y\"".to_owned()),
        Just("1/2".to_owned()),
        Just("08".to_owned()),
        Just("10k".to_owned()),
        Just("2**3".to_owned()),
        Just("-1e-5".to_owned()),
        Just("range(3)".to_owned()),
        Just("*range(2)".to_owned()),
        Just("float('inf')".to_owned()),
        Just("[a, 1]".to_owned()),
        Just("...".to_owned()),
        Just("it's".to_owned()),
        Just("#fff".to_owned()),
        Just("$X".to_owned()),
        Just("{1,2}".to_owned()),
        Just("".to_owned()),
        "[ -~]{0,5}",
        (-20_i64..20).prop_map(|n| n.to_string()),
    ];
    let separator = prop_oneof![
        4 => Just(", "), 1 => Just(","), 1 => Just(" "), 1 => Just(";"), 1 => Just("|")
    ];
    let open = prop_oneof![
        6 => Just("["), 1 => Just("("), 1 => Just("{"), 1 => Just("uniform("), 1 => Just("np.array("),
        1 => Just("[["), 1 => Just("10**uniform("), 1 => Just("arange("), 1 => Just("choice["), 1 => Just("")
    ];
    let close = prop_oneof![
        6 => Just("]"), 1 => Just(")"), 1 => Just("}"), 1 => Just("]]"), 1 => Just(""), 1 => Just("],"), 1 => Just("]*2")
    ];
    let value = (
        open,
        proptest::collection::vec((item, separator), 0..5),
        close,
    )
        .prop_map(|(open, items, close)| {
            let last = items.len().saturating_sub(1);
            let inner: String = items
                .iter()
                .enumerate()
                .map(|(at, (item, separator))| {
                    format!("{item}{}", if at == last { "" } else { separator })
                })
                .collect();
            format!("{open}{inner}{close}")
        });
    let quotes = prop_oneof![3 => Just("\""), 2 => Just("'"), 1 => Just("")];
    let flag = prop_oneof![
        4 => Just("--x "), 2 => Just("--x="), 1 => Just("-x"), 1 => Just("--x ="), 1 => Just("--x = "),
        1 => Just("--x: "), 2 => Just("lr="), 2 => Just(""), 1 => Just("--x #"), 1 => Just("-l "), 1 => Just("\"--x=")
    ];
    let argument = (flag, quotes, value)
        .prop_map(|(flag, quote, value)| format!("{flag}{quote}{value}{quote}"));
    let arguments = proptest::collection::vec(argument, 1..4)
        .prop_map(|arguments| format!("grid run f.py {}", arguments.join(" ")));
    let mutated = (text(), any::<proptest::sample::Index>(), "[ -~]").prop_map(|(text, at, c)| {
        let mut characters: Vec<char> = text.chars().collect();
        let at = at.index(characters.len());
        characters.splice(at..=at, c.chars());
        characters.into_iter().collect()
    });
    prop_oneof![4 => arguments, 2 => mutated, 1 => fragments()]
}

fn errors(reading: &Reading) -> usize {
    let errors = reading.diagnostics.iter();
    errors.filter(|d| d.severity() == Severity::Error).count()
}

/// Problems of the plan as a whole, which are looked for where all else is right.
fn is_of_the_whole(diagnostic: &Diagnostic) -> bool {
    matches!(
        diagnostic.kind,
        Kind::SpaceTooLarge | Kind::LargePlan { .. } | Kind::RepeatedTrials { .. }
    )
}

/// Clicks first fixes until there are none, each of which has to mend what it stands for.
fn click_through(start: &str) {
    let mut text = start.to_owned();
    // A click mends a word, or a value of one; what it uncovers is a word's too.
    let bound = 10 + 4 * start.split_whitespace().count() + start.len();
    for _ in 0..bound {
        let reading = read(&text, &settings());
        let fixable = reading
            .diagnostics
            .iter()
            .filter(|d| !matches!(d.kind, Kind::DanglingLine { .. }))
            .find_map(|d| Some((d, d.fix(&text)?)));
        let Some((diagnostic, fix)) = fixable else {
            return;
        };
        let mended = fix.apply(&text);
        let after = read(&mended, &settings());
        // A quote more makes pairs of others: the one that is open then stands further on.
        let quote = matches!(diagnostic.kind, Kind::UnclosedQuote { .. });
        let same = |reading: &Reading| {
            let all = reading.diagnostics.iter();
            let here = all.filter(|d| !quote || d.span == diagnostic.span);
            here.filter(|d| d.kind == diagnostic.kind).count()
        };
        assert!(
            same(&after) < same(&reading),
            "{start}\n{text}\n{mended}\nstill has {diagnostic:?}"
        );
        // Words that come back from a comment bring their own problems.
        let mends_a_value = match &diagnostic.kind {
            Kind::Doubt(doubt) => !matches!(**doubt, Doubt::HiddenWords(_)),
            Kind::Literal { .. } | Kind::UnknownCall { .. } | Kind::RangeNotInteger { .. } => true,
            _ => false,
        };
        let whole = after
            .diagnostics
            .iter()
            .filter(|d| is_of_the_whole(d))
            .count();
        // Behind a quote that is never closed nothing is told.
        let open = |reading: &Reading| {
            let mut all = reading.diagnostics.iter();
            all.any(|d| matches!(d.kind, Kind::UnclosedQuote { .. }))
        };
        let told = !open(&reading) && !open(&after);
        assert!(
            !(mends_a_value && told) || errors(&after) <= errors(&reading) + whole,
            "{start}\n{text}\n{mended}\n{:?}",
            after.diagnostics
        );
        check_other_readings(&text, diagnostic);
        text = mended;
    }
    panic!("{start}\nhas no end of fixes: {text}");
}

/// Fixes of one problem that lead to other numbers of trials are all offered, each under its own words.
fn check_other_readings(text: &str, diagnostic: &Diagnostic) {
    let fixes = diagnostic.fixes(text);
    for (at, fix) in fixes.iter().enumerate() {
        let others = fixes.iter().skip(at + 1);
        for other in others {
            assert_ne!(fix.label, other.label, "{text}");
            assert_ne!(fix.apply(text), other.apply(text), "{text}");
        }
        // What makes a sweep of a text has the text itself beside it.
        let lost = matches!(
            &diagnostic.kind,
            Kind::Literal { .. } | Kind::UnknownCall { .. }
        );
        let plain = fix.label.starts_with("Pass it as") || fix.label == "Use plain quotes";
        assert!(!lost || plain || fixes.len() > 1, "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read(text in prop_oneof![fragments(), text(), "\\PC{0,60}"]) {
        let reading = read(&text, &settings());
        check_places(&text, &reading);
        prop_assert_eq!(reading.plan.is_empty(), reading.has_errors());
        let is_config = |d: &Diagnostic| d.kind == Kind::ConfigPasted;
        prop_assert_eq!(pasted(&text).is_some(), reading.diagnostics.iter().any(is_config));
    }

    /// Clicking the first fix of each option's spelling or place ends, with none of them left.
    #[test]
    fn fixes_of_spellings_end(text in fragments()) {
        let mut text = text;
        let first = |text: &str| {
            let reading = read(text, &settings());
            let spellings = reading.diagnostics.iter().filter(|d| matches!(d.kind, Kind::Spelling(_)));
            let mut fixes = spellings.filter_map(|d| d.fix(text));
            fixes.next()
        };
        let mut clicks = 0;
        while let Some(fix) = first(&text) {
            text = fix.apply(&text);
            clicks += 1;
            prop_assert!(clicks <= 100, "{} again in {text}", fix.label);
        }
    }

    /// Any text as a config file gives a reading, and what is merged is launched and received alike.
    #[test]
    fn any_config_is_read(text in text(), config in config()) {
        let text = text.replace("grid run ", "grid run --config c.yml ");
        let settings = Settings { config: Some(config.as_str().into()), ..settings() };
        let reading = read(&text, &settings);
        check_places(&text, &reading);
        check_diagnostics(&config, &reading.config_diagnostics);
        prop_assert_eq!(reading.plan.is_empty(), reading.has_errors());
        let plan = &reading.plan;
        for part in 0..plan.parts().len() as u32 {
            let all = sweep_planner::sweep::Ranges::from_ascending(0..plan.len().min(300));
            if let Ok(request) = launch::request(plan, part, &all, "local", None) {
                prop_assert!(launch::receive(&request, 77).is_ok());
            }
        }
        let count = plan.len().min(50);
        let lines: Vec<String> = (0..count).map(|n| plan.grid_run_line(&plan.trial(n).unwrap())).collect();
        let again = read(&lines.join("\n"), &self::settings());
        prop_assert_eq!(argvs(&again.plan), argvs(plan).into_iter().take(count as usize).collect::<Vec<_>>());
    }

    /// Clicking first fixes ends, and nothing that nobody sees is passed without a word.
    #[test]
    fn fixes_of_characters_end(text in characters()) {
        let mut text = text;
        let mut clicks = 0;
        loop {
            let reading = read(&text, &settings());
            check_places(&text, &reading);
            for diagnostic in &reading.diagnostics {
                let rendered = diagnostic.render(&text);
                prop_assert!(!rendered.contains(|c: char| c.is_control() && c != '\n'), "{rendered:?}");
            }
            if reading.diagnostics.is_empty() {
                prop_assert!(!argvs(&reading.plan).iter().flatten().any(|argument| is_unseen(argument)), "{text:?}");
            }
            // Lists that are no Python have laws of their own.
            let characters = |d: &&Diagnostic| !matches!(d.kind, Kind::Literal { .. });
            let mut clickable = reading.diagnostics.iter().filter(characters);
            let Some(fix) = clickable.find_map(|d| d.fix(&text)) else {
                break;
            };
            let mended = fix.apply(&text);
            prop_assert_ne!(&mended, &text);
            text = mended;
            clicks += 1;
            prop_assert!(clicks <= 50, "{text:?} {:?}", reading.diagnostics);
        }
    }

    #[test]
    fn len_is_what_is_yielded(text in text()) {
        let plan = read(&text, &settings()).plan;
        let mut positions = Vec::new();
        let mut position = 0;
        while let Some(trial) = plan.trial(position) {
            prop_assert_eq!(trial.position, position);
            let part = &plan.parts()[trial.part as usize];
            prop_assert_eq!(part.position_of(trial.index).map(|n| n + plan.start(trial.part)), Some(position));
            positions.push(trial);
            position += 1;
        }
        prop_assert_eq!(positions.len() as u128, plan.len());
    }

    /// The values of an index lead back to it.
    #[test]
    fn digits_lead_back_to_the_index(text in text()) {
        let plan = read(&text, &settings()).plan;
        for part in plan.parts() {
            for index in 0..part.space_len().min(500) {
                let mut back = 0;
                let mut weight = 1;
                for (digit, axis) in part.digits(index).zip(part.axes()) {
                    back += digit * weight;
                    weight *= axis.len();
                }
                prop_assert_eq!(back, index);
            }
        }
    }

    /// Printing trials as commands and reading those gives the same trials.
    #[test]
    fn printing_and_reading_agree(text in text()) {
        let plan = read(&text, &settings()).plan;
        let count = plan.len().min(200);
        let lines: Vec<String> = (0..count).map(|n| plan.grid_run_line(&plan.trial(n).unwrap())).collect();
        let again = read(&lines.join("\n"), &settings());
        if count > 0 {
            prop_assert!(!again.has_errors(), "{:?}\n{}", again.diagnostics, lines.join("\n"));
        }
        let names = again.commands.iter().filter_map(|command| command.options.name.as_deref());
        let names: Vec<&str> = names.collect();
        let distinct: std::collections::HashSet<&&str> = names.iter().collect();
        prop_assert_eq!(distinct.len(), names.len());
        prop_assert_eq!(argvs(&again.plan), argvs(&plan).into_iter().take(count as usize).collect::<Vec<_>>());
    }

    /// What the page launches is what the server reads.
    #[test]
    fn launching_and_receiving_agree(text in text(), keep in 1_u128..4) {
        let plan = read(&text, &settings()).plan;
        let selection = sweep_planner::sweep::Ranges::from_ascending((0..plan.len().min(300)).step_by(keep as usize));
        for (number, part) in plan.parts().iter().enumerate() {
            let chosen = plan.chosen_indices(number as u32, &selection);
            let Ok(request) = launch::request(&plan, number as u32, &selection, "local", None) else {
                prop_assert!(chosen.is_empty());
                continue;
            };
            let received = launch::receive(&request, 77);
            prop_assert!(received.is_ok(), "{:?} of {}", received.err(), request.spec.run_controller_command);
            let received = received.unwrap();
            let there = received.part().unwrap();
            prop_assert_eq!(&received.chosen, &chosen);
            for index in chosen.iter() {
                prop_assert_eq!(there.argv(index), part.argv(index));
            }
        }
    }

    /// Setting an option from a control sets it, changes nothing else, and can be taken back.
    #[test]
    fn setting_an_option_sets_it(text in text(), seed in 0_u32..1000) {
        let before = read(&text, &settings());
        let set = edit::set_option(&text, "--seed", Some(&seed.to_string()));
        let after = read(&set, &settings());
        prop_assert!(after.commands.iter().all(|c| c.options.seed == Some(seed)));
        prop_assert_eq!(after.commands.len(), before.commands.len());
        for (a, b) in after.commands.iter().zip(before.commands.iter()) {
            let words = |c: &sweep_planner::sweep::command::Command| c.arguments.iter().map(|a| a.word.text.clone()).collect::<Vec<_>>();
            prop_assert_eq!(words(a), words(b));
        }
        let removed = read(&edit::set_option(&set, "--seed", None), &settings());
        prop_assert!(removed.commands.iter().all(|c| c.options.seed.is_none()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// Clicking first fixes ends, each mends what it stands for and adds no error, and where one makes
    /// a sweep of what may be one value, the other is offered beside it.
    #[test]
    fn fixes_end_and_mend(text in near_miss()) {
        click_through(&text);
    }
}

/// What was found by clicking, each with what it broke.
#[test]
fn fixes_end_and_mend_what_broke_them() {
    for text in [
        "grid run f.py -x[{1,2}]",
        "grid run f.py --x=[[adam)",
        "grid run f.py \"--x=\"10**uniform(]\"",
        "grid run f.py -x[adam #fff;adam]",
        "\"\\",
        "\"`\r\n`",
        "grid run f.py lr=[#fff, *range(2))",
        "grid run f.py --x \"[True]\" --x \"[True]\"",
        "grid run f.py --food '['pear', 'apple']'",
        "grid run f.py --m \"[\"pca\"]\"",
    ] {
        click_through(text);
    }
}

/// What fuzzing found, each with what it broke.
#[test]
fn printing_and_reading_agree_on_what_looks_like_options() {
    for text in [
        "grid run --dockerfile=--seed f.py",
        "grid run --dependency_file=-x -- -f.py",
        "grid run -- -f.py --x \"['--y=[1, 2]', '-l']\"",
    ] {
        let plan = read(text, &settings()).plan;
        for position in 0..plan.len() {
            let trial = plan.trial(position).unwrap();
            let line = plan.grid_run_line(&trial);
            let again = read(&line, &settings());
            assert!(!again.has_errors(), "{line}: {:?}", again.diagnostics);
            assert_eq!(argvs(&again.plan), [plan.argv(&trial)], "{line}");
        }
        assert!(!plan.is_empty(), "{text}");
    }
}

/// Two arguments never have one name, whatever flags are called.
#[test]
fn names_of_arguments_are_different() {
    for text in [
        "--x --x#2 --x",
        "--x#2 --x --x",
        "--x --x --x#2",
        "--x --x#2 --x#2 --x --x#3",
    ] {
        let reading = read(&format!("grid run f.py {text}"), &settings());
        let arguments = &reading.commands[0].arguments;
        let names: std::collections::BTreeSet<_> = arguments.iter().map(|a| &a.name).collect();
        assert_eq!(names.len(), arguments.len(), "{names:?}");
    }
}

/// However much a short text asks for, little is listed.
#[test]
fn what_is_listed_is_bounded() {
    for text in [
        format!(
            "grid run f.py --x \"choice(['{}', 1], 1000000)\"",
            "a".repeat(100_000)
        ),
        "grid run f.py --x \"choice(1000000, 1, False)\"\n".repeat(10_000),
        "grid run --strategy random_search --num_trials 1000000 f.py --x \"range(10000000)\"\n"
            .repeat(50),
    ] {
        let reading = read(&text, &settings());
        let too_much = |d: &&Diagnostic| d.kind == Kind::TooMuchListed;
        assert_eq!(
            reading.diagnostics.iter().filter(too_much).count(),
            1,
            "{text:.80}"
        );
    }
}

/// A config file counts for each command that names it.
#[test]
fn a_config_file_is_not_copied_without_end() {
    let config = format!("hyper_params: {{params: {{--x: {}}}}}", "y".repeat(20_000));
    let reading = |commands: usize| {
        let settings = Settings {
            config: Some(config.as_str().into()),
            ..settings()
        };
        read(
            &"grid run --config c.yml f.py\n".repeat(commands),
            &settings,
        )
    };
    assert!(!reading(200).has_errors());
    let kinds = reading(10_000).diagnostics.into_iter().map(|d| d.kind);
    assert_eq!(kinds.collect::<Vec<_>>(), [Kind::TooMuchListed]);
}

/// A text of nothing but problems tells the first of them, and how many more there are.
#[test]
fn problems_are_told_up_to_a_number() {
    let reading = read(
        &format!("grid run f.py {}", "| ".repeat(100_000)),
        &settings(),
    );
    assert_eq!(reading.diagnostics.len(), 1001);
    assert_eq!(
        reading.diagnostics[1000].to_string(),
        "99,000 more problems from here on"
    );
    assert!(reading.has_errors());
    let commands = "grid run f.py --x 1\n".repeat(3000);
    assert!(!read(&commands, &settings()).has_errors());
}
