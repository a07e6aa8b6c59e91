//! The server's events, as they come: what keeps the runs on the page up to date.

use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::AbortController;

use super::{Runs, Server};
use crate::api::Event;
use crate::page::browser;
use crate::page::client::{Client, Failure, StreamEvent};

/// Milliseconds before the first attempt to reconnect, and at most before a later one; each wait is
/// twice the one before.
const FIRST_RECONNECT_MILLIS: i32 = 500;
const MAX_RECONNECT_MILLIS: i32 = 15_000;

/// Whenever a server is connected, or another one, reads everything again and listens for changes.
pub(super) fn follow_connection(server: Server, runs: Runs) {
    let session = Memo::new(move |_| server.is_connected().then(|| server.client.get()));
    let listening = StoredValue::new_local(None::<AbortController>);
    Effect::new(move |_| {
        let client = session.get();
        if let Some(earlier) = listening.try_update_value(Option::take).flatten() {
            earlier.abort();
        }
        runs.clear();
        let (Some(client), Ok(controller)) = (client, AbortController::new()) else {
            return;
        };
        spawn_local(listen_until_aborted(
            server,
            runs,
            client,
            controller.clone(),
        ));
        listening.set_value(Some(controller));
    });
}

/// Listens for events until aborted, and reconnects after breaks at growing intervals. The runs
/// are read only once the stream is open, so that no change between the two is missed.
async fn listen_until_aborted(
    server: Server,
    runs: Runs,
    client: Client,
    controller: AbortController,
) {
    let (signal, mut last_id, mut wait) =
        (controller.signal(), String::new(), FIRST_RECONNECT_MILLIS);
    let mut is_reconnect = false;
    while !signal.aborted() {
        let from = last_id.clone();
        let on_event = |event| match event {
            StreamEvent::Open => {
                runs.live.set(true);
                // A server that was started again may have others.
                if std::mem::replace(&mut is_reconnect, true) {
                    server.reload_prices(client.clone());
                }
                if last_id.is_empty() || runs.is_incomplete() {
                    runs.handle_event(Event::Reload, &client);
                }
            }
            StreamEvent::Message(message) => {
                wait = FIRST_RECONNECT_MILLIS;
                last_id.clone_from(&message.id);
                if let Ok(event) = serde_json::from_str(&message.data) {
                    runs.handle_event(event, &client);
                }
            }
        };
        let answer = client.stream_events(&from, &signal, on_event).await;
        if signal.aborted() {
            return;
        }
        runs.live.set(false);
        if let Err(failure @ (Failure::SignedOut(_) | Failure::NoServer)) = answer {
            server.note_failure(&failure);
            return;
        }
        browser::sleep(wait).await;
        wait = (wait * 2).min(MAX_RECONNECT_MILLIS);
    }
}
