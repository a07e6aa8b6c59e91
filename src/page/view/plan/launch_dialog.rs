//! The dialog that asks before a large launch, with exactly what will run.

use leptos::ev;
use leptos::prelude::*;

use super::super::modal::{Modal, ModalHead};
use super::super::rich_text::rich_text;
use super::estimate::{as_if_on, describe_partial_count, format_cost_range};
use super::launch::launch_label;
use crate::estimate::{Estimate, Money};
use crate::page::browser;
use crate::page::format::{format_count, format_duration, format_quantity, parse_count};
use crate::page::state::State;
use crate::sweep::{Part, Plan};

const CONFIRM: &str = "launch-confirm";
/// Runs that are listed one by one; the others are counted.
const LISTED_RUNS: usize = 4;

#[component]
pub(super) fn LaunchDialog() -> impl IntoView {
    let state = State::get();
    let open = state.launch.asking;
    let close = Callback::new(move |()| open.set(false));
    // Once it is shown: Enter launches, Escape does not.
    Effect::new(move |_| {
        if open.get() {
            request_animation_frame(|| browser::focus(CONFIRM));
        }
    });
    view! {
        <Modal open=open on_close=close class="launch-dialog" labelledby="launch-title">
            <ModalHead id="launch-title" title="Launch" on_close=close />
            {move || open.get().then(|| dialog_body(state, close))}
        </Modal>
    }
}

fn dialog_body(state: State, close: Callback<()>) -> AnyView {
    let facts = facts(state).into_iter().map(|fact| {
        let lines = fact.lines.into_iter();
        let lines = lines.map(|line| view! { <span>{rich_text(&line)}</span> });
        view! { <div><dt>{fact.name}</dt><dd class="num">{lines.collect_view()}</dd></div> }
    });
    view! {
        <div class="dialog-body">
            <dl class="launch-facts">{facts.collect_view()}</dl>
            {bounds_fields(state)}
            <footer class="dialog-foot">
                <button type="button" class="button" on:click=move |_| close.run(())>"Cancel"</button>
                <button
                    type="button"
                    class="button primary"
                    id=CONFIRM
                    on:click=move |_| state.launch.confirm(state)
                >
                    {launch_label(state.draft)}
                </button>
            </footer>
        </div>
    }
    .into_any()
}

/// One thing that a person should know before the launch.
struct Fact {
    name: &'static str,
    lines: Vec<String>,
}

impl Fact {
    fn new(name: &'static str, line: String) -> Fact {
        Fact {
            name,
            lines: vec![line],
        }
    }
}

/// What will run, in the order in which it is shown.
fn facts(state: State) -> Vec<Fact> {
    let draft = state.draft;
    let plan = draft.plan();
    let mut facts = vec![Fact {
        name: "Runs",
        lines: describe_runs(state, &plan),
    }];
    facts.push(Fact::new("Where", describe_place(state, &plan)));
    draft.estimate.with(|estimate| {
        facts.push(Fact::new("Cost", describe_cost(state, estimate)));
        facts.push(Fact::new("Wall-clock", describe_wall_clock(estimate)));
        let ceiling = estimate.ceiling.as_ref();
        facts.extend(ceiling.map(|most| {
            let text = [&most.to_figure(), " at most, by the time limit"].concat();
            Fact::new("Ceiling", text)
        }));
    });
    let budget = match state.launch.budget(state) {
        Some(amount) => [&amount.to_figure(), ": what may pass it is held"].concat(),
        None => "none".to_owned(),
    };
    facts.push(Fact::new("Budget", budget));
    facts
}

/// Each command that has chosen trials, with how many.
fn describe_runs(state: State, plan: &Plan) -> Vec<String> {
    let chosen = state.draft.chosen.get();
    let of_part = |(number, part): (u32, &Part)| {
        let trials = plan.chosen_indices(number, &chosen).len();
        let name = plan.run_name(number).filter(|name| !name.is_empty());
        let name = name.map_or_else(String::new, |name| [" as `", name, "`"].concat());
        let count = format_quantity(trials, "trial");
        (trials > 0).then(|| ["`", part.script(), "`", &name, ": ", &count].concat())
    };
    let mut lines: Vec<String> = (0..).zip(plan.parts()).filter_map(of_part).collect();
    let others = lines.len().saturating_sub(LISTED_RUNS);
    if others > 0 {
        lines.truncate(LISTED_RUNS);
        lines.push(["and ", &format_quantity(others as u128, "more run")].concat());
    }
    lines
}

fn describe_place(state: State, plan: &Plan) -> String {
    let default = state.server.default_cluster();
    let mut clusters: Vec<&str> = Vec::new();
    for part in plan.parts() {
        let cluster = part.options().cluster.as_deref().unwrap_or(&default);
        if !clusters.contains(&cluster) {
            clusters.push(cluster);
        }
    }
    let place = ["cluster ", &clusters.join(", ")].concat();
    match as_if_on(state.draft) {
        Some(note) => [&place, ", priced ", &note].concat(),
        None => {
            let machines = state.draft.estimate.with(|estimate| {
                let names = estimate.machines.iter().map(|used| {
                    let kind = if used.spot { " interruptible" } else { "" };
                    [used.requested_quote().name(), kind].concat()
                });
                names.collect::<Vec<_>>().join(", ")
            });
            [&place, ", on ", &machines].concat()
        }
    }
}

fn describe_cost(state: State, estimate: &Estimate) -> String {
    if let Some(cost) = &estimate.cost {
        let likely = cost.likely.to_compact();
        return [&format_cost_range(cost), ", likely ", &likely].concat();
    }
    if let Some(partial) = &estimate.partial {
        let count = describe_partial_count(partial.trials, estimate.trials);
        return [&count, ": ", &format_cost_range(&partial.cost)].concat();
    }
    let has_run_time = state
        .draft
        .pricing
        .with(|pricing| pricing.run_time.is_some());
    match has_run_time {
        true => "unknown: no price".to_owned(),
        false => "unknown: no run time".to_owned(),
    }
}

fn describe_wall_clock(estimate: &Estimate) -> String {
    let at_once = [", ", &format_count(estimate.parallel.into()), " at once"].concat();
    match &estimate.wall_seconds {
        Some(wall) => {
            let [low, likely, high] = [wall.low, wall.likely, wall.high].map(format_duration);
            [&low, " – ", &high, ", likely ", &likely, &at_once].concat()
        }
        None => ["unknown: no run time", &at_once].concat(),
    }
}

/// The bounds above which the dialog opens.
fn bounds_fields(state: State) -> AnyView {
    let bounds = state.launch.bounds;
    let set_trials = move |text: &str| {
        let trials = parse_count(text).filter(|trials| *trials > 0);
        trials.map(|trials| bounds.trials.set(trials)).is_some()
    };
    let set_dollars = move |text: &str| {
        let amount = Money::from_typed(text).map(|_| text.replace(' ', ""));
        amount.map(|amount| bounds.dollars.set(amount)).is_some()
    };
    // Read once: what is typed is not replaced while it is typed.
    let trials = bounds.trials.get_untracked().to_string();
    let dollars = bounds.dollars.get_untracked();
    view! {
        <div class="launch-bounds" role="group" aria-labelledby="ask-above">
            <p class="fine" id="ask-above">"This dialog opens above:"</p>
            {bound_field(state, "ask-above-trials", "Trials", trials, set_trials)}
            {bound_field(state, "ask-above-cost", "Cost in USD", dollars, set_dollars)}
        </div>
    }
    .into_any()
}

/// A box for one bound; `set` answers whether it could take the text.
fn bound_field(
    state: State,
    id: &'static str,
    label: &'static str,
    value: String,
    set: impl Fn(&str) -> bool + Send + Sync + 'static,
) -> AnyView {
    let is_wrong = RwSignal::new(false);
    let change = move |event: ev::Event| {
        let is_set = set(&event_target_value(&event));
        is_wrong.set(!is_set);
        if is_set {
            state.launch.bounds.store();
        }
    };
    view! {
        <div class="field" class:wrong=move || is_wrong.get()>
            <label for=id>{label}</label>
            <input
                id=id
                class="input num"
                type="text"
                autocomplete="off"
                value=value
                aria-invalid=move || is_wrong.get().then_some("true")
                on:input=change
            />
        </div>
    }
    .into_any()
}
