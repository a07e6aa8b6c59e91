//! Trials that have ended, for planning more of the same script (ours).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{DatastoreMount, ExperimentState, FixedArgument, MetricValue, Timestamp, nullable};

/// `GET …/finished-trials?script=PATH`: trials of the caller's own runs of one script that have ended,
/// the newest run first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct FinishedTrialList {
    /// The script's path in its source, without `.` parts.
    #[serde(deserialize_with = "nullable")]
    pub script: String,
    /// SHA-256 of the script in the server's own source folder now, 64 hex digits; `null` where there
    /// is none that a launch would copy, or it is larger than 16 MiB.
    pub digest: Option<String>,
    /// Runs with their trials that have ended. A run with many trials comes as several entries.
    #[serde(deserialize_with = "nullable")]
    pub runs: Vec<FinishedRun>,
    /// Whether older trials were left out: an answer has at most 10,000.
    #[serde(deserialize_with = "nullable")]
    pub more: bool,
    /// The newest version of each datastore that these runs have read, by its name.
    #[serde(deserialize_with = "nullable")]
    pub newest_versions: BTreeMap<String, u32>,
}

/// A run of the script with some of its trials that have ended, the last one first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct FinishedRun {
    /// The run's id.
    #[serde(deserialize_with = "nullable")]
    pub id: String,
    /// The run's name.
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    /// The cluster that its trials ran on.
    #[serde(deserialize_with = "nullable")]
    pub cluster_id: String,
    /// Whether none of its trials waits or runs.
    #[serde(deserialize_with = "nullable")]
    pub has_ended: bool,
    /// SHA-256 of the script that its trials ran, 64 hex digits; `null` where it was not recorded.
    pub digest: Option<String>,
    /// SHA-256 of its trials' environment variables; empty where it has none.
    #[serde(deserialize_with = "nullable")]
    pub environment_digest: String,
    /// The data sets that its trials read, with the versions that they were.
    #[serde(deserialize_with = "nullable")]
    pub datastores: Vec<DatastoreMount>,
    /// The machine that its command names.
    #[serde(deserialize_with = "nullable")]
    pub instance_type: String,
    /// How many of its trials might run at once: by its own limit, the cluster's slots as they are now
    /// and how many trials it has. `null` where the cluster is no longer configured.
    pub at_once: Option<u32>,
    /// The swept arguments, as typed (`--batch_size`).
    #[serde(deserialize_with = "nullable")]
    pub columns: Vec<String>,
    /// As [`RunStatus::fixed_arguments`](super::RunStatus::fixed_arguments).
    pub fixed_arguments: Option<Vec<FixedArgument>>,
    /// Those that have ended, the last in launch order first.
    #[serde(deserialize_with = "nullable")]
    pub trials: Vec<FinishedTrialRow>,
}

/// A trial that has ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct FinishedTrialRow {
    /// Its place in launch order, from 0: the experiment's id is the run's id, `-` and this.
    pub number: u32,
    /// The exact text passed for each of the run's columns; `null` where it passes none.
    #[serde(default, deserialize_with = "nullable")]
    pub values: Vec<Option<String>>,
    /// Succeeded, failed or cancelled.
    pub state: ExperimentState,
    /// When its script ended; `null` where it never started.
    #[serde(default)]
    pub finish_timestamp: Option<Timestamp>,
    /// How long its script ran, in seconds; `null` where it never started.
    #[serde(default)]
    pub run_seconds: Option<f64>,
    /// USD for its last attempt; `null` where the machine's price is unknown or it never started.
    #[serde(default)]
    pub cost: Option<f64>,
    /// The last values of the run's first three metrics.
    #[serde(default, deserialize_with = "nullable")]
    pub metrics: BTreeMap<String, MetricValue>,
}
