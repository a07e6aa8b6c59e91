//! What the chosen trials of a plan will cost, and how long they will take.
//!
//! ```
//! use sweep_planner::estimate::{Catalogue, EstimateSettings, estimate_plan, parse_run_time};
//! use sweep_planner::sweep::{self, Ranges};
//!
//! let text = "grid run --instance_type 1_t4_16gb train.py --batch_size \"[8, 16, 32, 64]\"";
//! let plan = sweep::read(text, &sweep::Settings::default()).plan;
//! let settings = EstimateSettings { run_time: Some(parse_run_time("1h")?), ..EstimateSettings::cloud() };
//! let estimate = estimate_plan(&plan, &Ranges::full(plan.len()), &settings, Catalogue::embedded());
//! // Four times 3,730 s (boot, set-up and teardown are billed) at $0.55 per hour.
//! assert_eq!(estimate.total.unwrap().to_string(), "$2.28");
//! assert_eq!(estimate.wall_seconds.unwrap().likely, 3730.0);
//! # Ok::<(), sweep_planner::internals::formula::Error>(())
//! ```
//!
//! The rules are those of docs/cost-model.md: [run times](RunTime) → [`billing`] → sums ([`tally::Tally`])
//! and [`schedule`] → ranges ([`uncertainty`]) → [`Estimate`]. Money is exact until it is shown; an
//! unknown price is None, never zero.

// Units: exact money, seconds.
mod amounts;
mod date;
mod duration;
pub(crate) mod money;
mod seconds;

// What a machine costs in an hour.
mod catalogue;
mod csv;
mod machine;
mod quote;

// How long a trial runs: the formula that a person types, or one fitted to runs that ended.
mod cholesky;
mod finished;
pub(crate) mod fit;
mod fitted;
mod run_time;
mod unknown_names;

// What a trial's time costs.
pub mod billing;
pub(crate) mod failures;
#[cfg_attr(
    not(feature = "internals"),
    expect(
        dead_code,
        reason = "the worked cases of docs/cost-model.md go through it; no estimate does yet"
    )
)]
pub(crate) mod spot;
#[cfg_attr(
    not(feature = "internals"),
    expect(
        dead_code,
        reason = "the worked cases of docs/cost-model.md go through it; no estimate does yet"
    )
)]
pub(crate) mod warm_pool;

// How far all of it may be off.
pub(crate) mod uncertainty;

// A plan's chosen trials by their run times and machines, summed up.
mod offers;
mod settings;
mod survey;
mod tally;

// Each trial's own, as a server keeps it, and what is left of a run.
mod remaining;
mod trial_figures;

// When they end.
pub(crate) mod schedule;
mod wall_clock;

// The estimate as a whole, in words and as JSON.
mod assumptions;
mod compute;
mod json;
mod pace;
mod pilot;
mod plan_bill;
mod wording;

// What it would be on other machines or with more trials at once, and what fits a budget or a deadline.
mod proposal;
mod what_if;

// The interface of the library: what the server uses.
pub use billing::{Billing, Meter, Tariff};
pub use catalogue::{
    Catalogue, OwnPrices, PriceListProblem, SkyPilotImport, SkyPilotSource, is_skypilot,
};
pub use compute::{
    Estimate, TrialEstimate, TrialEstimator, estimate_plan, estimate_plan_in_stretches,
    estimate_plan_quickly,
};
pub use date::{Date, PriceAge};
pub use duration::format_seconds;
pub use failures::Failures;
pub use fit::Verdict;
pub use fitted::{FinishedTrial, FittedRunTime};
pub use machine::Machine;
pub use money::Money;
pub use pace::{Pace, Pause};
pub use pilot::{PilotChoice, PilotRule, calibrate, choose_pilot};
pub use plan_bill::PartialCost;
pub use proposal::{Alternative, Bounds, NoProposal, Proposal, propose, propose_in_stretches};
pub use remaining::{FinishedSums, Remaining, RunningTrial, WaitingSums};
pub use run_time::{MeasuredRunTime, PilotTrial, RunTime, parse_run_time};
pub use seconds::Seconds;
pub use settings::{EstimateSettings, MachineRunTime};
pub use trial_figures::{FIGURE_MAX, TrialFigures, TrialMeter, TrialRunTimes};
pub use uncertainty::{Noise, Spread};
pub use unknown_names::unknown_names;
pub use what_if::{
    MachineRow, Marks, ParallelRow, WhatIf, compare_machines, compare_parallel, mark_machines,
    rank_machines,
};

// What the page and the other modules use beside it.
#[cfg(feature = "page")]
pub(crate) use catalogue::MachineSearch;
#[cfg(feature = "page")]
pub(crate) use finished::{FinishedFit, FitTarget, NoFit, fit_finished};
pub(crate) use plan_bill::CostEstimate;
#[cfg(feature = "page")]
pub(crate) use quote::{Quote, provider_name};
#[cfg(feature = "page")]
pub(crate) use settings::RateOverride;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod worked_cases;
