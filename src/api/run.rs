//! Runs: one launched command with its trials.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::scalar::int32;
use super::{Int64, Scalar, Timestamp, nullable};

/// The state of a run. `CANCELED` has one L here, and two on an experiment.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum RunState {
    /// No state; proto3's default.
    #[default]
    #[serde(rename = "RUN_STATE_UNSPECIFIED")]
    Unspecified,
    /// Grid's; never sent by us.
    #[serde(rename = "RUN_STATE_BUILDING")]
    Building,
    /// No trial has started yet.
    #[serde(rename = "RUN_STATE_PENDING")]
    Pending,
    /// A trial has started, and not all have ended.
    #[serde(rename = "RUN_STATE_RUNNING")]
    Running,
    /// Every trial completed.
    #[serde(rename = "RUN_STATE_SUCCEEDED")]
    Succeeded,
    /// Every trial ended, and at least one failed.
    #[serde(rename = "RUN_STATE_FAILED")]
    Failed,
    /// Every trial ended, none failed, and at least one was stopped.
    #[serde(rename = "RUN_STATE_CANCELED")]
    Canceled,
    /// Deleted.
    #[serde(rename = "RUN_STATE_DELETED")]
    Deleted,
}

impl RunState {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Unspecified,
        Self::Building,
        Self::Pending,
        Self::Running,
        Self::Succeeded,
        Self::Failed,
        Self::Canceled,
        Self::Deleted,
    ];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "RUN_STATE_UNSPECIFIED",
            Self::Building => "RUN_STATE_BUILDING",
            Self::Pending => "RUN_STATE_PENDING",
            Self::Running => "RUN_STATE_RUNNING",
            Self::Succeeded => "RUN_STATE_SUCCEEDED",
            Self::Failed => "RUN_STATE_FAILED",
            Self::Canceled => "RUN_STATE_CANCELED",
            Self::Deleted => "RUN_STATE_DELETED",
        }
    }

    /// The state that a word on the wire means; None for any other word.
    pub fn from_wire(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether every trial of a run in this state has ended.
    pub fn has_ended(self) -> bool {
        matches!(
            self,
            Self::Succeeded | Self::Failed | Self::Canceled | Self::Deleted
        )
    }
}

/// `POST …/runs`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct CreateRun {
    /// Whether the client will upload the source. False: the server's own source folder.
    #[serde(deserialize_with = "nullable")]
    pub local_dir: bool,
    /// Lower case letters, digits and `-`; where it is empty, the server chooses one.
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    /// Up to 200 characters.
    #[serde(deserialize_with = "nullable")]
    pub description: String,
    /// Command, options and source.
    pub spec: RunSpec,
}

/// What is launched as a run: command, options and source.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct RunSpec {
    /// Commands around Grid's image build and the trials.
    #[serde(deserialize_with = "nullable")]
    pub actions: Actions,
    /// Whether trials start again when interrupted.
    #[serde(deserialize_with = "nullable")]
    pub auto_resume: bool,
    /// The cluster, as in the path.
    #[serde(deserialize_with = "nullable")]
    pub cluster_id: String,
    /// `SUCCEEDED`, or `CANCELED` once a person has asked to stop it.
    #[serde(deserialize_with = "nullable")]
    pub desired_state: RunState,
    /// Grid's client always sends false.
    #[serde(deserialize_with = "nullable")]
    pub dry_run: bool,
    /// The trials' environment variables, besides the server's own `GRID_…`.
    #[serde(deserialize_with = "nullable")]
    pub env: BTreeMap<String, Scalar>,
    /// Framework, Dockerfile, dependencies.
    #[serde(deserialize_with = "nullable")]
    pub image: Image,
    /// The machine that the command names, `m5a.large`.
    #[serde(deserialize_with = "nullable")]
    pub instance_type: String,
    /// CPUs, GPUs and disk of one trial.
    #[serde(deserialize_with = "nullable")]
    pub resources: Resources,
    /// Script, two blanks, and the arguments after it, quoted for a POSIX shell.
    #[serde(deserialize_with = "nullable")]
    pub run_controller_command: String,
    /// Scratch space, at most one.
    #[serde(deserialize_with = "nullable")]
    pub scratch: Vec<Scratch>,
    /// How the trials are chosen.
    #[serde(deserialize_with = "nullable")]
    pub sweep_options: SweepOptions,
    /// `grid_search`, `random_search` or `none`.
    #[serde(deserialize_with = "nullable")]
    #[cfg_attr(feature = "openapi", schema(schema_with = super::schema::sweep_type))]
    pub sweep_type: String,
    /// Whether the trials' machines are interruptible.
    #[serde(deserialize_with = "nullable")]
    pub use_spot: bool,
    /// The client's working folder, relative to the root of the source: the trials run there.
    #[serde(
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub relative_work_dir: String,
    /// The repository and commit that the source comes from, with `localDir: false`:
    /// `https://github.com/acme/proj.git#ref=COMMIT`. Empty where the source is uploaded, or is the
    /// server's own. Always present in answers.
    #[serde(deserialize_with = "nullable")]
    pub source_code: String,
    /// Data sets that the trials read: each has an `id`, or a `name` and perhaps a `version`
    /// (ours).
    #[serde(deserialize_with = "nullable")]
    pub datastores: Vec<DatastoreMount>,
    /// The id of the account that launched it.
    #[serde(
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub user_id: String,
}

/// Commands around the image build and the trial.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "Grid's names say it")]
pub struct Actions {
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub on_build: Vec<String>,
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub on_build_start: Vec<String>,
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub on_build_end: Vec<String>,
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub on_experiment_start: Vec<String>,
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub on_experiment_end: Vec<String>,
}

/// What Grid built its container image from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Image {
    /// `lightning`, `pytorch`, `julia:1.7.0`, …
    #[serde(
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub framework: String,
    /// A Dockerfile in the source.
    #[serde(
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub dockerfile: String,
    /// A dependency file in the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dependency_file_info: Option<DependencyFile>,
}

/// A file that lists a script's dependencies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct DependencyFile {
    /// Relative to the source.
    #[serde(deserialize_with = "nullable")]
    pub path: String,
    /// `PACKAGE_MANAGER_PIP` or `PACKAGE_MANAGER_CONDA`.
    #[serde(
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub package_manager: String,
}

/// The resources of one trial.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Resources {
    /// CPUs; 0 for all of the machine.
    #[serde(deserialize_with = "nullable")]
    pub cpu: Int64,
    /// GPUs; 0 for all of the machine.
    #[serde(deserialize_with = "nullable")]
    pub gpu: Int64,
    /// GB of disk (`--memory`).
    #[serde(deserialize_with = "nullable")]
    pub storage_gb: Int64,
    /// Whatever else a client sends; unused here.
    #[serde(deserialize_with = "nullable")]
    pub extra: Map<String, Value>,
}

/// Scratch space of one trial.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Scratch {
    /// The path at which the trial sees it.
    #[serde(deserialize_with = "nullable")]
    pub mount_path: String,
    /// Size in GB.
    #[serde(deserialize_with = "int32")]
    pub size_gb: i32,
}

/// A data set that each trial of a run reads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct DatastoreMount {
    /// The datastore's id; a client that knows only its name leaves this empty.
    #[serde(deserialize_with = "nullable")]
    pub id: String,
    /// The path at which the trial sees it; `/datastores/<name>` by default.
    #[serde(deserialize_with = "nullable")]
    pub mount_path: String,
    /// Ours: the value of `--datastore_name`.
    #[serde(
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub name: String,
    /// Ours: the value of `--datastore_version`; where absent, the newest version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Scalar>,
}

/// How trials are chosen. Grid has `num_trials` and `seed`; the others are ours. Keys are
/// snake_case on the wire, unlike all others. All may come as text or number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct SweepOptions {
    /// How many trials `random_search` chooses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub num_trials: Option<Scalar>,
    /// The seed of every draw, 0 to 2^32 − 1. Where a request needs one and has none, the server
    /// draws it and returns it in the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<Scalar>,
    /// The chosen trials as ranges of indices in the command's space, `0-3,7`. Absent: all that
    /// the strategy proposes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trials: Option<Scalar>,
    /// The chosen trials that start at once, in the form of `trials`; all others are held until a
    /// call of `…/release`. Empty: all are held. Absent: none is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pilot: Option<Scalar>,
    /// The plan's digest, 64 hex digits: the server refuses (409) a request whose digest is not its
    /// own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<Scalar>,
    /// How many trials of this run may run at once, at least 1. Absent: the cluster's slots.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parallel: Option<Scalar>,
    /// Seconds after which the server ends a trial, which has then failed; 0 for no limit. Absent:
    /// the server's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_limit: Option<Scalar>,
    /// Trials failed in a row after which the server holds the rest of the run; 0 for never.
    /// Absent: the server's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_after_failures: Option<Scalar>,
    /// Runs of a higher priority start first, −1000 to 1000; 0 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<Scalar>,
    /// The Python that runs the trials: a path on the server (absolute, or relative to the source)
    /// of a program or of a virtual environment's folder, or a name on the server's PATH. In
    /// answers the absolute path, where it was found at launch. Absent: the cluster's, else that of
    /// a virtual environment in the source, else `python3`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub python: Option<Scalar>,
    /// In answers, the Python of a virtual environment (`.venv` or `venv`) that the server found in
    /// its source folder at launch; ignored in requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_python: Option<Scalar>,
    /// The run time of a trial by which the launch was estimated, `10 minutes` or a formula over the
    /// arguments (`minutes = 40 * epochs`), up to 4096 bytes. The server keeps the estimate that
    /// follows from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_time: Option<Scalar>,
    /// Where the run time comes from: `stated`, `measured` by pilot trials, or `fitted` to finished
    /// ones. Absent: `stated`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_time_source: Option<Scalar>,
    /// By what the run time is multiplied on the run's machine, a decimal above zero; 1 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_time_factor: Option<Scalar>,
    /// The uncertainty of the run time: two standard deviations of its logarithm, that of the error
    /// that all trials share and that of each trial's own, `0.2,0.1`. Absent: by its source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_time_noise: Option<Scalar>,
    /// Interruptions an hour of interruptible machines, after each of which a trial starts over.
    /// Absent: none is counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interruptions_per_hour: Option<Scalar>,
    /// USD as a plain decimal, `12.50`, that the run, or all runs of its `group` together, may cost:
    /// the server starts no trial that may exceed it, and holds the rest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<Scalar>,
    /// A name that runs launched together share, up to 64 letters, digits, `-`, `_` and `.`: one
    /// budget is for all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<Scalar>,
}

/// One run, as every answer has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// Unique on this server; paths hold it.
    pub id: String,
    /// Its name for people, unique among its owner's runs of the cluster that are not deleted.
    pub name: String,
    /// Up to 200 characters.
    #[serde(default, deserialize_with = "nullable")]
    pub description: String,
    /// Never absent: Grid's `history` hangs without it.
    pub created_at: Timestamp,
    /// When its state last changed.
    pub updated_at: Timestamp,
    /// What was launched, with the server's own choices (name, seed) filled in.
    pub spec: RunSpec,
    /// State, counts, cost and times.
    pub status: RunStatus,
}

/// What became of a run so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct RunStatus {
    /// Its state now.
    #[serde(deserialize_with = "nullable")]
    pub phase: RunState,
    /// Why it is in this state, for a person; empty where the state needs no reason.
    #[serde(deserialize_with = "nullable")]
    pub message: String,
    /// The ids of all its trials in launch order; empty where the call asks for `brief`.
    #[serde(deserialize_with = "nullable")]
    pub experiment_ids: Vec<String>,
    /// How many trials are in which state.
    #[serde(deserialize_with = "nullable")]
    pub experiment_counts: ExperimentCounts,
    /// USD so far; `null` when the machine's price is unknown.
    pub cost: Option<f64>,
    /// USD per hour of one trial; `null` when unknown.
    pub hourly_cost: Option<f64>,
    /// The address to which the client uploads the source; empty where it uploads none.
    #[serde(deserialize_with = "nullable")]
    pub upload_url: String,
    /// When its first trial started; `null` before.
    pub start_timestamp: Option<Timestamp>,
    /// When its last trial ended; `null` before.
    pub finish_timestamp: Option<Timestamp>,
    /// When it was deleted; `null` where it was not.
    pub deleted_timestamp: Option<Timestamp>,
    /// Ours: the swept arguments, in the order of the `values` of its trials.
    #[serde(deserialize_with = "nullable")]
    pub columns: Vec<String>,
    /// Ours: what is the same in all trials: the script, then the arguments that are not swept, in
    /// the order of the command. Absent where they are more than 1000 or longer than 16 KiB
    /// together, and from servers older than this member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed_arguments: Option<Vec<FixedArgument>>,
    /// Ours: how many of the pending trials are held until a call of `…/release`.
    #[serde(deserialize_with = "int32")]
    pub held: i32,
    /// Ours: the commit that was fetched, where the source comes from a repository.
    #[serde(
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub commit: String,
    /// Ours: the estimate of its launch, and what is left of it. Absent where the launch had no run
    /// time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimate: Option<RunEstimate>,
    /// Ours: the budget of the run and of those launched together with it. Absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<RunBudget>,
}

/// What a run was estimated to cost and to take when it was launched, and what is left of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct RunEstimate {
    /// The run time as the launch stated it.
    #[serde(deserialize_with = "nullable")]
    pub run_time: String,
    /// Where it comes from: `stated`, `measured` or `fitted`.
    #[serde(deserialize_with = "nullable")]
    pub source: String,
    /// How many trials have a run time.
    pub trials: u32,
    /// USD; `null` where the price or a run time is unknown.
    pub cost: Option<EstimateRange>,
    /// The run times of these trials together, in seconds.
    pub machine_seconds: EstimateRange,
    /// What is left, by the estimate as finished trials correct it; `null` once all have ended.
    pub remaining: Option<RemainingWork>,
}

/// Low, likely and high of an estimate: the 10th, 50th and 90th percentile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct EstimateRange {
    /// The 10th percentile.
    pub low: f64,
    /// The 50th percentile.
    pub likely: f64,
    /// The 90th percentile.
    pub high: f64,
}

/// What is still to come of a run that is under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct RemainingWork {
    /// Seconds until the last trial ends, if nothing else waits before it.
    pub wall_seconds: f64,
    /// Run times of trials still to come, together, in seconds.
    pub machine_seconds: f64,
    /// USD; `null` where the price is unknown.
    pub cost: Option<f64>,
    /// Run times of finished trials as multiples of their estimates; 1 before one has finished.
    pub run_time_factor: f64,
}

/// A budget, as it is now.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct RunBudget {
    /// USD as a plain decimal.
    #[serde(deserialize_with = "nullable")]
    pub amount: String,
    /// The name of the group that it is for; the run's id where the launch named none.
    #[serde(deserialize_with = "nullable")]
    pub group: String,
    /// USD billed for trials that have ended, of all runs of the group.
    pub spent: f64,
    /// USD that the trials which run may cost by their high figures, at least what has accrued.
    pub committed: f64,
    /// Whether trials of this run are held for lack of budget.
    pub holds: bool,
    /// USD, rounded up to cents, that would let the next trial of this run start; `null` where none
    /// waits.
    pub enough_for_next: Option<f64>,
    /// USD, rounded up to cents, that would be enough for all trials of this run that wait; `null` where
    /// none does.
    pub enough_for_all: Option<f64>,
}

/// `POST …/runs/{id}/budget` (ours).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct UpdateBudget {
    /// USD as a plain decimal, `12.50`.
    pub budget: Scalar,
}

/// An argument that all trials of a run have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FixedArgument {
    /// As [`RunStatus::columns`] names swept ones: `--x`, at its second use `--x#2`, by its place
    /// `#1`; `script` for the script itself. Unique in its run.
    pub name: String,
    /// The text that every trial is passed, without quotes. A flag without a value has its own
    /// word, `--fast`.
    pub value: String,
}

impl FixedArgument {
    /// The name under which the script stands, which no argument has: those begin with `-` or `#`.
    pub const SCRIPT: &str = "script";
}

/// How many trials of a run are in which state. Answers always have all six.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct ExperimentCounts {
    /// Queued, starting or held.
    #[serde(deserialize_with = "int32")]
    pub pending: i32,
    /// Running.
    #[serde(deserialize_with = "int32")]
    pub running: i32,
    /// Completed.
    #[serde(deserialize_with = "int32")]
    pub succeeded: i32,
    /// Failed.
    #[serde(deserialize_with = "int32")]
    pub failed: i32,
    /// Stopped.
    #[serde(deserialize_with = "int32")]
    pub cancelled: i32,
    /// Deleted.
    #[serde(deserialize_with = "int32")]
    pub deleted: i32,
}

impl ExperimentCounts {
    /// All trials of the run.
    pub fn total(self) -> i32 {
        self.pending + self.running + self.succeeded + self.failed + self.cancelled + self.deleted
    }

    /// Trials that have ended, deleted ones among them.
    pub fn ended(self) -> i32 {
        self.succeeded + self.failed + self.cancelled + self.deleted
    }
}

/// `GET …/runs`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunList {
    /// Newest first; all of them where the call asks for no `pageSize`, since Grid's client does not
    /// page.
    #[serde(default, deserialize_with = "nullable")]
    pub runs: Vec<Run>,
    /// The `pageToken` of the next page; empty on the last one. Absent where the call asks for no
    /// `pageSize`.
    #[serde(rename = "nextPageToken", skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// `POST …/runs/{id}/retry` (ours).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct RetryRun {
    /// The numbers of the failed trials to retry; where absent, all that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub numbers: Option<Vec<u32>>,
}

/// `PUT …/runs/{id}`: a `spec.desiredState` of `CANCELED` stops it; all else is ignored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct UpdateRun {
    /// The run's name; ignored.
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    /// Only `desiredState` is read.
    #[serde(deserialize_with = "nullable")]
    pub spec: RunSpec,
}
