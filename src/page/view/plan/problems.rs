//! The list of what is wrong with the command, or may not be meant.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlTextAreaElement;

use super::super::icon::{ERROR, OFFER, WARNING, icon};
use super::super::words::words;
use super::config_file::CONFIG;
use super::editor::COMMAND;
use super::marks;
use crate::page::browser;
use crate::page::state::{Draft, State};
use crate::sweep::{Diagnostic, Fix, Origin, Severity};

/// Problems shown at once; a text of a thousand mistakes is mended from the top.
const SHOWN: usize = 50;

#[component]
pub(super) fn Problems() -> impl IntoView {
    let draft = State::get().draft;
    let problems = Memo::new(move |_| {
        draft
            .reading
            .with(|reading| reading.all_diagnostics().cloned().collect::<Vec<_>>())
    });
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
    let (span, origin) = (problem.span, problem.origin);
    let (quote, fix) =
        untrack(|| draft.with_origin(origin, |text| (marks::quote(text, span), problem.fix(text))));
    let (text, id) = match origin {
        Origin::Command => ("line ", COMMAND),
        Origin::Config => ("config file, line ", CONFIG),
    };
    let place = [text, &quote.line.to_string()].concat();
    let fix = fix.map(|fix| {
        let label = fix.label.clone();
        let mend = move |_| {
            draft.mend(origin, &fix);
            browser::focus(id);
        };
        view! { <button type="button" class="button small fix" on:click=mend>{label}</button> }
    });
    let select = move |_| {
        let place = untrack(|| draft.with_origin(origin, |text| span.to_utf16(text)));
        select(id, place);
    };
    view! {
        <li class=class>
            {icon(path)}
            <div class="problem-words">
                <button type="button" class="problem-place" on:click=select>
                    <span class="problem-message">
                        <span class="hidden-visually">{word}</span>
                        {words(&problem.to_string())}
                    </span>
                    <code class="quote">
                        <span class="quote-text">
                            {quote.before}<span class="quote-place">{quote.place}</span>{quote.after}
                        </span>
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

/// Puts the focus into a text box and the selection on a place of it, in UTF-16 units.
fn select(id: &str, (start, end): (u32, u32)) {
    let element = document().get_element_by_id(id);
    let Some(area) = element.and_then(|element| element.dyn_into::<HtmlTextAreaElement>().ok())
    else {
        return;
    };
    // A browser without a layout (tests) may refuse both; the problem is still told.
    let _ = area.focus();
    let _ = area.set_selection_range(start, end);
}

/// Several commands that one would stand for: says so, and writes that one.
#[component]
pub(super) fn Offer() -> impl IntoView {
    let draft = State::get().draft;
    let offer = move |fix: Fix| {
        let commands = draft.reading.with(|reading| reading.commands.len());
        let short = draft.text.with_untracked(|text| fix.apply(text));
        let label = fix.label.clone();
        // The text behind the commands may have changed since.
        let write = move |_| {
            draft.replace(draft.text.with_untracked(|text| fix.apply(text)));
            browser::focus(COMMAND);
        };
        view! {
            <div class="problem offer" role="note">
                {icon(OFFER)}
                <div class="problem-words">
                    <p class="problem-message">{["These ", &commands.to_string(), " commands are one sweep."].concat()}</p>
                    <code class="quote"><span class="quote-text">{short}</span></code>
                </div>
                <button type="button" class="button small fix" on:click=write>{label}</button>
            </div>
        }
    };
    move || draft.shortcut.get().map(offer)
}
