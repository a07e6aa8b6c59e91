//! The Plan tab: command, problems, controls, trials, estimate.

mod controls;
mod editor;
mod estimate;
mod grid;
mod launch;
mod machines;
mod marks;
mod problems;

use leptos::prelude::*;

use controls::Controls;
use editor::Editor;
use estimate::EstimatePanel;
use grid::TrialGrid;
use problems::Problems;

#[component]
pub(super) fn PlanView() -> impl IntoView {
    view! {
        <div class="plan">
            <div class="plan-main">
                <section class="card command-card" aria-labelledby="command-title">
                    <Editor />
                    <Problems />
                </section>
                {view! { <Controls /> }.into_any()}
                {view! { <TrialGrid /> }.into_any()}
            </div>
            <div class="plan-side">{view! { <EstimatePanel /> }.into_any()}</div>
        </div>
    }
}
