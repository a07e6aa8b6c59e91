//! The database: one SQLite file, one writer, several readers. All SQL is in this folder.
//!
//! Writes go to one thread that owns the only writing connection. It takes whatever has queued up
//! meanwhile into one transaction, each job in its own savepoint, and answers every job only after
//! the commit has reached the disk (`synchronous = FULL`): so acknowledged means durable, and many
//! small writes share one flush.

mod accounts;
mod bills;
pub(crate) mod changes;
mod claims;
mod control;
mod discard;
mod fetches;
mod launches;
mod metrics;
mod migrations;
mod pages;
mod runs;
mod settings;
mod states;
mod thin;
mod trials;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use tokio::sync::Semaphore;

pub use accounts::Account;
pub use changes::{Change, Recorded};
pub use claims::{ActiveTrial, Claim};
pub use discard::Files;
pub use fetches::{Script, ToFetch, ToUpload};
pub use launches::{Created, NewRun, NewTrial};
pub use metrics::{NewPoint, NewPoints, Source, Window};
pub use runs::{RunFilter, RunRecord};
pub use states::Stretch;
pub use trials::{State, TrialRecord};
use writer::Writer;

/// How many readers work at the same time; more wait.
const READERS: usize = 4;
/// How long a connection waits for another process's lock before it gives up.
const BUSY: Duration = Duration::from_secs(10);

/// What can go wrong in the database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite's own error.
    #[error("database: {0}")]
    Database(#[from] rusqlite::Error),
    /// A stored value that this version cannot read.
    #[error("database: a stored {what} cannot be read: {why}")]
    Unreadable {
        /// Which value.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The file belongs to something else, or to a newer version of us.
    #[error("{0}")]
    Foreign(String),
    /// The store is closed: the server is stopping.
    #[error("the database is closed")]
    Closed,
    /// A job panicked; its changes were rolled back.
    #[error("database: a job panicked")]
    Panicked,
}

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    writer: Writer,
    readers: Mutex<Vec<Connection>>,
    permits: Semaphore,
}

impl Store {
    /// Opens the file, creates it if there is none, and brings its tables up to date. Nothing is
    /// changed in a file that is not ours or is newer than this version.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        if path.exists() {
            // On a connection that cannot write, so that a damaged file stays as it is.
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(path, flags)?;
            connection.busy_timeout(BUSY)?;
            migrations::read_ahead(path);
            migrations::check(&connection, path)?;
        }
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(BUSY)?;
        prepare(&connection)?;
        migrations::run(&mut connection)?;
        let writer = Writer::start(connection);
        Ok(Self {
            inner: Arc::new(Inner {
                path: path.to_owned(),
                writer,
                readers: Mutex::new(Vec::new()),
                permits: Semaphore::new(READERS),
            }),
        })
    }

    /// Runs `job` in the next transaction of the writer and answers after it is durable. A job
    /// that fails is rolled back alone.
    pub async fn write<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        self.inner.writer.run(job).await
    }

    /// Runs `job` on a reading connection, off the async threads. It sees one snapshot.
    pub async fn read<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let _permit = self
            .inner
            .permits
            .acquire()
            .await
            .map_err(|_| StoreError::Closed)?;
        let inner = Arc::clone(&self.inner);
        let work = move || {
            let mut connection = inner.reader()?;
            let transaction = connection.transaction()?;
            let answer = job(&transaction);
            transaction.finish()?;
            inner
                .readers
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(connection);
            answer
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|_| StoreError::Panicked)?
    }

    /// Waits for every write under way, writes the log back into the file, and refuses what comes
    /// later.
    pub async fn close(&self) {
        self.inner.permits.close();
        self.inner.writer.close().await;
    }
}

impl Inner {
    fn reader(&self) -> Result<Connection, StoreError> {
        let idle = self
            .readers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        if let Some(connection) = idle {
            return Ok(connection);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(BUSY)?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(connection)
    }
}

fn prepare(connection: &Connection) -> Result<(), StoreError> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

/// Reads a JSON column.
fn from_json<T: serde::de::DeserializeOwned>(
    what: &'static str,
    text: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Unreadable {
        what,
        why: error.to_string(),
    })
}

/// Writes a JSON column.
fn to_json<T: serde::Serialize>(what: &'static str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Unreadable {
        what,
        why: error.to_string(),
    })
}
