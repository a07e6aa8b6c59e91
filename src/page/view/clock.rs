//! The time of what is running, updated every second.

use std::time::Duration;

use leptos::prelude::*;

use crate::api::{Timestamp, TrialRow};
use crate::page::state::Server;

/// The server's time, updated every second until the component that called this is removed.
pub(super) fn clock(server: Server) -> RwSignal<Timestamp> {
    let now = RwSignal::new(untrack(|| server.now()));
    let tick = move || now.set(untrack(|| server.now()));
    if let Ok(handle) = set_interval_with_handle(tick, Duration::from_secs(1)) {
        on_cleanup(move || handle.clear());
    }
    now
}

/// Seconds from start to end, or to `now` if there is no end yet; `None` before the start.
pub(super) fn elapsed(
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    now: Timestamp,
) -> Option<f64> {
    Some(end.unwrap_or(now).seconds_since(start?).max(0.0))
}

/// The run time of a trial so far, in seconds.
pub(super) fn run_time(row: &TrialRow, now: Timestamp) -> Option<f64> {
    elapsed(row.start_timestamp, row.finish_timestamp, now)
}
