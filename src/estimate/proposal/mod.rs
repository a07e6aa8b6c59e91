//! What fits a budget or a deadline: the largest random subset as the commands it would become, and the
//! machine or the number of trials at once with which all of them would fit.
//!
//! A proposal goes by the likely figures, and its words name the high ones and, with a limit on the run
//! time, the ceiling.

mod search;
mod wording;

use super::catalogue::Catalogue;
use super::compute::{Estimate, estimate_plan_in_stretches};
use super::money::Money;
use super::pace::{Pace, run_unbroken};
use super::seconds::Seconds;
use super::settings::EstimateSettings;
use super::what_if::{MachineRow, ParallelRow, WhatIf, compare_machines_in_stretches};
use crate::sweep::changed_line::OptionChange;
use crate::sweep::subset::MAX_DRAWN;
use crate::sweep::{self, Part, Plan, Ranges};
use num_bigint::BigInt;
use num_traits::ToPrimitive;
use search::Search;
use std::sync::Arc;

/// What the trials together may take at most, by the likely figures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bounds {
    /// USD.
    pub budget: Option<Money>,
    /// Wall clock.
    pub deadline: Option<Seconds>,
}

impl Bounds {
    /// Whether an estimate without unknown figures keeps within them.
    fn allow(&self, estimate: &Estimate) -> bool {
        let cost = estimate.cost.as_ref().map(|cost| &cost.likely);
        let wall = estimate.wall_seconds.as_ref().map(|wall| wall.likely);
        self.allow_cost(cost) && self.allow_wall(wall)
    }

    fn allow_cost(&self, cost: Option<&Money>) -> bool {
        let Some(budget) = &self.budget else {
            return true;
        };
        cost.is_some_and(|cost| cost <= budget)
    }

    fn allow_wall(&self, wall: Option<f64>) -> bool {
        let Some(deadline) = &self.deadline else {
            return true;
        };
        wall.is_some_and(|wall| wall <= deadline.as_f64())
    }
}

/// Commands that keep within the bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// One `grid run …` line for each command of which trials are left.
    pub commands: Vec<String>,
    /// The estimate of these.
    pub estimate: Estimate,
    /// How many trials of the plan they leave out.
    pub left_out: u128,
    /// The commands of which nothing is left, counted from 1.
    pub dropped_commands: Vec<usize>,
    /// The seed by which the subset is drawn; None where nothing is left out.
    pub seed: Option<u32>,
    /// Whether more would fit than can be drawn at random.
    pub is_capped: bool,
    /// Other ways to keep within the bounds, with all trials.
    pub alternatives: Vec<Alternative>,
}

/// A way to run all trials within the bounds.
#[derive(Clone, Debug, PartialEq)]
pub enum Alternative {
    /// On another machine, by these commands.
    Machine {
        /// The machine with the cost and the time of all trials on it.
        row: Box<MachineRow>,
        /// One `grid run …` line for each command.
        commands: Vec<String>,
    },
    /// With more trials at once.
    Parallel(ParallelRow),
}

/// Why there are no commands to propose.
#[derive(Clone, Debug, PartialEq)]
pub enum NoProposal {
    /// No run time is given, so that nothing has a total.
    NoRunTime,
    /// Some price or run time is unknown; the estimate's problems say which.
    Unknown(Vec<String>),
    /// Not even one trial keeps within the bounds.
    BelowOneTrial {
        /// The estimate of one trial.
        one: Box<Estimate>,
        /// Ways to run all trials nevertheless.
        alternatives: Vec<Alternative>,
    },
    /// The commands cannot be written so that they are read again as they are.
    NotWritable,
}

/// What a proposal depends on beside the bounds.
#[derive(Clone, Copy)]
struct Planner<'a> {
    plan: &'a Plan,
    reading: &'a sweep::Settings,
    settings: &'a EstimateSettings,
    catalogue: &'a Catalogue,
}

/// Proposes what keeps within the bounds: the commands as they are, or the largest random subset of
/// them, each command keeping its share. `reading` is what the plan was read with. The subset's size is
/// found by halving: so many trials fit, and one more does not. O(log trials) estimates.
pub fn propose(
    plan: &Plan,
    reading: &sweep::Settings,
    settings: &EstimateSettings,
    catalogue: &Catalogue,
    bounds: &Bounds,
) -> Result<Proposal, NoProposal> {
    let mut pace = Pace::unbroken();
    run_unbroken(propose_in_stretches(
        plan, reading, settings, catalogue, bounds, &mut pace,
    ))
}

/// [`propose`], with pauses.
pub async fn propose_in_stretches(
    plan: &Plan,
    reading: &sweep::Settings,
    settings: &EstimateSettings,
    catalogue: &Catalogue,
    bounds: &Bounds,
    pace: &mut Pace<'_>,
) -> Result<Proposal, NoProposal> {
    let planner = Planner {
        plan,
        reading,
        settings,
        catalogue,
    };
    if settings.run_time.is_none() {
        return Err(NoProposal::NoRunTime);
    }
    let whole = planner.estimate(plan, pace).await;
    let lacks_cost = bounds.budget.is_some() && whole.cost.is_none();
    if lacks_cost || whole.wall_seconds.is_none() {
        let problems = whole.problems.iter().map(ToString::to_string);
        return Err(NoProposal::Unknown(problems.collect()));
    }
    if bounds.allow(&whole) {
        let lines = plan
            .parts()
            .iter()
            .map(|part| part.changed_line(&OptionChange::default()));
        return Ok(Proposal {
            commands: lines.collect(),
            estimate: whole,
            left_out: 0,
            dropped_commands: Vec::new(),
            seed: None,
            is_capped: false,
            alternatives: Vec::new(),
        });
    }
    planner.propose_subset(&whole, bounds, pace).await
}

/// A subset that was tried.
struct Subset {
    /// Trials of each part.
    counts: Vec<u64>,
    commands: Vec<String>,
    estimate: Estimate,
}

impl Planner<'_> {
    /// The estimate of all trials of a plan.
    async fn estimate(&self, plan: &Plan, pace: &mut Pace<'_>) -> Estimate {
        let all = Ranges::full(plan.len());
        estimate_plan_in_stretches(plan, &all, self.settings, self.catalogue, pace).await
    }

    async fn propose_subset(
        &self,
        whole: &Estimate,
        bounds: &Bounds,
        pace: &mut Pace<'_>,
    ) -> Result<Proposal, NoProposal> {
        let most = u64::try_from(self.plan.len().saturating_sub(1)).unwrap_or(u64::MAX);
        let most = most.min(MAX_DRAWN);
        let guess = guess_size(self.plan.len(), whole, bounds).clamp(1, most.max(1));
        let mut search = Search::new(most, guess);
        while let Some(size) = search.next_size() {
            let subset = self.estimate_subset(size, pace).await;
            let subset = subset.ok_or(NoProposal::NotWritable)?;
            search.record(Some(subset).filter(|subset| bounds.allow(&subset.estimate)));
        }
        let alternatives = self.find_alternatives(bounds, pace).await;
        let Some(subset) = search.into_largest() else {
            let one = self.estimate_subset(1, pace).await;
            let one = one.ok_or(NoProposal::NotWritable)?;
            return Err(NoProposal::BelowOneTrial {
                one: Box::new(one.estimate),
                alternatives,
            });
        };
        let dropped = (1..).zip(&subset.counts).filter(|(_, count)| **count == 0);
        let kept: u64 = subset.counts.iter().sum();
        let reduced = self.plan.parts().iter().zip(&subset.counts);
        let mut reduced =
            reduced.filter(|(part, count)| **count > 0 && u128::from(**count) < part.len());
        Ok(Proposal {
            dropped_commands: dropped.map(|(number, _)| number).collect(),
            left_out: self.plan.len() - u128::from(kept),
            seed: reduced.next().map(|(part, _)| part.seed().value),
            is_capped: kept == MAX_DRAWN && most == MAX_DRAWN,
            commands: subset.commands,
            estimate: subset.estimate,
            alternatives,
        })
    }

    /// The estimate of `size` random trials, by the commands that draw them. None where those cannot be
    /// read again.
    async fn estimate_subset(&self, size: u64, pace: &mut Pace<'_>) -> Option<Subset> {
        let parts = self.plan.parts();
        let sizes: Vec<u128> = parts.iter().map(Part::len).collect();
        let counts = share_out(size, &sizes);
        let kept = parts.iter().zip(&counts).filter(|(_, count)| **count > 0);
        let commands: Vec<String> = kept
            .map(|(part, count)| {
                let num_trials = (u128::from(*count) < part.len()).then_some(*count);
                part.changed_line(&OptionChange {
                    num_trials,
                    machine: None,
                })
            })
            .collect();
        let plan = self.read(&commands)?;
        let estimate = self.estimate(&plan, pace).await;
        (estimate.trials == u128::from(size)).then_some(Subset {
            counts,
            commands,
            estimate,
        })
    }

    fn read(&self, commands: &[String]) -> Option<Arc<Plan>> {
        // What a config file adds to the commands stands in their lines already.
        let settings = sweep::Settings {
            config: None,
            ..self.reading.clone()
        };
        let reading = sweep::read(&commands.join("\n"), &settings);
        (!reading.has_errors()).then_some(reading.plan)
    }

    /// All trials on the cheapest machine whose run time is known, on the cheapest of all, and with just
    /// as many at once as it takes.
    async fn find_alternatives(&self, bounds: &Bounds, pace: &mut Pace<'_>) -> Vec<Alternative> {
        let all = Ranges::full(self.plan.len());
        let (settings, catalogue) = (self.settings, self.catalogue);
        let rows = compare_machines_in_stretches(self.plan, &all, settings, catalogue, pace).await;
        let fits = |row: &&MachineRow| {
            let wall = row.wall_seconds.as_ref().map(|wall| wall.likely);
            let cost = row.likely_cost();
            cost.is_some() && bounds.allow_cost(cost) && bounds.allow_wall(wall)
        };
        let known = rows.iter().filter(fits).find(|row| row.run_time.is_known());
        let cheapest = rows.iter().find(fits);
        let mut alternatives: Vec<Alternative> = Vec::new();
        for row in known
            .into_iter()
            .chain(cheapest.filter(|row| Some(*row) != known))
        {
            alternatives.push(self.on_machine(row));
        }
        let more_at_once = self.with_more_at_once(bounds, pace).await;
        alternatives.extend(more_at_once.map(Alternative::Parallel));
        alternatives
    }

    fn on_machine(&self, row: &MachineRow) -> Alternative {
        let change = OptionChange {
            num_trials: None,
            machine: Some((row.machine.clone(), row.spot)),
        };
        let parts = self.plan.parts().iter();
        Alternative::Machine {
            row: Box::new(row.clone()),
            commands: parts.map(|part| part.changed_line(&change)).collect(),
        }
    }

    /// The fewest trials at once with which all of them end before the deadline, where the cost of all
    /// keeps within the budget.
    async fn with_more_at_once(&self, bounds: &Bounds, pace: &mut Pace<'_>) -> Option<ParallelRow> {
        bounds.deadline?;
        let whole = self.estimate(self.plan, pace).await;
        let cost = whole.cost.as_ref().map(|cost| &cost.likely);
        if !bounds.allow_cost(cost) {
            return None;
        }
        let all = Ranges::full(self.plan.len());
        let what_if = WhatIf::new(self.plan, &all, self.settings, self.catalogue, pace).await;
        let most = u32::try_from(self.plan.len()).unwrap_or(u32::MAX);
        let is_allowed = |row: &ParallelRow| {
            let wall = row.wall_seconds.as_ref().map(|wall| wall.likely);
            bounds.allow_wall(wall)
        };
        let mut fewest = what_if.with_parallel(most, pace).await;
        if !is_allowed(&fewest) {
            return None;
        }
        let mut too_few = self.settings.parallel();
        while fewest.parallel.saturating_sub(too_few) > 1 {
            let middle = too_few + (fewest.parallel - too_few) / 2;
            let row = what_if.with_parallel(middle, pace).await;
            if is_allowed(&row) {
                fewest = row;
            } else {
                too_few = middle;
            }
        }
        Some(fewest)
    }
}

/// About how many trials will fit, if all are alike.
fn guess_size(trials: u128, whole: &Estimate, bounds: &Bounds) -> u64 {
    let by_cost = bounds.budget.as_ref().zip(whole.cost.as_ref());
    let by_cost = by_cost.map(|(budget, cost)| budget.as_f64() / cost.likely.as_f64());
    let by_wall = bounds.deadline.zip(whole.wall_seconds.as_ref());
    let by_wall = by_wall.map(|(deadline, wall)| deadline.as_f64() / wall.likely);
    let share = by_cost.unwrap_or(1.0).min(by_wall.unwrap_or(1.0));
    (trials as f64 * share) as u64
}

/// Shares `size` out in proportion to the parts' sizes, whole trials, the largest remainders first.
fn share_out(size: u64, sizes: &[u128]) -> Vec<u64> {
    let total: BigInt = sizes.iter().map(|size| BigInt::from(*size)).sum();
    if total == BigInt::ZERO {
        return vec![0; sizes.len()];
    }
    let exact = |of: &u128| BigInt::from(size) * BigInt::from(*of);
    let floor = |of: &u128| (exact(of) / &total).to_u64().unwrap_or(0);
    let mut counts: Vec<u64> = sizes.iter().map(floor).collect();
    let mut by_remainder: Vec<usize> = (0..sizes.len()).collect();
    let remainder = |at: &usize| sizes.get(*at).map(|of| exact(of) % &total);
    // Stable, so that of equal remainders the first command's counts.
    by_remainder.sort_by_cached_key(|at| std::cmp::Reverse(remainder(at)));
    let rest = size.saturating_sub(counts.iter().sum());
    for at in by_remainder
        .into_iter()
        .take(usize::try_from(rest).unwrap_or(usize::MAX))
    {
        if let Some(count) = counts.get_mut(at) {
            *count += 1;
        }
    }
    counts
}

#[cfg(test)]
mod tests;
