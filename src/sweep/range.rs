//! Python's `range` of integers of any size. Its values are computed, never listed.

use num_bigint::{BigInt, Sign};
use num_integer::Integer;
use num_traits::{One, Signed, ToPrimitive, Zero};
use std::fmt::Write;

/// Python's `range(start, stop, step)`: `start`, `start + step`, … while before `stop`.
///
/// Every value is `start + i × step`, as in Python, so that length and values agree by construction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    start: BigInt,
    step: BigInt,
    len: u128,
    /// `start` and `step` where every value of the range fits 128 bits, for which no big integers are
    /// needed.
    small: Option<(i128, i128)>,
}

/// Why there is no such range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RangeError {
    /// Python's own "arg 3 must not be zero".
    ZeroStep,
    /// More than 2^128 − 1 values.
    TooLong,
}

impl Range {
    /// The range; O(size of the numbers).
    ///
    /// # Errors
    /// A step of zero, or more than 2^128 − 1 values.
    pub(crate) fn new(start: BigInt, stop: BigInt, step: BigInt) -> Result<Range, RangeError> {
        if step.is_zero() {
            return Err(RangeError::ZeroStep);
        }
        let distance = if step.sign() == Sign::Minus {
            &start - stop
        } else {
            stop - &start
        };
        let len = if distance.is_positive() {
            Integer::div_ceil(&distance, &step.abs())
                .to_u128()
                .ok_or(RangeError::TooLong)?
        } else {
            0
        };
        let last = &start + &step * BigInt::from(len.saturating_sub(1));
        let small = match (start.to_i128(), step.to_i128(), last.to_i128()) {
            (Some(start), Some(step), Some(_)) => Some((start, step)),
            _ => None,
        };
        Ok(Range {
            start,
            step,
            len,
            small,
        })
    }

    /// How many values there are, up to 2^128 − 1.
    pub(crate) fn len(&self) -> u128 {
        self.len
    }

    /// Whether there is no value.
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// First value, step and count, which determine every value.
    pub(crate) fn start_step_len(&self) -> (&BigInt, &BigInt, u128) {
        (&self.start, &self.step, self.len)
    }

    /// The index of the value that is written as `text`. O(digits²), and O(1) for a text that is longer
    /// than every value.
    pub(super) fn position_of(&self, text: &str) -> Option<u128> {
        let whole = text.strip_prefix('-').unwrap_or(text);
        if !whole.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let end = &self.start + &self.step * BigInt::from(self.len);
        if whole.len() as u64 > self.start.bits().max(end.bits()) + 1 {
            return None;
        }
        let number: BigInt = text.parse().ok()?;
        let (index, rest) = (number - &self.start).div_rem(&self.step);
        let index = index
            .to_u128()
            .filter(|index| rest.is_zero() && *index < self.len)?;
        let mut written = String::new();
        self.write(index, &mut written);
        // `007` is the number 7, but the script is passed another text.
        (written == text).then_some(index)
    }

    /// Appends the value at `index` in decimal; nothing when there is none.
    pub(crate) fn write(&self, index: u128, out: &mut String) {
        if index >= self.len {
            return;
        }
        match (self.small, i128::try_from(index)) {
            (Some((start, step)), Ok(index)) => {
                // The product alone may leave 128 bits; the sum is back inside.
                let value = start.wrapping_add(index.wrapping_mul(step));
                let mut digits = itoa::Buffer::new();
                out.push_str(match i64::try_from(value) {
                    Ok(value) => digits.format(value),
                    Err(_) => digits.format(value),
                });
            }
            // Writing to a string cannot fail.
            _ => drop(write!(
                out,
                "{}",
                &self.start + &self.step * BigInt::from(index)
            )),
        }
    }
}

/// The range of 1 to 3 arguments, as Python takes them: stop; start, stop; start, stop, step. `None` for
/// another number of arguments.
///
/// # Errors
/// As [`Range::new`].
pub(crate) fn from_arguments(mut arguments: Vec<BigInt>) -> Option<Result<Range, RangeError>> {
    let step = if arguments.len() == 3 {
        arguments.pop()?
    } else {
        BigInt::one()
    };
    let (start, stop) = match arguments.len() {
        1 => (BigInt::zero(), arguments.pop()?),
        2 => {
            let stop = arguments.pop()?;
            (arguments.pop()?, stop)
        }
        _ => return None,
    };
    Some(Range::new(start, stop, step))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    fn range(start: &str, stop: &str, step: &str) -> Result<Range, RangeError> {
        Range::new(
            start.parse().unwrap(),
            stop.parse().unwrap(),
            step.parse().unwrap(),
        )
    }

    fn at(range: &Range, index: u128) -> String {
        let mut out = String::new();
        range.write(index, &mut out);
        out
    }

    #[test]
    fn len_equals_what_is_yielded() {
        for start in -6..6_i32 {
            for stop in -6..6_i32 {
                for step in (-4..5_i32).filter(|s| *s != 0) {
                    let made = Range::new(start.into(), stop.into(), step.into()).unwrap();
                    let mut expected = Vec::new();
                    let mut value = start;
                    while if step > 0 { value < stop } else { value > stop } {
                        expected.push(value.to_string());
                        value += step;
                    }
                    let all: Vec<String> = (0..made.len()).map(|i| at(&made, i)).collect();
                    assert_eq!(all, expected, "range({start}, {stop}, {step})");
                    assert_eq!(at(&made, made.len()), "");
                }
            }
        }
    }

    #[test]
    fn integers_of_any_size() {
        let huge = range("0", "340282366920938463463374607431768211455", "1").unwrap();
        assert_eq!(huge.len(), u128::MAX);
        assert_eq!(
            at(&huge, u128::MAX - 1),
            "340282366920938463463374607431768211454"
        );
        let far = range(
            &format!("1{}", "0".repeat(60)),
            &format!("2{}", "0".repeat(60)),
            &format!("3{}", "0".repeat(59)),
        )
        .unwrap();
        assert_eq!(far.len(), 4);
        assert_eq!(at(&far, 3), format!("19{}", "0".repeat(59)));
        assert_eq!(
            range("0", "340282366920938463463374607431768211456", "1"),
            Err(RangeError::TooLong)
        );
        assert_eq!(range("0", "1", "0"), Err(RangeError::ZeroStep));
    }
}
