//! A trial's folder while it is read: its files by one opening of it.

use std::io;

use rustix::fs::{FlockOperation, flock};
use serde::de::DeserializeOwned;

use super::{CLAIM, EndRecord, LOCK, StartRecord, is_unusable};
use crate::sources::OpenFolder;

/// The most bytes that are read of `started.json` and `order.json`, which hold arguments and an
/// environment: the system bounds them by some megabytes, and JSON may need six for one.
pub(super) const RECORD_BYTES_MAX: u64 = 32 << 20;
/// The same of `ended.json`, which holds one reason at most.
const END_BYTES_MAX: u64 = 1 << 20;

/// A trial's folder while it is read.
#[derive(Debug)]
pub struct OpenTrial(pub(super) OpenFolder);

impl OpenTrial {
    /// Whether the trial was claimed.
    pub fn is_claimed(&self) -> bool {
        self.0.holds(CLAIM.as_ref()).unwrap_or(false)
    }

    /// As [`TrialFolder::has_supervisor`](super::TrialFolder::has_supervisor).
    ///
    /// # Errors
    /// Where the disk fails.
    pub fn has_supervisor(&self) -> io::Result<bool> {
        match self.0.open_file(LOCK.as_ref()) {
            // A shared lock: two servers that check at once do not take each other for a
            // supervisor.
            Ok(file) => match flock(&file, FlockOperation::NonBlockingLockShared) {
                Ok(()) => Ok(false),
                Err(rustix::io::Errno::WOULDBLOCK) => Ok(true),
                Err(error) => Err(error.into()),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound || is_unusable(&error) => {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// As [`TrialFolder::read_start`](super::TrialFolder::read_start).
    ///
    /// # Errors
    /// See [`is_unusable`].
    pub fn read_start(&self) -> io::Result<Option<StartRecord>> {
        read_record(&self.0, "started.json", RECORD_BYTES_MAX)
    }

    /// As [`TrialFolder::read_end`](super::TrialFolder::read_end).
    ///
    /// # Errors
    /// See [`is_unusable`].
    pub fn read_end(&self) -> io::Result<Option<EndRecord>> {
        read_record(&self.0, "ended.json", END_BYTES_MAX)
    }
}

/// Reads a file of JSON; `None` where there is none.
pub(super) fn read_record<T: DeserializeOwned>(
    folder: &OpenFolder,
    name: &str,
    most: u64,
) -> io::Result<Option<T>> {
    match folder.read_file(name.as_ref(), most) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| {
            let text = format!("`{name}` holds something else: {error}");
            io::Error::new(io::ErrorKind::InvalidData, text)
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
