//! What can go wrong in the database.

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
    /// A value that cannot be written as it is stored.
    #[error("database: a {what} cannot be written: {why}")]
    Unwritable {
        /// Which value.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The transaction that several jobs shared failed, so that nothing of them is stored.
    #[error("database: the changes cannot be committed: {0}")]
    NotCommitted(String),
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

/// SQLite's text for a disk without room, which it has for the error `SQLITE_FULL` alone.
const DISK_FULL: &str = "database or disk is full";

impl StoreError {
    /// Whether the disk had no room for it.
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::Database(error) => {
                error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
            }
            Self::NotCommitted(why) => why.contains(DISK_FULL),
            _ => false,
        }
    }
}
