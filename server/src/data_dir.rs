//! The data folder: where everything below it is. What is in a trial's own folder is
//! [`crate::runner::protocol`]'s.
//!
//! | path | what it is |
//! |---|---|
//! | `server.lock` | held as long as a server works on the folder (`flock`), with its process |
//! | `sweep.db` | the database |
//! | `sources/RUN/` | the source of a run, from which each of its trials has a copy |
//! | `trials/RUN/NUMBER/` | the folder of a trial; `NUMBER-ATTEMPT` from the second attempt on |
//! | `datastores/NAME/VERSION/` | a datastore |
//! | `uploads/` | sources on their way from a client; emptied at each start |
//! | `fetches/` | sources on their way from a repository; emptied at each start |

use std::ffi::OsString;
use std::fs::{DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::process::geteuid;

use crate::sources::describe_kind;

/// The rights of other accounts.
const OTHERS: u32 = 0o077;
/// Files and folders that hold keys, sources and outputs.
const PRIVATE_FILES: [&str; 5] = [
    "sweep.db",
    "sweep.db-wal",
    "sweep.db-shm",
    "sweep.db-journal",
    LOCK,
];
const PRIVATE_FOLDERS: [&str; 4] = ["sources", "trials", "uploads", "fetches"];
/// Folders that are used as they are found; `uploads` and `fetches` are made anew at each start.
const LASTING_FOLDERS: [&str; 3] = ["sources", "trials", "datastores"];
/// The file that is locked by the server that works on the folder.
pub const LOCK: &str = "server.lock";

/// Why a data folder is not used.
#[derive(Debug, thiserror::Error)]
pub enum DataDirError {
    /// It cannot be made, read or changed.
    #[error("the data folder {0} cannot be used: {1}")]
    Io(PathBuf, io::Error),
    /// Something else is in the place of a file or folder of the server.
    #[error(
        "{0} is {1}, and {2} is expected there. The server has not made it; perhaps a trial has. Move \
         it away, or put back what was there"
    )]
    Unexpected(PathBuf, &'static str, &'static str),
    /// Another account could replace what is kept there.
    #[error(
        "{0} belongs to the account with the number {1}, and this process runs as number {2}. \
         Whoever owns it could replace what the server keeps there, also where that is root's. Run \
         the server as that account, give the folder to the server's account (chown -R), or choose \
         another folder with --data"
    )]
    Foreign(PathBuf, u32, u32),
    /// The file system keeps no rights.
    #[error(
        "{0} cannot be closed to other accounts: its file system does not keep the mode 0700. \
         Choose another folder with --data"
    )]
    Open(PathBuf),
}

/// The data folder of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataDir {
    path: PathBuf,
}

impl DataDir {
    /// The one at this path, whether it exists or not.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Makes it where it is missing. Trials' output may hold secrets: only the account that runs
    /// the server may look.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn create(&self) -> io::Result<()> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.path)
    }

    /// Makes it where it is missing, and closes it to other accounts: the folder (0700), the database
    /// with the keys in it and the lock (0600), and the folders of sources and trials. True if other
    /// accounts may have read the database before.
    ///
    /// # Errors
    /// Where it, or one of these, is another account's or something else than it should be, which is
    /// not mended.
    pub fn make_private(&self) -> Result<bool, DataDirError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |error| DataDirError::Io(path, error)
        };
        ensure_folder(&self.path)?;
        self.create().map_err(failed(&self.path))?;
        let before = close_to_others(&self.path, 0o700)?;
        // Before anything is opened: SQLite waits at a pipe for ever.
        for name in PRIVATE_FILES {
            ensure_file(&self.path.join(name))?;
        }
        for name in LASTING_FOLDERS {
            ensure_folder(&self.path.join(name))?;
        }
        let folder_was_open = before.is_some_and(|mode| mode & OTHERS != 0);
        let mut database_was_open = false;
        for name in PRIVATE_FILES {
            let before = close_to_others(&self.path.join(name), 0o600)?;
            let was_readable = before.is_some_and(|mode| mode & 0o044 != 0);
            database_was_open |= was_readable && name.starts_with("sweep.db");
        }
        let folders = PRIVATE_FOLDERS.iter().map(|name| self.path.join(name));
        for path in folders.filter(|path| path.is_dir()) {
            close_to_others(&path, 0o700)?;
        }
        Ok(folder_was_open && database_was_open)
    }

    /// Names of the folders in it that no server has made.
    pub fn foreign_folders(&self) -> Vec<OsString> {
        let own = [
            self.sources(),
            self.path.join("trials"),
            self.datastores(),
            self.uploads(),
            self.fetches(),
        ];
        let entries = std::fs::read_dir(&self.path)
            .into_iter()
            .flatten()
            .flatten();
        entries
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
            .filter(|entry| !own.contains(&entry.path()))
            .map(|entry| entry.file_name())
            .collect()
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The lock of the server that works on it.
    pub fn lock(&self) -> PathBuf {
        self.path.join(LOCK)
    }

    /// The prices that `sweep prices import` took over.
    pub fn prices(&self) -> PathBuf {
        self.path.join("prices.csv")
    }

    /// The SQLite file; `-wal` and `-shm` stand beside it while it is open.
    pub fn database(&self) -> PathBuf {
        self.path.join("sweep.db")
    }

    /// The folder of all sources.
    pub fn sources(&self) -> PathBuf {
        self.path.join("sources")
    }

    /// The source of a run.
    pub fn source(&self, run_id: &str) -> PathBuf {
        self.sources().join(run_id)
    }

    /// The folder of all trials.
    pub fn all_trials(&self) -> PathBuf {
        self.path.join("trials")
    }

    /// The folder of a run's trials.
    pub fn trials(&self, run_id: &str) -> PathBuf {
        self.all_trials().join(run_id)
    }

    /// The folder of a trial; each attempt, counted from 0, has its own.
    pub fn trial(&self, run_id: &str, number: u32, attempt: u32) -> PathBuf {
        let name = match attempt {
            0 => number.to_string(),
            again => format!("{number}-{again}"),
        };
        self.trials(run_id).join(name)
    }

    /// The folder of all datastores.
    pub fn datastores(&self) -> PathBuf {
        self.path.join("datastores")
    }

    /// The folder of a datastore's versions.
    pub fn datastore(&self, name: &str) -> PathBuf {
        self.datastores().join(name)
    }

    /// The folder of what is being uploaded.
    pub fn uploads(&self) -> PathBuf {
        self.path.join("uploads")
    }

    /// The archive of an upload for a run; `id` differs from upload to upload.
    pub fn upload(&self, run_id: &str, id: &str) -> PathBuf {
        self.uploads().join(format!("{run_id}-{id}.tar.gz"))
    }

    /// The folder of what is being fetched.
    pub fn fetches(&self) -> PathBuf {
        self.path.join("fetches")
    }

    /// The folder of one fetch.
    pub fn fetch(&self, id: &str) -> PathBuf {
        self.fetches().join(id)
    }
}

/// Sets the mode of what is at a path, if it is our account's, and answers with the one before; `None`
/// where nothing is. Links are followed: whose the folder or file is, decides.
fn close_to_others(path: &Path, mode: u32) -> Result<Option<u32>, DataDirError> {
    let failed = |error| DataDirError::Io(path.to_owned(), error);
    let mut options = OpenOptions::new();
    // A pipe in its place does not block.
    options.read(true).custom_flags(NONBLOCK);
    let file = match options.open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        // Its own account may have no right to read it: of another's, that is the reason to give.
        Err(error) => {
            let meta = path.metadata().map_err(failed)?;
            ensure_ours(path, &meta)?;
            return Err(failed(error));
        }
    };
    let meta = file.metadata().map_err(failed)?;
    ensure_ours(path, &meta)?;
    let before = meta.mode() & 0o7777;
    if before != mode {
        set_mode(&file, mode).map_err(failed)?;
        let after = file.metadata().map_err(failed)?.mode();
        if after & OTHERS != 0 {
            return Err(DataDirError::Open(path.to_owned()));
        }
    }
    Ok(Some(before))
}

/// Refuses what is no regular file, where anything is: not a link either, behind which another file would
/// be made or emptied.
fn ensure_file(path: &Path) -> Result<(), DataDirError> {
    match path.symlink_metadata() {
        Ok(meta) if !meta.is_file() => Err(unexpected(path, &meta, "a regular file")),
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(DataDirError::Io(path.to_owned(), error))
        }
        _ => Ok(()),
    }
}

/// Refuses what is no folder and no link to one, where anything is.
fn ensure_folder(path: &Path) -> Result<(), DataDirError> {
    let failed = |error| DataDirError::Io(path.to_owned(), error);
    let there = match path.symlink_metadata() {
        Ok(meta) => meta,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    match path.metadata() {
        Ok(meta) if meta.is_dir() => Ok(()),
        Ok(meta) => Err(unexpected(path, &meta, "a folder")),
        Err(error) if there.is_symlink() && error.kind() == io::ErrorKind::NotFound => {
            let what = "a symbolic link that leads nowhere";
            Err(DataDirError::Unexpected(path.to_owned(), what, "a folder"))
        }
        Err(error) => Err(failed(error)),
    }
}

fn unexpected(path: &Path, found: &Metadata, expected: &'static str) -> DataDirError {
    let found = describe_kind(found.file_type());
    DataDirError::Unexpected(path.to_owned(), found, expected)
}

fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    file.set_permissions(Permissions::from_mode(mode))
}

fn ensure_ours(path: &Path, meta: &Metadata) -> Result<(), DataDirError> {
    let ours = geteuid().as_raw();
    if meta.uid() == ours {
        return Ok(());
    }
    Err(DataDirError::Foreign(path.to_owned(), meta.uid(), ours))
}

#[allow(clippy::cast_possible_wrap, reason = "flags are small")]
const NONBLOCK: i32 = OFlags::NONBLOCK.bits() as i32;

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// Older servers have written there.
    #[test]
    fn everything_has_its_place() {
        let data = DataDir::new("/d");
        for (path, expected) in [
            (data.lock(), "/d/server.lock"),
            (data.database(), "/d/sweep.db"),
            (data.source("r"), "/d/sources/r"),
            (data.trial("r", 3, 0), "/d/trials/r/3"),
            (data.trial("r", 3, 2), "/d/trials/r/3-2"),
            (data.datastore("c"), "/d/datastores/c"),
            (data.upload("r", "u"), "/d/uploads/r-u.tar.gz"),
            (data.fetch("f"), "/d/fetches/f"),
        ] {
            assert_eq!(path, Path::new(expected));
        }
    }

    #[test]
    fn nobody_else_may_look() {
        let home = tempfile::tempdir().unwrap();
        let data = DataDir::new(home.path().join("a/b"));
        data.create().unwrap();
        let mode = data.path().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        data.create().unwrap();
    }

    #[test]
    fn what_was_open_is_closed() {
        let home = tempfile::tempdir().unwrap();
        let data = DataDir::new(home.path().join("data"));
        assert!(!data.make_private().unwrap());
        let set = |path: &Path, mode| {
            std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        };
        let mode = |path: &Path| path.metadata().unwrap().mode() & 0o7777;
        std::fs::write(data.database(), "").unwrap();
        std::fs::create_dir(data.sources()).unwrap();
        for (folder, database, was_open) in [
            (0o755, 0o644, true),
            (0o777, 0o600, false),
            // Nobody else came to it.
            (0o700, 0o644, false),
            (0o500, 0o600, false),
        ] {
            set(&data.database(), database);
            set(&data.sources(), folder);
            set(data.path(), folder);
            assert_eq!(data.make_private().unwrap(), was_open, "{folder:o}");
            assert_eq!(mode(data.path()), 0o700);
            assert_eq!(
                (mode(&data.database()), mode(&data.sources())),
                (0o600, 0o700)
            );
        }
    }
}
