//! Metrics of trials.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{CachedStatement, Connection, OptionalExtension, params};
use sweep_planner::api::{MetricPoint, MetricSeries, MetricValue};

use super::Store;
use super::error::StoreError;
use super::thin::Thinner;
use crate::model::metric::{NewPoints, Source};

/// How many metric names one run may have; points of further names are dropped.
const NAMES: i64 = 1_000;

impl Store {
    /// The metric names of a run, in the order first seen.
    pub async fn metric_names(&self, run: i64) -> Result<Vec<String>, StoreError> {
        self.read(move |connection| {
            let query = "SELECT name FROM metric_name WHERE run = ?1 ORDER BY id";
            let mut statement = connection.prepare_cached(query)?;
            let names = statement
                .query_map([run], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            Ok(names)
        })
        .await
    }

    /// The points of a trial's metrics, thinned. O(points of the trial in the window).
    pub async fn series(
        &self,
        run: i64,
        number: u32,
        window: Window,
    ) -> Result<Vec<MetricSeries>, StoreError> {
        self.read(move |connection| series(connection, run, number, &window))
            .await
    }
}

/// Which points to read.
#[derive(Clone, Debug)]
pub struct Window {
    /// Of these metrics; of all, if none are named.
    pub names: Vec<String>,
    /// The position of the first point, from 0.
    pub from: u64,
    /// The position behind the last point.
    pub to: u64,
    /// At most so many of each metric, and never more than 100,000 of all together.
    pub most: u64,
}

/// The most points of one answer.
const POINTS: u64 = 100_000;
/// What is left of a metric at least, however many there are.
const POINTS_LEAST: u64 = 5;

/// NaN is stored as NULL.
fn stored(value: f64) -> Option<f64> {
    (!value.is_nan()).then_some(value)
}

fn shown(value: Option<f64>) -> MetricValue {
    MetricValue(value.unwrap_or(f64::NAN))
}

/// Stores points of one trial.
pub(super) fn add(connection: &Connection, new: &NewPoints) -> Result<(), StoreError> {
    let source = new.source as u8;
    let place = params![new.run, new.number, source];
    if new.source == Source::Csv {
        for table in ["metric_point", "metric_last"] {
            let delete =
                format!("DELETE FROM {table} WHERE run = ?1 AND number = ?2 AND source = ?3");
            connection.prepare_cached(&delete)?.execute(place)?;
        }
    }
    if let Some(read_to) = new.read_to {
        connection
            .prepare_cached("UPDATE trial SET metrics_read = ?3 WHERE run = ?1 AND number = ?2")?
            .execute(params![
                new.run,
                new.number,
                i64::try_from(read_to).unwrap_or(i64::MAX)
            ])?;
    }
    let mut last: BTreeMap<i64, (i64, f64)> = BTreeMap::new();
    let mut ids: HashMap<&str, Option<i64>> = HashMap::new();
    let mut insert = connection.prepare_cached(
        "INSERT INTO metric_point (run, number, name, source, position, step, value)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for point in &new.points {
        let id = match ids.get(point.name.as_str()) {
            Some(id) => *id,
            None => {
                let id = name_id(connection, new.run, &point.name)?;
                ids.insert(&point.name, id);
                id
            }
        };
        let Some(name) = id else { continue };
        let written = match last.get(&name) {
            Some((written, _)) => *written,
            None => points_so_far(connection, new, name)?,
        };
        let step = point
            .step
            .filter(|step| step.is_finite())
            .unwrap_or(written as f64);
        let value = stored(point.value);
        insert.execute(params![
            new.run, new.number, name, source, written, step, value
        ])?;
        last.insert(name, (written + 1, point.value));
    }
    let mut keep = connection.prepare_cached(
        "INSERT INTO metric_last (run, number, name, source, points, value)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT DO UPDATE SET points = excluded.points, value = excluded.value",
    )?;
    for (name, (written, value)) in last {
        keep.execute(params![
            new.run,
            new.number,
            name,
            source,
            written,
            stored(value)
        ])?;
    }
    Ok(())
}

fn points_so_far(connection: &Connection, new: &NewPoints, name: i64) -> Result<i64, StoreError> {
    let query = "SELECT points FROM metric_last
                 WHERE run = ?1 AND number = ?2 AND name = ?3 AND source = ?4";
    let row = connection.prepare_cached(query)?.query_row(
        params![new.run, new.number, name, new.source as u8],
        |row| row.get(0),
    );
    Ok(row.optional()?.unwrap_or(0))
}

/// The number of a name in its run, given on first sight; `None` once there are too many.
fn name_id(connection: &Connection, run: i64, name: &str) -> Result<Option<i64>, StoreError> {
    let found = connection
        .prepare_cached("SELECT id FROM metric_name WHERE run = ?1 AND name = ?2")?
        .query_row(params![run, name], |row| row.get(0))
        .optional()?;
    if found.is_some() {
        return Ok(found);
    }
    let made = connection
        .prepare_cached(
            "INSERT INTO metric_name (run, id, name)
             SELECT ?1, count(*), ?2 FROM metric_name WHERE run = ?1 HAVING count(*) < ?3
             RETURNING id",
        )?
        .query_row(params![run, name, NAMES], |row| row.get(0));
    Ok(made.optional()?)
}

/// Reads the last value of each metric, of one trial of a run after the other.
pub(super) struct LastValues<'c> {
    run: i64,
    /// By their ids, which count from 0.
    names: Vec<String>,
    statement: CachedStatement<'c>,
}

impl<'c> LastValues<'c> {
    pub(super) fn of(connection: &'c Connection, run: i64) -> Result<Self, StoreError> {
        let query = "SELECT name FROM metric_name WHERE run = ?1 ORDER BY id";
        let mut names = connection.prepare_cached(query)?;
        let names = names
            .query_map([run], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        // The larger source wins.
        let statement = connection.prepare_cached(
            "SELECT name, value FROM metric_last WHERE run = ?1 AND number = ?2 ORDER BY source",
        )?;
        Ok(Self {
            run,
            names,
            statement,
        })
    }

    pub(super) fn read(
        &mut self,
        number: u32,
    ) -> Result<BTreeMap<String, MetricValue>, StoreError> {
        let mut last = BTreeMap::new();
        if self.names.is_empty() {
            return Ok(last);
        }
        let mut rows = self.statement.query(params![self.run, number])?;
        while let Some(row) = rows.next()? {
            if let Some(name) = self.names.get(row.get::<_, u32>(0)? as usize) {
                last.insert(name.clone(), shown(row.get(1)?));
            }
        }
        Ok(last)
    }
}

fn series(
    connection: &Connection,
    run: i64,
    number: u32,
    window: &Window,
) -> Result<Vec<MetricSeries>, StoreError> {
    let mut sources = connection.prepare_cached(
        "SELECT metric_name.name, metric_name.id, max(metric_last.source), metric_last.points
         FROM metric_last
         JOIN metric_name ON metric_name.run = metric_last.run
                         AND metric_name.id = metric_last.name
         WHERE metric_last.run = ?1 AND metric_last.number = ?2
         GROUP BY metric_name.id ORDER BY metric_name.name",
    )?;
    let found = sources.query_map(params![run, number], |row| {
        let points: i64 = row.get(3)?;
        let id: i64 = row.get(1)?;
        Ok((row.get(0)?, id, row.get::<_, u8>(2)?, points.unsigned_abs()))
    })?;
    let mut found: Vec<(String, i64, u8, u64)> = found.collect::<Result<_, _>>()?;
    found.retain(|(name, ..)| window.names.is_empty() || window.names.contains(name));
    let share = POINTS / (found.len() as u64).max(1);
    let most = window.most.min(share).max(POINTS_LEAST);
    let mut points = connection.prepare_cached(
        "SELECT step, value FROM metric_point
         WHERE run = ?1 AND number = ?2 AND name = ?3 AND source = ?4
           AND position >= ?5 AND position < ?6 ORDER BY position",
    )?;
    let mut series = Vec::new();
    for (name, id, source, total) in found {
        let (from, to) = (window.from.min(total), window.to.min(total));
        let mut thinner = Thinner::new(to.saturating_sub(from), most);
        // Positions have no gaps.
        let mut rows = points.query(params![run, number, id, source, from as i64, to as i64])?;
        while let Some(row) = rows.next()? {
            thinner.add(MetricPoint {
                step: row.get(0)?,
                value: shown(row.get(1)?),
            });
        }
        series.push(MetricSeries {
            name,
            total,
            points: thinner.finish(),
        });
    }
    Ok(series)
}
