//! A run: as it is stored, and as its launch creates it.

use std::sync::Arc;

use sweep_planner::api::{
    ExperimentCounts, FixedArgument, RunEstimate, RunSpec, RunState, Timestamp,
};
use sweep_planner::launch::CheckedLaunch;
use sweep_planner::sweep::{ArgumentTemplate, Plan, Ranges, listed_values};

use super::Mount;
use super::estimate::{BudgetRecord, LaunchEstimate, NewBudget, RunningSince, StateSums};
use super::price::BillingTerms;
use super::trial::TrialState;

/// A run as stored.
#[derive(Clone, Debug)]
pub struct RunRecord {
    /// Its key in the database.
    pub key: i64,
    /// Its id on the wire.
    pub id: String,
    /// The name of a configured cluster.
    pub cluster: String,
    /// Its trials are called `NAME-expN`.
    pub name: String,
    /// As the caller wrote it, empty where there is none.
    pub description: String,
    /// Whose it is.
    pub account: String,
    /// What it is.
    pub spec: Arc<RunSpec>,
    /// The swept arguments.
    pub columns: Vec<String>,
    /// The arguments that are not swept; `None` where the core lists none.
    pub fixed_arguments: Option<Vec<FixedArgument>>,
    /// What its trials are billed by.
    pub terms: BillingTerms,
    /// How many trials it has.
    pub trials: u32,
    /// How many are in each [`TrialState`].
    pub counts: [u32; TrialState::ALL.len()],
    /// Billed seconds of the trials that have ended.
    pub billed_seconds: u64,
    /// The running trials.
    pub running: Vec<RunningSince>,
    /// Sums of estimates and of what came of them, by [`TrialState`].
    pub sums: [StateSums; TrialState::ALL.len()],
    /// The estimate of its launch; `None` where that had no run time.
    pub estimate: Option<RunEstimate>,
    /// At most so many of its trials at once.
    pub parallel: Option<u32>,
    /// What it and the runs launched together with it may cost.
    pub budget: Option<BudgetRecord>,
    /// Whether somebody wants it stopped.
    pub stop_wanted: bool,
    /// Whether its source is still to be uploaded.
    pub awaits_upload: bool,
    /// The commit of its fetched source: `None` if it does not come from a repository, empty until
    /// it is fetched.
    pub fetched_commit: Option<String>,
    /// Why it could not be fetched; empty otherwise.
    pub fetch_failure: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When a trial last changed its state.
    pub changed_at: Timestamp,
    /// When its first trial started.
    pub started_at: Option<Timestamp>,
    /// When its last trial ended.
    pub ended_at: Option<Timestamp>,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
}

impl RunRecord {
    /// How many of its trials are in this state.
    pub fn count(&self, state: TrialState) -> u32 {
        self.counts[state as usize]
    }

    /// The state that follows from its trials' states.
    pub fn state(&self) -> RunState {
        let waiting = self.count(TrialState::Queued)
            + self.count(TrialState::Starting)
            + self.count(TrialState::Held);
        if self.deleted_at.is_some() {
            RunState::Deleted
        } else if waiting + self.count(TrialState::Running) > 0 {
            if self.started_at.is_some() {
                RunState::Running
            } else {
                RunState::Pending
            }
        } else if self.count(TrialState::Failed) > 0 {
            RunState::Failed
        } else if self.count(TrialState::Cancelled) > 0 {
            RunState::Canceled
        } else {
            RunState::Succeeded
        }
    }

    /// The six numbers of the wire.
    pub fn experiment_counts(&self) -> ExperimentCounts {
        let count = |state| i32::try_from(self.count(state)).unwrap_or(i32::MAX);
        ExperimentCounts {
            pending: count(TrialState::Queued)
                + count(TrialState::Starting)
                + count(TrialState::Held),
            running: count(TrialState::Running),
            succeeded: count(TrialState::Succeeded),
            failed: count(TrialState::Failed),
            cancelled: count(TrialState::Cancelled),
            deleted: count(TrialState::Deleted),
        }
    }
}

/// A run to be created.
#[derive(Clone, Debug)]
pub struct NewRun {
    /// A ULID in lower case: part of every path, and of its trials' ids.
    pub id: String,
    /// The name of a configured cluster.
    pub cluster: String,
    /// Chosen by the server where the request has none.
    pub name: String,
    /// As the caller wrote it, empty where there is none.
    pub description: String,
    /// Whose it is.
    pub account: String,
    /// The request's spec with the options that the server filled in.
    pub spec: RunSpec,
    /// The swept arguments.
    pub columns: Vec<String>,
    /// The arguments that are not swept; `None` where the core lists none.
    pub fixed_arguments: Option<Vec<FixedArgument>>,
    /// What its trials are billed by.
    pub terms: BillingTerms,
    /// What its trials are expected to take and to be billed.
    pub estimate: LaunchEstimate,
    /// What it and the runs launched together with it may cost.
    pub budget: Option<NewBudget>,
    /// At most so many trials at once.
    pub parallel: Option<u32>,
    /// Runs of a higher one start first.
    pub priority: i32,
    /// After so many failures in a row the rest is held; 0: never.
    pub failure_limit: u32,
    /// CPUs that one trial takes.
    pub cpus: u32,
    /// GPUs that one trial takes.
    pub gpus: u32,
    /// Whether its source is still to be uploaded.
    pub awaits_upload: bool,
    /// Whether its source is still to be fetched.
    pub awaits_fetch: bool,
    /// What its trials read.
    pub mounts: Vec<Mount>,
    /// SHA-256 of the script, once its source is there; `None` also where it cannot be read.
    pub script_digest: Option<String>,
    /// The time of the launch.
    pub created_at: Timestamp,
    /// What they pass, and which of the command's they are.
    pub trials: NewTrials,
    /// The idempotency key, and the hash of the request that it came with.
    pub idempotency_key: Option<(String, [u8; 32])>,
}

impl NewRun {
    /// What all its trials run, relative to the folder in which they do.
    pub fn script(&self) -> &str {
        self.trials.template.script()
    }

    /// The script's path in the source, by which runs of the same one are found.
    pub fn script_path(&self) -> String {
        sweep_planner::launch::normalize_script(&self.spec.relative_work_dir, self.script())
    }
}

/// Trials and listed values of a run that is written in one transaction with other changes.
const WRITTEN_AT_ONCE_MAX: usize = 2048;

/// Why the trials of a run that are no pilot's are held from its launch on.
pub const PILOT_MESSAGE: &str = "waits for your yes: pilot";

/// The trials of a run to be created: never listed, since there may be a million.
#[derive(Clone, Debug)]
pub struct NewTrials {
    plan: Arc<Plan>,
    template: ArgumentTemplate,
    chosen: Ranges,
    pilot: Option<Ranges>,
    count: u32,
}

impl NewTrials {
    /// Those of a checked launch; `None` if it has none, or more than 2^32 − 1.
    pub fn new(launch: CheckedLaunch) -> Option<Self> {
        let template = ArgumentTemplate::from_part(launch.plan.parts().first()?);
        let count = u32::try_from(launch.chosen.len()).ok()?;
        (count > 0).then_some(Self {
            plan: launch.plan,
            template,
            chosen: launch.chosen,
            pilot: launch.pilot,
            count,
        })
    }

    /// Whether they are so many, or what they pass is so much, that the run is written in several
    /// transactions.
    pub fn is_large(&self) -> bool {
        let listed: usize = self.lists().map(|(_, values)| values.len()).sum();
        self.count as usize + listed > WRITTEN_AT_ONCE_MAX
    }

    /// The plan of their command.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// How many there are, at least one.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Their indices in the space of the command, in launch order.
    pub fn chosen(&self) -> &Ranges {
        &self.chosen
    }

    /// The state in which a trial is created, by its index: held where it has to wait for the pilot's.
    pub fn first_state(&self, index: u128) -> TrialState {
        match &self.pilot {
            Some(pilot) if !pilot.contains(index) => TrialState::Held,
            _ => TrialState::Queued,
        }
    }

    /// What they pass but for [`NewTrials::lists`].
    pub fn template(&self) -> &ArgumentTemplate {
        &self.template
    }

    /// The values of the axes that are lists or draws, by the axis's number from 0.
    pub fn lists(&self) -> impl Iterator<Item = (u32, &[Box<str>])> {
        self.plan
            .parts()
            .first()
            .into_iter()
            .flat_map(listed_values)
    }
}
