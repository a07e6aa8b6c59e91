//! How much of the bodies of requests is in memory at the same time, and how many are read as JSON at
//! once: a large one takes several times its length while that is done.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::account_share::{AccountPermits, AccountShares};
use super::error::ApiError;

/// A body of no more than so many bytes is read as it comes.
pub(super) const SMALL_BYTES: usize = 64 << 10;
/// So many bodies of the largest size may be in memory at once, and so many of one account.
const LARGEST_AT_ONCE: usize = 8;
const LARGEST_OF_ACCOUNT: usize = 2;
/// How many large bodies are read as JSON at the same time.
const READING_MAX: usize = 4;
/// Bytes are counted in such pieces.
const PIECE: usize = 1 << 10;
/// How long a request waits until there is room for its body.
const PATIENCE: Duration = Duration::from_secs(10);

/// Admits large bodies.
#[derive(Clone, Debug)]
pub struct BodyGate {
    body_bytes: usize,
    pieces: Arc<AccountShares>,
    reading: Arc<Semaphore>,
    patience: Duration,
}

impl BodyGate {
    /// For bodies of at most so many bytes each.
    pub fn new(body_bytes: usize) -> Self {
        let pieces = body_bytes.div_ceil(PIECE);
        let times = |number| pieces.saturating_mul(number);
        let shares = AccountShares::new(times(LARGEST_AT_ONCE), times(LARGEST_OF_ACCOUNT));
        Self {
            body_bytes,
            pieces: Arc::new(shares),
            reading: Arc::new(Semaphore::new(READING_MAX)),
            patience: PATIENCE,
        }
    }

    /// The longest body that any address takes.
    pub(super) fn body_bytes(&self) -> usize {
        self.body_bytes
    }

    /// Waits until there is room for a body of so many bytes; there is until the result is dropped.
    ///
    /// # Errors
    /// 503 where others do not leave it in time.
    pub(super) async fn admit(
        &self,
        account: &str,
        bytes: usize,
    ) -> Result<AccountPermits, ApiError> {
        let pieces = bytes.div_ceil(PIECE);
        let admitted = self.pieces.acquire(account, pieces, self.patience).await;
        admitted.ok_or(ApiError::Unavailable(
            "Too many large requests are being received. Try again later.",
        ))
    }

    /// Waits until a large body may be read as JSON.
    pub(super) async fn admit_reading(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        let turn = Arc::clone(&self.reading).acquire_owned().await;
        turn.map_err(|_| ApiError::Unavailable("The server is stopping."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn large_bodies_at_once_are_bounded_for_each_account_and_for_all() {
        let gate = BodyGate {
            patience: Duration::from_millis(20),
            ..BodyGate::new(1 << 20)
        };
        let mut held = Vec::new();
        for account in ["a", "b", "c", "d"] {
            for _ in 0..LARGEST_OF_ACCOUNT {
                held.push(gate.admit(account, 1 << 20).await.unwrap());
            }
            let refused = gate.admit(account, 1 << 20).await.unwrap_err();
            assert_eq!(refused.status().as_u16(), 503);
        }
        assert_eq!(held.len(), LARGEST_AT_ONCE);
        assert!(gate.admit("e", 100_000).await.is_err());
        held.pop();
        assert!(gate.admit("e", 1 << 20).await.is_ok());
    }
}
