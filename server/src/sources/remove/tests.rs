use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use rustix::fs::{CWD, OFlags, mkdirat, openat};

use super::*;

/// A folder in memory where there is one: some disks remove no more than some hundred folders a
/// second.
pub(crate) fn fast_folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

/// A folder in which another lies, and so on, which no path can name.
pub(crate) fn make_deep(home: &Path, name: &str, levels: usize) {
    fs::create_dir(home.join(name)).unwrap();
    let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut at = openat(CWD, home.join(name), flags, Mode::empty()).unwrap();
    for _ in 1..levels {
        mkdirat(&at, "d", Mode::RWXU).unwrap();
        at = openat(&at, "d", flags, Mode::empty()).unwrap();
    }
    let file = openat(&at, "f", OFlags::WRONLY | OFlags::CREATE, Mode::RUSR);
    file.unwrap();
}

#[test]
fn a_tree_of_any_depth_is_removed_on_a_small_stack() {
    let home = fast_folder();
    make_deep(home.path(), "deep", 20_000);
    fs::write(home.path().join("beside"), "").unwrap();
    let folder = home.path().join("deep");
    let small = std::thread::Builder::new().stack_size(64 << 10);
    let removal = small.spawn(move || remove_tree(&folder)).unwrap();
    removal.join().unwrap().unwrap();
    let left: Vec<_> = fs::read_dir(home.path()).unwrap().flatten().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn whatever_is_there_goes_and_no_link_is_followed() {
    let home = tempfile::tempdir().unwrap();
    let outside = home.path().join("outside");
    fs::create_dir_all(outside.join("kept")).unwrap();
    let tree = home.path().join("tree");
    for folder in ["a/b/c", "a/d", "e", "f/g"] {
        fs::create_dir_all(tree.join(folder)).unwrap();
        fs::write(tree.join(folder).join("x"), "").unwrap();
        symlink(&outside, tree.join(folder).join("link")).unwrap();
    }
    remove_tree(&tree).unwrap();
    assert!(!tree.exists() && outside.join("kept").exists());
    remove_tree(&tree).unwrap();
    symlink(&outside, home.path().join("link")).unwrap();
    remove_tree(&home.path().join("link")).unwrap();
    assert!(outside.join("kept").exists());
    assert!(fs::symlink_metadata(home.path().join("link")).is_err());
    remove_tree(&home.path().join("none/at/all")).unwrap();
}

/// What cannot go is reported, and keeps nothing else.
#[cfg(target_os = "linux")]
#[test]
fn one_that_cannot_go_keeps_no_other() {
    use rustix::thread::{CapabilitySet, CapabilitySets, set_capabilities};
    let home = tempfile::tempdir().unwrap();
    let (parent, tree) = (home.path().join("closed"), home.path().join("closed/tree"));
    fs::create_dir_all(tree.join("a/b")).unwrap();
    fs::write(tree.join("a/b/x"), "").unwrap();
    fs::set_permissions(&parent, fs::Permissions::from_mode(0o555)).unwrap();
    let (emptied, others) = (tree.clone(), parent.clone());
    let without_rights = std::thread::spawn(move || {
        let none = CapabilitySet::empty();
        let sets = CapabilitySets {
            effective: none,
            permitted: none,
            inheritable: none,
        };
        set_capabilities(None, sets).unwrap();
        remove_tree(&emptied).unwrap_err();
    });
    without_rights.join().unwrap();
    assert!(tree.exists() && !tree.join("a").exists());
    fs::set_permissions(others, fs::Permissions::from_mode(0o755)).unwrap();
}
