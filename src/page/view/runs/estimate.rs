//! What a run was estimated to take and to cost, what is left of it, and its budget.

use leptos::ev;
use leptos::prelude::*;

use crate::api::{Run, RunBudget, RunEstimate};
use crate::estimate::Money;
use crate::page::format::{format_duration, format_exact_dollars, format_quantity};
use crate::page::state::Runs;

/// `about 4 min left`, while the run is under way.
pub(super) fn remaining_time(run: &Run) -> Option<String> {
    let left = run.status.estimate.as_ref()?.remaining.as_ref()?;
    Some(["about ", &format_duration(left.wall_seconds), " left"].concat())
}

/// `about $0.40 more`, while the run is under way.
pub(super) fn remaining_cost(run: &Run) -> Option<String> {
    let left = run.status.estimate.as_ref()?.remaining.as_ref()?;
    Some(["about ", &format_exact_dollars(left.cost?), " more"].concat())
}

/// The estimate of the launch, and how far finished trials are off; `cost_note` as in the table.
pub(super) fn estimate_line(run: &Run, cost_note: Option<String>) -> Option<String> {
    let estimate = run.status.estimate.as_ref()?;
    let time = format_duration(estimate.machine_seconds.likely);
    let cost = estimate.cost.map(|cost| {
        let [low, likely, high] = [cost.low, cost.likely, cost.high].map(format_exact_dollars);
        let note = after_blank(cost_note);
        [" and ", &likely, " (", &low, " – ", &high, ")", &note].concat()
    });
    let correction = estimate.remaining.as_ref().and_then(describe_correction);
    let texts = [
        "Estimated ",
        &time,
        " of run time",
        &cost.unwrap_or_default(),
        &describe_source(run, estimate),
        &correction.unwrap_or_default(),
    ];
    Some(texts.concat())
}

fn after_blank(note: Option<String>) -> String {
    note.map_or_else(String::new, |note| [" ", &note].concat())
}

/// For how many trials, and by which run time.
fn describe_source(run: &Run, estimate: &RunEstimate) -> String {
    let all = u32::try_from(run.status.experiment_counts.total()).unwrap_or(0);
    let of = match estimate.trials == all {
        true => String::new(),
        false => {
            let count = format_quantity(estimate.trials.into(), "trial");
            [" for ", &count, " of ", &all.to_string()].concat()
        }
    };
    [
        &of,
        ", by the ",
        &estimate.source,
        " run time ",
        &estimate.run_time,
    ]
    .concat()
}

/// By what finished trials are off, from a twentieth on.
fn describe_correction(left: &crate::api::RemainingWork) -> Option<String> {
    let percent = (left.run_time_factor - 1.0) * 100.0;
    (percent.abs() >= 5.0).then(|| {
        let by = percent.abs().round().to_string();
        let kind = if percent > 0.0 { "longer" } else { "shorter" };
        ["; finished trials took ", &by, "\u{202f}% ", kind].concat()
    })
}

/// The budget of a run, to be raised; nothing where it has none.
pub(super) fn budget_form(
    runs: Runs,
    run: Memo<Option<Run>>,
    cost_note: Memo<Option<String>>,
) -> AnyView {
    let budget = Memo::new(move |_| run.with(|run| run.as_ref()?.status.budget.clone()));
    let has_budget = Memo::new(move |_| budget.with(Option::is_some));
    (move || has_budget.get().then(|| form(runs, run, budget, cost_note))).into_any()
}

fn form(
    runs: Runs,
    run: Memo<Option<Run>>,
    budget: Memo<Option<RunBudget>>,
    cost_note: Memo<Option<String>>,
) -> AnyView {
    // What is typed; `None` while that is the amount in force.
    let typed = RwSignal::new(None::<String>);
    let in_force = move || budget.with(|budget| budget.as_ref().map(|b| b.amount.clone()));
    let text = move || typed.get().or_else(in_force).unwrap_or_default();
    let amount = Memo::new(move |_| {
        let amount = Money::from_typed(&text());
        amount.and_then(|amount| amount.to_exact_decimal())
    });
    let release = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let known = run.with_untracked(|run| {
            let run = run.as_ref()?;
            Some((run.spec.cluster_id.clone(), run.id.clone()))
        });
        if let (Some(amount), Some((cluster, id))) = (amount.get_untracked(), known) {
            typed.set(None);
            runs.set_budget(cluster, id, amount);
        }
    };
    let used = move || {
        budget.with(|budget| {
            let budget = budget.as_ref()?;
            let [spent, committed] = [budget.spent, budget.committed].map(format_exact_dollars);
            let note = after_blank(cost_note.get());
            Some([&spent, " spent, up to ", &committed, " by what runs", &note].concat())
        })
    };
    view! {
        <form class="budget-form" on:submit=release>
            <label for="run-budget">"Budget"</label>
            <input
                id="run-budget"
                class="input num"
                type="text"
                autocomplete="off"
                spellcheck="false"
                aria-describedby="run-budget-use"
                aria-invalid=move || amount.get().is_none().then_some("true")
                prop:value=text
                on:input=move |event| typed.set(Some(event_target_value(&event)))
            />
            <button type="submit" class="button small" disabled=move || amount.get().is_none()>"Release"</button>
            <p class="fine num" id="run-budget-use">{used}</p>
        </form>
    }
    .into_any()
}
