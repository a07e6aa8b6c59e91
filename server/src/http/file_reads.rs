//! Bounds how many requests read files of trials at once: a disk that does not answer keeps these
//! threads, and leaves the others to whoever asks for something else.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::account_share::{AccountPermits, AccountShares};
use super::error::ApiError;

/// How many short reads are under way at once.
const READS_MAX: usize = 64;
/// How many archives are sent at once, and how many of one account's runs; each keeps a thread for as
/// long as its client takes.
const ARCHIVES_MAX: usize = 32;
const ARCHIVES_OF_ACCOUNT: usize = 8;
/// How long a request waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// Reads of files by requests.
#[derive(Debug)]
pub struct FileReads {
    reads: Arc<Semaphore>,
    archives: AccountShares,
    patience: Duration,
}

impl Default for FileReads {
    fn default() -> Self {
        Self {
            reads: Arc::new(Semaphore::new(READS_MAX)),
            archives: AccountShares::new(ARCHIVES_MAX, ARCHIVES_OF_ACCOUNT),
            patience: PATIENCE,
        }
    }
}

impl FileReads {
    /// Runs `read`, which may block, off the async threads.
    ///
    /// # Errors
    /// 503 where too many reads do not end, and 500 where `read` panics.
    pub async fn run<T, F>(&self, read: F) -> Result<T, ApiError>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let busy = "The server's disk does not answer. Try again later.";
        let acquiring = Arc::clone(&self.reads).acquire_owned();
        let Ok(Ok(permit)) = tokio::time::timeout(self.patience, acquiring).await else {
            return Err(ApiError::Unavailable(busy));
        };
        let work = move || {
            // Held until the read ends, even if nobody waits for it any more.
            let _permit = permit;
            read()
        };
        Ok(tokio::task::spawn_blocking(work).await?)
    }

    /// Waits until one more archive of a run of this account may be sent, which goes on until the
    /// permits are dropped.
    ///
    /// # Errors
    /// 503 where too many are sent.
    pub async fn begin_archive(&self, account: &str) -> Result<AccountPermits, ApiError> {
        let acquired = self.archives.acquire(account, 1, self.patience).await;
        acquired.ok_or(ApiError::Unavailable(
            "Too many archives are being downloaded. Try again later.",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn reads_that_do_not_end_keep_a_bounded_number_of_threads() {
        let reads = FileReads {
            patience: Duration::from_millis(50),
            ..FileReads::default()
        };
        let held: Vec<_> = (0..READS_MAX)
            .map(|_| Arc::clone(&reads.reads).try_acquire_owned().unwrap())
            .collect();
        let refused = reads.run(|| 1).await.unwrap_err();
        assert_eq!(refused.status().as_u16(), 503);
        drop(held);
        assert_eq!(reads.run(|| 1).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn slow_readers_of_one_accounts_archives_leave_some_to_the_others() {
        let reads = FileReads {
            patience: Duration::from_millis(50),
            ..FileReads::default()
        };
        let mut held = Vec::new();
        while let Ok(permits) = reads.begin_archive("eve").await {
            held.push(permits);
        }
        assert_eq!(held.len(), ARCHIVES_OF_ACCOUNT);
        assert!(reads.begin_archive("ada").await.is_ok());
    }
}
