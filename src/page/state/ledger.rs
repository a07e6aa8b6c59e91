//! Which is newer, what an event said or what an answer says: pure.
//!
//! An answer tells how things stood when the server wrote it. An event that was heard while the
//! answer was under way may be later than that, and is told only once: the answer must not undo it.

use std::collections::BTreeMap;

/// Remembers when each thing was last heard of, counted in events.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ledger<K> {
    now: u64,
    heard: BTreeMap<K, u64>,
}

/// A moment between events; taken before a request is sent.
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
    /// This moment.
    pub(super) fn mark(&self) -> Mark {
        Mark(self.now)
    }

    /// An event told of `key`.
    pub(super) fn hear(&mut self, key: K) {
        self.now += 1;
        self.heard.insert(key, self.now);
    }

    /// Whether an event has told of `key` since `mark`. If it was the earlier one after all, the
    /// event of the later change is still to come.
    pub(super) fn heard_since(&self, key: &K, mark: Mark) -> bool {
        self.heard.get(key).is_some_and(|at| *at > mark.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

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
