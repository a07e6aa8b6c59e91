//! How many launches are worked on at the same time, so that many large ones neither fill the memory
//! nor keep the others waiting.

use tokio::sync::{Semaphore, SemaphorePermit};

use super::error::ApiError;

/// How many commands are read at the same time: the largest takes some 300 MB.
const READING_MAX: usize = 4;
/// How many large runs are written at the same time: one alone, since each holds up other changes for
/// a slice.
const WRITING_MAX: usize = 1;

/// Admits launches.
#[derive(Debug)]
pub struct LaunchGate {
    reading: Semaphore,
    writing: Semaphore,
}

impl Default for LaunchGate {
    fn default() -> Self {
        Self {
            reading: Semaphore::new(READING_MAX),
            writing: Semaphore::new(WRITING_MAX),
        }
    }
}

impl LaunchGate {
    /// Waits until a command may be read.
    pub(super) async fn admit_reading(&self) -> Result<SemaphorePermit<'_>, ApiError> {
        admit(&self.reading).await
    }

    /// Waits until a large run may be written.
    pub(super) async fn admit_writing(&self) -> Result<SemaphorePermit<'_>, ApiError> {
        admit(&self.writing).await
    }

    /// As [`LaunchGate::admit_writing`] where that takes no waiting.
    pub(super) fn try_admit_writing(&self) -> Option<SemaphorePermit<'_>> {
        self.writing.try_acquire().ok()
    }
}

async fn admit(turns: &Semaphore) -> Result<SemaphorePermit<'_>, ApiError> {
    let turn = turns.acquire().await;
    turn.map_err(|_| ApiError::Unavailable("The server is stopping."))
}
