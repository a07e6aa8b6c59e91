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
