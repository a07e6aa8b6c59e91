//! Changes of all trials of a run that wait: stopped, held, released, failed without a source.
//!
//! Of a small run they are one transaction. Of a large one the first transaction only marks the run,
//! by a row of `waiting_change`; the trials then change in slices, each in a transaction of its own,
//! between which other changes are committed. From the mark on nothing of the run starts that is not
//! to. Each slice reads the mark again, so that any number of tasks may work on one change.

use rusqlite::{Connection, OptionalExtension, params};

use super::columns::state_numbered;
use super::error::StoreError;
use super::slice::Slice;
use super::sql::sql;
use super::{Store, run_end};
use crate::model::TrialState;

/// Up to so many trials change in the transaction that asks for it: about 20 ms.
const AT_ONCE_MAX: u32 = 1024;
/// How many trials change between two looks at the clock.
const TRIALS_PER_LOOK: u32 = 256;

/// What becomes of the trials of a run that wait.
#[derive(Clone, Debug)]
pub(super) struct WaitingChange {
    /// Queued, held, failed or cancelled.
    pub state: TrialState,
    /// In microseconds.
    pub at: i64,
    pub message: String,
}

impl WaitingChange {
    /// The states of the trials that change.
    fn states_left(&self) -> &'static [TrialState] {
        match self.state {
            TrialState::Queued => &[TrialState::Held],
            TrialState::Held => &[TrialState::Queued],
            _ => &[TrialState::Queued, TrialState::Held],
        }
    }

    /// Whether no trial waits any more once it is made.
    pub(super) fn ends_trials(&self) -> bool {
        self.state.ended()
    }
}

/// How far a [`WaitingChange`] has come in the transaction that asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Begun {
    /// To its end: the numbers of the trials.
    Whole(Vec<u32>),
    /// So many trials are still to change, by [`Store::finish_waiting_change`].
    Marked(u32),
}

impl Begun {
    /// Whether any trial changes.
    pub(super) fn changes_any(&self) -> bool {
        match self {
            Self::Whole(numbers) => !numbers.is_empty(),
            Self::Marked(_) => true,
        }
    }
}

impl Store {
    /// Runs `job` in a transaction in which no change of the run's waiting trials is under way that
    /// it has to come after: where it answers `None`, such a one is finished first.
    pub(super) async fn write_after_changes<T, F>(&self, run: i64, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: Fn(&Connection) -> Result<Option<T>, StoreError> + Clone + Send + 'static,
    {
        loop {
            if let Some(done) = self.write(job.clone()).await? {
                return Ok(done);
            }
            self.finish_waiting_change(run).await?;
        }
    }

    /// The numbers of the trials that a change has reached, once it is finished.
    pub(super) async fn finish_begun(
        &self,
        run: i64,
        begun: Begun,
    ) -> Result<Vec<u32>, StoreError> {
        match begun {
            Begun::Whole(numbers) => Ok(numbers),
            Begun::Marked(_) => self.finish_waiting_change(run).await,
        }
    }

    /// Finishes the change of a run's waiting trials that is under way, in slices; returns the
    /// numbers of the trials that this call has changed. Where the caller goes away before, another
    /// call goes on.
    pub async fn finish_waiting_change(&self, run: i64) -> Result<Vec<u32>, StoreError> {
        let (others, mut changed) = (self.inner.writer.waiting(), Vec::new());
        loop {
            let others = others.clone();
            let slice = self
                .write_slice(move |connection| write_slice(connection, run, &Slice::begin(others)));
            let (mut numbers, finished) = slice.await?;
            changed.append(&mut numbers);
            if finished {
                changed.sort_unstable();
                return Ok(changed);
            }
        }
    }

    /// The runs of whose waiting trials a change is under way.
    pub async fn waiting_changes(&self) -> Result<Vec<i64>, StoreError> {
        self.read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT run FROM waiting_change ORDER BY run")?;
            let runs = statement.query_map([], |row| row.get(0))?;
            Ok(runs.collect::<Result<_, _>>()?)
        })
        .await
    }
}

/// Changes the waiting trials of a run, or marks the run for it where they are many. The new change
/// takes the place of another that is under way; of the same one nothing is new.
pub(super) fn begin(
    connection: &Connection,
    run: i64,
    change: &WaitingChange,
) -> Result<Begun, StoreError> {
    let mut trials = 0;
    for state in change.states_left() {
        trials += count_trials(connection, run, *state)?;
    }
    let before = query_change(connection, run)?;
    if before.is_some_and(|before| before.state == change.state) {
        return Ok(Begun::Marked(trials));
    }
    if trials <= AT_ONCE_MAX {
        connection
            .prepare_cached("DELETE FROM waiting_change WHERE run = ?1")?
            .execute([run])?;
        let mut numbers = Vec::new();
        change_trials(connection, run, change, &Slice::unbroken(), &mut numbers)?;
        numbers.sort_unstable();
        return Ok(Begun::Whole(numbers));
    }
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO waiting_change (run, state, at, message)
             VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![run, change.state as u8, change.at, change.message])?;
    Ok(Begun::Marked(trials))
}

fn count_trials(connection: &Connection, run: i64, state: TrialState) -> Result<u32, StoreError> {
    let trials = connection
        .prepare_cached("SELECT trials FROM trial_count WHERE run = ?1 AND state = ?2")?
        .query_row(params![run, state as u8], |row| row.get(0))
        .optional()?;
    Ok(trials.unwrap_or(0))
}

/// The change of a run's waiting trials that is under way.
pub(super) fn query_change(
    connection: &Connection,
    run: i64,
) -> Result<Option<WaitingChange>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT state, at, message FROM waiting_change WHERE run = ?1")?;
    let mut rows = statement.query([run])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    Ok(Some(WaitingChange {
        state: state_numbered(row.get(0)?)?,
        at: row.get(1)?,
        message: row.get(2)?,
    }))
}

/// Goes on with the change that is under way until the slice's time is over; the numbers of the
/// trials, and whether none is left.
fn write_slice(
    connection: &Connection,
    run: i64,
    slice: &Slice,
) -> Result<(Vec<u32>, bool), StoreError> {
    let mut numbers = Vec::new();
    let Some(change) = query_change(connection, run)? else {
        return Ok((numbers, true));
    };
    if !change_trials(connection, run, &change, slice, &mut numbers)? {
        return Ok((numbers, false));
    }
    connection
        .prepare_cached("DELETE FROM waiting_change WHERE run = ?1")?
        .execute([run])?;
    run_end::record_run_end(connection, run, change.at)?;
    Ok((numbers, true))
}

/// Changes trials until the slice's time is over, in launch order by the states they leave, so that
/// the counts of one block after the other change; true once none is left.
fn change_trials(
    connection: &Connection,
    run: i64,
    change: &WaitingChange,
    slice: &Slice,
    numbers: &mut Vec<u32>,
) -> Result<bool, StoreError> {
    let mut update = connection.prepare_cached(sql!(
        "UPDATE trial SET state = ?3, changed_at = ?4, message = ?5,
             stop_wanted = max(stop_wanted, ?3 = {cancelled}),
             ended_at = CASE WHEN ?3 IN ({failed}, {cancelled}) THEN ?4 ELSE ended_at END
         WHERE run = ?1 AND number IN (
             SELECT number FROM trial INDEXED BY trial_state
             WHERE run = ?1 AND state = ?2 ORDER BY number LIMIT ?6)
         RETURNING number"
    ))?;
    for from in change.states_left() {
        loop {
            let before = numbers.len();
            let parameters = params![
                run,
                *from as u8,
                change.state as u8,
                change.at,
                change.message,
                TRIALS_PER_LOOK
            ];
            for number in update.query_map(parameters, |row| row.get(0))? {
                numbers.push(number?);
            }
            if numbers.len() == before {
                break;
            }
            if slice.is_over() {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use sweep_planner::api::Timestamp;

    use super::*;
    use crate::model::price::{Pricing, billing_terms};
    use crate::model::{RunRecord, StateChange};
    use crate::store::Claim;
    use crate::store::changes::tests::store_with_waiting_run;

    const TRIALS: u32 = 5000;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros)
    }

    /// A store with a run of many waiting trials that is held after one failure.
    async fn store_with_large_run(folder: &Path) -> (Store, i64) {
        let terms = billing_terms(
            &Pricing::AsIf,
            sweep_planner::estimate::Catalogue::embedded(),
            "m5a.large",
            false,
        );
        store_with_waiting_run(folder, TRIALS, 1, terms).await
    }

    fn claim(slots: usize) -> Option<Claim> {
        Some(Claim {
            cluster: "local".into(),
            slots,
            cpus: None,
            gpus: Vec::new(),
            now: at(2),
        })
    }

    async fn claimed(store: &Store, slots: usize) -> Vec<u32> {
        let recorded = store.record(Vec::new(), Vec::new(), claim(slots)).await;
        let claimed = recorded.unwrap().claimed;
        claimed.iter().map(|trial| trial.number).collect()
    }

    /// Ends a trial, and claims another in the same transaction.
    async fn end(store: &Store, run: i64, number: u32, state: TrialState) -> Vec<(i64, u32)> {
        let change = StateChange {
            run,
            number,
            state,
            message: String::new(),
            at: at(3),
            started_at: Some(at(2)),
            ended_at: Some(at(3)),
            exit_code: Some(1),
            signal: None,
        };
        let recorded = store.record(Vec::new(), vec![change], claim(1)).await;
        let recorded = recorded.unwrap();
        assert!(recorded.claimed.is_empty(), "{recorded:?}");
        recorded.holding
    }

    async fn record(store: &Store, run: i64) -> RunRecord {
        store.run_by_key(run).await.unwrap().unwrap()
    }

    /// Marks the run as [`Store::stop_run`] and the like do before their first slice.
    async fn mark(store: &Store, run: i64, state: TrialState) {
        let change = WaitingChange {
            state,
            at: 4,
            message: "marked".into(),
        };
        let begun = store.write(move |connection| begin(connection, run, &change));
        assert!(matches!(begun.await.unwrap(), Begun::Marked(_)));
    }

    #[tokio::test]
    async fn nothing_starts_of_a_large_run_from_the_failure_on_that_holds_it() {
        let folder = tempfile::tempdir().unwrap();
        let (store, run) = store_with_large_run(folder.path()).await;
        assert_eq!(claimed(&store, 1).await, [0]);
        let holding = end(&store, run, 0, TrialState::Failed).await;
        assert_eq!(holding, [(run, TRIALS - 1)]);
        assert_eq!(claimed(&store, 1).await, [0; 0]);
        let numbers = store.finish_waiting_change(run).await.unwrap();
        assert_eq!(numbers, (1..TRIALS).collect::<Vec<u32>>());
        assert_eq!(
            record(&store, run).await.count(TrialState::Held),
            TRIALS - 1
        );
        let released = store.release(run, at(5)).await.unwrap();
        assert_eq!(released, numbers);
        assert_eq!(claimed(&store, 1).await, [1]);
    }

    #[tokio::test]
    async fn a_release_takes_the_place_of_a_hold_that_is_under_way() {
        let folder = tempfile::tempdir().unwrap();
        let (store, run) = store_with_large_run(folder.path()).await;
        claimed(&store, 1).await;
        end(&store, run, 0, TrialState::Failed).await;
        let slice = store.write(move |connection| {
            write_slice(connection, run, &Slice::begin(Default::default()))
        });
        drop(slice.await.unwrap());
        store.release(run, at(5)).await.unwrap();
        assert_eq!(store.waiting_changes().await.unwrap(), [0_i64; 0]);
        let counts = record(&store, run).await;
        assert_eq!(counts.count(TrialState::Queued), TRIALS - 1);
        assert_eq!(claimed(&store, 1).await, [1]);
    }

    #[tokio::test]
    async fn a_stop_takes_the_place_of_a_hold_and_the_last_trial_ends_the_run() {
        let folder = tempfile::tempdir().unwrap();
        let (store, run) = store_with_large_run(folder.path()).await;
        assert_eq!(claimed(&store, 2).await, [0, 1]);
        end(&store, run, 0, TrialState::Failed).await;
        mark(&store, run, TrialState::Cancelled).await;
        // Held no more: the run is stopped.
        assert_eq!(end(&store, run, 1, TrialState::Failed).await, []);
        assert_eq!(record(&store, run).await.ended_at, Some(at(3)));
        let stopped = store.stop_run(run, at(6), false).await.unwrap();
        assert_eq!(stopped, Some((2..TRIALS).collect()));
        let found = record(&store, run).await;
        assert_eq!(found.count(TrialState::Cancelled), TRIALS - 2);
        // The first request counts, not the one that finished it.
        assert_eq!(found.ended_at, Some(at(3)));
        let trial = store.trial(run, TRIALS - 1).await.unwrap().unwrap();
        assert_eq!((trial.changed_at, trial.ended_at), (at(4), Some(at(4))));
        assert!(trial.stop_wanted);
        assert_eq!(store.stop_run(run, at(7), false).await.unwrap(), None);
    }

    #[tokio::test]
    async fn trials_without_a_source_have_failed_before_a_stop_or_a_retry() {
        let folder = tempfile::tempdir().unwrap();
        let (store, run) = store_with_large_run(folder.path()).await;
        mark(&store, run, TrialState::Failed).await;
        assert_eq!(claimed(&store, 1).await, [0; 0]);
        assert!(!store.stop_trial(run, 7, at(5)).await.unwrap());
        mark_again_and_stop(&store, run).await;
        let again = store.retry(run, None, at(6)).await.unwrap().unwrap();
        assert_eq!(again.len(), TRIALS as usize);
        assert_eq!(record(&store, run).await.count(TrialState::Queued), TRIALS);
        let failed = store.record_source_failure(run, "none".into(), at(7)).await;
        assert_eq!(failed.unwrap().len(), TRIALS as usize);
        let found = record(&store, run).await;
        assert_eq!(found.count(TrialState::Failed), TRIALS);
        assert_eq!(found.ended_at, Some(at(7)));
    }

    async fn mark_again_and_stop(store: &Store, run: i64) {
        store.retry(run, None, at(5)).await.unwrap();
        mark(store, run, TrialState::Failed).await;
        store.stop_run(run, at(5), false).await.unwrap();
        assert_eq!(record(store, run).await.count(TrialState::Failed), TRIALS);
    }
}
