//! How long the chosen trials take on the clock, on P slots.

use super::Seconds;
use super::billing::Billing;
use super::pace::Pace;
use super::schedule::{self, MakespanBounds};
use super::spot::Repetition;
use super::survey::{PartSurvey, SurveyMethod};
use super::uncertainty::{Noise, Spread};

/// Trials up to which [`WallClock::useful_slots`] is searched for: the search simulates them log n
/// times.
const MAX_SLOT_SEARCH: usize = 10_000;

/// The wall clock of a plan, in seconds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct WallClock {
    /// Low, likely, high: all run times scaled by the shared error's percentiles. Beyond what is
    /// simulated: the lower bound of the low, the upper bound of the likely and the high.
    pub(crate) seconds: Spread<f64>,
    /// Whether it was simulated in list order; else it is bounded.
    pub(crate) exact: bool,
    /// At the likely run times, a time that no order can beat and one that list order cannot
    /// exceed.
    pub(crate) bounds: MakespanBounds,
    /// The likely wall clock with the longest trials first, where that is simulated.
    pub(crate) longest_first: Option<f64>,
    /// The fewest slots with which all trials take no longer than the longest of them; more buy
    /// nothing.
    pub(crate) useful_slots: Option<u128>,
}

/// [`estimate_wall_clock`] where interruptions repeat parts of the trials; `interruptions` gives each
/// part's per hour. None also where they may keep a trial from ever ending.
pub(super) async fn estimate_with_interruptions(
    surveys: &[PartSurvey],
    billing: &Billing,
    parallel: u32,
    noise: Noise,
    interruptions: impl Fn(u32) -> f64,
    pace: &mut Pace<'_>,
) -> Option<WallClock> {
    if surveys
        .iter()
        .all(|survey| interruptions(survey.part) == 0.0)
    {
        return estimate_wall_clock(surveys, billing, parallel, noise, pace).await;
    }
    let mut surveys = surveys.to_vec();
    for survey in &mut surveys {
        let per_hour = interruptions(survey.part);
        for (run, _) in &mut survey.run_times {
            *run = billing.cap_run_time(*run);
            if per_hour > 0.0 {
                let again = Repetition::expect(billing, *run, per_hour);
                if again.may_never_finish {
                    return None;
                }
                *run = *run + Seconds::from_f64(again.wall)?;
            }
            if pace.is_due() {
                pace.pause().await;
            }
        }
    }
    // The run times keep the limit already.
    let billing = Billing {
        max_run_time: None,
        ..billing.clone()
    };
    estimate_wall_clock(&surveys, &billing, parallel, noise, pace).await
}

/// Simulates or bounds the wall clock of surveyed trials. None without trials, and where one has no
/// run time. O(n log P), n being the run times that were computed.
async fn estimate_wall_clock(
    surveys: &[PartSurvey],
    billing: &Billing,
    parallel: u32,
    noise: Noise,
    pace: &mut Pace<'_>,
) -> Option<WallClock> {
    if surveys.is_empty() || surveys.iter().any(|survey| survey.without_run_time > 0) {
        return None;
    }
    let runs = || {
        surveys
            .iter()
            .flat_map(|survey| survey.run_times.iter().copied())
    };
    let trials = runs().fold(0u128, |n, (_, times)| n.saturating_add(times));
    let (low, high) = noise.shared_factors();
    let (first, _) = runs().next()?;
    if runs().all(|(run, _)| run == first) {
        return Some(wall_clock_of_equal_trials(
            trials,
            first,
            billing,
            parallel,
            (low, high),
        ));
    }
    let in_order = |survey: &PartSurvey| {
        matches!(
            survey.method,
            SurveyMethod::EachTrial | SurveyMethod::Constant
        )
    };
    if surveys.iter().all(in_order) && trials <= super::survey::MAX_EXACT {
        let listed: Vec<Seconds> = runs()
            .flat_map(|(run, times)| std::iter::repeat_n(run, usize::try_from(times).unwrap_or(0)))
            .collect();
        let factors = (low, high);
        return Some(simulate_wall_clock(&listed, billing, parallel, factors, pace).await);
    }
    let bounds = |factor: f64| {
        let mut sum = 0.0;
        let mut longest = Seconds::ZERO;
        for (run, times) in runs() {
            let occupied = billing.occupied_time(run.scale(factor));
            sum += occupied.as_f64() * times as f64;
            longest = longest.max(occupied);
        }
        schedule::makespan_bounds(trials, sum, longest.as_f64(), parallel)
    };
    let likely = bounds(1.0);
    let seconds = Spread {
        low: bounds(low).lower,
        likely: likely.upper,
        high: bounds(high).upper,
    };
    Some(WallClock {
        seconds,
        exact: false,
        bounds: likely,
        longest_first: None,
        useful_slots: None,
    })
}

fn wall_clock_of_equal_trials(
    trials: u128,
    run: Seconds,
    billing: &Billing,
    parallel: u32,
    (low, high): (f64, f64),
) -> WallClock {
    let at = |factor| {
        schedule::uniform_makespan(trials, billing.occupied_time(run.scale(factor)), parallel)
    };
    let likely = at(1.0);
    let occupied = billing.occupied_time(run).as_f64();
    WallClock {
        seconds: Spread {
            low: at(low),
            likely,
            high: at(high),
        },
        exact: true,
        bounds: schedule::makespan_bounds(trials, occupied * trials as f64, occupied, parallel),
        longest_first: Some(likely),
        useful_slots: Some(trials),
    }
}

async fn simulate_wall_clock(
    runs: &[Seconds],
    billing: &Billing,
    parallel: u32,
    (low, high): (f64, f64),
    pace: &mut Pace<'_>,
) -> WallClock {
    let occupied = |factor: f64| -> Vec<Seconds> {
        runs.iter()
            .map(|run| billing.occupied_time(run.scale(factor)))
            .collect()
    };
    let seconds = |micros: u128| micros as f64 / 1e6;
    let low = schedule::makespan_in_stretches(&occupied(low), parallel, pace).await;
    let high = schedule::makespan_in_stretches(&occupied(high), parallel, pace).await;
    let likely = occupied(1.0);
    let in_order = schedule::makespan_in_stretches(&likely, parallel, pace).await;
    let mut sorted = likely.clone();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    let longest_first = schedule::makespan_in_stretches(&sorted, parallel, pace).await;
    let sum: f64 = likely.iter().map(|trial| trial.as_f64()).sum();
    let longest = likely.iter().max().copied().unwrap_or(Seconds::ZERO);
    let useful_slots = if runs.len() <= MAX_SLOT_SEARCH {
        Some(schedule::fewest_useful_slots(&likely, pace).await.into())
    } else {
        None
    };
    WallClock {
        seconds: Spread {
            low: seconds(low),
            likely: seconds(in_order),
            high: seconds(high),
        },
        exact: true,
        bounds: schedule::makespan_bounds(runs.len() as u128, sum, longest.as_f64(), parallel),
        longest_first: Some(seconds(longest_first)),
        useful_slots,
    }
}
