//! What the chosen trials of a plan will cost and how long they will take.

mod run_time;
mod seconds;

pub use run_time::{RunTime, parse_run_time};
pub use seconds::Seconds;
