//! Reading and writing columns that hold more than SQLite's own types.

use rusqlite::Row;

use super::error::StoreError;
use crate::model::TrialState;

/// Reads a JSON column.
pub(super) fn from_json<T: serde::de::DeserializeOwned>(
    what: &'static str,
    text: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| StoreError::Unreadable {
        what,
        why: error.to_string(),
    })
}

/// Writes a JSON column.
pub(super) fn to_json<T: serde::Serialize>(
    what: &'static str,
    value: &T,
) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Unwritable {
        what,
        why: error.to_string(),
    })
}

/// Reads the column `state` of a trial.
pub(super) fn read_state(row: &Row<'_>) -> Result<TrialState, StoreError> {
    state_numbered(row.get("state")?)
}

/// The state that a stored number means.
pub(super) fn state_numbered(number: u8) -> Result<TrialState, StoreError> {
    TrialState::ALL
        .get(usize::from(number))
        .copied()
        .ok_or_else(|| StoreError::Unreadable {
            what: "trial state",
            why: format!("{number} is none"),
        })
}
