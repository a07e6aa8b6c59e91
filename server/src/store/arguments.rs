//! What the trials of a run pass to their script: stored once, and put together for each trial.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};
use sweep_planner::sweep::ArgumentTemplate;

use super::Store;
use super::columns::{from_json, to_json};
use super::error::StoreError;
use crate::model::NewTrials;

/// How many values of a list a row of `axis_values` holds, as a power of two: few, since a trial
/// needs one of them.
const VALUES_BITS: u32 = 6;

impl Store {
    /// The words of a trial, the script first; none if there is no such trial.
    pub async fn trial_argv(&self, run: i64, number: u32) -> Result<Vec<String>, StoreError> {
        self.read(move |connection| {
            let query = "SELECT space_index, argv FROM trial WHERE run = ?1 AND number = ?2";
            let found: Option<(String, String)> = connection
                .prepare_cached(query)?
                .query_row(params![run, number], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            found.map_or(Ok(Vec::new()), |(index, argv)| {
                RunArguments::load(connection, run)?.read_argv(&index, &argv)
            })
        })
        .await
    }
}

/// The script of a run, which is the same for all its trials.
pub(super) fn query_script(connection: &Connection, run: i64) -> Result<String, StoreError> {
    if let Some(template) = query_template(connection, run)? {
        return Ok(template.script().to_owned());
    }
    let query = "SELECT argv FROM trial WHERE run = ?1 ORDER BY number LIMIT 1";
    let argv: Option<String> = connection
        .prepare_cached(query)?
        .query_row([run], |row| row.get(0))
        .optional()?;
    let argv: Vec<String> =
        argv.map_or(Ok(Vec::new()), |argv| from_json("trial arguments", &argv))?;
    Ok(argv.into_iter().next().unwrap_or_default())
}

fn query_template(
    connection: &Connection,
    run: i64,
) -> Result<Option<ArgumentTemplate>, StoreError> {
    let query = "SELECT template FROM run_arguments WHERE run = ?1";
    let text: Option<String> = connection
        .prepare_cached(query)?
        .query_row([run], |row| row.get(0))
        .optional()?;
    text.map(|text| from_json("run arguments", &text))
        .transpose()
}

/// Stores what does not vary between the trials of a run.
pub(super) fn insert_template(
    connection: &Connection,
    run: i64,
    trials: &NewTrials,
) -> Result<(), StoreError> {
    connection.execute(
        "INSERT INTO run_arguments (run, template) VALUES (?1, ?2)",
        params![run, to_json("run arguments", trials.template())?],
    )?;
    Ok(())
}

/// Stores the block of an axis's values with this number. False if there is none.
pub(super) fn insert_values(
    connection: &Connection,
    run: i64,
    (axis, values): (u32, &[Box<str>]),
    block: usize,
) -> Result<bool, StoreError> {
    let Some(texts) = values.chunks(1 << VALUES_BITS).nth(block) else {
        return Ok(false);
    };
    connection
        .prepare_cached(
            "INSERT INTO axis_values (run, axis, block, texts) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            run,
            axis,
            block as i64,
            to_json("axis values", &texts)?
        ])?;
    Ok(true)
}

/// Puts together what the trials of one run pass.
pub(super) struct RunArguments<'c> {
    connection: &'c Connection,
    run: i64,
    /// `None` for a run of an earlier version, whose trials have their own.
    template: Option<ArgumentTemplate>,
    /// The block of each axis that was read last: trials that follow each other often share it.
    blocks: HashMap<u32, (u64, Vec<String>)>,
}

impl<'c> RunArguments<'c> {
    /// One look-up. O(fixed arguments).
    pub(super) fn load(connection: &'c Connection, run: i64) -> Result<Self, StoreError> {
        Ok(Self {
            connection,
            run,
            template: query_template(connection, run)?,
            blocks: HashMap::new(),
        })
    }

    /// The text that a trial passes for each column, from its columns `space_index` and `passed`.
    pub(super) fn read_values(
        &mut self,
        index: &str,
        passed: &str,
    ) -> Result<Vec<Option<String>>, StoreError> {
        if passed.is_empty() {
            Ok(self.values(index)?.into_iter().map(Some).collect())
        } else {
            from_json("trial values", passed)
        }
    }

    /// The words of a trial, the script first, from its columns `space_index` and `argv`.
    pub(super) fn read_argv(&mut self, index: &str, argv: &str) -> Result<Vec<String>, StoreError> {
        if !argv.is_empty() {
            return from_json("trial arguments", argv);
        }
        let values = self.values(index)?;
        let template = self.template.as_ref();
        template
            .and_then(|template| template.argv(&values))
            .ok_or_else(|| unreadable(format!("those of trial {index} are not complete")))
    }

    fn values(&mut self, index: &str) -> Result<Vec<String>, StoreError> {
        let number = parse_index(index)?;
        let Some(template) = &self.template else {
            return Err(unreadable(format!("run {} has none", self.run)));
        };
        let (connection, run, blocks) = (self.connection, self.run, &mut self.blocks);
        template
            .values(number, |axis, position| {
                look_up(connection, run, blocks, axis, position)
            })?
            .ok_or_else(|| unreadable(format!("trial {index} is outside of their space")))
    }
}

/// The value of a list.
fn look_up(
    connection: &Connection,
    run: i64,
    blocks: &mut HashMap<u32, (u64, Vec<String>)>,
    axis: u32,
    position: u64,
) -> Result<String, StoreError> {
    let block = position >> VALUES_BITS;
    if blocks.get(&axis).is_none_or(|(read, _)| *read != block) {
        let query = "SELECT texts FROM axis_values WHERE run = ?1 AND axis = ?2 AND block = ?3";
        let texts: Option<String> = connection
            .prepare_cached(query)?
            .query_row(params![run, axis, block.cast_signed()], |row| row.get(0))
            .optional()?;
        let texts = texts.map_or(Ok(Vec::new()), |texts| from_json("axis values", &texts))?;
        blocks.insert(axis, (block, texts));
    }
    let within = (position & ((1 << VALUES_BITS) - 1)) as usize;
    let found = blocks.get(&axis).and_then(|(_, texts)| texts.get(within));
    found
        .cloned()
        .ok_or_else(|| unreadable(format!("value {position} of axis {axis} is missing")))
}

/// Reads the column `space_index` of a trial.
pub(super) fn parse_index(index: &str) -> Result<u128, StoreError> {
    index.parse().map_err(|_| StoreError::Unreadable {
        what: "trial index",
        why: format!("`{index}` is no number"),
    })
}

fn unreadable(why: String) -> StoreError {
    StoreError::Unreadable {
        what: "run arguments",
        why,
    }
}
