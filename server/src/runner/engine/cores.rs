//! Which cores the trials of this server run on, so that trials that run at once have their own.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::model::ActiveTrial;
use crate::system::cores;

/// An attempt of a trial: its run's key, its number, and how often it was tried before.
pub(super) type AttemptKey = (i64, u32, u32);

pub(super) fn attempt_key(trial: &ActiveTrial) -> AttemptKey {
    (trial.run, trial.number, trial.attempt)
}

/// The cores of the active trials of all local clusters. After a restart it is filled from the
/// trials' own records: see [`CoreAllocator::adopt`].
#[derive(Debug, Default)]
pub struct CoreAllocator {
    /// How many cores all trials together may keep busy.
    count: u32,
    /// The numbers of the server's cores, in the order in which they are given out; empty where
    /// trials cannot be restricted to some.
    order: Vec<u32>,
    held: Mutex<HashMap<AttemptKey, Vec<u32>>>,
}

impl CoreAllocator {
    /// The cores that this process may use. Servers of one machine do not know of each other, so
    /// each begins at another core.
    pub fn detect() -> Self {
        let mut order = cores::affinity().unwrap_or_default();
        if !order.is_empty() {
            let start = std::process::id() as usize % order.len();
            order.rotate_left(start);
        }
        Self::new(cores::usable_count(), order)
    }

    fn new(count: u32, order: Vec<u32>) -> Self {
        let held = Mutex::default();
        Self { count, order, held }
    }

    /// How many cores all trials together may keep busy, at least 1.
    pub fn count(&self) -> u32 {
        self.count.max(1)
    }

    /// Gives a trial so many cores, those that the fewest others have; ascending. None where it may
    /// have all of them. A trial that has some already keeps them.
    pub(super) fn allocate(&self, key: AttemptKey, wanted: u32) -> Vec<u32> {
        let wanted = wanted as usize;
        let mut held = self.held();
        if let Some(cores) = held.get(&key) {
            return cores.clone();
        }
        if wanted >= self.count() as usize || wanted >= self.order.len() {
            return Vec::new();
        }
        let mut holders: HashMap<u32, usize> = HashMap::new();
        held.values()
            .flatten()
            .for_each(|core| *holders.entry(*core).or_default() += 1);
        let mut cores = self.order.clone();
        // Stable: among equals the order stays.
        cores.sort_by_key(|core| holders.get(core).copied().unwrap_or(0));
        cores.truncate(wanted);
        cores.sort_unstable();
        held.insert(key, cores.clone());
        cores
    }

    /// Whether cores of a trial are known.
    pub(super) fn holds(&self, key: AttemptKey) -> bool {
        self.held().contains_key(&key)
    }

    /// Notes the cores of a trial that an earlier server has started.
    pub(super) fn adopt(&self, key: AttemptKey, cores: Vec<u32>) {
        self.held().insert(key, cores);
    }

    /// Frees the cores of a trial.
    pub(super) fn release(&self, key: AttemptKey) {
        self.held().remove(&key);
    }

    fn held(&self) -> MutexGuard<'_, HashMap<AttemptKey, Vec<u32>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u32) -> AttemptKey {
        (1, number, 0)
    }

    #[test]
    fn trials_at_once_have_cores_of_their_own() {
        let cores = CoreAllocator::new(4, vec![2, 3, 0, 1]);
        assert_eq!(cores.allocate(key(0), 2), [2, 3]);
        assert_eq!(cores.allocate(key(1), 1), [0]);
        assert_eq!(cores.allocate(key(1), 1), [0], "asked again");
        assert_eq!(cores.allocate(key(2), 1), [1]);
        // More than there are share those that the fewest have.
        assert_eq!(cores.allocate(key(3), 1), [2]);
        cores.release(key(1));
        assert_eq!(cores.allocate(key(4), 1), [0]);
        // One that may have all is not restricted.
        assert!(cores.allocate(key(5), 4).is_empty());
        assert!(cores.allocate(key(6), 9).is_empty());
    }

    #[test]
    fn cores_of_an_earlier_server_are_not_given_out() {
        let cores = CoreAllocator::new(2, vec![0, 1]);
        cores.adopt(key(7), vec![0]);
        assert_eq!(cores.allocate(key(8), 1), [1]);
    }

    #[test]
    fn without_an_affinity_nothing_is_restricted() {
        assert!(
            CoreAllocator::new(8, Vec::new())
                .allocate(key(0), 1)
                .is_empty()
        );
    }
}
