//! Properties of every text and every plan; `fix_laws.rs` has those of fixes.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![cfg(not(target_arch = "wasm32"))]

mod texts;

use proptest::prelude::*;
use sweep_planner::internals::launch;
use sweep_planner::internals::sweep::config::split_pasted;
use sweep_planner::internals::sweep::diagnostic::Kind;
use sweep_planner::internals::sweep::{Diagnostic, Settings, edit, read};
use texts::{argvs, check_diagnostics, check_places, fragments, settings, text, value};

/// Config files: right and wrong keys and values, and pieces of YAML in any order.
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

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read(text in prop_oneof![fragments(), text(), "\\PC{0,60}"]) {
        let reading = read(&text, &settings());
        check_places(&text, &reading);
        prop_assert_eq!(reading.plan.is_empty(), reading.has_errors());
        let is_config = |d: &Diagnostic| d.kind == Kind::ConfigPasted;
        prop_assert_eq!(split_pasted(&text).is_some(), reading.diagnostics.iter().any(is_config));
    }

    /// Any text as a config file gives a reading, and the merged plan is launched and received
    /// alike.
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
            let all = sweep_planner::internals::sweep::Ranges::from_ascending(0..plan.len().min(300));
            if let Ok(request) = launch::create_request(plan, part, &all, "local", None) {
                prop_assert!(launch::check_request(&request, 77).is_ok());
            }
        }
        let count = plan.len().min(50);
        let lines: Vec<String> = (0..count).map(|n| plan.grid_run_line(&plan.trial(n).unwrap())).collect();
        let again = read(&lines.join("\n"), &self::settings());
        prop_assert_eq!(argvs(&again.plan), argvs(plan).into_iter().take(count as usize).collect::<Vec<_>>());
    }

    #[test]
    fn len_is_what_is_yielded(text in text()) {
        let plan = read(&text, &settings()).plan;
        let mut positions = Vec::new();
        let mut position = 0;
        while let Some(trial) = plan.trial(position) {
            prop_assert_eq!(trial.position, position);
            let part = &plan.parts()[trial.part as usize];
            prop_assert_eq!(part.position_of(trial.index).map(|n| n + plan.part_start(trial.part)), Some(position));
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

    /// The server reads what the page launches.
    #[test]
    fn launching_and_receiving_agree(text in text(), keep in 1_u128..4) {
        let plan = read(&text, &settings()).plan;
        let selection = sweep_planner::internals::sweep::Ranges::from_ascending((0..plan.len().min(300)).step_by(keep as usize));
        for (number, part) in plan.parts().iter().enumerate() {
            let chosen = plan.chosen_indices(number as u32, &selection);
            let Ok(request) = launch::create_request(&plan, number as u32, &selection, "local", None) else {
                prop_assert!(chosen.is_empty());
                continue;
            };
            let received = launch::check_request(&request, 77);
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
            let words = |c: &sweep_planner::internals::sweep::command::Command| c.arguments.iter().map(|a| a.word.text.clone()).collect::<Vec<_>>();
            prop_assert_eq!(words(a), words(b));
        }
        let removed = read(&edit::set_option(&set, "--seed", None), &settings());
        prop_assert!(removed.commands.iter().all(|c| c.options.seed.is_none()));
    }
}

/// Texts by which fuzzing once broke this.
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

/// However much a short text asks for, the lists that it makes are bounded.
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

/// Of a text full of problems the first thousand are reported, and how many more there are.
#[test]
fn problems_are_reported_up_to_a_number() {
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

/// Of two warnings at one place, a slip that one click mends is kept, else the warning of the
/// costlier mistake.
#[test]
fn a_cheap_warning_hides_no_dear_one() {
    for (arguments, found) in [
        (
            r#"--lr "[1, 2]" --lr ~/x"#,
            "`--lr` is swept and given again",
        ),
        (
            r#"--lr "[-1e-5, -1e-5]""#,
            "argparse takes, up to Python 3.13, `-1e-05`",
        ),
        (
            r#"--lr "['-x', '\t']""#,
            "Python's argparse takes `-x` for an option",
        ),
        ("--lr \"['-x', 'a\u{200b}']\"", "found a zero-width space"),
        ("lr=\"[1,\u{a0}2]\"", "a no-break space"),
    ] {
        let reading = read(&format!("grid run f.py {arguments}"), &settings());
        let [only] = reading.diagnostics.as_slice() else {
            panic!("{arguments}: {:?}", reading.diagnostics);
        };
        assert!(only.to_string().starts_with(found), "{arguments}: {only}");
    }
}
