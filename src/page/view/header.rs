//! The head of the app: its name, the tabs and the state of the connection.

use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use crate::page::browser;
use crate::page::state::{State, Status, Tab};

#[component]
pub(super) fn Header() -> impl IntoView {
    view! {
        <header class="top">
            <div class="top-inner">
                <h1 class="brand">
                    <svg class="logo" viewBox="0 0 32 32" aria-hidden="true">
                        <rect width="32" height="32" rx="8" />
                        <path d="M9 23h.01M16 16h.01M23 9h.01" />
                        <path class="faint" d="M16 23h.01M9 16h.01M23 16h.01M16 9h.01" />
                        <path class="fainter" d="M23 23h.01M9 9h.01" />
                    </svg>
                    "Sweep Planner"
                </h1>
                <Tabs />
                <ConnectionState />
            </div>
        </header>
    }
}

#[component]
fn Tabs() -> impl IntoView {
    let state = State::get();
    let keys = move |event: KeyboardEvent| {
        let place = Tab::ALL
            .iter()
            .position(|tab| *tab == state.tab.get())
            .unwrap_or(0);
        let last = Tab::ALL.len() - 1;
        let next = match event.key().as_str() {
            "ArrowLeft" => place.checked_sub(1).unwrap_or(last),
            "ArrowRight" => (place + 1) % Tab::ALL.len(),
            "Home" => 0,
            "End" => last,
            _ => return,
        };
        event.prevent_default();
        state.tab.set(Tab::ALL[next]);
        browser::focus(&["tab-", Tab::ALL[next].name()].concat());
    };
    let tab = move |tab: Tab| {
        let chosen = move || state.tab.get() == tab;
        view! {
            <button
                type="button"
                role="tab"
                class="tab"
                id=["tab-", tab.name()].concat()
                aria-controls=["panel-", tab.name()].concat()
                aria-selected=move || chosen().to_string()
                tabindex=move || if chosen() { "0" } else { "-1" }
                on:click=move |_| state.tab.set(tab)
            >
                {tab.name()}
            </button>
        }
    };
    view! {
        <div class="tabs" role="tablist" aria-label="Views" on:keydown=keys>
            {Tab::ALL.map(tab).collect_view()}
        </div>
    }
}

/// A button with the state of the connection; it opens the Connection dialog.
#[component]
fn ConnectionState() -> impl IntoView {
    let server = State::get().server;
    let words = move || {
        server.status.with(|status| match status {
            Status::Asking => ("asking", "Connecting…".to_owned()),
            Status::Connected(session) => ("good", session.user.username.clone()),
            Status::SignedOut => ("warn", "Sign in".to_owned()),
            Status::Absent => ("off", "Planning only".to_owned()),
        })
    };
    let help = move || {
        server.status.with(|status| match status {
            Status::Asking => "Looking for a server",
            Status::Connected(_) => "Connected to a server. Change the connection",
            Status::SignedOut => "There is a server, but you are not signed in",
            Status::Absent => "No server found. Connect to one",
        })
    };
    view! {
        <button
            type="button"
            class="connection-state"
            title=help
            on:click=move |_| server.dialog.set(true)
        >
            <span class=move || ["dot ", words().0].concat()></span>
            <span class="connection-word">{move || words().1}</span>
        </button>
    }
}
