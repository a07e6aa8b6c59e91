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
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::app::App;
use crate::http::auth::Identity;
use crate::http::events::{Message, Receiver, Subscription};
use crate::http::openapi::tags;
use sweep_planner::api::paths;

/// How often a silent stream shows that it is open.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How often it is checked whether the caller's credentials are still valid.
const CREDENTIALS_CHECK: Duration = Duration::from_secs(15);

/// The event upon which a client reloads everything.
const RELOAD: &str = "\"reload\"";

/// Changes of the runs that the caller sees, as they happen (ours): server-sent events, each of whose
/// `data` is an `Event`.
///
/// `{"run": Run}`, `{"trials": {clusterId, runId, trials: [Trial]}}` or `"reload"`. A comment line
/// every 15 seconds shows that the stream is open. `Last-Event-ID` resumes. The stream ends with the
/// caller's session, or when its key no longer works.
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
    identity: Identity,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let last = headers
        .get("last-event-id")
        .and_then(|value| value.to_str().ok());
    let Subscription {
        missed,
        receiver: coming,
    } = app.events.subscribe(identity.viewer(), last);
    let first = match missed {
        Some(missed) => missed
            .into_iter()
            .map(|message| to_sse_event(&app, &message))
            .collect(),
        None => vec![Event::default().data(RELOAD)],
    };
    let opened = stream::iter(vec![Event::default().comment("open")]);
    let mut check = interval(CREDENTIALS_CHECK);
    check.set_missed_tick_behavior(MissedTickBehavior::Delay);
    check.reset();
    let watcher = Watcher {
        ended_sessions: app.auth.watch_ended_sessions(),
        stopping: app.stopping.clone(),
        app,
        identity,
        coming,
        check,
    };
    let later = stream::unfold(watcher, |mut watcher| async {
        Some((watcher.next_event().await?, watcher))
    });
    let all = opened.chain(stream::iter(first)).chain(later).map(Ok);
    Sse::new(all).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))
}

/// A caller who follows the changes.
struct Watcher {
    app: Arc<App>,
    identity: Identity,
    coming: Receiver,
    check: Interval,
    ended_sessions: watch::Receiver<()>,
    stopping: watch::Receiver<bool>,
}

impl Watcher {
    /// The next event; `None` once there is none to come, or the caller may not get it.
    async fn next_event(&mut self) -> Option<Event> {
        loop {
            let received = tokio::select! {
                _ = self.stopping.wait_for(|stop| *stop) => return None,
                _ = self.ended_sessions.changed() => None,
                _ = self.check.tick() => None,
                received = self.coming.receive() => Some(received),
            };
            return match received {
                None if self.may_go_on().await => continue,
                None | Some(Err(RecvError::Closed)) => None,
                Some(Ok(message)) => Some(to_sse_event(&self.app, &message)),
                // The client reads too slowly and has lost events: it reloads, then goes on.
                Some(Err(RecvError::Lagged(_))) => Some(Event::default().data(RELOAD)),
            };
        }
    }

    async fn may_go_on(&self) -> bool {
        let auth = &self.app.auth;
        let valid = auth.is_still_valid(&self.app.store, &self.identity).await;
        valid.unwrap_or_else(|error| {
            tracing::warn!(%error, "the credentials of a stream of events cannot be checked");
            false
        })
    }
}

fn to_sse_event(app: &App, message: &Message) -> Event {
    Event::default()
        .id(app.events.id(message.number))
        .data(&*message.data)
}
