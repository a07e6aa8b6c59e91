//! The empty state of Runs and Results: why there is nothing to show, and what to do.

use leptos::prelude::*;

use crate::page::state::{State, Status, Tab};
use crate::page::text;

/// The card that explains why there are no runs; `None` if there are some.
pub(super) fn instead(state: State) -> Option<AnyView> {
    let server = state.server;
    let connect = move || {
        view! {
            <button type="button" class="button primary" on:click=move |_| server.dialog.set(true)>
                "Connect to a server"
            </button>
        }
        .into_any()
    };
    let plan = move || {
        view! {
            <button type="button" class="button" on:click=move |_| state.tab.set(Tab::Plan)>
                "Plan a sweep"
            </button>
        }
        .into_any()
    };
    let failed = state
        .runs
        .failure
        .get()
        .map(|failure| text::failure(&failure));
    let read = state
        .runs
        .list
        .with(|list| list.as_ref().map(Vec::is_empty));
    match (server.status.get(), read) {
        (Status::Asking, _) => Some(empty("Looking for the server…", "", None)),
        (Status::SignedOut, _) => Some(empty(
            "Sign in to see your runs",
            "Open the address that `sweep serve` prints, or enter your user and API key.",
            Some(connect()),
        )),
        (Status::Absent, _) => Some(empty(
            "No server connected",
            "You can plan without one. To launch trials and watch them, start `sweep serve` and open the address it prints, or connect to one.",
            Some(connect()),
        )),
        (Status::Connected(_), None) => match failed {
            Some(reason) => Some(empty(
                "The runs could not be read",
                &reason,
                Some(connect()),
            )),
            None => Some(empty("Reading the runs…", "", None)),
        },
        (Status::Connected(_), Some(true)) => Some(empty(
            "Nothing launched yet",
            "Runs appear here as soon as you launch a plan, with every trial's state, output, metrics and cost.",
            Some(plan()),
        )),
        (Status::Connected(_), Some(false)) => None,
    }
}

fn empty(title: &str, words: &str, button: Option<AnyView>) -> AnyView {
    view! {
        <div class="card">
            <div class="empty">
                <p class="empty-title">{title.to_owned()}</p>
                <p>{super::words::words(words)}</p>
                {button.map(|button| view! { <div class="empty-action">{button}</div> })}
            </div>
        </div>
    }
    .into_any()
}
