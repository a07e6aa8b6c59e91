//! A trial's output in a sheet at the side, which follows it while it grows.

use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::super::icon::{CLOSE, icon};
use super::super::modal::Modal;
use super::execution::ExecutionLine;
use super::{OutputTarget, RunsContext};
use crate::api::LogPage;
use crate::page::browser;
use crate::page::client::{Client, Failure};
use crate::page::messages;

/// Bytes at the end of the output that are read first, and most bytes that are kept in the document.
const TAIL: u32 = 256 << 10;
const MAX_KEPT_BYTES: usize = 1 << 20;
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

/// The part of an output that has been read.
#[derive(Clone, Debug, Default, PartialEq)]
struct OutputBuffer {
    text: String,
    /// Bytes before `text` that are not shown.
    skipped: u64,
    /// Bytes that the server did not store, beyond its limit for one trial.
    dropped: u64,
    /// Whether the trial has ended and all of its output has been read.
    ended: bool,
    failure: Option<String>,
    /// Whether an answer has arrived.
    begun: bool,
}

impl OutputBuffer {
    fn append(&mut self, page: LogPage) {
        if !self.begun {
            self.skipped = page.offset;
            self.begun = true;
        }
        self.text.push_str(&page.text);
        if self.text.len() > MAX_KEPT_BYTES {
            let cut = self
                .text
                .ceil_char_boundary(self.text.len() - MAX_KEPT_BYTES);
            self.skipped += cut as u64;
            self.text.drain(..cut);
        }
        self.dropped = page.dropped;
        self.ended = page.ended && page.next_offset >= page.size;
        self.failure = None;
    }
}

#[component]
fn Output(watch: RunsContext, subject: OutputTarget) -> impl IntoView {
    let read = RwSignal::new(OutputBuffer::default());
    let client = watch.state.server.client.get_untracked();
    spawn_local(follow_output(client.clone(), subject.clone(), read));
    let pre = NodeRef::<html::Pre>::new();
    let at_end = RwSignal::new(true);
    stick_to_end(pre, at_end, read);
    let scrolled = move |_| {
        if let Some(pre) = pre.get_untracked() {
            at_end.set(pre.scroll_height() - pre.scroll_top() - pre.client_height() < 60);
        }
    };
    let title = [
        "Output of trial ",
        &(u64::from(subject.number) + 1).to_string(),
    ]
    .concat();
    let status_text = move || {
        read.with(|read| match (&read.failure, read.begun, read.ended) {
            (Some(failure), ..) => failure.clone(),
            (None, false, _) => "Reading…".to_owned(),
            (None, true, false) => "Live".to_owned(),
            (None, true, true) if read.text.is_empty() => {
                "The trial ended and wrote nothing.".to_owned()
            }
            (None, true, true) => "Complete".to_owned(),
        })
    };
    let cut = move || {
        read.with(|read| {
            let skipped = (read.skipped > 0)
                .then(|| [&read.skipped.to_string(), " earlier bytes are not shown. "].concat());
            let dropped = (read.dropped > 0).then(|| {
                [
                    &read.dropped.to_string(),
                    " bytes beyond the server's limit were not kept.",
                ]
                .concat()
            });
            skipped.into_iter().chain(dropped).collect::<String>()
        })
    };
    view! {
        <header class="dialog-head">
            <div>
                <h2 id="output-title">{title}</h2>
                <p class="fine">{subject.run.clone()} " · " <span role="status">{status_text}</span></p>
                <p class="mono output-settings">{subject.settings.clone()}</p>
                <ExecutionLine client=client subject=subject.clone() />
            </div>
            <button
                type="button"
                class="ghost square"
                aria-label="Close"
                on:click=move |_| watch.output.set(None)
            >
                {icon(CLOSE)}
            </button>
        </header>
        <p class="fine output-cut">{cut}</p>
        <pre class="output" tabindex="0" role="log" aria-label="Output" node_ref=pre on:scroll=scrolled>
            {move || read.with(|read| read.text.clone())}
        </pre>
    }
}

/// Reads the end of the output, then what is added to it, until the trial has ended, the sheet is
/// closed or the server refuses. A lost connection is retried.
async fn follow_output(client: Client, subject: OutputTarget, read: RwSignal<OutputBuffer>) {
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

/// Scrolls to the end at each change, as long as the user has not scrolled up.
fn stick_to_end(pre: NodeRef<html::Pre>, at_end: RwSignal<bool>, read: RwSignal<OutputBuffer>) {
    Effect::new(move |_| {
        read.track();
        if !at_end.get_untracked() {
            return;
        }
        // The new text is in the document only at the next frame.
        request_animation_frame(move || {
            if let Some(pre) = pre.try_get_untracked().flatten() {
                pre.set_scroll_top(pre.scroll_height());
            }
        });
    });
}
