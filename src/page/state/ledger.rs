//! A logical clock that decides which is newer, an event or an answer: pure.
//!
//! An answer holds the state at the moment when the server wrote it. An event that arrives while
//! the answer is under way may be newer, and is sent only once: the answer must not overwrite it.

use std::collections::BTreeMap;

/// Counts events, and remembers for each key the number of its last one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ledger<K> {
    now: u64,
    heard: BTreeMap<K, u64>,
}

/// A moment between two events: how many have arrived so far. Taken before a request is sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Mark(u64);

impl<K> Default for Ledger<K> {
    fn default() -> Self {
        Ledger {
            now: 0,
            heard: BTreeMap::new(),
        }
    }
}

impl<K: Ord> Ledger<K> {
    pub(super) fn mark(&self) -> Mark {
        Mark(self.now)
    }

    /// Records that an event about `key` has arrived.
    pub(super) fn hear(&mut self, key: K) {
        self.now += 1;
        self.heard.insert(key, self.now);
    }

    /// Whether an event about `key` has arrived after `since`, so that an answer to a request of that
    /// moment is to be ignored. That is safe even if the answer is the newer of the two: the event
    /// about the change that it holds is still to come.
    pub(super) fn heard_since(&self, key: &K, mark: Mark) -> bool {
        self.heard.get(key).is_some_and(|at| *at > mark.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn what_was_heard_while_an_answer_was_under_way_is_newer() {
        let mut ledger = Ledger::default();
        ledger.hear("early");
        let asked = ledger.mark();
        assert!(!ledger.heard_since(&"early", asked));
        assert!(!ledger.heard_since(&"never", asked));
        ledger.hear("late");
        assert!(ledger.heard_since(&"late", asked));
        assert!(!ledger.heard_since(&"late", ledger.mark()));
        ledger.hear("early");
        assert!(ledger.heard_since(&"early", asked));
    }
}
