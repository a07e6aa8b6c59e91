//! Texts that look like a sweep and are passed as one value, or as an argument of their own.

use super::{Doubt, Place, excerpt};
use crate::sweep::command::{Argument, Command};
use crate::sweep::diagnostic::Fix;
use crate::sweep::literal::dotted_path;
use crate::sweep::mend::{self, Meaning};
use crate::sweep::options::Strategy;
use crate::sweep::quote;
use crate::sweep::sampling;
use crate::sweep::span::{Origin, Span};
use crate::sweep::value::{self, Value};
use crate::sweep::words;
use std::fmt;

/// What a text looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `(10, 100, 20)`.
    Tuple,
    /// `{1, 2}`.
    Braces,
    /// `'[1, 2]'` with those quotes.
    InnerQuotes,
    /// A list that has something before it: `x in [1, 2]`, `choice:[1, 2]`.
    Labelled,
    /// `10**uniform(-5, -1, 3)`.
    Sum,
    /// `uniform[0, 1, 2]`.
    OtherBrackets,
    /// `\[1, 2\]`, as Markdown is written.
    Escaped,
    /// `[1, 2],[3, 4]` and the like without the brackets: `0.1,0.01`.
    Commas,
}

/// A text that looks like a sweep and is passed as it stands.
#[derive(Clone, Debug, PartialEq)]
pub enum LostSweep {
    /// A value that would be a sweep in another form.
    Value {
        /// By which its fixes are chosen.
        form: Form,
        /// Without the shell's quotes.
        value: String,
        /// What a fix replaces.
        place: Place,
    },
    /// A sweep that is not one word with its flag, nor the next word: `--x = "[1, 2]"`, `-x"[1, 2]"`.
    Apart {
        /// The argument that the script gets instead of a sweep's values.
        passed: String,
        /// A button's label, what the edit replaces, and the text that it puts there.
        fix: (String, Span, String),
    },
}

impl fmt::Display for LostSweep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LostSweep::Value { form, value, .. } => {
                let what = match form {
                    Form::Tuple => "a tuple",
                    Form::Braces => "a text in braces",
                    Form::InnerQuotes => "a text with its quotes",
                    Form::Labelled => "a text with a list in it",
                    Form::Sum => "a text with a distribution in it",
                    Form::OtherBrackets => "a text in other brackets than a call's",
                    Form::Escaped => "a text with backslashes",
                    Form::Commas => "a text with commas",
                };
                write!(f, "`{}` is {what}, passed as one value", excerpt(value))
            }
            LostSweep::Apart { passed, .. } => {
                write!(f, "the script is passed `{}` as it stands", excerpt(passed))
            }
        }
    }
}

impl LostSweep {
    pub(super) fn help(&self) -> Option<String> {
        Some(match self {
            LostSweep::Value {
                form: Form::Sum, ..
            } => "a distribution stands alone; nothing is worked out around it".into(),
            LostSweep::Value { form, value, .. } => {
                let meaning = meanings(*form, value).into_iter().next()?;
                format!("a sweep is written \"{}\"", excerpt(&meaning.value))
            }
            LostSweep::Apart { .. } => {
                "a sweep stands behind its flag: `--x \"[1, 2]\"` or `--x=\"[1, 2]\"`".into()
            }
        })
    }

    pub(super) fn fixes(&self) -> Vec<Fix> {
        match self {
            LostSweep::Value { form, value, place } => {
                let likely = meanings(*form, value).into_iter();
                let all = likely.chain([Meaning::as_it_stands(value)]);
                let all = mend::checked(all.collect()).into_iter();
                all.map(|meaning| place.write(meaning)).collect()
            }
            LostSweep::Apart {
                fix: (label, span, text),
                ..
            } => vec![Fix {
                label: label.clone(),
                edits: vec![(*span, text.clone())],
            }],
        }
    }
}

/// The sweeps that a text may be meant as.
fn meanings(form: Form, value: &str) -> Vec<Meaning> {
    let text = value.trim();
    let inside = || text.get(1..text.len().saturating_sub(1)).unwrap_or("");
    mend::checked(match form {
        Form::Tuple => {
            let list = mend::list_meanings(text).into_iter().take(1);
            let list = list.map(|meaning| Meaning::written(meaning.value));
            let numbers = inside().trim().trim_end_matches(',');
            let range = (numbers.matches(',').count() == 2)
                .then(|| Meaning::written(format!("range({numbers})")));
            let mut meanings: Vec<Meaning> = list.chain(range).collect();
            if reads_as_bounds(numbers) {
                meanings.reverse();
            }
            meanings
        }
        Form::Braces => {
            let list = mend::list_meanings(text).into_iter().take(2);
            list.map(|meaning| Meaning::written(meaning.value))
                .collect()
        }
        Form::InnerQuotes => vec![Meaning::new("Leave out the inner quotes", inside().trim())],
        Form::Labelled => labelled(text).into_iter().map(Meaning::written).collect(),
        Form::Sum | Form::OtherBrackets => mend::expression_meanings(text),
        Form::Escaped => vec![Meaning::written(unescaped(text))],
        Form::Commas => vec![Meaning::written(format!("[{text}]"))],
    })
}

/// Whether three whole numbers are more likely start, stop and step than values: `(10, 100, 20)`, as
/// Grid's documents once wrote `range`. Values stand in order, and a step is shorter than its way.
fn reads_as_bounds(numbers: &str) -> bool {
    let numbers: Result<Vec<i64>, _> = numbers.split(',').map(|n| n.trim().parse()).collect();
    match numbers.as_deref() {
        Ok([start, stop, step]) => {
            start < stop && 0 < *step && step < stop && *step <= stop.saturating_sub(*start)
        }
        _ => false,
    }
}

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

/// A text without the backslashes before what Markdown gives a meaning.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let next = characters.peek();
        let escapes = c == '\\' && next.is_some_and(|next| "[]()_*'\"-.".contains(*next));
        if !escapes {
            plain.push(c);
        }
    }
    plain
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

/// The sweep behind `x in`, `choice:` or `x =`; `x=` without a blank is an override's.
fn labelled(text: &str) -> Option<&str> {
    let rest = &text[dotted_path(text).len()..];
    let signs = [":", " :", " = ", " in "];
    let sweep = signs
        .iter()
        .find_map(|sign| rest.strip_prefix(sign))?
        .trim();
    (rest.len() < text.len() && mend::is_sweep(sweep)).then_some(sweep)
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
