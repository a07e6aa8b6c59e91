//! How a trial is run: its interpreter, threads and cores.

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
}
