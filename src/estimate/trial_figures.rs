//! What each trial of a launch is expected to take and to be billed, for a server that keeps it: in whole
//! microseconds, so that sums are exact.

use super::billing::Meter;
use super::catalogue::Catalogue;
use super::offers::PlanOffers;
use super::seconds::Seconds;
use super::settings::EstimateSettings;
use super::spot::Repetition;
use super::survey::RunTimeReader;
use super::uncertainty::{self, Spread};
use crate::sweep::{Plan, Ranges};

/// What one trial takes and what is billed for it, all in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrialFigures {
    /// The run time of its script.
    pub run: u64,
    /// Billed time at that run time: phases, minimum and increment included, and what interruptions
    /// are expected to add.
    pub billed: u64,
    /// The same at the 90th percentile of the run time, or at the time limit where that is less.
    pub high_billed: u64,
}

/// The longest time that a figure holds, in microseconds: 285 years. The sums of a million of them, in
/// milliseconds, are below 2^63.
pub const FIGURE_MAX: u64 = 9_000_000_000_000_000;

const MICROS_PER_SECOND: u64 = 1_000_000;

/// Turns run times of the trials of a plan's first command into figures. O(1) each.
#[derive(Clone, Debug)]
pub struct TrialMeter {
    meter: Meter,
    /// Interruptions per hour on the machine that the command asks for.
    interruptions: f64,
    /// By what one trial's 90th percentile lies above its median.
    high_factor: f64,
}

impl TrialMeter {
    /// None for a plan without commands.
    pub fn new(
        plan: &Plan,
        settings: &EstimateSettings,
        catalogue: &Catalogue,
    ) -> Option<TrialMeter> {
        let offers = PlanOffers::new(plan, settings, catalogue);
        let offer = offers
            .machines()
            .get(offers.machine_index(0)?)?
            .requested_offer();
        let one = uncertainty::sum_distribution(1.0, 1.0, settings.noise());
        Some(TrialMeter {
            meter: offer.meter.clone(),
            interruptions: offer.interruptions,
            high_factor: one.spread.high,
        })
    }

    /// The figures of a trial whose script runs so many microseconds. None where interruptions may keep
    /// it from ever ending, and above [`FIGURE_MAX`].
    pub fn figures(&self, run: u64) -> Option<TrialFigures> {
        let seconds = Seconds::from_micros(run);
        Some(TrialFigures {
            run: Some(run).filter(|run| *run <= FIGURE_MAX)?,
            billed: self.billed_micros(seconds)?,
            high_billed: self.billed_micros(seconds.scale(self.high_factor))?,
        })
    }

    /// What is billed for a trial that runs until its time limit, in microseconds; None without one.
    pub fn billed_at_limit(&self) -> Option<u64> {
        self.billed_micros(self.meter.billing().max_run_time?)
    }

    fn billed_micros(&self, run: Seconds) -> Option<u64> {
        let once = self
            .meter
            .billed_seconds(run)
            .saturating_mul(MICROS_PER_SECOND);
        let again = match self.interruptions > 0.0 {
            false => Seconds::ZERO,
            true => {
                let again = Repetition::expect(self.meter.billing(), run, self.interruptions);
                Seconds::from_f64(again.billed).filter(|_| !again.may_never_finish)?
            }
        };
        // Whole milliseconds, so that sums in those are exact.
        let again = again.micros().div_ceil(1000).saturating_mul(1000);
        Some(once.saturating_add(again)).filter(|micros| *micros <= FIGURE_MAX)
    }
}

/// The run times of a launch's trials, in launch order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrialRunTimes {
    /// Microseconds of each trial, [`TrialRunTimes::NONE`] where it has none; one alone stands for all.
    times: Vec<u64>,
}

impl TrialRunTimes {
    /// A trial without a run time.
    const NONE: u64 = u64::MAX;

    /// Run times of the trials of a plan's first command, by their indices in its space, on the machine
    /// that it names. O(trials), and 8 bytes each; O(1) where all run equally long.
    pub fn compute(
        plan: &Plan,
        chosen: &Ranges,
        settings: &EstimateSettings,
        catalogue: &Catalogue,
    ) -> TrialRunTimes {
        let parts = plan.parts().first().zip(settings.run_time.as_ref());
        let Some((part, run_time)) = parts else {
            return TrialRunTimes::default();
        };
        let reader = RunTimeReader::new(part, run_time);
        let machine = part.options().instance_type.as_str();
        let factor = settings.run_time_on(machine, catalogue).factor();
        let compute = |index| match reader.run_time_at(index) {
            Ok(run) => run.scale_unless_one(factor).micros(),
            Err(_) => TrialRunTimes::NONE,
        };
        let few = if reader.is_constant() { 1 } else { usize::MAX };
        TrialRunTimes {
            times: chosen.iter().take(few).map(compute).collect(),
        }
    }

    /// The run time of trial `number`, in microseconds.
    pub fn get(&self, number: u32) -> Option<u64> {
        let time = match self.times.as_slice() {
            [all] => Some(all),
            times => times.get(number as usize),
        };
        time.copied().filter(|time| *time != TrialRunTimes::NONE)
    }

    /// How many of `trials` trials have a run time, and low, likely and high of their sum in seconds.
    pub fn sum(&self, trials: u32, settings: &EstimateSettings) -> (u32, Spread<f64>) {
        let (mut known, mut sum, mut squares) = (0, 0.0, 0.0);
        for run in (0..trials).filter_map(|number| self.get(number)) {
            let seconds = Seconds::from_micros(run).as_f64();
            known += 1;
            sum += seconds;
            squares += seconds * seconds;
        }
        let spread = uncertainty::sum_distribution(sum, squares, settings.noise()).spread;
        (known, spread)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Money, TrialEstimator, billing, parse_run_time};
    use super::*;
    use crate::sweep::{self, Settings};
    use crate::testing::test;

    fn settings(run_time: &str) -> EstimateSettings {
        EstimateSettings {
            run_time: Some(parse_run_time(run_time).unwrap()),
            ..EstimateSettings::cloud()
        }
    }

    /// What is kept of each trial costs what the grid shows for it.
    #[test]
    fn kept_figures_cost_what_the_estimate_says() {
        let catalogue = Catalogue::embedded();
        for (command, run_time, per_hour) in [
            ("a.py --n '[1, 2, 30]'", "seconds = 61.5 * n", None),
            ("--instance_type g4dn.xlarge a.py --n '[1, 2]'", "6 s", None),
            ("--use_spot a.py --n '[1, 20]'", "hours = n / 3", Some(0.05)),
        ] {
            let text = format!("grid run {command}");
            let plan = sweep::read(&text, &Settings::default()).plan;
            let settings = EstimateSettings {
                interruptions_per_hour: per_hour,
                ..settings(run_time)
            };
            let chosen = plan.chosen_indices(0, &Ranges::full(plan.len()));
            let times = TrialRunTimes::compute(&plan, &chosen, &settings, catalogue);
            let meter = TrialMeter::new(&plan, &settings, catalogue).unwrap();
            let estimator = TrialEstimator::new(&plan, &settings, catalogue);
            let options = plan.parts()[0].options();
            let quote = catalogue.quote(&options.instance_type, options.use_spot);
            for number in 0..plan.len() as u32 {
                let trial = plan.trial(number.into()).unwrap();
                let estimate = estimator.estimate(&trial);
                let figures = meter.figures(times.get(number).unwrap()).unwrap();
                assert_eq!(Some(figures.run as f64 / 1e6), estimate.seconds, "{text}");
                let cost = billing::cost_of_micros(quote.rate.as_ref().unwrap(), figures.billed);
                let difference = cost.as_f64() - estimate.cost.unwrap().as_f64();
                let allowed = if per_hour.is_some() { 1e-6 } else { 0.0 };
                assert!(difference.abs() <= allowed, "{text}: {difference}");
                assert!(figures.high_billed >= figures.billed);
            }
        }
    }

    #[test]
    fn one_trial_s_high_is_that_of_the_sum_of_one() {
        let plan = sweep::read("grid run a.py", &Settings::default()).plan;
        let settings = EstimateSettings {
            billing: super::super::Billing::local(),
            ..settings("1h")
        };
        let meter = TrialMeter::new(&plan, &settings, Catalogue::embedded()).unwrap();
        let high = uncertainty::sum_distribution(3600.0, 3600.0 * 3600.0, settings.noise());
        let figures = meter.figures(3_600_000_000).unwrap();
        assert_eq!(figures.billed, 3_600_000_000);
        let whole = high.spread.high.ceil() as u64;
        assert_eq!(figures.high_billed, whole * MICROS_PER_SECOND);
        assert_eq!(meter.billed_at_limit(), None);
        let mut limited = settings.clone();
        limited.billing.max_run_time = Some(Seconds::from_whole(4000));
        let meter = TrialMeter::new(&plan, &limited, Catalogue::embedded()).unwrap();
        let capped = meter.figures(3_600_000_000).unwrap().high_billed;
        assert_eq!(capped, 4_000_000_000);
        assert_eq!(meter.billed_at_limit(), Some(4_000_000_000));
        assert_eq!(meter.figures(FIGURE_MAX + 1), None);
    }

    #[test]
    fn trials_without_a_run_time_are_left_out_of_the_sum() {
        let plan = sweep::read("grid run a.py --n '[0, 2, 4]'", &Settings::default()).plan;
        let settings = settings("seconds = 60 / n");
        let chosen = plan.chosen_indices(0, &Ranges::full(3));
        let times = TrialRunTimes::compute(&plan, &chosen, &settings, Catalogue::embedded());
        let found: Vec<_> = (0..4).map(|number| times.get(number)).collect();
        assert_eq!(found, [None, Some(30_000_000), Some(15_000_000), None]);
        let (known, sum) = times.sum(3, &settings);
        assert_eq!(known, 2);
        assert!(
            sum.low < sum.likely && sum.likely < sum.high && (40.0..50.0).contains(&sum.likely)
        );
        let none = TrialRunTimes::default();
        assert_eq!((none.get(0), none.sum(3, &settings).0), (None, 0));
        let same = TrialRunTimes::compute(
            &plan,
            &chosen,
            &EstimateSettings {
                run_time: Some(parse_run_time("1 min").unwrap()),
                ..EstimateSettings::cloud()
            },
            Catalogue::embedded(),
        );
        assert_eq!(same.get(2), Some(60_000_000));
        assert_eq!(same.sum(3, &settings).0, 3);
        let hour = Money::from_decimal("0.5").unwrap();
        assert_eq!(billing::cost_of_micros(&hour, 3_600_000_000), hour);
    }
}
