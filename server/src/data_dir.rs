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
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

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
        self.path.join("server.lock")
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

    /// The folder of a run's trials.
    pub fn trials(&self, run_id: &str) -> PathBuf {
        self.path.join("trials").join(run_id)
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
}
