//! Creating a run with all its trials, once.

use rusqlite::{Connection, OptionalExtension, params};

use super::columns::to_json;
use super::error::StoreError;
use super::sql::sql;
use super::trials::BLOCK_BITS;
use super::{Store, bills};
use crate::model::NewRun;

/// What became of a [`NewRun`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CreateOutcome {
    /// It was created.
    Created,
    /// The same request with the same key has made this run (its id) before.
    Existing(String),
    /// The key was used for another request.
    KeyReused,
    /// The account has a run of this name.
    NameTaken,
}

impl Store {
    /// Creates a run and all its trials in one transaction. O(trials).
    pub async fn create_run(&self, run: NewRun) -> Result<CreateOutcome, StoreError> {
        self.write(move |connection| insert_launch(connection, &run))
            .await
    }

    /// The run that an idempotency key has created before, or [`CreateOutcome::KeyReused`]; `None` if the
    /// key is new.
    pub async fn find_launch(
        &self,
        account: String,
        key: String,
        request_hash: [u8; 32],
    ) -> Result<Option<CreateOutcome>, StoreError> {
        self.read(move |connection| query_launch(connection, &account, &key, &request_hash))
            .await
    }

    /// Whether a run of this account that is not deleted has this name.
    pub async fn is_name_taken(
        &self,
        cluster: String,
        account: String,
        name: String,
    ) -> Result<bool, StoreError> {
        self.read(move |connection| query_name_taken(connection, &cluster, &account, &name))
            .await
    }
}

fn insert_launch(connection: &Connection, run: &NewRun) -> Result<CreateOutcome, StoreError> {
    // Checked again inside the transaction: two requests with one key may arrive together.
    if let Some((key, hash)) = &run.idempotency_key
        && let Some(before) = query_launch(connection, &run.account, key, hash)?
    {
        return Ok(before);
    }
    if query_name_taken(connection, &run.cluster, &run.account, &run.name)? {
        return Ok(CreateOutcome::NameTaken);
    }
    let row = insert_run(connection, run)?;
    insert_trials(connection, row, run)?;
    if let Some((key, hash)) = &run.idempotency_key {
        connection.execute(
            "INSERT INTO launch (account, key, request_hash, run) VALUES (?1, ?2, ?3, ?4)",
            params![run.account, key, hash, row],
        )?;
    }
    Ok(CreateOutcome::Created)
}

fn query_launch(
    connection: &Connection,
    account: &str,
    key: &str,
    request_hash: &[u8; 32],
) -> Result<Option<CreateOutcome>, StoreError> {
    let row: Option<(Vec<u8>, String)> = connection
        .prepare_cached(
            "SELECT request_hash, run.id FROM launch JOIN run ON run.key = launch.run
             WHERE launch.account = ?1 AND launch.key = ?2",
        )?
        .query_row([account, key], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(row.map(|(hash, id)| {
        if hash == request_hash {
            CreateOutcome::Existing(id)
        } else {
            CreateOutcome::KeyReused
        }
    }))
}

fn query_name_taken(
    connection: &Connection,
    cluster: &str,
    account: &str,
    name: &str,
) -> Result<bool, StoreError> {
    let query = "SELECT 1 FROM run
                 WHERE cluster = ?1 AND account = ?2 AND name = ?3 AND deleted_at IS NULL";
    let mut statement = connection.prepare_cached(query)?;
    Ok(statement.exists([cluster, account, name])?)
}

fn insert_run(connection: &Connection, run: &NewRun) -> Result<i64, StoreError> {
    let fixed_arguments = run.fixed_arguments.as_ref();
    let fixed_arguments = fixed_arguments
        .map(|fixed| to_json("fixed arguments", fixed))
        .transpose()?;
    connection.execute(
        "INSERT INTO run (id, cluster, name, description, account, spec, columns, rate, parallel,
                          bill_minimum, bill_increment, trials, created_at, changed_at, priority,
                          stop_after, cpus, gpus, upload, mounts, fetched, fixed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?13, ?14, ?15, ?16, ?17,
                 ?18, ?19, ?20, ?21)",
        params![
            run.id,
            run.cluster,
            run.name,
            run.description,
            run.account,
            to_json("run spec", &run.spec)?,
            to_json("run columns", &run.columns)?,
            run.terms.rate,
            run.parallel,
            bills::to_sql_seconds(run.terms.rounding.minimum),
            bills::to_sql_seconds(run.terms.rounding.increment.max(1)),
            run.trials.len() as i64,
            run.created_at.micros(),
            run.priority,
            run.failure_limit,
            run.cpus,
            run.gpus,
            run.awaits_upload.then_some(""),
            to_json("run datastores", &run.mounts)?,
            run.awaits_fetch.then_some(""),
            fixed_arguments,
        ],
    )?;
    Ok(connection.last_insert_rowid())
}

fn insert_trials(connection: &Connection, row: i64, run: &NewRun) -> Result<(), StoreError> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO trial (run, number, space_index, passed, argv, changed_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (number, trial) in run.trials.iter().enumerate() {
        insert.execute(params![
            row,
            number as i64,
            trial.index.to_string(),
            to_json("trial values", &trial.values)?,
            to_json("trial arguments", &trial.argv)?,
            run.created_at.micros(),
        ])?;
    }
    connection.execute(
        sql!("INSERT INTO trial_count (run, state, trials) VALUES (?1, {queued}, ?2)"),
        params![row, run.trials.len() as i64],
    )?;
    let mut count = connection.prepare_cached(sql!(
        "INSERT INTO trial_block (run, state, block, trials)
         VALUES (?1, {queued}, ?2, ?3)"
    ))?;
    for (block, trials) in run.trials.chunks(1 << BLOCK_BITS).enumerate() {
        count.execute(params![row, block as i64, trials.len() as i64])?;
    }
    Ok(())
}
