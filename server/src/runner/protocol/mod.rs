//! The files by which the server and the supervisor of a trial communicate. Each is written once,
//! atomically, by one side:
//!
//! | file | written by | says |
//! |---|---|---|
//! | `order.json` | server | what to run, where, with which environment and bounds |
//! | `lock` | supervisor | held as long as the supervisor lives (`flock`) |
//! | `claim` | supervisor | made exclusively before the script starts: it starts at most once |
//! | `started.json` | supervisor | when it started, its process |
//! | `output.log` | supervisor | standard output and error, interleaved, up to the bound |
//! | `metrics.jsonl` | supervisor | what standard output measured, one JSON line each |
//! | `stop` | server | the trial is to end |
//! | `ended.json` | supervisor | how and when it ended |
//! | `supervisor.log` | supervisor | its own errors |
//! | `view/` | supervisor | staging folder for the mounts of its datastores; empty |
//! | `work/` | both | the trial's copy of the source, where it runs |
//! | `work.unfinished/` | server | that copy while it is made |
//!
//! A trial can write there too, and may put anything in the place of any of them: they are opened by
//! [`OpenFolder`](crate::sources::OpenFolder) alone. What can never be read is an error of the kind [`io::ErrorKind::InvalidData`],
//! which says what is there; see [`is_unusable`].

mod records;

mod open_trial;
mod trial_folder;

#[cfg(test)]
mod tests;

use std::io;

pub use open_trial::OpenTrial;
pub use records::{EndCause, EndRecord, IsolationSpec, JobSpec, StartRecord};
pub use trial_folder::TrialFolder;

/// The file of [`TrialFolder::output`].
pub const OUTPUT: &str = "output.log";

/// The file of [`TrialFolder::write_unread`].
pub const UNREAD_METRICS: &str = "unread.json";

/// The folder of [`TrialFolder::work`].
pub const WORK: &str = "work";

/// The folder of [`TrialFolder::unfinished_work`].
pub const UNFINISHED_WORK: &str = "work.unfinished";

/// The most bytes of metrics that a supervisor writes.
pub const METRICS_MAX: u64 = 256 << 20;

/// The log of a supervisor's own errors.
const SUPERVISOR_LOG: &str = "supervisor.log";
const METRICS: &str = "metrics.jsonl";
const CLAIM: &str = "claim";
const LOCK: &str = "lock";
const STOP: &str = "stop";

/// Whether something is there that can never be read, as opposed to a disk that fails for now.
pub fn is_unusable(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::InvalidData
}
