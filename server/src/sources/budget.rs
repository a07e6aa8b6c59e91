//! How much may be made of a tree that comes from elsewhere: everything is counted before it is made,
//! also the folders that an archive only implies, and the disk keeps its free space meanwhile.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::upkeep::disk::{DiskMonitor, LowSpace, ROOM_CHECK_BYTES};

/// The largest tree that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceLimits {
    /// Bytes of all files together.
    pub bytes: u64,
    /// Files, folders and links.
    pub files: u64,
}

impl SourceLimits {
    /// As many as the disk takes.
    pub const NONE: Self = Self {
        bytes: u64::MAX,
        files: u64::MAX,
    };
}

/// How many levels of folders a tree has at most.
pub(super) const DEPTH_MAX: usize = 100;
/// The longest path below the root of a tree, in bytes: with the data folder's own before it, it stays
/// below the 4,096 that Linux takes (1,024 on macOS, which then refuses it by itself).
pub(super) const PATH_BYTES_MAX: usize = 2048;
/// The longest name of a file or folder, in bytes: what Linux's and macOS's file systems take.
pub(super) const NAME_BYTES_MAX: usize = 255;
/// How many bytes the paths have at most on average, where files are limited: they are what an
/// archive may make the server remember.
const PATH_BYTES_MEAN_MAX: u64 = 256;
/// What a file or folder takes on the disk besides its content, about.
const ENTRY_BYTES: u64 = 4096;

/// Why no more of a tree is made.
#[derive(Debug)]
pub(super) enum Excess {
    /// It holds more than this, in words.
    Limit(String),
    /// The disk would have too little free space.
    NoRoom(LowSpace),
}

/// Counts what is made of a tree.
#[derive(Debug)]
pub(super) struct TreeBudget<'a> {
    limits: SourceLimits,
    disk: &'a DiskMonitor,
    bytes: u64,
    files: u64,
    path_bytes: u64,
    /// Bytes since the free space was looked at.
    unchecked: u64,
}

impl<'a> TreeBudget<'a> {
    /// For a new tree on this disk.
    pub(super) fn new(limits: SourceLimits, disk: &'a DiskMonitor) -> Self {
        Self {
            limits,
            disk,
            bytes: 0,
            files: 0,
            path_bytes: 0,
            unchecked: ROOM_CHECK_BYTES,
        }
    }

    /// Counts a file, folder or link that is about to be made at this path below the root.
    pub(super) fn charge_entry(&mut self, path: &Path) -> Result<(), Excess> {
        let length = path.as_os_str().len();
        if path.components().count() > DEPTH_MAX {
            return Err(Excess::Limit(format!("{DEPTH_MAX} levels of folders")));
        }
        if length > PATH_BYTES_MAX {
            return Err(Excess::Limit(format!("{PATH_BYTES_MAX} bytes in one path")));
        }
        self.files += 1;
        self.path_bytes += length as u64;
        if self.files > self.limits.files {
            let most = self.limits.files;
            return Err(Excess::Limit(format!("{most} files and folders")));
        }
        let most = self.limits.files.saturating_mul(PATH_BYTES_MEAN_MAX);
        if self.path_bytes > most {
            return Err(Excess::Limit(format!("{most} bytes in all its paths")));
        }
        self.charge_room(ENTRY_BYTES)
    }

    /// Counts bytes that are about to be written.
    pub(super) fn charge_bytes(&mut self, bytes: u64) -> Result<(), Excess> {
        self.ensure_bytes(bytes)?;
        self.bytes += bytes;
        self.charge_room(bytes)
    }

    /// Refuses what would be too many bytes, before any of them is written.
    pub(super) fn ensure_bytes(&self, bytes: u64) -> Result<(), Excess> {
        if bytes > self.limits.bytes.saturating_sub(self.bytes) {
            let most = self.limits.bytes;
            return Err(Excess::Limit(format!("{most} bytes")));
        }
        Ok(())
    }

    fn charge_room(&mut self, bytes: u64) -> Result<(), Excess> {
        self.unchecked = self.unchecked.saturating_add(bytes);
        if self.unchecked >= ROOM_CHECK_BYTES {
            self.unchecked = 0;
            if let Some(short) = self.disk.check_room(ROOM_CHECK_BYTES) {
                return Err(Excess::NoRoom(short));
            }
        }
        Ok(())
    }
}

/// Why content was not copied.
pub(super) enum CopyError {
    Excess(Excess),
    Io(io::Error),
}

/// Copies what is left of a file to another, counted piece by piece.
pub(super) fn copy_content(
    from: &File,
    mut to: &File,
    budget: &mut TreeBudget<'_>,
) -> Result<(), CopyError> {
    let length = from.metadata().map_err(CopyError::Io)?.len();
    budget.ensure_bytes(length).map_err(CopyError::Excess)?;
    loop {
        // As files, not as buffers: the kernel copies.
        let mut piece = from.take(ROOM_CHECK_BYTES);
        match io::copy(&mut piece, &mut to).map_err(CopyError::Io)? {
            0 => return Ok(()),
            bytes => budget.charge_bytes(bytes).map_err(CopyError::Excess)?,
        }
    }
}

/// Why no file or folder can have this name, if that is so.
pub(super) fn why_unusable(path: &Path) -> Option<&'static str> {
    let bytes = path.as_os_str().as_bytes();
    if bytes.contains(&0) {
        return Some("whose name has a NUL");
    }
    let mut parts = bytes.split(|byte| *byte == b'/');
    parts
        .any(|part| part.len() > NAME_BYTES_MAX)
        .then_some("which has a name of more than 255 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(result: Result<(), Excess>) -> String {
        match result {
            Ok(()) => "ok".to_owned(),
            Err(Excess::Limit(words)) => words,
            Err(Excess::NoRoom(short)) => short.message(),
        }
    }

    #[test]
    fn each_limit_is_kept() {
        let home = tempfile::tempdir().unwrap();
        let disk = DiskMonitor::new(home.path(), Some(0));
        let limits = SourceLimits {
            bytes: 10,
            files: 3,
        };
        let mut budget = TreeBudget::new(limits, &disk);
        let deep = "a/".repeat(DEPTH_MAX + 1);
        assert_eq!(
            words(budget.charge_entry(deep.as_ref())),
            "100 levels of folders"
        );
        let long = format!("{0}/{0}", "n".repeat(PATH_BYTES_MAX / 2));
        assert_eq!(
            words(budget.charge_entry(long.as_ref())),
            "2048 bytes in one path"
        );
        assert_eq!(words(budget.charge_bytes(10)), "ok");
        assert_eq!(words(budget.charge_bytes(1)), "10 bytes");
        for _ in 0..3 {
            assert_eq!(words(budget.charge_entry("a".as_ref())), "ok");
        }
        assert_eq!(
            words(budget.charge_entry("a".as_ref())),
            "3 files and folders"
        );
        let mut budget = TreeBudget::new(limits, &disk);
        let path = "p".repeat(255 * 2);
        assert_eq!(words(budget.charge_entry(path.as_ref())), "ok");
        assert_eq!(
            words(budget.charge_entry(path.as_ref())),
            "768 bytes in all its paths"
        );
    }

    #[test]
    fn the_free_space_is_looked_at_from_time_to_time() {
        let home = tempfile::tempdir().unwrap();
        let full = DiskMonitor::new(home.path(), Some(u64::MAX));
        let mut budget = TreeBudget::new(SourceLimits::NONE, &full);
        assert!(words(budget.charge_bytes(1)).contains("disk has"));
        assert_eq!(words(budget.charge_bytes(ROOM_CHECK_BYTES - 1)), "ok");
        assert!(words(budget.charge_entry("a".as_ref())).contains("disk has"));
    }
}
