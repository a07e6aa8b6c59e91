//! What trials cost: whole billed seconds times a rate, exact until it is handed out.

use sweep_planner::estimate::Catalogue;
use sweep_planner::estimate::billing::Rounding;

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

/// What trials of a run are billed by, fixed when it is launched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// USD per hour of one trial as a plain decimal; `None` when unknown.
    pub rate: Option<String>,
    /// How billed time is rounded.
    pub rounding: Rounding,
}

/// The terms of a machine under a cluster's pricing: as if on that machine, by its provider's
/// rules, as the estimate has them; or the cluster's own rate by whole seconds.
pub fn terms(pricing: &Pricing, instance_type: &str, spot: bool) -> Terms {
    match pricing {
        Pricing::AsIf => {
            let quote = Catalogue::embedded().quote(instance_type, spot);
            Terms {
                rounding: Rounding::of_provider(quote.provider()),
                rate: quote.rate.map(|rate| rate.to_rate()),
            }
        }
        Pricing::None => Terms {
            rate: None,
            rounding: WHOLE_SECONDS,
        },
        Pricing::Rate(rate) => Terms {
            rate: Some(rate.clone()),
            rounding: WHOLE_SECONDS,
        },
    }
}

const WHOLE_SECONDS: Rounding = Rounding {
    minimum: 0,
    increment: 1,
};

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
                if let Some(text) = terms(&Pricing::AsIf, &machine.name, spot).rate {
                    assert!(Rate::parse(&text).is_some(), "{}: {text}", machine.name);
                    priced += 1;
                }
            }
        }
        assert!(priced > 100, "{priced}");
        let of = |pricing, machine| terms(&pricing, machine, false);
        assert_eq!(of(Pricing::AsIf, "no-such-machine").rate, None);
        assert_eq!(of(Pricing::None, "m5a.large").rate, None);
        assert_eq!(of(Pricing::AsIf, "m5a.large").rounding.minimum, 60);
        let own = of(Pricing::Rate("0.5".into()), "m5a.large");
        assert_eq!(
            own,
            Terms {
                rate: Some("0.5".into()),
                rounding: WHOLE_SECONDS
            }
        );
    }
}
