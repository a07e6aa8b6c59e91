//! The cost of trials: whole billed seconds times an hourly rate, exact until it is converted to a
//! float for the wire.

use serde::Deserialize;
use sweep_planner::api::Timestamp;
use sweep_planner::estimate::billing::{Rounding, machine_cost};
use sweep_planner::estimate::{Catalogue, Money};

/// What a trial costs.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pricing {
    /// As if it ran on the machine that the command names.
    #[default]
    AsIf,
    /// Unknown: neither rate nor cost is shown.
    None,
    /// USD per hour of one trial, as decimal text.
    Rate(String),
}

/// USD per hour, exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate(Money);

impl Rate {
    /// Reads a plain decimal, `0.086` or `2`, with digits on both sides of a point. `None` for
    /// anything else, or more than 60 characters.
    pub fn parse(text: &str) -> Option<Self> {
        let bare = text.starts_with('.') || text.ends_with('.');
        Money::from_decimal(text).filter(|_| !bare).map(Self)
    }

    /// USD per hour, rounded to the nearest float.
    pub fn hourly(&self) -> f64 {
        self.0.as_f64()
    }

    /// USD for so many seconds, rounded once.
    pub fn cost(&self, seconds: u64) -> f64 {
        machine_cost(&self.0, seconds).as_f64()
    }
}

/// Rate and rounding by which the trials of a run are billed, fixed when it is launched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// USD per hour of one trial as a plain decimal; `None` when unknown.
    pub rate: Option<String>,
    /// How billed time is rounded.
    pub rounding: Rounding,
}

impl Terms {
    /// The billed seconds of a trial that ran from start to end.
    pub fn billed(&self, start: Timestamp, end: Timestamp) -> u64 {
        self.rounding.bill(start.micros(), end.micros())
    }

    /// USD for so many billed seconds.
    pub fn cost(&self, seconds: u64) -> Option<f64> {
        self.rate().map(|rate| rate.cost(seconds))
    }

    /// USD per hour.
    pub fn hourly(&self) -> Option<f64> {
        self.rate().map(|rate| rate.hourly())
    }

    fn rate(&self) -> Option<Rate> {
        Rate::parse(self.rate.as_deref()?)
    }
}

/// The terms for a machine under a cluster's pricing: with `AsIf` the catalogue's rate and its
/// provider's rounding, as in the estimate; else the cluster's own rate, by whole seconds.
pub fn terms(pricing: &Pricing, instance_type: &str, spot: bool) -> Terms {
    match pricing {
        Pricing::AsIf => {
            let quote = Catalogue::embedded().quote(instance_type, spot);
            Terms {
                rounding: Rounding::of_provider(quote.provider()),
                // With all decimals, so that bill and estimate use the same rate.
                rate: quote
                    .rate
                    .map(|rate| rate.to_exact_decimal().unwrap_or_else(|| rate.to_rate())),
            }
        }
        Pricing::None => Terms {
            rate: None,
            rounding: Rounding::WHOLE_SECONDS,
        },
        Pricing::Rate(rate) => Terms {
            rate: Some(rate.clone()),
            rounding: Rounding::WHOLE_SECONDS,
        },
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
        assert_eq!(Rate::parse(&"9".repeat(61)), None);
    }

    #[test]
    fn every_price_of_the_catalogue_is_a_rate() {
        let mut priced = 0;
        for machine in Catalogue::embedded().machines() {
            for spot in [false, true] {
                if let Some(text) = terms(&Pricing::AsIf, &machine.name, spot).rate {
                    let quote = Catalogue::embedded().quote(&machine.name, spot);
                    let rate = Rate::parse(&text).map(|rate| rate.0);
                    assert_eq!(rate, quote.rate, "{}: {text}", machine.name);
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
                rounding: Rounding::WHOLE_SECONDS
            }
        );
    }

    /// A trial of any length on any machine is billed what the estimate said for that length.
    #[test]
    fn the_bill_is_the_estimate() {
        use sweep_planner::estimate::{Settings, estimate, parse_run_time};
        use sweep_planner::sweep::{self, Ranges};
        for machine in [
            "m5a.large",
            "g4dn.xlarge",
            "1_t4_16gb",
            "t2.medium",
            "p3.2xlarge",
        ] {
            for (spot, option) in [(false, ""), (true, "--use_spot ")] {
                for seconds in ["1", "20", "59.5", "60.000001", "61", "86399.25"] {
                    let text = format!("grid run --instance_type {machine} {option}train.py --a 1");
                    let plan = sweep::read(&text, &sweep::Settings::default()).plan;
                    let settings = Settings {
                        run_time: Some(parse_run_time(&format!("seconds = {seconds}")).unwrap()),
                        ..Settings::local()
                    };
                    let chosen = Ranges::full(plan.len());
                    let estimated = estimate(&plan, &chosen, &settings, Catalogue::embedded());
                    let terms = terms(&Pricing::AsIf, machine, spot);
                    let micros = (seconds.parse::<f64>().unwrap() * 1e6).round() as i64;
                    let at = Timestamp::from_micros;
                    let billed = terms.billed(at(7), at(7 + micros));
                    assert_eq!(
                        estimated.total.map(|total| total.as_f64()),
                        terms.cost(billed),
                        "{text} {seconds}"
                    );
                }
            }
        }
    }
}
