//! Which of a plan's chosen trials run first, as its pilot, and what their times make of the run time that
//! was stated (docs/cost-model.md, section 7).

use super::catalogue::Catalogue;
use super::compute::{TrialEstimate, TrialEstimator};
use super::money::Money;
use super::run_time::{MeasuredRunTime, PilotTrial, RunTime};
use super::seconds::Seconds;
use super::settings::EstimateSettings;
use super::survey;
use crate::sweep::{Plan, Ranges, Trial};

/// So many chosen trials are estimated for the choice, at most; of more, so many evenly spread ones and the
/// last.
const MAX_COMPARED: u128 = 100_000;

/// The trials that run first.
#[derive(Clone, Debug, PartialEq)]
pub struct PilotChoice {
    /// Their positions in the plan: one or two.
    pub trials: Ranges,
    /// What they were chosen by.
    pub rule: PilotRule,
}

/// What a pilot's trials are chosen by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PilotRule {
    /// One trial is chosen: the pilot is the whole sweep.
    OnlyTrial,
    /// The cheapest and the dearest by the estimate: the first of the cheapest, the last of the dearest.
    CheapestAndDearest,
    /// The first and the last, since no trial has a run time, or all cost and take the same.
    FirstAndLast,
}

/// Chooses the pilot of the chosen trials (positions in the plan). None where none is chosen.
/// O(axes + formula) for each of [`MAX_COMPARED`] trials.
pub fn choose_pilot(
    plan: &Plan,
    chosen: &Ranges,
    settings: &EstimateSettings,
    catalogue: &Catalogue,
) -> Option<PilotChoice> {
    let count = chosen.len();
    let (first, last) = (chosen.nth(0)?, chosen.nth(count.checked_sub(1)?)?);
    let choose = |a: u128, b: u128, rule| PilotChoice {
        trials: [(a, a), (b, b)].into_iter().collect(),
        rule,
    };
    if first == last {
        return Some(choose(first, last, PilotRule::OnlyTrial));
    }
    let estimator = TrialEstimator::new(plan, settings, catalogue);
    let step = count.div_ceil(MAX_COMPARED);
    let spread = (0..count).step_by(usize::try_from(step).unwrap_or(usize::MAX));
    let positions = spread.filter_map(|n| chosen.nth(n)).chain([last]);
    let mut extremes: Option<[(Estimated, u128); 2]> = None;
    for position in positions {
        let trial = plan.trial(position).map(|trial| estimator.estimate(&trial));
        let Some(estimated) = trial.and_then(Estimated::of) else {
            continue;
        };
        match &mut extremes {
            None => extremes = Some([(estimated.clone(), position), (estimated, position)]),
            Some([least, greatest]) => {
                if estimated.is_less(&least.0) {
                    *least = (estimated, position);
                } else if !estimated.is_less(&greatest.0) {
                    *greatest = (estimated, position);
                }
            }
        }
    }
    Some(match extremes {
        Some([(least, cheapest), (greatest, dearest)]) if least.is_less(&greatest) => {
            choose(cheapest, dearest, PilotRule::CheapestAndDearest)
        }
        _ => choose(first, last, PilotRule::FirstAndLast),
    })
}

/// By what trials are compared: their cost, and where it is the same (as under a provider's minimum), or not
/// known of both, their time.
#[derive(Clone, Debug)]
struct Estimated {
    cost: Option<Money>,
    seconds: f64,
}

impl Estimated {
    fn of(trial: TrialEstimate) -> Option<Estimated> {
        Some(Estimated {
            seconds: trial.seconds?,
            cost: trial.cost,
        })
    }

    fn is_less(&self, other: &Estimated) -> bool {
        match (&self.cost, &other.cost) {
            (Some(cost), Some(other_cost)) if cost != other_cost => cost < other_cost,
            _ => self.seconds < other.seconds,
        }
    }
}

/// The run time of a plan calibrated by pilot trials and how long their scripts ran. None without any.
pub fn calibrate(
    plan: &Plan,
    stated: Option<&RunTime>,
    pilots: &[(Trial, Seconds)],
) -> Option<MeasuredRunTime> {
    let pilots: Vec<PilotTrial> = pilots
        .iter()
        .map(|(trial, measured)| PilotTrial {
            stated: stated.and_then(|stated| survey::run_time_of_trial(plan, trial, stated).ok()),
            measured: *measured,
        })
        .collect();
    MeasuredRunTime::new(stated, &pilots)
}

#[cfg(test)]
mod tests {
    use super::super::parse_run_time;
    use super::*;
    use crate::sweep;
    use crate::testing::test;

    fn choice(command: &str, run_time: &str, chosen: &str) -> Option<(String, PilotRule)> {
        let plan = sweep::read(command, &sweep::Settings::default()).plan;
        let settings = EstimateSettings {
            run_time: (!run_time.is_empty()).then(|| parse_run_time(run_time).unwrap()),
            ..EstimateSettings::local()
        };
        let chosen = chosen.parse().unwrap();
        let found = choose_pilot(&plan, &chosen, &settings, Catalogue::embedded());
        found.map(|found| (found.trials.to_string(), found.rule))
    }

    #[test]
    fn the_cheapest_and_the_dearest_or_the_first_and_the_last() {
        const GRID: &str = "grid run a.py --n '[4, 1, 9, 2]' --m '[1, 2]'";
        let some = |trials: &str, rule| Some((trials.to_owned(), rule));
        let (ends, extremes) = (PilotRule::FirstAndLast, PilotRule::CheapestAndDearest);
        assert_eq!(choice(GRID, "", "0-7"), some("0,7", ends));
        assert_eq!(choice(GRID, "10", "1-6"), some("1,6", ends));
        assert_eq!(choice(GRID, "seconds = n", "0-7"), some("1,6", extremes));
        assert_eq!(
            choice(GRID, "seconds = n * m", "0-7"),
            some("1,6", extremes)
        );
        assert_eq!(
            choice(GRID, "seconds = 1 / n", "0,3-7"),
            some("5-6", extremes)
        );
        // Trials without a run time are no pilot where others have one.
        assert_eq!(
            choice(GRID, "seconds = n - 1", "0-7"),
            some("3,6", extremes)
        );
        assert_eq!(choice(GRID, "seconds = -n", "0-7"), some("0,7", ends));
        assert_eq!(
            choice(GRID, "seconds = n", "5"),
            some("5", PilotRule::OnlyTrial)
        );
        assert_eq!(choice(GRID, "seconds = n", ""), None);
        // 60 s are billed of each: the times decide.
        let cloud = "grid run --instance_type 1_t4_16gb a.py --n '[5, 3, 4]'";
        assert_eq!(choice(cloud, "seconds = n", "0-2"), some("0-1", extremes));
    }

    #[test]
    fn of_many_trials_some_are_compared() {
        let million = "grid run a.py --n 'range(1000000)' --m '[1]'";
        let found = choice(million, "seconds = 1 + n", "0-999999");
        assert_eq!(
            found,
            Some(("0,999999".into(), PilotRule::CheapestAndDearest))
        );
    }

    #[test]
    fn a_formula_is_scaled_at_its_own_trials() {
        let plan = sweep::read(
            "grid run a.py --n '[10, 100, 3]'",
            &sweep::Settings::default(),
        )
        .plan;
        let pilots: Vec<(Trial, Seconds)> = [(0, 20), (1, 800)]
            .map(|(position, took)| (plan.trial(position).unwrap(), Seconds::from_whole(took)))
            .into();
        let stated = parse_run_time("seconds = n").unwrap();
        let found = RunTime::Measured(calibrate(&plan, Some(&stated), &pilots).unwrap());
        let third = plan.trial(2).unwrap();
        let run = survey::run_time_of_trial(&plan, &third, &found);
        assert_eq!(run, Ok(Seconds::from_whole(12)));
        assert_eq!(calibrate(&plan, Some(&stated), &[]), None);
    }
}
