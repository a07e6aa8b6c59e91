//! Texts that look like a sweep and are passed as one value, or as an argument of their own.

use super::{ValuePlace, excerpt};
use crate::sweep::diagnostic::Fix;
use crate::sweep::literal::leading_dotted_path;
use crate::sweep::repair::{self, Repair};
use crate::sweep::span::Span;
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
        place: ValuePlace,
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
                let meaning = repairs(*form, value).into_iter().next()?;
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
                let likely = repairs(*form, value).into_iter();
                let all = likely.chain([Repair::pass_verbatim(value)]);
                let all = repair::keep_valid(all.collect()).into_iter();
                all.map(|meaning| place.to_fix(meaning)).collect()
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
pub(in crate::sweep) fn repairs(form: Form, value: &str) -> Vec<Repair> {
    let text = value.trim();
    let inside = || text.get(1..text.len().saturating_sub(1)).unwrap_or("");
    repair::keep_valid(match form {
        Form::Tuple => {
            let list = repair::list_repairs(text).into_iter().take(1);
            let list = list.map(|meaning| Repair::from_value(meaning.value));
            let numbers = inside().trim().trim_end_matches(',');
            let range = (numbers.matches(',').count() == 2)
                .then(|| Repair::from_value(format!("range({numbers})")));
            let mut meanings: Vec<Repair> = list.chain(range).collect();
            if reads_as_bounds(numbers) {
                meanings.reverse();
            }
            meanings
        }
        Form::Braces => {
            let list = repair::list_repairs(text).into_iter().take(2);
            list.map(|meaning| Repair::from_value(meaning.value))
                .collect()
        }
        Form::InnerQuotes => vec![Repair::new("Leave out the inner quotes", inside().trim())],
        Form::Labelled => strip_label(text)
            .into_iter()
            .map(Repair::from_value)
            .collect(),
        Form::Sum | Form::OtherBrackets => repair::expression_repairs(text),
        Form::Escaped => vec![Repair::from_value(unescape_markdown(text))],
        Form::Commas => vec![Repair::from_value(format!("[{text}]"))],
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

/// A text without the backslashes before what Markdown gives a meaning.
pub(in crate::sweep) fn unescape_markdown(text: &str) -> String {
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

/// The sweep behind `x in`, `choice:` or `x =`; `x=` without a blank is an override's.
pub(in crate::sweep) fn strip_label(text: &str) -> Option<&str> {
    let rest = &text[leading_dotted_path(text).len()..];
    let signs = [":", " :", " = ", " in "];
    let sweep = signs
        .iter()
        .find_map(|sign| rest.strip_prefix(sign))?
        .trim();
    (rest.len() < text.len() && repair::is_sweep(sweep)).then_some(sweep)
}
