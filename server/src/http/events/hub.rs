//! Publishes changes of runs and trials to the pages that listen (server-sent events).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};
use sweep_planner::api::Event;

use super::log::{EventLog, Receiver};
use crate::model::Viewer;
use crate::system::random::to_hex;

/// How many owners of runs are remembered.
const OWNERS_MAX: usize = 4_096;

/// Sends each event to all subscribers that see the run which it is about, and keeps the last ones for
/// those that reconnect: of each account that listens by itself, so that what one does neither counts
/// in the ids of another nor displaces its events.
#[derive(Debug)]
pub struct EventHub {
    /// Differs from start to start, so that an old `Last-Event-ID` is recognised.
    start_id: String,
    /// By the one account whose runs its readers see; `None`: they see all.
    logs: Mutex<HashMap<Option<String>, Arc<EventLog>>>,
    /// The accounts that own runs, by the key of the run, as far as they have been asked for.
    owners: Mutex<HashMap<i64, Arc<str>>>,
}

impl EventHub {
    /// `start_id`: a text that no earlier start had.
    pub fn new(start_id: String) -> Self {
        Self {
            start_id,
            logs: Mutex::default(),
            owners: Mutex::default(),
        }
    }

    /// The owner of a run, if it was remembered.
    pub fn known_owner(&self, run_key: i64) -> Option<Arc<str>> {
        let owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        owners.get(&run_key).cloned()
    }

    /// Remembers the owner of a run, which never changes.
    pub fn remember_owner(&self, run_key: i64, owner: &str) {
        let mut owners = self.owners.lock().unwrap_or_else(PoisonError::into_inner);
        if owners.len() >= OWNERS_MAX {
            owners.clear();
        }
        owners.insert(run_key, owner.into());
    }

    /// Whether somebody listens who sees runs of this account. Otherwise the caller need not read from
    /// the database what changed; [`EventHub::publish_reload_of`] is enough.
    pub fn has_subscribers(&self, owner: &str) -> bool {
        self.logs_of(owner)
            .into_iter()
            .any(|log| log.has_subscribers())
    }

    /// Sends an event about a run to its owner, by the account's id, and to administrators.
    pub fn publish(&self, owner: &str, event: &Event) {
        match serde_json::to_string(event) {
            Ok(data) => {
                let data = data.into();
                for log in self.logs_of(owner) {
                    log.push(&data);
                }
            }
            Err(error) => tracing::error!(%error, "an event cannot be serialized"),
        }
    }

    /// Makes those who see the runs of an account read everything again.
    pub fn publish_reload_of(&self, owner: &str) {
        for log in self.logs_of(owner) {
            log.push_reload();
        }
    }

    /// Makes all subscribers read everything again.
    pub fn publish_reload(&self) {
        let logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        for log in logs.values() {
            log.push_reload();
        }
    }

    /// Subscribes for a viewer; `last` is the client's `Last-Event-ID`.
    pub fn subscribe(&self, viewer: &Viewer, last: Option<&str>) -> Receiver {
        let only = viewer.only_account();
        let mut logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        let log = logs
            .entry(only.map(str::to_owned))
            .or_insert_with(|| Arc::new(EventLog::new(self.log_id(only))));
        Arc::clone(log).subscribe(last)
    }

    /// The logs that hold events about runs of this account, as far as somebody has ever followed them.
    fn logs_of(&self, owner: &str) -> Vec<Arc<EventLog>> {
        let logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        [Some(owner.to_owned()), None]
            .iter()
            .filter_map(|only| logs.get(only).cloned())
            .collect()
    }

    /// A hash, so that the id of one account's log shows nothing of another's.
    fn log_id(&self, only: Option<&str>) -> String {
        let hash = match only {
            Some(account) => Sha256::new()
                .chain_update(&self.start_id)
                .chain_update(b"/")
                .chain_update(account),
            None => Sha256::new().chain_update(&self.start_id),
        };
        to_hex(&hash.finalize()[..8])
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use sweep_planner::api::TrialChanges;

    use super::super::log::{LOG_EVENTS_MAX, Message, RELOAD};
    use super::*;

    fn viewer(account: &str) -> Viewer {
        Viewer::Account(account.to_owned())
    }

    fn changes(run: &str) -> Event {
        Event::Trials(TrialChanges {
            cluster_id: "local".into(),
            run_id: run.into(),
            trials: Vec::new(),
        })
    }

    /// What can be read without waiting.
    fn read(receiver: &mut Receiver) -> Vec<Message> {
        std::iter::from_fn(|| receiver.receive().now_or_never()).collect()
    }

    fn number(message: &Message) -> &str {
        message.id.rsplit_once('-').unwrap().1
    }

    #[test]
    fn events_of_a_run_are_its_owners_and_the_administrators() {
        let events = EventHub::new("a".into());
        let admin = Viewer::Administrator("u-3".into());
        let viewers = [viewer("u-1"), viewer("u-2"), admin];
        let mut receivers = viewers.map(|viewer| events.subscribe(&viewer, None));
        events.publish("u-1", &changes("one"));
        events.publish_reload();
        let [ada, bob, admin] = receivers.each_mut().map(read);
        assert_eq!(ada.len(), 2);
        assert!(ada[0].data.contains("one") && &*ada[1].data == RELOAD);
        assert_eq!(bob.len(), 1);
        assert_eq!(&*bob[0].data, RELOAD);
        assert_eq!(admin.len(), 2);
        assert!(admin[0].data.contains("one"));
    }

    #[test]
    fn what_others_do_shows_in_no_id_and_displaces_nothing() {
        let events = EventHub::new("a".into());
        let mut ada = events.subscribe(&viewer("u-1"), None);
        let mut bob = events.subscribe(&viewer("u-2"), None);
        events.publish("u-1", &changes("first"));
        for _ in 0..LOG_EVENTS_MAX * 2 {
            events.publish("u-2", &changes("other"));
        }
        events.publish("u-1", &changes("second"));
        let read_by_ada = read(&mut ada);
        assert_eq!(
            read_by_ada.iter().map(number).collect::<Vec<_>>(),
            ["1", "2"]
        );
        let first = read_by_ada[0].id.as_str();
        let again = read(&mut events.subscribe(&viewer("u-1"), Some(first)));
        assert_eq!(again.len(), 1);
        assert!(again[0].data.contains("second"));
        // One account's id is no place in the events of another.
        let foreign = &read(&mut bob)[0].id;
        for viewer in [viewer("u-1"), Viewer::Administrator("u-3".into())] {
            let answered = read(&mut events.subscribe(&viewer, Some(foreign)));
            assert_eq!(answered.len(), 1);
            assert_eq!(&*answered[0].data, RELOAD);
            assert_ne!(answered[0].id, *foreign);
        }
    }

    #[test]
    fn only_who_listens_is_worth_an_event() {
        let events = EventHub::new("a".into());
        assert!(!events.has_subscribers("u-1"));
        let ada = events.subscribe(&viewer("u-1"), None);
        assert!(events.has_subscribers("u-1") && !events.has_subscribers("u-2"));
        drop(ada);
        assert!(!events.has_subscribers("u-1"));
        let _admin = events.subscribe(&Viewer::Administrator("u-3".into()), None);
        assert!(events.has_subscribers("u-1"));
    }

    #[test]
    fn owners_are_remembered_in_bounds() {
        let events = EventHub::new("a".into());
        for key in 0..10_000 {
            events.remember_owner(key, "u-1");
        }
        assert_eq!(events.known_owner(9_999).as_deref(), Some("u-1"));
        assert!(events.owners.lock().unwrap().len() <= OWNERS_MAX);
    }
}
