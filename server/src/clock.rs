//! The one place that asks for the time.

use std::time::{SystemTime, UNIX_EPOCH};

use sweep_planner::api::Timestamp;

/// Now, by the machine's clock.
pub fn now() -> Timestamp {
    let micros = match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_micros()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_micros()).unwrap_or(i64::MAX),
    };
    Timestamp::from_micros(micros)
}
