//! The toolbar above the grid: how many trials are chosen, buttons to choose, Go to trial.

use leptos::prelude::*;

use super::super::super::field::NumberField;
use super::super::super::rich_text::rich_text;
use super::Grid;
use super::finished::FinishedLine;
use crate::page::format::{format_count, format_quantity};
use crate::page::messages::STALE_SUFFIX;
use crate::page::state::Draft;
use crate::sweep::Ranges;

#[component]
pub(super) fn Toolbar(grid: Grid) -> impl IntoView {
    let draft = grid.draft;
    let rows = move || grid.geometry.get().rows;
    let is_stale = move || draft.displayed.is_stale.get();
    let count = move || {
        let (chosen, all) = (draft.chosen.with(Ranges::len), rows());
        let count = if chosen == all {
            format_quantity(all, "trial")
        } else {
            [
                &format_count(chosen),
                " of ",
                &format_quantity(all, "trial"),
                " chosen",
            ]
            .concat()
        };
        if is_stale() {
            [&count, STALE_SUFFIX].concat()
        } else {
            count
        }
    };
    let none_there = move || rows() == 0;
    let at_rest = move || none_there() || is_stale();
    let value = Signal::derive(move || {
        grid.active()
            .map_or_else(String::new, |row| (row + 1).to_string())
    });
    let max = Signal::derive(move || rows().max(1));
    let go = Callback::new(move |number: Option<u128>| {
        if let Some(row) = number.and_then(|number| number.checked_sub(1)) {
            grid.go_to(row);
        }
    });
    view! {
        <header class="card-head grid-tools">
            <h2 id="trials-title">"Trials"</h2>
            <p class="num trial-count" id="trials-count" role="status">{count}</p>
            <div class="card-tools">
                <div class="button-group" role="group" aria-label="Choose trials">
                    <button type="button" class="ghost small" disabled=at_rest
                        on:click=move |_| draft.update_selection(|chosen, len| *chosen = Ranges::full(len))>"All"</button>
                    <button type="button" class="ghost small" disabled=at_rest
                        on:click=move |_| draft.update_selection(|chosen, _| *chosen = Ranges::empty())>"None"</button>
                    <button type="button" class="ghost small" disabled=at_rest
                        on:click=move |_| draft.update_selection(|chosen, len| *chosen = chosen.invert(len))>"Invert"</button>
                </div>
                <div class="go-to">
                    <label for="go-to">"Go to trial"</label>
                    <NumberField
                        id="go-to"
                        label="Go to trial"
                        value=value
                        min=1
                        max=max
                        on_change=go
                        on_enter_only=true
                        disabled=Signal::derive(none_there)
                    />
                </div>
            </div>
        </header>
        <LostChoice draft=draft />
        <FinishedLine draft=draft />
    }
}

/// The message that chosen trials are no longer in the plan. It stays until the user chooses again or
/// restores the text.
#[component]
fn LostChoice(draft: Draft) -> impl IntoView {
    let lost = draft.lost_choice;
    let is_stale = move || draft.displayed.is_stale.get();
    let all_chosen =
        move || draft.chosen.with(Ranges::len) == draft.displayed.plan.with(|plan| plan.len());
    view! {
        <div class="lost-choice" role="status" hidden=move || lost.with(Option::is_none)>
            {move || lost.get().map(|lost| view! {
                <p>{rich_text(&lost)}</p>
                <div class="card-tools">
                    <button type="button" class="ghost small" disabled=is_stale
                        on:click=move |_| draft.update_selection(|_, _| ())>"Keep as it is"</button>
                    <button type="button" class="ghost small" disabled=is_stale hidden=all_chosen
                        on:click=move |_| draft.update_selection(|chosen, len| *chosen = Ranges::full(len))>"Choose all"</button>
                </div>
            })}
        </div>
    }
}
