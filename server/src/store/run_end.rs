//! When a run has ended.

use rusqlite::Connection;

use super::error::StoreError;
use super::sql::sql;

/// Records the end of a run once none of its trials waits, runs or is held; one that is about to be
/// cancelled or failed before it starts waits no more.
pub(super) fn record_run_end(
    connection: &Connection,
    key: i64,
    now: i64,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(sql!(
            "UPDATE run SET ended_at = ?2
             WHERE key = ?1 AND ended_at IS NULL AND NOT EXISTS (
                 SELECT 1 FROM trial_count
                 WHERE run = ?1 AND trials > 0
                   AND (state IN ({starting}, {running})
                        OR state IN ({queued}, {held}) AND NOT EXISTS (
                            SELECT 1 FROM waiting_change
                            WHERE run = ?1 AND state IN ({failed}, {cancelled}))))"
        ))?
        .execute([key, now])?;
    Ok(())
}
