//! Amounts of US dollars, exact until they are shown.

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::Ratio;
use num_traits::{Signed, ToPrimitive, Zero};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, Sub};

/// A fraction of integers of any size.
pub type Rational = Ratio<BigInt>;

/// An exact amount of US dollars.
///
/// `amounts` has its forms for people. An unknown amount is a None of `Option<Money>`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(Rational);

impl Money {
    /// $0.
    pub fn zero() -> Money {
        Money(Rational::zero())
    }

    /// From dollars, exactly.
    pub(crate) fn from_rational(dollars: Rational) -> Money {
        Money(dollars)
    }

    /// From dollars as plain decimal digits with at most one point (`0.526`), exactly. None for
    /// anything else: signs, exponents, blanks, an empty text, more than 60 characters.
    pub fn from_decimal(text: &str) -> Option<Money> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = format!("{whole}{fraction}");
        if digits.is_empty() || text.len() > 60 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let numerator: BigInt = digits.parse().ok()?;
        let denominator = BigInt::from(10u8).pow(u32::try_from(fraction.len()).ok()?);
        Some(Money(Rational::new(numerator, denominator)))
    }

    /// The nearest multiple of 10^-9 dollars, for amounts that come from floating-point
    /// expectations; None where the value is not finite.
    pub fn from_f64(dollars: f64) -> Option<Money> {
        let (mantissa, exponent) = decompose(dollars)?;
        let billionths = Rational::from_integer(BigInt::from(mantissa) * 1_000_000_000u32);
        let scale = BigInt::from(2u8).pow(exponent.unsigned_abs().into());
        let exact = if exponent < 0 {
            billionths / scale
        } else {
            billionths * scale
        };
        let half = Rational::new(1.into(), 2.into());
        Some(Money(
            (exact + half).floor() / BigInt::from(1_000_000_000u32),
        ))
    }

    /// Dollars, exactly.
    pub fn dollars(&self) -> &Rational {
        &self.0
    }

    /// The nearest double, for charts, comparisons and JSON.
    pub fn as_f64(&self) -> f64 {
        ratio_to_f64(&self.0)
    }

    /// Whether it is exactly $0.
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    /// As digits with exactly `places` decimals, rounded half up: `6.377440`.
    pub fn to_decimal(&self, places: u32) -> String {
        let units = self.round_to(places);
        let digits = units.magnitude().to_string();
        let width = places as usize + 1;
        let padded = format!("{digits:0>width$}");
        let (whole, fraction) = padded.split_at(padded.len() - places as usize);
        let sign = if units.is_negative() { "-" } else { "" };
        let point = if places > 0 { "." } else { "" };
        format!("{sign}{whole}{point}{fraction}")
    }

    /// As rates are written: `0.55`, `0.0344`; two decimals at least, nine at most, rounded half
    /// up.
    pub fn to_rate(&self) -> String {
        let digits = self.to_decimal(9);
        let short = digits.trim_end_matches('0');
        let decimals = short.len() - short.find('.').map_or(short.len(), |at| at + 1);
        format!("{short}{}", "0".repeat(2usize.saturating_sub(decimals)))
    }

    /// All decimals, `0.0042`, from which [`Money::from_decimal`] reads the same amount. None for a
    /// negative amount and for one of more than 60 decimals, such as a third.
    pub fn to_exact_decimal(&self) -> Option<String> {
        let digits = (0..=60).find_map(|places| {
            let scaled = &self.0 * BigInt::from(10u8).pow(places);
            scaled.is_integer().then(|| self.to_decimal(places))
        })?;
        (!self.0.is_negative()).then_some(digits)
    }

    /// The least whole number of cents that is not below the amount.
    pub fn round_up_to_cents(&self) -> Money {
        let hundred = BigInt::from(100u8);
        Money((&self.0 * &hundred).ceil() / hundred)
    }

    /// Whole cents, rounded half up.
    pub(crate) fn cents(&self) -> BigInt {
        self.round_to(2)
    }

    /// The nearest multiple of 10^-places, counted in those, half up.
    pub(super) fn round_to(&self, places: u32) -> BigInt {
        let scale = BigInt::from(10u8).pow(places);
        let doubled: BigInt = self.0.numer() * scale * 2 + self.0.denom();
        // Half up is floor(x + 1/2), for negative amounts too.
        doubled.div_floor(&(self.0.denom() * 2))
    }
}

/// The double as mantissa × 2^exponent; None where it is not finite.
fn decompose(value: f64) -> Option<(i64, i16)> {
    if !value.is_finite() {
        return None;
    }
    let bits = value.to_bits();
    let sign = if bits >> 63 == 0 { 1 } else { -1 };
    let exponent = (bits >> 52 & 0x7ff) as i16;
    let fraction = (bits & 0xf_ffff_ffff_ffff) as i64;
    let mantissa = if exponent == 0 {
        fraction << 1
    } else {
        fraction | 1 << 52
    };
    Some((sign * mantissa, exponent - 1075))
}

/// The nearest double to a fraction, to within one unit in the last place of the very smallest
/// (below 10^-307). Both parts may be far beyond a double's range.
pub(crate) fn ratio_to_f64(ratio: &Rational) -> f64 {
    let (numerator, denominator) = (ratio.numer(), ratio.denom());
    // 64 bits of quotient: more than the 53 that a double keeps.
    let surplus = denominator
        .bits()
        .saturating_add(64)
        .saturating_sub(numerator.bits());
    let (mut scaled, rest) = (numerator << surplus).div_rem(denominator);
    // A sticky bit: a remainder makes the quotient odd, so that it is no tie between two doubles.
    if !rest.is_zero() && scaled.is_even() {
        scaled += if scaled.is_negative() { -1 } else { 1 };
    }
    let quotient = scaled.to_f64().unwrap_or(f64::INFINITY);
    (0..surplus.min(2_200)).fold(quotient, |value, _| value / 2.0)
}

impl Add for Money {
    type Output = Money;
    fn add(self, other: Money) -> Money {
        Money(self.0 + other.0)
    }
}

impl Sub for Money {
    type Output = Money;
    fn sub(self, other: Money) -> Money {
        Money(self.0 - other.0)
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Money) {
        self.0 += other.0;
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Money>>(all: I) -> Money {
        all.fold(Money::zero(), Add::add)
    }
}

impl Mul<Rational> for Money {
    type Output = Money;
    fn mul(self, factor: Rational) -> Money {
        Money(self.0 * factor)
    }
}

impl Mul<BigInt> for Money {
    type Output = Money;
    fn mul(self, factor: BigInt) -> Money {
        Money(self.0 * factor)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::testing::test;

    pub(in crate::estimate) fn money(text: &str) -> Money {
        match text.strip_prefix('-') {
            Some(text) => Money::zero() - Money::from_decimal(text).unwrap(),
            None => Money::from_decimal(text).unwrap(),
        }
    }

    #[test]
    fn decimals_in_and_out() {
        assert_eq!(money("6.37744").to_decimal(6), "6.377440");
        assert_eq!(money("0.0000005").to_decimal(6), "0.000001");
        assert_eq!(money("12").to_decimal(0), "12");
        assert_eq!(money("-0.5").to_decimal(2), "-0.50");
        for bad in [
            "",
            ".",
            "-1",
            "+1",
            "1e3",
            " 1",
            "1.2.3",
            "1,5",
            "١",
            &"1".repeat(61),
        ] {
            assert_eq!(Money::from_decimal(bad), None, "{bad}");
        }
        assert_eq!(money(".5"), money("0.50"));
    }

    #[test]
    fn cents_are_rounded_up() {
        for (text, cents) in [
            ("0", "0"),
            ("0.01", "0.01"),
            ("0.0100001", "0.02"),
            ("2", "2"),
        ] {
            assert_eq!(money(text).round_up_to_cents(), money(cents), "{text}");
        }
    }

    #[test]
    fn all_decimals_are_written() {
        for (text, exact) in [
            ("0", "0"),
            ("2.00", "2"),
            ("0.086", "0.086"),
            ("0.00000000010", "0.0000000001"),
            ("12.5", "12.5"),
        ] {
            let amount = money(text);
            assert_eq!(amount.to_exact_decimal().as_deref(), Some(exact));
            assert_eq!(Money::from_decimal(exact), Some(amount));
        }
        assert_eq!(money("-1").to_exact_decimal(), None);
        let third = Money::from_rational(Rational::new(1.into(), 3.into()));
        assert_eq!(third.to_exact_decimal(), None);
    }

    /// Whole numbers below 2^53 are doubles, so their quotient by IEEE 754 is the nearest.
    #[test]
    fn fractions_become_the_nearest_double() {
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        let mut draw = || {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (random >> 11) >> (random >> 3 & 31)
        };
        for _ in 0..20_000 {
            let (a, b) = (draw(), draw().max(1));
            let ratio = Rational::new(a.into(), b.into());
            assert_eq!(ratio_to_f64(&ratio), a as f64 / b as f64, "{a}/{b}");
            assert_eq!(ratio_to_f64(&-ratio), -(a as f64 / b as f64), "-{a}/{b}");
        }
        // One half above an even double, and a little more: up, not to the even one.
        let base = (BigInt::from(1u8) << 53) + 1;
        let ratio = Rational::new(
            base * BigInt::from(10u8).pow(30) + 1,
            BigInt::from(10u8).pow(30),
        );
        assert_eq!(ratio_to_f64(&ratio), 9_007_199_254_740_994.0);
    }

    #[test]
    fn doubles_in_and_out() {
        for text in [
            "0",
            "0.1",
            "0.526",
            "1234567.5",
            "0.000000001",
            "-2.25",
            "98765432109.5",
        ] {
            let value: f64 = text.parse().unwrap();
            assert_eq!(Money::from_f64(value), Some(money(text)), "{text}");
            assert_eq!(money(text).as_f64(), value, "{text}");
        }
        let huge = Money::from_f64(1e300).unwrap();
        assert_eq!(huge.as_f64(), 1e300);
        assert_eq!(Money::from_f64(1e-300), Some(Money::zero()));
        assert_eq!(Money::from_f64(f64::NAN), None);
        assert_eq!(Money::from_f64(f64::INFINITY), None);
        let fraction = Money::from_rational(Rational::new(1.into(), BigInt::from(3u8).pow(900)));
        assert_eq!(fraction.as_f64(), 0.0);
        assert_eq!(
            Money::from_rational(Rational::new(1.into(), 3.into())).as_f64(),
            1.0 / 3.0
        );
    }
}
