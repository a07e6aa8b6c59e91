//! The cost of trials: whole billed seconds times an hourly rate, exact until it is converted to a
//! float for the wire.

use serde::Deserialize;
use sweep_planner::api::{ClusterPrice, Timestamp};
use sweep_planner::estimate::billing::{Rounding, cost_of_micros, machine_cost};
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

impl Pricing {
    /// The price as the wire shows it: what [`billing_terms`] bills every trial by. `None` where
    /// that depends on the machine.
    pub fn to_wire(&self) -> Option<ClusterPrice> {
        if *self == Self::AsIf {
            return None;
        }
        let BillingTerms { rate, rounding } = billing_terms(self, Catalogue::embedded(), "", false);
        Some(ClusterPrice {
            hourly_rate: rate,
            minimum_seconds: rounding.minimum,
            increment_seconds: rounding.increment,
        })
    }
}

/// USD per hour, exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HourlyRate(Money);

impl HourlyRate {
    /// Reads a plain decimal, `0.086` or `2`, with digits on both sides of a point. `None` for
    /// anything else, or more than 60 characters.
    pub fn parse(text: &str) -> Option<Self> {
        let bare = text.starts_with('.') || text.ends_with('.');
        Money::from_decimal(text).filter(|_| !bare).map(Self)
    }

    /// USD per hour, rounded to the nearest float.
    pub fn usd_per_hour(&self) -> f64 {
        self.0.as_f64()
    }

    /// USD for so many seconds, rounded once.
    pub fn cost(&self, seconds: u64) -> f64 {
        machine_cost(&self.0, seconds).as_f64()
    }
}

/// Rate and rounding by which the trials of a run are billed, fixed when it is launched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BillingTerms {
    /// USD per hour of one trial as a plain decimal; `None` when unknown.
    pub rate: Option<String>,
    /// How billed time is rounded.
    pub rounding: Rounding,
}

impl BillingTerms {
    /// The billed seconds of a trial that ran from start to end.
    pub fn billed_seconds(&self, start: Timestamp, end: Timestamp) -> u64 {
        self.rounding
            .billed_seconds_between(start.micros(), end.micros())
    }

    /// USD for so many billed seconds.
    pub fn cost(&self, seconds: u64) -> Option<f64> {
        self.parse_rate().map(|rate| rate.cost(seconds))
    }

    /// USD for so many billed microseconds.
    pub fn cost_of_micros(&self, micros: u64) -> Option<f64> {
        let rate = self.parse_rate()?;
        Some(cost_of_micros(&rate.0, micros).as_f64())
    }

    /// USD per hour.
    pub fn usd_per_hour(&self) -> Option<f64> {
        self.parse_rate().map(|rate| rate.usd_per_hour())
    }

    fn parse_rate(&self) -> Option<HourlyRate> {
        HourlyRate::parse(self.rate.as_deref()?)
    }
}

/// The terms for a machine under a cluster's pricing: with `AsIf` the catalogue's rate and its
/// provider's rounding, as in the estimate; else the cluster's own rate, by whole seconds.
pub fn billing_terms(
    pricing: &Pricing,
    catalogue: &Catalogue,
    instance_type: &str,
    spot: bool,
) -> BillingTerms {
    match pricing {
        Pricing::AsIf => {
            let quote = catalogue.quote(instance_type, spot);
            BillingTerms {
                rounding: Rounding::for_provider(quote.provider()),
                // With all decimals, so that bill and estimate use the same rate.
                rate: quote
                    .rate
                    .map(|rate| rate.to_exact_decimal().unwrap_or_else(|| rate.to_rate())),
            }
        }
        Pricing::None => BillingTerms {
            rate: None,
            rounding: Rounding::WHOLE_SECONDS,
        },
        Pricing::Rate(rate) => BillingTerms {
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
        let rate = HourlyRate::parse("0.086").unwrap();
        assert_eq!(rate.usd_per_hour(), 0.086);
        assert_eq!(rate.cost(3600), 0.086);
        assert_eq!(rate.cost(0), 0.0);
        assert_eq!(HourlyRate::parse("2").unwrap().cost(5400), 3.0);
    }

    #[test]
    fn what_is_no_rate_is_refused() {
        for text in ["", ".", "1.", ".5", "-1", "1e3", "1/2", "x", "1,5", "1.2.3"] {
            assert_eq!(HourlyRate::parse(text), None, "{text}");
        }
        assert_eq!(HourlyRate::parse(&"9".repeat(61)), None);
    }

    #[test]
    fn every_price_of_the_catalogue_is_a_rate() {
        let mut priced = 0;
        for machine in Catalogue::embedded().machines() {
            for spot in [false, true] {
                if let Some(text) =
                    billing_terms(&Pricing::AsIf, Catalogue::embedded(), &machine.name, spot).rate
                {
                    let quote = Catalogue::embedded().quote(&machine.name, spot);
                    let rate = HourlyRate::parse(&text).map(|rate| rate.0);
                    assert_eq!(rate, quote.rate, "{}: {text}", machine.name);
                    priced += 1;
                }
            }
        }
        assert!(priced > 100, "{priced}");
        let of = |pricing, machine| billing_terms(&pricing, Catalogue::embedded(), machine, false);
        assert_eq!(of(Pricing::AsIf, "no-such-machine").rate, None);
        assert_eq!(of(Pricing::None, "m5a.large").rate, None);
        assert_eq!(of(Pricing::AsIf, "m5a.large").rounding.minimum, 60);
        let own = of(Pricing::Rate("0.5".into()), "m5a.large");
        assert_eq!(
            own,
            BillingTerms {
                rate: Some("0.5".into()),
                rounding: Rounding::WHOLE_SECONDS
            }
        );
    }

    /// A trial of any length on any machine is billed what the estimate said for that length.
    #[test]
    fn the_bill_is_the_estimate() {
        use sweep_planner::estimate::{EstimateSettings, estimate_plan, parse_run_time};
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
                    let settings = EstimateSettings {
                        run_time: Some(parse_run_time(&format!("seconds = {seconds}")).unwrap()),
                        ..EstimateSettings::local()
                    };
                    let chosen = Ranges::full(plan.len());
                    let estimated = estimate_plan(&plan, &chosen, &settings, Catalogue::embedded());
                    let terms = billing_terms(&Pricing::AsIf, Catalogue::embedded(), machine, spot);
                    let micros = (seconds.parse::<f64>().unwrap() * 1e6).round() as i64;
                    let at = Timestamp::from_micros;
                    let billed = terms.billed_seconds(at(7), at(7 + micros));
                    assert_eq!(
                        estimated.total.map(|total| total.as_f64()),
                        terms.cost(billed),
                        "{text} {seconds}"
                    );
                }
            }
        }
    }

    /// Prices of one's own bill as they estimate, the machine's rounding included.
    #[test]
    fn the_bill_by_one_s_own_prices_is_the_estimate() {
        use sweep_planner::estimate::{EstimateSettings, OwnPrices, estimate_plan, parse_run_time};
        use sweep_planner::sweep::{self, Ranges};
        let own = "name,on_demand_usd_per_hour,provider\nm5a.large,36,\nbox,0.7,lambda\nrack,1,\n";
        let catalogue = Catalogue::embedded().with_own(&OwnPrices::parse(own).unwrap());
        for machine in ["m5a.large", "box", "rack", "g4dn.xlarge"] {
            for (text, micros) in [("6 s", 6_000_000), ("61.5 s", 61_500_000)] {
                let line = format!("grid run --instance_type {machine} train.py");
                let plan = sweep::read(&line, &sweep::Settings::default()).plan;
                let settings = EstimateSettings {
                    run_time: Some(parse_run_time(text).unwrap()),
                    ..EstimateSettings::local()
                };
                let all = Ranges::full(plan.len());
                let estimated = estimate_plan(&plan, &all, &settings, &catalogue);
                let terms = billing_terms(&Pricing::AsIf, &catalogue, machine, false);
                let at = Timestamp::from_micros;
                let bill = terms.cost(terms.billed_seconds(at(7), at(7 + micros)));
                let total = estimated.total.map(|total| total.as_f64());
                assert!(bill.is_some());
                assert_eq!(total, bill, "{machine} {text}");
            }
        }
    }

    /// On a cluster with its own price, the estimate from what the wire says of it is the bill.
    #[test]
    fn the_estimate_at_a_cluster_s_own_price_is_the_bill() {
        use sweep_planner::estimate::{EstimateSettings, estimate_plan, parse_run_time};
        use sweep_planner::sweep::{self, Ranges};
        for rate in ["36", "0.05", "0.0333333", "0"] {
            let pricing = Pricing::Rate(rate.to_owned());
            let price = pricing.to_wire().unwrap();
            for option in ["", "--use_spot ", "--instance_type g4dn.xlarge "] {
                for (seconds, billed_seconds) in [("1", 1), ("59.5", 60), ("3600.25", 3601)] {
                    let text = format!("grid run {option}train.py --a 1");
                    let plan = sweep::read(&text, &sweep::Settings::default()).plan;
                    let settings = EstimateSettings {
                        run_time: Some(parse_run_time(&format!("seconds = {seconds}")).unwrap()),
                        ..EstimateSettings::local()
                    }
                    .with_cluster_price(&price);
                    let chosen = Ranges::full(plan.len());
                    let estimated = estimate_plan(&plan, &chosen, &settings, Catalogue::embedded());
                    let terms = billing_terms(
                        &pricing,
                        Catalogue::embedded(),
                        "m5a.large",
                        option == "--use_spot ",
                    );
                    let micros = (seconds.parse::<f64>().unwrap() * 1e6).round() as i64;
                    let at = Timestamp::from_micros;
                    let billed = terms.billed_seconds(at(7), at(7 + micros));
                    assert_eq!(billed, billed_seconds, "{seconds}");
                    let bill = terms.cost(billed);
                    assert_eq!(estimated.total.map(|total| total.as_f64()), bill, "{text}");
                    for both in [&estimated.list, &estimated.interruptible] {
                        let hour = both.per_trial_hour.as_ref().map(Money::as_f64);
                        assert_eq!(hour, terms.usd_per_hour(), "{text}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_wire_has_a_price_where_the_machine_does_not_decide_it() {
        assert_eq!(Pricing::AsIf.to_wire(), None);
        let whole_seconds = ClusterPrice {
            hourly_rate: None,
            minimum_seconds: 0,
            increment_seconds: 1,
        };
        assert_eq!(Pricing::None.to_wire(), Some(whole_seconds.clone()));
        let own = ClusterPrice {
            hourly_rate: Some("0.05".to_owned()),
            ..whole_seconds
        };
        assert_eq!(Pricing::Rate("0.05".to_owned()).to_wire(), Some(own));
    }
}
