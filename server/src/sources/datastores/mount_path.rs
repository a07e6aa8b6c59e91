//! Checks where in a trial's mount namespace a datastore may be mounted.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use sweep_planner::sweep::{QUOTED_MAX, truncate_chars};

use crate::sources::split_existing;

/// Folders of the operating system: nothing is mounted at or below them.
const SYSTEM_FOLDERS: [&str; 14] = [
    "/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/proc", "/run",
    "/sbin", "/sys", "/usr", "/var",
];

/// The longest path that the system takes, in bytes.
const PATH_BYTES_MAX: usize = 4096;

/// A mount path without `.` and doubled slashes, if a datastore in `folder` may be there; `data`
/// is the server's own folder.
///
/// # Errors
/// In words for whoever launches.
pub(super) fn check_mount_path(path: &str, folder: &Path, data: &Path) -> Result<PathBuf, String> {
    let shown = truncate_chars(path, QUOTED_MAX);
    let refuse = |why: &str| {
        Err(format!(
            "A datastore cannot be mounted at `{shown}`: {why}. Nothing was started; a path such \
             as /datastores/NAME is free."
        ))
    };
    // Before its components are looked up, which costs O(length²).
    if path.len() >= PATH_BYTES_MAX {
        return refuse("it is too long");
    }
    let mut plain = PathBuf::new();
    for part in Path::new(path).components() {
        match part {
            Component::RootDir | Component::Normal(_) => plain.push(part),
            Component::CurDir => {}
            _ => return refuse("it goes up with `..`"),
        }
    }
    if !plain.is_absolute() || path.contains('\0') {
        return refuse("it is no absolute path");
    }
    if plain == Path::new("/") {
        return refuse("it would hide everything");
    }
    let (existing, missing) = split_existing(&plain);
    for path in [&plain, &existing.join(missing)] {
        if path.starts_with(data) || data.starts_with(path) {
            return refuse("the server's data is there");
        }
        if let Some(system) = SYSTEM_FOLDERS
            .iter()
            .find(|system| path.starts_with(system))
        {
            return refuse(&format!("{system} is the machine's own"));
        }
    }
    // The place is a file, or below one: no folder can be made there.
    if !existing.is_dir() {
        return refuse("there is something that is no folder");
    }
    // A sticky folder such as /tmp: rebuilt read-only, it would keep the trial from writing
    // temporary files.
    if fs::metadata(&existing).is_ok_and(|meta| meta.permissions().mode() & 0o1000 != 0) {
        return refuse("temporary files are kept there");
    }
    if plain.exists() && plain.canonicalize().ok() != folder.canonicalize().ok() {
        let mut entries = match fs::read_dir(&plain) {
            Ok(entries) => entries,
            Err(error) => return refuse(&format!("the folder there cannot be read: {error}")),
        };
        if entries.next().is_some() {
            return refuse("this machine has files there, which it would hide");
        }
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_that_would_do_harm_are_refused() {
        let home = tempfile::tempdir().unwrap();
        let path = |name: &str| home.path().join(name);
        for made in ["data/datastores/d/1", "full/x", "empty", "own/y", "sticky"] {
            fs::create_dir_all(path(made)).unwrap();
        }
        fs::set_permissions(path("sticky"), fs::Permissions::from_mode(0o1777)).unwrap();
        fs::write(path("file"), "").unwrap();
        std::os::unix::fs::symlink("/etc", path("link")).unwrap();
        let check = |at: &str| check_mount_path(at, &path("own"), &path("data"));
        let long = "/a".repeat(1 << 20);
        for (at, words) in [
            (long.as_str(), "too long"),
            ("datastores/x", "absolute"),
            ("", "absolute"),
            ("/datastores/../etc", ".."),
            ("/", "everything"),
            ("//./", "everything"),
            ("/etc", "machine's own"),
            ("/usr/share/x", "machine's own"),
            ("/proc/1/x", "machine's own"),
            (path("link/x").to_str().unwrap(), "machine's own"),
            (path("data").to_str().unwrap(), "server's data"),
            (path("data/trials/x").to_str().unwrap(), "server's data"),
            (home.path().to_str().unwrap(), "server's data"),
            (path("full").to_str().unwrap(), "has files there"),
            (path("sticky").to_str().unwrap(), "temporary files"),
            (path("sticky/x/y").to_str().unwrap(), "temporary files"),
            (path("file/x").to_str().unwrap(), "no folder"),
            (path("file/x/y").to_str().unwrap(), "no folder"),
            (path("file").to_str().unwrap(), "no folder"),
        ] {
            let refused = check(at).unwrap_err();
            assert!(refused.contains(words), "{at}: {refused}");
        }
        for at in ["/datastores/cifar5", "/datastores//cifar5/./", "/usrdata"] {
            assert!(check(at).is_ok(), "{at}");
        }
        assert_eq!(
            check("/datastores//c/./").unwrap(),
            Path::new("/datastores/c")
        );
        assert!(check(path("empty").to_str().unwrap()).is_ok());
        assert!(
            check(path("own").to_str().unwrap()).is_ok(),
            "where it is already"
        );
    }
}
