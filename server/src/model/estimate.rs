//! The estimate that a run keeps, and the budget that it has.

use sweep_planner::api::{RunEstimate, Timestamp};
use sweep_planner::estimate::{TrialFigures, TrialMeter, TrialRunTimes};

/// The estimate of a run to be created, computed by the core from what its launch states.
#[derive(Clone, Debug, Default)]
pub struct LaunchEstimate {
    /// What is kept of it for the run as a whole; `None` where the launch states no run time.
    pub kept: Option<RunEstimate>,
    /// The run times of its trials.
    pub times: TrialRunTimes,
    /// Turns them into billed time.
    pub meter: Option<TrialMeter>,
}

/// What is stored of one trial's estimate, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeptFigures {
    /// Its run time and the time billed for it, where they are known.
    pub likely: Option<(u64, u64)>,
    /// What is billed at most by its high figure, else by its time limit.
    pub high_bill: Option<u64>,
}

impl LaunchEstimate {
    /// The figures of trial `number`. O(1).
    pub fn figures(&self, number: u32) -> KeptFigures {
        let Some(meter) = &self.meter else {
            return KeptFigures::default();
        };
        let figures: Option<TrialFigures> = self
            .times
            .get(number)
            .and_then(|micros| meter.figures(micros));
        KeptFigures {
            likely: figures.map(|figures| (figures.run, figures.billed)),
            high_bill: figures
                .map(|figures| figures.high_billed)
                .or_else(|| meter.billed_at_limit()),
        }
    }
}

/// A budget to be created with a run, or to be shared with the runs that have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewBudget {
    /// The name that runs launched together share.
    pub group: String,
    /// USD as a plain decimal.
    pub amount: String,
}

/// A run's budget as it is now.
#[derive(Clone, Debug, PartialEq)]
pub struct BudgetRecord {
    /// The name that runs launched together share.
    pub group: String,
    /// USD as a plain decimal.
    pub amount: String,
    /// USD billed for trials of the group that have ended.
    pub spent: f64,
    /// USD of those that run, by their high figures, at least what has accrued.
    pub committed: f64,
    /// Whether waiting trials of this run are held for lack of it.
    pub holds: bool,
    /// The amount, in USD, by which the next waiting trial of this run starts.
    pub enough_for_next: Option<f64>,
    /// The amount, in USD, by which all waiting trials of this run start.
    pub enough_for_all: Option<f64>,
}

/// Sums over the trials of a run that are in one state, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateSums {
    /// Estimated run times.
    pub likely_run: u64,
    /// Estimated billed times.
    pub likely_bill: u64,
    /// Billed times by the high figures.
    pub high_bill: u64,
    /// Run times of those that have an estimate.
    pub ran: u64,
    /// What those were billed.
    pub billed: u64,
}

/// A trial that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunningSince {
    /// When its script started.
    pub start: Timestamp,
    /// Its estimated run time and billed time in microseconds.
    pub likely: Option<(u64, u64)>,
}
