//! The Runs tab: the runs, the trials of one of them, and a trial's output, all live.

mod estimate;
mod execution;
mod list;
mod output;
mod output_text;
mod row;
mod trials;

use leptos::prelude::*;

use super::clock::server_clock;
use super::empty_state;
use crate::api::Timestamp;
use crate::page::messages;
use crate::page::state::State;
use list::RunList;
use output::OutputSheet;
use trials::TrialsOf;

/// The state that the parts of the tab share.
#[derive(Clone, Copy)]
struct RunsContext {
    state: State,
    now: RwSignal<Timestamp>,
    /// The trial whose output is shown; `None`: the sheet is closed.
    output: RwSignal<Option<OutputTarget>>,
}

/// A trial whose output is to be shown.
#[derive(Clone, Debug, PartialEq)]
struct OutputTarget {
    cluster: String,
    run: String,
    run_id: String,
    id: String,
    number: u32,
    /// Its swept arguments and their values, for the heading.
    settings: String,
}

#[component]
pub(super) fn RunsView() -> impl IntoView {
    let state = State::get();
    let watch = RunsContext {
        state,
        now: server_clock(state.server),
        output: RwSignal::new(None),
    };
    let shown = Memo::new(move |_| state.runs.open_or_newest().map(|run| run.id));
    let there = Memo::new(move |_| {
        state
            .runs
            .list
            .with(|list| list.as_ref().is_some_and(|list| !list.is_empty()))
    });
    view! {
        {move || if there.get() && state.server.is_connected() {
            view! {
                <div class="runs">
                    {view! { <ConnectionProblem state=state /> }.into_any()}
                    {view! { <RunList watch=watch /> }.into_any()}
                    {move || shown.get().map(|id| view! { <TrialsOf watch=watch id=id /> }.into_any())}
                </div>
            }.into_any()
        } else {
            empty_state::empty_state(state).into_any()
        }}
        {view! { <OutputSheet watch=watch /> }.into_any()}
    }
}

/// The message about the last request that failed, or that the stream of events is interrupted.
#[component]
fn ConnectionProblem(state: State) -> impl IntoView {
    let words = move || {
        let failure = state
            .runs
            .failure
            .with(|failure| failure.as_ref().map(messages::describe_failure));
        failure.or_else(|| (!state.runs.live.get()).then(|| messages::NOT_LIVE.to_owned()))
    };
    view! {
        <p class="trouble" role="status" hidden=move || words().is_none()>
            {move || words().map(|words| super::rich_text::rich_text(&words))}
        </p>
    }
}
