//! What trials cost: whole billed seconds times a rate, exact until it is handed out.

use std::fmt;

/// USD per hour, exactly: a fraction of integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    numerator: u64,
    denominator: u64,
}

impl Rate {
    /// Reads `0.086`, `43/500` or `2`. `None` for anything else, or beyond 64 bits.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = |text: &str| {
            (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))
                .then(|| text.parse::<u64>().ok())
                .flatten()
        };
        if let Some((numerator, denominator)) = text.split_once('/') {
            let rate =
                Self { numerator: digits(numerator)?, denominator: digits(denominator)? };
            return (rate.denominator > 0).then_some(rate);
        }
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        if decimals.is_empty() {
            let plain = !text.contains('.');
            return plain.then(|| digits(whole)).flatten().map(|numerator| Self {
                numerator,
                denominator: 1,
            });
        }
        let denominator = 10_u64.checked_pow(u32::try_from(decimals.len()).ok()?)?;
        let numerator =
            digits(whole)?.checked_mul(denominator)?.checked_add(digits(decimals)?)?;
        Some(Self { numerator, denominator })
    }

    /// USD per hour, rounded to the nearest float.
    pub fn hourly(self) -> f64 {
        self.numerator as f64 / self.denominator as f64
    }

    /// USD for so many seconds, rounded once.
    pub fn cost(self, seconds: u64) -> f64 {
        let numerator = u128::from(self.numerator) * u128::from(seconds);
        numerator as f64 / (u128::from(self.denominator) * 3600) as f64
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.numerator, self.denominator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_exact() {
        let rate = Rate::parse("0.086").unwrap();
        assert_eq!(rate.hourly(), 0.086);
        assert_eq!(rate.cost(3600), 0.086);
        assert_eq!(rate.cost(0), 0.0);
        assert_eq!(Rate::parse(&rate.to_string()).unwrap().cost(1_234_567), rate.cost(1_234_567));
        assert_eq!(Rate::parse("2").unwrap().cost(5400), 3.0);
    }

    #[test]
    fn what_is_no_rate_is_refused() {
        for text in ["", ".", "1.", ".5", "-1", "1e3", "1/0", "x", "1,5", "99999999999999999999"] {
            assert_eq!(Rate::parse(text), None, "{text}");
        }
    }
}
