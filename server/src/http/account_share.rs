//! Permits of which one account holds at most a part, so that what it begins and does not end keeps
//! nobody else waiting.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Permits for all accounts together.
#[derive(Debug)]
pub(super) struct AccountShares {
    all: Arc<Semaphore>,
    all_max: usize,
    /// What one account holds at most.
    share: usize,
    /// Of accounts that hold permits or wait for some.
    accounts: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// Permits that an account holds until this is dropped.
#[derive(Debug)]
pub struct AccountPermits {
    _own: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

impl AccountShares {
    pub(super) fn new(all: usize, share: usize) -> Self {
        let all_max = all.clamp(1, u32::MAX as usize);
        Self {
            all: Arc::new(Semaphore::new(all_max)),
            all_max,
            share: share.clamp(1, all_max),
            accounts: Mutex::default(),
        }
    }

    /// Waits for so many permits (no more than the account's share has), first among those of the
    /// account, then among all. `None` where that takes longer than `patience`.
    pub(super) async fn acquire(
        &self,
        account: &str,
        permits: usize,
        patience: Duration,
    ) -> Option<AccountPermits> {
        let permits = permits.min(self.share).min(self.all_max);
        let permits = u32::try_from(permits).unwrap_or(u32::MAX);
        let acquiring = async {
            let own = self.of_account(account).acquire_many_owned(permits).await;
            let all = Arc::clone(&self.all).acquire_many_owned(permits).await;
            Some(AccountPermits {
                _own: own.ok()?,
                _all: all.ok()?,
            })
        };
        tokio::time::timeout(patience, acquiring).await.ok()?
    }

    fn of_account(&self, account: &str) -> Arc<Semaphore> {
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever holds permits or waits for some has a clone.
        accounts.retain(|_, own| Arc::strong_count(own) > 1);
        let own = accounts.entry(account.to_owned());
        Arc::clone(own.or_insert_with(|| Arc::new(Semaphore::new(self.share))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn an_account_holds_its_share_and_no_more() {
        let shares = AccountShares::new(4, 2);
        let first = shares.acquire("eve", 1, SHORT).await.unwrap();
        let _second = shares.acquire("eve", 1, SHORT).await.unwrap();
        assert!(shares.acquire("eve", 1, SHORT).await.is_none());
        // More than the share is all of it.
        let other = shares.acquire("ada", 9, SHORT).await.unwrap();
        assert!(shares.acquire("bob", 1, SHORT).await.is_none());
        drop(first);
        let bob = shares.acquire("bob", 1, LONG).await.unwrap();
        drop((other, bob));
        assert!(shares.acquire("ada", 2, LONG).await.is_some());
        assert_eq!(shares.accounts.lock().unwrap().len(), 2, "eve and ada");
    }
}
