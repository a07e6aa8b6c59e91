//! Reads one argument's value to an axis: its list, its range or its distribution, with a diagnostic for
//! each part of it that is wrong.

use super::{Axis, LazyStream, Values};
use crate::sweep::budget::Budget;
use crate::sweep::command::Argument;
use crate::sweep::diagnostic::{Diagnostic, Kind, TypedValue};
use crate::sweep::literal::{CallArgument, ListItems, as_integer};
use crate::sweep::range::{self, Range};
use crate::sweep::sampling::{self, ArgumentRef, Note};
use crate::sweep::shell_quote;
use crate::sweep::span::Origin;
use crate::sweep::value::Call;
use std::collections::HashSet;

/// An argument as it is read, with what its command has left to list and has reported.
pub(super) struct ArgumentReader<'a> {
    pub(super) argument: &'a Argument,
    pub(super) budget: &'a mut Budget,
    pub(super) diagnostics: &'a mut Vec<Diagnostic>,
}

impl ArgumentReader<'_> {
    pub(super) fn report(&mut self, start: u32, end: u32, kind: Kind) {
        let place = self.argument.locate(start, end);
        self.diagnostics
            .push(Diagnostic::new(place, kind).with_origin(self.argument.origin));
    }

    pub(super) fn build_axis(&mut self, values: Values, drawn: bool) -> Axis {
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

    pub(super) fn read_list(&mut self, items: ListItems) -> Axis {
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

    pub(super) fn read_range(&mut self, call: &Call) -> Option<Range> {
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
    pub(super) fn read_distribution(
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

pub(super) fn byte_len(text: &str) -> u32 {
    u32::try_from(text.len()).unwrap_or(u32::MAX)
}
