//! Copying a folder as the next version of a datastore.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Mode};
use sweep_planner::sweep::{QUOTED_MAX, truncate_chars};

use super::{Datastore, list_versions};
use crate::data_dir::DataDir;
use crate::model::names::is_datastore_name;
use crate::sources::descent::Descent;
use crate::sources::open_folder::is_folder_entry;
use crate::sources::{
    OpenFolder, SourceError, SourceLimits, copy_outside_tree, remove_tree, split_existing,
};
use crate::upkeep::disk::{DiskMonitor, LowSpace};

/// Why a datastore was not added.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// The name is none.
    #[error(
        "`{0}` is no name for a datastore: up to 63 letters, digits, `.`, `_` and `-`, the first \
         a letter or digit"
    )]
    Name(String),
    /// There is no such folder.
    #[error("{0} is no folder that can be read: {1}")]
    Folder(PathBuf, io::Error),
    /// It holds the server's own folder for this datastore.
    #[error(
        "{0} holds the server's data, to which it would be copied; name a folder that does not, or \
         another one with --data"
    )]
    IntoItself(PathBuf),
    /// The disk would have too little free space.
    #[error("there is no room for it: {}", .0.message())]
    NoRoom(LowSpace),
    /// It has more levels of folders or longer paths than a datastore takes.
    #[error("the folder holds more than {0}")]
    TooLarge(String),
    /// It cannot be put in its place.
    #[error("{0}: {1}")]
    Io(PathBuf, io::Error),
}

impl From<SourceError> for AddError {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::Io(path, error) => Self::Io(path, error),
            SourceError::TooLarge(what) => Self::TooLarge(what),
            SourceError::NoRoom(short) => Self::NoRoom(short),
        }
    }
}

/// Copies `from` (sharing blocks where the file system can) below a server's data folder as the
/// next version of `name`, as long as `disk` keeps its free space. The copy is complete and read-only
/// when it gets its name. Works beside a running server. O(files).
///
/// # Errors
/// See [`AddError`]; nothing is left behind then, unless the disk fails.
pub fn add_version(
    data: &DataDir,
    name: &str,
    from: &Path,
    disk: &DiskMonitor,
) -> Result<Datastore, AddError> {
    if !is_datastore_name(name) {
        return Err(AddError::Name(truncate_chars(name, QUOTED_MAX)));
    }
    let cannot_read = |error| AddError::Folder(from.to_owned(), error);
    let from = &from.canonicalize().map_err(cannot_read)?;
    fs::read_dir(from).map_err(|error| AddError::Folder(from.clone(), error))?;
    let of = data.datastore(name);
    let (there, missing) = split_existing(&std::path::absolute(&of).map_err(cannot_read)?);
    if there.join(missing).starts_with(from) {
        return Err(AddError::IntoItself(from.clone()));
    }
    let unfinished = of.join(format!(".unfinished-{}", std::process::id()));
    // Left by a killed process that had the same process id.
    let _ = remove_tree(&unfinished);
    let copied = copy_as_next_version(&of, from, &unfinished, disk);
    if copied.is_err() {
        let _ = remove_tree(&unfinished);
    }
    let (version, folder) = copied?;
    Ok(Datastore {
        name: name.to_owned(),
        version,
        folder,
    })
}

fn copy_as_next_version(
    of: &Path,
    from: &Path,
    unfinished: &Path,
    disk: &DiskMonitor,
) -> Result<(u32, PathBuf), AddError> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |error| AddError::Io(path, error)
    };
    fs::create_dir_all(of).map_err(at(of))?;
    copy_outside_tree(from, unfinished, None, SourceLimits::NONE, disk)?;
    make_read_only(unfinished).map_err(at(unfinished))?;
    loop {
        let version = list_versions(of).last().map_or(1, |newest| newest + 1);
        let to = of.join(version.to_string());
        match fs::rename(unfinished, &to) {
            Ok(()) => return Ok((version, to)),
            // Another process took this version in the meantime: try the next.
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {}
            Err(error) => return Err(at(&to)(error)),
        }
    }
}

/// Takes the right to write from everything below a folder and itself.
fn make_read_only(path: &Path) -> io::Result<()> {
    let mut place = Descent::new(OpenFolder::open(path)?)?;
    let mut folders = vec![protect_files(&place)?];
    while let Some(level) = folders.last_mut() {
        if let Some(name) = level.pop() {
            place.enter(&name)?;
            folders.push(protect_files(&place)?);
        } else {
            folders.pop();
            place.leave();
        }
    }
    Ok(())
}

/// Takes the right to write from a folder and the files in it, and answers with the folders there.
fn protect_files(place: &Descent) -> io::Result<Vec<OsString>> {
    let here = place.folder()?;
    let mut folders = Vec::new();
    for (name, kind) in here.list()? {
        if is_folder_entry(here, &name, kind) {
            folders.push(name);
        } else if kind != FileType::Symlink {
            let file = here.open_file(&name)?;
            let mode = file.metadata()?.permissions().mode();
            file.set_permissions(fs::Permissions::from_mode(mode & 0o7777 & !0o222))?;
        }
    }
    let writable = Mode::WUSR | Mode::WGRP | Mode::WOTH;
    here.set_mode(here.identify()?.1.difference(writable))?;
    Ok(folders)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roomy() -> DiskMonitor {
        DiskMonitor::new(Path::new("/"), Some(0))
    }

    #[test]
    fn nothing_is_left_of_a_datastore_that_the_disk_has_no_room_for() {
        let home = tempfile::tempdir().unwrap();
        let from = home.path().join("from");
        fs::create_dir(&from).unwrap();
        fs::write(from.join("a"), "1").unwrap();
        let data = DataDir::new(home.path());
        let full = DiskMonitor::new(home.path(), Some(u64::MAX));
        let words = add_version(&data, "d", &from, &full)
            .unwrap_err()
            .to_string();
        assert!(words.contains("disk has"), "{words}");
        assert_eq!(fs::read_dir(data.datastore("d")).unwrap().count(), 0);
    }

    #[test]
    fn a_folder_is_not_copied_into_itself() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("a"), "1").unwrap();
        std::os::unix::fs::symlink(home.path(), home.path().join("link")).unwrap();
        for data in ["data", "data/../other", "link/data"] {
            let data = DataDir::new(home.path().join(data));
            let refused = add_version(&data, "d", home.path(), &roomy());
            assert!(
                matches!(refused, Err(AddError::IntoItself(_))),
                "{refused:?}"
            );
        }
        assert!(!home.path().join("data").exists());
        // A version may be the source of the next one.
        let data = DataDir::new(home.path().join("data"));
        fs::create_dir(home.path().join("from")).unwrap();
        let first = add_version(&data, "d", &home.path().join("from"), &roomy()).unwrap();
        assert_eq!(
            add_version(&data, "d", &first.folder, &roomy())
                .unwrap()
                .version,
            2
        );
    }

    #[test]
    fn a_folder_becomes_the_next_version() {
        let home = tempfile::tempdir().unwrap();
        let from = home.path().join("from");
        fs::create_dir_all(from.join("sub")).unwrap();
        fs::write(from.join("sub/a"), "1").unwrap();
        let data = DataDir::new(home.path());
        let first = add_version(&data, "d", &from, &roomy()).unwrap();
        fs::write(from.join("sub/a"), "2").unwrap();
        let second = add_version(&data, "d", &from, &roomy()).unwrap();
        assert_eq!((first.id(), second.id()), ("d-v1".into(), "d-v2".into()));
        let read = |one: &Datastore| fs::read_to_string(one.folder.join("sub/a")).unwrap();
        assert_eq!((read(&first), read(&second)), ("1".into(), "2".into()));
        for path in ["", "sub", "sub/a"] {
            let mode = fs::metadata(second.folder.join(path))
                .unwrap()
                .permissions()
                .mode();
            assert_eq!(mode & 0o222, 0, "{path:?}: {mode:o}");
        }
        let left = fs::read_dir(home.path().join("datastores/d"))
            .unwrap()
            .count();
        assert_eq!(left, 2);
        for (name, from) in [
            ("..", &from),
            ("d", &from.join("sub/a")),
            ("d", &from.join("no")),
        ] {
            assert!(add_version(&data, name, from, &roomy()).is_err(), "{name}");
        }
    }
}
