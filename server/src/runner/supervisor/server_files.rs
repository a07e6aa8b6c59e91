//! What of the server's files a script could replace by renaming a folder above them: a mount over a
//! folder keeps it in its place, and not the folders that lead to it.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};
use rustix::process::geteuid;

use crate::runner::protocol::IsolationSpec;

/// What the account could do to the server's files, found out before they are hidden from this process.
pub(super) struct ServerFiles {
    /// As ordered, with this program among the files that trials may not change, less those that the account
    /// may not change either.
    pub(super) spec: IsolationSpec,
    /// Folders above them that it could rename, outermost first.
    #[cfg_attr(
        not(target_os = "linux"),
        expect(dead_code, reason = "only Linux has mount namespaces")
    )]
    pub(super) replaceable_folders: BTreeSet<PathBuf>,
    /// Whether trials may make user namespaces, as containers do. In one they could leave the mounts behind
    /// that keep the server's files in their places, which matters where the account could replace them.
    pub(super) may_make_namespaces: bool,
}

impl ServerFiles {
    pub(super) fn inspect(spec: &IsolationSpec) -> Self {
        let mut spec = spec.clone();
        let program = std::env::current_exe().and_then(|program| program.canonicalize());
        spec.read_only_paths.extend(program.ok());
        spec.read_only_paths.retain(|file| is_changeable_path(file));
        Self {
            replaceable_folders: replaceable_folders(&spec),
            // What is to be seen alone is read-only anyway.
            may_make_namespaces: !spec.visible.is_empty() || !are_replaceable(&spec),
            spec,
        }
    }
}

/// Folders above the server's files that this account could rename, outermost first.
fn replaceable_folders(spec: &IsolationSpec) -> BTreeSet<PathBuf> {
    let above = server_files(spec).flat_map(|path| path.ancestors().skip(1));
    let replaceable = above.filter(|folder| is_replaceable(folder));
    replaceable.map(Path::to_owned).collect()
}

/// Whether this account could put something else in the place of the server's files, in a mount
/// namespace in which nothing is mounted over them.
fn are_replaceable(spec: &IsolationSpec) -> bool {
    server_files(spec).any(|path| path.ancestors().any(is_replaceable))
}

/// Whether this account can write a file or into a folder, or put another in its place.
fn is_changeable_path(file: &Path) -> bool {
    is_changeable(file) || file.ancestors().any(is_replaceable)
}

const STICKY: u32 = 0o1000;

fn server_files(spec: &IsolationSpec) -> impl Iterator<Item = &Path> {
    let files = spec.secret_files.iter().chain(&spec.read_only_paths);
    files.chain([&spec.data]).map(PathBuf::as_path)
}

fn is_replaceable(path: &Path) -> bool {
    let Some(parent) = path.parent() else {
        return false;
    };
    // In a folder with the sticky bit, as `/tmp`, nobody renames what belongs to others.
    let is_sticky = fs::metadata(parent).is_ok_and(|meta| meta.mode() & STICKY != 0);
    let is_kept = is_sticky && !geteuid().is_root() && !is_own(parent) && !is_own(path);
    is_changeable(parent) && !is_kept
}

/// Whoever owns a file can also make it writable.
fn is_changeable(path: &Path) -> bool {
    access(path, Access::WRITE_OK).is_ok() || is_own(path)
}

fn is_own(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.uid() == geteuid().as_raw())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_below_our_own_are_replaceable_from_the_outermost_on() {
        let home = tempfile::tempdir().unwrap();
        let top = home.path().canonicalize().unwrap();
        fs::create_dir_all(top.join("a/data")).unwrap();
        fs::write(top.join("key"), "").unwrap();
        let spec = IsolationSpec {
            data: top.join("a/data"),
            secret_files: vec![top.join("key")],
            ..IsolationSpec::default()
        };
        assert!(are_replaceable(&spec));
        let found: Vec<_> = replaceable_folders(&spec).into_iter().collect();
        assert!(found.ends_with(&[top.clone(), top.join("a")]), "{found:?}");
        assert!(is_changeable_path(&top.join("key")));
    }

    #[test]
    fn what_belongs_to_others_is_not() {
        if geteuid().is_root() {
            return; // who can change everything
        }
        let spec = IsolationSpec {
            data: "/usr/lib".into(),
            ..IsolationSpec::default()
        };
        assert!(!are_replaceable(&spec));
        assert!(!is_changeable_path(Path::new("/etc/passwd")));
    }
}
