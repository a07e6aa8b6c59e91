use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use super::*;

/// A folder with one of everything that is no regular file, and one file.
fn folder_with_every_kind() -> (tempfile::TempDir, OpenFolder) {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("file"), "1234").unwrap();
    fs::create_dir(home.path().join("folder")).unwrap();
    fs::write(home.path().join("folder/inner"), "5").unwrap();
    symlink("file", home.path().join("link")).unwrap();
    symlink("folder", home.path().join("way")).unwrap();
    symlink("/nonexistent", home.path().join("dangling")).unwrap();
    #[cfg(target_os = "linux")]
    make_fifo(&home.path().join("fifo"));
    let listener = std::os::unix::net::UnixListener::bind(home.path().join("socket"));
    listener.unwrap();
    let folder = OpenFolder::open(home.path()).unwrap();
    (home, folder)
}

#[cfg(target_os = "linux")]
fn make_fifo(path: &Path) {
    let mode = Mode::RUSR | Mode::WUSR;
    rustix::fs::mknodat(CWD, path, FileType::Fifo, mode, 0).unwrap();
}

const OTHERS: [&str; 5] = ["folder", "link", "dangling", "fifo", "socket"];

#[test]
fn only_regular_files_are_opened_and_nothing_blocks() {
    let (home, folder) = folder_with_every_kind();
    assert_eq!(folder.read_file("file".as_ref(), 4).unwrap(), b"1234");
    for name in OTHERS
        .iter()
        .filter(|name| home.path().join(name).symlink_metadata().is_ok())
    {
        let opened = folder.open_file(name.as_ref()).unwrap_err();
        assert_eq!(
            opened.kind(),
            io::ErrorKind::InvalidData,
            "{name}: {opened}"
        );
        let appended = folder.open_to_append(name.as_ref()).unwrap_err();
        assert_eq!(appended.kind(), io::ErrorKind::InvalidData, "{name}");
        folder.create_new(name.as_ref()).unwrap_err();
        assert!(folder.holds(name.as_ref()).unwrap());
    }
    let large = folder.read_file("file".as_ref(), 3).unwrap_err();
    assert_eq!(large.to_string(), "`file` has more than 3 bytes");
    let none = folder.open_file("none".as_ref()).unwrap_err();
    assert_eq!(none.kind(), io::ErrorKind::NotFound);
    assert!(!folder.holds("none".as_ref()).unwrap());
    assert!(!Path::new("/nonexistent").exists());
}

#[test]
fn no_link_is_followed_on_the_way() {
    let (home, folder) = folder_with_every_kind();
    let read = |path: &str| open_below(home.path(), Path::new(path));
    assert!(read("folder/inner").is_ok());
    for path in [
        "way/inner",
        "folder/../file",
        "/etc/passwd",
        "",
        ".",
        "file/x",
        "folder/",
    ] {
        assert!(read(path).is_err(), "{path}");
    }
    // Nor is the folder itself a link.
    assert!(open_below(&home.path().join("way"), Path::new("inner")).is_err());
    assert!(folder.enter("way".as_ref()).is_err());
    assert!(folder.enter_path(Path::new("../x")).is_err());
}

#[test]
fn whatever_is_in_the_way_is_replaced() {
    let (home, folder) = folder_with_every_kind();
    for name in OTHERS.iter().chain(&["file", "new"]) {
        // What a trial has put where the temporary file is to be.
        let temporary = home.path().join(format!(".{name}.tmp"));
        symlink(home.path().join("file"), &temporary).unwrap();
        folder.replace(name.as_ref(), b"new", true).unwrap();
        assert_eq!(fs::read(home.path().join(name)).unwrap(), b"new", "{name}");
        let meta = home.path().join(name).symlink_metadata().unwrap();
        assert!(meta.is_file(), "{name}");
        fs::create_dir(&temporary).unwrap();
        folder.replace(name.as_ref(), b"newer", false).unwrap();
        assert_eq!(fs::read(home.path().join(name)).unwrap(), b"newer");
    }
    let aside = home.path().join(".folder.aside-0/inner");
    assert_eq!(
        fs::read(aside).unwrap(),
        b"5",
        "moved, not followed and not lost"
    );
    assert!(!PathBuf::from("/nonexistent").exists());
}
