//! Publishes changes of runs and trials to the pages that listen (server-sent events).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sweep_planner::api::Event;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::model::Viewer;

/// How many events are kept for a client that comes back, and how far one may lag behind.
const REPLAY_MAX: usize = 1_024;

/// One event as a subscriber gets it.
#[derive(Clone, Debug)]
pub struct Message {
    /// Counts from 1 since the server started.
    pub number: u64,
    /// The event as JSON.
    pub data: Arc<str>,
}

/// One event as it is kept.
#[derive(Clone, Debug)]
struct Entry {
    number: u64,
    /// The account whose run it is about; `None`: everybody gets it.
    owner: Option<Arc<str>>,
    data: Arc<str>,
    /// What others than the owner get who see the run; `None`: the same.
    for_others: Option<Arc<str>>,
}

impl Entry {
    /// What the viewer gets of it.
    fn for_viewer(&self, viewer: &Viewer) -> Option<Message> {
        let data = match &self.owner {
            Some(owner) if !viewer.sees(owner) => return None,
            Some(owner) if viewer.account() != Some(owner) => {
                self.for_others.as_ref().unwrap_or(&self.data)
            }
            _ => &self.data,
        };
        Some(Message {
            number: self.number,
            data: Arc::clone(data),
        })
    }
}

/// Sends each event to all subscribers that see the run which it is about, and keeps the last ones for
/// those that reconnect.
#[derive(Debug)]
pub struct EventHub {
    /// Differs from start to start, so that an old `Last-Event-ID` is recognised.
    start_id: String,
    state: Mutex<HubState>,
}

#[derive(Debug)]
struct HubState {
    sent: u64,
    replay: VecDeque<Entry>,
    channel: broadcast::Sender<Entry>,
    /// Whether the last event was [`Event::Reload`] and no client has subscribed since.
    reload_pending: bool,
}

/// What a subscriber receives: first the events that it missed, then new ones.
pub struct Subscription {
    /// Events since its last one; `None` if they are no longer kept: it must reload everything.
    pub missed: Option<Vec<Message>>,
    /// New events.
    pub receiver: Receiver,
}

/// New events, of those that its viewer may see.
pub struct Receiver {
    viewer: Viewer,
    channel: broadcast::Receiver<Entry>,
}

impl Receiver {
    /// The next one. Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// If some were lost, since the subscriber was too slow, or no more will come.
    pub async fn receive(&mut self) -> Result<Message, RecvError> {
        loop {
            if let Some(message) = self.channel.recv().await?.for_viewer(&self.viewer) {
                return Ok(message);
            }
        }
    }
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
            self.publish_reload();
        }
    }

    /// Makes all subscribers read everything again.
    pub fn publish_reload(&self) {
        self.send(None, &Event::Reload, None);
    }

    /// Sends an event about a run to its owner, by the account's id, and to administrators, who may get
    /// it in another form.
    pub fn publish(&self, owner: &str, event: &Event, for_others: Option<&Event>) {
        self.send(Some(owner.into()), event, for_others);
    }

    fn lock(&self) -> MutexGuard<'_, HubState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn send(&self, owner: Option<Arc<str>>, event: &Event, for_others: Option<&Event>) {
        let written = |event: &Event| serde_json::to_string(event).map(Arc::<str>::from);
        let (data, for_others) = match (written(event), for_others.map(written).transpose()) {
            (Ok(data), Ok(for_others)) => (data, for_others),
            (Err(error), _) | (_, Err(error)) => {
                tracing::error!(%error, "an event cannot be serialized");
                return;
            }
        };
        let mut state = self.lock();
        state.sent += 1;
        let entry = Entry {
            number: state.sent,
            owner,
            data,
            for_others,
        };
        if state.replay.len() == REPLAY_MAX {
            state.replay.pop_front();
        }
        state.replay.push_back(entry.clone());
        // An error means that there is no subscriber.
        let _ = state.channel.send(entry);
    }

    /// Subscribes for a viewer; `last` is the client's `Last-Event-ID`.
    pub fn subscribe(&self, viewer: Viewer, last: Option<&str>) -> Subscription {
        let mut state = self.lock();
        state.reload_pending = false;
        let missed = match last {
            None => Some(Vec::new()),
            Some(id) => id
                .strip_prefix(&self.start_id)
                .and_then(|rest| rest.strip_prefix('-'))
                .and_then(|number| number.parse::<u64>().ok())
                .and_then(|number| state.messages_after(&viewer, number)),
        };
        Subscription {
            missed,
            receiver: Receiver {
                viewer,
                channel: state.channel.subscribe(),
            },
        }
    }
}

impl HubState {
    fn messages_after(&self, viewer: &Viewer, number: u64) -> Option<Vec<Message>> {
        let oldest = self
            .replay
            .front()
            .map_or(self.sent + 1, |entry| entry.number);
        let known = number <= self.sent && number + 1 >= oldest;
        known.then(|| {
            self.replay
                .iter()
                .filter(|entry| entry.number > number)
                .filter_map(|entry| entry.for_viewer(viewer))
                .collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use sweep_planner::api::TrialChanges;

    use super::*;

    fn viewer(account: &str) -> Viewer {
        Viewer::Account(account.to_owned())
    }

    fn missed(events: &EventHub, last: Option<&str>) -> Option<Vec<u64>> {
        let messages = events.subscribe(viewer("u-1"), last).missed?;
        Some(messages.iter().map(|message| message.number).collect())
    }

    #[test]
    fn a_client_gets_what_it_missed() {
        let events = EventHub::new("a".into());
        for _ in 0..3 {
            events.publish_reload();
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
        events.publish_reload();
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
            events.publish_reload();
        }
        assert_eq!(missed(&events, Some("a-1")), None);
        assert_eq!(
            missed(&events, Some("a-2")).map(|all| all.len()),
            Some(REPLAY_MAX)
        );
    }

    #[tokio::test]
    async fn events_of_a_run_are_its_owners_and_the_administrators() {
        let changes = |run: &str| {
            Event::Trials(TrialChanges {
                cluster_id: "local".into(),
                run_id: run.into(),
                trials: Vec::new(),
            })
        };
        let events = EventHub::new("a".into());
        events.publish_reload();
        let subscribe = |viewer| events.subscribe(viewer, None).receiver;
        let admin = Viewer::Administrator("u-3".into());
        let mut receivers = [viewer("u-1"), viewer("u-2"), admin.clone()].map(subscribe);
        events.publish("u-1", &changes("shown"), Some(&changes("masked")));
        events.publish_reload();
        let mut firsts = Vec::new();
        for receiver in &mut receivers {
            firsts.push(receiver.receive().await.unwrap().data.to_string());
        }
        assert!(firsts[0].contains("shown"), "{firsts:?}");
        assert_eq!(firsts[1], "\"reload\"");
        assert!(firsts[2].contains("masked"), "{firsts:?}");
        let missed = |viewer| events.subscribe(viewer, Some("a-1")).missed.unwrap();
        assert_eq!(missed(viewer("u-1")).len(), 2);
        assert_eq!(missed(viewer("u-2")).len(), 1);
        assert!(missed(admin)[0].data.contains("masked"));
    }
}
