//! Properties of fixes: applying them ends, each mends its problem, and different fixes differ.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(not(target_arch = "wasm32"))]

mod texts;

use proptest::prelude::*;
use sweep_planner::internals::sweep::diagnostic::{Kind, Lint};
use sweep_planner::internals::sweep::{Diagnostic, Reading, Severity, read};
use texts::{argvs, check_places, fragments, settings, text};

/// Commands with invisible or look-alike characters in any place, and with what a shell would have
/// changed.
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

/// Whether all its characters are invisible.
fn is_unseen(argument: &str) -> bool {
    let unseen = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || "\u{ad}\u{200b}\u{200d}\u{2060}\u{feff}\u{3164}".contains(c)
    };
    !argument.is_empty() && argument.chars().all(unseen)
}

/// Nearly right texts: mistakes in lists and calls, and right commands with one character changed.
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

fn count_errors(reading: &Reading) -> usize {
    let errors = reading.diagnostics.iter();
    errors.filter(|d| d.severity() == Severity::Error).count()
}

/// Whether it is a problem of the plan as a whole; those are checked only where all else is right.
fn concerns_whole_plan(diagnostic: &Diagnostic) -> bool {
    matches!(
        diagnostic.kind,
        Kind::SpaceTooLarge | Kind::LargePlan { .. } | Kind::RepeatedTrials { .. }
    )
}

/// Applies first fixes until there are none, and checks that each mends its problem.
fn click_all_fixes(start: &str) {
    let mut text = start.to_owned();
    // Each fix mends a word or a value in one, so that their number is bounded by that of words.
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
        // An added quote pairs up with others, so that another one, further on, is then unclosed.
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
        // Words that a fix brings back from a comment have their own problems.
        let mends_a_value = match &diagnostic.kind {
            Kind::Lint(doubt) => !matches!(**doubt, Lint::HiddenWords(_)),
            Kind::Literal { .. } | Kind::UnknownCall { .. } | Kind::RangeNotInteger { .. } => true,
            _ => false,
        };
        let whole = after
            .diagnostics
            .iter()
            .filter(|d| concerns_whole_plan(d))
            .count();
        // Behind a quote that is never closed, problems are not reported.
        let open = |reading: &Reading| {
            let mut all = reading.diagnostics.iter();
            all.any(|d| matches!(d.kind, Kind::UnclosedQuote { .. }))
        };
        let told = !open(&reading) && !open(&after);
        assert!(
            !(mends_a_value && told) || count_errors(&after) <= count_errors(&reading) + whole,
            "{start}\n{text}\n{mended}\n{:?}",
            after.diagnostics
        );
        check_other_readings(&text, diagnostic);
        text = mended;
    }
    panic!("{start}\nhas no end of fixes: {text}");
}

/// Checks that the fixes of one problem have different labels and results, and that a fix that
/// makes several trials of a text is not the only one.
fn check_other_readings(text: &str, diagnostic: &Diagnostic) {
    let fixes = diagnostic.fixes(text);
    for (at, fix) in fixes.iter().enumerate() {
        let others = fixes.iter().skip(at + 1);
        for other in others {
            assert_ne!(fix.label, other.label, "{text}");
            assert_ne!(fix.apply(text), other.apply(text), "{text}");
        }
        // Beside a fix that makes a sweep of a text there is one that keeps the text.
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
            // Fixes of lists that are no Python are tested by `fixes_end_and_mend`.
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
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// Clicking first fixes ends, each mends what it stands for and adds no error, and where one makes
    /// a sweep of what may be one value, the other is offered beside it.
    #[test]
    fn fixes_end_and_mend(text in near_miss()) {
        click_all_fixes(&text);
    }
}

/// Texts that once broke these properties.
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
        "grid run f.py --cpus&0 log",
        "grid run --gpus=+0 f.py n --gpus=+0 --cpus&0 log",
    ] {
        click_all_fixes(text);
    }
    // More decimal places than Rust's formatting accepts.
    let zeros = "0".repeat(70_000);
    click_all_fixes(&format!(
        "grid run f.py --x \"[0.{zeros}1, 0.{zeros}2, ..., 0.{zeros}9]\""
    ));
}
