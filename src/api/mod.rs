//! The wire: serde types shared by page and server. No I/O, no HTTP library, no database.
//!
//! The calls are Grid's own REST API, so that its published client works unchanged, plus a few of
//! ours. Conventions (those of proto3's JSON form, as Grid's client reads and writes it):
//!
//! * keys are lowerCamelCase; an unset member may be absent or `null`, and unknown members are ignored;
//! * lists and objects are always sent, empty rather than `null` (the client crashes on `null`);
//! * 64-bit integers are strings ([`Int64`]), 32-bit ones numbers; both forms are accepted;
//! * values that a person or a YAML file wrote (environment, sweep options) may come as text,
//!   number or boolean ([`Scalar`]);
//! * enumerations are strings; a run is `CANCELED` (one L), an experiment `CANCELLED` (two);
//! * times are RFC 3339 with a zone ([`Timestamp`]); money is float dollars, `null` when unknown;
//! * metric values are numbers, or `"NaN"`, `"Infinity"`, `"-Infinity"` ([`MetricValue`]);
//! * an error is an [`ErrorBody`] with exactly one entry in `details`.
//!
//! Our additions are optional members, keys of `sweepOptions` ([`SweepOptions`]), and the calls
//! that [`paths`] marks "ours".

// The paths, and the values that all of them share.
mod error;
pub mod paths;
mod scalar;
#[cfg(feature = "openapi")]
mod schema;
mod timestamp;

// Who is asking.
mod auth;

// Where trials run and what they read.
mod cluster;
mod datastore;

// What runs, and how.
mod execution;
mod experiment;
mod finished;
mod run;
mod trial;

// What it gives.
mod artifact;
mod log;
mod metric;

// All of it as it changes.
mod event;

pub use artifact::{Artifact, ArtifactPage};
pub use auth::{Credentials, LoginAnswer, PageSession, SignIn, SignInList, User, UserStatus};
pub use cluster::{
    Availability, Cluster, ClusterList, ClusterPrice, ClusterSpec, ClusterState, ClusterStatus,
    ClusterType, InstanceType, InstanceTypeList,
};
pub use datastore::{
    Datastore, DatastoreAccess, DatastoreDelivery, DatastoreList, DatastoreSpec, DatastoreStatus,
};
pub use error::{ErrorBody, ErrorCode, ErrorDetail};
pub use event::{Event, TrialChanges};
pub use execution::{IsolationMethod, ProgramOrigin, TrialExecution, TrialIsolation};
pub use experiment::{
    Experiment, ExperimentList, ExperimentSpec, ExperimentState, ExperimentStatus, UpdateExperiment,
};
pub use finished::{FinishedRun, FinishedTrialList, FinishedTrialRow};
pub use log::{LogMatch, LogMatches, LogPage};
pub use metric::{MetricPoint, MetricSeries, MetricValue, SeriesList, UnreadLine};
pub use run::{
    Actions, CreateRun, DatastoreMount, DependencyFile, EstimateRange, ExperimentCounts,
    FixedArgument, Image, RemainingWork, Resources, RetryRun, Run, RunBudget, RunEstimate, RunList,
    RunSpec, RunState, RunStatus, Scratch, SweepOptions, UpdateBudget, UpdateRun,
};
pub use scalar::{Int64, Scalar};
pub use timestamp::{InvalidTimestamp, Timestamp};
pub use trial::{Attempt, RunStates, SpaceIndex, StateList, TrialPage, TrialRow, TrialsInState};

/// Header of `POST …/runs`: requests with the same key create one run, even across a restart of the
/// server. Up to [`IDEMPOTENCY_KEY_MAX`] visible ASCII characters, such as a random UUID.
pub const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// The longest [`IDEMPOTENCY_KEY`] that the server accepts, in bytes.
pub const IDEMPOTENCY_KEY_MAX: usize = 128;

/// The most [`TrialPage::trials`] that one call answers.
pub const TRIAL_PAGE_MAX: u32 = 1_000;

/// The most trials that one [`FinishedTrialList`] holds.
pub const FINISHED_TRIALS_MAX: u32 = 10_000;

/// The most bytes of output that one [`LogPage`] holds.
pub const LOG_PAGE_MAX: u32 = 1 << 20;

/// Reads `null` as the type's default, as proto3's JSON form requires. (`#[serde(default)]` does so
/// for absent members only.)
pub(crate) fn nullable<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + serde::Deserialize<'de>,
{
    Ok(<Option<T> as serde::Deserialize>::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests;
