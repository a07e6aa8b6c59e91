//! A text box whose problems are underlined: a transparent `<textarea>` over a `<pre>` of the same text,
//! which has the underlines.

use leptos::ev;
use leptos::prelude::*;

use super::super::undo::{OURS, Typing};
use super::marks::{self, Mark};
use crate::page::state::{Field, State, problems_to_show};
use crate::sweep::{Origin, Reading, Severity, Span};

/// A box of many lines whose problems are underlined.
#[component]
pub(super) fn MarkedText(
    /// The box, for the history.
    field: Field,
    /// The accessible name.
    label: &'static str,
    /// The id of the element that describes it.
    describedby: &'static str,
    #[prop(into)] placeholder: Signal<String>,
    #[prop(into)] text: Signal<String>,
    /// The spans to underline.
    #[prop(into)]
    problems: Signal<Vec<(Span, Severity)>>,
    /// Called with the whole text at each edit.
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
                // The sheet is as tall as its text, so the box over it grows without being measured.
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

/// The spans of the problems of one of the two texts.
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
