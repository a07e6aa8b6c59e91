//! The trials of one run.

use leptos::prelude::*;

use super::super::clock::run_time;
use super::super::icon::{LOG, STOP, icon};
use super::super::status::{badge, of_run, of_trial};
use super::list::progress;
use super::{Subject, Watch};
use crate::api::{ExperimentState, TRIAL_PAGE_MAX, TrialRow};
use crate::page::format::{dollars, duration, exact_dollars, grouped, metric};
use crate::page::state::{RunTrials, Tab};

/// Rows on one page of the table.
const PAGE: u32 = 100;

#[component]
pub(super) fn TrialsOf(watch: Watch, id: String) -> impl IntoView {
    let runs = watch.state.runs;
    let key = StoredValue::new(id);
    let run = Memo::new(move |_| key.with_value(|id| runs.get(id)));
    let page = RwSignal::new(0_u32);
    let trials = Memo::new(move |_| {
        let run = run.get()?;
        Some(runs.trials(&run, page.get() * PAGE / TRIAL_PAGE_MAX).get())
    });
    let columns = Memo::new(move |_| {
        trials.with(|trials| {
            trials
                .as_ref()
                .map(|t| t.columns.clone())
                .unwrap_or_default()
        })
    });
    let metrics = Memo::new(move |_| {
        trials.with(|trials| {
            trials
                .as_ref()
                .map(|t| t.metrics.clone())
                .unwrap_or_default()
        })
    });
    let name = Memo::new(move |_| {
        run.with(|run| run.as_ref().map(|run| run.name.clone()).unwrap_or_default())
    });
    let cluster = Memo::new(move |_| {
        run.with(|run| {
            run.as_ref()
                .map(|run| run.spec.cluster_id.clone())
                .unwrap_or_default()
        })
    });
    let numbers = Memo::new(move |_| {
        trials.with(|trials| {
            trials
                .as_ref()
                .map(|trials| on_page(trials, page.get()))
                .unwrap_or_default()
        })
    });
    let total =
        Memo::new(move |_| trials.with(|trials| trials.as_ref().and_then(|trials| trials.total)));
    let row_of = move |number: u32| {
        Memo::new(move |_| trials.with(|trials| trials.as_ref()?.rows.get(&number).cloned()))
    };
    let compare = move |_| {
        runs.compared.update(|compared| {
            compared.clear();
            compared.insert(key.get_value());
        });
        watch.state.tab.set(Tab::Results);
    };
    let head = move || {
        run.get().map(|run| {
            let message = run.status.message.clone();
            view! {
                <h2>{run.name.clone()}</h2>
                {badge(of_run(run.status.phase))}
                {progress(run.status.experiment_counts)}
                {(!message.is_empty()).then(|| view! { <p class="quiet">{message}</p> })}
            }
        })
    };
    view! {
        <section class="card" aria-label=move || ["Run ", &name.get()].concat()>
            <header class="card-head run-head">
                {head}
                <div class="card-tools">
                    <button type="button" class="button small" on:click=compare>"Compare results"</button>
                </div>
            </header>
            <div class="table-scroll" tabindex="0" role="group" aria-label="Trials">
                <table class="table trials-table" aria-label=move || ["Trials of ", &name.get()].concat()>
                    <thead>
                        <tr>
                            <th scope="col">"Trial"</th>
                            <th scope="col">"Status"</th>
                            {move || columns.get().into_iter().map(|name| view! { <th scope="col" class="mono">{name}</th> }).collect_view()}
                            {move || metrics.get().into_iter().map(|name| view! { <th scope="col" class="right">{name}</th> }).collect_view()}
                            <th scope="col" class="right">"Run time"</th>
                            <th scope="col" class="right">"Billed time"</th>
                            <th scope="col" class="right">"Cost"</th>
                            <th scope="col"><span class="hidden-visually">"Actions"</span></th>
                        </tr>
                    </thead>
                    <tbody>
                        <For each=move || numbers.get() key=|number| *number let(number)>
                            {row(watch, Names { run: name, cluster, metrics, width: columns }, number, row_of(number))}
                        </For>
                    </tbody>
                </table>
            </div>
            {move || total.get().filter(|total| *total > u64::from(PAGE)).map(|total| pager(page, total))}
        </section>
    }
}

/// The numbers of the rows on a page that have been read.
fn on_page(trials: &RunTrials, page: u32) -> Vec<u32> {
    let first = page * PAGE;
    trials
        .rows
        .range(first..first + PAGE)
        .map(|(number, _)| *number)
        .collect()
}

/// What a row needs to know of its table.
#[derive(Clone, Copy)]
struct Names {
    run: Memo<String>,
    cluster: Memo<String>,
    metrics: Memo<Vec<String>>,
    width: Memo<Vec<String>>,
}

fn row(watch: Watch, names: Names, number: u32, row: Memo<Option<TrialRow>>) -> AnyView {
    let cells = move || {
        let row = row.get()?;
        let measured = names.metrics.get();
        let missing = names.width.with(Vec::len).saturating_sub(row.values.len());
        let values = row.values.iter().cloned().chain((0..missing).map(|_| None));
        Some(view! {
            <th scope="row" class="num">{grouped(u128::from(number) + 1)}</th>
            <td title=row.message.clone()>{badge(of_trial(row.state))} {ending(&row)}</td>
            {values.map(|value| view! { <td class="mono">{value.unwrap_or_else(|| "–".to_owned())}</td> }).collect_view()}
            {measured.iter().map(|name| {
                let value = row.metrics.get(name).map_or_else(|| "–".to_owned(), |value| metric(value.0));
                view! { <td class="right">{value}</td> }
            }).collect_view()}
            <td class="right">{time(watch, &row)}</td>
            <td class="right">{row.billed_seconds.map_or_else(|| "–".to_owned(), |seconds| duration(seconds as f64))}</td>
            <td class="right" title=row.cost.map(exact_dollars)>{row.cost.map_or_else(|| "–".to_owned(), dollars)}</td>
            <td class="right actions">{actions(watch, names, &row)}</td>
        })
    };
    view! { <tr>{cells}</tr> }.into_any()
}

/// How it ended, where the state does not say it all.
fn ending(row: &TrialRow) -> AnyView {
    let words = match (row.state, row.exit_code, row.signal) {
        (ExperimentState::Failed, Some(code), _) => ["exit status ", &code.to_string()].concat(),
        (ExperimentState::Failed, None, Some(signal)) => ["signal ", &signal.to_string()].concat(),
        // The word says it; the signal that it took is a detail for the tooltip.
        (ExperimentState::Cancelled, ..) => String::new(),
        _ => row.message.clone(),
    };
    (!words.is_empty())
        .then(|| view! { <span class="fine">{words}</span> })
        .into_any()
}

fn time(watch: Watch, row: &TrialRow) -> AnyView {
    let text = |row: &TrialRow, now| run_time(row, now).map_or_else(|| "–".to_owned(), duration);
    if row.state.ended() {
        return text(row, watch.now.get_untracked()).into_any();
    }
    let row = row.clone();
    (move || text(&row, watch.now.get())).into_any()
}

fn actions(watch: Watch, names: Names, row: &TrialRow) -> AnyView {
    let number = (u64::from(row.number) + 1).to_string();
    let subject = Subject {
        cluster: names.cluster.get_untracked(),
        run: names.run.get_untracked(),
        id: row.id.clone(),
        number: row.number,
        settings: names.width.with_untracked(|columns| {
            let pairs = columns.iter().zip(&row.values);
            let set = pairs
                .filter_map(|(name, value)| Some([name.as_str(), " ", value.as_deref()?].concat()));
            set.collect::<Vec<_>>().join("  ")
        }),
    };
    let (cluster, id) = (subject.cluster.clone(), subject.id.clone());
    view! {
        {(!row.state.ended()).then(|| view! {
            <button
                type="button"
                class="ghost small"
                aria-label=["Stop trial ", &number].concat()
                on:click=move |_| watch.state.runs.stop_trial(cluster.clone(), id.clone())
            >
                {icon(STOP)} "Stop"
            </button>
        })}
        <button
            type="button"
            class="ghost small"
            aria-label=["Output of trial ", &number].concat()
            on:click=move |_| watch.output.set(Some(subject.clone()))
        >
            {icon(LOG)} "Output"
        </button>
    }
    .into_any()
}

fn pager(page: RwSignal<u32>, total: u64) -> AnyView {
    let last = u32::try_from((total - 1) / u64::from(PAGE)).unwrap_or(u32::MAX);
    // In a `view!`, a bare `>` would end the tag.
    let at_end = move || page.get() >= last;
    let range = move || {
        let first = u64::from(page.get()) * u64::from(PAGE) + 1;
        let end = (first + u64::from(PAGE) - 1).min(total);
        let [first, end, total] = [first, end, total].map(|number| grouped(number.into()));
        [first.as_str(), "–", &end, " of ", &total].concat()
    };
    view! {
        <footer class="pager">
            <span class="num">{range}</span>
            <button type="button" class="button small" disabled=move || page.get() == 0
                on:click=move |_| page.update(|page| *page = page.saturating_sub(1))>"Previous"</button>
            <button type="button" class="button small" disabled=at_end
                on:click=move |_| page.update(|page| *page = (*page + 1).min(last))>"Next"</button>
        </footer>
    }
    .into_any()
}
