//! The estimate and the budget of a run as the wire shows them.

use sweep_planner::api::{RemainingWork, RunBudget, RunEstimate};
use sweep_planner::estimate::{FinishedSums, Remaining, RunningTrial, WaitingSums};

use crate::app::App;
use crate::config::ClusterConfig;
use crate::model::{RunRecord, TrialState};

/// A run's estimate, with what is left of it while the run is under way.
pub(super) fn estimate_to_wire(app: &App, record: &RunRecord) -> Option<RunEstimate> {
    let kept = record.estimate.clone()?;
    let is_under_way = !record.state().has_ended() && kept.trials > 0;
    let remaining = is_under_way.then(|| remaining(app, record));
    Some(RunEstimate { remaining, ..kept })
}

fn remaining(app: &App, record: &RunRecord) -> RemainingWork {
    let now = app.clock.now();
    let sums = |state: TrialState| record.sums[state as usize];
    let done = sums(TrialState::Succeeded);
    let finished = FinishedSums {
        estimated_run: done.likely_run,
        estimated_billed: done.likely_bill,
        run: done.ran,
        billed: done.billed,
    };
    let mut waiting = WaitingSums::default();
    for state in [TrialState::Queued, TrialState::Starting, TrialState::Held] {
        waiting.trials += record.count(state);
        waiting.run += sums(state).likely_run;
        waiting.billed += sums(state).likely_bill;
    }
    let millis = |micros: u64| micros / 1000;
    let running: Vec<RunningTrial> = record
        .running
        .iter()
        .filter_map(|trial| {
            let (run, billed) = trial.likely?;
            let elapsed = now.micros().saturating_sub(trial.start.micros());
            let accrued = record.terms.billed_seconds(trial.start, now);
            Some(RunningTrial {
                run: millis(run),
                billed: millis(billed),
                elapsed: millis(u64::try_from(elapsed).unwrap_or(0)),
                accrued: accrued.saturating_mul(1000),
            })
        })
        .collect();
    let cluster = app.config.clusters.get(&record.cluster);
    let slots = cluster.map_or(1, ClusterConfig::slots);
    let at_once = record.parallel.unwrap_or(u32::MAX).min(slots);
    let left = Remaining::estimate(finished, waiting, &running, at_once);
    // Saturates where it is no number of seconds.
    let billed = (left.billed_seconds * 1e6) as u64;
    RemainingWork {
        wall_seconds: left.wall_seconds,
        machine_seconds: left.machine_seconds,
        cost: record.terms.cost_of_micros(billed),
        run_time_factor: left.run_factor,
    }
}

/// A run's budget.
pub(super) fn budget_to_wire(record: &RunRecord) -> Option<RunBudget> {
    let budget = record.budget.clone()?;
    Some(RunBudget {
        amount: budget.amount,
        group: budget.group,
        spent: budget.spent,
        committed: budget.committed,
        holds: budget.holds,
        enough_for_next: budget.enough_for_next,
        enough_for_all: budget.enough_for_all,
    })
}

/// Why trials are held for lack of budget, with the figures and what would let them start.
pub(super) fn budget_message(record: &RunRecord) -> Option<String> {
    let budget = record.budget.as_ref().filter(|budget| budget.holds)?;
    let held = record.count(TrialState::Held) + record.count(TrialState::Queued);
    let (next, all) = (budget.enough_for_next?, budget.enough_for_all?);
    let shown = |dollars: f64| {
        let amount = sweep_planner::estimate::Money::from_f64(dollars);
        amount.map_or_else(String::new, |amount| amount.to_figure())
    };
    let amount = sweep_planner::estimate::Money::from_decimal(&budget.amount);
    let amount = amount.map_or_else(|| budget.amount.clone(), |amount| amount.to_figure());
    let trials = if held == 1 { "trial is" } else { "trials are" };
    Some(format!(
        "{held} {trials} held: of the budget of {amount}, {} is spent and {} committed to trials that \
         run. {} lets the next one start, {} all of them",
        shown(budget.spent),
        shown(budget.committed),
        shown(next),
        shown(all)
    ))
}
