//! The empty state of Runs and Results: why there is nothing to show, and what to do.

use leptos::prelude::*;

use crate::page::messages;
use crate::page::state::{ConnectionStatus, State, Tab};

/// The card that explains why there are no runs; `None` if there are some.
pub(super) fn empty_state(state: State) -> Option<AnyView> {
    let server = state.server;
    let connect = move || {
        view! {
            <button type="button" class="button primary" on:click=move |_| server.dialog_open.set(true)>
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
        .map(|failure| messages::describe_failure(&failure));
    let read = state
        .runs
        .list
        .with(|list| list.as_ref().map(Vec::is_empty));
    match (server.status.get(), read) {
        (ConnectionStatus::Connecting, _) => Some(empty_card("Looking for the server…", "", None)),
        (ConnectionStatus::SignedOut, _) => Some(empty_card(
            "Sign in to see your runs",
            "Open the address that `sweep serve` prints, or enter your user and API key.",
            Some(connect()),
        )),
        (ConnectionStatus::Absent, _) => Some(empty_card(
            "No server connected",
            "You can plan without one. To launch trials and watch them, start `sweep serve` and open the address it prints, or connect to one.",
            Some(connect()),
        )),
        (ConnectionStatus::Connected(_), None) => match failed {
            Some(reason) => Some(empty_card(
                "The runs could not be read",
                &reason,
                Some(connect()),
            )),
            None => Some(empty_card("Reading the runs…", "", None)),
        },
        (ConnectionStatus::Connected(_), Some(true)) => Some(empty_card(
            "Nothing launched yet",
            "Runs appear here as soon as you launch a plan, with every trial's state, output, metrics and cost.",
            Some(plan()),
        )),
        (ConnectionStatus::Connected(_), Some(false)) => None,
    }
}

fn empty_card(title: &str, words: &str, button: Option<AnyView>) -> AnyView {
    view! {
        <div class="card">
            <div class="empty">
                <p class="empty-title">{title.to_owned()}</p>
                <p>{super::rich_text::rich_text(words)}</p>
                {button.map(|button| view! { <div class="empty-action">{button}</div> })}
            </div>
        </div>
    }
    .into_any()
}
