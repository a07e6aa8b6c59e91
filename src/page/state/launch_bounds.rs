//! Above which size a launch asks first, as this browser keeps it.

use leptos::prelude::*;

use crate::estimate::{Estimate, Money};
use crate::page::browser::BrowserStorage;

/// The name under which the bounds are stored: trials, a blank, USD.
const ASK_ABOVE: &str = "sweep.ask-above";
const DEFAULT_TRIALS: u128 = 1000;
const DEFAULT_DOLLARS: &str = "100";

/// The bounds as a person has set them.
#[derive(Clone, Copy)]
pub(crate) struct LaunchBounds {
    pub(crate) trials: RwSignal<u128>,
    /// USD, a plain decimal.
    pub(crate) dollars: RwSignal<String>,
}

impl LaunchBounds {
    /// Those that the browser keeps, else the defaults.
    pub(super) fn load() -> LaunchBounds {
        let kept = BrowserStorage::Local.get(ASK_ABOVE);
        let (trials, dollars) = kept.as_deref().and_then(parse).unwrap_or_else(default);
        LaunchBounds {
            trials: RwSignal::new(trials),
            dollars: RwSignal::new(dollars),
        }
    }

    /// Keeps the bounds in the browser.
    pub(crate) fn store(self) {
        let trials = self.trials.get_untracked().to_string();
        let kept = [&trials, " ", &self.dollars.get_untracked()].concat();
        BrowserStorage::Local.set(ASK_ABOVE, Some(&kept));
    }

    /// Whether a launch is above a bound: by its trials, or by what it may cost.
    pub(super) fn are_exceeded_by(self, estimate: &Estimate) -> bool {
        let (trials, dollars) = (self.trials.get_untracked(), self.dollars.get_untracked());
        exceeds(estimate, trials, &dollars)
    }
}

fn default() -> (u128, String) {
    (DEFAULT_TRIALS, DEFAULT_DOLLARS.to_owned())
}

fn parse(kept: &str) -> Option<(u128, String)> {
    let (trials, dollars) = kept.split_once(' ')?;
    Money::from_typed(dollars)?;
    Some((trials.parse().ok()?, dollars.to_owned()))
}

fn exceeds(estimate: &Estimate, trials: u128, dollars: &str) -> bool {
    let partial = estimate.partial.as_ref().map(|partial| &partial.cost);
    let cost = estimate.cost.as_ref().or(partial).map(|cost| &cost.high);
    let most = Money::from_typed(dollars);
    estimate.trials > trials
        || cost
            .zip(most.as_ref())
            .is_some_and(|(cost, most)| cost > most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimate::{Catalogue, EstimateSettings, estimate_plan, parse_run_time};
    use crate::sweep::{Ranges, Settings, read};
    use crate::testing::test;

    #[test]
    fn trials_and_the_high_figure_count() {
        let plan = read("grid run a.py --x 'range(1000)'", &Settings::default()).plan;
        let estimated = |run_time: Option<&str>| {
            let settings = EstimateSettings {
                run_time: run_time.map(|text| parse_run_time(text).unwrap()),
                ..EstimateSettings::local()
            };
            estimate_plan(&plan, &Ranges::full(1000), &settings, Catalogue::embedded())
        };
        let unknown = estimated(None);
        assert!(!exceeds(&unknown, 1000, "100"));
        assert!(exceeds(&unknown, 999, "100"));
        // 1000 hours at $0.086, and about half more by the high figure.
        let hours = estimated(Some("1 h"));
        assert!(exceeds(&hours, 1000, "100"));
        assert!(!exceeds(&hours, 1000, "$150"));
    }

    #[test]
    fn what_is_kept_is_read() {
        assert_eq!(parse("20 5.50"), Some((20, "5.50".to_owned())));
        for kept in ["", "20", "x 5", "20 x", "-1 5", "20 0"] {
            assert_eq!(parse(kept), None, "{kept}");
        }
    }
}
