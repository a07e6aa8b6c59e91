//! The Estimate: what the chosen trials cost and how long they take.

use leptos::prelude::*;

use super::launch::LaunchBar;
use crate::estimate::{Catalogue, Estimate, Money, Spread};
use crate::page::format::{counted, duration, grouped};
use crate::page::state::State;

#[component]
pub(super) fn EstimatePanel() -> impl IntoView {
    let draft = State::get().draft;
    view! {
        <section class="card estimate" aria-labelledby="estimate-title">
            <header class="card-head">
                <h2 id="estimate-title">"Estimate"</h2>
                <p class="num estimate-count">{move || draft.estimate.with(|e| chosen(e, draft.plan().len()))}</p>
            </header>
            <div class="estimate-body">
                {move || draft.estimate.with(headline)}
                {view! { <Prices /> }.into_any()}
                {move || draft.estimate.with(facts)}
                {move || draft.estimate.with(problems)}
            </div>
            <LaunchBar />
            {move || draft.estimate.with(assumptions)}
        </section>
    }
}

fn chosen(estimate: &Estimate, proposed: u128) -> String {
    if estimate.trials == proposed {
        return counted(proposed, "trial");
    }
    [grouped(estimate.trials).as_str(), " of ", &counted(proposed, "trial")].concat()
}

/// The price, large; without a run time, the price of an hour of one trial.
fn headline(estimate: &Estimate) -> AnyView {
    let (figure, under) = match (&estimate.cost, &estimate.per_trial_hour) {
        (Some(cost), _) => (cost.likely.compact(), ["likely, ", &range(cost)].concat()),
        (None, Some(rate)) => (
            ["$", &rate.to_rate()].concat(),
            "per trial and hour. Give a run time for a total.".to_owned(),
        ),
        (None, None) if estimate.trials == 0 => ("–".to_owned(), "No trials chosen".to_owned()),
        (None, None) => ("unknown".to_owned(), "The price list has no price for this machine.".to_owned()),
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

pub(super) fn range(cost: &Spread<Money>) -> String {
    [&cost.low.compact(), " – ", &cost.high.compact()].concat()
}

/// The same trials at the list and at the interruptible price.
#[component]
fn Prices() -> impl IntoView {
    let draft = State::get().draft;
    let spot = Memo::new(move |_| draft.options.with(|options| options.spot));
    let rates = Memo::new(move |_| {
        let machine = draft.options.with(|options| options.machine.clone());
        let rate = |spot| {
            let quote = Catalogue::embedded().quote(&machine, spot);
            quote.rate.map_or_else(|| "unknown".to_owned(), |rate| ["$", &rate.to_rate(), " / h"].concat())
        };
        [rate(false), rate(true)]
    });
    let line = move |is_spot: bool, name: &'static str| {
        view! {
            <div class="price" class:current=move || spot.get() == is_spot>
                <dt>{name}</dt>
                <dd class="num">{move || rates.with(|rates| rates[usize::from(is_spot)].clone())}</dd>
            </div>
        }
    };
    view! { <dl class="prices">{line(false, "List price")}{line(true, "Interruptible")}</dl> }
}

fn facts(estimate: &Estimate) -> AnyView {
    let wall = estimate.wall_seconds.as_ref().map(|wall| {
        let range = [duration(wall.low), duration(wall.high)].join(" – ");
        (duration(wall.likely), range)
    });
    let (likely, range) = wall.unwrap_or_else(|| ("–".to_owned(), "needs a run time".to_owned()));
    let per_hour = estimate.per_trial_hour.as_ref().map(|rate| ["$", &rate.to_rate()].concat());
    view! {
        <dl class="facts num">
            <div><dt>"Wall-clock"</dt><dd>{likely}<span class="fine">{range}</span></dd></div>
            <div><dt>"Per trial-hour"</dt><dd>{per_hour.unwrap_or_else(|| "unknown".to_owned())}</dd></div>
        </dl>
    }
    .into_any()
}

fn problems(estimate: &Estimate) -> AnyView {
    estimate
        .problems
        .iter()
        .map(|problem| view! { <p class="estimate-problem">{problem.to_string()}</p> })
        .collect_view()
        .into_any()
}

fn assumptions(estimate: &Estimate) -> AnyView {
    let lines: Vec<_> = estimate.assumptions.iter().map(ToString::to_string).collect();
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
