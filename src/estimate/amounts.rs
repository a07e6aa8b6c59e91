//! Dollars as a person reads them: in cents, in figures that still say something below ten cents, and
//! short enough for a heading. Page and terminal take every amount from here.

use super::money::{Money, Rational};
use crate::sweep::diagnostic::{MAGNITUDE_NAMES, group_digits};
use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{Signed, Zero};
use std::fmt;

/// The most decimals of [`Money::to_figure`], the last two significant figures of a millionth.
const MAX_DECIMALS: u32 = 7;

/// Cents, rounded half up once: `$1,234.57`. An amount above zero is never `$0.00`: below half a cent
/// it is `<$0.01`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cents = self.cents();
        let is_negative = self.dollars().is_negative();
        let sign = if is_negative { "-" } else { "" };
        if cents.is_zero() && !self.is_zero() {
            return write!(f, "{}$0.01", if is_negative { ">-" } else { "<" });
        }
        let (dollars, rest) = cents.magnitude().div_rem(&100u8.into());
        write!(
            f,
            "{sign}${}.{rest:0>2}",
            group_digits(&dollars.to_string())
        )
    }
}

impl Money {
    /// As `Display` from ten cents on; below, where cents say nothing, two significant figures,
    /// rounded half up: `$0.0057`. Below a millionth of a dollar `<$0.000001`.
    pub fn to_figure(&self) -> String {
        let dollars = self.dollars();
        let tenth = Rational::new(1.into(), 10.into());
        if !dollars.is_positive() || *dollars >= tenth {
            return self.to_string();
        }
        let has_two_figures = |places: &u32| {
            let units = dollars * BigInt::from(10u8).pow(*places);
            units >= Rational::from_integer(10.into())
        };
        let Some(places) = (3..=MAX_DECIMALS).find(has_two_figures) else {
            return "<$0.000001".to_owned();
        };
        // 0.0996 is 0.10, not 0.100.
        let rounds_up = self.round_to(places) >= BigInt::from(100u8);
        format!("${}", self.to_decimal(places - u32::from(rounds_up)))
    }

    /// An amount above zero as a person types it, with or without `$` and commas: `20`, `$1,500.50`.
    pub fn from_typed(text: &str) -> Option<Money> {
        let plain = text.trim();
        let plain = plain.strip_prefix('$').unwrap_or(plain).replace(',', "");
        Money::from_decimal(plain.trim()).filter(|amount| !amount.is_zero())
    }

    /// Short enough for a heading at any size: as [`Money::to_figure`] below a billion, then with three
    /// digits and a word (`$17.4 quadrillion`), then as a power of ten (`$6.81 × 10^36`).
    pub fn to_compact(&self) -> String {
        let cents = self.cents();
        let dollars = self.round_to(0).magnitude().to_string();
        if dollars.len() <= 9 {
            return self.to_figure();
        }
        let (lead, magnitude) = leading_three_digits(&dollars);
        let sign = if cents.is_negative() { "-" } else { "" };
        // From a billion to a decillion.
        match MAGNITUDE_NAMES[1..10].get(magnitude / 3 - 3) {
            Some(word) => {
                let places = 2 - magnitude % 3;
                format!("{sign}${} {word}", insert_point(&lead, lead.len() - places))
            }
            None => format!("{sign}${} × 10^{magnitude}", insert_point(&lead, 1)),
        }
    }
}

/// The three leading digits of a whole number, rounded half up, and the power of ten of the first.
fn leading_three_digits(digits: &str) -> (String, usize) {
    let mut magnitude = digits.len() - 1;
    let lead: u32 = digits
        .get(..3)
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    let up = digits.as_bytes().get(3).is_some_and(|&next| next >= b'5');
    let mut lead = lead + u32::from(up);
    if lead == 1000 {
        lead = 100;
        magnitude += 1;
    }
    (lead.to_string(), magnitude)
}

/// Digits with a point after the first `whole` of them, if any follow.
fn insert_point(digits: &str, whole: usize) -> String {
    let (before, after) = digits.split_at(whole.min(digits.len()));
    if after.is_empty() {
        before.to_owned()
    } else {
        format!("{before}.{after}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimate::money::tests::money;
    use crate::testing::test;

    #[test]
    fn two_figures_below_ten_cents() {
        for (text, shown) in [
            ("0", "$0.00"),
            ("0.0057333", "$0.0057"),
            ("0.00994", "$0.0099"),
            ("0.00996", "$0.010"),
            ("0.0096", "$0.0096"),
            ("0.0501", "$0.050"),
            ("0.0994", "$0.099"),
            ("0.0995", "$0.10"),
            ("0.0999999", "$0.10"),
            ("0.1", "$0.10"),
            ("0.104", "$0.10"),
            ("0.105", "$0.11"),
            ("12.3", "$12.30"),
            ("0.000069444", "$0.000069"),
            ("0.0000014", "$0.0000014"),
            ("0.000001", "$0.0000010"),
            ("0.00000099", "<$0.000001"),
            ("-0.001", ">-$0.01"),
        ] {
            assert_eq!(money(text).to_figure(), shown, "{text}");
        }
    }

    #[test]
    fn amounts_are_read_as_people_type_them() {
        for text in ["1500.50", "$1,500.50", " $ 1500.5 "] {
            assert_eq!(Money::from_typed(text), Some(money("1500.5")), "{text}");
        }
        for text in ["", "$", "0", "0.00", "-1", "1e3", "twenty", "20 EUR"] {
            assert_eq!(Money::from_typed(text), None, "{text}");
        }
    }

    #[test]
    fn shown_in_cents_half_up() {
        for (text, shown) in [
            ("0", "$0.00"),
            ("0.004999", "<$0.01"),
            ("0.005", "$0.01"),
            ("0.000000000001", "<$0.01"),
            ("0.505", "$0.51"),
            ("1.004999", "$1.00"),
            ("0.995", "$1.00"),
            ("6.377440", "$6.38"),
            ("999.999", "$1,000.00"),
            ("1234567.891", "$1,234,567.89"),
            ("17438888888888888.888889", "$17,438,888,888,888,888.89"),
            ("-0.001", ">-$0.01"),
            ("-1.005", "-$1.00"),
            ("-1234.5", "-$1,234.50"),
        ] {
            assert_eq!(money(text).to_string(), shown, "{text}");
        }
    }

    #[test]
    fn short_at_any_size() {
        for (text, shown) in [
            ("12.345", "$12.35"),
            ("999999999.99", "$1.00 billion"),
            ("999999998.99", "$999,999,998.99"),
            ("1234567890", "$1.23 billion"),
            ("12345678900", "$12.3 billion"),
            ("123456789000", "$123 billion"),
            ("999960000000", "$1.00 trillion"),
            ("17438888888888888.8", "$17.4 quadrillion"),
            ("1000000000000000000000000000000000", "$1.00 decillion"),
            ("999900000000000000000000000000000000", "$1.00 × 10^36"),
            ("6805647338418769269267492148635364200", "$6.81 × 10^36"),
        ] {
            assert_eq!(money(text).to_compact(), shown, "{text}");
        }
    }
}
