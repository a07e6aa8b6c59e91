//! The states of all trials of a run at once.

use rusqlite::{Connection, params};

use super::columns::state_numbered;
use super::error::StoreError;
use super::trials::BLOCK_BITS;
use super::{Store, runs};
use crate::model::{RunRecord, TrialState, Viewer};

/// Trials that follow each other and are in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateSpan {
    /// The number of the first.
    pub first: u32,
    /// The number of the last.
    pub last: u32,
    /// Their state.
    pub state: TrialState,
}

impl Store {
    /// A run and the states of its trials from a number on, in launch order, as at most `most`
    /// stretches; the last need not end with the last trial. A block of 1024 trials in one state
    /// costs one row; of mixed blocks only as many are read as the answer needs.
    pub async fn state_spans(
        &self,
        viewer: Viewer,
        cluster: String,
        id: String,
        from: u32,
        most: usize,
    ) -> Result<Option<(RunRecord, Vec<StateSpan>)>, StoreError> {
        self.read(move |connection| {
            let Some(run) = runs::query_by_id(connection, &viewer, &cluster, &id)? else {
                return Ok(None);
            };
            let stretches = query_spans(connection, &run, from, most)?;
            Ok(Some((run, stretches)))
        })
        .await
    }
}

fn query_spans(
    connection: &Connection,
    run: &RunRecord,
    from: u32,
    most: usize,
) -> Result<Vec<StateSpan>, StoreError> {
    let mut counted = connection.prepare_cached(
        "SELECT block, state FROM trial_block
         WHERE run = ?1 AND block >= ?2 AND trials > 0 ORDER BY block",
    )?;
    let rows = counted.query_map(params![run.key, from >> BLOCK_BITS], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    let counted: Vec<(u32, u8)> = rows.collect::<Result<_, _>>()?;
    let mut found: Vec<StateSpan> = Vec::new();
    for block in counted.chunk_by(|a, b| a.0 == b.0) {
        let Some((number, state)) = block.first() else {
            continue;
        };
        let first = (number << BLOCK_BITS).max(from);
        let last =
            ((number << BLOCK_BITS) | ((1 << BLOCK_BITS) - 1)).min(run.trials.saturating_sub(1));
        if first > last {
            continue;
        }
        if block.len() == 1 {
            let state = state_numbered(*state)?;
            append_span(&mut found, StateSpan { first, last, state });
        } else {
            for (number, state) in query_mixed_block(connection, run.key, block, (first, last))? {
                let (first, last) = (number, number);
                append_span(&mut found, StateSpan { first, last, state });
            }
        }
        if found.len() > most {
            break;
        }
    }
    found.truncate(most);
    Ok(found)
}

/// Appends a stretch, or makes the one before it longer.
fn append_span(found: &mut Vec<StateSpan>, next: StateSpan) {
    match found.last_mut() {
        Some(before) if before.state == next.state && before.last + 1 == next.first => {
            before.last = next.last;
        }
        _ => found.push(next),
    }
}

/// The trials of a block with several states, in order.
fn query_mixed_block(
    connection: &Connection,
    run: i64,
    block: &[(u32, u8)],
    (first, last): (u32, u32),
) -> Result<Vec<(u32, TrialState)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT number FROM trial INDEXED BY trial_state
         WHERE run = ?1 AND state = ?2 AND number BETWEEN ?3 AND ?4",
    )?;
    let mut trials = Vec::new();
    for (_, state) in block {
        let named = state_numbered(*state)?;
        let rows = statement.query_map(params![run, state, first, last], |row| row.get(0))?;
        for number in rows {
            trials.push((number?, named));
        }
    }
    trials.sort_unstable_by_key(|(number, _)| *number);
    Ok(trials)
}
