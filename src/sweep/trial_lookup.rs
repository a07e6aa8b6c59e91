//! Finds the trials of a command that pass given arguments, in a space of any size: each value leads to
//! its place on its axis, and those to the index.

use super::axis::{Axis, Values};
use super::part::Part;
use std::collections::HashMap;

/// A command, with the places of the values of its axes.
pub(crate) struct TrialLookup<'a> {
    part: &'a Part,
    /// The axis of each argument that has one, else its value.
    arguments: HashMap<&'a str, Passed<'a>>,
    axes: Vec<AxisLookup<'a>>,
}

enum Passed<'a> {
    Axis(usize),
    Fixed(&'a str),
}

struct AxisLookup<'a> {
    axis: &'a Axis,
    stride: u128,
    /// The first place of each listed value; empty for a range, whose places are computed.
    places: HashMap<&'a str, u128>,
    /// Whether a value stands in the list more than once.
    repeats: bool,
}

/// Where the arguments of many trials come from that differ in some alone.
pub(crate) struct ArgumentSources {
    /// The index that the arguments stand for which are the same for all.
    index: u128,
    /// For each of the arguments that differ, what it has to be.
    columns: Vec<Column>,
}

enum Column {
    Axis(usize),
    /// The value that the command passes.
    Fixed(Box<str>),
}

impl<'a> TrialLookup<'a> {
    /// O(arguments + listed values).
    pub(crate) fn new(part: &'a Part) -> TrialLookup<'a> {
        let mut stride = 1;
        let axes = part.axes().iter().map(|axis| {
            let before = stride;
            // Their product is the size of the space, which fits.
            stride = before * axis.len().max(1);
            AxisLookup::new(axis, before)
        });
        let axes = axes.collect();
        let arguments = part.named_arguments().map(|(name, slot)| {
            let passed = match part.axis_of(slot) {
                Some(axis) => Passed::Axis(axis as usize),
                None => Passed::Fixed(part.typed_value(slot)),
            };
            (name, passed)
        });
        TrialLookup {
            part,
            arguments: arguments.collect(),
            axes,
        }
    }

    /// Matches the arguments of trials, by the names that columns have, with the command's: `fixed` are
    /// the same for all of them, `columns` differ. `None` where the command has others, or passes
    /// something else. O(arguments).
    pub(crate) fn match_arguments<'b>(
        &self,
        fixed: impl Iterator<Item = (&'b str, &'b str)>,
        columns: &[String],
    ) -> Option<ArgumentSources> {
        let (mut index, mut count) = (0, columns.len());
        for (name, value) in fixed {
            count += 1;
            match self.arguments.get(name)? {
                Passed::Fixed(passed) if *passed == value => {}
                Passed::Fixed(_) => return None,
                Passed::Axis(axis) => index += self.axes.get(*axis)?.offset_of(value)?,
            }
        }
        // Names are unique on both sides, so as many as the command's are the command's.
        if count != self.arguments.len() {
            return None;
        }
        let columns = columns.iter().map(|name| {
            Some(match self.arguments.get(name.as_str())? {
                Passed::Axis(axis) => Column::Axis(*axis),
                Passed::Fixed(value) => Column::Fixed((*value).into()),
            })
        });
        Some(ArgumentSources {
            index,
            columns: columns.collect::<Option<_>>()?,
        })
    }

    /// The lowest index in the space at which a trial passes these values, in the order of the columns.
    /// O(columns).
    pub(crate) fn find(
        &self,
        sources: &ArgumentSources,
        values: &[Option<String>],
    ) -> Option<u128> {
        if values.len() != sources.columns.len() {
            return None;
        }
        let mut index = sources.index;
        for (column, value) in sources.columns.iter().zip(values) {
            let value = value.as_deref()?;
            match column {
                Column::Fixed(passed) if **passed == *value => {}
                Column::Fixed(_) => return None,
                Column::Axis(axis) => index += self.axes.get(*axis)?.offset_of(value)?,
            }
        }
        Some(index)
    }

    /// All indices that pass the same as the one at `index`, ascending, at most `most`; the lowest is
    /// the first. O(listed values of axes on which values repeat + indices).
    pub(crate) fn all_equal(&self, index: u128, most: usize) -> Vec<u128> {
        let mut found = vec![0];
        // From the slowest axis on, so that they ascend.
        let digits: Vec<u128> = self.part.digits(index).collect();
        for (digit, axis) in digits.into_iter().zip(&self.axes).rev() {
            let places = axis.equal_places(digit, most);
            let each = found.iter().flat_map(|sum| {
                let places = places.iter();
                places.map(move |place| sum + place * axis.stride)
            });
            found = each.take(most).collect();
        }
        found
    }
}

impl<'a> AxisLookup<'a> {
    fn new(axis: &'a Axis, stride: u128) -> AxisLookup<'a> {
        let mut places = HashMap::new();
        let mut repeats = false;
        if let Values::Listed(values) = axis.values() {
            for (text, place) in values.iter().zip(0..) {
                let first: &mut u128 = places.entry(&**text).or_insert(place);
                repeats |= *first != place;
            }
        }
        AxisLookup {
            axis,
            stride,
            places,
            repeats,
        }
    }

    /// By how much the first place of a value adds to an index.
    fn offset_of(&self, value: &str) -> Option<u128> {
        let place = match self.axis.values() {
            Values::Listed(_) => self.places.get(value).copied()?,
            Values::Range(range) => range.position_of(value)?,
        };
        Some(place * self.stride)
    }

    fn equal_places(&self, digit: u128, most: usize) -> Vec<u128> {
        let (true, Values::Listed(values), Some(value)) =
            (self.repeats, self.axis.values(), self.axis.value(digit))
        else {
            return vec![digit];
        };
        let equal = values.iter().zip(0..).filter(|(text, _)| ***text == *value);
        equal.map(|(_, place)| place).take(most).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::{Settings, read};
    use crate::testing::test;
    use std::borrow::Cow;

    fn lookup(command: &str, fixed: &[(&str, &str)], columns: &[(&str, &str)]) -> Option<u128> {
        let plan = read(command, &Settings::default()).plan;
        let lookup = TrialLookup::new(&plan.parts()[0]);
        let names: Vec<String> = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
        let values: Vec<_> = columns.iter().map(|(_, v)| Some((*v).to_owned())).collect();
        let sources = lookup.match_arguments(fixed.iter().copied(), &names)?;
        lookup.find(&sources, &values)
    }

    #[test]
    fn an_argument_may_be_swept_there_and_fixed_here() {
        let command = r#"grid run f.py d.csv --lr "[0.1, 0.2, 0.1]" --n "range(5, 50, 5)" --fast"#;
        let fixed = [("--fast", "--fast"), ("#1", "d.csv")];
        let with = |n: &str, lr: &str| lookup(command, &fixed, &[("--n", n), ("--lr", lr)]);
        assert_eq!(with("5", "0.1"), Some(0));
        assert_eq!(with("15", "0.2"), Some(7));
        for (n, lr) in [
            ("50", "0.1"),
            ("7", "0.1"),
            ("05", "0.1"),
            ("5", "0.10"),
            ("x", ""),
        ] {
            assert_eq!(with(n, lr), None, "{n} {lr}");
        }
        let all = [
            ("--fast", "--fast"),
            ("#1", "d.csv"),
            ("--lr", "0.2"),
            ("--n", "10"),
        ];
        assert_eq!(lookup(command, &all, &[]), Some(4));
        assert_eq!(lookup(command, &all[1..], &[]), None);
        let more = [("--lr", "0.2"), ("--n", "10"), ("--more", "1")];
        assert_eq!(lookup(command, &fixed, &more), None);
        let other = [("--fast", "--fast"), ("#1", "e.csv")];
        assert_eq!(lookup(command, &other, &more[..2]), None);
        // Swept there, fixed here.
        let columns = [("--lr", "0.1"), ("--n", "5")];
        assert_eq!(
            lookup("grid run f.py --lr 0.1 --n 5", &[], &columns),
            Some(0)
        );
        assert_eq!(lookup("grid run f.py --lr 0.2 --n 5", &[], &columns), None);
    }

    #[test]
    fn trials_that_pass_the_same_are_found_together() {
        let text = r#"grid run f.py --a "[1, 2, 1]" --b "[7, 8]" --c "['x', 'x']""#;
        let plan = read(text, &Settings::default()).plan;
        let part = &plan.parts()[0];
        let lookup = TrialLookup::new(part);
        for index in 0..part.space_len() {
            let argv = part.argv(index);
            let equal: Vec<u128> = (0..part.space_len())
                .filter(|other| part.argv(*other) == argv)
                .collect();
            assert_eq!(lookup.all_equal(index, 100), equal);
            assert_eq!(lookup.all_equal(index, 1), equal[..1]);
        }
    }

    #[test]
    fn a_space_of_any_size_is_searched_at_once() {
        let text =
            "grid run f.py --a 'range(1000000000000000000)' --b 'range(0, -900000000000, -3)'";
        let plan = read(text, &Settings::default()).plan;
        let part = &plan.parts()[0];
        let lookup = TrialLookup::new(part);
        let names = ["--a", "--b"].map(str::to_owned);
        let sources = lookup.match_arguments(std::iter::empty(), &names).unwrap();
        for index in [
            0,
            1,
            10_u128.pow(18) - 1,
            10_u128.pow(18),
            part.space_len() - 1,
        ] {
            let values: Vec<_> = part
                .axes()
                .iter()
                .zip(part.digits(index))
                .map(|(axis, digit)| axis.value(digit).map(Cow::into_owned))
                .collect();
            assert_eq!(lookup.find(&sources, &values), Some(index));
        }
    }
}
