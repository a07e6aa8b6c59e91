//! Environment variables and the Python of the trials: settings for which `grid run` has no options.

use leptos::ev;
use leptos::prelude::*;

use super::super::super::undo::{PLAN_HISTORY, TypingTracker};
use super::super::marked_text::MarkedText;
use crate::launch::check_python;
use crate::page::state::{PlanField, State};
use crate::sweep::Severity;

#[component]
pub(super) fn EnvironmentField() -> impl IntoView {
    let draft = State::get().draft;
    let typed = draft.typed_environment;
    let marks = Memo::new(move |_| {
        typed.with(|typed| {
            let problems = typed.problems.iter();
            problems
                .map(|(span, problem)| (*span, problem.severity()))
                .collect::<Vec<_>>()
        })
    });
    let wrong = move || marks.with(|all| all.iter().any(|(_, s)| *s == Severity::Error));
    // The worst of all, with its line: errors before doubts, then the first.
    let problem = move || {
        typed.with(|typed| {
            let worst = typed.problems.iter().min_by_key(|(_, p)| p.severity())?;
            let start = worst.0.start as usize;
            let text = draft.environment.get();
            let line = text.get(..start)?.matches('\n').count() + 1;
            Some(["line ", &line.to_string(), ": ", &worst.1.to_string()].concat())
        })
    };
    let hint =
        move || problem().unwrap_or_else(|| "a line each; a copied link has them".to_owned());
    view! {
        <div class="field span-3" class:wrong=wrong>
            <label for=PlanField::Environment.id()>"Environment"</label>
            <MarkedText
                field=PlanField::Environment
                label="Environment"
                describedby="environment-hint"
                placeholder=Signal::stored("NAME=value".to_owned())
                text=draft.environment
                problems=marks
                on_input=Callback::new(move |text| draft.environment.set(text))
            />
            <p class="hint" id="environment-hint">{hint}</p>
        </div>
    }
}

#[component]
pub(super) fn PythonField() -> impl IntoView {
    let draft = State::get().draft;
    let problem = move || draft.python.with(|text| check_python(text));
    let typing = TypingTracker::new(PlanField::Python);
    let type_in = move |event: ev::Event| {
        draft.note_edit(typing.take_edit(&event));
        draft.python.set(event_target_value(&event));
    };
    let hint = move || match problem() {
        Some(problem) => problem,
        None if draft.python.with(|text| text.trim().is_empty()) => {
            "the source's .venv, else python3"
        }
        None => "on the server, or in the source",
    };
    view! {
        <div class="field" class:wrong=move || problem().is_some()>
            <label for=PlanField::Python.id()>"Python"</label>
            <input
                id=PlanField::Python.id()
                class="input"
                type="text"
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                placeholder="/path/to/venv/bin/python3"
                aria-describedby="python-hint"
                aria-invalid=move || problem().map(|_| "true")
                data-undo=PLAN_HISTORY
                prop:value=move || draft.python.get()
                on:beforeinput=move |_| typing.before_input()
                on:input=type_in
            />
            <p class="hint" id="python-hint">{hint}</p>
        </div>
    }
}
