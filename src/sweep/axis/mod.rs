//! Stage 4: reads one argument, and lists its values where it is swept.

use super::budget::Budget;
use super::command::Argument;
use super::diagnostic::{Diagnostic, Kind, TypedValue};
use super::literal::CharacterNames;
use super::range::Range;
use super::repair;
use super::sampling::Stream;
use super::value::ParsedValue;
use argument_reader::{ArgumentReader, byte_len};
use std::borrow::Cow;

mod argument_reader;
mod characters;

/// A swept argument and its values, in the order written.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    name: String,
    values: Values,
    drawn: bool,
}

/// The values of an axis: a list, or a range, which is never listed.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// The texts that the script is passed, one for each value.
    Listed(Vec<Box<str>>),
    /// Python's `range`, of any length.
    Range(Range),
}

impl Axis {
    /// The argument's name: `--batch_size`; `--x#2` for the second `--x`; `#1` for the first positional.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The values, listed or as a range.
    pub fn values(&self) -> &Values {
        &self.values
    }

    /// Whether the values depend on the part's seed.
    pub(crate) fn is_drawn(&self) -> bool {
        self.drawn
    }

    /// How many values there are.
    pub fn len(&self) -> u128 {
        match &self.values {
            Values::Listed(values) => values.len() as u128,
            Values::Range(range) => range.len(),
        }
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value at `index`, as the script is passed it. O(1).
    pub fn value(&self, index: u128) -> Option<Cow<'_, str>> {
        match &self.values {
            Values::Listed(values) => {
                let value = values.get(usize::try_from(index).ok()?)?;
                Some(Cow::Borrowed(value))
            }
            Values::Range(range) => (index < range.len()).then(|| {
                let mut text = String::new();
                range.write(index, &mut text);
                Cow::Owned(text)
            }),
        }
    }
}

/// A part's stream of random numbers, which all its distributions share in the order of the command.
/// Set up at the first draw: most parts draw nothing.
pub(super) struct LazyStream {
    seed: u32,
    stream: Option<Stream>,
}

impl LazyStream {
    pub(super) fn new(seed: u32) -> LazyStream {
        LazyStream { seed, stream: None }
    }

    fn stream(&mut self) -> &mut Stream {
        self.stream.get_or_insert_with(|| Stream::new(self.seed))
    }
}

/// What an argument turned out to be.
pub(super) enum ArgumentReading {
    /// Not swept.
    Fixed,
    /// Swept.
    Swept(Axis),
    /// Meant to be swept, but not readable as a sweep; the reason is among the diagnostics.
    Invalid,
}

/// Reads one argument's value. Where it is a distribution its values are drawn from `draws`, as long as
/// `budget` lasts.
pub(super) fn read_argument(
    argument: &Argument,
    names: Option<&CharacterNames>,
    draws: &mut LazyStream,
    budget: &mut Budget,
    diagnostics: &mut Vec<Diagnostic>,
) -> ArgumentReading {
    let mut reader = ArgumentReader {
        argument,
        budget,
        diagnostics,
    };
    let Some(value) = reader.read_value(names) else {
        return ArgumentReading::Invalid;
    };
    match value {
        ParsedValue::Plain => ArgumentReading::Fixed,
        ParsedValue::UnknownCall { name, start } => {
            let end = start + byte_len(&name);
            let call = argument.value().get(start as usize..).unwrap_or("");
            let suggestion = repair::suggest_function(&name, call);
            reader.report(
                start,
                end,
                Kind::UnknownCall {
                    found: name,
                    suggestion,
                    typed: TypedValue::from_argument(argument),
                },
            );
            ArgumentReading::Fixed
        }
        ParsedValue::Unreadable(error) => {
            let kind = Kind::Literal {
                problem: error.kind,
                typed: TypedValue::from_argument(argument),
            };
            reader.report(error.start, error.end, kind);
            ArgumentReading::Invalid
        }
        ParsedValue::List(items) => ArgumentReading::Swept(reader.read_list(items)),
        ParsedValue::Call(call) if call.name == "range" => match reader.read_range(&call) {
            Some(range) => ArgumentReading::Swept(reader.build_axis(Values::Range(range), false)),
            None => ArgumentReading::Invalid,
        },
        ParsedValue::Call(call) => match reader.read_distribution(&call, draws) {
            Some((values, drawn)) => {
                ArgumentReading::Swept(reader.build_axis(Values::Listed(values), drawn))
            }
            None => ArgumentReading::Invalid,
        },
    }
}

/// The number that a passed value is, for formulas and filters: what Python's `float` reads, and 1 and
/// 0 for `True` and `False`. No infinities or NaN by name: `inf` is a text here.
pub(crate) fn parse_number(text: &str) -> Option<f64> {
    match text.trim() {
        "True" => Some(1.0),
        "False" => Some(0.0),
        trimmed => {
            // Rust reads `1.` and `.5` as Python does, but no underscores; it would also read `infinity`.
            let first = trimmed.trim_start_matches(['+', '-']).chars().next()?;
            let plausible = first.is_ascii_digit() || first == '.';
            if plausible {
                trimmed.replace('_', "").parse().ok()
            } else {
                None
            }
        }
    }
}
