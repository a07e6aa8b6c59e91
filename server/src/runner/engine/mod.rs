//! Engines execute trials. An engine knows nothing of the database: it submits a trial, reports the
//! status of trials, and stops one. Its methods block; the dispatcher calls them off the async
//! threads.

mod cores;
mod job;
mod local;
mod program;
mod threads;

use sweep_planner::api::Timestamp;

pub use cores::CoreAllocator;
pub use local::LocalEngine;

use super::protocol::EndRecord;
use crate::model::ActiveTrial;

/// The status of a trial as its engine reports it.
#[derive(Clone, Debug, PartialEq)]
pub enum TrialStatus {
    /// The engine knows nothing of it: it must be submitted (again).
    Unknown,
    /// Submitted; its script has not started.
    Starting,
    /// Its script runs since then.
    Running(Timestamp),
    /// It has ended.
    Ended(EndRecord),
    /// It could not start for lack of room on the disk, and has not: it waits for its turn again.
    DiskFull(String),
    /// Its supervisor ended before it took the trial, for this reason: it has not started, and will not.
    StartFailed(String),
    /// It was started, and how it ended cannot be found out.
    Lost {
        /// When its script started, if it is known to have.
        started: Option<Timestamp>,
        /// In words.
        reason: String,
    },
}

/// Why a trial could not be submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubmitError {
    /// This trial can never start.
    Permanent(String),
    /// This trial can never start, and others perhaps neither: something else is in the place of its files.
    Unusable(String),
    /// There is no room on the disk: the trial goes back to the queue.
    DiskFull(String),
    /// The engine cannot take trials now: to be tried again. The trial itself may be fine.
    Transient(String),
}

/// What executes the trials of a cluster.
pub trait Engine: Send + Sync {
    /// Submits a trial, one of so many that may run at once. Submitting it again has no effect: it
    /// starts at most once.
    fn submit(&self, trial: &ActiveTrial, at_once: u32) -> Result<(), SubmitError>;

    /// The status of each of these trials, in their order.
    fn observe(&self, trials: &[&ActiveTrial]) -> Vec<TrialStatus>;

    /// Withdraws a trial that probably was not submitted. True: it will never start. False: it was
    /// submitted after all, and must be stopped.
    fn withdraw(&self, trial: &ActiveTrial) -> Result<bool, String>;

    /// Asks a trial to end; a later poll reports that it has. Asking again has no effect.
    fn stop(&self, trial: &ActiveTrial) -> Result<(), String>;
}
