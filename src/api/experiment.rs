//! Experiments: Grid's name for trials.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Actions, Attempt, DatastoreAccess, DatastoreMount, Image, MetricValue, Resources, Scalar,
    Scratch, SpaceIndex, Timestamp, TrialExecution, nullable,
};

/// The state of a trial. `QUEUED` waits for a slot, `IMAGE_BUILDING` is starting, `PAUSED` is held
/// until its run is released; `PENDING` and `UNSPECIFIED` are never sent. `CANCELLED` has two Ls
/// here, and one on a run.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ExperimentState {
    /// No state; proto3's default.
    #[default]
    #[serde(rename = "EXPERIMENT_STATE_UNSPECIFIED")]
    Unspecified,
    /// Grid's; never sent by us.
    #[serde(rename = "EXPERIMENT_STATE_PENDING")]
    Pending,
    /// Queued: created, and waiting for a slot.
    #[serde(rename = "EXPERIMENT_STATE_QUEUED")]
    Queued,
    /// Starting.
    #[serde(rename = "EXPERIMENT_STATE_IMAGE_BUILDING")]
    ImageBuilding,
    /// Running.
    #[serde(rename = "EXPERIMENT_STATE_RUNNING")]
    Running,
    /// Completed: ended with exit status 0.
    #[serde(rename = "EXPERIMENT_STATE_SUCCEEDED")]
    Succeeded,
    /// Failed: ended otherwise, or could not start.
    #[serde(rename = "EXPERIMENT_STATE_FAILED")]
    Failed,
    /// Stopped by a person.
    #[serde(rename = "EXPERIMENT_STATE_CANCELLED")]
    Cancelled,
    /// Held back, waiting for a person.
    #[serde(rename = "EXPERIMENT_STATE_PAUSED")]
    Paused,
    /// Deleted.
    #[serde(rename = "EXPERIMENT_STATE_DELETED")]
    Deleted,
}

impl ExperimentState {
    /// Every state.
    pub const ALL: [Self; 10] = [
        Self::Unspecified,
        Self::Pending,
        Self::Queued,
        Self::ImageBuilding,
        Self::Running,
        Self::Succeeded,
        Self::Failed,
        Self::Cancelled,
        Self::Paused,
        Self::Deleted,
    ];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "EXPERIMENT_STATE_UNSPECIFIED",
            Self::Pending => "EXPERIMENT_STATE_PENDING",
            Self::Queued => "EXPERIMENT_STATE_QUEUED",
            Self::ImageBuilding => "EXPERIMENT_STATE_IMAGE_BUILDING",
            Self::Running => "EXPERIMENT_STATE_RUNNING",
            Self::Succeeded => "EXPERIMENT_STATE_SUCCEEDED",
            Self::Failed => "EXPERIMENT_STATE_FAILED",
            Self::Cancelled => "EXPERIMENT_STATE_CANCELLED",
            Self::Paused => "EXPERIMENT_STATE_PAUSED",
            Self::Deleted => "EXPERIMENT_STATE_DELETED",
        }
    }

    /// The state that a word on the wire means; None for any other word.
    pub fn from_wire(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether a trial in this state has ended, so that only a person can change it.
    pub fn has_ended(self) -> bool {
        matches!(
            self,
            Self::Succeeded | Self::Failed | Self::Cancelled | Self::Deleted
        )
    }
}

/// `GET …/experiments?names=…`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExperimentList {
    /// The experiments found, in the order requested, without those that do not exist.
    #[serde(default, deserialize_with = "nullable")]
    pub experiments: Vec<Experiment>,
}

/// One trial, as Grid's client reads it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Experiment {
    /// Unique on this server; paths hold it.
    pub id: String,
    /// `<run>-expN`, N from 0 in launch order.
    pub name: String,
    /// Always empty here.
    #[serde(default, deserialize_with = "nullable")]
    pub description: String,
    /// When its run was created.
    pub created_at: Timestamp,
    /// When its state last changed.
    pub updated_at: Timestamp,
    /// What was launched.
    pub spec: ExperimentSpec,
    /// State, cost, times and results.
    pub status: ExperimentStatus,
}

/// What was launched as an [`Experiment`]: its own command, and the rest as in the run's spec.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ExperimentSpec {
    /// The script and its exact arguments: `["file.py", "--batch_size", "8"]`.
    #[serde(deserialize_with = "nullable")]
    pub command: Vec<String>,
    /// The id of its cluster.
    #[serde(deserialize_with = "nullable")]
    pub cluster_id: String,
    /// The id of its run.
    #[serde(deserialize_with = "nullable")]
    pub run_id: String,
    /// Always empty here; Grid's client expects the member.
    #[serde(deserialize_with = "nullable")]
    pub run_controller_id: String,
    /// `SUCCEEDED`, or `CANCELLED` once a person has asked to stop it.
    #[serde(deserialize_with = "nullable")]
    pub desired_state: ExperimentState,
    /// Always false.
    #[serde(deserialize_with = "nullable")]
    pub dry_run: bool,
    /// The run's environment.
    #[serde(deserialize_with = "nullable")]
    pub env: BTreeMap<String, Scalar>,
    /// The run's image.
    #[serde(deserialize_with = "nullable")]
    pub image: Image,
    /// The machine that the run's command names, `m5a.large`.
    #[serde(deserialize_with = "nullable")]
    pub instance_type: String,
    /// The run's resources.
    #[serde(deserialize_with = "nullable")]
    pub resources: Resources,
    /// The run's scratch.
    #[serde(deserialize_with = "nullable")]
    pub scratch: Vec<Scratch>,
    /// The run's datastores.
    #[serde(deserialize_with = "nullable")]
    pub datastores: Vec<DatastoreMount>,
    /// The run's source, as in the run's spec.
    #[serde(deserialize_with = "nullable")]
    pub source_code: String,
    /// Whether its machine is interruptible.
    #[serde(deserialize_with = "nullable")]
    pub use_spot: bool,
    /// Whether it starts again when interrupted.
    #[serde(deserialize_with = "nullable")]
    pub auto_resume: bool,
    /// The run's actions.
    #[serde(deserialize_with = "nullable")]
    pub actions: Actions,
    /// The id of the account that launched it.
    #[serde(deserialize_with = "nullable")]
    pub user_id: String,
}

/// What became of an [`Experiment`] so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ExperimentStatus {
    /// Its state now.
    #[serde(deserialize_with = "nullable")]
    pub phase: ExperimentState,
    /// Why it is in this state, for a person; empty where the state needs no reason.
    #[serde(deserialize_with = "nullable")]
    pub message: String,
    /// USD so far; `null` when the machine's price is unknown.
    pub cost: Option<f64>,
    /// USD per hour; `null` when unknown.
    pub hourly_cost: Option<f64>,
    /// When its script started; `null` before.
    pub start_timestamp: Option<Timestamp>,
    /// When its script ended; `null` before.
    pub finish_timestamp: Option<Timestamp>,
    /// When it was deleted; `null` where it was not.
    pub deleted_timestamp: Option<Timestamp>,
    /// Ours: its index in the space of its command.
    pub index: Option<SpaceIndex>,
    /// Ours: the script's exit status; `null` unless it ended by itself.
    pub exit_code: Option<i32>,
    /// Ours: the signal that ended the script, if one did.
    pub signal: Option<i32>,
    /// Ours: the last value of each metric.
    #[serde(deserialize_with = "nullable")]
    pub metrics: BTreeMap<String, MetricValue>,
    /// Ours: how its earlier attempts ended, oldest first; only in answers about a single
    /// experiment.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
    /// Ours: how it reads its datastores, once it has started; only in answers about a single
    /// experiment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datastores: Option<DatastoreAccess>,
    /// Ours: how it is run, once it has started; only in answers about a single experiment, and
    /// absent for trials of older servers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution: Option<TrialExecution>,
}

/// `PUT …/experiments/{id}`: a `spec.desiredState` of `CANCELLED` stops it; all else is ignored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct UpdateExperiment {
    /// The experiment's name; ignored.
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    /// Only `desiredState` is read.
    #[serde(deserialize_with = "nullable")]
    pub spec: ExperimentSpec,
}
