//! The state of a trial or run as a coloured word.

use leptos::prelude::*;

use crate::api::{ExperimentState, RunState, RunStatus};

/// The word and colour of a trial's state (DESIGN: Words).
pub(super) fn of_trial(state: ExperimentState) -> (&'static str, &'static str) {
    match state {
        ExperimentState::Unspecified | ExperimentState::Pending | ExperimentState::Queued => {
            ("queued", "off")
        }
        ExperimentState::ImageBuilding => ("starting", "busy"),
        ExperimentState::Running => ("running", "busy"),
        ExperimentState::Succeeded => ("completed", "good"),
        ExperimentState::Failed => ("failed", "bad"),
        ExperimentState::Cancelled => ("stopped", "still"),
        ExperimentState::Paused => ("held", "warn"),
        ExperimentState::Deleted => ("deleted", "still"),
    }
}

/// The word and colour of a run's state. A run is held when all that is left of it is.
pub(super) fn of_run(status: &RunStatus) -> (&'static str, &'static str) {
    let counts = status.experiment_counts;
    let held = status.held > 0 && status.held == counts.pending && counts.running == 0;
    match status.phase {
        RunState::Pending | RunState::Running if held => ("held", "warn"),
        RunState::Unspecified | RunState::Building | RunState::Pending => ("queued", "off"),
        RunState::Running => ("running", "busy"),
        RunState::Succeeded => ("completed", "good"),
        RunState::Failed => ("failed", "bad"),
        RunState::Canceled => ("stopped", "still"),
        RunState::Deleted => ("deleted", "still"),
    }
}

/// A dot and the word.
pub(super) fn badge((word, colour): (&'static str, &'static str)) -> AnyView {
    view! {
        <span class="status">
            <span class=["dot ", colour].concat()></span>
            {word}
        </span>
    }
    .into_any()
}
