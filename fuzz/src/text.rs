//! The whole pipeline: from a pasted text to its trials, their commands, digest and launch.

use sweep_planner::internals::launch;
use sweep_planner::internals::sweep::axis::{Axis, Values};
use sweep_planner::internals::sweep::diagnostic::Kind;
use sweep_planner::internals::sweep::shell_words::{TextSource, split};
use sweep_planner::internals::sweep::sorted_space::{Direction, SortedSpace};
use sweep_planner::internals::sweep::{
    CommandLines, Diagnostic, Part, Plan, Ranges, Reading, Settings, Severity, digest, edit, read,
    shell_quote, suggest_single_command,
};

/// Spaces up to this size are also listed, to compare what is computed with it.
const MAX_COMPARED: u128 = 200;
/// Values and trials that a plan may hold as lists and still be checked in every way.
pub(crate) const MAX_LISTED: u128 = 50_000;
/// Diagnostics of one text that are rendered; each costs the length of the text.
const MAX_RENDERED: usize = 20;

/// Reads `text` and uses everything that a reading offers.
pub fn text_to_trials(text: &str) {
    let reading = read(text, &settings());
    check_diagnostics(text, &reading);
    assert_eq!(
        reading.plan.is_empty(),
        reading.has_errors(),
        "a plan, or an error"
    );
    let plan = &reading.plan;
    check_positions(plan);
    if count_listed(plan) > MAX_LISTED {
        // All checks below go over all of these values, and would take too long.
        return;
    }
    for (number, part) in (0..).zip(plan.parts()) {
        check_sorting(part);
        check_launches(plan, number);
        check_buffered_lines(part);
    }
    if let Some(fix) = suggest_single_command(text, plan) {
        let one = read(&fix.apply(text), &settings()).plan;
        assert_eq!(argvs(&one), argvs(plan));
    }
    check_setting_an_option(text, &reading);
}

fn settings() -> Settings {
    Settings {
        drawn_seed: 7,
        ..Settings::default()
    }
}

/// Every diagnostic has a span of its own in the text, a message, and fixes that change something.
pub(crate) fn check_places(text: &str, diagnostics: &[Diagnostic]) {
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
        diagnostic.help();
    }
    for diagnostic in diagnostics.iter().take(MAX_RENDERED) {
        assert!(diagnostic.render(text).contains('^'));
        diagnostic.span.to_utf16(text);
        for fix in diagnostic.fixes(text) {
            let mut end = 0;
            for (span, _) in &fix.edits {
                assert!(
                    text.get(span.start as usize..span.end as usize).is_some(),
                    "{fix:?}"
                );
                assert!(span.start >= end, "{fix:?}: edits overlap");
                end = span.end;
            }
            assert_ne!(fix.apply(text), text, "{fix:?} changes nothing");
        }
    }
}

/// The diagnostics of a command's text, and the places of its words.
pub(crate) fn check_diagnostics(text: &str, reading: &Reading) {
    check_places(text, &reading.diagnostics);
    for command in reading.commands.iter() {
        for argument in &command.arguments {
            let span = argument.word.span;
            assert!(command.span.start <= span.start && span.end <= command.span.end);
            assert!(text.get(span.start as usize..span.end as usize).is_some());
        }
    }
}

/// Values and trials that the plan holds as lists.
pub(crate) fn count_listed(plan: &Plan) -> u128 {
    let of_axis = |axis: &Axis| match axis.values() {
        Values::Listed(values) => values.len() as u128,
        Values::Range(_) => 1,
    };
    let of_part = |part: &Part| {
        let chosen = if part.len() < part.space_len() {
            part.len()
        } else {
            0
        };
        chosen + part.axes().iter().map(of_axis).sum::<u128>()
    };
    plan.parts().iter().map(of_part).sum()
}

/// Checks the first, middle and last trial, the first of some parts, and that none is behind the
/// last.
pub(crate) fn check_positions(plan: &Plan) {
    let len = plan.len();
    assert_eq!(plan.trial(len), None);
    let starts = (0..plan.parts().len())
        .take(8)
        .map(|part| plan.part_start(part as u32));
    let mut places: Vec<u128> = [0, len / 2, len.wrapping_sub(1)]
        .into_iter()
        .chain(starts)
        .collect();
    places.retain(|place| *place < len);
    for position in places {
        let trial = plan.trial(position).expect("a trial below len");
        assert_eq!(trial.position, position);
        let part = &plan.parts()[trial.part as usize];
        let back = part
            .position_of(trial.index)
            .map(|n| n + plan.part_start(trial.part));
        assert_eq!(back, Some(position));
        let argv = plan.argv(&trial);
        assert!(!argv.is_empty());
        assert_eq!(
            split_one_command(&plan.command_line(&trial)),
            argv,
            "the command line"
        );
        // The command that a trial is printed as stands for that trial alone.
        let line = plan.grid_run_line(&trial);
        let again = read(&line, &settings());
        // Grid's client checks units that are typed against the machine, but not those of a file.
        let units = |d: &Diagnostic| matches!(d.kind, Kind::TooManyUnits { .. });
        if !(part.command().config_read && again.diagnostics.iter().any(units)) {
            assert!(!again.has_errors(), "{line}: {:?}", again.diagnostics);
            assert_eq!(argvs(&again.plan), [argv], "{line}");
        }
        for column in (0..).zip(plan.columns().iter().take(50)).map(|(n, _)| n) {
            plan.value(&trial, column);
        }
    }
}

fn argvs(plan: &Plan) -> Vec<Vec<String>> {
    (0..plan.len().min(MAX_COMPARED))
        .map(|n| plan.argv(&plan.trial(n).expect("a trial")))
        .collect()
}

/// Splits a line that holds one command into words, as a shell does.
fn split_one_command(line: &str) -> Vec<String> {
    let (commands, diagnostics) = split(line, TextSource::Person);
    // Only errors count: warnings of values that may not be meant, such as a blank, come each time.
    let error = |d: &Diagnostic| d.severity() == Severity::Error;
    assert!(!diagnostics.iter().any(error), "{line:?}: {diagnostics:?}");
    assert_eq!(commands.len(), 1, "{line:?}");
    commands[0]
        .words
        .iter()
        .map(|word| word.text.to_string())
        .collect()
}

/// Sorted by any axis in either direction, a part has the same trials.
fn check_sorting(part: &Part) {
    for axis in (0..part.axes().len() as u32).take(3) {
        for direction in [Direction::Ascending, Direction::Descending] {
            let mut view = SortedSpace::new(part);
            view.sort(part, axis, direction);
            assert_eq!(view.len(), part.space_len());
            assert_eq!(view.index_at(view.len()), None);
            assert!(
                view.index_at(0)
                    .is_some_and(|index| index < part.space_len())
            );
            assert!(
                view.index_at(view.len() - 1)
                    .is_some_and(|index| index < part.space_len())
            );
            if view.len() <= MAX_COMPARED {
                let mut indices: Vec<_> = (0..view.len())
                    .filter_map(|row| view.index_at(row))
                    .collect();
                indices.sort_unstable();
                assert!(indices.into_iter().eq(0..view.len()));
            }
            view.retain_numbers(part, axis, Some(0.5), Some(1e9));
            let rows = view.len();
            assert!(rows <= part.space_len());
            for row in [0, rows / 2, rows.wrapping_sub(1)] {
                assert_eq!(view.index_at(row).is_some(), row < rows);
            }
        }
    }
}

/// The server receives what the page launches.
pub(crate) fn check_launches(plan: &Plan, number: u32) {
    let part = &plan.parts()[number as usize];
    let ends = [0, part.len() - 1].map(|n| part.index_at(n).expect("a proposed trial"));
    for index in ends {
        assert_eq!(digest(part, &Ranges::from_ascending([index])).len(), 64);
    }
    let start = plan.part_start(number);
    let mut selection = Ranges::empty();
    selection.insert_range(start, start + (part.len() - 1).min(MAX_COMPARED));
    selection.insert(start + part.len() - 1);
    let chosen = plan.chosen_indices(number, &selection);
    let request =
        launch::create_request(plan, number, &selection, "local", Some(2)).expect("a request");
    // Another drawn seed: the request carries its own.
    let received = launch::check_request(&request, 77)
        .unwrap_or_else(|refusal| panic!("{refusal} of {}", request.spec.run_controller_command));
    assert_eq!(received.chosen, chosen);
    let there = received.part().expect("a part");
    assert_eq!(digest(there, &chosen), digest(part, &chosen));
    for index in chosen.iter().take(20).chain(ends) {
        assert_eq!(there.argv(index), part.argv(index));
    }
}

/// Lines written into one buffer equal those written one by one.
fn check_buffered_lines(part: &Part) {
    let mut line = String::new();
    for from in [0, part.space_len() - 1] {
        let mut lines = CommandLines::new(part, from);
        for index in from..part.space_len().min(from.saturating_add(MAX_COMPARED)) {
            assert!(lines.next_into(&mut line));
            assert_eq!(Some(split_one_command(&line)), part.argv(index));
        }
    }
}

/// Setting an option from a control sets it in every command and changes nothing else.
fn check_setting_an_option(text: &str, before: &Reading) {
    if before.has_errors() {
        edit::set_option(text, "--seed", Some("3"));
        return;
    }
    let set = edit::set_option(text, "--seed", Some("3"));
    let after = read(&set, &settings());
    assert!(!after.has_errors(), "{set}: {:?}", after.diagnostics);
    assert_eq!(after.commands.len(), before.commands.len());
    for (a, b) in after.commands.iter().zip(before.commands.iter()) {
        assert_eq!(a.options.seed, Some(3));
        let words = |c: &sweep_planner::internals::sweep::command::Command| -> Vec<String> {
            c.arguments
                .iter()
                .map(|a| a.word.text.to_string())
                .collect()
        };
        assert_eq!(words(a), words(b));
    }
    let removed = read(&edit::set_option(&set, "--seed", None), &settings());
    assert!(
        removed
            .commands
            .iter()
            .all(|command| command.options.seed.is_none())
    );
    for command in before.commands.iter().take(4) {
        for argument in command.arguments.iter().take(8) {
            let word = &argument.word.text;
            let line = format!(
                "x {} {}",
                shell_quote::quote_for_shell(word),
                shell_quote::quote_readably(word)
            );
            assert_eq!(split_one_command(&line), ["x", word, word]);
        }
    }
}
