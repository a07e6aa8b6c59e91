//! The status of a trial or run: a word with a coloured dot.

use leptos::prelude::*;

use crate::api::{ExperimentState, RunState, RunStatus};

/// The word for a trial's state, and the CSS class of its dot. The words are the app's own; the
/// API's enum has Grid's, where a stopped trial is `CANCELLED` and a held one `PAUSED`.
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

/// The word for a run's state, and the CSS class of its dot. A run counts as held when all of its
/// trials that have not ended are held.
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

pub(super) fn badge((word, colour): (&'static str, &'static str)) -> AnyView {
    view! {
        <span class="status">
            <span class=["dot ", colour].concat()></span>
            {word}
        </span>
    }
    .into_any()
}
