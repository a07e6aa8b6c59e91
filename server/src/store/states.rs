//! The states of all trials of a run at once.

use rusqlite::{Connection, params};

use super::trials::BLOCK;
use super::{RunRecord, State, Store, StoreError, runs};

/// Trials that follow each other and are in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The number of the first.
    pub first: u32,
    /// The number of the last.
    pub last: u32,
    /// Their state.
    pub state: State,
}

impl Store {
    /// A run and its trials' states from a number on, in launch order; at most so many stretches,
    /// so the last need not end with the last trial. Blocks of 1024 trials in one state are not
    /// looked into, of the others each trial's place in the index: about 0.1 µs.
    pub async fn states(
        &self,
        cluster: String,
        id: String,
        from: u32,
        most: usize,
    ) -> Result<Option<(RunRecord, Vec<Stretch>)>, StoreError> {
        self.read(move |connection| {
            let Some(run) = runs::by_id(connection, &cluster, &id)? else {
                return Ok(None);
            };
            let mut stretches = Vec::new();
            for state in State::ALL {
                if run.count(state) > 0 {
                    stretches.extend(of_state(connection, run.key, state, from)?);
                }
            }
            stretches.sort_unstable_by_key(|stretch| stretch.first);
            stretches.truncate(most);
            Ok(Some((run, stretches)))
        })
        .await
    }
}

/// The stretches of one state, ascending.
fn of_state(
    connection: &Connection,
    run: i64,
    state: State,
    from: u32,
) -> Result<Vec<Stretch>, StoreError> {
    let mut blocks = connection.prepare_cached(
        "SELECT block, trials FROM trial_block
         WHERE run = ?1 AND state = ?2 AND block >= ?3 AND trials > 0 ORDER BY block",
    )?;
    let mut within = connection.prepare_cached(
        "SELECT number FROM trial INDEXED BY trial_state
         WHERE run = ?1 AND state = ?2 AND number BETWEEN ?3 AND ?4 ORDER BY number",
    )?;
    let mut stretches: Vec<Stretch> = Vec::new();
    let mut add = |first: u32, last: u32| match stretches.last_mut() {
        Some(before) if before.last + 1 == first => before.last = last,
        _ => stretches.push(Stretch { first, last, state }),
    };
    let mut rows = blocks.query(params![run, state as u8, from >> BLOCK])?;
    while let Some(row) = rows.next()? {
        let (block, trials): (u32, u32) = (row.get(0)?, row.get(1)?);
        let (first, last) = (block << BLOCK, (block << BLOCK) | ((1 << BLOCK) - 1));
        let first = first.max(from);
        if trials == 1 << BLOCK {
            add(first, last);
            continue;
        }
        let mut numbers = within.query(params![run, state as u8, first, last])?;
        while let Some(row) = numbers.next()? {
            let number = row.get(0)?;
            add(number, number);
        }
    }
    Ok(stretches)
}
