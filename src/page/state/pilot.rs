//! The pilot of the plan: the run that started some of its trials first and holds the others, found again
//! among the runs by its command, and what its trials measured.

use std::sync::Arc;

use leptos::prelude::*;

use super::refined_estimate::estimate_in_slices;
use super::{Draft, Runs, Server};
use crate::api::{ExperimentState, Run, Scalar, TRIAL_PAGE_MAX};
use crate::estimate::{self, EstimateSettings, MeasuredRunTime, Money, RunTime, Seconds, Spread};
use crate::sweep::{self, Part, Plan, Ranges, Trial};

/// Commands of a plan for which pilots are looked for, and pilot trials of one of them.
const MOST_COMMANDS: usize = 32;
const MOST_TRIALS: u128 = 32;

/// What pilot trials measured, as trials of the displayed plan.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Measurement {
    trials: Vec<(Trial, Seconds)>,
    /// The machine that they ran on or are priced as; `None` where they are several.
    machine: Option<String>,
}

impl Measurement {
    /// The run time in force: the stated one calibrated by what was measured.
    pub(super) fn calibrate(
        &self,
        plan: &Plan,
        stated: Option<&RunTime>,
    ) -> Option<MeasuredRunTime> {
        estimate::calibrate(plan, stated, &self.trials)
    }

    /// Takes a run time that was stated for any machine as measured on the pilot's.
    pub(super) fn apply(&self, plan: &Plan, settings: &mut EstimateSettings) {
        if let Some(measured) = self.calibrate(plan, settings.run_time.as_ref()) {
            settings.run_time = Some(RunTime::Measured(measured));
            settings.stated_on.clone_from(&self.machine);
        }
    }
}

/// A pilot's runs, one for each command, and its trials: what does not change of them.
#[derive(Clone, Debug, PartialEq)]
struct FoundPilot {
    runs: Vec<FoundRun>,
    /// Whether the runs are those of all chosen trials of the displayed plan, and of no others.
    is_of_plan: bool,
}

#[derive(Clone, Debug, PartialEq)]
struct FoundRun {
    id: String,
    /// With their numbers in the run.
    trials: Vec<(Trial, u32)>,
}

/// How a pilot trial is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PilotTrialState {
    pub(crate) trial: Trial,
    /// The place of its run among the pilot's.
    run: usize,
    /// Its number in its run, from 0.
    number: u32,
    /// `None` until it has been read.
    state: Option<ExperimentState>,
    /// How long its script ran, once it has completed.
    measured: Option<Seconds>,
    pub(crate) message: String,
}

impl PilotTrialState {
    fn has_ended(&self) -> bool {
        self.state.is_some_and(ExperimentState::has_ended)
    }

    /// Whether it has ended without a time.
    pub(crate) fn has_failed(&self) -> bool {
        self.has_ended() && self.measured.is_none()
    }
}

/// How far a pilot is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PilotPhase {
    /// Its trials wait or run.
    Running,
    /// All have completed.
    Measured,
    /// All have ended, and at least one has not completed.
    Failed,
}

/// A pilot as it is now.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PilotState {
    /// Its runs, of which the first has its name.
    pub(crate) runs: Vec<Run>,
    pub(crate) trials: Vec<PilotTrialState>,
    /// Whether its runs are those of the displayed plan, so that releasing them runs the rest of it.
    pub(crate) is_of_plan: bool,
}

impl PilotState {
    pub(crate) fn phase(&self) -> PilotPhase {
        if !self.trials.iter().all(PilotTrialState::has_ended) {
            PilotPhase::Running
        } else if self.trials.iter().any(PilotTrialState::has_failed) {
            PilotPhase::Failed
        } else {
            PilotPhase::Measured
        }
    }

    /// How many trials wait to be released.
    pub(crate) fn held(&self) -> u128 {
        let held = self.runs.iter().map(|run| run.status.held);
        held.fold(0, |sum, held| sum + u128::try_from(held).unwrap_or(0))
    }

    pub(crate) fn ended(&self) -> usize {
        self.trials.iter().filter(|trial| trial.has_ended()).count()
    }

    fn measurement(&self) -> Option<Measurement> {
        if self.phase() != PilotPhase::Measured || self.trials.is_empty() {
            return None;
        }
        let machine = |run: &Run| run.spec.instance_type.clone();
        let first = self.runs.first().map(machine)?;
        let is_single = self.runs.iter().all(|run| machine(run) == first);
        let trials = self.trials.iter();
        let times = trials.map(|pilot| Some((pilot.trial, pilot.measured?)));
        Some(Measurement {
            trials: times.collect::<Option<_>>()?,
            machine: is_single.then_some(first),
        })
    }
}

/// The cost and the wall-clock of the trials that wait.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RestEstimate {
    pub(crate) trials: u128,
    pub(crate) cost: Option<Spread<Money>>,
    pub(crate) wall_seconds: Option<f64>,
}

#[derive(Clone, Copy)]
pub(crate) struct Pilot {
    /// The pilot of the displayed plan, or another one of the same commands; `None` where none was launched.
    pub(crate) state: Memo<Option<Arc<PilotState>>>,
    /// Whether the stated run time counts, though there is a measured one.
    pub(crate) is_ignored: RwSignal<bool>,
    /// What its waiting trials take; `None` where none waits, or they are those of another choice of trials.
    pub(crate) rest: Memo<Option<RestEstimate>>,
}

impl Pilot {
    /// Looks for the pilot of the plan among the runs, and has the estimate go by what it measured.
    pub(super) fn of(draft: Draft, runs: Runs, server: Server) -> Pilot {
        let ids = Memo::new(move |_| runs.list.with(|list| list_pilots(list.as_deref())));
        let found = Memo::new(move |_| {
            let ids = ids.get();
            if ids.is_empty() {
                return None;
            }
            let plan = draft.displayed.plan.get();
            let default_cluster = server.default_cluster();
            draft.chosen.with(|chosen| {
                runs.list.with_untracked(|list| {
                    let list = list.as_deref().unwrap_or_default();
                    let pilots: Vec<&Run> = list.iter().filter(|r| ids.contains(&r.id)).collect();
                    find_pilot(&plan, chosen, &default_cluster, &pilots)
                })
            })
        });
        let state = Memo::new(move |_| {
            let found = found.get()?;
            read_state(runs, &found).map(Arc::new)
        });
        let is_ignored = RwSignal::new(false);
        Effect::new(move |_| {
            let state = state.get().filter(|_| !is_ignored.get());
            let measurement = state.and_then(|state| state.measurement());
            if draft
                .measured
                .with_untracked(|before| *before != measurement)
            {
                draft.measured.set(measurement);
            }
        });
        let waiting = Memo::new(move |_| {
            let state = state.get().filter(|state| state.is_of_plan);
            let state = state.filter(|state| state.phase() != PilotPhase::Running);
            let Some(state) = state.filter(|state| state.held() > 0) else {
                return Ranges::default();
            };
            let pilot = positions(state.trials.iter().map(|pilot| &pilot.trial));
            draft.chosen.with(|chosen| chosen.difference(&pilot))
        });
        let plan = draft.displayed.plan;
        let estimate = estimate_in_slices(plan, waiting, draft.pricing, draft.catalogue);
        let rest = Memo::new(move |_| {
            estimate.with(|found| {
                (found.trials > 0).then(|| RestEstimate {
                    trials: found.trials,
                    cost: found.cost.clone(),
                    wall_seconds: found.wall_seconds.as_ref().map(|wall| wall.likely),
                })
            })
        });
        Pilot {
            state,
            is_ignored,
            rest,
        }
    }

    /// Whether this run is one of the pilot of the displayed plan.
    pub(crate) fn is_of_plan(self, run: &str) -> bool {
        self.state.with(|state| {
            let state = state.as_ref().filter(|state| state.is_of_plan);
            state.is_some_and(|state| state.runs.iter().any(|found| found.id == run))
        })
    }

    /// Queues the trials that wait. Repeated, it queues no trial twice.
    pub(crate) fn run_rest(self, runs: Runs) {
        for run in self.waiting_runs() {
            runs.release_one(run.spec.cluster_id, run.id);
        }
    }

    /// Stops what waits and runs of the pilot's runs.
    pub(crate) fn stop(self, runs: Runs) {
        self.waiting_runs()
            .into_iter()
            .for_each(|run| runs.stop(run));
    }

    /// Queues the pilot trials that failed again.
    pub(crate) fn retry(self, runs: Runs) {
        let Some(state) = self.state.get_untracked() else {
            return;
        };
        for (at, run) in state.runs.iter().enumerate() {
            let failed = state
                .trials
                .iter()
                .filter(|trial| trial.run == at && trial.state == Some(ExperimentState::Failed));
            let numbers: Vec<u32> = failed.map(|trial| trial.number).collect();
            if !numbers.is_empty() {
                runs.retry(run.spec.cluster_id.clone(), run.id.clone(), Some(numbers));
            }
        }
    }

    fn waiting_runs(self) -> Vec<Run> {
        let state = self.state.get_untracked();
        let runs = state.iter().flat_map(|state| state.runs.iter());
        let runs = runs.filter(|run| !run.status.phase.has_ended());
        runs.cloned().collect()
    }
}

/// The ids of the runs with a pilot, newest first.
fn list_pilots(list: Option<&[Run]>) -> Vec<String> {
    let is_pilot = |run: &&Run| run.spec.sweep_options.pilot.is_some();
    let list = list.unwrap_or_default();
    list.iter()
        .filter(is_pilot)
        .map(|run| run.id.clone())
        .collect()
}

fn positions<'a>(trials: impl Iterator<Item = &'a Trial>) -> Ranges {
    trials
        .map(|trial| (trial.position, trial.position))
        .collect()
}

/// Of each command the newest pilot run of the same trials, else the newest of the same arguments.
/// O(commands × runs); digests of those of the same command.
fn find_pilot(
    plan: &Plan,
    chosen: &Ranges,
    default_cluster: &str,
    pilots: &[&Run],
) -> Option<FoundPilot> {
    let mut found = FoundPilot {
        runs: Vec::new(),
        is_of_plan: plan.parts().len() <= MOST_COMMANDS,
    };
    for (number, part) in (0..).zip(plan.parts()).take(MOST_COMMANDS) {
        let command = part.run_controller_command();
        let of_command: Vec<&&Run> = pilots
            .iter()
            .filter(|run| run.spec.run_controller_command == command && has_inputs(run, part))
            .collect();
        if of_command.is_empty() {
            found.is_of_plan &= plan.chosen_indices(number, chosen).is_empty();
            continue;
        }
        let digest = sweep::digest(part, &plan.chosen_indices(number, chosen));
        let cluster = part.options().cluster.as_deref().unwrap_or(default_cluster);
        let is_same = |run: &&&&Run| {
            let there = run.spec.sweep_options.digest.as_ref();
            there.is_some_and(|there| there.as_str() == digest) && run.spec.cluster_id == cluster
        };
        let same = of_command.iter().find(is_same);
        found.is_of_plan &= same.is_some();
        if let Some(run) = same.or_else(|| of_command.first()) {
            found.runs.push(FoundRun {
                id: run.id.clone(),
                trials: list_pilot_trials(plan, number, part, run),
            });
        }
    }
    (!found.runs.is_empty()).then_some(found)
}

/// Whether a run's values and environment are those of a command with the same arguments.
fn has_inputs(run: &Run, part: &Part) -> bool {
    let seed = run.spec.sweep_options.seed.as_ref().map(Scalar::as_str);
    let is_seeded = !part.needs_seed() || seed == Some(&part.seed().value.to_string());
    let environment = part.options().environment.iter();
    let there = run.spec.env.iter();
    is_seeded
        && environment.len() == there.len()
        && environment
            .zip(there)
            .all(|(here, there)| (here.0, here.1.as_str()) == (there.0, there.1.as_str()))
}

/// A run's pilot trials that the command proposes.
fn list_pilot_trials(plan: &Plan, number: u32, part: &Part, run: &Run) -> Vec<(Trial, u32)> {
    let options = &run.spec.sweep_options;
    let parse = |text: &Option<Scalar>| text.as_ref()?.as_str().parse::<Ranges>().ok();
    let Some(pilot) = parse(&options.pilot).filter(|pilot| pilot.len() <= MOST_TRIALS) else {
        return Vec::new();
    };
    let launched = parse(&options.trials);
    let start = plan.part_start(number);
    let to_trial = |index: u128| {
        let position = part.position_of(index)?;
        let in_run = match &launched {
            Some(launched) => launched.between(0, index).len().checked_sub(1)?,
            None => position,
        };
        let trial = Trial {
            position: start + position,
            part: number,
            index,
        };
        Some((trial, u32::try_from(in_run).ok()?))
    };
    pilot.iter().filter_map(to_trial).collect()
}

/// The pilot as its runs and trials are now; asks for what has not been read of them.
fn read_state(runs: Runs, found: &FoundPilot) -> Option<PilotState> {
    let mut state = PilotState {
        runs: Vec::new(),
        trials: Vec::new(),
        is_of_plan: found.is_of_plan,
    };
    for found in &found.runs {
        let run = runs.get(&found.id)?;
        for (trial, number) in &found.trials {
            let rows = runs.load_trials(&run, number / TRIAL_PAGE_MAX);
            let mut pilot = PilotTrialState {
                trial: *trial,
                run: state.runs.len(),
                number: *number,
                state: None,
                measured: None,
                message: String::new(),
            };
            rows.with(|rows| {
                let row = rows.rows.get(number);
                let Some(row) = row.filter(|row| row.index.0 == trial.index) else {
                    return;
                };
                pilot.state = Some(row.state);
                pilot.message.clone_from(&row.message);
                let times = row.start_timestamp.zip(row.finish_timestamp);
                pilot.measured = times
                    .filter(|_| row.state == ExperimentState::Succeeded)
                    .map(|(start, end)| Seconds::between(start.micros(), end.micros()))
                    .filter(|measured| *measured > Seconds::ZERO);
            });
            state.trials.push(pilot);
        }
        state.runs.push(run);
    }
    Some(state)
}
