//! Sources that come after their launch: fetched from repositories, or uploaded.

use rusqlite::{Connection, params};
use sweep_planner::api::{RunSpec, Timestamp};

use super::columns::from_json;
use super::error::StoreError;
use super::sql::sql;
use super::{Store, arguments, runs};

/// A run whose source is to be fetched.
#[derive(Clone, Debug)]
pub struct PendingFetch {
    /// The run's key.
    pub run: i64,
    /// The run's id on the wire, not its database key.
    pub id: String,
    /// The run's name, for log lines.
    pub name: String,
    /// One of the configuration's.
    pub cluster: String,
    /// Whose it is.
    pub account: String,
    /// The address of the repository, as in the launch request.
    pub source: String,
    /// What its trials are to run.
    pub script: Script,
}

/// What the trials of a run are to run.
#[derive(Clone, Debug)]
pub struct Script {
    /// The folder of the source in which they do.
    pub folder: String,
    /// Relative to that folder.
    pub path: String,
}

/// A run whose source is still to be uploaded.
#[derive(Clone, Debug)]
pub struct PendingUpload {
    /// The run's key.
    pub run: i64,
    /// What its trials are to run.
    pub script: Script,
}

fn read_script(connection: &Connection, run: i64, spec: RunSpec) -> Result<Script, StoreError> {
    Ok(Script {
        folder: spec.relative_work_dir,
        path: arguments::query_script(connection, run)?,
    })
}

impl Store {
    /// The runs whose source is to be fetched, oldest first: those with trials that wait for it.
    pub async fn pending_fetches(&self) -> Result<Vec<PendingFetch>, StoreError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(sql!(
                "SELECT key, id, name, cluster, account, spec FROM run
                     WHERE fetched = '' AND fetch_failure = '' AND deleted_at IS NULL
                       AND key IN (SELECT run FROM trial_count
                                   WHERE state = {queued} AND trials > 0)
                     ORDER BY key"
            ))?;
            let mut rows = statement.query([])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let spec: RunSpec = from_json("run spec", &row.get::<_, String>("spec")?)?;
                let run = row.get("key")?;
                found.push(PendingFetch {
                    run,
                    id: row.get("id")?,
                    name: row.get("name")?,
                    cluster: row.get("cluster")?,
                    account: row.get("account")?,
                    source: spec.source_code.clone(),
                    script: read_script(connection, run, spec)?,
                });
            }
            Ok(found)
        })
        .await
    }

    /// Records that the source of a run was fetched, so that its trials may start.
    pub async fn record_fetch(&self, run: i64, commit: String) -> Result<(), StoreError> {
        self.write(move |connection| {
            let query = "UPDATE run SET fetched = ?2 WHERE key = ?1 AND fetched = ''";
            connection.execute(query, params![run, commit])?;
            Ok(())
        })
        .await
    }

    /// A run by its id, if it waits for the upload of its source.
    pub async fn pending_upload(&self, run: String) -> Result<Option<PendingUpload>, StoreError> {
        self.read(move |connection| {
            let query = "SELECT key, spec FROM run
                         WHERE id = ?1 AND upload = '' AND deleted_at IS NULL";
            let mut statement = connection.prepare_cached(query)?;
            let mut rows = statement.query([run])?;
            let Some(row) = rows.next()? else {
                return Ok(None);
            };
            let run = row.get("key")?;
            let spec: RunSpec = from_json("run spec", &row.get::<_, String>("spec")?)?;
            Ok(Some(PendingUpload {
                run,
                script: read_script(connection, run, spec)?,
            }))
        })
        .await
    }

    /// Records why a run has no usable source, and fails the trials that wait for it before they
    /// start. The source is still awaited, in case somebody retries them. Returns their numbers.
    pub async fn record_source_failure(
        &self,
        run: i64,
        message: String,
        now: Timestamp,
    ) -> Result<Vec<u32>, StoreError> {
        self.write(move |connection| {
            let now = now.micros();
            connection.execute(
                "UPDATE run SET fetch_failure = ?2, changed_at = ?3 WHERE key = ?1",
                params![run, message, now],
            )?;
            let mut fail = connection.prepare_cached(sql!(
                "UPDATE trial SET state = {failed}, changed_at = ?2, ended_at = ?2, message = ?3
                 WHERE run = ?1 AND state IN ({queued}, {held}) RETURNING number"
            ))?;
            let rows = fail.query_map(params![run, now, message], |row| row.get(0))?;
            let mut numbers = rows.collect::<Result<Vec<u32>, _>>()?;
            numbers.sort_unstable();
            runs::record_run_end(connection, run, now)?;
            Ok(numbers)
        })
        .await
    }
}
