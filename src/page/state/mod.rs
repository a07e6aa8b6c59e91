//! The app's state: a few writable signals, and memos for everything that follows from them.

mod character_names;
mod control_values;
mod displayed_plan;
mod draft;
mod edit;
mod event_clock;
mod finished;
mod fit;
mod history;
mod launch;
mod launch_bounds;
pub(crate) mod link;
mod live_events;
mod machine_comparison;
mod persistence;
mod pilot;
mod plan_history;
mod price_list;
mod refined_estimate;
mod run_changes;
mod run_trials;
mod runs;
mod selection;
mod server;
mod slices;

pub(crate) use control_values::ControlValues;
pub(crate) use displayed_plan::problems_to_show;
pub(crate) use draft::Draft;
pub(crate) use finished::FinishedCounts;
pub(crate) use fit::{Fit, FitOutcome};
pub(crate) use history::{Caret, Edit, EditKind, PlanField};
pub(crate) use launch::{Launch, Phase};
use leptos::prelude::*;
pub(crate) use machine_comparison::MachineComparison;
pub(crate) use pilot::{Pilot, PilotPhase, PilotState, RestEstimate};
pub(crate) use run_trials::RunTrials;
pub(crate) use runs::Runs;
pub(crate) use server::{ConnectionStatus, Server};

/// The tabs of the app.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tab {
    /// The command, its trials and their price.
    #[default]
    Plan,
    /// What was launched, as it runs.
    Runs,
    /// What came of it.
    Results,
}

impl Tab {
    /// From left to right.
    pub(crate) const ALL: [Tab; 3] = [Tab::Plan, Tab::Runs, Tab::Results];

    /// The tab's label; `tab-` and `panel-` before it are the ids of its button and its panel.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Tab::Plan => "Plan",
            Tab::Runs => "Runs",
            Tab::Results => "Results",
        }
    }
}

/// All state, created once; a component takes the part it needs.
#[derive(Clone, Copy)]
pub(crate) struct State {
    /// The tab in view.
    pub(crate) tab: RwSignal<Tab>,
    /// The plan being written.
    pub(crate) draft: Draft,
    /// The server, if there is one.
    pub(crate) server: Server,
    /// What was launched.
    pub(crate) runs: Runs,
    pub(crate) launch: Launch,
    /// The plan on other machines.
    pub(crate) machines: MachineComparison,
    /// What fits a budget or a deadline.
    pub(crate) fit: Fit,
    /// What ran first of the plan.
    pub(crate) pilot: Pilot,
}

impl State {
    /// Loads the plan of the address, else the last one, else the example, and connects to the server.
    pub(crate) fn open() -> State {
        let server = Server::new();
        let draft = Draft::new(persistence::load_plan(), server);
        let (runs, launch) = (Runs::new(server), Launch::new());
        persistence::persist_changes(draft);
        character_names::fetch_when_needed(draft, runs);
        let tab = RwSignal::new(Tab::Plan);
        finished::fetch_when_needed(draft, server, runs, tab);
        server.connect();
        State {
            tab,
            draft,
            server,
            runs,
            launch,
            machines: MachineComparison::of(draft),
            fit: Fit::of(draft),
            pilot: Pilot::of(draft, runs, server),
        }
    }

    /// The state, from Leptos's context. Panics outside of `App`.
    pub(crate) fn get() -> State {
        expect_context()
    }
}
