//! Plain records, without SQL, files or HTTP: what the rooms above hand to each other.

mod account;

mod run;

mod trial;

mod estimate;

mod public_url;

pub mod metric;

mod mount;

pub mod price;

pub mod names;

mod viewer;

pub use account::{Account, AccountSummary};
pub use estimate::{BudgetRecord, KeptFigures, LaunchEstimate, NewBudget, RunningSince, StateSums};
pub use mount::{Mount, replace_mount_path};
pub use public_url::{PublicUrl, PublicUrlError};
pub use run::{NewRun, NewTrials, PILOT_MESSAGE, RunRecord};
pub use trial::{ActiveTrial, StateChange, TrialKey, TrialRecord, TrialState};
pub use viewer::Viewer;
