//! The Plan tab: command, problems, controls, trials, estimate.

mod config_file;
mod controls;
mod editor;
mod estimate;
mod grid;
mod launch;
mod machines;
mod marked_text;
mod marks;
mod problems;
mod reference;

use leptos::prelude::*;

use crate::page::state::State;
use config_file::{ConfigFile, accept_drop, allow_drop};
use controls::Controls;
use editor::Editor;
use estimate::EstimatePanel;
use grid::TrialGrid;
use problems::{Offer, Problems};

#[component]
pub(super) fn PlanView() -> impl IntoView {
    let draft = State::get().draft;
    view! {
        <div class="plan">
            <div class="plan-main">
                <section
                    class="card command-card"
                    aria-labelledby="command-title"
                    on:dragover=allow_drop
                    on:drop=accept_drop(draft)
                >
                    <Editor />
                    <ConfigFile />
                    <p class="form-problem" role="alert">{move || draft.notice.get()}</p>
                    <Problems />
                    <Offer />
                </section>
                {view! { <Controls /> }.into_any()}
                {view! { <TrialGrid /> }.into_any()}
            </div>
            <div class="plan-side">{view! { <EstimatePanel /> }.into_any()}</div>
        </div>
    }
}
