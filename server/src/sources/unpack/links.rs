//! The links of an archive, made once all its files and folders are there. Then no folder that a link
//! lies in can be a link itself.

use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use super::entry::{UnpackError, create_file, entry_error, entry_refused, path_inside};
use crate::sources::budget::{CopyError, DEPTH_MAX, PATH_BYTES_MAX, TreeBudget, copy_content};

/// The most links of an archive: following each takes up to some thousand system calls.
const LINKS_MAX: usize = 10_000;

const LEADS_OUT: &str = "a link that leads out";

/// A link that is to be made.
#[derive(Debug)]
pub(super) struct Link {
    /// Below the root.
    pub(super) at: PathBuf,
    /// Of a hard link below the root, of a symbolic one as it is to be.
    target: PathBuf,
    hard: bool,
}

impl Link {
    /// Refuses, in words, a target that leads out by itself or is none.
    pub(super) fn new(at: PathBuf, target: PathBuf, hard: bool) -> Result<Self, &'static str> {
        let bytes = target.as_os_str().as_bytes();
        if bytes.is_empty() {
            return Err("a link to nothing");
        }
        if bytes.contains(&0) {
            return Err("a link to a name that has a NUL");
        }
        if bytes.len() > PATH_BYTES_MAX || target.components().count() > DEPTH_MAX {
            return Err("a link to a path that is too long");
        }
        let target = if hard {
            path_inside(&target).ok_or(LEADS_OUT)?
        } else if target.is_absolute() {
            return Err(LEADS_OUT);
        } else {
            target
        };
        Ok(Self { at, target, hard })
    }
}

/// Refuses one link more than there may be.
pub(super) fn ensure_few(links: usize) -> Result<(), UnpackError> {
    if links < LINKS_MAX {
        Ok(())
    } else {
        Err(UnpackError::TooLarge(format!("{LINKS_MAX} links")))
    }
}

/// Makes hard links as copies, since trials share no files; symbolic ones are made and then followed:
/// one that leads out, also over another one, or nowhere is refused. `to` is absolute, without links.
pub(super) fn make_links(
    to: &Path,
    links: &[Link],
    mut budget: TreeBudget<'_>,
) -> Result<(), UnpackError> {
    for link in links.iter().filter(|link| link.hard) {
        copy_target(to, link, &mut budget)?;
    }
    let soft = || links.iter().filter(|link| !link.hard);
    for link in soft() {
        let at = to.join(&link.at);
        match symlink(&link.target, &at) {
            // The same one again.
            Err(error)
                if error.kind() == io::ErrorKind::AlreadyExists
                    && fs::read_link(&at).is_ok_and(|there| there == link.target) => {}
            made => made.map_err(|error| entry_error(&link.at, error))?,
        }
    }
    for link in soft() {
        let led = to.join(&link.at).canonicalize();
        if !led.is_ok_and(|led| led.starts_with(to)) {
            return Err(entry_refused(&link.at, "a link that leads out or nowhere"));
        }
    }
    Ok(())
}

/// Copies the file that a hard link names. One that names itself, as tar writes for a file that it was
/// given twice, changes nothing.
fn copy_target(to: &Path, link: &Link, budget: &mut TreeBudget<'_>) -> Result<(), UnpackError> {
    let (from, at) = (to.join(&link.target), to.join(&link.at));
    let meta = fs::symlink_metadata(&from).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => entry_refused(&link.at, "a link to nothing"),
        _ => entry_error(&link.at, error),
    })?;
    if !meta.is_file() {
        return Err(entry_refused(&link.at, "a hard link to what is no file"));
    }
    // By what it is, not by its name, of which a disk may know several.
    let is_same = |there: fs::Metadata| there.dev() == meta.dev() && there.ino() == meta.ino();
    if fs::symlink_metadata(&at).is_ok_and(is_same) {
        return Ok(());
    }
    let from = File::open(&from).map_err(UnpackError::Disk)?;
    let mode = meta.permissions().mode() & 0o777;
    let file = create_file(&at, mode).map_err(|error| entry_error(&link.at, error))?;
    copy_content(&from, &file, budget).map_err(|error| match error {
        CopyError::Excess(excess) => excess.into(),
        CopyError::Io(error) => UnpackError::Disk(error),
    })
}
