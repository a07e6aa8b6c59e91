//! A logical clock that decides which is newer, an event or an answer: pure.
//!
//! An answer holds the state at the moment when the server wrote it. An event that arrives while
//! the answer is under way may be newer, and is sent only once: the answer must not overwrite it.

use std::collections::BTreeMap;

/// Counts events, and remembers for each key the number of its last one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct EventClock<K> {
    now: u64,
    last_seen: BTreeMap<K, u64>,
}

/// A moment between two events: how many have arrived so far. Taken before a request is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Tick(u64);

impl<K> Default for EventClock<K> {
    fn default() -> Self {
        EventClock {
            now: 0,
            last_seen: BTreeMap::new(),
        }
    }
}

impl<K: Ord> EventClock<K> {
    pub(super) fn now(&self) -> Tick {
        Tick(self.now)
    }

    /// Records that an event about `key` has arrived.
    pub(super) fn record(&mut self, key: K) {
        self.now += 1;
        self.last_seen.insert(key, self.now);
    }

    /// Whether an event about `key` has arrived after `since`, so that an answer to a request of that
    /// moment is to be ignored. That is safe even if the answer is the newer of the two: the event
    /// about the change that it holds is still to come.
    pub(super) fn changed_since(&self, key: &K, mark: Tick) -> bool {
        self.last_seen.get(key).is_some_and(|at| *at > mark.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn what_was_heard_while_an_answer_was_under_way_is_newer() {
        let mut clock = EventClock::default();
        clock.record("early");
        let asked = clock.now();
        assert!(!clock.changed_since(&"early", asked));
        assert!(!clock.changed_since(&"never", asked));
        clock.record("late");
        assert!(clock.changed_since(&"late", asked));
        assert!(!clock.changed_since(&"late", clock.now()));
        clock.record("early");
        assert!(clock.changed_since(&"early", asked));
    }
}
