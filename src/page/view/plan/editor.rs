//! The Command box: a text box over a sheet that underlines what is wrong.

use leptos::prelude::*;
use leptos::{ev, html};

use super::marks::{self, Mark};
use crate::page::format::{counted, grouped};
use crate::page::state::State;
use crate::page::{browser, text};
use crate::sweep::{Reading, Severity, Span};

/// The id of the text box, for those that send the focus there.
pub(super) const COMMAND: &str = "command";

#[component]
pub(super) fn Editor() -> impl IntoView {
    let draft = State::get().draft;
    let input = NodeRef::<html::Textarea>::new();
    let sheet = move || {
        draft.text.with(|text| {
            draft
                .reading
                .with(|reading| marks::marks(text, &places(reading)))
        })
    };
    let wrong = move || draft.reading.with(Reading::has_errors);
    view! {
        <header class="card-head">
            <h2 id="command-title">"Command"</h2>
            <Examples />
        </header>
        <div class="editor">
            <div class="editor-sheet">
                // As tall as its text, so the box above it grows with it, without measuring.
                <pre class="editor-marks" aria-hidden="true">
                    {move || sheet().into_iter().map(mark).collect_view()}
                    "\u{200b}"
                </pre>
                <textarea
                    id=COMMAND
                    class="editor-text"
                    aria-label="Command"
                    aria-describedby="command-status"
                    aria-invalid=move || wrong().then_some("true")
                    node_ref=input
                    rows="1"
                    spellcheck="false"
                    autocapitalize="off"
                    autocomplete="off"
                    placeholder="grid run script.py --batch_size \"[8, 16, 32]\""
                    prop:value=move || draft.text.get()
                    on:input=move |event: ev::Event| draft.text.set(event_target_value(&event))
                />
            </div>
        </div>
        <Foot />
    }
}

fn places(reading: &Reading) -> Vec<(Span, Severity)> {
    reading
        .diagnostics
        .iter()
        .map(|problem| (problem.span, problem.severity()))
        .collect()
}

fn mark(mark: Mark) -> AnyView {
    match mark.severity {
        None => mark.text.into_any(),
        Some(Severity::Error) => view! { <span class="mark-error">{mark.text}</span> }.into_any(),
        Some(Severity::Warning) => {
            view! { <span class="mark-warning">{mark.text}</span> }.into_any()
        }
    }
}

/// What the text stands for, in a few words, and the ways to share it.
#[component]
fn Foot() -> impl IntoView {
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
                {move || draft.reading.with(summary)}
            </p>
            <button type="button" class="ghost small" on:click=share>
                {super::super::icon::icon(super::super::icon::LINK)}
                {move || if copied.get() { "Link copied" } else { "Copy link" }}
            </button>
        </footer>
    }
}

/// `4 trials: 2 × 2`, `18 trials of 3 commands`, `1 error`.
fn summary(reading: &Reading) -> String {
    let errors = reading
        .diagnostics
        .iter()
        .filter(|d| d.severity() == Severity::Error)
        .count();
    if errors > 0 {
        return counted(errors as u128, "error");
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

/// Commands to start from. What they replace can be had back.
#[component]
fn Examples() -> impl IntoView {
    let draft = State::get().draft;
    let before = RwSignal::new(None::<String>);
    let choose = move |event: ev::Event| {
        let chosen = event_target_value(&event).parse::<usize>().ok();
        if let Some((_, example)) = chosen.and_then(|place| text::EXAMPLES.get(place)) {
            let old = draft.text.get_untracked();
            let shipped = text::EXAMPLES.iter().any(|(_, example)| *example == old);
            before.set((!shipped && !old.trim().is_empty()).then_some(old));
            draft.text.set((*example).to_owned());
            browser::focus(COMMAND);
        }
        event_target::<web_sys::HtmlSelectElement>(&event).set_selected_index(0);
    };
    let restore = move |_| {
        if let Some(old) = before.get_untracked() {
            draft.text.set(old);
            before.set(None);
            browser::focus(COMMAND);
        }
    };
    view! {
        <div class="card-tools">
            <button type="button" class="ghost small" hidden=move || before.get().is_none() on:click=restore>
                "Restore my command"
            </button>
            <select class="ghost small select-ghost" aria-label="Examples" on:change=choose>
                <option value="">"Examples"</option>
                {(0..)
                    .zip(text::EXAMPLES)
                    .map(|(place, (name, _)): (u32, _)| view! { <option value=place.to_string()>{*name}</option> })
                    .collect_view()}
            </select>
        </div>
    }
}
