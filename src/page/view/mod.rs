//! The components of the app: a folder for each tab, and what they share.

mod clock;
mod connection;
mod empty_state;
mod field;
mod header;
mod icon;
mod modal;
mod plan;
mod rest_estimate;
mod results;
mod rich_text;
mod runs;
mod status;
mod stop;
mod undo;

use leptos::prelude::*;

use super::state::{State, Tab};
use connection::Connection;
use header::Header;
use plan::PlanView;
use results::ResultsView;
use runs::RunsView;

/// The root component.
#[component]
pub(super) fn App() -> impl IntoView {
    let state = State::open();
    provide_context(state);
    undo::listen_for_undo(state);
    view! {
        <Header />
        <main>
            <Panel tab=Tab::Plan>{view! { <PlanView /> }.into_any()}</Panel>
            <Panel tab=Tab::Runs>
                {move || (state.tab.get() == Tab::Runs).then(|| view! { <RunsView /> }.into_any())}
            </Panel>
            <Panel tab=Tab::Results>
                {move || (state.tab.get() == Tab::Results).then(|| view! { <ResultsView /> }.into_any())}
            </Panel>
        </main>
        <Connection />
    }
}

/// The panel of a tab. It stays in the document while another tab is shown, only hidden, so that the
/// Plan tab keeps its scroll positions.
#[component]
fn Panel(tab: Tab, children: Children) -> impl IntoView {
    let state = State::get();
    view! {
        <div
            role="tabpanel"
            class="panel"
            id=["panel-", tab.name()].concat()
            aria-labelledby=["tab-", tab.name()].concat()
            hidden=move || state.tab.get() != tab
        >
            {children()}
        </div>
    }
}
