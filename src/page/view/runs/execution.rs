//! How a trial is run: a line in its sheet.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::OutputTarget;
use crate::api::{ProgramOrigin, TrialExecution};
use crate::page::browser;
use crate::page::client::{Client, Failure};
use crate::page::format::format_quantity;

/// Milliseconds between two questions about a trial that has not started.
const POLL_MILLIS: i32 = 2000;

/// The line; empty until the trial has started, and for trials of older servers.
#[component]
pub(super) fn ExecutionLine(client: Client, subject: OutputTarget) -> impl IntoView {
    let execution = RwSignal::new(None::<TrialExecution>);
    spawn_local(read_execution(client, subject, execution));
    let line = move || execution.with(|execution| execution.as_ref().map(describe));
    view! { <p class="fine" hidden=move || line().is_none()>{line}</p> }
}

/// Asks until the trial has started, the sheet is closed or the server refuses.
async fn read_execution(
    client: Client,
    subject: OutputTarget,
    found: RwSignal<Option<TrialExecution>>,
) {
    loop {
        let answer = client.fetch_execution(&subject.cluster, &subject.id).await;
        let ended = match answer {
            Ok((execution @ Some(_), _)) => {
                let _ = found.try_set(execution);
                return;
            }
            Ok((None, ended)) => ended,
            Err(failure) => !matches!(failure, Failure::NoAnswer),
        };
        // Reading fails once the sheet is closed, since its signals are gone.
        if ended || found.try_with_untracked(|_| ()).is_none() {
            return;
        }
        browser::sleep(POLL_MILLIS).await;
    }
}

/// `/opt/x/bin/python3 (from the cluster) · 2 threads · cores 0, 1`.
fn describe(execution: &TrialExecution) -> String {
    let from = match execution.program_from {
        ProgramOrigin::Run => " (from the run)",
        ProgramOrigin::Cluster => " (from the cluster)",
        ProgramOrigin::Source => " (from the source)",
        ProgramOrigin::Default => "",
    };
    let mut line = [&execution.program, from].concat();
    if let Some(threads) = execution.threads {
        line.push_str(" · ");
        line.push_str(&format_quantity(threads.into(), "thread"));
    }
    if !execution.cores.is_empty() {
        let cores: Vec<String> = execution.cores.iter().map(ToString::to_string).collect();
        let one = if cores.len() == 1 {
            " · core "
        } else {
            " · cores "
        };
        line.push_str(one);
        line.push_str(&cores.join(", "));
    }
    if !execution.note.is_empty() {
        line.push_str(" · ");
        line.push_str(&execution.note);
    }
    line
}
