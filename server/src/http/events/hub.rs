//! Publishes changes of runs and trials to the pages that listen (server-sent events).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sweep_planner::api::Event;
use tokio::sync::broadcast;

/// How many events are kept for a client that comes back, and how far one may lag behind.
const REPLAY_MAX: usize = 1_024;

/// One event as it is sent.
#[derive(Clone, Debug)]
pub struct Message {
    /// Counts from 1 since the server started.
    pub number: u64,
    /// The event as JSON.
    pub data: Arc<str>,
}

/// Sends each event to all subscribers, and keeps the last ones for those that reconnect.
#[derive(Debug)]
pub struct EventHub {
    /// Differs from start to start, so that an old `Last-Event-ID` is recognised.
    start_id: String,
    state: Mutex<HubState>,
}

#[derive(Debug)]
struct HubState {
    sent: u64,
    replay: VecDeque<Message>,
    channel: broadcast::Sender<Message>,
    /// Whether the last event was [`Event::Reload`] and no client has subscribed since.
    reload_pending: bool,
}

/// What a subscriber receives: first the events that it missed, then new ones.
pub struct Subscription {
    /// Events since its last one; `None` if they are no longer kept: it must reload everything.
    pub missed: Option<Vec<Message>>,
    /// New events.
    pub receiver: broadcast::Receiver<Message>,
}

impl EventHub {
    /// `start`: a text that no earlier start had.
    pub fn new(start_id: String) -> Self {
        let (channel, _) = broadcast::channel(REPLAY_MAX);
        let state = HubState {
            sent: 0,
            replay: VecDeque::with_capacity(REPLAY_MAX),
            channel,
            reload_pending: false,
        };
        Self {
            start_id,
            state: Mutex::new(state),
        }
    }

    /// The id of an event on the wire.
    pub fn id(&self, number: u64) -> String {
        format!("{}-{number}", self.start_id)
    }

    /// Whether there is a subscriber. Otherwise the caller need not read from the database what
    /// changed; [`EventHub::publish_reload_once`] is enough.
    pub fn has_subscribers(&self) -> bool {
        let state = self.lock();
        state.channel.receiver_count() > 0
    }

    /// Records that something changed without subscribers: the next one to reconnect receives one
    /// [`Event::Reload`].
    pub fn publish_reload_once(&self) {
        if !std::mem::replace(&mut self.lock().reload_pending, true) {
            self.publish(&Event::Reload);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HubState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends an event to all subscribers.
    pub fn publish(&self, event: &Event) {
        let data: Arc<str> = match serde_json::to_string(event) {
            Ok(text) => text.into(),
            Err(error) => {
                tracing::error!(%error, "an event cannot be serialized");
                return;
            }
        };
        let mut state = self.lock();
        state.sent += 1;
        let message = Message {
            number: state.sent,
            data,
        };
        if state.replay.len() == REPLAY_MAX {
            state.replay.pop_front();
        }
        state.replay.push_back(message.clone());
        // An error means that there is no subscriber.
        let _ = state.channel.send(message);
    }

    /// Subscribes; `last` is the client's `Last-Event-ID`.
    pub fn subscribe(&self, last: Option<&str>) -> Subscription {
        let mut state = self.lock();
        state.reload_pending = false;
        let missed = match last {
            None => Some(Vec::new()),
            Some(id) => id
                .strip_prefix(&self.start_id)
                .and_then(|rest| rest.strip_prefix('-'))
                .and_then(|number| number.parse::<u64>().ok())
                .and_then(|number| state.messages_after(number)),
        };
        Subscription {
            missed,
            receiver: state.channel.subscribe(),
        }
    }
}

impl HubState {
    fn messages_after(&self, number: u64) -> Option<Vec<Message>> {
        let oldest = self
            .replay
            .front()
            .map_or(self.sent + 1, |message| message.number);
        let known = number <= self.sent && number + 1 >= oldest;
        known.then(|| {
            self.replay
                .iter()
                .filter(|message| message.number > number)
                .cloned()
                .collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missed(events: &EventHub, last: Option<&str>) -> Option<Vec<u64>> {
        let messages = events.subscribe(last).missed?;
        Some(messages.iter().map(|message| message.number).collect())
    }

    #[test]
    fn a_client_gets_what_it_missed() {
        let events = EventHub::new("a".into());
        for _ in 0..3 {
            events.publish(&Event::Reload);
        }
        assert_eq!(missed(&events, None), Some(vec![]));
        assert_eq!(missed(&events, Some("a-1")), Some(vec![2, 3]));
        assert_eq!(missed(&events, Some("a-3")), Some(vec![]));
        for unknown in ["a-4", "b-1", "a", "", "a-x"] {
            assert_eq!(missed(&events, Some(unknown)), None, "{unknown}");
        }
    }

    #[test]
    fn many_changes_that_nobody_hears_are_one_event() {
        let events = EventHub::new("a".into());
        events.publish(&Event::Reload);
        events.publish_reload_once();
        events.publish_reload_once();
        assert_eq!(missed(&events, Some("a-1")), Some(vec![2]));
        events.publish_reload_once();
        assert_eq!(missed(&events, Some("a-2")), Some(vec![3]));
    }

    #[test]
    fn what_is_gone_is_said_to_be_gone() {
        let events = EventHub::new("a".into());
        for _ in 0..REPLAY_MAX + 2 {
            events.publish(&Event::Reload);
        }
        assert_eq!(missed(&events, Some("a-1")), None);
        assert_eq!(
            missed(&events, Some("a-2")).map(|all| all.len()),
            Some(REPLAY_MAX)
        );
    }
}
