//! The table of results.

use leptos::prelude::*;

use super::super::status::{badge, trial_status};
use super::Comparison;
use super::rows::{Column, Row, Table};
use crate::page::format::{
    format_count, format_dollars, format_duration, format_exact_dollars, format_metric,
    format_quantity,
};

/// Rows that are rendered at first, and more at each click on Show more.
const FIRST: usize = 200;

#[component]
pub(super) fn ResultTable(view: Comparison) -> impl IntoView {
    let metrics = Memo::new(move |_| view.shown_metrics());
    let heads = Memo::new(move |_| {
        view.table
            .with(|table| visible_columns(table, &metrics.get(), view.several.get()))
    });
    let order = Memo::new(move |_| row_order(view));
    let limit = RwSignal::new(FIRST);
    let more = move || order.with(Vec::len).saturating_sub(limit.get());
    let unread = move || view.table.with(|table| table.unread);
    view! {
        <section class="card" aria-labelledby="results-title">
            <header class="card-head">
                <h2 id="results-title">"Results"</h2>
                <p class="trial-count num">
                    {move || format_count(view.table.with(|table| table.rows.len() as u128))}
                    " trials"
                    {move || (unread() > 0).then(|| [", ", &format_count(unread().into()), " more not read"].concat())}
                </p>
                {constants_toggle(view, metrics)}
                {move || view.table.with(totals_line).map(|line| view! { <p class="totals quiet num">{line}</p> })}
            </header>
            <div class="table-scroll" tabindex="0" role="group" aria-label="All results">
                <table class="table results-table" aria-label="Results">
                    <thead>
                        <tr>{move || heads.get().into_iter().map(|column| header_cell(view, column)).collect_view()}</tr>
                    </thead>
                    <tbody>
                        {move || body(view, &metrics.get(), &order.get(), limit.get())}
                    </tbody>
                </table>
            </div>
            {move || (more() > 0).then(|| view! {
                <footer class="pager">
                    <span class="num">{[&format_count(more() as u128), " more"].concat()}</span>
                    <button type="button" class="button small" on:click=move |_| limit.update(|limit| *limit += FIRST)>
                        "Show more"
                    </button>
                </footer>
            })}
        </section>
    }
}

/// Shows the metrics that are the same in all trials, and hides them again.
fn constants_toggle(view: Comparison, shown: Memo<Vec<String>>) -> AnyView {
    let count = Memo::new(move |_| {
        let hidden = |table: &Table| {
            let all = table.metrics.len() + table.constants.len();
            all - shown.with(Vec::len)
        };
        match view.constants_shown.get() {
            true => view.table.with(|table| table.constants.len()),
            false => view.table.with(hidden),
        }
    });
    let words = move || format_quantity(count.get() as u128, "constant metric");
    view! {
        <button
            type="button"
            class="button small"
            hidden=move || count.get() == 0
            aria-pressed=move || view.constants_shown.get().to_string()
            on:click=move |_| view.constants_shown.update(|shown| *shown = !*shown)
        >
            {words}
        </button>
    }
    .into_any()
}

fn visible_columns(table: &Table, metrics: &[String], several: bool) -> Vec<Column> {
    let run = several.then_some(Column::Run);
    let values = table.columns.iter().cloned().map(Column::Argument);
    let metrics = metrics.iter().cloned().map(Column::Metric);
    let estimates = [Column::EstimatedTime, Column::EstimatedCost];
    let estimates = estimates.into_iter().filter(|_| table.has_estimates());
    run.into_iter()
        .chain([Column::Trial])
        .chain(values)
        .chain(metrics)
        .chain([Column::Time, Column::Cost])
        .chain(estimates)
        .collect()
}

/// The column that the table is sorted by, and whether ascending.
fn sorting(view: Comparison) -> (Column, bool) {
    view.sort.get().unwrap_or_else(|| match view.goal.get() {
        Some((name, lower)) => (Column::Metric(name), lower),
        None => (Column::Trial, true),
    })
}

fn row_order(view: Comparison) -> Vec<usize> {
    let (column, ascending) = sorting(view);
    view.table
        .with(|table| table.sorted_indices(&column, ascending))
}

fn header_cell(view: Comparison, column: Column) -> AnyView {
    let (words, class) = match &column {
        Column::Run => ("Run".to_owned(), ""),
        Column::Trial => ("Trial".to_owned(), ""),
        Column::Argument(name) => (name.clone(), "mono"),
        Column::Metric(name) => (name.clone(), "right"),
        Column::Time => ("Training time".to_owned(), "right"),
        Column::Cost => ("Cost".to_owned(), "right"),
        Column::EstimatedTime => ("Estimated time".to_owned(), "right"),
        Column::EstimatedCost => ("Estimated cost".to_owned(), "right"),
    };
    let is_cost = matches!(column, Column::Cost | Column::EstimatedCost);
    let note = Memo::new(move |_| {
        let shared = || view.table.with(|table| table.shared_cost_note().cloned());
        is_cost.then(shared).flatten()
    });
    let (this, clicked) = (column.clone(), column);
    let direction = Memo::new(move |_| {
        let (column, ascending) = sorting(view);
        (column == this).then_some(if ascending { "ascending" } else { "descending" })
    });
    let sort = move |_| {
        let ascending = direction.get_untracked() != Some("ascending");
        view.sort.set(Some((clicked.clone(), ascending)));
    };
    view! {
        <th scope="col" class=class aria-sort=move || direction.get()>
            <button type="button" class="sort" on:click=sort>
                {words}
                <span class="sort-mark" aria-hidden="true"></span>
            </button>
            {move || note.get().map(|note| view! { <span class="fine below">{note}</span> })}
        </th>
    }
    .into_any()
}

fn body(view: Comparison, metrics: &[String], order: &[usize], limit: usize) -> AnyView {
    view.table.with(|table| {
        let best = view
            .goal
            .get()
            .and_then(|(name, lower)| table.best(&name, lower));
        let several = view.several.get();
        let is_noted_above = table.shared_cost_note().is_some();
        order
            .iter()
            .take(limit)
            .filter_map(|place| {
                Some(result_row(
                    table,
                    metrics,
                    table.rows.get(*place)?,
                    several,
                    best == Some(*place),
                    is_noted_above,
                ))
            })
            .collect_view()
            .into_any()
    })
}

/// What the launch estimated for a trial.
fn estimate_cells(row: &Row, note: Option<String>) -> AnyView {
    let dash = || "–".to_owned();
    let (seconds, cost) = (row.trial.estimated_seconds, row.trial.estimated_cost);
    view! {
        <td class="right">{seconds.map_or_else(dash, format_duration)}</td>
        <td class="right" title=cost.map(format_exact_dollars)>
            {cost.map_or_else(dash, format_dollars)}
            {note.map(|note| view! { <span class="fine below">{note}</span> })}
        </td>
    }
    .into_any()
}

/// Estimated and actual time and money of the completed trials together.
fn totals_line(table: &Table) -> Option<String> {
    let totals = table.totals();
    if totals.trials == 0 {
        return None;
    }
    let [estimated, taken] = [totals.estimated_seconds, totals.seconds].map(format_duration);
    let costs = totals.costs.map(|(estimated, actual)| {
        let [estimated, actual] = [estimated, actual].map(format_exact_dollars);
        let note = table.shared_cost_note();
        let note = note.map_or_else(String::new, |note| [" ", note].concat());
        ["; ", &estimated, " estimated, ", &actual, " billed", &note].concat()
    });
    let percent = ((totals.seconds / totals.estimated_seconds - 1.0) * 100.0).round();
    let sign = if percent < 0.0 { "−" } else { "+" };
    let off = match percent.is_finite() {
        true => [" (", sign, &percent.abs().to_string(), "\u{202f}%)"].concat(),
        false => String::new(),
    };
    let count = format_quantity(totals.trials, "completed trial");
    let texts = [
        &count,
        ": ",
        &estimated,
        " estimated, ",
        &taken,
        " taken",
        &off,
        &costs.unwrap_or_default(),
    ];
    Some(texts.concat())
}

fn result_row(
    table: &Table,
    metrics: &[String],
    row: &Row,
    several: bool,
    best: bool,
    is_noted_above: bool,
) -> AnyView {
    let note = row.trial.cost.filter(|_| !is_noted_above);
    let note = note.and_then(|_| table.cost_notes.get(&row.run).cloned());
    let dash = || "–".to_owned();
    let number = format_count(u128::from(row.trial.number) + 1);
    let state = (!matches!(row.trial.state, crate::api::ExperimentState::Succeeded))
        .then(|| badge(trial_status(row.trial.state)));
    view! {
        <tr class:best=best>
            {several.then(|| view! { <td>{row.run.clone()}</td> })}
            <th scope="row" class="num">
                {number}
                {best.then(|| view! { <span class="tag">"Best"</span> })}
                {state}
            </th>
            {table.columns.iter().map(|name| {
                view! { <td class="mono">{row.values.get(name).cloned().unwrap_or_else(dash)}</td> }
            }).collect_view()}
            {metrics.iter().map(|name| {
                view! { <td class="right">{row.metric(name).map_or_else(dash, format_metric)}</td> }
            }).collect_view()}
            <td class="right">{row.seconds().map_or_else(dash, format_duration)}</td>
            <td class="right" title=row.trial.cost.map(format_exact_dollars)>
                {row.trial.cost.map_or_else(dash, format_dollars)}
                {note.clone().map(|note| view! { <span class="fine below">{note}</span> })}
            </td>
            {table.has_estimates().then(|| estimate_cells(row, note))}
        </tr>
    }
    .into_any()
}
