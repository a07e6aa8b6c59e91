//! Hides the server's data folder in a mount namespace: it becomes a small file system in memory,
//! read-only, that holds the trial's working folder and what else it reads there, at the paths where
//! they are. With `visible` the whole machine does.
//!
//! Folders above it that the script could rename are mounted onto themselves: a mount point cannot be
//! renamed or deleted in its own namespace. What is mounted here stays: the script has no right to
//! unmount it, nor may it make a user namespace in which it could leave all mounts behind, see
//! [`super::confinement`].

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, open};
use rustix::mount::{
    MountFlags, MountPropagationFlags as Propagation, UnmountFlags, mount, mount_bind,
    mount_bind_recursive, mount_change, mount_remount, unmount,
};

use super::namespace::{bind_at, change_root, context, make_read_only};
use super::server_files::ServerFiles;
use crate::runner::protocol::IsolationSpec;

/// What a machine needs to be one; a trial finds them in any root.
const SYSTEM_FOLDERS: [&str; 2] = ["/proc", "/dev"];

/// Where the account may write the server's control group (a user's service manager gives it that), a trial
/// could stop or end the server by it.
const CONTROL_GROUPS: &str = "/sys/fs/cgroup";

/// A folder that stays visible.
pub(super) struct ShownFolder {
    pub(super) folder: PathBuf,
    /// Where the trial finds it.
    pub(super) at: PathBuf,
    pub(super) read_only: bool,
}

/// Covers the data folder and the secret files, makes what else decides what the server does read-only,
/// and keeps all of them in their places.
///
/// # Errors
/// In words. The data folder is as it was.
pub(super) fn hide(files: &ServerFiles, shown: &[ShownFolder]) -> Result<(), String> {
    let spec = &files.spec;
    // While their paths lead to them.
    let opened: Vec<_> = shown
        .iter()
        .map(|shown| {
            let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let folder = open(&shown.folder, flags, Mode::empty())
                .map_err(context(shown.folder.display()))?;
            Ok((folder, shown))
        })
        .collect::<Result<_, String>>()?;
    for folder in &files.replaceable_folders {
        mount_bind_recursive(folder, folder).map_err(context(folder.display()))?;
    }
    let _ = protect(Path::new(CONTROL_GROUPS)); // not all machines have it, or allow that
    mount_memory(&spec.data, c"mode=755,size=1m")?;
    let covered = || {
        for (folder, shown) in &opened {
            use std::os::fd::AsRawFd;
            let path = format!("/proc/self/fd/{}", folder.as_raw_fd());
            show(Path::new(&path), &shown.at, shown.read_only)?;
        }
        freeze(&spec.data)?;
        spec.secret_files.iter().try_for_each(|file| cover(file))?;
        let protect = |path: &PathBuf| protect(path);
        spec.read_only_paths.iter().try_for_each(protect)
    };
    covered().inspect_err(|_| {
        // Every trial needs its working folder.
        let _ = unmount(&spec.data, UnmountFlags::DETACH);
    })
}

/// Makes a root that holds nothing but what is visible, the folders `shown`, and a `/tmp` of its own.
/// `staging` is an empty folder outside the working folder.
///
/// # Errors
/// In words; a trial cannot be started then.
pub(super) fn enter_visible_root(
    spec: &IsolationSpec,
    shown: &[ShownFolder],
    staging: &Path,
) -> Result<(), String> {
    mount_memory(staging, c"mode=755")?;
    // Otherwise a recursive bind mount of a parent would contain the staging folder itself.
    mount_change(staging, Propagation::UNBINDABLE).map_err(context("an unbindable mount"))?;
    let inside = |path: &Path| staging.join(path.strip_prefix("/").unwrap_or(path));
    // First, since visible folders may lie in it.
    if !spec.visible.iter().any(|path| path == Path::new("/tmp")) {
        let temporary = inside(Path::new("/tmp"));
        fs::create_dir(&temporary).map_err(context("/tmp"))?;
        mount_memory(&temporary, c"mode=1777")?;
    }
    // Folders before what is in them.
    let visible: BTreeSet<&PathBuf> = spec.visible.iter().collect();
    for path in visible {
        let at = inside(path);
        if at.symlink_metadata().is_ok() {
            continue; // in a visible folder
        }
        fs::create_dir_all(at.parent().unwrap_or(staging)).map_err(context(path.display()))?;
        bind_at(path, &at).map_err(context(path.display()))?;
        make_read_only(&at)?;
    }
    for path in SYSTEM_FOLDERS.map(Path::new) {
        if inside(path).symlink_metadata().is_err() {
            bind_at(path, &inside(path)).map_err(context(path.display()))?;
        }
    }
    let data = inside(&spec.data);
    let covers_data = data.is_dir();
    if covers_data {
        mount_memory(&data, c"mode=755,size=1m")?;
    }
    for shown in shown {
        show(&shown.folder, &inside(&shown.at), shown.read_only)?;
    }
    for file in &spec.secret_files {
        cover(&inside(file))?;
    }
    if covers_data {
        freeze(&data)?;
    }
    freeze(staging)?;
    mount_change(staging, Propagation::PRIVATE).map_err(context("a private mount"))?;
    change_root(staging)
}

fn mount_memory(at: &Path, options: &std::ffi::CStr) -> Result<(), String> {
    let safe = MountFlags::NOSUID | MountFlags::NODEV;
    mount("tmpfs", at, "tmpfs", safe, options).map_err(context("a file system in memory"))
}

/// Makes a file system in memory read-only, so that a write fails instead of being lost.
fn freeze(at: &Path) -> Result<(), String> {
    let flags = MountFlags::BIND | MountFlags::RDONLY | MountFlags::NOSUID | MountFlags::NODEV;
    mount_remount(at, flags, c"").map_err(context("a read-only file system in memory"))
}

/// Mounts a folder, with what is mounted in it, at a path that is made.
fn show(folder: &Path, at: &Path, read_only: bool) -> Result<(), String> {
    fs::create_dir_all(at).map_err(context(at.display()))?;
    mount_bind_recursive(folder, at).map_err(context(at.display()))?;
    if read_only {
        make_read_only(at)?;
    }
    Ok(())
}

/// Mounts an empty file over a file, if it is there.
fn cover(file: &Path) -> Result<(), String> {
    if File::open(file).is_err() {
        return Ok(());
    }
    mount_bind("/dev/null", file).map_err(context(file.display()))?;
    // It is the machine's own device, whose mode root could change.
    make_read_only(file)
}

/// Makes a file or folder read-only, if it is there.
fn protect(path: &Path) -> Result<(), String> {
    if !path.exists() {
        return Ok(());
    }
    mount_bind_recursive(path, path).map_err(context(path.display()))?;
    make_read_only(path)
}
