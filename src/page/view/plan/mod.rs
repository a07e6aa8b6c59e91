//! The Plan tab: command, problems, controls, trials, estimate.

mod config_file;
mod controls;
mod editor;
mod estimate;
mod files;
mod fit;
mod grid;
mod launch;
mod launch_dialog;
mod machine_picker;
mod machine_table;
mod machines;
mod marked_text;
mod marks;
mod parallel_curve;
mod parallel_table;
mod pilot;
mod problems;
mod reference;

use leptos::prelude::*;

use crate::page::state::State;
use config_file::ConfigFile;
use controls::Controls;
use editor::Editor;
use estimate::EstimatePanel;
use files::{accept_drop, allow_drop};
use grid::TrialGrid;
use launch_dialog::LaunchDialog;
use problems::ProblemPanel;
use reference::Reference;

#[component]
pub(super) fn PlanView() -> impl IntoView {
    let draft = State::get().draft;
    let (reference, findings) = (RwSignal::new(false), RwSignal::new(false));
    view! {
        <div class="plan">
            <div class="plan-main">
                <section
                    class="card command-card"
                    aria-labelledby="command-title"
                    on:dragover=allow_drop
                    on:drop=accept_drop(draft)
                >
                    <Editor reference=reference findings=findings />
                    <ConfigFile />
                    <ProblemPanel open=findings />
                </section>
                {view! { <Controls /> }.into_any()}
                {view! { <TrialGrid /> }.into_any()}
            </div>
            <Reference open=reference />
            {view! { <LaunchDialog /> }.into_any()}
            <div class="plan-side">{view! { <EstimatePanel /> }.into_any()}</div>
        </div>
    }
}
