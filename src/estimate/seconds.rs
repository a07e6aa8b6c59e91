//! Lengths of time.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Sub};

/// A length of time, exact to the microsecond.
///
/// Microseconds are finer than anything that is billed and coarser than the noise of a double, so
/// `0.1 * 3` minutes is 18 s and not the 19 s that rounding 18.000000000000004 up would bill.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seconds {
    micros: u64,
}

impl Seconds {
    /// No time.
    pub const ZERO: Seconds = Seconds { micros: 0 };
    /// 10^12 s (31,700 years): the longest run time that is counted.
    pub(crate) const MAX: Seconds = Seconds {
        micros: 1_000_000_000_000 * MICROS_PER_SECOND,
    };

    /// From whole seconds, at most [`Seconds::MAX`].
    pub const fn from_whole(seconds: u64) -> Seconds {
        if seconds >= Seconds::MAX.micros / MICROS_PER_SECOND {
            return Seconds::MAX;
        }
        Seconds {
            micros: seconds * MICROS_PER_SECOND,
        }
    }

    /// Rounds to the nearest microsecond, but up to one where the value is above zero. None where
    /// it is negative, not finite or above [`Seconds::MAX`].
    pub fn from_f64(seconds: f64) -> Option<Seconds> {
        let micros = (seconds * MICROS_PER_SECOND as f64 + 0.5).floor();
        if !(seconds >= 0.0 && micros <= Seconds::MAX.micros as f64) {
            return None;
        }
        let least = u64::from(seconds > 0.0);
        Some(Seconds {
            micros: (micros as u64).max(least),
        })
    }

    /// From microseconds, at most [`Seconds::MAX`].
    pub fn from_micros(micros: u64) -> Seconds {
        Seconds {
            micros: micros.min(Seconds::MAX.micros),
        }
    }

    /// The time from `start` to `end`, both in microseconds since the same moment: zero where the
    /// end lies before the start, as after a clock was set back, and at most [`Seconds::MAX`].
    pub(crate) fn between(start: i64, end: i64) -> Seconds {
        Seconds::from_micros(u64::try_from(end.saturating_sub(start)).unwrap_or(0))
    }

    /// Microseconds, exactly.
    pub(crate) fn micros(self) -> u64 {
        self.micros
    }

    /// As a double, correctly rounded.
    pub fn as_f64(self) -> f64 {
        self.micros as f64 / MICROS_PER_SECOND as f64
    }

    /// Whole seconds, rounded up.
    pub(crate) fn ceil_seconds(self) -> u64 {
        self.micros.div_ceil(MICROS_PER_SECOND)
    }

    /// Multiplies by a factor, to the nearest microsecond from zero to [`Seconds::MAX`]. NaN counts
    /// as 1.
    pub fn scale(self, factor: f64) -> Seconds {
        if factor.is_nan() {
            return self;
        }
        let limited = (self.as_f64() * factor).clamp(0.0, Seconds::MAX.as_f64());
        Seconds::from_f64(limited).unwrap_or(Seconds::MAX)
    }
}

impl Seconds {
    /// [`Seconds::scale`], but exact for a factor of 1, and at least a microsecond.
    pub(crate) fn scale_unless_one(self, factor: f64) -> Seconds {
        if factor == 1.0 {
            return self;
        }
        self.scale(factor).max(Seconds { micros: 1 })
    }
}

const MICROS_PER_SECOND: u64 = 1_000_000;

impl Add for Seconds {
    type Output = Seconds;

    /// Saturates: 18 times [`Seconds::MAX`] still fit.
    fn add(self, other: Seconds) -> Seconds {
        Seconds {
            micros: self.micros.saturating_add(other.micros),
        }
    }
}

impl Sub for Seconds {
    type Output = Seconds;

    /// The difference, at least zero.
    fn sub(self, other: Seconds) -> Seconds {
        Seconds {
            micros: self.micros.saturating_sub(other.micros),
        }
    }
}

impl Sum for Seconds {
    fn sum<I: Iterator<Item = Seconds>>(all: I) -> Seconds {
        all.fold(Seconds::ZERO, Add::add)
    }
}

impl fmt::Display for Seconds {
    /// As a person reads it: `45 s`, `10 min`, `1 h 30 min`, `2 d 3 h`; at most two units, the
    /// smaller one rounded down, and fractions only below a minute.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.micros / MICROS_PER_SECOND;
        let (days, hours) = (seconds / 86_400, seconds / 3600 % 24);
        let (minutes, rest) = (seconds / 60 % 60, seconds % 60);
        match (days, hours, minutes) {
            (0, 0, 0) => write!(f, "{} s", self.as_f64()),
            (0, 0, _) => write_two_units(f, minutes, "min", rest, "s"),
            (0, _, _) => write_two_units(f, hours, "h", minutes, "min"),
            _ => write_two_units(f, days, "d", hours, "h"),
        }
    }
}

fn write_two_units(
    f: &mut fmt::Formatter<'_>,
    a: u64,
    unit: &str,
    b: u64,
    smaller: &str,
) -> fmt::Result {
    write!(f, "{a} {unit}")?;
    if b > 0 {
        write!(f, " {b} {smaller}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn noise_of_a_double_is_not_billed() {
        assert_eq!(
            Seconds::from_f64(0.1 * 3.0 * 60.0),
            Some(Seconds::from_whole(18))
        );
        assert_eq!(
            Seconds::from_f64(247.2).map(Seconds::ceil_seconds),
            Some(248)
        );
        assert_eq!(Seconds::from_f64(1e-300).map(Seconds::micros), Some(1));
        assert_eq!(Seconds::from_f64(0.0), Some(Seconds::ZERO));
        assert_eq!(Seconds::from_f64(1e12), Some(Seconds::MAX));
        for bad in [-1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.0001e12] {
            assert_eq!(Seconds::from_f64(bad), None, "{bad}");
        }
    }

    #[test]
    fn moments_in_any_order() {
        assert_eq!(Seconds::between(-1, 4).micros(), 5);
        assert_eq!(Seconds::between(4, -1), Seconds::ZERO);
        assert_eq!(Seconds::between(i64::MIN, i64::MAX), Seconds::MAX);
        assert_eq!(Seconds::between(i64::MAX, i64::MIN), Seconds::ZERO);
    }

    #[test]
    fn scaling_stays_in_range() {
        let minute = Seconds::from_whole(60);
        assert_eq!(minute.scale(1.5), Seconds::from_whole(90));
        assert_eq!(minute.scale(-1.0), Seconds::ZERO);
        assert_eq!(minute.scale(f64::NAN), minute);
        assert_eq!(Seconds::MAX.scale(2.0), Seconds::MAX);
    }

    #[test]
    fn read_by_people() {
        for (seconds, text) in [
            (0.0, "0 s"),
            (0.25, "0.25 s"),
            (45.0, "45 s"),
            (600.0, "10 min"),
            (605.7, "10 min 5 s"),
            (3600.0, "1 h"),
            (5400.0, "1 h 30 min"),
            (5401.0, "1 h 30 min"),
            (86_400.0, "1 d"),
            (180_000.0, "2 d 2 h"),
        ] {
            assert_eq!(Seconds::from_f64(seconds).unwrap().to_string(), text);
        }
    }
}
