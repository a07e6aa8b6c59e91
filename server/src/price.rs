//! What trials cost: whole billed seconds times a rate, exact until it is handed out.

use sweep_planner::estimate::Catalogue;

use crate::config::Pricing;

/// USD per hour, exactly: so many units of 10^-scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    units: u64,
    scale: u32,
}

impl Rate {
    /// Reads a plain decimal, `0.086` or `2`. `None` for anything else, or beyond 64 bits.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, decimals) = match text.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (text, ""),
        };
        let digits = format!("{whole}{decimals}");
        if whole.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let scale = u32::try_from(decimals.len()).ok()?;
        10_u64.checked_pow(scale)?;
        Some(Self {
            units: digits.parse().ok()?,
            scale,
        })
    }

    fn denominator(self) -> u128 {
        10_u128.pow(self.scale)
    }

    /// USD per hour, rounded to the nearest float.
    pub fn hourly(self) -> f64 {
        self.units as f64 / self.denominator() as f64
    }

    /// USD for so many seconds, rounded once.
    pub fn cost(self, seconds: u64) -> f64 {
        let units = u128::from(self.units) * u128::from(seconds);
        units as f64 / (self.denominator() * 3600) as f64
    }
}

/// The rate of a machine under a cluster's pricing, as a plain decimal; `None` when unknown.
pub fn rate(pricing: &Pricing, instance_type: &str, spot: bool) -> Option<String> {
    match pricing {
        Pricing::AsIf => {
            let quote = Catalogue::embedded().quote(instance_type, spot);
            quote.rate.map(|rate| rate.to_rate())
        }
        Pricing::None => None,
        Pricing::Rate(rate) => Some(rate.clone()),
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
        assert_eq!(Rate::parse("2").unwrap().cost(5400), 3.0);
    }

    #[test]
    fn what_is_no_rate_is_refused() {
        for text in ["", ".", "1.", ".5", "-1", "1e3", "1/2", "x", "1,5", "1.2.3"] {
            assert_eq!(Rate::parse(text), None, "{text}");
        }
        assert_eq!(Rate::parse("99999999999999999999"), None);
        assert_eq!(Rate::parse("0.00000000000000000001"), None);
    }

    #[test]
    fn every_price_of_the_catalogue_is_a_rate() {
        let mut priced = 0;
        for machine in Catalogue::embedded().machines() {
            for spot in [false, true] {
                if let Some(text) = rate(&Pricing::AsIf, &machine.name, spot) {
                    assert!(Rate::parse(&text).is_some(), "{}: {text}", machine.name);
                    priced += 1;
                }
            }
        }
        assert!(priced > 100, "{priced}");
        assert_eq!(rate(&Pricing::AsIf, "no-such-machine", false), None);
        assert_eq!(rate(&Pricing::None, "m5a.large", false), None);
        assert_eq!(
            rate(&Pricing::Rate("0.5".into()), "m5a.large", false),
            Some("0.5".into())
        );
    }
}
