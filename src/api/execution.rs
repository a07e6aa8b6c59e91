//! How a trial is run: its interpreter, threads and cores, and what keeps the server's files from it.

use serde::{Deserialize, Serialize};

use super::nullable;

/// Which setting chose the program that runs a trial's script (ours).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum ProgramOrigin {
    /// `sweepOptions.python` of the run.
    Run,
    /// `python` of the cluster in the server's configuration.
    Cluster,
    /// A virtual environment in the source: `.venv` or `venv`.
    Source,
    /// None: `python3`, `bash` or `julia` of the server's PATH.
    #[default]
    Default,
}

/// How the server runs a trial's script (ours).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct TrialExecution {
    /// The program that runs the script: a path, or a name that is looked up on PATH.
    #[serde(deserialize_with = "nullable")]
    pub program: String,
    /// Which setting chose it.
    #[serde(deserialize_with = "nullable")]
    pub program_from: ProgramOrigin,
    /// Why a virtual environment of the source is not used, for a person; empty where there is none,
    /// or it is.
    #[serde(
        deserialize_with = "nullable",
        skip_serializing_if = "String::is_empty"
    )]
    pub note: String,
    /// What the server sets `OMP_NUM_THREADS` and its like to. Absent where it sets none: the
    /// environment of the run, the cluster or the server has one, or the cluster inherits them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<u32>,
    /// The numbers of the cores on which it may run; empty where it may use all of the server's.
    #[serde(deserialize_with = "nullable", skip_serializing_if = "Vec::is_empty")]
    pub cores: Vec<u32>,
    /// What keeps the server's data folder from it. Absent until it has started, where the cluster's
    /// settings ask for nothing, and for trials of older servers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isolation: Option<TrialIsolation>,
}

/// What keeps the server's data folder from a trial (ours).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum IsolationMethod {
    /// A mount namespace of its own, in which the data folder holds its working folder alone.
    Namespace,
    /// Landlock: files of the data folder other than its own cannot be opened.
    Landlock,
    /// Nothing: it can read and write all of the data folder.
    Nothing,
}

/// What keeps the server's data folder from a trial, and why nothing better does (ours).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TrialIsolation {
    /// The means.
    pub by: IsolationMethod,
    /// Why it is no mount namespace, for a person; empty where it is.
    #[serde(default, deserialize_with = "nullable")]
    pub because: String,
}
