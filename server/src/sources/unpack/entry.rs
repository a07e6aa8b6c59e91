//! What an entry of an archive becomes, or why it does not.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};

use crate::sources::budget::Excess;
use crate::system::umask;
use crate::upkeep::disk::LowSpace;

/// Why a source cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    /// It is no tar.gz.
    #[error("the source is no tar.gz that can be read: {0}")]
    Archive(io::Error),
    /// An entry that is not taken.
    #[error("the source holds `{0}`, {1}; nothing of it was kept")]
    Entry(String, &'static str),
    /// Too large.
    #[error("the source unpacks to more than {0}; nothing of it was kept")]
    TooLarge(String),
    /// The disk would have too little free space.
    #[error("{}", .0.message())]
    NoRoom(LowSpace),
    /// It cannot be written here.
    #[error("the source cannot be written: {0}")]
    Disk(io::Error),
}

impl From<Excess> for UnpackError {
    fn from(excess: Excess) -> Self {
        match excess {
            Excess::Limit(what) => Self::TooLarge(what),
            Excess::NoRoom(short) => Self::NoRoom(short),
        }
    }
}

/// Makes a new file, in place of one that is there; a folder is not replaced.
pub(super) fn create_file(at: &Path, mode: u32) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(mode);
    let file = match options.open(at) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(at)?;
            options.open(at)
        }
        opened => opened,
    }?;
    umask::apply_to(&file, mode)?;
    Ok(file)
}

pub(super) fn entry_refused(name: &Path, why: &'static str) -> UnpackError {
    const SHOWN_MAX: usize = 200;
    let name: String = name.display().to_string();
    let shown = name.chars().map(|letter| {
        if letter.is_control() {
            '\u{fffd}'
        } else {
            letter
        }
    });
    UnpackError::Entry(shown.take(SHOWN_MAX).collect(), why)
}

const DOES_NOT_FIT: &str = "which does not fit its other entries";

pub(super) fn entry_clash(name: &Path) -> UnpackError {
    entry_refused(name, DOES_NOT_FIT)
}

/// Why an entry cannot be made: it does not fit the others, or the disk fails.
pub(super) fn entry_error(name: &Path, error: io::Error) -> UnpackError {
    use io::ErrorKind::{
        AlreadyExists, InvalidFilename, InvalidInput, IsADirectory, NotADirectory, NotFound,
        PermissionDenied,
    };
    match error.kind() {
        // Linux's answer to the removal of a folder as a file is EISDIR, macOS's EPERM.
        AlreadyExists | InvalidFilename | InvalidInput | IsADirectory | NotADirectory
        | NotFound | PermissionDenied => entry_clash(name),
        _ => UnpackError::Disk(error),
    }
}

/// The path without `.`, if it is relative and never goes up.
pub(super) fn path_inside(name: &Path) -> Option<PathBuf> {
    let mut path = PathBuf::new();
    for part in name.components() {
        match part {
            Component::Normal(part) => path.push(part),
            Component::CurDir => {}
            _ => return None,
        }
    }
    Some(path)
}
