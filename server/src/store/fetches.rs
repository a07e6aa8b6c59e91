//! Sources that come after their launch: fetched from repositories, or uploaded.

use rusqlite::{Connection, params};
use sweep_planner::api::{RunSpec, Timestamp};

use super::columns::from_json;
use super::error::StoreError;
use super::sql::sql;
use super::waiting_changes::{self, WaitingChange};
use super::{Store, arguments, finished, run_end};
use crate::model::TrialState;

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
                       AND key NOT IN (SELECT run FROM waiting_change WHERE state <> {queued})
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

    /// Records that the source of a run was fetched, with the digest of its script, so that its trials
    /// may start.
    pub async fn record_fetch(
        &self,
        run: i64,
        commit: String,
        script_digest: Option<String>,
    ) -> Result<(), StoreError> {
        self.write(move |connection| {
            let query = "UPDATE run SET fetched = ?2 WHERE key = ?1 AND fetched = ''";
            if connection.execute(query, params![run, commit])? > 0 {
                finished::record_script_digest(connection, run, script_digest.as_deref())?;
            }
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
        let change = WaitingChange {
            state: TrialState::Failed,
            at: now.micros(),
            message,
        };
        let begun = self.write_after_changes(run, move |connection| {
            let before = waiting_changes::query_change(connection, run)?;
            if before.is_some_and(|before| before.state != TrialState::Failed) {
                return Ok(None);
            }
            connection.execute(
                "UPDATE run SET fetch_failure = ?2, changed_at = ?3 WHERE key = ?1",
                params![run, change.message, change.at],
            )?;
            let begun = waiting_changes::begin(connection, run, &change)?;
            run_end::record_run_end(connection, run, change.at)?;
            Ok(Some(begun))
        });
        let begun = begun.await?;
        self.finish_begun(run, begun).await
    }
}
