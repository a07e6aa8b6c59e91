//! The trials of one run.

use leptos::prelude::*;

use super::super::rest_estimate::describe_rest;
use super::super::status::{badge, run_status};
use super::RunsContext;
use super::estimate::{budget_form, estimate_line};
use super::list::progress_bar;
use super::row::{TableContext, trial_row};
use crate::api::{Run, TRIAL_PAGE_MAX};
use crate::page::browser;
use crate::page::format::{format_count, format_quantity};
use crate::page::state::{RunTrials, Tab};

const RUN_TITLE: &str = "run-title";
/// Rows on one page of the table.
const ROWS_PER_PAGE: u32 = 100;

#[component]
pub(super) fn TrialsOf(watch: RunsContext, id: String) -> impl IntoView {
    let runs = watch.state.runs;
    let key = StoredValue::new(id);
    let run = Memo::new(move |_| key.with_value(|id| runs.get(id)));
    let page = RwSignal::new(0_u32);
    // The memo holds the signal, not its content, which changes with every measurement and would be
    // copied each time.
    let trials = Memo::new(move |_| {
        Some(runs.load_trials(&run.get()?, page.get() * ROWS_PER_PAGE / TRIAL_PAGE_MAX))
    });
    let of_trials = move |read: fn(&RunTrials) -> Vec<String>| {
        Memo::new(move |_| {
            trials
                .get()
                .map(|trials| trials.with(read))
                .unwrap_or_default()
        })
    };
    let of_run = move |read: fn(&Run) -> &String| {
        Memo::new(move |_| {
            run.with(|run| {
                run.as_ref()
                    .map(|run| read(run).clone())
                    .unwrap_or_default()
            })
        })
    };
    let head = TableContext {
        run: of_run(|run| &run.name),
        run_id: of_run(|run| &run.id),
        cluster: of_run(|run| &run.spec.cluster_id),
        columns: of_trials(|trials| trials.columns.clone()),
        metrics: of_trials(|trials| trials.metrics.clone()),
        cost_note: Memo::new(move |_| watch.state.server.cost_note(run.get().as_ref()?)),
    };
    let numbers = Memo::new(move |_| {
        trials
            .get()
            .map(|trials| trials.with(|trials| numbers_on_page(trials, page.get())))
            .unwrap_or_default()
    });
    let total = Memo::new(move |_| {
        trials
            .get()
            .and_then(|trials| trials.with(|trials| trials.total))
    });
    let row_of = move |number: u32| {
        Memo::new(move |_| {
            trials
                .get()?
                .with(|trials| trials.rows.get(&number).cloned())
        })
    };
    let compare = move |_| {
        runs.compared.update(|compared| {
            compared.clear();
            compared.insert(key.get_value());
        });
        watch.state.tab.set(Tab::Results);
    };
    let count = move |read: fn(&Run) -> i32| {
        Memo::new(move |_| run.with(|run| run.as_ref().map_or(0, read)))
    };
    // What is held for lack of budget is released by raising it.
    let held = count(|run| match &run.status.budget {
        Some(budget) if budget.holds => 0,
        _ if is_pilot(run) => 0,
        _ => run.status.held,
    });
    let held_by_pilot = count(|run| if is_pilot(run) { run.status.held } else { 0 });
    let failed = count(|run| run.status.experiment_counts.failed);
    let place = move || (head.cluster.get_untracked(), key.get_value());
    // The button disappears once it has worked: the focus goes to the heading first.
    let release = Callback::new(move |()| {
        let (cluster, run) = place();
        runs.release(cluster, run);
        browser::focus(RUN_TITLE);
    });
    let retry = Callback::new(move |()| {
        let (cluster, run) = place();
        runs.retry(cluster, run, None);
        browser::focus(RUN_TITLE);
    });
    view! {
        <section class="card" aria-label=move || ["Run ", &head.run.get()].concat()>
            <header class="card-head run-head">
                {move || run.get().map(|run| title(&run, head.cost_note.get()))}
                <div class="card-tools">
                    {run_rest(watch, held_by_pilot, release, key)}
                    <ButtonFor count=held verb="Release" noun="held trial" on_click=release />
                    <ButtonFor count=failed verb="Retry" noun="failed trial" on_click=retry />
                    <button type="button" class="button small" on:click=compare>"Compare results"</button>
                </div>
            </header>
            {budget_form(runs, run, head.cost_note)}
            <div class="table-scroll" tabindex="0" role="group" aria-label="Trials">
                <table class="table trials-table" aria-label=move || ["Trials of ", &head.run.get()].concat()>
                    <thead>{move || header_row(head)}</thead>
                    <tbody>
                        <For each=move || numbers.get() key=|number| *number let(number)>
                            {trial_row(watch, head, number, row_of(number))}
                        </For>
                    </tbody>
                </table>
            </div>
            {move || total.get().filter(|total| *total > u64::from(ROWS_PER_PAGE)).map(|total| pager(page, total))}
        </section>
    }
}

fn is_pilot(run: &Run) -> bool {
    run.spec.sweep_options.pilot.is_some()
}

/// The button for trials that wait for a yes after their pilot, with what they cost where they are of the plan.
fn run_rest(
    watch: RunsContext,
    held: Memo<i32>,
    release: Callback<()>,
    run: StoredValue<String>,
) -> AnyView {
    let pilot = watch.state.pilot;
    let cost = move || {
        let is_of_plan = run.with_value(|run| pilot.is_of_plan(run));
        is_of_plan.then(|| pilot.rest.with(|rest| describe_rest(rest.as_ref())))
    };
    view! {
        <span class="quiet num rest-cost" hidden=move || held.get() == 0>{cost}</span>
        <button type="button" class="button small" hidden=move || held.get() == 0 on:click=move |_| release.run(())>
            "Run the rest"
        </button>
    }
    .into_any()
}

/// A button for all trials in one state; it is hidden while there are none.
#[component]
fn ButtonFor(
    count: Memo<i32>,
    verb: &'static str,
    noun: &'static str,
    on_click: Callback<()>,
) -> impl IntoView {
    let label = move || {
        let count = u128::try_from(count.get()).unwrap_or(0);
        [verb, " ", &format_quantity(count, noun)].concat()
    };
    view! {
        <button type="button" class="button small" hidden=move || count.get() == 0 on:click=move |_| on_click.run(())>
            {label}
        </button>
    }
}

fn title(run: &Run, cost_note: Option<String>) -> AnyView {
    let message = run.status.message.clone();
    view! {
        <h2 id=RUN_TITLE tabindex="-1">{run.name.clone()}</h2>
        {badge(run_status(&run.status))}
        {progress_bar(run.status.experiment_counts)}
        {(!message.is_empty()).then(|| view! { <p class="quiet">{message}</p> })}
        {estimate_line(run, cost_note).map(|line| view! { <p class="quiet num">{line}</p> })}
    }
    .into_any()
}

fn header_row(head: TableContext) -> AnyView {
    let names = |names: Vec<String>, class: &'static str| {
        names
            .into_iter()
            .map(|name| view! { <th scope="col" class=class>{name}</th> })
            .collect_view()
    };
    view! {
        <tr>
            <th scope="col">"Trial"</th>
            <th scope="col">"Status"</th>
            {names(head.columns.get(), "mono")}
            {names(head.metrics.get(), "right")}
            <th scope="col" class="right">"Run time"</th>
            <th scope="col" class="right">"Billed time"</th>
            <th scope="col" class="right">
                "Cost"
                {head.cost_note.get().map(|note| view! { <span class="fine below">{note}</span> })}
            </th>
            <th scope="col"><span class="hidden-visually">"Actions"</span></th>
        </tr>
    }
    .into_any()
}

/// The numbers of the trials on a page of the table, as far as they have been read.
fn numbers_on_page(trials: &RunTrials, page: u32) -> Vec<u32> {
    let first = page * ROWS_PER_PAGE;
    trials
        .rows
        .range(first..first + ROWS_PER_PAGE)
        .map(|(number, _)| *number)
        .collect()
}

fn pager(page: RwSignal<u32>, total: u64) -> AnyView {
    let last = u32::try_from((total - 1) / u64::from(ROWS_PER_PAGE)).unwrap_or(u32::MAX);
    // In a `view!`, a bare `>` would end the tag.
    let at_end = move || page.get() >= last;
    let range = move || {
        let first = u64::from(page.get()) * u64::from(ROWS_PER_PAGE) + 1;
        let end = (first + u64::from(ROWS_PER_PAGE) - 1).min(total);
        let [first, end, total] = [first, end, total].map(|number| format_count(number.into()));
        [first.as_str(), "–", &end, " of ", &total].concat()
    };
    let turn = move |by: i64| {
        page.update(|page| *page = u32::try_from(i64::from(*page) + by).unwrap_or(0).min(last));
    };
    view! {
        <footer class="pager">
            <span class="num">{range}</span>
            <button type="button" class="button small" disabled=move || page.get() == 0 on:click=move |_| turn(-1)>
                "Previous"
            </button>
            <button type="button" class="button small" disabled=at_end on:click=move |_| turn(1)>"Next"</button>
        </footer>
    }
    .into_any()
}
