//! A trial: its state, and what the database, the dispatcher and the engines tell each other of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use sweep_planner::api::{ExperimentState, MetricValue, RunSpec, Timestamp};

use super::Mount;

/// A trial by its run's key and its number.
pub type TrialKey = (i64, u32);

/// The state of a trial; its number is what the database holds, so it never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum TrialState {
    /// Created, waiting for a slot.
    Queued = 0,
    /// Claimed: it is being handed to the engine.
    Starting = 1,
    /// Its script runs.
    Running = 2,
    /// Ended with exit status 0.
    Succeeded = 3,
    /// Ended otherwise, or could not start.
    Failed = 4,
    /// Stopped by a person.
    Cancelled = 5,
    /// Held back, waiting for a person.
    Held = 6,
    /// Hidden by a person.
    Deleted = 7,
}

impl TrialState {
    /// Every state, by number.
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Starting,
        Self::Running,
        Self::Succeeded,
        Self::Failed,
        Self::Cancelled,
        Self::Held,
        Self::Deleted,
    ];

    /// Whether a trial in this state changes no more by itself.
    pub fn ended(self) -> bool {
        self.to_wire().has_ended()
    }

    /// The word of the wire.
    pub fn to_wire(self) -> ExperimentState {
        match self {
            Self::Queued => ExperimentState::Queued,
            Self::Starting => ExperimentState::ImageBuilding,
            Self::Running => ExperimentState::Running,
            Self::Succeeded => ExperimentState::Succeeded,
            Self::Failed => ExperimentState::Failed,
            Self::Cancelled => ExperimentState::Cancelled,
            Self::Held => ExperimentState::Paused,
            Self::Deleted => ExperimentState::Deleted,
        }
    }

    /// The state of a word of the wire, if a trial of ours can be in it.
    pub fn from_wire(state: ExperimentState) -> Option<Self> {
        Self::ALL.into_iter().find(|ours| ours.to_wire() == state)
    }
}

/// A trial as stored, with the last value of each of its metrics.
#[derive(Clone, Debug)]
pub struct TrialRecord {
    /// Launch order, from 0.
    pub number: u32,
    /// Its index in the space of the command.
    pub index: u128,
    /// The text passed for each of the run's columns.
    pub values: Vec<Option<String>>,
    /// As last committed; the engine may know better until the next poll.
    pub state: TrialState,
    /// Whether somebody wants it stopped.
    pub stop_wanted: bool,
    /// Why it is in this state, if the state does not say it all.
    pub message: String,
    /// When its state last changed.
    pub changed_at: Timestamp,
    /// When its script started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Its exit status, if it ended by itself.
    pub exit_code: Option<i32>,
    /// The signal that ended it, if one did.
    pub signal: Option<i32>,
    /// Whole billed seconds, once it has ended.
    pub billed_seconds: Option<u64>,
    /// How often it was tried before.
    pub attempt: u32,
    /// The run time and the billed time that its launch estimated, in microseconds.
    pub likely: Option<(u64, u64)>,
    /// The last value of each metric.
    pub metrics: BTreeMap<String, MetricValue>,
}

/// A trial that is starting or running: what the dispatcher works on.
#[derive(Clone, Debug)]
pub struct ActiveTrial {
    /// The run's key.
    pub run: i64,
    /// The run's id.
    pub run_id: String,
    /// The run's name.
    pub run_name: String,
    /// The id of the account that launches.
    pub account: String,
    /// What the run is.
    pub spec: Arc<RunSpec>,
    /// Its number in the run.
    pub number: u32,
    /// Script and arguments.
    pub argv: Vec<String>,
    /// [`TrialState::Starting`] or [`TrialState::Running`].
    pub state: TrialState,
    /// How often it was tried before.
    pub attempt: u32,
    /// How many trials of its run may run at once: the run's own limit, or all that it has.
    pub run_parallel: u32,
    /// The numbers of the GPUs that are its own while it runs.
    pub gpus: Vec<u32>,
    /// What it reads.
    pub mounts: Vec<Mount>,
    /// How far its metrics have been read, in bytes.
    pub metrics_read: u64,
}

/// A change of a trial's state.
#[derive(Clone, Debug)]
pub struct StateChange {
    /// The run's key.
    pub run: i64,
    /// The trial's number.
    pub number: u32,
    /// Its new state.
    pub state: TrialState,
    /// When the dispatcher found out.
    pub at: Timestamp,
    /// The cause, for a person.
    pub message: String,
    /// When its script started, if known.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Its exit status.
    pub exit_code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
}
