//! Sets of trial numbers as sorted ranges: the trials selected on the page, and those that a launch
//! carries.

use std::fmt;
use std::str::FromStr;

/// A set of 128-bit numbers, held as sorted, disjoint, non-adjacent inclusive ranges.
///
/// Every operation costs O(ranges) at any size of the set, so that "all but three of 10^18" is
/// two or four numbers. Written `0-3,7` (see [`FromStr`]); the empty set is the empty text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ranges {
    ranges: Vec<(u128, u128)>,
}

impl Ranges {
    /// The empty set.
    pub fn empty() -> Ranges {
        Ranges::default()
    }

    /// The numbers 0 to `len` − 1.
    pub fn full(len: u128) -> Ranges {
        let ranges = if len == 0 {
            Vec::new()
        } else {
            vec![(0, len - 1)]
        };
        Ranges { ranges }
    }

    /// The set of the given numbers, which must ascend strictly. O(numbers).
    pub fn from_ascending(numbers: impl IntoIterator<Item = u128>) -> Ranges {
        let mut ranges: Vec<(u128, u128)> = Vec::new();
        for number in numbers {
            match ranges.last_mut() {
                Some((_, last)) if last.checked_add(1) == Some(number) => *last = number,
                _ => ranges.push((number, number)),
            }
        }
        Ranges { ranges }
    }

    /// The ranges, ascending: first and last number of each.
    pub fn ranges(&self) -> &[(u128, u128)] {
        &self.ranges
    }

    /// Whether no number is in the set.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// How many numbers are in the set; 2^128 − 1 also stands for all 2^128 of them.
    pub fn len(&self) -> u128 {
        self.ranges.iter().fold(0, |sum: u128, (first, last)| {
            sum.saturating_add((last - first).saturating_add(1))
        })
    }

    /// Whether `number` is in the set. O(log ranges).
    pub fn contains(&self, number: u128) -> bool {
        let after = self.ranges.partition_point(|(first, _)| *first <= number);
        after > 0 && self.ranges[after - 1].1 >= number
    }

    /// The `n`-th smallest number, from 0.
    pub fn nth(&self, n: u128) -> Option<u128> {
        let mut left = n;
        for (first, last) in &self.ranges {
            if left <= last - first {
                return Some(first + left);
            }
            left -= last - first;
            left -= 1;
        }
        None
    }

    /// Adds `first` to `last` inclusive; nothing when `first > last`.
    pub fn insert_range(&mut self, first: u128, last: u128) {
        if first > last {
            return;
        }
        // All ranges that overlap or touch the new one merge with it.
        let start = self
            .ranges
            .partition_point(|(_, l)| l.saturating_add(1) < first);
        let end = self
            .ranges
            .partition_point(|(f, _)| *f <= last.saturating_add(1));
        let (mut low, mut high) = (first, last);
        if start < end {
            low = low.min(self.ranges[start].0);
            high = high.max(self.ranges[end - 1].1);
        }
        self.ranges.splice(start..end, [(low, high)]);
    }

    /// Removes `first` to `last` inclusive; nothing when `first > last`.
    pub fn remove_range(&mut self, first: u128, last: u128) {
        if first > last {
            return;
        }
        let start = self.ranges.partition_point(|(_, l)| *l < first);
        let end = self.ranges.partition_point(|(f, _)| *f <= last);
        if start >= end {
            return;
        }
        let mut kept = Vec::with_capacity(2);
        if self.ranges[start].0 < first {
            kept.push((self.ranges[start].0, first - 1));
        }
        if self.ranges[end - 1].1 > last {
            kept.push((last + 1, self.ranges[end - 1].1));
        }
        self.ranges.splice(start..end, kept);
    }

    /// Adds one number. O(ranges).
    #[cfg(feature = "internals")]
    pub fn insert(&mut self, number: u128) {
        self.insert_range(number, number);
    }

    /// Removes one number. O(ranges).
    #[cfg(feature = "internals")]
    pub fn remove(&mut self, number: u128) {
        self.remove_range(number, number);
    }

    /// The numbers 0 to `len` − 1 that are not in the set.
    pub fn invert(&self, len: u128) -> Ranges {
        let mut inverted = Ranges::full(len);
        for (first, last) in &self.ranges {
            inverted.remove_range(*first, *last);
        }
        inverted
    }

    /// The numbers of the set below `len`.
    pub fn clip(&self, len: u128) -> Ranges {
        let mut clipped = self.clone();
        clipped.remove_range(len, u128::MAX);
        clipped
    }

    /// The numbers of the set from `first` to `last` inclusive. O(log ranges + ranges of the result).
    pub(crate) fn between(&self, first: u128, last: u128) -> Ranges {
        let begin = self.ranges.partition_point(|(_, l)| *l < first);
        let inside = self.ranges[begin..].iter().take_while(|(f, _)| *f <= last);
        let clipped = inside.map(|(f, l)| ((*f).max(first), (*l).min(last)));
        Ranges {
            ranges: clipped.filter(|(f, l)| f <= l).collect(),
        }
    }

    /// Subtracts `by` from every number; none may be smaller.
    pub(super) fn shift_down(mut self, by: u128) -> Ranges {
        for (first, last) in &mut self.ranges {
            (*first, *last) = (*first - by, *last - by);
        }
        self
    }

    /// The numbers of the set that are not in the other. O(ranges of both).
    pub(crate) fn difference(&self, other: &Ranges) -> Ranges {
        let mut left = Vec::with_capacity(self.ranges.len());
        let mut holes = other.ranges.iter().peekable();
        for &(first, last) in &self.ranges {
            let mut next = Some(first);
            while let Some((low, high)) = holes.next_if(|(_, high)| *high < last) {
                if let Some(from) = next.filter(|from| from < low) {
                    left.push((from, low - 1));
                }
                next = next.max(high.checked_add(1));
            }
            match holes.peek() {
                // This hole reaches the range's end or beyond, perhaps into the next range: it stays.
                Some((low, _)) if *low <= last => {
                    if let Some(from) = next.filter(|from| from < low) {
                        left.push((from, low - 1));
                    }
                }
                _ => left.extend(next.filter(|from| *from <= last).map(|from| (from, last))),
            }
        }
        Ranges { ranges: left }
    }

    /// The numbers that are in both sets. O(ranges · log other's + ranges of the result).
    pub(crate) fn intersection(&self, other: &Ranges) -> Ranges {
        let mut both = Vec::new();
        for (first, last) in &self.ranges {
            let begin = other.ranges.partition_point(|(_, l)| l < first);
            let touching = other.ranges[begin..].iter().take_while(|(f, _)| f <= last);
            both.extend(touching.map(|(f, l)| (*f.max(first), *l.min(last))));
        }
        Ranges { ranges: both }
    }

    /// All numbers, ascending: O(numbers), not O(ranges).
    pub fn iter(&self) -> impl Iterator<Item = u128> + '_ {
        self.iter_from(0)
    }

    /// The numbers from the `n`-th smallest on, from 0, ascending. O(ranges) until the first.
    pub fn iter_from(&self, n: u128) -> impl Iterator<Item = u128> + '_ {
        let mut left = n;
        let rest = self.ranges.iter().filter_map(move |(first, last)| {
            if left > last - first {
                left -= last - first;
                left -= 1;
                return None;
            }
            let from = first + left;
            left = 0;
            Some(from..=*last)
        });
        rest.flatten()
    }
}

impl fmt::Display for Ranges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (first, last)) in self.ranges.iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            if first == last {
                write!(f, "{comma}{first}")?;
            } else {
                write!(f, "{comma}{first}-{last}")?;
            }
        }
        Ok(())
    }
}

/// Why a text cannot be read as a set of ranges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangesError {
    /// The piece between two commas that could not be read.
    pub(crate) found: String,
}

impl fmt::Display for RangesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = &self.found;
        write!(
            f,
            "expected whole numbers and ranges such as `0-3,7`, found `{found}`"
        )
    }
}

impl std::error::Error for RangesError {}

impl FromStr for Ranges {
    type Err = RangesError;

    /// Reads `0-3,7`: in any order, overlaps allowed, blanks around pieces allowed.
    fn from_str(text: &str) -> Result<Ranges, RangesError> {
        let mut pieces = Vec::new();
        for piece in text.split(',').map(str::trim) {
            if piece.is_empty() && text.trim().is_empty() {
                continue;
            }
            let refuse = || RangesError {
                found: piece.to_owned(),
            };
            let (first, last) = piece.split_once('-').unwrap_or((piece, piece));
            let number = |digits: &str| {
                let digits = digits.trim();
                let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
                if plain {
                    digits.parse::<u128>().ok()
                } else {
                    None
                }
            };
            let first = number(first).ok_or_else(refuse)?;
            let last = number(last).ok_or_else(refuse)?;
            if first > last {
                return Err(refuse());
            }
            pieces.push((first, last));
        }
        Ok(pieces.into_iter().collect())
    }
}

/// The union of inclusive ranges, in any order, overlaps allowed. O(n log n).
impl FromIterator<(u128, u128)> for Ranges {
    fn from_iter<I: IntoIterator<Item = (u128, u128)>>(pieces: I) -> Ranges {
        let mut pieces: Vec<(u128, u128)> = pieces.into_iter().collect();
        // Sorted first, so that inserting only ever touches the end.
        pieces.sort_unstable();
        let mut ranges = Ranges::empty();
        for (first, last) in pieces {
            ranges.insert_range(first, last);
        }
        ranges
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    fn set(text: &str) -> Ranges {
        text.parse().unwrap()
    }

    #[test]
    fn reads_and_writes() {
        for (text, canonical) in [
            ("", ""),
            ("7", "7"),
            ("0-3,7", "0-3,7"),
            ("7, 0-2 ,3", "0-3,7"),
            ("1,1,2", "1-2"),
        ] {
            assert_eq!(set(text).to_string(), canonical, "{text}");
        }
        for text in [
            ",",
            "1,",
            "3-1",
            "-1",
            "a",
            "1-2-3",
            "+1",
            "999999999999999999999999999999999999999999",
        ] {
            assert!(text.parse::<Ranges>().is_err(), "{text}");
        }
    }

    #[test]
    fn counts_at_the_edges() {
        let all = Ranges::full(u128::MAX);
        assert_eq!(all.len(), u128::MAX);
        assert_eq!(all.nth(u128::MAX - 1), Some(u128::MAX - 1));
        assert_eq!(all.nth(u128::MAX), None);
        let mut holed = all.clone();
        holed.remove(10);
        assert_eq!(holed.len(), u128::MAX - 1);
        assert_eq!(holed.nth(10), Some(11));
        assert_eq!(holed.invert(u128::MAX), set("10"));
    }

    /// Every operation against a plain list of booleans, over many small sets.
    #[test]
    fn agrees_with_a_listed_set() {
        let mut state = 1_u32;
        let mut next = |n: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            u128::from((state >> 16) % n)
        };
        for _ in 0..500 {
            let mut ranges = Ranges::empty();
            let mut listed = [false; 20];
            for _ in 0..8 {
                let (first, last) = (next(20), next(20));
                let add = next(3) > 0;
                if add {
                    ranges.insert_range(first, last);
                } else {
                    ranges.remove_range(first, last);
                }
                for n in first..=last {
                    listed[n as usize] = add;
                }
            }
            let expected: Vec<u128> = (0..20).filter(|n| listed[*n as usize]).collect();
            assert_eq!(ranges.iter().collect::<Vec<_>>(), expected);
            assert_eq!(ranges.len(), expected.len() as u128);
            assert_eq!(Ranges::from_ascending(expected.iter().copied()), ranges);
            assert_eq!(set(&ranges.to_string()), ranges);
            assert_eq!(ranges.invert(20).invert(20), ranges);
            let other = Ranges::from_ascending((0..20).filter(|_| next(2) == 0));
            let both = expected.iter().copied().filter(|n| other.contains(*n));
            assert_eq!(ranges.intersection(&other), Ranges::from_ascending(both));
            let without = expected.iter().copied().filter(|n| !other.contains(*n));
            assert_eq!(ranges.difference(&other), Ranges::from_ascending(without));
            assert_eq!(
                ranges.clip(7).iter().collect::<Vec<_>>(),
                ranges.between(0, 6).iter().collect::<Vec<_>>()
            );
            for n in 0..20 {
                assert_eq!(ranges.contains(n), listed[n as usize]);
                assert_eq!(ranges.nth(n), expected.get(n as usize).copied());
            }
        }
    }

    #[test]
    fn numbers_from_the_nth_on() {
        let ranges: Ranges = "2-4,7,9-10".parse().unwrap();
        let all: Vec<u128> = ranges.iter().collect();
        assert_eq!(all, [2, 3, 4, 7, 9, 10]);
        for n in 0..8 {
            let rest: Vec<u128> = ranges.iter_from(n).collect();
            let skipped: Vec<u128> = all.iter().copied().skip(n as usize).collect();
            assert_eq!(rest, skipped, "{n}");
        }
        assert_eq!(Ranges::full(u128::MAX).iter_from(5).next(), Some(5));
    }
}
