//! Repairs of values that cannot be read as a sweep, or only look like one: the sweeps that a person may
//! have meant, the likeliest first.
//!
//! Every [`Repair`] is a whole new value that is read as a sweep with at least one value, so that a fix
//! with it leaves nothing of the problem.

use super::literal::as_integer;
use super::range;
use super::sampling;
use super::shell_quote;
use super::truncate::truncate_chars;
use super::value::{self, ParsedValue};

// A list, taken apart, item by item.
mod item;
mod list;
mod split;

// Calls, sums and series.
mod arithmetic;
mod call;
mod sequence;

pub(super) use call::{call_repairs, expression_repairs, suggest_function};
pub(super) use list::{enumerate_values, list_repairs};

/// The most that are offered: more are no help.
const MAX_REPAIRS: usize = 4;

/// The most characters of a value on its button.
const SHOWN_MAX: usize = 40;

/// The most values that are listed for a person to read.
pub(super) const MAX_ENUMERATED: u128 = 100;

/// A value that may have been meant.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Repair {
    /// The text of its button.
    pub(super) label: String,
    /// The value as it is to be written, without the shell's quotes.
    pub(super) value: String,
}

impl Repair {
    pub(super) fn new(label: impl Into<String>, value: impl Into<String>) -> Repair {
        let (label, value) = (label.into(), value.into());
        Repair { label, value }
    }

    /// The value written out on its button.
    pub(super) fn from_value(value: impl Into<String>) -> Repair {
        let value = value.into();
        Repair::new(
            format!("Write {}", truncate_chars(&value, SHOWN_MAX)),
            value,
        )
    }

    /// A list of the text alone: what is passed is what was typed.
    pub(super) fn pass_verbatim(value: &str) -> Repair {
        let list = format!("[{}]", shell_quote::quote_for_python(value));
        Repair::new("Pass it as it stands", list)
    }
}

/// The meanings of a value that begins like a sweep and cannot be read, the likeliest first.
/// O(length), some ten readings of it.
pub(super) fn repairs_of_unreadable(value: &str) -> Vec<Repair> {
    let inner = value.trim_start_matches(|c: char| c == '(' || c.is_ascii_whitespace());
    let mut meanings = if inner.starts_with('[') {
        list_repairs(inner.trim_end())
    } else {
        expression_repairs(value.trim())
    };
    meanings.push(Repair::pass_verbatim(value));
    keep_valid(meanings)
}

/// The meanings of a sweep that is not in quotes and could not be read in them either.
pub(super) fn repairs_of_unquoted(typed: &str) -> Vec<Repair> {
    match value::read(typed) {
        ParsedValue::Unreadable(_) => repairs_of_unreadable(typed),
        _ => vec![Repair::new("Put it in quotes", typed)],
    }
}

/// Those that are read as sweeps, each value once and each label once.
pub(super) fn keep_valid(meanings: Vec<Repair>) -> Vec<Repair> {
    let mut checked: Vec<Repair> = Vec::new();
    for meaning in meanings {
        let repeated = checked.iter().any(|other| other.value == meaning.value);
        let meaning = if checked.iter().any(|other| other.label == meaning.label) {
            Repair::from_value(meaning.value)
        } else {
            meaning
        };
        if checked.len() < MAX_REPAIRS && !repeated && is_sweep(&meaning.value) {
            checked.push(meaning);
        }
    }
    checked
}

/// Whether a value is read as a sweep that has values.
pub(super) fn is_sweep(text: &str) -> bool {
    match value::read(text) {
        ParsedValue::List(items) => !items.items.is_empty(),
        ParsedValue::Call(call) if call.name == "range" => {
            let numbers = call.arguments.iter();
            let numbers: Option<Vec<_>> = numbers
                .map(|argument| match argument.keyword {
                    None => as_integer(&argument.value.value),
                    Some(_) => None,
                })
                .collect();
            let range = numbers.and_then(range::from_arguments);
            matches!(range, Some(Ok(range)) if !range.is_empty())
        }
        ParsedValue::Call(call) => {
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
