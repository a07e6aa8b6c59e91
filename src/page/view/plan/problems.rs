//! The list of what is wrong with the command, or may not be meant.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlTextAreaElement;

use super::super::icon::{ERROR, WARNING, icon};
use super::super::words::words;
use super::editor::COMMAND;
use super::marks;
use crate::page::state::{Draft, State};
use crate::sweep::{Diagnostic, Severity, Span};

/// Problems shown at once; a text of a thousand mistakes is mended from the top.
const SHOWN: usize = 50;

#[component]
pub(super) fn Problems() -> impl IntoView {
    let draft = State::get().draft;
    let problems = Memo::new(move |_| draft.reading.with(|reading| reading.diagnostics.clone()));
    move || {
        let problems = problems.get();
        (!problems.is_empty()).then(|| {
            let more = problems.len().saturating_sub(SHOWN);
            view! {
                <ul class="problems" role="list" aria-label="Problems">
                    {problems.into_iter().take(SHOWN).map(|p| problem(draft, p)).collect_view()}
                    {(more > 0).then(|| view! { <li class="problem">{["and ", &more.to_string(), " more"].concat()}</li> })}
                </ul>
            }
        })
    }
}

fn problem(draft: Draft, problem: Diagnostic) -> AnyView {
    let (class, word, path) = match problem.severity() {
        Severity::Error => ("problem error", "Error: ", ERROR),
        Severity::Warning => ("problem warning", "Warning: ", WARNING),
    };
    let quote = draft
        .text
        .with_untracked(|text| marks::quote(text, problem.span));
    let place = ["line ", &quote.line.to_string()].concat();
    let span = problem.span;
    let fix = draft
        .text
        .with_untracked(|text| problem.fix(text))
        .map(|fix| {
            let label = fix.label.clone();
            let mend = move |_| {
                draft.text.update(|text| *text = fix.apply(text));
                crate::page::browser::focus(COMMAND);
            };
            view! { <button type="button" class="button small fix" on:click=mend>{label}</button> }
        });
    view! {
        <li class=class>
            {icon(path)}
            <div class="problem-words">
                <button type="button" class="problem-place" on:click=move |_| select(draft, span)>
                    <span class="problem-message">
                        <span class="hidden-visually">{word}</span>
                        {words(&problem.to_string())}
                    </span>
                    <code class="quote">
                        {quote.before}<span class="quote-place">{quote.place}</span>{quote.after}
                        <span class="quote-line">{place}</span>
                    </code>
                </button>
                {problem.help().map(|help| view! { <p class="problem-help">{words(&help)}</p> })}
            </div>
            {fix}
        </li>
    }
    .into_any()
}

/// Puts the focus into the Command box and the selection on the place.
fn select(draft: Draft, span: Span) {
    let element = document().get_element_by_id(COMMAND);
    let Some(area) = element.and_then(|element| element.dyn_into::<HtmlTextAreaElement>().ok())
    else {
        return;
    };
    let (start, end) = draft.text.with_untracked(|text| span.to_utf16(text));
    // A browser without a layout (tests) may refuse both; the problem is still told.
    let _ = area.focus();
    let _ = area.set_selection_range(start, end);
}
