//! Sorting and narrowing a space without listing it.
//!
//! An index in the space is a number whose digits, one for each axis, are the places of its values (see
//! [`Part::digits`]). Sorting by an axis makes its digit the slowest; a condition on one axis takes
//! digits out of that axis alone. So 10^18 sorted trials stay a function of the row: no trial is
//! listed, whatever the size.

use super::axis::{self, Axis, Values};
use super::part::Part;
use super::range::Range;
use super::trial_set::Ranges;
use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::ToPrimitive;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Which way an axis is sorted: numbers by value, then texts by their characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Smallest number first, texts behind the numbers.
    Ascending,
    /// The reverse of it: texts first, then the largest number.
    Descending,
}

/// Some trials of a part's space in some order: row → index in the space.
///
/// Rows that are equal in all sort keys keep the order of the space (a stable sort), also where an
/// axis holds a value twice.
#[derive(Clone, Debug, PartialEq)]
pub struct SortedSpace {
    /// The sort keys, most significant first: axis number and its classes of equal values.
    keys: Vec<(u32, ValueClasses)>,
    /// For each axis the digits that the conditions leave.
    digits: Vec<DigitSet>,
    /// For each axis how many values it has, those that are left out included.
    lens: Vec<u128>,
    /// Rows: the sizes of those sets multiplied.
    len: u128,
}

/// A set of digits that finds its n-th one quickly: with the number of digits before each range.
#[derive(Clone, Debug, PartialEq)]
struct DigitSet {
    ranges: Ranges,
    before: Vec<u128>,
    len: u128,
}

impl DigitSet {
    fn new(ranges: Ranges) -> DigitSet {
        let mut len = 0;
        let before = ranges.ranges().iter().map(|(first, last)| {
            let before = len;
            len += last - first + 1;
            before
        });
        DigitSet {
            before: before.collect(),
            len,
            ranges,
        }
    }

    /// The `n`-th smallest digit. O(log ranges).
    fn nth(&self, n: u128) -> Option<u128> {
        let at = self.before.partition_point(|before| *before <= n);
        let at = at.checked_sub(1)?;
        let (first, last) = self.ranges.ranges().get(at)?;
        first
            .checked_add(n - self.before[at])
            .filter(|digit| digit <= last)
    }
}

/// The values of a sorted axis that are left, in sorted order, those that are equal in one class.
#[derive(Clone, Debug, PartialEq)]
enum ValueClasses {
    /// Every value is a class of its own, in the order of the digits or `backwards`: a range.
    Each { backwards: bool },
    /// The digits of one class after the other, each class ascending, and where each class ends in
    /// `digits`.
    Listed { digits: Vec<u32>, ends: Vec<u32> },
}

impl ValueClasses {
    fn from_classes(classes: impl Iterator<Item = Vec<u32>>) -> ValueClasses {
        let (mut digits, mut ends) = (Vec::new(), Vec::new());
        for class in classes.filter(|class| !class.is_empty()) {
            digits.extend(class);
            ends.push(digits.len() as u32);
        }
        ValueClasses::Listed { digits, ends }
    }

    /// Takes out the digits that are not in `kept`, and classes that become empty. O(values · log ranges).
    fn narrow(&mut self, kept: &Ranges) {
        if let ValueClasses::Listed { digits, ends } = self {
            let mut start = 0;
            let classes = ends.iter().map(|end| {
                let class = &digits[start as usize..*end as usize];
                start = *end;
                let inside = |digit: &u32| kept.contains(u128::from(*digit));
                class.iter().copied().filter(inside).collect()
            });
            *self = ValueClasses::from_classes(classes);
        }
    }
}

impl SortedSpace {
    /// All trials of the space in its own order.
    pub fn new(part: &Part) -> SortedSpace {
        let lens: Vec<u128> = part.axes().iter().map(Axis::len).collect();
        let digits = lens
            .iter()
            .map(|len| DigitSet::new(Ranges::full(*len)))
            .collect();
        SortedSpace {
            keys: Vec::new(),
            digits,
            lens,
            len: part.space_len(),
        }
    }

    /// Leaves no trial.
    pub(crate) fn retain_none(&mut self) {
        self.digits
            .iter_mut()
            .for_each(|kept| *kept = DigitSet::new(Ranges::empty()));
        self.keys.clear();
        self.len = 0;
    }

    /// Leaves the trials whose value on axis number `axis` satisfies `keep`, which is called once with
    /// each of the axis's digits. Returns false, and leaves all trials, for an axis of more than 10^6
    /// values: such a range is narrowed by [`SortedSpace::retain_numbers`], without listing it.
    pub(crate) fn retain(&mut self, part: &Part, axis: u32, keep: impl Fn(u128) -> bool) -> bool {
        let Some(of) = part.axes().get(axis as usize) else {
            return false;
        };
        if of.len() > super::subset::MAX_DRAWN.into() {
            return false;
        }
        let satisfies = |digit: &u128| keep(*digit);
        self.narrow(
            axis,
            &Ranges::from_ascending((0..of.len()).filter(satisfies)),
        );
        true
    }

    /// Leaves the trials whose number on axis number `axis` lies from `low` to `high` inclusive
    /// (`None`: no bound). O(1) for a range of any size, O(values) for a list.
    pub fn retain_numbers(&mut self, part: &Part, axis: u32, low: Option<f64>, high: Option<f64>) {
        let Some(of) = part.axes().get(axis as usize) else {
            return;
        };
        let digits = match of.values() {
            Values::Range(range) => range_digits_between(range, low, high),
            Values::Listed(values) => {
                let inside = |text: &str| {
                    axis::parse_number(text).is_some_and(|number| {
                        low.is_none_or(|low| number >= low)
                            && high.is_none_or(|high| number <= high)
                    })
                };
                let digits = (0..).zip(values).filter(|(_, value)| inside(value));
                Ranges::from_ascending(digits.map(|(digit, _)| digit))
            }
        };
        self.narrow(axis, &digits);
    }

    fn narrow(&mut self, axis: u32, digits: &Ranges) {
        let Some(kept) = self.digits.get_mut(axis as usize) else {
            return;
        };
        let narrowed = kept.ranges.intersection(digits);
        for (_, classes) in self.keys.iter_mut().filter(|(key, _)| *key == axis) {
            classes.narrow(&narrowed);
        }
        *kept = DigitSet::new(narrowed);
        // Cannot overflow: never more than the space, whose size fits.
        self.len = self.digits.iter().map(|kept| kept.len).product();
    }

    /// Sorts by axis number `axis`; equal values keep the order that they were sorted in before.
    /// O(values · log values) for a list, O(1) for a range.
    pub fn sort(&mut self, part: &Part, axis: u32, direction: Direction) {
        let Some(of) = part.axes().get(axis as usize) else {
            return;
        };
        // The newest key is the most significant; an older one of the same axis decides nothing any more.
        self.keys.retain(|(key, _)| *key != axis);
        let descending = direction == Direction::Descending;
        let classes = match of.values() {
            Values::Range(range) => {
                // A range holds each value once, in order: its digits are sorted already.
                let falls = range.start_step_len().1.sign() == num_bigint::Sign::Minus;
                ValueClasses::Each {
                    backwards: falls != descending,
                }
            }
            Values::Listed(values) => {
                let kept = &self.digits[axis as usize].ranges;
                let mut classes: BTreeMap<SortKey<'_>, Vec<u32>> = BTreeMap::new();
                for (digit, value) in (0_u32..).zip(values) {
                    if kept.contains(u128::from(digit)) {
                        classes.entry(SortKey::new(value)).or_default().push(digit);
                    }
                }
                if descending {
                    ValueClasses::from_classes(classes.into_values().rev())
                } else {
                    ValueClasses::from_classes(classes.into_values())
                }
            }
        };
        self.keys.insert(0, (axis, classes));
    }

    /// How many trials are left, which is the number of rows.
    pub fn len(&self) -> u128 {
        self.len
    }

    /// Whether no trial is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The index in the space of the trial in `row`, from 0. O(axes · log values).
    pub fn index_at(&self, row: u128) -> Option<u128> {
        if row >= self.len {
            return None;
        }
        // `left` is what each axis may still be. All rows that agree in the keys done so far form a block,
        // and `row` counts within it; at the end every key's axis has one class, and the block is an
        // unsorted product.
        let mut row = row;
        let mut left: Vec<PossibleDigits<'_>> =
            self.digits.iter().map(PossibleDigits::Kept).collect();
        for (axis, classes) in &self.keys {
            // Within the block, the rows of one value of this axis are as many as the combinations of
            // what all other axes may still be. So `place` counts the axis's values in sorted order.
            let axis = *axis as usize;
            let others = left.iter().enumerate().filter(|(at, _)| *at != axis);
            let rest: u128 = others.map(|(_, set)| set.len()).product();
            let place = row / rest;
            left[axis] = match classes {
                // One value to a class: the value is found, and what is left of `row` is for the others.
                ValueClasses::Each { backwards } => {
                    row %= rest;
                    let kept = &self.digits[axis];
                    let place = if *backwards {
                        kept.len - 1 - place
                    } else {
                        place
                    };
                    PossibleDigits::One(kept.nth(place)?)
                }
                // The rows of one class stand together; which of its equal values a row has is decided
                // below, among all digits in the order of the space: that is what makes the sort stable.
                ValueClasses::Listed { digits, ends } => {
                    let class = ends.partition_point(|end| u128::from(*end) <= place);
                    let start = class.checked_sub(1).map_or(0, |before| ends[before]);
                    row -= u128::from(start) * rest;
                    PossibleDigits::Class(digits.get(start as usize..*ends.get(class)? as usize)?)
                }
            };
        }
        // The block in the order of the space: the first axis fastest. Each axis takes its digit out of
        // `row` by what it may still be, and puts it into `index` by what the whole axis has.
        let mut index = 0;
        let mut stride = 1_u128;
        for (set, len) in left.iter().zip(&self.lens) {
            let (digit, rest) = (row % set.len(), row / set.len());
            row = rest;
            index += set.nth(digit)? * stride;
            // Never saturates: the whole space fits.
            stride = stride.saturating_mul(*len);
        }
        Some(index)
    }
}

/// The digits that an axis may still have while a row is looked up.
enum PossibleDigits<'a> {
    Kept(&'a DigitSet),
    Class(&'a [u32]),
    One(u128),
}

impl PossibleDigits<'_> {
    fn len(&self) -> u128 {
        match self {
            PossibleDigits::Kept(set) => set.len,
            PossibleDigits::Class(digits) => digits.len() as u128,
            PossibleDigits::One(_) => 1,
        }
    }

    fn nth(&self, n: u128) -> Option<u128> {
        match self {
            PossibleDigits::Kept(set) => set.nth(n),
            PossibleDigits::Class(digits) => {
                let digit = digits.get(usize::try_from(n).ok()?)?;
                Some(u128::from(*digit))
            }
            PossibleDigits::One(digit) => (n == 0).then_some(*digit),
        }
    }
}

/// What a value is sorted by: numbers before texts, numbers by value, texts by their characters.
#[derive(PartialEq)]
enum SortKey<'a> {
    Number(f64),
    Text(&'a str),
}

impl<'a> SortKey<'a> {
    fn new(text: &'a str) -> SortKey<'a> {
        // `+ 0.0` turns -0.0 into 0.0, so that both are one class.
        axis::parse_number(text).map_or(SortKey::Text(text), |number| SortKey::Number(number + 0.0))
    }
}

impl Eq for SortKey<'_> {}

impl Ord for SortKey<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (SortKey::Number(a), SortKey::Number(b)) => a.total_cmp(b),
            (SortKey::Text(a), SortKey::Text(b)) => a.cmp(b),
            (SortKey::Number(_), SortKey::Text(_)) => Ordering::Less,
            (SortKey::Text(_), SortKey::Number(_)) => Ordering::Greater,
        }
    }
}

impl PartialOrd for SortKey<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The digits of a range whose values lie from `low` to `high`, both included. O(1): by arithmetic.
fn range_digits_between(range: &Range, low: Option<f64>, high: Option<f64>) -> Ranges {
    let (start, step, len) = range.start_step_len();
    let rises = step.sign() == num_bigint::Sign::Plus;
    // The first digit whose value is at least (rising) or at most (falling) `bound`.
    let first_at = |bound: &BigInt| {
        let distance = if rises { bound - start } else { start - bound };
        let step = BigInt::from(step.magnitude().clone());
        Integer::div_ceil(&distance, &step).to_u128().map_or(
            if distance.sign() == num_bigint::Sign::Minus {
                0
            } else {
                len
            },
            |digit| digit.min(len),
        )
    };
    // In the order of the digits: a falling range begins at its high bound, and a bound is rounded
    // into the interval.
    let whole = |bound: f64, up: bool| round_to_whole_bound(bound, up);
    let (begin, end) = if rises { (low, high) } else { (high, low) };
    let first = match begin.map(|bound| whole(bound, rises)) {
        None => 0,
        Some(WholeBound::At(bound)) => first_at(&bound),
        Some(WholeBound::Nothing) => return Ranges::empty(),
        Some(WholeBound::Everything { below }) => {
            if below == rises {
                0
            } else {
                len
            }
        }
    };
    let behind = match end.map(|bound| whole(bound, !rises)) {
        None => len,
        // The first digit past the last value that is still inside.
        Some(WholeBound::At(bound)) => first_at(&(bound + if rises { 1 } else { -1 })),
        Some(WholeBound::Nothing) => return Ranges::empty(),
        Some(WholeBound::Everything { below }) => {
            if below == rises {
                0
            } else {
                len
            }
        }
    };
    let mut digits = Ranges::empty();
    if let Some(last) = behind.checked_sub(1) {
        digits.insert_range(first, last);
    }
    digits
}

/// A bound on whole numbers.
enum WholeBound {
    /// At this number, which belongs to the interval.
    At(BigInt),
    /// At infinity: `below` every number (−∞) or above (+∞).
    Everything { below: bool },
    /// At NaN, with which no number compares: the interval is empty.
    Nothing,
}

/// The whole number nearest to `bound`, not below it (`up`) or not above.
fn round_to_whole_bound(bound: f64, up: bool) -> WholeBound {
    if bound.is_nan() {
        return WholeBound::Nothing;
    }
    let rounded = if up { bound.ceil() } else { bound.floor() };
    match num_traits::FromPrimitive::from_f64(rounded) {
        Some(bound) => WholeBound::At(bound),
        None => WholeBound::Everything { below: bound < 0.0 },
    }
}

#[cfg(test)]
mod tests;
