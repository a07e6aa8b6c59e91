//! Decimal numbers of up to 15 digits, which a double keeps apart and prints unchanged.

use num_bigint::BigInt;
use num_traits::ToPrimitive;

/// The number mantissa · 10^-places.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Decimal {
    pub(super) mantissa: i64,
    pub(super) places: u32,
}

/// Mantissas stay below 10^15, so that they have at most 15 digits.
const BEYOND: u64 = 1_000_000_000_000_000;
/// With more places than this, no double has 15 digits.
const MOST_PLACES: u32 = 340;

impl Decimal {
    /// A whole number; `None` above 15 digits.
    pub(super) fn from_integer(value: &BigInt) -> Option<Decimal> {
        let mantissa = value
            .to_i64()
            .filter(|mantissa| mantissa.unsigned_abs() < BEYOND)?;
        Some(Decimal {
            mantissa,
            places: 0,
        })
    }

    /// The decimal that a float was most likely written as: the shortest that reads as the same
    /// double. `None` above 15 digits.
    pub(super) fn from_double(value: f64) -> Option<Decimal> {
        let text = format!("{value:e}");
        let (digits, exponent) = text.split_once('e')?;
        let fraction = digits
            .split_once('.')
            .map_or(0, |(_, fraction)| fraction.len());
        let mantissa: i64 = digits.replace('.', "").parse().ok()?;
        let places = i32::try_from(fraction).ok()? - exponent.parse::<i32>().ok()?;
        let whole = Decimal {
            mantissa,
            places: 0,
        };
        match u32::try_from(places) {
            Ok(places) if mantissa.unsigned_abs() < BEYOND && places <= MOST_PLACES => {
                Some(Decimal { mantissa, places })
            }
            Ok(_) => None,
            Err(_) => Some(Decimal {
                mantissa: whole.scaled(places.unsigned_abs())?,
                places: 0,
            }),
        }
    }

    /// The mantissa that the number has with `places` decimal places, at least as many as now; `None`
    /// where that takes more than 15 digits.
    pub(super) fn scaled(self, places: u32) -> Option<i64> {
        if self.mantissa == 0 {
            return Some(0);
        }
        let factor = 10_i64.checked_pow(places.checked_sub(self.places)?)?;
        self.mantissa
            .checked_mul(factor)
            .filter(|mantissa| mantissa.unsigned_abs() < BEYOND)
    }

    /// The nearest double; it prints as the decimal it is.
    pub(super) fn to_double(self) -> f64 {
        // Up to 10^22 a power of ten is a double exactly, so that the one division rounds once.
        const POWERS: u32 = 22;
        if self.places <= POWERS {
            return self.mantissa as f64 / 10_u128.pow(self.places) as f64;
        }
        format!("{}e-{}", self.mantissa, self.places)
            .parse()
            .unwrap_or(f64::NAN)
    }
}
