//! Strategies for texts as people write and break them, and checks for every reading.
#![allow(
    dead_code,
    reason = "each test file that has this module uses some of it"
)]

use proptest::prelude::*;
use sweep_planner::internals::sweep::{Diagnostic, Origin, Plan, Reading, Settings, shell_quote};

/// Values as a person writes them: swept and plain, right and wrong.
pub(crate) fn value() -> impl Strategy<Value = String> {
    let integer = -20_i64..20;
    prop_oneof![
        integer.clone().prop_map(|n| n.to_string()),
        "[ -~]{0,8}",
        proptest::collection::vec(integer.clone(), 1..5).prop_map(|list| format!("{list:?}")),
        proptest::collection::vec("[a-c' é]{0,3}", 1..4).prop_map(|list| format!(
            "[{}]",
            list.iter()
                .map(|s| shell_quote::quote_for_python(s))
                .collect::<Vec<_>>()
                .join(", ")
        )),
        (integer.clone(), integer.clone(), integer.clone())
            .prop_map(|(a, b, c)| format!("range({a}, {b}, {c})")),
        (integer, 0_u32..5).prop_map(|(a, n)| format!("uniform({a}, 30, {n})")),
        "\\[[0-9', \\[\\]]{0,8}\\]?",
    ]
}

pub(crate) fn argument() -> impl Strategy<Value = String> {
    let quoted = || value().prop_map(|value| shell_quote::quote_for_shell(&value).into_owned());
    prop_oneof![
        ("--[a-c]", quoted()).prop_map(|(name, value)| format!("{name} {value}")),
        ("--[a-c]", quoted()).prop_map(|(name, value)| format!("{name}={value}")),
        quoted(),
        "-[a-c]",
    ]
}

pub(crate) fn command() -> impl Strategy<Value = String> {
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

pub(crate) fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(command(), 1..4).prop_map(|commands| commands.join("\n"))
}

/// Pieces of commands in any order, mostly wrong.
pub(crate) fn fragments() -> impl Strategy<Value = String> {
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

pub(crate) fn settings() -> Settings {
    Settings {
        drawn_seed: 5,
        ..Settings::default()
    }
}

pub(crate) fn argvs(plan: &Plan) -> Vec<Vec<String>> {
    (0..plan.len().min(2000))
        .map(|n| plan.argv(&plan.trial(n).unwrap()))
        .collect()
}

/// Checks that spans lie in the text, on character boundaries, in order and without overlap.
pub(crate) fn check_places(text: &str, reading: &Reading) {
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

pub(crate) fn check_diagnostics(text: &str, diagnostics: &[Diagnostic]) {
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
