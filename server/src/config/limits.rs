//! The bounds of the configuration, and how long files are kept.

use serde::Deserialize;

use super::error::ConfigError;

/// How long files of a run are kept once it has ended; states, times and metrics always are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// Days for which the source and the trials' working copies, artifacts among them, are kept; 0
    /// for ever. Without its source a run cannot be tried again.
    pub work_days: u32,
    /// Days for which anything of the trials' folders is kept, the output too; 0 for ever.
    pub output_days: u32,
}

/// Bounds, each with its default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Trials of one run.
    pub trials: u32,
    /// Bytes of the arguments of all trials of one run, each counted as its longest trial.
    pub argument_bytes: u64,
    /// Bytes of a trial's output that are kept.
    pub output_bytes: u64,
    /// Bytes of a source tree.
    pub source_bytes: u64,
    /// Files of a source tree.
    pub source_files: u64,
    /// Seconds that fetching a source from a repository may take.
    pub fetch_seconds: u64,
    /// Seconds that receiving an upload may take.
    pub upload_seconds: u64,
    /// Seconds for which an upload may stand still.
    pub upload_idle_seconds: u64,
    /// Bytes of a request's body.
    pub body_bytes: usize,
    /// Connections that may be open at once; fewer where the limit on open files is low.
    pub connections: u32,
    /// Seconds from the first byte of a request to the end of its headers.
    pub header_seconds: u32,
    /// Seconds for which a body or the reading of an answer may stall.
    pub stall_seconds: u32,
    /// Seconds from an answer to the next request on the same connection.
    pub idle_seconds: u32,
    /// Seconds between asking a trial to end and ending it.
    pub stop_grace_seconds: u32,
    /// Seconds after which a trial is ended, where its run says nothing; 0 for never.
    pub trial_seconds: u64,
    /// After so many failures in a row the rest of a run is held, where it says nothing; 0 for
    /// never.
    pub failures_in_row: u32,
    /// Bytes of the data folder's disk that stay free: below, no trial is started and nothing is
    /// taken in. 0 for none; when absent 1 GiB, or a twentieth of a small disk.
    pub free_bytes: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            trials: 1_000_000,
            argument_bytes: 4 << 30,
            output_bytes: 64 << 20,
            source_bytes: 2 << 30,
            source_files: 100_000,
            fetch_seconds: 600,
            upload_seconds: 3600,
            upload_idle_seconds: 60,
            body_bytes: 16 << 20,
            connections: 4_096,
            header_seconds: 15,
            stall_seconds: 60,
            idle_seconds: 75,
            stop_grace_seconds: 10,
            trial_seconds: 0,
            failures_in_row: 5,
            free_bytes: None,
        }
    }
}

/// Refuses limits with which nobody could call.
pub(super) fn check_limits(limits: Limits) -> Result<Limits, ConfigError> {
    let positive = [
        ("connections", limits.connections),
        ("header_seconds", limits.header_seconds),
        ("stall_seconds", limits.stall_seconds),
        ("idle_seconds", limits.idle_seconds),
    ];
    match positive.iter().find(|(_, number)| *number == 0) {
        None => Ok(limits),
        Some((name, _)) => Err(ConfigError::Value(format!("[limits] {name} is at least 1"))),
    }
}
