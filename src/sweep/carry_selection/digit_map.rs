//! Maps the values of one axis to the equal values of another. Values are equal where the script is
//! passed the same text.

use crate::sweep::axis::Values;
use crate::sweep::range::Range;
use num_bigint::BigInt;
use num_integer::{ExtendedGcd, Integer};
use num_traits::{One, Signed, ToPrimitive, Zero};
use std::collections::HashMap;

/// The values of an argument: those of an axis, or the one of an argument that is not swept.
#[derive(Clone, Copy)]
pub(super) enum ValueSet<'a> {
    Axis(&'a Values),
    Fixed(&'a str),
}

/// Digits of one axis and the digits of another that stand for the same values.
///
/// Where a value occurs several times, its first occurrence maps to the other's first, its second to the
/// second, and so on. Held as runs, so that two long ranges cost no more than two short ones.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct DigitMap {
    /// Ascending and disjoint in `from`; only a single run has another step than 1.
    runs: Vec<Run>,
    /// For each run, how many digits before it have a counterpart.
    before: Vec<u128>,
    /// How many digits have a counterpart.
    count: u128,
}

/// `from + n × from_step` stands for `to ± n × to_step`, for n from 0 to `count` − 1.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Run {
    from: u128,
    from_step: u128,
    to: u128,
    to_step: u128,
    descending: bool,
    count: u128,
}

impl Run {
    fn identity(count: u128) -> Run {
        Run {
            from: 0,
            from_step: 1,
            to: 0,
            to_step: 1,
            descending: false,
            count,
        }
    }

    fn last_from(&self) -> u128 {
        self.from + self.from_step * (self.count - 1)
    }

    fn counterpart_at(&self, n: u128) -> u128 {
        if self.descending {
            self.to - self.to_step * n
        } else {
            self.to + self.to_step * n
        }
    }

    /// The first and last n of the run whose digit lies in `first..=last`.
    fn between(&self, first: u128, last: u128) -> Option<(u128, u128)> {
        let low = first.saturating_sub(self.from).div_ceil(self.from_step);
        let high = (last.checked_sub(self.from)? / self.from_step).min(self.count - 1);
        (low <= high).then_some((low, high))
    }

    fn reversed(&self) -> Run {
        let last = self.count - 1;
        let (from, to) = if self.descending {
            (self.counterpart_at(last), self.last_from())
        } else {
            (self.to, self.from)
        };
        Run {
            from,
            from_step: self.to_step,
            to,
            to_step: self.from_step,
            ..*self
        }
    }
}

impl DigitMap {
    /// The map from the digits of one argument to those of another. O(listed values), O(1) between two
    /// ranges.
    pub(super) fn between(from: ValueSet<'_>, to: ValueSet<'_>) -> DigitMap {
        match (from, to) {
            (ValueSet::Axis(a), ValueSet::Axis(b)) if a == b => {
                let len = match a {
                    Values::Listed(values) => values.len() as u128,
                    Values::Range(range) => range.len(),
                };
                DigitMap::from_runs(vec![Run::identity(len)])
            }
            (ValueSet::Axis(Values::Range(a)), ValueSet::Axis(Values::Range(b))) => {
                DigitMap::from_runs(common_progression(a, b).into_iter().collect())
            }
            (ValueSet::Axis(Values::Range(range)), _) => {
                let pairs = listed_occurrences(to).filter_map(|((text, occurrence), digit)| {
                    Some((find_in_range(range, text, occurrence)?, digit))
                });
                let mut pairs: Vec<_> = pairs.collect();
                pairs.sort_unstable();
                DigitMap::from_pairs(pairs)
            }
            (_, ValueSet::Axis(Values::Range(range))) => DigitMap::from_pairs(
                listed_occurrences(from).filter_map(|((text, occurrence), digit)| {
                    Some((digit, find_in_range(range, text, occurrence)?))
                }),
            ),
            _ => {
                let places: HashMap<_, _> = listed_occurrences(to).collect();
                DigitMap::from_pairs(
                    listed_occurrences(from)
                        .filter_map(|(value, digit)| Some((digit, *places.get(&value)?))),
                )
            }
        }
    }

    fn from_runs(runs: Vec<Run>) -> DigitMap {
        let mut count = 0;
        let before = runs.iter().map(|run| {
            let before = count;
            count += run.count;
            before
        });
        DigitMap {
            before: before.collect(),
            count,
            runs,
        }
    }

    /// `pairs` ascend in their first numbers.
    fn from_pairs(pairs: impl IntoIterator<Item = (u128, u128)>) -> DigitMap {
        let mut runs: Vec<Run> = Vec::new();
        for (from, to) in pairs {
            match runs.last_mut() {
                Some(run) if run.from + run.count == from && run.to + run.count == to => {
                    run.count += 1;
                }
                _ => runs.push(Run {
                    from,
                    to,
                    ..Run::identity(1)
                }),
            }
        }
        DigitMap::from_runs(runs)
    }

    /// The map from the other axis to this one.
    pub(super) fn reversed(&self) -> DigitMap {
        let mut runs: Vec<Run> = self.runs.iter().map(Run::reversed).collect();
        runs.sort_unstable_by_key(|run| run.from);
        DigitMap::from_runs(runs)
    }

    /// The runs that touch `first..=last`, with the part of each that lies in it.
    fn runs_touching(&self, first: u128, last: u128) -> impl Iterator<Item = (&Run, u128, u128)> {
        let begin = self.runs.partition_point(|run| run.last_from() < first);
        let touching = self.runs[begin..]
            .iter()
            .take_while(move |run| run.from <= last);
        touching.filter_map(move |run| {
            let (low, high) = run.between(first, last)?;
            Some((run, low, high))
        })
    }

    /// The counterpart of a digit. O(log runs).
    pub(super) fn get(&self, digit: u128) -> Option<u128> {
        let (run, n, _) = self.runs_touching(digit, digit).next()?;
        Some(run.counterpart_at(n))
    }

    /// How many digits below `digit` have a counterpart. O(log runs).
    fn count_below(&self, digit: u128) -> u128 {
        let at = self.runs.partition_point(|run| run.last_from() < digit);
        let (Some(run), Some(before)) = (self.runs.get(at), self.before.get(at)) else {
            return self.count;
        };
        let inside = digit.saturating_sub(run.from).div_ceil(run.from_step);
        before + inside
    }

    /// How many of the digits have a counterpart. O(log runs).
    pub(super) fn count_between(&self, first: u128, last: u128) -> u128 {
        self.count_below(last + 1) - self.count_below(first)
    }

    /// The first digit in `first..=last` without a counterpart. O(log digits · log runs).
    pub(super) fn first_without(&self, first: u128, last: u128) -> Option<u128> {
        let all_have = |last: u128| self.count_between(first, last) == last - first + 1;
        if first > last || all_have(last) {
            return None;
        }
        let (mut low, mut high) = (first, last);
        while low < high {
            let middle = low + (high - low) / 2;
            if all_have(middle) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Some(low)
    }

    /// Appends the counterparts of the digits `first..=last` to an empty `out`, as sorted disjoint
    /// ranges; `None` where it takes more than is left of `work`. O(runs and steps among them).
    pub(super) fn append_counterparts(
        &self,
        (first, last): (u128, u128),
        work: &mut usize,
        out: &mut Vec<(u128, u128)>,
    ) -> Option<()> {
        for (run, low, high) in self.runs_touching(first, last) {
            let contiguous = run.to_step == 1;
            let steps = if contiguous { 1 } else { high - low + 1 };
            *work = work.checked_sub(usize::try_from(steps).ok()?)?;
            if contiguous {
                let (a, b) = (run.counterpart_at(low), run.counterpart_at(high));
                out.push((a.min(b), a.max(b)));
            } else {
                out.extend((low..=high).map(|n| (run.counterpart_at(n), run.counterpart_at(n))));
            }
        }
        out.sort_unstable();
        out.dedup_by(|next, previous| {
            let touches = previous.1 + 1 == next.0;
            if touches {
                previous.1 = next.1;
            }
            touches
        });
        Some(())
    }
}

/// The listed values, each with the number of equal ones before it, and its digit; nothing for a range.
fn listed_occurrences(side: ValueSet<'_>) -> impl Iterator<Item = ((&str, u32), u128)> {
    let (values, single): (&[Box<str>], _) = match side {
        ValueSet::Axis(Values::Listed(values)) => (values, None),
        ValueSet::Axis(Values::Range(_)) => (&[], None),
        ValueSet::Fixed(text) => (&[], Some(text)),
    };
    let mut seen: HashMap<&str, u32> = HashMap::new();
    let texts = values.iter().map(AsRef::as_ref).chain(single);
    texts.zip(0..).map(move |(text, digit)| {
        let count = seen.entry(text).or_default();
        *count += 1;
        ((text, *count - 1), digit)
    })
}

/// The digit of a text in a range. A range holds each value once, so later occurrences have none.
fn find_in_range(range: &Range, text: &str, occurrence: u32) -> Option<u128> {
    (occurrence == 0).then(|| range.position_of(text)).flatten()
}

/// The values that two ranges have in common: an arithmetic progression in both.
fn common_progression(a: &Range, b: &Range) -> Option<Run> {
    let ((a_start, a_step, a_len), (b_start, b_step, b_len)) =
        (a.start_step_len(), b.start_step_len());
    let (a_last, b_last) = (BigInt::from(a_len) - 1, BigInt::from(b_len) - 1);
    let distance = b_start - a_start;
    let ExtendedGcd { gcd, x, .. } = a_step.extended_gcd(b_step);
    let (quotient, rest) = distance.div_rem(&gcd);
    if !rest.is_zero() {
        return None;
    }
    // Solves a_start + a_step·i = b_start + b_step·j. With gcd = a_step·x + b_step·y, i is fixed modulo
    // b_step/gcd; (i, j) is the solution with the least i ≥ 0.
    let modulus = (b_step / &gcd).abs();
    let i = (quotient * x).mod_floor(&modulus);
    let j = (a_step * &i - &distance) / b_step;
    let j_step = a_step * &modulus / b_step;
    // The first and last solution inside both ranges, as steps from (i, j): j may still lie outside.
    let (to_first, to_last) = if j_step.is_positive() {
        (-&j, &b_last - &j)
    } else {
        (&j - &b_last, j.clone())
    };
    let first = to_first.div_ceil(&j_step.abs()).max(BigInt::zero());
    let last = to_last
        .div_floor(&j_step.abs())
        .min(BigInt::div_floor(&(&a_last - &i), &modulus));
    let count = (last - &first + BigInt::one()).to_u128()?;
    if count == 0 {
        return None;
    }
    let descending = j_step.is_negative();
    // With one common value the steps mean nothing, and may be too large for 128 bits.
    let step = |step: BigInt| if count == 1 { Some(1) } else { step.to_u128() };
    Some(Run {
        from: (i + &modulus * &first).to_u128()?,
        to: (j + &j_step * &first).to_u128()?,
        from_step: step(modulus)?,
        to_step: step(j_step.abs())?,
        descending,
        count,
    })
}
