//! Trials that have finished already: the line above the grid, and the cell of each.

use leptos::prelude::*;

use super::Grid;
use crate::page::format::{
    format_count, format_duration, format_exact_dollars, format_metric, format_quantity,
};
use crate::page::state::{Draft, FinishedCounts};

/// `3 of 12 trials have finished already: $0.12 saved.`
fn describe(counts: &FinishedCounts) -> String {
    let have = if counts.finished == 1 { "has" } else { "have" };
    let mut words = [
        &format_count(counts.finished),
        " of ",
        &format_quantity(counts.trials, "trial"),
        " ",
        have,
        " finished already",
    ]
    .concat();
    let cost = counts.cost.filter(|cost| *cost > 0.0);
    let cost = cost.map(format_exact_dollars);
    match (counts.again, cost) {
        (0, Some(cost)) => words.push_str(&[": ", &cost, " saved."].concat()),
        (0, None) if counts.finished == 1 => words.push_str(", and is left out."),
        (0, None) => words.push_str(", and are left out."),
        (again, cost) => {
            words.push_str("; ");
            words.push_str(&describe_again(again, counts.finished));
            if let Some(cost) = cost {
                words.push_str(&[", for about ", &cost].concat());
            }
            words.push('.');
        }
    }
    if counts.is_cut {
        words.push_str(" More trials pass the same values: they are not marked.");
    }
    words
}

/// `they run again`, or `2 of them run again`.
fn describe_again(again: u128, finished: u128) -> String {
    match (again, finished) {
        (1, 1) => "it runs again".to_owned(),
        (1, _) => "1 of them runs again".to_owned(),
        _ if again == finished => "they run again".to_owned(),
        _ => format_count(again) + " of them run again",
    }
}

/// What the Launch bar says of finished trials that are chosen.
pub(in super::super) fn describe_repeats(draft: Draft) -> Option<String> {
    draft
        .finished_counts
        .with(|counts| (counts.again > 0).then(|| describe(counts)))
}

/// Whether every trial of the plan has finished and none is chosen.
pub(in super::super) fn all_are_left_out(draft: Draft) -> bool {
    draft
        .finished_counts
        .with(|counts| counts.finished > 0 && counts.finished == counts.trials && counts.again == 0)
}

/// The line above the grid, with a button for the other choice.
#[component]
pub(super) fn FinishedLine(draft: Draft) -> impl IntoView {
    let counts = draft.finished_counts;
    let is_stale = move || draft.displayed.is_stale.get();
    let has_some = move || counts.with(|counts| counts.finished > 0);
    let all_again = move || counts.with(|counts| counts.again == counts.finished);
    let none_again = move || counts.with(|counts| counts.again == 0);
    view! {
        <div class="finished-line" role="status" hidden=move || !has_some()>
            {move || has_some().then(|| view! {
                <p title="They ran the same script file with the same arguments, environment and data. Modules that it imports are not compared.">
                    {move || counts.with(describe)}
                </p>
                <div class="card-tools">
                    <button type="button" class="ghost small" disabled=is_stale hidden=all_again
                        on:click=move |_| draft.run_finished_again()>"Run them again"</button>
                    <button type="button" class="ghost small" disabled=is_stale hidden=none_again
                        on:click=move |_| draft.leave_finished_out()>"Leave them out"</button>
                </div>
            })}
        </div>
    }
}

/// Whether the grid has the column Finished.
pub(super) fn has_column(draft: Draft) -> Memo<bool> {
    Memo::new(move |_| {
        let marks = draft.finished.marks;
        marks.with(|marks| !marks.positions().is_empty())
    })
}

/// The cell of a trial: `finished: 5.2 s, $0.012, loss 0.31`; empty where it has not run yet.
pub(super) fn finished_cell(grid: Grid, position: u128) -> AnyView {
    let words = describe_trial(grid.draft, position).unwrap_or_default();
    let title = words.clone();
    view! { <div role="gridcell" class="cell value finished" title=title>{words}</div> }.into_any()
}

fn describe_trial(draft: Draft, position: u128) -> Option<String> {
    let marks = draft.finished.marks.get();
    let trial = draft.displayed.plan.with(|plan| plan.trial(position))?;
    draft.finished.lists.with(|lists| {
        let (_, row) = marks.of(&trial)?.find(lists)?;
        let metrics = row.metrics.iter();
        let figures = row
            .run_seconds
            .map(format_duration)
            .into_iter()
            .chain(row.cost.map(format_exact_dollars))
            .chain(metrics.map(|(name, value)| [name, " ", &format_metric(value.0)].concat()));
        let figures: Vec<String> = figures.collect();
        Some(match figures.is_empty() {
            true => "finished".to_owned(),
            false => ["finished: ", &figures.join(", ")].concat(),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn the_line_says_what_is_saved_or_spent_again() {
        let line = |finished, again, cost| {
            describe(&FinishedCounts {
                finished,
                again,
                trials: 12,
                cost,
                is_cut: false,
            })
        };
        assert_eq!(
            line(3, 0, Some(0.12)),
            "3 of 12 trials have finished already: $0.12 saved."
        );
        assert_eq!(
            line(1, 0, None),
            "1 of 12 trials has finished already, and is left out."
        );
        assert_eq!(
            line(3, 3, Some(0.0057)),
            "3 of 12 trials have finished already; they run again, for about $0.0057."
        );
        assert_eq!(
            line(3, 1, None),
            "3 of 12 trials have finished already; 1 of them runs again."
        );
        assert_eq!(
            line(12, 2, Some(2.0)),
            "12 of 12 trials have finished already; 2 of them run again, for about $2.00."
        );
    }
}
