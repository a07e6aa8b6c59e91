//! The database: one SQLite file, one writer, several readers. All SQL is in this folder.
//!
//! Writes go to one thread that owns the only writing connection. It runs all jobs that have queued
//! up in one transaction, each in its own savepoint, and answers every job only after the commit
//! has reached the disk (`synchronous = FULL`): an acknowledged write is durable, and many small
//! writes share one flush.

mod error;

mod migrations;

mod sql;

mod writer;

mod columns;

mod settings;

mod accounts;

mod page_sessions;

mod arguments;

mod slice;

mod launches;

mod fetches;
mod finished;
mod fixed_arguments;

mod claims;

pub(crate) mod changes;

mod bills;

mod budgets;

mod metric_names;
mod metrics;

mod downsample;

mod run_end;

mod runs;

mod trials;

mod states;

mod retries;

mod waiting_changes;

mod discard;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use tokio::sync::Semaphore;

pub use accounts::RevokeOutcome;
pub use budgets::BudgetRefusal;
pub use changes::RecordOutcome;
pub use claims::Claim;
pub use discard::FileScope;
pub use error::StoreError;
pub use fetches::{PendingFetch, PendingUpload, Script};
pub use finished::{FinishedPlace, FinishedRunRecord, FinishedSlice, FinishedTrialRecord};
pub use launches::CreateOutcome;
pub use metrics::SeriesWindow;
pub use page_sessions::{NewPageSession, PAGE_SESSIONS_MAX, PageSessionRecord};
pub use runs::{ListRest, RunBatch, RunFilter};
pub use states::StateSpan;
use writer::Writer;

/// How many readers work at the same time; more wait.
const READERS: usize = 4;
/// How long a connection waits for another process's lock before it gives up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    inner: Arc<StoreInner>,
}

struct StoreInner {
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
            connection.busy_timeout(BUSY_TIMEOUT)?;
            migrations::read_ahead(path);
            migrations::check_file(&connection, path)?;
        }
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        configure(&connection)?;
        migrations::migrate(&mut connection)?;
        Ok(Self::from_connection(path, connection))
    }

    /// Opens the file beside a server that may be working on it, without checking it from end to end;
    /// `None` where its tables are not those of this version, or where there is no file.
    pub fn open_beside(path: &Path) -> Result<Option<Self>, StoreError> {
        if !path.exists() {
            return Ok(None);
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        if !migrations::is_current(&connection)? {
            return Ok(None);
        }
        configure(&connection)?;
        Ok(Some(Self::from_connection(path, connection)))
    }

    fn from_connection(path: &Path, connection: Connection) -> Self {
        Self {
            inner: Arc::new(StoreInner {
                path: path.to_owned(),
                writer: Writer::start(connection),
                readers: Mutex::new(Vec::new()),
                permits: Semaphore::new(READERS),
            }),
        }
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

    /// Like [`Store::write`] for a part of a large change: it is committed alone, and only where no
    /// other job waits, or after those that do. So a change of many parts holds up others for one of
    /// them at most.
    async fn write_slice<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        self.inner.writer.run_slice(job).await
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
            let mut connection = inner.take_reader()?;
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

    /// How long the writer has been at one transaction, if that is too long.
    pub fn writer_stalled_for(&self) -> Option<Duration> {
        self.inner.writer.heartbeat.stalled_for()
    }

    /// Waits for every write under way, writes the log back into the file, and refuses what comes
    /// later.
    pub async fn close(&self) {
        self.inner.permits.close();
        self.inner.writer.close().await;
    }
}

impl StoreInner {
    fn take_reader(&self) -> Result<Connection, StoreError> {
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
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(connection)
    }
}

fn configure(connection: &Connection) -> Result<(), StoreError> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}
