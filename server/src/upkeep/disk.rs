//! The free space on the disk of the data folder. Below a bound the server starts no trial and
//! accepts no run or upload, so that running trials can go on and be recorded.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// The bound where the settings have none: 1 GiB or a twentieth of the disk, whichever is less.
const LEAST: u64 = 1 << 30;
const LEAST_PART: u64 = 20;

/// Hysteresis: once the free space was below the bound, it must exceed the bound by an eighth
/// before the disk counts as having space again, so that the state does not flip back and forth.
const MARGIN_PART: u64 = 8;

/// Watches the disk of one folder.
#[derive(Debug)]
pub struct Disk {
    folder: PathBuf,
    /// In bytes; `None`: derived from the size of the disk.
    bound: Option<u64>,
    short: AtomicBool,
}

/// The disk has less free space than the bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Short {
    /// Bytes that are free for this account.
    pub free: u64,
    /// Bytes that should be.
    pub bound: u64,
}

impl Short {
    /// In words, for a person.
    pub fn message(self) -> String {
        format!(
            "the server's disk has {} MB left, and no trial is started below {} MB",
            self.free / 1_000_000,
            self.bound.div_ceil(1_000_000)
        )
    }
}

impl Disk {
    /// Watches the disk of `folder`; `bound` is how many bytes should be free, 0 for any.
    pub fn new(folder: &Path, bound: Option<u64>) -> Self {
        Self {
            folder: folder.to_owned(),
            bound,
            short: AtomicBool::new(false),
        }
    }

    /// Compares the free space with the bound; one system call. `None` if there is enough, or if
    /// the system does not report it.
    pub fn look(&self) -> Option<Short> {
        let found = rustix::fs::statvfs(&self.folder).ok();
        let short = found.and_then(|disk| {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let all = disk.f_blocks.saturating_mul(disk.f_frsize);
            let mut bound = self.bound.unwrap_or(LEAST.min(all / LEAST_PART));
            if free >= bound && self.short.load(Ordering::Relaxed) {
                bound = bound.saturating_add(bound / MARGIN_PART);
            }
            (free < bound).then_some(Short { free, bound })
        });
        self.short.store(short.is_some(), Ordering::Relaxed);
        short
    }

    /// Checks again if the last check found too little; no system call otherwise.
    pub fn look_if_short(&self) -> Option<Short> {
        self.short
            .load(Ordering::Relaxed)
            .then(|| self.look())
            .flatten()
    }
}

/// Whether an error says that there is no room, on the disk or in a quota.
pub fn is_full(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_that_no_disk_has_is_missed() {
        let folder = tempfile::tempdir().unwrap();
        let look = |bound| Disk::new(folder.path(), Some(bound)).look();
        assert_eq!(look(0), None);
        let short = look(u64::MAX).unwrap();
        assert_eq!(short.bound, u64::MAX);
        assert!(short.message().contains(" MB left"), "{}", short.message());
    }

    #[test]
    fn what_the_last_look_found_is_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::new(folder.path(), Some(u64::MAX));
        assert_eq!(disk.look_if_short(), None, "nobody has looked");
        disk.look();
        assert!(disk.look_if_short().is_some());
    }

    #[test]
    fn room_is_there_again_with_a_margin() {
        let folder = tempfile::tempdir().unwrap();
        let found = rustix::fs::statvfs(folder.path()).unwrap();
        // A little less than is free now, whatever else is written meanwhile.
        let bound = found.f_bavail * found.f_frsize / 20 * 19;
        let disk = Disk::new(folder.path(), Some(bound));
        assert_eq!(disk.look(), None);
        disk.short.store(true, Ordering::Relaxed);
        assert_eq!(disk.look().unwrap().bound, bound + bound / MARGIN_PART);
        let disk = Disk::new(folder.path(), Some(bound / 2));
        disk.short.store(true, Ordering::Relaxed);
        assert_eq!(disk.look(), None, "more than the margin");
    }
}
