//! What executes trials. An engine knows nothing of the database: it is given a trial, asked how
//! trials are, and told to stop one. Its verbs block; the dispatcher calls them off the async
//! threads.

mod local;

use sweep_planner::api::Timestamp;

pub use local::Local;

use super::protocol::Ended;
use crate::model::ActiveTrial;

/// How a trial is, as its engine sees it.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// The engine knows nothing of it: it must be submitted (again).
    Unknown,
    /// Submitted; its script has not started.
    Starting,
    /// Its script runs since then.
    Running(Timestamp),
    /// It has ended.
    Ended(Ended),
    /// It could not start for lack of room on the disk, and has not: it waits for its turn again.
    NoRoom(String),
    /// It was started, and whoever would know how it ended is gone.
    Lost {
        /// When its script started, if it is known to have.
        started: Option<Timestamp>,
        /// In words.
        reason: String,
    },
}

/// Why a trial could not be handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubmitError {
    /// This trial can never start.
    Never(String),
    /// There is no room on the disk: the trial goes back to the queue.
    NoRoom(String),
    /// The engine cannot take trials now: to be tried again. Says nothing about the trial.
    Later(String),
}

/// What executes the trials of a cluster.
pub trait Engine: Send + Sync {
    /// Hands a trial over. Handing it over again does nothing more: it starts at most once.
    fn submit(&self, trial: &ActiveTrial) -> Result<(), SubmitError>;

    /// How these trials are, one answer each, in their order.
    fn observe(&self, trials: &[&ActiveTrial]) -> Vec<Seen>;

    /// Takes a trial back that was not handed over, as far as is known. True: it will never
    /// start. False: it was handed over after all, and must be stopped.
    fn withdraw(&self, trial: &ActiveTrial) -> Result<bool, String>;

    /// Asks a trial to end; it is seen as ended later. Asking again does nothing more.
    fn stop(&self, trial: &ActiveTrial) -> Result<(), String>;
}
