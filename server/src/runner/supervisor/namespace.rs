//! Mounts a trial's datastores, read-only and where its run asked for them, in a mount namespace of
//! the trial's own; the machine's file system stays as it is.
//!
//! The supervisor itself moves into a mount namespace of its own before it starts the script,
//! which inherits it; with it, or the script, the namespace is gone. An account that may not
//! mount gets a user namespace too, in which it stays who it is.
//!
//! Where the mount point of a datastore does not exist, its parent folder is rebuilt: a small tmpfs
//! (read-only, so that a write fails instead of being lost) into which every entry of the real
//! folder is bind-mounted under its name, and in which the mount point is created.

use std::path::Path;

use crate::model::Mount;

/// Moves this process into a mount namespace with these datastores. `staging` is an empty folder of
/// the trial's own, outside its working copy. Only for a process with a single thread.
///
/// # Errors
/// In words, if this machine does not allow it. The process may then be in a namespace already,
/// in which some of the datastores are there; all other files are where they were.
pub(super) fn enter(mounts: &[Mount], staging: &Path) -> Result<(), String> {
    imp::enter(mounts, staging)
}

#[cfg(not(target_os = "linux"))]
mod imp {
    use super::{Mount, Path};

    pub(super) fn enter(_: &[Mount], _: &Path) -> Result<(), String> {
        Err("this system has no mount namespaces".to_owned())
    }
}

#[cfg(target_os = "linux")]
mod imp {
    use std::fmt::Display;
    use std::fs::{self, File};
    use std::os::unix::fs::symlink;
    use std::path::{Path, PathBuf};

    use rustix::mount::{
        MountFlags, MountPropagationFlags as Propagation, UnmountFlags, mount,
        mount_bind_recursive, mount_change, mount_move, mount_remount, unmount,
    };
    use rustix::process::{chdir, getegid, geteuid, pivot_root};
    use rustix::thread::{UnshareFlags, unshare_unsafe};

    use super::Mount;
    use crate::sources::existing;

    /// A folder with more entries is not rebuilt.
    const ENTRIES_MAX: usize = 10_000;

    pub(super) fn enter(mounts: &[Mount], staging: &Path) -> Result<(), String> {
        namespace()?;
        for mount in mounts {
            place(mount, staging)?;
        }
        Ok(())
    }

    /// Puts what was attempted before an error.
    fn said<E: Display>(what: impl Display) -> impl FnOnce(E) -> String {
        move |error| format!("{what}: {error}")
    }

    /// Unshares the mount namespace, with a user namespace if needed, and makes its mounts private.
    fn namespace() -> Result<(), String> {
        let (user, group) = (geteuid(), getegid());
        if unshare(UnshareFlags::NEWNS).is_err() {
            unshare(UnshareFlags::NEWNS | UnshareFlags::NEWUSER)
                .map_err(said("a mount namespace"))?;
            let say = |file: &str, text: String| {
                let path = Path::new("/proc/self").join(file);
                fs::write(path, text).map_err(said(file))
            };
            say("setgroups", "deny".to_owned())?;
            let (user, group) = (user.as_raw(), group.as_raw());
            say("uid_map", format!("{user} {user} 1"))?;
            say("gid_map", format!("{group} {group} 1"))?;
        }
        mount_change("/", Propagation::PRIVATE | Propagation::REC)
            .map_err(said("making mounts private"))
    }

    #[expect(unsafe_code, reason = "the flag that makes it unsafe is not used")]
    fn unshare(flags: UnshareFlags) -> rustix::io::Result<()> {
        // SAFETY: file descriptors stay shared, since FILES is not among the flags.
        unsafe { unshare_unsafe(flags) }
    }

    fn place(mount: &Mount, staging: &Path) -> Result<(), String> {
        let (existing, missing) = existing(&mount.at);
        let at = existing.join(&missing);
        if !missing.as_os_str().is_empty() {
            put_together(&existing, &missing, staging)?;
        }
        mount_bind_recursive(&mount.folder, &at).map_err(said(mount.folder.display()))?;
        for (point, flags) in mounted(&at)? {
            mount_remount(&point, MountFlags::BIND | MountFlags::RDONLY | flags, c"")
                .map_err(said(format!("{} read-only", point.display())))?;
        }
        Ok(())
    }

    /// Rebuilds a folder as a tmpfs with everything that is in it and the new folder `missing`.
    fn put_together(folder: &Path, missing: &Path, staging: &Path) -> Result<(), String> {
        let safe = MountFlags::NOSUID | MountFlags::NODEV;
        mount("tmpfs", staging, "tmpfs", safe, c"mode=755")
            .map_err(said("a file system in memory"))?;
        // Otherwise a recursive bind mount of a parent would contain the staging folder itself.
        mount_change(staging, Propagation::UNBINDABLE).map_err(said("an unbindable mount"))?;
        let entries = fs::read_dir(folder).map_err(said(folder.display()))?;
        for (count, entry) in entries.enumerate() {
            let entry = entry.map_err(said(folder.display()))?;
            if count >= ENTRIES_MAX {
                return Err(format!(
                    "{} has more than {ENTRIES_MAX} entries",
                    folder.display()
                ));
            }
            bind(&entry, &staging.join(entry.file_name())).map_err(said(entry.path().display()))?;
        }
        fs::create_dir_all(staging.join(missing)).map_err(said(missing.display()))?;
        mount_remount(staging, MountFlags::BIND | MountFlags::RDONLY | safe, c"")
            .map_err(said("a read-only file system in memory"))?;
        mount_change(staging, Propagation::PRIVATE).map_err(said("a private mount"))?;
        if folder == Path::new("/") {
            chdir(staging).map_err(said("entering the new root"))?;
            pivot_root(".", ".").map_err(said("changing the root"))?;
            // The old root lies on top of the new one now.
            unmount(".", UnmountFlags::DETACH).map_err(said("unmounting the old root"))?;
            chdir("/").map_err(said("entering the root"))
        } else {
            mount_move(staging, folder).map_err(said(folder.display()))
        }
    }

    /// Bind-mounts an entry of a folder at a new path; a symbolic link is copied.
    fn bind(entry: &fs::DirEntry, to: &Path) -> std::io::Result<()> {
        let kind = entry.file_type()?;
        if kind.is_symlink() {
            return symlink(fs::read_link(entry.path())?, to);
        }
        if kind.is_dir() {
            fs::create_dir(to)?;
        } else {
            File::create(to)?;
        }
        Ok(mount_bind_recursive(entry.path(), to)?)
    }

    /// The mounts at a path and below with their flags: a remount must repeat them, since the
    /// kernel refuses to clear a locked one.
    fn mounted(at: &Path) -> Result<Vec<(PathBuf, MountFlags)>, String> {
        let list = "/proc/self/mountinfo";
        let text = fs::read(list).map_err(said(list))?;
        let text = String::from_utf8_lossy(&text);
        let mounts = text.lines().filter_map(|line| {
            let mut fields = line.split(' ').skip(4);
            Some((
                PathBuf::from(unescaped(fields.next()?)),
                flags(fields.next()?),
            ))
        });
        Ok(mounts.filter(|(point, _)| point.starts_with(at)).collect())
    }

    fn flags(options: &str) -> MountFlags {
        options
            .split(',')
            .map(|option| match option {
                "nosuid" => MountFlags::NOSUID,
                "nodev" => MountFlags::NODEV,
                "noexec" => MountFlags::NOEXEC,
                "noatime" => MountFlags::NOATIME,
                "nodiratime" => MountFlags::NODIRATIME,
                "relatime" => MountFlags::RELATIME,
                _ => MountFlags::empty(),
            })
            .collect()
    }

    /// Decodes the octal escapes (`\040` for a blank) of a path in mountinfo.
    fn unescaped(text: &str) -> String {
        let mut plain = text.to_owned();
        for (escape, letter) in [
            ("\\040", " "),
            ("\\011", "\t"),
            ("\\012", "\n"),
            ("\\134", "\\"),
        ] {
            plain = plain.replace(escape, letter);
        }
        plain
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn mounts_are_read() {
            assert_eq!(unescaped("/a\\040b\\134c"), "/a b\\c");
            let kept = flags("rw,nosuid,nodev,relatime");
            let expected = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::RELATIME;
            assert_eq!(kept, expected);
            let all = mounted(Path::new("/")).unwrap();
            assert!(all.iter().any(|(point, _)| point == Path::new("/")));
        }
    }
}
