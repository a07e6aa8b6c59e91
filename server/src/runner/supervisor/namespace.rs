//! A mount namespace of the trial's own, and its datastores in it, mounted read-only where its run
//! asked for them; the machine's file system stays as it is.
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

/// Moves this process into a mount namespace of its own. Only for a process with a single thread.
///
/// # Errors
/// In words, if this machine does not allow it. All files are where they were.
pub(super) fn enter() -> Result<(), String> {
    imp::enter()
}

/// Mounts datastores, in a mount namespace of this process's own. `staging` is an empty folder of
/// the trial's own, outside its working copy.
///
/// # Errors
/// In words. Some of the datastores may be there; all other files are where they were.
pub(super) fn mount_datastores(mounts: &[Mount], staging: &Path) -> Result<(), String> {
    imp::mount_datastores(mounts, staging)
}

#[cfg(target_os = "linux")]
pub(super) use imp::{ENTRIES_MAX, bind_at, change_root, context, make_read_only};

#[cfg(not(target_os = "linux"))]
mod imp {
    use super::{Mount, Path};

    pub(super) fn enter() -> Result<(), String> {
        Err("this system has no mount namespaces".to_owned())
    }

    pub(super) fn mount_datastores(_: &[Mount], _: &Path) -> Result<(), String> {
        enter()
    }
}

#[cfg(target_os = "linux")]
mod imp {
    use std::collections::BTreeMap;
    use std::fmt::Display;
    use std::fs::{self, File};
    use std::os::unix::fs::symlink;
    use std::path::{Path, PathBuf};

    use rustix::fs::statvfs;
    use rustix::mount::{
        MountFlags, MountPropagationFlags as Propagation, UnmountFlags, mount,
        mount_bind_recursive, mount_change, mount_move, mount_remount, unmount,
    };
    use rustix::process::{chdir, getegid, geteuid, pivot_root};
    use rustix::thread::{UnshareFlags, unshare_unsafe};

    use super::Mount;
    use crate::sources::split_existing;

    /// A folder with more entries is not rebuilt.
    pub(in crate::runner::supervisor) const ENTRIES_MAX: usize = 10_000;

    pub(super) fn mount_datastores(mounts: &[Mount], staging: &Path) -> Result<(), String> {
        mounts
            .iter()
            .try_for_each(|mount| mount_datastore(mount, staging))
    }

    /// Puts what was attempted before an error.
    pub(in crate::runner::supervisor) fn context<E: Display>(
        what: impl Display,
    ) -> impl FnOnce(E) -> String {
        move |error| format!("{what}: {error}")
    }

    /// Unshares the mount namespace, with a user namespace if needed, and makes its mounts private.
    pub(super) fn enter() -> Result<(), String> {
        let (user, group) = (geteuid(), getegid());
        if unshare(UnshareFlags::NEWNS).is_err() {
            unshare(UnshareFlags::NEWNS | UnshareFlags::NEWUSER)
                .map_err(context("a mount namespace"))?;
            let write_proc_file = |file: &str, text: String| {
                let path = Path::new("/proc/self").join(file);
                fs::write(path, text).map_err(context(file))
            };
            write_proc_file("setgroups", "deny".to_owned())?;
            let (user, group) = (user.as_raw(), group.as_raw());
            write_proc_file("uid_map", format!("{user} {user} 1"))?;
            write_proc_file("gid_map", format!("{group} {group} 1"))?;
        }
        mount_change("/", Propagation::PRIVATE | Propagation::REC)
            .map_err(context("making mounts private"))
    }

    #[expect(unsafe_code, reason = "the flag that makes it unsafe is not used")]
    fn unshare(flags: UnshareFlags) -> rustix::io::Result<()> {
        // SAFETY: file descriptors stay shared, since FILES is not among the flags.
        unsafe { unshare_unsafe(flags) }
    }

    fn mount_datastore(mount: &Mount, staging: &Path) -> Result<(), String> {
        let (existing, missing) = split_existing(&mount.at);
        let at = existing.join(&missing);
        if !missing.as_os_str().is_empty() {
            rebuild_folder(&existing, &missing, staging)?;
        }
        mount_bind_recursive(&mount.folder, &at).map_err(context(mount.folder.display()))?;
        make_read_only(&at)
    }

    /// Makes the mounts at a path and below read-only.
    pub(in crate::runner::supervisor) fn make_read_only(at: &Path) -> Result<(), String> {
        for (point, flags) in mounts_below(at)? {
            mount_remount(&point, MountFlags::BIND | MountFlags::RDONLY | flags, c"")
                .map_err(context(format!("{} read-only", point.display())))?;
        }
        Ok(())
    }

    /// Rebuilds a folder as a tmpfs with everything that is in it and the new folder `missing`.
    fn rebuild_folder(folder: &Path, missing: &Path, staging: &Path) -> Result<(), String> {
        let safe = MountFlags::NOSUID | MountFlags::NODEV;
        mount("tmpfs", staging, "tmpfs", safe, c"mode=755")
            .map_err(context("a file system in memory"))?;
        // Otherwise a recursive bind mount of a parent would contain the staging folder itself.
        mount_change(staging, Propagation::UNBINDABLE).map_err(context("an unbindable mount"))?;
        let entries = fs::read_dir(folder).map_err(context(folder.display()))?;
        for (count, entry) in entries.enumerate() {
            let entry = entry.map_err(context(folder.display()))?;
            if count >= ENTRIES_MAX {
                return Err(format!(
                    "{} has more than {ENTRIES_MAX} entries",
                    folder.display()
                ));
            }
            bind_at(&entry.path(), &staging.join(entry.file_name()))
                .map_err(context(entry.path().display()))?;
        }
        fs::create_dir_all(staging.join(missing)).map_err(context(missing.display()))?;
        mount_remount(staging, MountFlags::BIND | MountFlags::RDONLY | safe, c"")
            .map_err(context("a read-only file system in memory"))?;
        mount_change(staging, Propagation::PRIVATE).map_err(context("a private mount"))?;
        if folder == Path::new("/") {
            change_root(staging)
        } else {
            mount_move(staging, folder).map_err(context(folder.display()))
        }
    }

    /// Makes a mount the root of this process and of what it starts; the old one is unmounted.
    pub(in crate::runner::supervisor) fn change_root(root: &Path) -> Result<(), String> {
        chdir(root).map_err(context("entering the new root"))?;
        pivot_root(".", ".").map_err(context("changing the root"))?;
        // The old root lies on top of the new one now.
        unmount(".", UnmountFlags::DETACH).map_err(context("unmounting the old root"))?;
        chdir("/").map_err(context("entering the root"))
    }

    /// Bind-mounts a folder or file at a new path, whose parent exists; a symbolic link is copied.
    pub(in crate::runner::supervisor) fn bind_at(from: &Path, to: &Path) -> std::io::Result<()> {
        let kind = fs::symlink_metadata(from)?.file_type();
        if kind.is_symlink() {
            return symlink(fs::read_link(from)?, to);
        }
        if kind.is_dir() {
            fs::create_dir_all(to)?;
        } else {
            File::create(to)?;
        }
        Ok(mount_bind_recursive(from, to)?)
    }

    /// The mounts at a path and below with their flags: a remount must repeat them, since the
    /// kernel refuses to clear a locked one.
    fn mounts_below(at: &Path) -> Result<Vec<(PathBuf, MountFlags)>, String> {
        let is_link_or_dir = |found: &fs::Metadata| found.is_symlink() || found.is_dir();
        if !at.symlink_metadata().as_ref().is_ok_and(is_link_or_dir) {
            // Below a file nothing is mounted, and the list of all mounts takes longer to read.
            let found = statvfs(at).map_err(context(at.display()))?;
            return Ok(vec![(at.to_owned(), flags_of(found.f_flag.bits()))]);
        }
        let list = "/proc/self/mountinfo";
        let text = fs::read(list).map_err(context(list))?;
        let text = String::from_utf8_lossy(&text);
        let mounts = text.lines().filter_map(|line| {
            let mut fields = line.split(' ').skip(4);
            Some((
                PathBuf::from(unescape_path(fields.next()?)),
                parse_flags(fields.next()?),
            ))
        });
        // A later mount at the same point lies on top of an earlier one, which nobody reaches.
        let mounts: BTreeMap<PathBuf, MountFlags> =
            mounts.filter(|(point, _)| point.starts_with(at)).collect();
        Ok(mounts.into_iter().collect())
    }

    /// From the flags of `statvfs`, by their numbers in Linux (include/linux/statfs.h).
    fn flags_of(bits: u64) -> MountFlags {
        let numbered = [
            (0x0002, MountFlags::NOSUID),
            (0x0004, MountFlags::NODEV),
            (0x0008, MountFlags::NOEXEC),
            (0x0400, MountFlags::NOATIME),
            (0x0800, MountFlags::NODIRATIME),
            (0x1000, MountFlags::RELATIME),
        ];
        let set = numbered.into_iter().filter(|(bit, _)| bits & bit != 0);
        set.map(|(_, flag)| flag).collect()
    }

    fn parse_flags(options: &str) -> MountFlags {
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
    fn unescape_path(text: &str) -> String {
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
            assert_eq!(unescape_path("/a\\040b\\134c"), "/a b\\c");
            let kept = parse_flags("rw,nosuid,nodev,relatime");
            let expected = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::RELATIME;
            assert_eq!(kept, expected);
            let list = fs::read_to_string("/proc/self/mountinfo").unwrap();
            let options = |line: &str| line.split(' ').nth(5).map(parse_flags);
            let proc_flags = list.lines().rfind(|line| line.contains(" /proc rw"));
            let found = mounts_below(Path::new("/proc/version")).unwrap();
            assert_eq!(found[0].1, options(proc_flags.unwrap()).unwrap());
            let all = mounts_below(Path::new("/")).unwrap();
            assert!(all.iter().any(|(point, _)| point == Path::new("/")));
        }
    }
}
