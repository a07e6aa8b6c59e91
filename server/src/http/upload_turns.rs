//! Of one run, one upload at a time. A later one replaces one that is still received, whose client may
//! have lost its connection, and waits for one that is being unpacked.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard, watch};

/// The uploads under way, by run.
#[derive(Clone, Debug, Default)]
pub struct UploadTurns(Arc<Mutex<HashMap<String, Arc<Turns>>>>);

/// Those of one run.
#[derive(Debug, Default)]
struct Turns {
    /// How many have come so far.
    newest: watch::Sender<u64>,
    busy: Arc<AsyncMutex<()>>,
}

/// An upload that waits for its turn or has it; dropped when it is over.
#[derive(Debug)]
pub struct UploadTurn {
    all: UploadTurns,
    run: String,
    turns: Arc<Turns>,
    number: u64,
    held: Option<OwnedMutexGuard<()>>,
}

/// A later upload of the same run has taken the turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replaced;

impl UploadTurns {
    /// Announces an upload: one before it that waits or is received ends.
    pub fn announce(&self, run: &str) -> UploadTurn {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let turns = Arc::clone(all.entry(run.to_owned()).or_default());
        let mut number = 0;
        turns.newest.send_modify(|newest| {
            *newest += 1;
            number = *newest;
        });
        UploadTurn {
            all: self.clone(),
            run: run.to_owned(),
            turns,
            number,
            held: None,
        }
    }
}

impl UploadTurn {
    /// Waits until the one before has ended.
    pub async fn wait(&mut self) -> Result<(), Replaced> {
        let busy = Arc::clone(&self.turns.busy);
        tokio::select! {
            biased;
            () = self.replaced() => Err(Replaced),
            held = busy.lock_owned() => {
                self.held = Some(held);
                Ok(())
            }
        }
    }

    /// Waits until there is a later one.
    pub async fn replaced(&self) {
        let mut newest = self.turns.newest.subscribe();
        // The sender lives as long as `self`.
        let _ = newest.wait_for(|newest| *newest != self.number).await;
    }
}

impl Drop for UploadTurn {
    fn drop(&mut self) {
        self.held = None;
        let mut all = self.all.0.lock().unwrap_or_else(PoisonError::into_inner);
        // In the map and here.
        if Arc::strong_count(&self.turns) == 2 {
            all.remove(&self.run);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_later_one_has_the_turn() {
        let all = UploadTurns::default();
        let mut other = all.announce("other");
        other.wait().await.unwrap();
        let mut first = all.announce("run");
        first.wait().await.unwrap();
        let mut second = all.announce("run");
        first.replaced().await;
        let mut third = all.announce("run");
        assert_eq!(second.wait().await, Err(Replaced));
        let waiting = tokio::spawn(async move {
            third.wait().await.unwrap();
            third
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished(), "the first still has it");
        drop(first);
        let third = waiting.await.unwrap();
        drop((second, third, other));
        assert!(all.0.lock().unwrap().is_empty());
    }
}
