//! Copies one entry after another from a folder to another, both open.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{Mode, fstat, readlinkat, symlinkat};

use super::open_folder::OpenFolder;
use crate::system::umask;

/// Copies a symbolic link as one.
pub(super) fn copy_link(from: &OpenFolder, to: &OpenFolder, name: &OsStr) -> io::Result<()> {
    let target = readlinkat(from, name, Vec::new())?;
    let target = OsStr::from_bytes(target.as_bytes());
    Ok(symlinkat(target, to, name)?)
}

/// Copies a regular file with its mode. With `share_blocks` it is tried to share them, and false is
/// the answer where the file system cannot.
pub(super) fn copy_file(
    from: &OpenFolder,
    to: &OpenFolder,
    name: &OsStr,
    share_blocks: bool,
) -> io::Result<bool> {
    let mut source = from.open_file(name)?;
    let mode = Mode::from_raw_mode(fstat(&source)?.st_mode);
    let mut target = to.create_with_mode(name, Mode::RUSR | Mode::WUSR)?;
    let shared = share_blocks && clone_blocks(&source, &target);
    if !shared {
        io::copy(&mut source, &mut target)?;
    }
    rustix::fs::fchmod(&target, mode)?;
    Ok(shared || !share_blocks)
}

/// Makes a folder that others may use as far as they may use files that a trial makes.
pub(super) fn make_shared_folder(to: &OpenFolder, name: &OsStr) -> io::Result<()> {
    to.make_folder(name, Mode::RWXU | Mode::RWXG | Mode::RWXO)?;
    if umask::is_restricted() {
        to.enter(name)?.set_mode(umask::allowed_by_start(0o777))?;
    }
    Ok(())
}

/// Makes a new file of another one's blocks, which are copied when one of the two is written
/// (`FICLONE`, on Btrfs, XFS and others). False where the file system cannot; nothing of use is
/// in the new file then.
#[cfg(target_os = "linux")]
pub(super) fn clone_blocks(source: &File, target: &File) -> bool {
    rustix::fs::ioctl_ficlone(target, source).is_ok()
}

#[cfg(not(target_os = "linux"))]
pub(super) fn clone_blocks(_: &File, _: &File) -> bool {
    false
}
