//! Changes as they happen, as server-sent events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::stream::{self, Stream, StreamExt};
use tokio::sync::broadcast::error::RecvError;

use crate::app::App;
use crate::http::events::{Message, Subscription};
use crate::http::openapi::tags;
use sweep_planner::api::paths;

/// How often a silent stream shows that it is open.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The event upon which a client reloads everything.
const RELOAD: &str = "\"reload\"";

/// Changes as they happen (ours): server-sent events, each of whose `data` is an `Event`.
///
/// `{"run": Run}`, `{"trials": {clusterId, runId, trials: [Trial]}}` or `"reload"`. A comment line
/// every 15 seconds shows that the stream is open. `Last-Event-ID` resumes.
#[utoipa::path(
    get,
    path = paths::EVENTS,
    operation_id = "streamEvents",
    tag = tags::SERVER,
    params(("Last-Event-ID" = Option<String>, Header, description = "The id of the last event received.")),
    responses((
        status = 200,
        description = "A stream that stays open.",
        body = String,
        content_type = "text/event-stream",
    )),
)]
pub async fn stream(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let last = headers
        .get("last-event-id")
        .and_then(|value| value.to_str().ok());
    let Subscription {
        missed,
        receiver: coming,
    } = app.events.subscribe(last);
    let first = match missed {
        Some(missed) => missed
            .into_iter()
            .map(|message| to_sse_event(&app, &message))
            .collect(),
        None => vec![Event::default().data(RELOAD)],
    };
    let opened = stream::iter(vec![Event::default().comment("open")]);
    let later = stream::unfold((app, coming), |(app, mut coming)| async move {
        let mut stopping = app.stopping.clone();
        let received = tokio::select! {
            received = coming.recv() => received,
            _ = stopping.wait_for(|stop| *stop) => return None,
        };
        let event = match received {
            Ok(message) => to_sse_event(&app, &message),
            // The client reads too slowly and has lost events: it reloads, then goes on.
            Err(RecvError::Lagged(_)) => Event::default().data(RELOAD),
            Err(RecvError::Closed) => return None,
        };
        Some((event, (app, coming)))
    });
    let all = opened.chain(stream::iter(first)).chain(later).map(Ok);
    Sse::new(all).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

fn to_sse_event(app: &App, message: &Message) -> Event {
    Event::default()
        .id(app.events.id(message.number))
        .data(&*message.data)
}
