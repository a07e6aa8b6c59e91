//! The Estimate: what the chosen trials cost and how long they take.

use leptos::prelude::*;

use super::fit::FitPanel;
use super::launch::LaunchBar;
use super::machine_table::MachineTable;
use super::parallel_table::ParallelTable;
use super::pilot::PilotPanel;
use crate::estimate::{CostEstimate, Estimate, EstimateSettings, Money, RateOverride, Spread};
use crate::page::format::{format_count, format_duration, format_quantity};
use crate::page::messages::STALE_SUFFIX;
use crate::page::state::{Draft, State};

#[component]
pub(super) fn EstimatePanel() -> impl IntoView {
    let state = State::get();
    let draft = state.draft;
    let is_stale = move || draft.displayed.is_stale.get();
    let count = move || {
        let count = draft
            .estimate
            .with(|e| describe_chosen(e, draft.plan().len()));
        if is_stale() {
            [&count, STALE_SUFFIX].concat()
        } else {
            count
        }
    };
    let refining = move || {
        let is_provisional = draft.estimate.with(|estimate| estimate.is_provisional);
        is_provisional.then_some("Refining…")
    };
    let why_no_price = move || {
        draft.pricing.with(|pricing| match pricing.rate_override {
            Some(RateOverride::NoPrice) => "This cluster has no price.",
            _ => "The price list has no price for this machine.",
        })
    };
    view! {
        <section class="card estimate" class:stale=is_stale aria-labelledby="estimate-title">
            <header class="card-head">
                <h2 id="estimate-title">"Estimate"</h2>
                <p class="fine" role="status">{refining}</p>
                <p class="num estimate-count">{count}</p>
            </header>
            <div class="estimate-body">
                {move || draft.estimate.with(|estimate| {
                    headline(estimate, draft.plan().is_empty(), why_no_price(), price_note(draft))
                })}
                {view! { <Prices /> }.into_any()}
                {move || draft.estimate.with(wall_clock)}
                {move || draft.estimate.with(problems)}
                {move || {
                    let problem = state.server.prices.problem.get();
                    problem.map(|words| view! { <p class="estimate-problem">{words}</p> })
                }}
            </div>
            <LaunchBar />
            <div class="estimate-more">
                {view! { <PilotPanel /> }.into_any()}
                {view! { <MachineTable /> }.into_any()}
                {view! { <FitPanel /> }.into_any()}
                {view! { <ParallelTable /> }.into_any()}
                {view! { <Assumptions /> }.into_any()}
            </div>
        </section>
    }
}

fn describe_chosen(estimate: &Estimate, proposed: u128) -> String {
    if estimate.trials == proposed {
        return format_quantity(proposed, "trial");
    }
    [
        format_count(estimate.trials).as_str(),
        " of ",
        &format_quantity(proposed, "trial"),
    ]
    .concat()
}

/// The likely cost in large type; without a run time, the price of one trial for an hour.
fn headline(
    estimate: &Estimate,
    no_plan: bool,
    why_no_price: &str,
    note: Option<String>,
) -> AnyView {
    let (figure, under) = match (&estimate.cost, &estimate.per_trial_hour) {
        (None, _) if estimate.partial.is_some() => describe_partial(estimate),
        _ if no_plan => ("–".to_owned(), "Nothing to price yet".to_owned()),
        _ if estimate.trials == 0 => ("–".to_owned(), "No trials chosen".to_owned()),
        (Some(cost), _) => (
            cost.likely.to_compact(),
            ["likely, ", &format_cost_range(cost)].concat(),
        ),
        (None, Some(rate)) => (
            ["$", &rate.to_rate()].concat(),
            "per hour of a trial. Enter a run time for a total.".to_owned(),
        ),
        (None, None) => ("unknown".to_owned(), why_no_price.to_owned()),
    };
    let long = figure.len() > 9;
    view! {
        <div class="headline">
            <p class="figure num" class:long=long>{figure}</p>
            <p class="under num">{under}</p>
            {note.map(|note| view! { <p class="fine">{note}</p> })}
            {estimate.rounding_note.clone().map(|note| view! { <p class="rounding-note">{note}"."</p> })}
        </div>
    }
    .into_any()
}

/// The cost of the trials that have a price and a run time, with how many they are.
fn describe_partial(estimate: &Estimate) -> (String, String) {
    let Some(partial) = &estimate.partial else {
        return ("unknown".to_owned(), String::new());
    };
    let likely = partial.cost.likely.to_compact();
    let under = [
        &describe_partial_count(partial.trials, estimate.trials),
        ": ",
        &likely,
        " likely, ",
        &format_cost_range(&partial.cost),
    ];
    let under = under.concat();
    (likely, under)
}

/// `3 of 4 trials`.
pub(super) fn describe_partial_count(priced: u128, trials: u128) -> String {
    [
        &format_count(priced),
        " of ",
        &format_quantity(trials, "trial"),
    ]
    .concat()
}

/// What the price is of, where that is not plain: another machine than the trials run on, or a price of
/// long ago.
fn price_note(draft: Draft) -> Option<String> {
    let today = draft.pricing.with(|pricing| pricing.today);
    let age = draft
        .estimate
        .with(|estimate| estimate.describe_old_prices(today?));
    let notes: Vec<String> = as_if_on(draft).into_iter().chain(age).collect();
    (!notes.is_empty()).then(|| notes.join("; "))
}

/// `as if on m5a.large`, where the trials run on the server's own machine and are priced as on that which
/// the commands name.
pub(super) fn as_if_on(draft: Draft) -> Option<String> {
    let is_quoted = draft
        .pricing
        .with(|pricing| pricing.on_own_machine && !pricing.has_cluster_price());
    draft.estimate.with(|estimate| {
        let mut names: Vec<&str> = Vec::new();
        for used in &estimate.machines {
            let quote = used.requested_quote();
            if quote.rate.is_some() && !names.contains(&quote.name()) {
                names.push(quote.name());
            }
        }
        let [first, others @ ..] = names.as_slice() else {
            return None;
        };
        let more = match others {
            [] => String::new(),
            [second] => [" and ", second].concat(),
            _ => [" and ", &others.len().to_string(), " others"].concat(),
        };
        is_quoted.then(|| ["as if on ", first, &more].concat())
    })
}

pub(super) fn format_cost_range(cost: &Spread<Money>) -> String {
    [&cost.low.to_compact(), " – ", &cost.high.to_compact()].concat()
}

/// The cost of the same trials at the list price and at the interruptible price, each with its price
/// for an hour; on a cluster with its own price, which both would be, that one alone, and on one that has
/// none that there is none.
#[component]
fn Prices() -> impl IntoView {
    let draft = State::get().draft;
    let spot = Memo::new(move |_| draft.controls.with(|options| options.spot));
    let prices = Memo::new(move |_| {
        draft
            .estimate
            .with(|estimate| [price(&estimate.list), price(&estimate.interruptible)])
    });
    let has_own_price = Memo::new(move |_| draft.pricing.with(EstimateSettings::has_cluster_price));
    let has_no_price = Memo::new(move |_| {
        draft
            .pricing
            .with(|pricing| matches!(pricing.rate_override, Some(RateOverride::NoPrice)))
    });
    let line = move |is_spot: bool, name: &'static str| {
        let [figure, under] = [0, 1].map(|part| {
            move || {
                prices.with(|prices| {
                    let price = &prices[usize::from(is_spot)];
                    if part == 0 {
                        price.0.clone()
                    } else {
                        price.1.clone()
                    }
                })
            }
        });
        view! {
            <div class="price" class:current=move || has_own_price.get() || spot.get() == is_spot>
                <dt>{name}</dt>
                <dd class="num">{figure}<span class="fine">{under}</span></dd>
            </div>
        }
    };
    let lines = move || {
        if has_no_price.get() {
            view! { <div class="price current"><dt>"Cluster's own price"</dt><dd class="num">"none"</dd></div> }
                .into_any()
        } else if has_own_price.get() {
            line(false, "Cluster's own price").into_any()
        } else {
            (line(false, "List price"), line(true, "Interruptible")).into_any()
        }
    };
    view! { <dl class="prices">{lines}</dl> }
}

fn price(priced: &CostEstimate) -> (String, String) {
    let hour = priced.per_trial_hour.as_ref();
    let hour = hour.map_or_else(String::new, |rate| {
        ["$", &rate.to_rate(), " an hour"].concat()
    });
    match &priced.cost {
        Some(cost) if !cost.high.is_zero() => (cost.likely.to_compact(), hour),
        None if priced.partial.is_some() => {
            let partial = priced.partial.as_ref();
            (
                partial.map_or_else(String::new, |partial| partial.cost.likely.to_compact()),
                hour,
            )
        }
        None if hour.is_empty() => ("unknown".to_owned(), String::new()),
        _ => ("–".to_owned(), hour),
    }
}

fn wall_clock(estimate: &Estimate) -> AnyView {
    let wall = estimate.wall_seconds.as_ref().map(|wall| {
        let range = [format_duration(wall.low), format_duration(wall.high)].join(" – ");
        (format_duration(wall.likely), range)
    });
    let why = if estimate.trials == 0 {
        ""
    } else if estimate.partial.is_some() {
        "some trials have no run time"
    } else {
        "needs a run time"
    };
    let (likely, range) = wall.unwrap_or_else(|| ("–".to_owned(), why.to_owned()));
    let trials = match estimate.parallel {
        1 => "one at a time".to_owned(),
        some => [&format_count(some.into()), " at a time"].concat(),
    };
    view! {
        <dl class="facts num">
            <div><dt>"Wall-clock"<span class="fine">{trials}</span></dt><dd>{likely}<span class="fine">{range}</span></dd></div>
        </dl>
    }
    .into_any()
}

/// Most problems that are shown.
const MAX_REPORTED: usize = 4;

fn problems(estimate: &Estimate) -> AnyView {
    estimate
        .problems
        .iter()
        .take(MAX_REPORTED)
        .map(|problem| view! { <p class="estimate-problem">{problem.to_string()}</p> })
        .collect_view()
        .into_any()
}

/// How many assumptions are shown while the list is folded: the weightiest.
const FOLDED: usize = 2;

/// What the estimate assumes; folded, the weightiest lines alone.
#[component]
fn Assumptions() -> impl IntoView {
    let draft = State::get().draft;
    let open = RwSignal::new(false);
    let lines = Memo::new(move |_| draft.estimate.with(|estimate| estimate.assumptions.clone()));
    let count = move || lines.with(Vec::len);
    let items = move || {
        let shown = if open.get() { usize::MAX } else { FOLDED };
        lines.with(|lines| {
            let shown = lines.iter().take(shown).cloned();
            shown.map(|line| view! { <li>{line}</li> }).collect_view()
        })
    };
    view! {
        <section class="assumptions" aria-labelledby="assumptions-title" hidden=move || count() == 0>
            <header class="estimate-part">
                <h3 id="assumptions-title">"Assumptions"</h3>
                <button
                    type="button"
                    class="ghost small"
                    aria-controls="assumptions"
                    aria-expanded=move || open.get().to_string()
                    aria-label=move || if open.get() { "Show fewer assumptions" } else { "Show all assumptions" }
                    on:click=move |_| open.update(|open| *open = !*open)
                >
                    {move || if open.get() { "Show fewer".to_owned() } else { ["Show all ", &count().to_string()].concat() }}
                </button>
            </header>
            <ul role="list" id="assumptions">{items}</ul>
        </section>
    }
}
