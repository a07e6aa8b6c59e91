//! Texts that look like a sweep and are passed as one value, or as an argument of their own.

use crate::sweep::command::{Argument, Command};
use crate::sweep::diagnostic::lost_sweep::{Form, labelled, meanings, unescaped};
use crate::sweep::diagnostic::{Doubt, LostSweep, Place};
use crate::sweep::mend;
use crate::sweep::options::Strategy;
use crate::sweep::quote;
use crate::sweep::sampling;
use crate::sweep::span::{Origin, Span};
use crate::sweep::value::{self, Value};
use crate::sweep::words;

/// Reports the arguments of `command` that are lost sweeps. O(length).
pub(super) fn check(command: &Command, report: &mut impl FnMut(Origin, Span, Doubt)) {
    if command.options.strategy == Strategy::None {
        return;
    }
    let mut flag: Option<&Argument> = None;
    let mut arguments = command.arguments.iter().peekable();
    while let Some(argument) = arguments.next() {
        let before = flag.take();
        if argument.is_flag {
            if before.is_some() && draws_in_a_sum(&argument.word.text) {
                // `-uniform(0, 1, 2)` begins like a flag.
                report_value(Form::Sum, argument, report);
                continue;
            }
            glued(argument, arguments.peek().copied(), report);
            flag = Some(argument);
            continue;
        }
        if apart(before, argument, arguments.peek().copied(), report) {
            continue;
        }
        if let Some(form) = form(argument.value()) {
            report_value(form, argument, report);
        }
    }
}

fn report_value(form: Form, argument: &Argument, report: Report<'_>) {
    let value = argument.value().to_owned();
    let place = Place::of(argument);
    let lost = LostSweep::Value { form, value, place };
    let span = argument.value_place();
    report(argument.origin, span, Doubt::LostSweep(lost));
}

/// The form of sweep that a value looks like, though it is passed as it stands; `None` for most values.
/// O(length).
fn form(value: &str) -> Option<Form> {
    let text = value.trim();
    let (first, last) = (text.chars().next()?, text.chars().next_back()?);
    let form = match (first, last) {
        _ if text.contains(['[', '('])
            && text.contains("\\")
            && mend::is_sweep(&unescaped(text)) =>
        {
            Form::Escaped
        }
        ('(', ')' | ']') if text.contains(',') => Form::Tuple,
        ('{', '}') if text.contains([',', '.']) && !text.contains(':') => Form::Braces,
        ('\'', '\'') | ('"', '"') if text.len() > 1 => Form::InnerQuotes,
        _ if draws_in_a_sum(text) => Form::Sum,
        _ if labelled(text).is_some() => Form::Labelled,
        (_, ']' | '}') => Form::OtherBrackets,
        _ if is_numbers_with_commas(text) => Form::Commas,
        _ => return None,
    };
    // What begins like a sweep or a call has an error or a warning of its own.
    let plain = value::read(value) == Value::Plain;
    (plain && (form == Form::Sum || !meanings(form, value).is_empty())).then_some(form)
}

/// Whether a distribution or `range` is called behind an operator: `10**uniform(-5, -1, 3)`.
fn draws_in_a_sum(text: &str) -> bool {
    text.match_indices('(').any(|(at, _)| {
        let before = text[..at].trim_end();
        let name = before.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_' || c == '.');
        let path = &before[name.len()..];
        let known = path.rsplit('.').next().unwrap_or(path);
        let sum = name.trim_end().ends_with(['*', '+', '-', '/', '%']);
        sum && (known == "range" || known.len() > 1 && sampling::is_distribution(known))
    })
}

/// `0.1,0.01`: numbers, a fraction among them. Whole ones such as `--gpus 0,1` are one value to most
/// scripts.
fn is_numbers_with_commas(text: &str) -> bool {
    let number = |item: &str| {
        let digits = |c: char| c.is_ascii_digit() || "+-.eE".contains(c);
        item.chars().all(digits) && item.parse::<f64>().is_ok()
    };
    let fraction = text.contains(['.', 'e', 'E']);
    fraction && text.contains(',') && text.split(',').all(|item| number(item.trim()))
}

type Report<'r> = &'r mut dyn FnMut(Origin, Span, Doubt);

/// `--x = "[1, 2]"` and `--x ="[1, 2]"`: the sign is no part of the value. Whether it was reported.
fn apart(
    flag: Option<&Argument>,
    argument: &Argument,
    next: Option<&Argument>,
    report: Report<'_>,
) -> bool {
    let Some(flag) = flag.filter(|_| argument.origin == Origin::Command) else {
        return false;
    };
    let (word, flag_end) = (&argument.word, flag.word.span.end);
    let double = flag.word.text.starts_with("--");
    let (end, text) = match word.text.strip_prefix('=') {
        Some("") => match next.filter(|next| !next.is_flag) {
            Some(next) => (next.word.span.start, if double { "=" } else { " " }),
            None => return false,
        },
        Some(sweep) if mend::is_sweep(sweep) && double => (word.span.start, ""),
        Some(sweep) if mend::is_sweep(sweep) => (word.locate(0, 1).end, " "),
        _ => return false,
    };
    if flag_end > end {
        return false;
    }
    let fix = (
        "Join it to its flag".to_owned(),
        Span::new(flag_end, end),
        text.to_owned(),
    );
    let passed = word.text.to_string();
    let lost = LostSweep::Apart { passed, fix };
    report(argument.origin, word.span, Doubt::LostSweep(lost));
    true
}

/// `-x"[1, 2]"` and `--x: "[1, 2]"`: a flag with the sweep, or a colon, at its name.
fn glued(argument: &Argument, next: Option<&Argument>, report: Report<'_>) {
    let word = argument.word.text.as_str();
    if argument.origin != Origin::Command {
        return;
    }
    let bracket = word.find('[').filter(|at| mend::is_sweep(&word[*at..]));
    let colon = || {
        let value = next.filter(|next| !next.is_flag && mend::is_sweep(next.value()));
        (value.is_some() && word.ends_with(':')).then_some(word.len())
    };
    let Some(at) = bracket.or_else(colon) else {
        return;
    };
    // The sign that has to stand between name and sweep: `=` behind a long name, a blank behind a short one.
    let (name, sweep) = word.split_at(at);
    let name = name.trim_end_matches([':', '=']);
    let sign = match (sweep.is_empty(), name.starts_with("--")) {
        (true, _) => "",
        (false, true) => "=",
        (false, false) => " ",
    };
    // Where name and sweep stand in the text byte by byte, only the sign is written; else the whole word.
    let span = argument.word.span;
    let place = argument
        .word
        .locate(words::offset(name.len()), words::offset(at));
    let plain = argument.word.locate(0, words::offset(name.len()));
    let typed_as_is = plain.start == span.start && (plain.end - plain.start) as usize == name.len();
    // A sweep without quotes gets them, or a shell would see its brackets.
    let value = argument
        .word
        .locate(words::offset(at), words::offset(at))
        .start;
    let name_end = if name.len() == at {
        plain.end
    } else {
        place.end
    };
    let in_quotes = sweep.is_empty() || value > name_end;
    let (place, text) = match typed_as_is && in_quotes {
        true if name.len() == at => (Span::at(plain.end), sign.to_owned()),
        true => (place, sign.to_owned()),
        false if sweep.is_empty() => (span, quote::readable(name).into_owned()),
        false => (span, format!("{name}{sign}{}", quote::readable(sweep))),
    };
    let fix = ("Part the flag from its value".to_owned(), place, text);
    let passed = word.to_owned();
    report(
        argument.origin,
        span,
        Doubt::LostSweep(LostSweep::Apart { passed, fix }),
    );
}
