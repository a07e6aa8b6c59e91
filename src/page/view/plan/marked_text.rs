//! A text box over a sheet that underlines what is wrong.

use leptos::ev;
use leptos::prelude::*;

use super::super::undo::{OURS, Typing};
use super::marks::{self, Mark};
use crate::page::state::{Field, State, problems_to_show};
use crate::sweep::{Origin, Reading, Severity, Span};

/// A box of many lines whose problems are underlined.
#[component]
pub(super) fn MarkedText(
    /// Whose edits are steps of the history.
    field: Field,
    /// The accessible name.
    label: &'static str,
    /// The id of what describes it.
    describedby: &'static str,
    #[prop(into)] placeholder: Signal<String>,
    #[prop(into)] text: Signal<String>,
    /// What is wrong in the text.
    #[prop(into)]
    problems: Signal<Vec<(Span, Severity)>>,
    /// Called with the text as it is typed.
    on_input: Callback<String>,
) -> impl IntoView {
    let draft = State::get().draft;
    let typing = Typing::new(field);
    let type_in = move |event: ev::Event| {
        draft.note_edit(typing.edit(&event));
        on_input.run(event_target_value(&event));
    };
    let sheet = move || problems.with(|problems| text.with(|text| marks::marks(text, problems)));
    let wrong = move || problems.with(|all| all.iter().any(|(_, s)| *s == Severity::Error));
    view! {
        <div class="editor">
            <div class="editor-sheet">
                // As tall as its text, so the box above it grows with it, without measuring.
                <pre class="editor-marks" aria-hidden="true">
                    {move || sheet().into_iter().map(mark).collect_view()}
                    "\u{200b}"
                </pre>
                <textarea
                    id=field.id()
                    class="editor-text"
                    aria-label=label
                    aria-describedby=describedby
                    aria-invalid=move || wrong().then_some("true")
                    rows="1"
                    spellcheck="false"
                    data-undo=OURS
                    autocapitalize="off"
                    autocomplete="off"
                    placeholder=move || placeholder.get()
                    prop:value=move || text.get()
                    on:beforeinput=move |_| typing.begin()
                    on:input=type_in
                />
            </div>
        </div>
    }
}

/// Where problems of one of the two texts are, for its sheet.
pub(super) fn places(reading: &Reading, origin: Origin) -> Vec<(Span, Severity)> {
    problems_to_show(reading)
        .filter(|problem| problem.origin == origin)
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
