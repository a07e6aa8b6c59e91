//! The panel of problems: errors, warnings, and an offer of a shorter command. Its height is the same
//! with problems as without, so that nothing below it moves while a user types.

use leptos::prelude::*;

use super::super::icon::{ERROR, OFFER, WARNING, icon};
use super::super::rich_text::rich_text;
use super::super::undo;
use super::marks;
use crate::page::browser;
use crate::page::state::{Draft, PlanField, State, problems_to_show};
use crate::sweep::diagnostic::Kind;
use crate::sweep::{Diagnostic, Fix, Origin, Reading, Severity};

/// Most problems that are shown; a text with more of them is mended from the top.
const SHOWN: usize = 50;

const ID: &str = "findings";

#[component]
pub(super) fn ProblemPanel(
    /// Whether it is as high as its content.
    open: RwSignal<bool>,
) -> impl IntoView {
    let draft = State::get().draft;
    let problems = Memo::new(move |_| draft.reading.with(errors_first));
    let nothing = move || {
        problems.with(Vec::is_empty)
            && draft.shortcut.with(Option::is_none)
            && draft.file_error.with(Option::is_none)
    };
    view! {
        <div id=ID class="findings" class:open=move || open.get()>
            <p class="form-problem" role="alert">{move || draft.file_error.get().map(|notice| rich_text(&notice))}</p>
            {move || {
                // The fixes depend on the text, too: the same unclosed quote may now be closed further on.
                draft.text.track();
                draft.config.track();
                problems.with(|problems| problem_list(draft, problems))
            }}
            {move || draft.shortcut.get().map(|fix| shortcut_offer(draft, fix))}
            {move || nothing().then(sweep_hints)}
        </div>
    }
}

/// The button that makes the panel as high as its content, and back.
#[component]
pub(super) fn ShowAll(open: RwSignal<bool>) -> impl IntoView {
    let draft = State::get().draft;
    let several = Memo::new(move |_| {
        draft
            .reading
            .with(|reading| problems_to_show(reading).nth(1).is_some())
    });
    view! {
        <button
            type="button"
            class="ghost small"
            aria-label=move || if open.get() { "Show fewer problems" } else { "Show all problems" }
            aria-controls=ID
            aria-expanded=move || open.get().to_string()
            hidden=move || !several.get() && !open.get()
            on:click=move |_| open.update(|open| *open = !*open)
        >
            {move || if open.get() { "Show fewer" } else { "Show all" }}
        </button>
    }
}

/// The problems, errors first: they block the launch, and the panel is not high enough for all.
fn errors_first(reading: &Reading) -> Vec<Diagnostic> {
    let mut problems: Vec<_> = problems_to_show(reading).cloned().collect();
    problems.sort_by_key(|problem| problem.severity() != Severity::Error);
    problems
}

fn problem_list(draft: Draft, problems: &[Diagnostic]) -> AnyView {
    if problems.is_empty() {
        return ().into_any();
    }
    let more = problems.len().saturating_sub(SHOWN);
    view! {
        <ul class="problems" role="list" aria-label="Problems">
            {problems.iter().zip(0..).take(SHOWN).map(|(p, number)| problem_item(draft, p, number)).collect_view()}
            {(more > 0).then(|| view! { <li class="problem">{["and ", &more.to_string(), " more"].concat()}</li> })}
        </ul>
    }
    .into_any()
}

fn problem_item(draft: Draft, problem: &Diagnostic, number: u32) -> AnyView {
    let (class, word, path) = match problem.severity() {
        Severity::Error => ("problem error", "Error: ", ERROR),
        Severity::Warning => ("problem warning", "Warning: ", WARNING),
    };
    let (span, origin) = (problem.span, problem.origin);
    let (quote, fixes) = untrack(|| {
        draft.with_origin(origin, |text| {
            (marks::excerpt(text, span), problem.fixes(text))
        })
    });
    // The help says to save the YAML as a file; here a button takes it over instead.
    let help = problem
        .help()
        .filter(|_| problem.kind != Kind::ConfigPasted);
    let text = match origin {
        Origin::Command => "line ",
        Origin::Config => "config file, line ",
    };
    let place = [text, &quote.line.to_string()].concat();
    let select = move |_| {
        let place = untrack(|| draft.with_origin(origin, |text| span.to_utf16(text)));
        let id = PlanField::of(origin).id();
        browser::select_text(id, place);
        browser::focus_at_cursor(id);
    };
    let message = ["problem-", &number.to_string()].concat();
    view! {
        <li class=class>
            {icon(path)}
            <div class="problem-words">
                <button type="button" class="problem-place" on:click=select>
                    <span class="problem-message" id=message.clone()>
                        <span class="hidden-visually">{word}</span>
                        {rich_text(&problem.to_string())}
                    </span>
                    <code class="quote">
                        <span class="quote-text">
                            {quote.before}<span class="quote-place">{quote.place}</span>{quote.after}
                        </span>
                        <span class="quote-line">{place}</span>
                    </code>
                </button>
                {help.map(|help| view! { <p class="problem-help">{rich_text(&help)}</p> })}
            </div>
            {if problem.kind == Kind::ConfigPasted {
                pasted_config_button(draft)
            } else {
                fix_buttons(draft, origin, fixes, message)
            }}
        </li>
    }
    .into_any()
}

/// A button for each fix, the likeliest first.
fn fix_buttons(draft: Draft, origin: Origin, fixes: Vec<Fix>, message: String) -> AnyView {
    if fixes.is_empty() {
        return ().into_any();
    }
    let button = |(fix, rank): (Fix, u32)| {
        let (label, title) = (fix.label.clone(), fix.label.clone());
        let mend = move |_| {
            let end = draft.apply_fix(origin, &fix);
            undo::place_caret(draft, end, true);
        };
        let class = if rank == 0 {
            "button primary small fix"
        } else {
            "button small fix"
        };
        view! {
            <button type="button" class=class title=title aria-describedby=message.clone() on:click=mend>
                {label}
            </button>
        }
    };
    let buttons = fixes.into_iter().zip(0..).map(button).collect_view();
    view! { <div class="fixes">{buttons}</div> }.into_any()
}

/// The button for a config file that was pasted into the Command box.
fn pasted_config_button(draft: Draft) -> AnyView {
    let take = move |_| {
        if let Some(caret) = draft.adopt_pasted_config() {
            undo::place_caret(draft, caret, true);
        }
    };
    view! {
        <div class="fixes">
            <button type="button" class="button primary small fix" on:click=take>
                "Take it as the config file"
            </button>
        </div>
    }
    .into_any()
}

/// The offer to merge several commands into one with the same trials.
fn shortcut_offer(draft: Draft, fix: Fix) -> AnyView {
    let commands = draft.reading.with(|reading| reading.commands.len());
    let short = draft.text.with_untracked(|text| fix.apply(text));
    let label = fix.label.clone();
    // Applies the fix to the present text: what is behind the commands may have changed since.
    let write = move |_| {
        let end = draft.replace_text(draft.text.with_untracked(|text| fix.apply(text)));
        undo::place_caret(draft, end, true);
    };
    view! {
        <div class="problem offer" role="note">
            {icon(OFFER)}
            <div class="problem-words">
                <p class="problem-message">{["These ", &commands.to_string(), " commands can be one sweep."].concat()}</p>
                <code class="quote"><span class="quote-text">{short}</span></code>
            </div>
            <div class="fixes">
                <button type="button" class="button small fix" on:click=write>{label}</button>
            </div>
        </div>
    }
    .into_any()
}

/// The content of the panel while there is no problem: how to sweep an argument.
fn sweep_hints() -> AnyView {
    let example = |code: &'static str, what: &'static str| {
        view! { <li><code>{code}</code>" "{what}</li> }
    };
    view! {
        <div class="findings-hints">
            <p>"A list, range or distribution in quotes is swept:"</p>
            <ul role="list">
                {example("--x \"[8, 16, 32]\"", "these values")}
                {example("--x \"range(1, 10, 2)\"", "whole numbers")}
                {example("--x \"uniform(0, 0.1, 5)\"", "five drawn at random")}
            </ul>
        </div>
    }
    .into_any()
}
