//! A trial's output in a sheet at the side, which follows it while it grows.

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::super::icon::{CLOSE, icon};
use super::super::modal::Modal;
use super::execution::ExecutionLine;
use super::output_text::OutputText;
use super::{OutputTarget, RunsContext};
use crate::api::TRIAL_PAGE_MAX;
use crate::page::browser;
use crate::page::client::{Client, Failure};
use crate::page::messages;
use crate::terminal::Piece;

/// Bytes at the end of the output that are read first.
const TAIL: u32 = 256 << 10;
/// Milliseconds between two requests for a running trial's output.
const POLL_MILLIS: i32 = 1000;

#[component]
pub(super) fn OutputSheet(watch: RunsContext) -> impl IntoView {
    let open = Signal::derive(move || watch.output.with(Option::is_some));
    let close = Callback::new(move |()| watch.output.set(None));
    view! {
        <Modal open=open on_close=close class="sheet" labelledby="output-title">
            {move || watch.output.get().map(|subject| view! { <Output watch=watch subject=subject /> }.into_any())}
        </Modal>
    }
}

#[component]
fn Output(watch: RunsContext, subject: OutputTarget) -> impl IntoView {
    let read = RwSignal::new(OutputText::default());
    let client = watch.state.server.client.get_untracked();
    let address = client.address.clone();
    spawn_local(follow_output(client.clone(), subject.clone(), read));
    let title = [
        "Output of trial ",
        &(u64::from(subject.number) + 1).to_string(),
    ]
    .concat();
    let download = Memo::new(move |_| read.with(|read| read.download_address(&address)));
    let link = move || {
        let address = download.get();
        (!address.is_empty())
            .then(|| view! { <a class="button small" href=address download="">"Download"</a> })
    };
    let cause = cause_of_failure(watch, &subject, read);
    view! {
        <header class="dialog-head">
            <div>
                <h2 id="output-title">{title}</h2>
                <p class="fine">
                    {subject.run.clone()} " · " <span role="status">{move || read.with(OutputText::status)}</span>
                </p>
                <p class="mono output-settings">{subject.settings.clone()}</p>
                <ExecutionLine client=client subject=subject.clone() />
            </div>
            <div class="dialog-tools">
                {link}
                <button
                    type="button"
                    class="ghost square"
                    aria-label="Close"
                    on:click=move |_| watch.output.set(None)
                >
                    {icon(CLOSE)}
                </button>
            </div>
        </header>
        <p class="fine output-cut">{move || read.with(OutputText::cut)}</p>
        {lines(read)}
        <section class="output-cause" aria-label="Cause" hidden=move || cause.with(Vec::is_empty)>
            {move || cause.get().into_iter().map(|line| view! { <p>{line}</p> }).collect_view()}
        </section>
    }
}

/// The output's lines. Complete blocks stay in the document as they are; only what may change is
/// rendered again. Their line breaks are text, so that what is copied is the output's.
fn lines(read: RwSignal<OutputText>) -> AnyView {
    let pre = NodeRef::<html::Pre>::new();
    let at_end = RwSignal::new(true);
    // Not the text itself: each type of memo adds its code to the page.
    let changes = Memo::new(move |_| read.with(|read| read.changes));
    let blocks = move || read.with(|read| read.terminal.block_numbers().collect::<Vec<u32>>());
    let block = move |number: u32| read.with_untracked(|read| styled(read.terminal.block(number)));
    let rest = move || {
        changes.get();
        read.with_untracked(|read| styled(&read.terminal.rest()))
    };
    let scrolled_to = StoredValue::new(0);
    stick_to_end(pre, at_end, changes);
    let scrolled = move |_| {
        if let Some(pre) = pre.get_untracked() {
            let top = pre.scroll_top();
            if pre.scroll_height() - top - pre.client_height() < 60 {
                at_end.set(true);
            } else if top < scrolled_to.get_value() {
                // Only a person scrolls up. A distance alone may be text that came since the scroll.
                at_end.set(false);
            }
            scrolled_to.set_value(top);
        }
    };
    view! {
        <pre class="output" tabindex="0" role="log" aria-label="Output" node_ref=pre on:scroll=scrolled>
            <For each=blocks key=|number| *number let(number)>
                <span>{block(number)}</span>
            </For>
            <span>{rest}</span>
        </pre>
    }
    .into_any()
}

fn styled(pieces: &[Piece]) -> AnyView {
    let piece = |piece: &Piece| {
        let (text, css) = (piece.text.clone(), piece.style.to_css());
        if css.is_empty() {
            text.into_any()
        } else {
            view! { <span style=css>{text}</span> }.into_any()
        }
    };
    pieces.iter().map(piece).collect_view().into_any()
}

/// How a failed trial ended, and the error that its output ends with; empty where the trial has not
/// failed, or not all of its output has arrived.
fn cause_of_failure(
    watch: RunsContext,
    subject: &OutputTarget,
    read: RwSignal<OutputText>,
) -> Memo<Vec<String>> {
    let runs = watch.state.runs;
    let (run, number) = (subject.run_id.clone(), subject.number);
    let row = move || {
        let trials = runs.load_trials(&runs.get(&run)?, number / TRIAL_PAGE_MAX);
        trials.with(|trials| trials.rows.get(&number).cloned())
    };
    Memo::new(move |_| {
        let cause = row().map(|row| read.with(|read| read.cause(&row)));
        cause.unwrap_or_default()
    })
}

/// Reads the end of the output, then what is added to it, until the trial has ended, the sheet is
/// closed or the server refuses. A lost connection is retried.
async fn follow_output(client: Client, subject: OutputTarget, read: RwSignal<OutputText>) {
    let mut next = None;
    loop {
        let answer = match next {
            None => {
                client
                    .fetch_log_tail(&subject.cluster, &subject.id, TAIL)
                    .await
            }
            Some(offset) => {
                client
                    .fetch_log(&subject.cluster, &subject.id, offset)
                    .await
            }
        };
        let (more, open) = match answer {
            Ok(page) => {
                next = Some(page.next_offset);
                let more = page.next_offset < page.size;
                (more, read.try_update(|read| read.append(page)))
            }
            Err(failure) => {
                let lost = matches!(failure, Failure::NoAnswer);
                let told = read
                    .try_update(|read| read.failure = Some(messages::describe_failure(&failure)));
                if !lost {
                    return;
                }
                (false, told)
            }
        };
        // `try_…` fails once the sheet is closed, since its signals are gone.
        if open.is_none() || read.try_with_untracked(|read| read.ended) != Some(false) {
            return;
        }
        if !more {
            browser::sleep(POLL_MILLIS).await;
        }
    }
}

/// Scrolls to the end at each change of the text or of the space for it, as long as the user has not
/// scrolled up.
fn stick_to_end(pre: NodeRef<html::Pre>, at_end: RwSignal<bool>, changes: Memo<usize>) {
    let scroll = move || {
        if at_end.try_get_untracked() == Some(true)
            && let Some(pre) = pre.try_get_untracked().flatten()
        {
            pre.set_scroll_top(pre.scroll_height());
        }
    };
    Effect::new(move |_| {
        changes.get();
        // The new text is in the document only at the next frame.
        request_animation_frame(scroll);
    });
    Effect::new(move |_| {
        if let Some(pre) = pre.get() {
            browser::on_resize(&pre, scroll);
        }
    });
}
