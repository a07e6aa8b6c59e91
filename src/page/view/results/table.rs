//! The table of results.

use leptos::prelude::*;

use super::super::status::{badge, of_trial};
use super::View;
use super::rows::{Column, Row, Table};
use crate::page::format::{dollars, duration, exact_dollars, grouped, metric};

/// Rows that are rendered at first, and more at each click on Show more.
const FIRST: usize = 200;

#[component]
pub(super) fn ResultTable(view: View) -> impl IntoView {
    let heads = Memo::new(move |_| view.table.with(|table| heads(table, view.several.get())));
    let order = Memo::new(move |_| order(view));
    let limit = RwSignal::new(FIRST);
    let more = move || order.with(Vec::len).saturating_sub(limit.get());
    let unread = move || view.table.with(|table| table.unread);
    view! {
        <section class="card" aria-labelledby="results-title">
            <header class="card-head">
                <h2 id="results-title">"Results"</h2>
                <p class="trial-count num">
                    {move || grouped(view.table.with(|table| table.rows.len() as u128))}
                    " trials"
                    {move || (unread() > 0).then(|| [", ", &grouped(unread().into()), " more not read"].concat())}
                </p>
            </header>
            <div class="table-scroll" tabindex="0" role="group" aria-label="All results">
                <table class="table results-table" aria-label="Results">
                    <thead>
                        <tr>{move || heads.get().into_iter().map(|column| head(view, column)).collect_view()}</tr>
                    </thead>
                    <tbody>
                        {move || body(view, &order.get(), limit.get())}
                    </tbody>
                </table>
            </div>
            {move || (more() > 0).then(|| view! {
                <footer class="pager">
                    <span class="num">{[&grouped(more() as u128), " more"].concat()}</span>
                    <button type="button" class="button small" on:click=move |_| limit.update(|limit| *limit += FIRST)>
                        "Show more"
                    </button>
                </footer>
            })}
        </section>
    }
}

fn heads(table: &Table, several: bool) -> Vec<Column> {
    let run = several.then_some(Column::Run);
    let values = table.columns.iter().cloned().map(Column::Value);
    let metrics = table.metrics.iter().cloned().map(Column::Metric);
    run.into_iter()
        .chain([Column::Trial])
        .chain(values)
        .chain(metrics)
        .chain([Column::Time, Column::Cost])
        .collect()
}

/// The column that the table is sorted by, and whether ascending.
fn sorting(view: View) -> (Column, bool) {
    view.sort.get().unwrap_or_else(|| match view.goal.get() {
        Some((name, lower)) => (Column::Metric(name), lower),
        None => (Column::Trial, true),
    })
}

fn order(view: View) -> Vec<usize> {
    let (column, ascending) = sorting(view);
    view.table.with(|table| table.sorted(&column, ascending))
}

fn head(view: View, column: Column) -> AnyView {
    let (words, class) = match &column {
        Column::Run => ("Run".to_owned(), ""),
        Column::Trial => ("Trial".to_owned(), ""),
        Column::Value(name) => (name.clone(), "mono"),
        Column::Metric(name) => (name.clone(), "right"),
        Column::Time => ("Training time".to_owned(), "right"),
        Column::Cost => ("Cost".to_owned(), "right"),
    };
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
        </th>
    }
    .into_any()
}

fn body(view: View, order: &[usize], limit: usize) -> AnyView {
    view.table.with(|table| {
        let best = view
            .goal
            .get()
            .and_then(|(name, lower)| table.best(&name, lower));
        let several = view.several.get();
        order
            .iter()
            .take(limit)
            .filter_map(|place| {
                Some(row(
                    table,
                    table.rows.get(*place)?,
                    several,
                    best == Some(*place),
                ))
            })
            .collect_view()
            .into_any()
    })
}

fn row(table: &Table, row: &Row, several: bool, best: bool) -> AnyView {
    let dash = || "–".to_owned();
    let number = grouped(u128::from(row.trial.number) + 1);
    let state = (!matches!(row.trial.state, crate::api::ExperimentState::Succeeded))
        .then(|| badge(of_trial(row.trial.state)));
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
            {table.metrics.iter().map(|name| {
                view! { <td class="right">{row.metric(name).map_or_else(dash, metric)}</td> }
            }).collect_view()}
            <td class="right">{row.seconds().map_or_else(dash, duration)}</td>
            <td class="right" title=row.trial.cost.map(exact_dollars)>{row.trial.cost.map_or_else(dash, dollars)}</td>
        </tr>
    }
    .into_any()
}
