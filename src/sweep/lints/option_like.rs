//! Values that begin with `-`, which a script's argparse takes for options.
//!
//! The rule is `ArgumentParser._parse_optional` of CPython: a word that begins with `-` is a value where
//! it is `-` alone, holds a blank, or looks like a negative number. What looks like one was widened
//! twice: with underscores in 3.12.7 and 3.13.0 (gh-123945), and in 3.14 to all that begins like one,
//! exponents and complex numbers included (gh-124693). tests/data/argparse.json has each rule's answers.
//!
//! click and typer take the next word as an option's value whatever it is, and refuse a positional one
//! that begins with `-`, numbers too. Options with a number of values (`nargs`) are as here.

use crate::sweep::axis::{Axis, Values};
use crate::sweep::command::Argument;
use crate::sweep::diagnostic::{Lint, OptionLike, RefusingPythons};
use crate::sweep::part::Part;
use crate::sweep::span::{Origin, Span};

/// The Pythons whose argparse takes `value` for an option; `None` where it is a value to all. O(length).
pub(crate) fn pythons_refusing(value: &str) -> Option<RefusingPythons> {
    let number = value.strip_prefix('-')?;
    if number.is_empty() || value.contains(' ') {
        return None;
    }
    // Python's `$` also matches before a line end that comes last. Its `\d` takes the digits of other
    // scripts too: those are warned of here for nothing.
    let line = number.strip_suffix('\n').unwrap_or(number);
    let digit = |c: char| c.is_ascii_digit();
    let digits = |text: &str| !text.is_empty() && text.chars().all(digit);
    let grouped = |text: &str| text.split('_').all(digits);
    let fits = |part: &dyn Fn(&str) -> bool| match line.split_once('.') {
        Some((before, after)) => (before.is_empty() || part(before)) && part(after),
        None => part(line),
    };
    if fits(&digits) {
        None
    } else if fits(&grouped) {
        Some(RefusingPythons::Before3_12_7)
    } else if number
        .strip_prefix('.')
        .unwrap_or(number)
        .starts_with(digit)
    {
        Some(RefusingPythons::Before3_14)
    } else {
        Some(RefusingPythons::All)
    }
}

/// Reports the values of `part` that are taken for options. A range has integers, which never are.
pub(super) fn check(part: &Part, text: &str, report: &mut impl FnMut(Origin, Span, Lint)) {
    if !part.script().ends_with(".py") {
        return;
    }
    let arguments: Vec<(&Argument, bool)> = part.arguments().collect();
    let last_flag = arguments.iter().rposition(|(argument, _)| argument.is_flag);
    let mut axes = part.axes().iter();
    let mut flag: Option<&Argument> = None;
    for (at, (argument, swept)) in arguments.into_iter().enumerate() {
        let axis = if swept { axes.next() } else { None };
        let before = flag.take();
        let word = argument.word.text.as_str();
        if word == "--" {
            return;
        }
        // Behind a flag `-inf`, or a word in quotes of its own, is more likely a value than a flag.
        let forced = before.is_some() && is_meant_as_value(argument, text);
        if argument.is_flag && !forced {
            flag = Some(argument);
            continue;
        }
        if !argument.prefix().is_empty() {
            continue;
        }
        let values: &mut dyn Iterator<Item = &str> = match axis.map(Axis::values) {
            Some(Values::Listed(values)) => &mut values.iter().map(AsRef::as_ref),
            Some(Values::Range(_)) => continue,
            None => &mut std::iter::once(word),
        };
        let Some((value, count, refusing)) = count_refused(values) else {
            continue;
        };
        // `=` behind a long flag passes the value to every parser; a positional one needs `--` before it,
        // which may only stand behind the last flag.
        let of_flag = before.filter(|flag| forced || flag.name == argument.name);
        let place = argument.word.span;
        let edit = match of_flag {
            Some(flag) => (flag.word.text.starts_with("--") && flag.word.span.end <= place.start)
                .then(|| (Span::new(flag.word.span.end, place.start), "=")),
            None => last_flag
                .is_none_or(|last| last < at)
                .then(|| (Span::at(place.start), "-- ")),
        };
        let in_config = argument.origin == Origin::Config;
        let option = OptionLike {
            value: value.to_owned(),
            count,
            flag: of_flag.map(|flag| flag.word.text.to_string()),
            refusing,
            in_config,
            edit: edit.filter(|_| !in_config),
        };
        report(argument.origin, place, Lint::OptionLike(option));
    }
}

/// The first value that is taken for an option, how many are, and by which Pythons.
fn count_refused<'v>(
    values: &mut dyn Iterator<Item = &'v str>,
) -> Option<(&'v str, usize, RefusingPythons)> {
    let mut found: Option<(&str, usize, RefusingPythons)> = None;
    for value in values {
        if let Some(by) = pythons_refusing(value) {
            let (_, count, most) = found.get_or_insert((value, 0, by));
            *count += 1;
            *most = by.max(*most);
        }
    }
    found
}

/// Whether a word that looks like a flag stands for a value: `-inf`, or one in quotes of its own.
fn is_meant_as_value(argument: &Argument, text: &str) -> bool {
    let word = argument.word.text.as_str();
    let single = !word.starts_with("--") && !word.contains(['=', '[']);
    let number = matches!(
        word.trim_start_matches('-').to_ascii_lowercase().as_str(),
        "inf" | "infinity" | "nan"
    );
    let quoted = argument.origin == Origin::Command
        && argument.word.span.slice(text).starts_with(['"', '\'']);
    single && (number || quoted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[derive(serde::Deserialize)]
    struct Table {
        rows: Vec<(String, [bool; 3])>,
    }

    #[test]
    fn refuses_what_argparse_refuses() {
        let table: Table =
            serde_json::from_str(include_str!("../../../tests/data/argparse.json")).unwrap();
        assert!(table.rows.len() > 60);
        for (word, taken) in table.rows {
            let expected = match taken {
                [true, true, true] => None,
                [false, true, true] => Some(RefusingPythons::Before3_12_7),
                [false, false, true] => Some(RefusingPythons::Before3_14),
                [false, false, false] => Some(RefusingPythons::All),
                other => panic!("{word:?}: {other:?}"),
            };
            assert_eq!(pythons_refusing(&word), expected, "{word:?}");
        }
    }
}
