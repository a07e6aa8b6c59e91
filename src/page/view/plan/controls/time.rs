//! Run time and parallel trials: settings for which `grid run` has no options.

use leptos::ev;
use leptos::prelude::*;

use super::super::super::field::NumberField;
use super::super::super::undo::{PLAN_HISTORY, TypingTracker};
use super::Field;
use super::fit_offer::FitOffer;
use crate::estimate::{RunTime, Seconds};
use crate::page::browser;
use crate::page::format::{format_count, format_duration};
use crate::page::state::{self, Edit, State};

#[component]
pub(super) fn RunTimeField() -> impl IntoView {
    let draft = State::get().draft;
    let checked = draft.checked_run_time;
    let wrong = move || checked.with(|checked| !checked.problems.is_empty());
    let hint = move || {
        let is_measured = draft.measured.with(Option::is_some);
        checked.with(
            |checked| match (checked.problems.first(), &checked.run_time) {
                (Some(problem), _) => problem.to_string(),
                (None, Some(_)) if is_measured => "measured: scaled by the pilot".to_owned(),
                (None, Some(run_time)) => describe_source(run_time),
                (None, None) if is_measured => "measured: the pilot's mean".to_owned(),
                (None, None) => "of one trial, or a formula".to_owned(),
            },
        )
    };
    let typing = TypingTracker::new(state::PlanField::RunTime);
    let type_in = move |event: ev::Event| {
        draft.note_edit(typing.take_edit(&event));
        draft.run_time.set(event_target_value(&event));
        draft.use_fit(false);
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
                data-undo=PLAN_HISTORY
                prop:value=move || draft.run_time.get()
                on:beforeinput=move |_| typing.before_input()
                on:input=type_in
            />
            <p class="hint" id="run-time-hint">
                {hint}
            </p>
            <FitOffer />
        </div>
    }
}

/// Where the run time of a trial comes from: `as typed: 1 h 30 min a trial`.
fn describe_source(run_time: &RunTime) -> String {
    let length = |seconds: Seconds| format_duration(seconds.as_f64());
    match run_time {
        RunTime::Constant(seconds) => ["as typed: ", &length(*seconds), " a trial"].concat(),
        RunTime::Range(range) => ["as typed: about ", &length(range.median()), " a trial"].concat(),
        RunTime::Formula(_) => "by the formula, as typed".to_owned(),
        RunTime::Measured(measured) => measured.describe(),
        RunTime::Fitted(fitted) => fitted.to_string(),
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
            let useful = estimate
                .wall_clock
                .as_ref()
                .and_then(|wall| wall.useful_slots);
            match useful.filter(|useful| *useful < estimate.parallel.into()) {
                Some(useful) => ["more than ", &format_count(useful), " save no time"].concat(),
                None => "changes time, not price".to_owned(),
            }
        })
    });
    let change = Callback::new(move |number: Option<u128>| {
        draft.note_edit(Edit::typed_number(
            state::PlanField::Parallel,
            browser::monotonic_millis(),
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
