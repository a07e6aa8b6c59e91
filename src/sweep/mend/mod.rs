//! Repairs of values that cannot be read as a sweep, or only look like one: the sweeps that a person may
//! have meant, the likeliest first.
//!
//! Every [`Meaning`] is a whole new value that is read as a sweep with at least one value, so that a fix
//! with it leaves nothing of the problem.

use super::literal::integer;
use super::quote;
use super::range;
use super::sampling;
use super::value::{self, Value};

// A list, taken apart, item by item.
mod item;
mod list;
mod split;

// Calls, sums and series.
mod arithmetic;
mod call;
mod sequence;

pub(super) use call::{call_meanings, expression_meanings, likely_name};
pub(super) use list::{list_meanings, listed};

/// The most that are offered: more are no help.
const MOST: usize = 4;

/// The most values that are listed for a person to read.
pub(super) const MOST_LISTED: u128 = 100;

/// A value that may have been meant.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Meaning {
    /// The text of its button.
    pub(super) label: String,
    /// The value as it is to be written, without the shell's quotes.
    pub(super) value: String,
}

impl Meaning {
    pub(super) fn new(label: impl Into<String>, value: impl Into<String>) -> Meaning {
        let (label, value) = (label.into(), value.into());
        Meaning { label, value }
    }

    /// The value written out on its button.
    pub(super) fn written(value: impl Into<String>) -> Meaning {
        let value = value.into();
        let shown: String = value.chars().take(40).collect();
        let more = if shown.len() < value.len() { "…" } else { "" };
        Meaning::new(format!("Write {shown}{more}"), value)
    }

    /// A list of the text alone: what is passed is what was typed.
    pub(super) fn as_it_stands(value: &str) -> Meaning {
        let list = format!("[{}]", quote::python(value));
        Meaning::new("Pass it as it stands", list)
    }
}

/// The meanings of a value that begins like a sweep and cannot be read, the likeliest first.
/// O(length), some ten readings of it.
pub(super) fn unreadable_meanings(value: &str) -> Vec<Meaning> {
    let inner = value.trim_start_matches(|c: char| c == '(' || c.is_ascii_whitespace());
    let mut meanings = if inner.starts_with('[') {
        list_meanings(inner.trim_end())
    } else {
        expression_meanings(value.trim())
    };
    meanings.push(Meaning::as_it_stands(value));
    checked(meanings)
}

/// The meanings of a sweep that is not in quotes and could not be read in them either.
pub(super) fn unquoted_meanings(typed: &str) -> Vec<Meaning> {
    match value::read(typed) {
        Value::Unreadable(_) => unreadable_meanings(typed),
        _ => vec![Meaning::new("Put it in quotes", typed)],
    }
}

/// Those that are read as sweeps, each value once and each label once.
pub(super) fn checked(meanings: Vec<Meaning>) -> Vec<Meaning> {
    let mut checked: Vec<Meaning> = Vec::new();
    for meaning in meanings {
        let repeated = checked.iter().any(|other| other.value == meaning.value);
        let meaning = if checked.iter().any(|other| other.label == meaning.label) {
            Meaning::written(meaning.value)
        } else {
            meaning
        };
        if checked.len() < MOST && !repeated && is_sweep(&meaning.value) {
            checked.push(meaning);
        }
    }
    checked
}

/// Whether a value is read as a sweep that has values.
pub(super) fn is_sweep(text: &str) -> bool {
    match value::read(text) {
        Value::List(items) => !items.items.is_empty(),
        Value::Call(call) if call.name == "range" => {
            let numbers = call.arguments.iter();
            let numbers: Option<Vec<_>> = numbers
                .map(|argument| match argument.keyword {
                    None => integer(&argument.value.value),
                    Some(_) => None,
                })
                .collect();
            let range = numbers.and_then(range::from_arguments);
            matches!(range, Some(Ok(range)) if !range.is_empty())
        }
        Value::Call(call) => {
            let mut arguments = sampling::Arguments::default();
            for argument in call.arguments {
                let value = argument.value.value;
                match argument.keyword {
                    Some(keyword) => arguments.keywords.push((keyword, value)),
                    None => arguments.positional.push(value),
                }
            }
            let bound = sampling::bind(&call.name, &arguments);
            bound.is_ok_and(|bound| bound.size().is_none_or(|size| size > 0))
        }
        _ => false,
    }
}
