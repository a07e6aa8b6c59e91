//! The Estimate: what the chosen trials cost and how long they take.

use leptos::prelude::*;

use super::launch::LaunchBar;
use crate::estimate::{CostEstimate, Estimate, EstimateSettings, Money, RateOverride, Spread};
use crate::page::format::{format_count, format_duration, format_quantity};
use crate::page::messages::STALE_SUFFIX;
use crate::page::state::State;

#[component]
pub(super) fn EstimatePanel() -> impl IntoView {
    let draft = State::get().draft;
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
                <p class="num estimate-count">{count}</p>
            </header>
            <div class="estimate-body">
                {move || draft.estimate.with(|estimate| headline(estimate, draft.plan().is_empty(), why_no_price()))}
                {view! { <Prices /> }.into_any()}
                {move || draft.estimate.with(wall_clock)}
                {move || draft.estimate.with(problems)}
            </div>
            <LaunchBar />
            {move || draft.estimate.with(assumptions)}
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
fn headline(estimate: &Estimate, no_plan: bool, why_no_price: &str) -> AnyView {
    let (figure, under) = match (&estimate.cost, &estimate.per_trial_hour) {
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
        </div>
    }
    .into_any()
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

fn assumptions(estimate: &Estimate) -> AnyView {
    let lines: Vec<_> = estimate
        .assumptions
        .iter()
        .map(ToString::to_string)
        .collect();
    if lines.is_empty() {
        return ().into_any();
    }
    view! {
        <details class="assumptions" open=true>
            <summary>"Assumptions"</summary>
            <ul role="list">{lines.into_iter().map(|line| view! { <li>{line}</li> }).collect_view()}</ul>
        </details>
    }
    .into_any()
}
