//! Form fields that more than one view uses.

use leptos::ev;
use leptos::prelude::*;

use super::undo::{OURS, Way};
use crate::page::format::parse_count;

/// A whole number of any size in a text box: HTML's own number box knows only floats, takes `e` and
/// changes under the mouse wheel.
#[component]
pub(super) fn NumberField(
    /// Ties the label and the box.
    id: &'static str,
    /// The accessible name.
    label: &'static str,
    /// The present number as text; replaces what was typed when the box is left.
    value: Signal<String>,
    /// Smallest number taken.
    min: u128,
    /// Largest number taken.
    #[prop(into)]
    max: Signal<u128>,
    /// Called with each valid number that is typed; with `None` when the box is emptied.
    on_change: Callback<Option<u128>>,
    /// Whether `on_change` is called only on Enter or when the box is left, not at each key.
    #[prop(optional)]
    on_enter_only: bool,
    #[prop(optional, into)] placeholder: Signal<String>,
    #[prop(optional, into)] disabled: Signal<bool>,
    #[prop(optional)] describedby: &'static str,
) -> impl IntoView {
    let input = NodeRef::<leptos::html::Input>::new();
    let wrong = RwSignal::new(false);
    let read = move || {
        let text = input
            .get_untracked()
            .map(|input| input.value())
            .unwrap_or_default();
        if text.trim().is_empty() {
            return Some(None);
        }
        parse_count(&text)
            .filter(|number| (min..=max.get_untracked()).contains(number))
            .map(Some)
    };
    let commit = move || {
        let number = read();
        wrong.set(number.is_none());
        if let Some(number) = number {
            on_change.run(number);
        }
    };
    let settle = move || {
        wrong.set(false);
        if let Some(input) = input.get_untracked() {
            input.set_value(&value.get_untracked());
        }
    };
    let is_pending = move || {
        let typed = input.get_untracked().map(|input| input.value());
        typed.is_some_and(|typed| typed != value.get_untracked())
    };
    let step = move |up: bool| {
        let now = read()
            .flatten()
            .or_else(|| parse_count(&placeholder.get_untracked()))
            .unwrap_or(min);
        let next = if up {
            now.saturating_add(1)
        } else {
            now.saturating_sub(1)
        };
        let next = next.clamp(min, max.get_untracked());
        if let Some(input) = input.get_untracked() {
            input.set_value(&next.to_string());
        }
        if !on_enter_only {
            commit();
        }
    };
    let keys = move |event: ev::KeyboardEvent| match event.key().as_str() {
        "ArrowUp" | "ArrowDown" => {
            event.prevent_default();
            step(event.key() == "ArrowUp");
        }
        "Enter" => commit(),
        "Escape" => settle(),
        // Undo first discards what was typed and not committed yet.
        _ if Way::of_keys(&event).is_some() && is_pending() => {
            event.prevent_default();
            settle();
        }
        _ => {}
    };
    view! {
        <input
            id=id
            node_ref=input
            class="input num"
            type="text"
            role="spinbutton"
            inputmode="numeric"
            autocomplete="off"
            spellcheck="false"
            data-undo=OURS
            aria-label=label
            aria-valuemin=min.to_string()
            aria-valuemax=move || max.get().to_string()
            aria-valuenow=move || Some(value.get()).filter(|value| !value.is_empty())
            aria-invalid=move || wrong.get().then_some("true")
            aria-describedby=Some(describedby).filter(|id| !id.is_empty())
            placeholder=move || placeholder.get()
            disabled=move || disabled.get()
            prop:value=move || value.get()
            on:input=move |_| if on_enter_only { wrong.set(read().is_none()) } else { commit() }
            on:keydown=keys
            on:change=move |_| if on_enter_only { commit() }
            on:blur=move |_| settle()
        />
    }
}
