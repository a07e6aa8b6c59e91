//! The row of a trial in the Runs tab. Its cells and its buttons are updated separately, so that a new
//! metric does not take the focus from a button, nor the question from a Stop button.

use leptos::prelude::*;

use super::super::clock::trial_seconds;
use super::super::icon::{LOG, RETRY, icon};
use super::super::status::{badge, trial_status};
use super::super::stop::stop_button;
use super::{OutputTarget, RunsContext};
use crate::api::{ExperimentState, TrialRow};
use crate::page::browser;
use crate::page::format::{
    format_count, format_dollars, format_duration, format_exact_dollars, format_metric,
};

/// What a row needs of its table.
#[derive(Clone, Copy)]
pub(super) struct TableContext {
    pub(super) run: Memo<String>,
    pub(super) run_id: Memo<String>,
    pub(super) cluster: Memo<String>,
    /// The names of the swept arguments.
    pub(super) columns: Memo<Vec<String>>,
    /// The names of the metrics.
    pub(super) metrics: Memo<Vec<String>>,
    /// On whose price the costs are, where that is not the machine that the trials run on.
    pub(super) cost_note: Memo<Option<String>>,
}

/// The row of trial `number`, from 0.
pub(super) fn trial_row(
    watch: RunsContext,
    head: TableContext,
    number: u32,
    row: Memo<Option<TrialRow>>,
) -> AnyView {
    let facts = move || row.with(|row| row.as_ref().map(|row| trial_cells(watch, head, row)));
    let id = Memo::new(move |_| row.with(|row| row.as_ref().map(|row| row.id.clone())));
    let ended =
        Memo::new(move |_| row.with(|row| row.as_ref().is_none_or(|row| row.state.has_ended())));
    let number_text = format_count(u128::from(number) + 1);
    let stop = move || {
        (!ended.get()).then(|| {
            let what = ["trial ", &format_count(u128::from(number) + 1)].concat();
            stop_button(what, move || {
                if let Some(id) = id.get_untracked() {
                    watch
                        .state
                        .runs
                        .stop_trial(head.cluster.get_untracked(), id);
                }
            })
        })
    };
    let failed = Memo::new(move |_| {
        row.with(|row| {
            row.as_ref()
                .is_some_and(|row| row.state == ExperimentState::Failed)
        })
    });
    let retry = move |_| {
        let (cluster, run) = (head.cluster.get_untracked(), head.run_id.get_untracked());
        watch.state.runs.retry(cluster, run, Some(vec![number]));
        browser::focus(&output_id(number));
    };
    let show = move |_| {
        let subject = row.with_untracked(|row| row.as_ref().map(|row| output_target(head, row)));
        watch.output.set(subject);
    };
    view! {
        <tr>
            <th scope="row" class="num">{number_text.clone()}</th>
            {facts}
            <td class="right actions">
                {stop}
                <button
                    type="button"
                    class="ghost small"
                    hidden=move || !failed.get()
                    aria-label=["Retry trial ", &number_text].concat()
                    on:click=retry
                >
                    {icon(RETRY)} <span class="action-word">"Retry"</span>
                </button>
                <button
                    type="button"
                    class="ghost small"
                    id=output_id(number)
                    aria-label=["Output of trial ", &number_text].concat()
                    on:click=show
                >
                    {icon(LOG)} <span class="action-word">"Output"</span>
                </button>
            </td>
        </tr>
    }
    .into_any()
}

/// The id of a row's Output button. Unlike Retry it is never hidden, so it can take the focus.
fn output_id(number: u32) -> String {
    ["output-", &number.to_string()].concat()
}

/// The cells between the number and the buttons.
fn trial_cells(watch: RunsContext, head: TableContext, row: &TrialRow) -> AnyView {
    let dash = || "–".to_owned();
    let value = |at: usize| row.values.get(at).cloned().flatten().unwrap_or_else(dash);
    let values = (0..head.columns.with(Vec::len))
        .map(|at| view! { <td class="mono">{value(at)}</td> })
        .collect_view();
    let measured = |name: &String| {
        row.metrics
            .get(name)
            .map_or_else(dash, |value| format_metric(value.0))
    };
    let metrics = head.metrics.with(|names| {
        names
            .iter()
            .map(|name| view! { <td class="right">{measured(name)}</td> })
            .collect_view()
    });
    view! {
        <td title=row.message.clone()>{badge(trial_status(row.state))} {ending_note(row)}</td>
        {values}
        {metrics}
        <td class="right">{run_time_cell(watch, row)}</td>
        <td class="right">{row.billed_seconds.map_or_else(dash, |seconds| format_duration(seconds as f64))}</td>
        <td class="right" title=row.cost.map(format_exact_dollars)>{row.cost.map_or_else(dash, format_dollars)}</td>
    }
    .into_any()
}

/// The details of a trial's state: exit status, signal, or the server's message.
fn ending_note(row: &TrialRow) -> AnyView {
    let words = match (row.state, row.exit_code, row.signal) {
        (ExperimentState::Failed, Some(code), _) => ["exit status ", &code.to_string()].concat(),
        (ExperimentState::Failed, None, Some(signal)) => ["signal ", &signal.to_string()].concat(),
        // The badge says `stopped`; the signal that ended the process is in the tooltip only.
        (ExperimentState::Cancelled, ..) => String::new(),
        (ExperimentState::Paused, ..) => {
            let reason = row.message.strip_prefix("held: ");
            reason.unwrap_or(&row.message).to_owned()
        }
        _ => row.message.clone(),
    };
    (!words.is_empty())
        .then(|| view! { <span class="fine">{words}</span> })
        .into_any()
}

/// The run time; that of a running trial counts on.
fn run_time_cell(watch: RunsContext, row: &TrialRow) -> AnyView {
    let text = |row: &TrialRow, now| {
        trial_seconds(row, now).map_or_else(|| "–".to_owned(), format_duration)
    };
    if row.state.has_ended() || row.start_timestamp.is_none() {
        return text(row, watch.now.get_untracked()).into_any();
    }
    let row = row.clone();
    (move || text(&row, watch.now.get())).into_any()
}

fn output_target(head: TableContext, row: &TrialRow) -> OutputTarget {
    let settings = head.columns.with_untracked(|columns| {
        let pairs = columns.iter().zip(&row.values);
        let set = pairs
            .filter_map(|(name, value)| Some([name.as_str(), " ", value.as_deref()?].concat()));
        set.collect::<Vec<_>>().join("  ")
    });
    OutputTarget {
        cluster: head.cluster.get_untracked(),
        run: head.run.get_untracked(),
        run_id: head.run_id.get_untracked(),
        id: row.id.clone(),
        number: row.number,
        settings,
    }
}
