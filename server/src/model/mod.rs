//! Plain records, without SQL, files or HTTP: what the rooms above hand to each other.

mod account;

mod run;

mod trial;

pub mod metric;

mod mount;

pub mod price;

pub mod names;

mod viewer;

pub use account::{Account, AccountSummary};
pub use mount::{Mount, replace_mount_path};
pub use run::{NewRun, NewTrial, RunRecord};
pub use trial::{ActiveTrial, StateChange, TrialKey, TrialRecord, TrialState};
pub use viewer::Viewer;
