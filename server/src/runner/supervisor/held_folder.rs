//! The trial's folder, held open: once it is hidden from the script, its path leads the supervisor
//! nowhere either.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::runner::protocol::TrialFolder;

pub(super) struct HeldFolder {
    files: TrialFolder,
    #[cfg(target_os = "linux")]
    _opened: std::os::fd::OwnedFd,
}

impl HeldFolder {
    #[cfg(target_os = "linux")]
    pub(super) fn open(folder: &TrialFolder) -> io::Result<Self> {
        use rustix::fs::{Mode, OFlags, open};
        use std::os::fd::AsRawFd;
        use std::path::PathBuf;

        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = open(folder.path(), flags, Mode::empty())?;
        let path = PathBuf::from(format!("/proc/self/fd/{}", opened.as_raw_fd()));
        let files = if path.exists() {
            TrialFolder::opened_at(path)
        } else {
            folder.clone() // a machine without `/proc` hides nothing
        };
        Ok(Self {
            files,
            _opened: opened,
        })
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn open(folder: &TrialFolder) -> io::Result<Self> {
        Ok(Self {
            files: folder.clone(),
        })
    }

    /// By which the files are reached, whatever is mounted over the folder. Nobody else can use it.
    pub(super) fn files(&self) -> &TrialFolder {
        &self.files
    }

    /// Whether somebody has deleted the folder.
    pub(super) fn is_deleted(&self) -> bool {
        self.files.open().map_or(true, |folder| folder.is_deleted())
    }
}

/// Whether both paths lead to the same folder, as they do unless one of them is hidden from us.
pub(super) fn is_same_folder(one: &Path, other: &Path) -> bool {
    let identify = |meta: Metadata| (meta.dev(), meta.ino());
    let identify = |path| fs::metadata(path).map(identify).ok();
    identify(one).is_some_and(|found| Some(found) == identify(other))
}
