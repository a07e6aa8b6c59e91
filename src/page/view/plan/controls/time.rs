//! Run time and parallel trials: settings for which `grid run` has no options.

use leptos::ev;
use leptos::prelude::*;

use super::super::super::field::NumberField;
use super::super::super::undo::{OURS, Typing};
use super::Field;
use crate::page::browser;
use crate::page::format::grouped;
use crate::page::state::{self, Edit, State};

#[component]
pub(super) fn RunTimeField() -> impl IntoView {
    let draft = State::get().draft;
    let problem = move || {
        draft
            .run_time_read
            .with(|read| read.as_ref().err().map(ToString::to_string))
    };
    let wrong = move || draft.run_time_read.with(Result::is_err);
    let typing = Typing::new(state::Field::RunTime);
    let type_in = move |event: ev::Event| {
        draft.note_edit(typing.edit(&event));
        draft.run_time.set(event_target_value(&event));
    };
    view! {
        <div class="field" class:wrong=wrong>
            <label for="run-time">"Run time"</label>
            <input
                id="run-time"
                class="input"
                type="text"
                autocomplete="off"
                spellcheck="false"
                placeholder="10 minutes"
                aria-describedby="run-time-hint"
                aria-invalid=move || wrong().then_some("true")
                data-undo=OURS
                prop:value=move || draft.run_time.get()
                on:beforeinput=move |_| typing.begin()
                on:input=type_in
            />
            <p class="hint" id="run-time-hint">
                {move || problem().unwrap_or_else(|| "of one trial, or a formula".to_owned())}
            </p>
        </div>
    }
}

#[component]
pub(super) fn ParallelField() -> impl IntoView {
    let draft = State::get().draft;
    let value = Signal::derive(move || {
        draft
            .parallel
            .get()
            .map_or_else(String::new, |slots| slots.to_string())
    });
    let placeholder =
        Signal::derive(move || draft.pricing.with(|pricing| pricing.parallel().to_string()));
    let hint = Signal::derive(move || {
        draft.estimate.with(|estimate| {
            let useful = estimate.wall.as_ref().and_then(|wall| wall.useful_slots);
            match useful.filter(|useful| *useful < estimate.parallel.into()) {
                Some(useful) => ["more than ", &grouped(useful), " save no time"].concat(),
                None => "changes time, not price".to_owned(),
            }
        })
    });
    let change = Callback::new(move |number: Option<u128>| {
        draft.note_edit(Edit::typed_number(
            state::Field::Parallel,
            browser::now_millis(),
        ));
        draft
            .parallel
            .set(number.and_then(|number| u32::try_from(number).ok()));
    });
    view! {
        <Field id="parallel" label="Parallel trials" hint=hint>
            <NumberField
                id="parallel"
                label="Parallel trials"
                value=value
                min=1
                max=Signal::stored(100_000)
                on_change=change
                placeholder=placeholder
                describedby="parallel-hint"
            />
        </Field>
    }
}
