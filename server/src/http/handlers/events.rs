//! Changes as they happen, as server-sent events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::stream::{self, Stream, StreamExt};
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::app::App;
use crate::http::auth::Identity;
use crate::http::events::{Message, Receiver};
use crate::http::openapi::tags;
use sweep_planner::api::paths;

/// How often a silent stream shows that it is open.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How often it is checked whether the caller's credentials are still valid.
const CREDENTIALS_CHECK: Duration = Duration::from_secs(15);

/// Changes of the runs that the caller sees, as they happen (ours): server-sent events, each of whose
/// `data` is an `Event`.
///
/// `{"run": Run}`, `{"trials": {clusterId, runId, trials: [Trial]}}` or `"reload"`. A comment line
/// every 15 seconds shows that the stream is open. `Last-Event-ID` resumes; where the events after it
/// are no longer kept, or the caller is slower than they come, the next event is `"reload"`. The
/// stream ends with the caller's session, or when its key no longer works.
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
    let opened = stream::iter(vec![Event::default().comment("open")]);
    let mut check = interval(CREDENTIALS_CHECK);
    check.set_missed_tick_behavior(MissedTickBehavior::Delay);
    check.reset();
    let watcher = Watcher {
        ended_sessions: app.auth.watch_ended_sessions(),
        stopping: app.stopping.clone(),
        coming: app.events.subscribe(&identity.viewer(), last),
        app,
        identity,
        check,
    };
    let later = stream::unfold(watcher, |mut watcher| async {
        Some((watcher.next_event().await?, watcher))
    });
    let all = opened.chain(later).map(Ok);
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
                None => None,
                Some(message) => Some(to_sse_event(&message)),
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

fn to_sse_event(message: &Message) -> Event {
    Event::default().id(&message.id).data(&*message.data)
}
