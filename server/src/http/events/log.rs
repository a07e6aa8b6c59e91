//! The last events of those that see the same ones, bounded by count and by bytes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// How many events are kept for a client that comes back, and how far one may lag behind.
pub(super) const LOG_EVENTS_MAX: usize = 1_024;
/// How many bytes of events are kept.
pub(super) const LOG_BYTES_MAX: usize = 2 << 20;
/// How many bytes one event has at most. In place of a longer one, [`RELOAD`] is sent.
pub(super) const EVENT_BYTES_MAX: usize = 256 << 10;

/// The event upon which a client reads everything again, as JSON.
pub(super) const RELOAD: &str = "\"reload\"";

/// One event as a subscriber gets it.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its id on the wire, by which a client resumes after it.
    pub id: String,
    /// The event as JSON.
    pub data: Arc<str>,
}

/// Events are numbered from 1 in each log by itself, so a number shows nothing of events that the
/// log's readers do not see.
#[derive(Debug)]
pub(super) struct EventLog {
    /// Differs from log to log and from start to start.
    id: String,
    state: Mutex<LogState>,
    /// Marked as changed by each event.
    changed: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct LogState {
    /// The number of the last event.
    last: u64,
    /// The events up to the last, without gaps.
    events: VecDeque<Arc<str>>,
    /// How long they are together.
    bytes: usize,
    /// Whether the last event is a reload that nobody has read.
    reload_pending: bool,
}

impl LogState {
    fn push(&mut self, data: Arc<str>) {
        self.last += 1;
        self.bytes += data.len();
        self.events.push_back(data);
        while self.events.len() > LOG_EVENTS_MAX || self.bytes > LOG_BYTES_MAX {
            let Some(dropped) = self.events.pop_front() else {
                break;
            };
            self.bytes -= dropped.len();
        }
    }

    /// The event after the one of this number, with its own; a reload where it is not kept any more,
    /// or where the number is unknown. `None`: there is none yet.
    fn next_after(&self, number: Option<u64>) -> Option<(u64, Arc<str>)> {
        if number == Some(self.last) {
            return None;
        }
        let kept = number.and_then(|number| {
            let behind = usize::try_from(self.last.checked_sub(number)?).ok()?;
            let place = self.events.len().checked_sub(behind)?;
            Some((number + 1, Arc::clone(self.events.get(place)?)))
        });
        Some(kept.unwrap_or_else(|| (self.last, RELOAD.into())))
    }
}

impl EventLog {
    pub(super) fn new(id: String) -> Self {
        Self {
            id,
            state: Mutex::default(),
            changed: watch::channel(()).0,
        }
    }

    fn lock(&self) -> MutexGuard<'_, LogState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether somebody follows it.
    pub(super) fn has_subscribers(&self) -> bool {
        self.changed.receiver_count() > 0
    }

    /// Appends an event; a reload where it is too long, or where nobody follows the log.
    pub(super) fn push(&self, data: &Arc<str>) {
        if data.len() > EVENT_BYTES_MAX || !self.has_subscribers() {
            return self.push_reload();
        }
        self.lock().push(Arc::clone(data));
        self.changed.send_replace(());
    }

    /// Appends a reload. Where nobody follows the log, it alone is kept, and no second one is
    /// appended before somebody does.
    pub(super) fn push_reload(&self) {
        let mut state = self.lock();
        if !self.has_subscribers() {
            if state.reload_pending {
                return;
            }
            state.reload_pending = true;
            state.events.clear();
            state.bytes = 0;
        }
        state.push(RELOAD.into());
        drop(state);
        self.changed.send_replace(());
    }

    /// Follows the log from the event after `last`, the id of one; where it is unknown, the first
    /// event is a reload. `None`: from now on.
    pub(super) fn subscribe(self: Arc<Self>, last: Option<&str>) -> Receiver {
        let mut state = self.lock();
        state.reload_pending = false;
        let read = match last {
            None => Some(state.last),
            Some(id) => id
                .strip_prefix(&self.id)
                .and_then(|rest| rest.strip_prefix('-'))
                .and_then(|number| number.parse().ok()),
        };
        // Before the lock is released, so that no event finds the log without a subscriber.
        let changed = self.changed.subscribe();
        drop(state);
        Receiver {
            log: self,
            changed,
            read,
        }
    }
}

/// A place in a log. It keeps no events, however slowly it is read.
#[derive(Debug)]
pub struct Receiver {
    log: Arc<EventLog>,
    changed: watch::Receiver<()>,
    /// The number of the last event that was read; `None`: unknown.
    read: Option<u64>,
}

impl Receiver {
    /// The next event, or a reload where it is no longer kept. Nothing is lost when the future is
    /// dropped.
    pub async fn receive(&mut self) -> Message {
        loop {
            self.changed.mark_unchanged();
            let next = self.log.lock().next_after(self.read);
            if let Some((number, data)) = next {
                self.read = Some(number);
                let id = format!("{}-{number}", self.log.id);
                return Message { id, data };
            }
            if self.changed.changed().await.is_err() {
                // The log holds the sender, so this is not reached.
                std::future::pending::<()>().await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    /// What can be read without waiting.
    fn read(receiver: &mut Receiver) -> Vec<(String, String)> {
        let ready = || receiver.receive().now_or_never();
        std::iter::from_fn(ready)
            .map(|message| (message.id, message.data.to_string()))
            .collect()
    }

    fn missed(log: &Arc<EventLog>, last: Option<&str>) -> Vec<(String, String)> {
        read(&mut Arc::clone(log).subscribe(last))
    }

    fn message(id: &str, data: &str) -> (String, String) {
        (id.to_owned(), data.to_owned())
    }

    #[test]
    fn a_client_gets_what_it_missed() {
        let log = Arc::new(EventLog::new("a".into()));
        let mut receiver = Arc::clone(&log).subscribe(None);
        for data in ["1", "2", "3"] {
            log.push(&data.into());
        }
        assert_eq!(missed(&log, None), []);
        let all = read(&mut receiver);
        assert_eq!(
            all,
            [
                message("a-1", "1"),
                message("a-2", "2"),
                message("a-3", "3")
            ]
        );
        assert_eq!(missed(&log, Some("a-0")), all);
        assert_eq!(missed(&log, Some("a-1")), all[1..]);
        assert_eq!(missed(&log, Some("a-3")), []);
        // The id of the reload is one to resume from.
        for unknown in ["a-4", "b-1", "a", "", "a-x", "a-18446744073709551615"] {
            assert_eq!(
                missed(&log, Some(unknown)),
                [message("a-3", RELOAD)],
                "{unknown}"
            );
        }
    }

    #[test]
    fn many_changes_that_nobody_follows_are_one_reload() {
        let log = Arc::new(EventLog::new("a".into()));
        drop(Arc::clone(&log).subscribe(None));
        for _ in 0..3 {
            log.push(&"change".into());
        }
        assert_eq!(missed(&log, Some("a-0")), [message("a-1", RELOAD)]);
        log.push(&"change".into());
        assert_eq!(missed(&log, Some("a-1")), [message("a-2", RELOAD)]);
        assert_eq!(missed(&log, Some("a-0")), [message("a-2", RELOAD)]);
    }

    #[test]
    fn what_is_kept_is_bounded_by_count() {
        let log = Arc::new(EventLog::new("a".into()));
        let mut slow = Arc::clone(&log).subscribe(None);
        for _ in 0..LOG_EVENTS_MAX + 1 {
            log.push(&"x".into());
        }
        let reload = [message(&format!("a-{}", LOG_EVENTS_MAX + 1), RELOAD)];
        assert_eq!(read(&mut slow), reload);
        assert_eq!(missed(&log, Some("a-0")), reload);
        assert_eq!(missed(&log, Some("a-1")).len(), LOG_EVENTS_MAX);
    }

    #[test]
    fn what_is_kept_is_bounded_by_bytes() {
        let log = Arc::new(EventLog::new("a".into()));
        let mut slow = Arc::clone(&log).subscribe(None);
        let large: Arc<str> = "x".repeat(EVENT_BYTES_MAX).into();
        let most = LOG_BYTES_MAX / EVENT_BYTES_MAX;
        for _ in 0..most + 1 {
            log.push(&large);
            assert!(log.lock().bytes <= LOG_BYTES_MAX);
        }
        // Of all readers together, the log alone keeps events.
        assert_eq!(Arc::strong_count(&large), most + 1);
        let reload = [message(&format!("a-{}", most + 1), RELOAD)];
        assert_eq!(read(&mut slow), reload);
        assert_eq!(missed(&log, Some("a-1")).len(), most);
        log.push(&format!("{large}x").into());
        assert_eq!(
            read(&mut slow),
            [message(&format!("a-{}", most + 2), RELOAD)]
        );
    }

    #[tokio::test]
    async fn a_reader_that_waits_is_woken() {
        let log = Arc::new(EventLog::new("a".into()));
        let mut receiver = Arc::clone(&log).subscribe(None);
        let waiting = tokio::spawn(async move { receiver.receive().await.data });
        tokio::task::yield_now().await;
        log.push(&"x".into());
        assert_eq!(&*waiting.await.unwrap(), "x");
    }
}
