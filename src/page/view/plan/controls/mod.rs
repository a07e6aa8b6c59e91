//! The controls. Each edits an option of `grid run` in the text, if there is one, or else a setting.

mod environment;
mod fit_offer;
mod time;

use leptos::ev;
use leptos::prelude::*;

use super::super::field::NumberField;
use super::super::icon::{DICE, icon};
use super::machine_picker::MachinePicker;
use crate::page::format::format_count;
use crate::page::state::{ControlValues, Draft, State};
use crate::sweep::Strategy;
use environment::{EnvironmentField, PythonField};
use time::{ParallelField, RunTimeField};

#[component]
pub(super) fn Controls() -> impl IntoView {
    view! {
        <section class="card controls" aria-label="Settings">
            {view! { <StrategyField /> }.into_any()}
            {view! { <TrialsField /> }.into_any()}
            {view! { <SeedField /> }.into_any()}
            {view! { <RunTimeField /> }.into_any()}
            {view! { <MachineField /> }.into_any()}
            {view! { <SpotField /> }.into_any()}
            {view! { <ClusterField /> }.into_any()}
            {view! { <ParallelField /> }.into_any()}
            {view! { <EnvironmentField /> }.into_any()}
            {view! { <PythonField /> }.into_any()}
        </section>
    }
}

/// Whether the config file sets an option, so that its control is disabled.
fn option_set_by_config(draft: Draft, option: &'static str) -> Memo<bool> {
    Memo::new(move |_| {
        draft
            .controls
            .with(|controls| controls.is_set_by_config(option))
    })
}

/// Whether machine and Spot decide the price, which they do not on a cluster with a price of its own.
fn price_by_machine(draft: Draft) -> Memo<bool> {
    Memo::new(move |_| draft.pricing.with(|pricing| !pricing.has_cluster_price()))
}

/// The hint under a control.
fn hint_unless_set_by_config(ruled: Memo<bool>, hint: impl Fn() -> String) -> String {
    if ruled.get() {
        "set by the config file".to_owned()
    } else {
        hint()
    }
}

/// A label, a control and a hint, whose line keeps its height when it is empty.
#[component]
fn Field(
    id: &'static str,
    label: &'static str,
    #[prop(optional, into)] hint: Signal<String>,
    children: Children,
) -> impl IntoView {
    view! {
        <div class="field">
            <label for=id>{label}</label>
            {children()}
            <p class="hint" id=[id, "-hint"].concat()>{move || hint.get()}</p>
        </div>
    }
}

#[component]
fn StrategyField() -> impl IntoView {
    let draft = State::get().draft;
    let strategy = Memo::new(move |_| draft.controls.with(|options| options.strategy));
    let ruled = option_set_by_config(draft, "--strategy");
    let hint =
        move || hint_unless_set_by_config(ruled, || describe_strategy(strategy.get()).to_owned());
    let choice = move |value: Strategy, words: &'static str| {
        view! {
            <option value=value.name() selected=move || strategy.get() == value>
                {words}
            </option>
        }
    };
    let choose = move |event: ev::Event| {
        if let Some(strategy) = Strategy::from_name(&event_target_value(&event)) {
            set_strategy(draft, strategy);
        }
    };
    view! {
        <Field id="strategy" label="Strategy" hint=Signal::derive(hint)>
            <select
                id="strategy"
                class="input select"
                disabled=move || ruled.get()
                aria-describedby="strategy-hint"
                prop:value=move || strategy.get().name()
                on:change=choose
            >
                {choice(Strategy::GridSearch, "Grid search")}
                {choice(Strategy::RandomSearch, "Random search")}
                {choice(Strategy::None, "None")}
            </select>
        </Field>
    }
}

fn describe_strategy(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::GridSearch => "every combination",
        Strategy::RandomSearch => "some, drawn at random",
        Strategy::None => "one trial, as typed",
    }
}

/// Most trials when a random search is chosen and no number has been given: half of all, up to this.
const FEW: u128 = 20;

fn set_strategy(draft: Draft, strategy: Strategy) {
    let (asked, space) = draft
        .controls
        .with_untracked(|options| (options.num_trials, options.space));
    match strategy {
        Strategy::RandomSearch => {
            draft.set_option("--strategy", Some(strategy.name()));
            if asked.is_none() {
                let some = (space / 2).clamp(1, FEW);
                draft.set_option("--num_trials", Some(&some.to_string()));
            }
        }
        Strategy::GridSearch => {
            draft.set_option("--strategy", None);
            draft.set_option("--num_trials", None);
        }
        Strategy::None => {
            draft.set_option("--strategy", Some(strategy.name()));
            draft.set_option("--num_trials", None);
        }
    }
}

/// Whether the config file sets the number of trials, or a strategy that runs all of them.
fn trial_count_set_by_config(draft: Draft) -> Memo<bool> {
    Memo::new(move |_| {
        draft.controls.with(|controls| {
            let drawn = controls.strategy == Strategy::RandomSearch;
            controls.is_set_by_config("--num_trials")
                || controls.is_set_by_config("--strategy") && !drawn
        })
    })
}

#[component]
fn TrialsField() -> impl IntoView {
    let draft = State::get().draft;
    let value = Signal::derive(move || {
        let proposed = draft.displayed.plan.with(|plan| plan.len());
        draft
            .controls
            .with(|options| match (options.strategy, options.num_trials) {
                (Strategy::RandomSearch, Some(asked)) => asked.to_string(),
                _ if proposed == 0 => String::new(),
                _ => proposed.to_string(),
            })
    });
    let ruled = trial_count_set_by_config(draft);
    let space = move || draft.controls.with(|options| options.space);
    let of_all = move || {
        if draft.displayed.is_blank.get() {
            return String::new();
        }
        ["of ", &format_count(space())].concat()
    };
    let hint = Signal::derive(move || hint_unless_set_by_config(ruled, of_all));
    // Fewer trials than the grid has are a random search for that many.
    let change = Callback::new(move |number: Option<u128>| {
        let Some(number) = number else { return };
        let (strategy, space) = draft
            .controls
            .with_untracked(|options| (options.strategy, options.space));
        if strategy == Strategy::GridSearch {
            if number == space {
                return;
            }
            draft.set_option("--strategy", Some(Strategy::RandomSearch.name()));
        }
        draft.set_option("--num_trials", Some(&number.to_string()));
    });
    let disabled = Signal::derive(move || {
        let fixed =
            |options: &ControlValues| options.strategy == Strategy::None || options.space < 2;
        ruled.get() || draft.controls.with(fixed)
    });
    view! {
        <Field id="num-trials" label="Trials to run" hint=hint>
            <NumberField
                id="num-trials"
                label="Trials to run"
                value=value
                min=1
                max=Signal::stored(1_000_000)
                on_change=change
                on_enter_only=true
                disabled=disabled
                describedby="num-trials-hint"
            />
        </Field>
    }
}

#[component]
fn SeedField() -> impl IntoView {
    let draft = State::get().draft;
    let value = Signal::derive(move || draft.controls.with(|options| options.seed.to_string()));
    // A config file can also set that the seed is drawn: then the user may draw another.
    let ruled = Memo::new(move |_| {
        draft
            .controls
            .with(|shown| shown.is_set_by_config("--seed") && !shown.seed_drawn)
    });
    let describe = |shown: &ControlValues| match (shown.seed_matters, shown.seed_drawn) {
        (false, _) => "nothing is random here",
        (true, true) => "drawn once, then kept",
        (true, false) => "from the command",
    };
    let hint = Signal::derive(move || {
        hint_unless_set_by_config(ruled, || draft.controls.with(describe).to_owned())
    });
    let change = Callback::new(move |number: Option<u128>| {
        draft.set_seed(number.and_then(|number| u32::try_from(number).ok()));
    });
    view! {
        <Field id="seed" label="Seed" hint=hint>
            <div class="joined">
                <NumberField
                    id="seed"
                    label="Seed"
                    value=value
                    min=0
                    max=Signal::stored(u32::MAX.into())
                    on_change=change
                    on_enter_only=true
                    disabled=ruled
                    describedby="seed-hint"
                />
                <button
                    type="button"
                    class="button square"
                    aria-label="Draw another seed"
                    title="Draw another seed"
                    disabled=move || ruled.get()
                    on:click=move |_| draft.reroll()
                >
                    {icon(DICE)}
                </button>
            </div>
        </Field>
    }
}

#[component]
fn MachineField() -> impl IntoView {
    let draft = State::get().draft;
    let machine = Memo::new(move |_| draft.controls.with(|options| options.machine.clone()));
    let ruled = option_set_by_config(draft, "--instance_type");
    let size = move || {
        let machine = machine.get();
        draft
            .catalogue
            .with(|catalogue| super::machines::describe_size(catalogue, &machine))
    };
    let hint = move || hint_unless_set_by_config(ruled, size);
    view! {
        <Field id="machine" label="Instance type" hint=Signal::derive(hint)>
            <MachinePicker draft=draft chosen=machine disabled=ruled has_list_prices=price_by_machine(draft) />
        </Field>
    }
}

#[component]
fn SpotField() -> impl IntoView {
    let draft = State::get().draft;
    let spot = Memo::new(move |_| draft.controls.with(|options| options.spot));
    let ruled = option_set_by_config(draft, "--use_spot");
    let decides_price = price_by_machine(draft);
    let value = move || match (decides_price.get(), spot.get()) {
        (true, true) => "Interruptible",
        (true, false) => "List price",
        (false, true) => "On",
        (false, false) => "Off",
    };
    let hint = move || {
        if decides_price.get() {
            "may be interrupted".to_owned()
        } else {
            "no difference here".to_owned()
        }
    };
    let flip = move |_| draft.set_option("--use_spot", (!spot.get_untracked()).then_some(""));
    view! {
        <div class="field">
            <span class="label" id="spot-label">"Spot"</span>
            <button
                type="button"
                role="switch"
                class="switch-line"
                aria-labelledby="spot-label"
                aria-describedby="spot-hint"
                aria-checked=move || spot.get().to_string()
                disabled=move || ruled.get()
                on:click=flip
            >
                <span class="switch"></span>
                <span aria-hidden="true">{value}</span>
            </button>
            <p class="hint" id="spot-hint">{move || hint_unless_set_by_config(ruled, hint)}</p>
        </div>
    }
}

#[component]
fn ClusterField() -> impl IntoView {
    let state = State::get();
    let (draft, server) = (state.draft, state.server);
    let typed = Memo::new(move |_| draft.controls.with(|options| options.cluster.clone()));
    let current = Memo::new(move |_| typed.get().unwrap_or_else(|| server.default_cluster()));
    let known = Memo::new(move |_| {
        let mut names: Vec<_> = server
            .clusters
            .with(|all| all.iter().map(|cluster| cluster.id.clone()).collect());
        let current = current.get();
        if !names.contains(&current) {
            names.push(current);
        }
        names
    });
    let ruled = option_set_by_config(draft, "--cluster");
    let hint = move || {
        hint_unless_set_by_config(ruled, || {
            let slots = server.slots(&current.get());
            slots.map_or_else(String::new, |slots| {
                [&slots.to_string(), " at a time"].concat()
            })
        })
    };
    // The default cluster needs no option in the command.
    let choose = move |event: ev::Event| {
        let name = event_target_value(&event);
        let default = name == server.default_cluster();
        draft.set_option("--cluster", (!default).then_some(name.as_str()));
    };
    view! {
        <Field id="cluster" label="Cluster" hint=Signal::derive(hint)>
            <select
                id="cluster"
                class="input select"
                aria-describedby="cluster-hint"
                disabled=move || ruled.get()
                on:change=choose
                prop:value=move || current.get()
            >
                {move || {
                    let current = current.get();
                    known
                        .get()
                        .into_iter()
                        .map(|name| {
                            let chosen = name == current;
                            view! { <option value=name.clone() selected=chosen>{name.clone()}</option> }
                        })
                        .collect_view()
                }}
            </select>
        </Field>
    }
}
