//! Stage 4: reads one argument, and lists its values where it is swept.

use super::budget::Budget;
use super::command::Argument;
use super::diagnostic::{Diagnostic, Kind, TypedValue};
use super::literal::{CallArgument, CharacterNames, ListItems, as_integer};
use super::range::{self, Range};
use super::repair;
use super::sampling::{self, ArgumentRef, Note, Stream};
use super::shell_quote;
use super::span::Origin;
use super::value::{Call, ParsedValue};
use std::borrow::Cow;
use std::collections::HashSet;

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

fn byte_len(text: &str) -> u32 {
    u32::try_from(text.len()).unwrap_or(u32::MAX)
}

struct ArgumentReader<'a> {
    argument: &'a Argument,
    budget: &'a mut Budget,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl ArgumentReader<'_> {
    fn report(&mut self, start: u32, end: u32, kind: Kind) {
        let place = self.argument.locate(start, end);
        self.diagnostics
            .push(Diagnostic::new(place, kind).with_origin(self.argument.origin));
    }

    fn build_axis(&mut self, values: Values, drawn: bool) -> Axis {
        let axis = Axis {
            name: self.argument.name.to_string(),
            values,
            drawn,
        };
        if axis.is_empty() {
            let kind = Kind::EmptyAxis {
                axis: axis.name.clone(),
            };
            self.report(0, byte_len(self.argument.value()), kind);
        }
        axis
    }

    fn read_list(&mut self, items: ListItems) -> Axis {
        for index in &items.missing_commas {
            let index = *index as usize;
            if let (Some(before), Some(item)) = (items.items.get(index - 1), items.items.get(index))
            {
                let previous_end = self.argument.locate(before.start, before.end).end;
                self.report(item.start, item.end, Kind::MissingComma { previous_end });
            }
        }
        let values: Vec<Box<str>> = items
            .items
            .iter()
            .map(|item| item.value.to_boxed_str())
            .collect();
        self.check_values(&items, &values);
        let repeated = find_repeats(values.iter().map(AsRef::as_ref));
        if let Some((first, count)) = repeated {
            let example = shell_quote::quote_readably(&values[first]).into_owned();
            // `[32, 32]`, all values the same: rather meant as one value, such as the sizes of layers.
            let same = u128::from(count) + 1 == values.len() as u128
                && self.argument.origin == Origin::Command;
            let item = &items.items[first];
            self.report(
                item.start,
                item.end,
                Kind::RepeatedValues {
                    example,
                    count,
                    whole: same.then(|| TypedValue::from_argument(self.argument)),
                },
            );
        }
        self.build_axis(Values::Listed(values), false)
    }

    fn read_range(&mut self, call: &Call) -> Option<Range> {
        let mut numbers = Vec::with_capacity(3);
        for argument in &call.arguments {
            let (start, end) = (argument.value.start, argument.value.end);
            if argument.keyword.is_some() {
                self.report(start, end, Kind::RangeKeyword);
                return None;
            }
            match as_integer(&argument.value.value) {
                Some(number) => numbers.push(number),
                None => {
                    let found = argument.value.value.repr();
                    let typed = TypedValue::from_argument(self.argument);
                    let kind = Kind::RangeNotInteger { found, typed };
                    self.report(start, end, kind);
                    return None;
                }
            }
        }
        let found = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        match range::from_arguments(numbers) {
            Some(Ok(range)) => Some(range),
            Some(Err(error)) => {
                // Where a step is written, it is the step that is wrong or makes the range too long.
                let step = call.arguments.get(2).map(|a| (a.value.start, a.value.end));
                let (start, end) = step.unwrap_or((call.start, call.end));
                self.report(start, end, Kind::Range(error));
                None
            }
            None => {
                let extra = call.arguments.get(3).map(|a| (a.value.start, a.value.end));
                let (start, end) = extra.unwrap_or((call.start, call.end));
                self.report(start, end, Kind::RangeArguments { found });
                None
            }
        }
    }

    /// The values of a distribution, and whether they depend on the seed.
    fn read_distribution(
        &mut self,
        call: &Call,
        draws: &mut LazyStream,
    ) -> Option<(Vec<Box<str>>, bool)> {
        if self.budget.is_spent() {
            // The diagnostic stands where the budget ran out; more drawing would only cost time.
            return None;
        }
        let mut arguments = sampling::Arguments::default();
        for CallArgument { keyword, value } in &call.arguments {
            let value = value.value.clone();
            match keyword {
                Some(keyword) => arguments.keywords.push((keyword.clone(), value)),
                None => arguments.positional.push(value),
            }
        }
        let whole = (call.start, call.end);
        let bound = match sampling::bind(&call.name, &arguments) {
            Ok(bound) => bound,
            Err(error) => {
                let (start, end) = argument_place(call, error.argument()).unwrap_or(whole);
                self.report(start, end, Kind::Distribution(error));
                return None;
            }
        };
        for note in bound.notes() {
            let Note::Truncated {
                argument,
                parameter,
            } = note;
            let (start, end) = argument_place(call, Some(argument.clone())).unwrap_or(whole);
            self.report(start, end, Kind::Truncated { parameter });
        }
        if bound.size().is_none() {
            self.report(
                call.start,
                call.end,
                Kind::NoSize {
                    name: call.name.clone(),
                },
            );
        }
        let listed = self
            .budget
            .take(bound.draw_cost())
            .then(|| self.take_texts(&bound.draw(draws.stream())))
            .flatten();
        let Some(values) = listed else {
            self.report(call.start, call.end, Kind::TooMuchListed);
            return None;
        };
        if let Some((first, count)) = find_repeats(values.iter().map(AsRef::as_ref)) {
            let example = values[first].to_string();
            self.report(
                call.start,
                call.end,
                Kind::RepeatedValues {
                    example,
                    count,
                    whole: None,
                },
            );
        }
        Some((values, bound.is_random()))
    }

    /// The texts that the script is passed; `None` where they are longer than the budget allows.
    fn take_texts(&mut self, values: &sampling::DrawnValues) -> Option<Vec<Box<str>>> {
        let texts = values.iter().map(|value| {
            let text = value.to_str();
            self.budget.take_text(&text).then(|| text.into())
        });
        texts.collect()
    }
}

/// The place of the first value that repeats an earlier one, and how many such values there are.
fn find_repeats<'a>(values: impl ExactSizeIterator<Item = &'a str>) -> Option<(usize, u32)> {
    if values.len() < 2 {
        return None;
    }
    let mut seen = HashSet::with_capacity(values.len());
    let mut found = None;
    for (at, value) in values.enumerate() {
        if !seen.insert(value) {
            found.get_or_insert((at, 0)).1 += 1;
        }
    }
    found
}

/// Where the argument that an error is about begins and ends in the value; `None` for no argument.
fn argument_place(call: &Call, argument: Option<ArgumentRef>) -> Option<(u32, u32)> {
    let argument = match argument? {
        ArgumentRef::Positional(index) => call
            .arguments
            .iter()
            .filter(|a| a.keyword.is_none())
            .nth(index as usize),
        ArgumentRef::Keyword(name) => call
            .arguments
            .iter()
            .find(|a| a.keyword.as_ref() == Some(&name)),
    }?;
    Some((argument.value.start, argument.value.end))
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
