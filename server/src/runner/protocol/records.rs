//! What stands in `order.json`, `started.json` and `ended.json`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sweep_planner::api::{DatastoreAccess, Timestamp, TrialExecution};

use crate::model::Mount;

/// What a supervisor is to run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobSpec {
    /// Program and arguments; the program is looked up on PATH.
    pub command: Vec<String>,
    /// What is added to the environment.
    pub environment: BTreeMap<String, String>,
    /// Bytes of output to keep.
    pub output_bytes: u64,
    /// Seconds between asking the trial to end and ending it.
    pub stop_grace_seconds: u32,
    /// Seconds after which the trial is ended; `None` for never.
    #[serde(default)]
    pub time_limit_seconds: Option<u64>,
    /// The folder of the source in which it runs, relative; empty for the top.
    #[serde(default)]
    pub working_folder: String,
    /// What it reads.
    #[serde(default)]
    pub mounts: Vec<Mount>,
    /// Whether their paths are replaced in the arguments even where mounts are possible.
    #[serde(default)]
    pub mounts_by_arguments: bool,
    /// What it is not to see; absent in old orders, and where the cluster's settings ask for nothing.
    #[serde(default)]
    pub isolation: Option<IsolationSpec>,
    /// When it was written, after the source was copied; absent in old orders.
    #[serde(default)]
    pub at: Option<Timestamp>,
    /// Its interpreter, threads and cores, as planned; absent in old orders.
    #[serde(default)]
    pub execution: Option<TrialExecution>,
}

/// What a trial is not to see, or not to change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IsolationSpec {
    /// The server's data folder; absolute, without links.
    pub data: PathBuf,
    /// Files elsewhere that hold secrets of the server's; absolute, without links.
    #[serde(default)]
    pub secret_files: Vec<PathBuf>,
    /// Files and folders elsewhere that decide what the server does or sends to browsers, and that a trial may
    /// read; absolute, without links.
    #[serde(default)]
    pub read_only_paths: Vec<PathBuf>,
    /// What alone it sees of the machine, read-only; everything where it is empty. Absolute.
    #[serde(default)]
    pub visible: Vec<PathBuf>,
}

/// The content of `started.json`: when a trial started, and its process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StartRecord {
    /// When its script was started, by the supervisor's clock.
    pub at: Timestamp,
    /// The script's process, the leader of its group.
    pub process: i32,
    /// Which process that is, should its number be given out again; see [`crate::runner::identity`].
    #[serde(default)]
    pub identity: Option<String>,
    /// Exactly what was run.
    pub command: Vec<String>,
    /// How it was given its datastores, if it has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datastores: Option<DatastoreAccess>,
    /// Its interpreter, threads and cores, as they came to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution: Option<TrialExecution>,
}

/// The content of `ended.json`: how and when a trial ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EndRecord {
    /// When its script started; `None` if it could not.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub at: Timestamp,
    /// Exit status, signal, or why it did not start.
    pub how: EndCause,
    /// Whether it had been asked to stop.
    pub stopped: bool,
    /// Whether its time was up.
    #[serde(default)]
    pub timed_out: bool,
    /// Bytes of output that were not kept.
    pub dropped: u64,
}

/// The ways to end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum EndCause {
    /// By itself, with this exit status.
    Exited(i32),
    /// By this signal.
    Killed(i32),
    /// It could not start, for this reason.
    NotStarted(String),
}
