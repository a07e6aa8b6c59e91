//! The Results tab: compares the trials of one or several runs by a metric, time and cost.

mod metrics;
mod rank;
mod rows;
mod table;

use std::collections::BTreeSet;

use leptos::ev;
use leptos::prelude::*;

use super::empty_state;
use crate::api::{Run, TRIAL_PAGE_MAX};
use crate::page::format::{format_count, format_duration, format_exact_dollars, format_metric};
use crate::page::state::State;
use rows::{Column, Table};
use table::ResultTable;

/// Most trials of one run that are compared: the first ones in launch order.
const MAX_COMPARED_TRIALS: u64 = 10_000;

/// The state that the parts of the tab share.
#[derive(Clone, Copy)]
struct Comparison {
    table: Memo<Table>,
    /// The metric to rank by, and whether less of it is better.
    goal: Memo<Option<(String, bool)>>,
    /// The column sorted by and whether it ascends; none: by the goal, best first.
    sort: RwSignal<Option<(Column, bool)>>,
    several: Memo<bool>,
    /// Whether the metrics that are the same in all trials are shown.
    constants_shown: RwSignal<bool>,
}

impl Comparison {
    /// The metrics that have a column: those that differ, then the constant ones, as far as they are
    /// shown. What the trials are ranked by always is.
    fn shown_metrics(self) -> Vec<String> {
        let (goal, all) = (self.goal.get(), self.constants_shown.get());
        let is_goal = |name: &String| goal.as_ref().is_some_and(|(goal, _)| goal == name);
        self.table.with(|table| {
            let constants = table.constants.iter().filter(|name| all || is_goal(name));
            table.metrics.iter().chain(constants).cloned().collect()
        })
    }
}

#[component]
pub(super) fn ResultsView() -> impl IntoView {
    let state = State::get();
    let there = Memo::new(move |_| {
        state
            .runs
            .list
            .with(|list| list.as_ref().is_some_and(|list| !list.is_empty()))
    });
    move || {
        if there.get() && state.server.is_connected() {
            view! { <Results state=state /> }.into_any()
        } else {
            empty_state::empty_state(state).into_any()
        }
    }
}

/// The ids of the compared runs: those chosen, else the one shown in Runs.
fn compared_run_ids(state: State) -> BTreeSet<String> {
    let chosen = state.runs.compared.get();
    let known: BTreeSet<_> = chosen
        .into_iter()
        .filter(|id| state.runs.get(id).is_some())
        .collect();
    if known.is_empty() {
        return state
            .runs
            .open_or_newest()
            .map(|run| run.id)
            .into_iter()
            .collect();
    }
    known
}

/// The trials of a run that have been read. Requests every page of those that are compared.
fn load_all_trials(state: State, run: &Run) -> crate::page::state::RunTrials {
    let trials = state.runs.load_trials(run, 0).get();
    let pages = trials
        .total
        .unwrap_or(0)
        .min(MAX_COMPARED_TRIALS)
        .div_ceil(u64::from(TRIAL_PAGE_MAX));
    for page in 1..u32::try_from(pages).unwrap_or(u32::MAX) {
        state.runs.load_trials(run, page);
    }
    trials
}

#[component]
fn Results(state: State) -> impl IntoView {
    let ids = Memo::new(move |_| compared_run_ids(state));
    let runs = move || {
        ids.get()
            .into_iter()
            .filter_map(move |id| state.runs.get(&id))
            .collect::<Vec<_>>()
    };
    let table = Memo::new(move |_| {
        let read: Vec<_> = runs()
            .into_iter()
            .map(|run| (load_all_trials(state, &run), run))
            .collect();
        let mut table = Table::join(&read);
        let notes = read
            .iter()
            .filter_map(|(_, run)| Some((run.name.clone(), state.server.cost_note(run)?)));
        table.cost_notes = notes.collect();
        table
    });
    // The user's choices; while they are `None`, metric and direction are guessed from the names.
    let metric_chosen = RwSignal::new(None::<String>);
    let lower_chosen = RwSignal::new(None::<bool>);
    let goal = Memo::new(move |_| {
        table.with(|table| {
            let chosen = metric_chosen
                .get()
                .filter(|name| table.metrics.contains(name) || table.constants.contains(name));
            let name = chosen.or_else(|| rank::main_metric(&table.metrics).cloned())?;
            let lower = lower_chosen
                .get()
                .unwrap_or_else(|| rank::lower_is_better(&name));
            Some((name, lower))
        })
    });
    let several = Memo::new(move |_| ids.with(BTreeSet::len) > 1);
    let view = Comparison {
        table,
        goal,
        sort: RwSignal::new(None),
        several,
        constants_shown: RwSignal::new(false),
    };
    view! {
        <div class="results">
            <section class="card results-head" aria-label="Comparison">
                {view! { <RunPicker state=state ids=ids /> }.into_any()}
                {view! { <Goal view=view metric_chosen=metric_chosen lower_chosen=lower_chosen /> }.into_any()}
            </section>
            {view! { <Podium view=view /> }.into_any()}
            {view! { <ResultTable view=view /> }.into_any()}
        </div>
    }
}

/// Which runs are compared.
#[component]
fn RunPicker(state: State, ids: Memo<BTreeSet<String>>) -> impl IntoView {
    let all = Memo::new(move |_| {
        state.runs.list.with(|list| {
            list.iter()
                .flatten()
                .map(|run| (run.id.clone(), run.name.clone()))
                .collect::<Vec<_>>()
        })
    });
    let flip = move |id: String| {
        let mut chosen = ids.get_untracked();
        if !chosen.remove(&id) {
            chosen.insert(id);
        }
        state.runs.compared.set(chosen);
    };
    let chip = move |(id, name): (String, String)| {
        let (key, flipped) = (id.clone(), id);
        let chosen = move || ids.with(|ids| ids.contains(&key));
        view! {
            <button type="button" class="chip" aria-pressed=move || chosen().to_string() on:click=move |_| flip(flipped.clone())>
                {name}
            </button>
        }
    };
    view! {
        <div class="run-picker" role="group" aria-label="Runs to compare">
            <For each=move || all.get() key=Clone::clone let(run)>{chip(run)}</For>
        </div>
    }
}

/// Which metric decides, and in which direction.
#[component]
fn Goal(
    view: Comparison,
    metric_chosen: RwSignal<Option<String>>,
    lower_chosen: RwSignal<Option<bool>>,
) -> impl IntoView {
    let names = Memo::new(move |_| {
        view.table
            .with(|table| [&table.metrics[..], &table.constants].concat())
    });
    let name = Memo::new(move |_| view.goal.get().map(|(name, _)| name).unwrap_or_default());
    let lower = Memo::new(move |_| view.goal.get().is_some_and(|(_, lower)| lower));
    let choose = move |event: ev::Event| {
        metric_chosen.set(Some(event_target_value(&event)));
        lower_chosen.set(None);
        view.sort.set(None);
    };
    let turn = move |event: ev::Event| {
        lower_chosen.set(Some(event_target_value(&event) == "lowest"));
        view.sort.set(None);
    };
    let option = move |metric: String| {
        let selected = metric == name.get();
        view! { <option value=metric.clone() selected=selected>{metric.clone()}</option> }
    };
    view! {
        <div class="goal" hidden=move || names.with(Vec::is_empty)>
            <label for="best-by">"Best by"</label>
            <select id="best-by" class="input select" on:change=choose>
                {move || names.get().into_iter().map(option).collect_view()}
            </select>
            <select class="input select" aria-label="Direction" on:change=turn
                prop:value=move || if lower.get() { "lowest" } else { "highest" }>
                <option value="highest" selected=move || !lower.get()>"highest"</option>
                <option value="lowest" selected=move || lower.get()>"lowest"</option>
            </select>
        </div>
    }
}

/// The best, the fastest and the cheapest trial.
#[component]
fn Podium(view: Comparison) -> impl IntoView {
    move || {
        view.table.with(|table| {
            let best = view.goal.get().and_then(|(name, lower)| {
                let place = table.best(&name, lower)?;
                let value = table.rows[place].metric(&name).map(format_metric)?;
                Some(podium_card(
                    table,
                    place,
                    ["Best ", &name].concat(),
                    value,
                    true,
                ))
            });
            let fastest = table.fastest().and_then(|place| {
                Some(podium_card(
                    table,
                    place,
                    "Fastest".to_owned(),
                    format_duration(table.rows[place].seconds()?),
                    false,
                ))
            });
            let cheapest = table.cheapest().and_then(|place| {
                Some(podium_card(
                    table,
                    place,
                    "Cheapest".to_owned(),
                    format_exact_dollars(table.rows[place].trial.cost?),
                    false,
                ))
            });
            let steps: Vec<_> = [best, fastest, cheapest].into_iter().flatten().collect();
            (!steps.is_empty()).then(|| view! { <div class="podium">{steps}</div> })
        })
    }
}

fn podium_card(table: &Table, place: usize, title: String, figure: String, first: bool) -> AnyView {
    let row = &table.rows[place];
    let number = format_count(u128::from(row.trial.number) + 1);
    let set = |name: &String| Some([name.as_str(), " ", row.values.get(name)?].concat());
    let settings: Vec<_> = table.columns.iter().filter_map(set).collect();
    let time = row.seconds().map(format_duration);
    let cost = row.trial.cost.map(format_exact_dollars);
    let note = cost
        .as_ref()
        .and_then(|_| table.cost_notes.get(&row.run).cloned());
    let under: Vec<_> = [Some(["trial ", &number].concat()), time, cost, note]
        .into_iter()
        .flatten()
        .collect();
    view! {
        <article class="card step" class:first=first>
            <h2>{title}</h2>
            <p class="step-figure num">{figure}</p>
            <p class="step-settings mono">{settings.join("  ")}</p>
            <p class="quiet num">{under.join(" · ")}</p>
        </article>
    }
    .into_any()
}
