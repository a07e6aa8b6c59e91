//! The table of all runs.

use leptos::prelude::*;

use super::super::clock::elapsed_seconds;
use super::super::status::{badge, run_status};
use super::super::stop::stop_button;
use super::RunsContext;
use super::estimate::{remaining_cost, remaining_time};
use crate::api::{ExperimentCounts, Run};
use crate::page::format::{format_ago, format_dollars, format_duration, format_exact_dollars};

#[component]
pub(super) fn RunList(watch: RunsContext) -> impl IntoView {
    let runs = watch.state.runs;
    let ids = Memo::new(move |_| {
        runs.list.with(|list| {
            list.iter()
                .flatten()
                .map(|run| run.id.clone())
                .collect::<Vec<_>>()
        })
    });
    view! {
        <section class="card">
            <header class="card-head"><h2>"Runs"</h2></header>
            <div class="table-scroll runs-scroll" tabindex="0" role="group" aria-label="All runs">
                <table class="table" aria-label="Runs">
                    <thead>
                        <tr>
                            <th scope="col">"Run"</th>
                            <th scope="col">"Status"</th>
                            <th scope="col">"Trials"</th>
                            <th scope="col" class="right">"Run time"</th>
                            <th scope="col" class="right">"Cost"</th>
                            <th scope="col" class="right">"Launched"</th>
                            <th scope="col"><span class="hidden-visually">"Actions"</span></th>
                        </tr>
                    </thead>
                    <tbody>
                        <For each=move || ids.get() key=Clone::clone let(id)>
                            {run_row(watch, id)}
                        </For>
                    </tbody>
                </table>
            </div>
        </section>
    }
}

fn run_row(watch: RunsContext, id: String) -> AnyView {
    let runs = watch.state.runs;
    let key = StoredValue::new(id);
    let run = Memo::new(move |_| key.with_value(|id| runs.get(id)));
    let is_open = move || {
        runs.open_or_newest()
            .is_some_and(|run| key.with_value(|id| run.id == *id))
    };
    let text = move |read: fn(&Run) -> &String| {
        Memo::new(move |_| {
            run.with(|run| {
                run.as_ref()
                    .map(|run| read(run).clone())
                    .unwrap_or_default()
            })
        })
    };
    let (name, command) = (
        text(|run| &run.name),
        text(|run| &run.spec.run_controller_command),
    );
    let ended = Memo::new(move |_| {
        run.with(|run| run.as_ref().is_none_or(|run| run.status.phase.has_ended()))
    });
    let facts = move || run.get().map(|run| run_cells(watch, &run));
    let stop = move || {
        (!ended.get()).then(|| {
            stop_button(["run ", &name.get()].concat(), move || {
                if let Some(run) = run.get_untracked() {
                    runs.stop(run);
                }
            })
        })
    };
    view! {
        <tr class:open=is_open>
            <th scope="row">
                <button
                    type="button"
                    class="link"
                    aria-current=move || is_open().then_some("true")
                    on:click=move |_| runs.show_trials_of(key.get_value())
                >
                    {move || name.get()}
                </button>
                <code class="command-line">{move || command.get()}</code>
            </th>
            {facts}
            <td class="right actions">{stop}</td>
        </tr>
    }
    .into_any()
}

/// The cells that change while the run is under way.
fn run_cells(watch: RunsContext, run: &Run) -> AnyView {
    let cost = run
        .status
        .cost
        .map_or_else(|| "unknown".to_owned(), format_dollars);
    let note = run
        .status
        .cost
        .and_then(|_| watch.state.server.cost_note(run));
    view! {
        <td>{badge(run_status(&run.status))}</td>
        <td>{progress_bar(run.status.experiment_counts)}</td>
        <td class="right">
            {wall(watch, run)}
            {remaining_time(run).map(|left| view! { <span class="fine below">{left}</span> })}
        </td>
        <td class="right" title=run.status.cost.map(format_exact_dollars)>
            {cost}
            {remaining_cost(run).map(|left| view! { <span class="fine below">{left}</span> })}
            {note.map(|note| view! { <span class="fine below">{note}</span> })}
        </td>
        <td class="right quiet">{launched_ago(watch, run)}</td>
    }
    .into_any()
}

/// The wall-clock time from the first start of a trial to the last end, or to now.
fn wall(watch: RunsContext, run: &Run) -> impl IntoView + use<> {
    let (start, end) = (run.status.start_timestamp, run.status.finish_timestamp);
    move || {
        elapsed_seconds(start, end, watch.now.get()).map_or_else(|| "–".to_owned(), format_duration)
    }
}

fn launched_ago(watch: RunsContext, run: &Run) -> impl IntoView + use<> {
    let created = run.created_at;
    view! {
        <time datetime=created.to_string() title=created.to_string()>
            {move || format_ago(watch.now.get().seconds_since(created))}
        </time>
    }
}

/// How many trials have ended, with a bar of their states.
pub(super) fn progress_bar(counts: ExperimentCounts) -> AnyView {
    let total = counts.total().max(1);
    let share = |count: i32| (f64::from(count) * 100.0 / f64::from(total)).to_string() + "%";
    let piece = |class: &'static str, count: i32| {
        (count > 0).then(|| view! { <span class=class style:width=share(count)></span> })
    };
    view! {
        <span class="progress">
            <span class="num">{[&counts.ended().to_string(), " of ", &counts.total().to_string()].concat()}</span>
            <span class="bar" aria-hidden="true">
                {piece("bar-good", counts.succeeded)}
                {piece("bar-bad", counts.failed)}
                {piece("bar-still", counts.cancelled)}
                {piece("bar-busy", counts.running)}
            </span>
        </span>
    }
    .into_any()
}
