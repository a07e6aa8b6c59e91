//! The Command box, a summary of its text, and the examples to start from.

use leptos::ev;
use leptos::prelude::*;

use super::super::icon::{BOOK, LINK, icon};
use super::super::undo::{self, UndoButtons};
use super::config_file::AddConfig;
use super::marked_text::{MarkedText, places};
use super::problems::ShowAll;
use crate::page::format::{counted, grouped};
use crate::page::state::{Field, State, problems_to_show};
use crate::page::{browser, text};
use crate::sweep::{Origin, Reading, Severity};

#[component]
pub(super) fn Editor(
    /// Whether the reference is to be open.
    reference: RwSignal<bool>,
    /// Whether the panel of problems is as high as its content, not of fixed height.
    findings: RwSignal<bool>,
) -> impl IntoView {
    let draft = State::get().draft;
    let problems = Memo::new(move |_| draft.reading.with(|r| places(r, Origin::Command)));
    view! {
        <header class="card-head">
            <h2 id="command-title">"Command"</h2>
            <div class="card-tools">
                <UndoButtons />
                <button type="button" class="ghost small" on:click=move |_| reference.set(true)>
                    {icon(BOOK)}
                    "Reference"
                </button>
                <Examples />
            </div>
        </header>
        <MarkedText
            field=Field::Command
            label="Command"
            describedby="command-status"
            placeholder=Signal::stored("grid run script.py --batch_size \"[8, 16, 32]\"".to_owned())
            text=draft.text
            problems=problems
            on_input=Callback::new(move |typed| {
                draft.notice.set(None);
                draft.text.set(typed);
            })
        />
        <Foot findings=findings />
    }
}

/// The foot of the Command box: a summary of its text, and buttons.
#[component]
fn Foot(findings: RwSignal<bool>) -> impl IntoView {
    let draft = State::get().draft;
    let copied = RwSignal::new(false);
    let share = move |_| {
        leptos::task::spawn_local(async move {
            let link = draft.link();
            copied.set(browser::copy(&link).await);
            browser::sleep(1600).await;
            copied.set(false);
        });
    };
    view! {
        <footer class="editor-foot">
            <p id="command-status" role="status" class="command-status num">
                {move || if draft.in_view.is_blank.get() { "No command yet".to_owned() } else { draft.reading.with(summary) }}
            </p>
            <ShowAll open=findings />
            <div class="card-tools">
                <AddConfig />
                <button type="button" class="ghost small" on:click=share>
                    {icon(LINK)}
                    {move || if copied.get() { "Link copied" } else { "Copy link" }}
                </button>
            </div>
        </footer>
    }
}

/// Summarises the text: `4 trials = 2 × 2`, `18 trials of 3 commands`, `1 error, 2 warnings`.
fn summary(reading: &Reading) -> String {
    let (errors, warnings): (Vec<_>, Vec<_>) =
        problems_to_show(reading).partition(|d| d.severity() == Severity::Error);
    if !errors.is_empty() {
        let mut words = counted(errors.len() as u128, "error");
        if !warnings.is_empty() {
            words.push_str(", ");
            words.push_str(&counted(warnings.len() as u128, "warning"));
        }
        return words;
    }
    let plan = &reading.plan;
    let mut words = counted(plan.len(), "trial");
    match plan.parts() {
        [part] if part.axes().len() > 1 => {
            let lengths: Vec<_> = part.axes().iter().map(|axis| grouped(axis.len())).collect();
            if part.len() == part.space_len() {
                words.push_str(" = ");
            } else {
                words.push_str(" of ");
            }
            words.push_str(&lengths.join(" × "));
        }
        [part] if part.len() < part.space_len() => {
            words.push_str(" of ");
            words.push_str(&grouped(part.space_len()));
        }
        [_] | [] => {}
        parts => {
            words.push_str(" of ");
            words.push_str(&counted(parts.len() as u128, "command"));
        }
    }
    words
}

/// A box to choose an example from.
#[component]
fn Examples() -> impl IntoView {
    let draft = State::get().draft;
    let choose = move |event: ev::Event| {
        let chosen = event_target_value(&event).parse::<usize>().ok();
        if let Some((_, example)) = chosen.and_then(|place| text::EXAMPLES.get(place)) {
            let end = draft.begin_with(example);
            undo::place(draft, end, true);
        }
        event_target::<web_sys::HtmlSelectElement>(&event).set_selected_index(0);
    };
    view! {
        <select class="ghost small select-ghost" aria-label="Examples" on:change=choose>
            <option value="">"Examples"</option>
            {(0..)
                .zip(text::EXAMPLES)
                .map(|(place, (name, _)): (u32, _)| view! { <option value=place.to_string()>{*name}</option> })
                .collect_view()}
        </select>
    }
}
