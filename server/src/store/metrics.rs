//! Metrics of trials.

use std::collections::BTreeMap;

use rusqlite::{CachedStatement, Connection, OptionalExtension, params};
use sweep_planner::api::{MetricPoint, MetricSeries, MetricValue};

use super::Store;
use super::downsample::Downsampler;
use super::error::StoreError;
use super::metric_names::MetricNameIds;
use crate::model::metric::NewMetricPoints;

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
        window: SeriesWindow,
    ) -> Result<Vec<MetricSeries>, StoreError> {
        self.read(move |connection| query_series(connection, run, number, &window))
            .await
    }
}

/// Which points to read.
#[derive(Clone, Debug)]
pub struct SeriesWindow {
    /// Of these metrics; of all, if none are named.
    pub names: Vec<String>,
    /// The position of the first point, from 0.
    pub from: u64,
    /// The position behind the last point.
    pub to: u64,
    /// At most so many of each metric, and never more than 100,000 of all together.
    pub max_points: u64,
}

/// The most points of one answer.
const POINTS_PER_ANSWER_MAX: u64 = 100_000;
/// What is left of a metric at least, however many there are.
const POINTS_PER_METRIC_MIN: u64 = 5;

/// NaN is stored as NULL.
fn to_sql(value: f64) -> Option<f64> {
    (!value.is_nan()).then_some(value)
}

fn from_sql(value: Option<f64>) -> MetricValue {
    MetricValue(value.unwrap_or(f64::NAN))
}

/// Stores points of one trial.
pub(super) fn insert_points(
    connection: &Connection,
    new: &NewMetricPoints,
) -> Result<(), StoreError> {
    let source = new.source as u8;
    let place = params![new.run, new.number, source];
    if new.replace {
        // By name, since the key has it before the source: points of other sources are not looked at.
        connection
            .prepare_cached(
                "DELETE FROM metric_point
                 WHERE run = ?1 AND number = ?2 AND source = ?3
                   AND name IN (SELECT name FROM metric_last
                                WHERE run = ?1 AND number = ?2 AND source = ?3)",
            )?
            .execute(place)?;
        connection
            .prepare_cached(
                "DELETE FROM metric_last WHERE run = ?1 AND number = ?2 AND source = ?3",
            )?
            .execute(place)?;
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
    let mut ids = MetricNameIds::default();
    let mut insert = connection.prepare_cached(
        "INSERT INTO metric_point (run, number, name, source, position, step, value)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for point in &new.points {
        let Some(name) = ids.ensure(connection, new.run, &point.name)? else {
            continue;
        };
        let written = match last.get(&name) {
            Some((written, _)) => *written,
            None => count_points(connection, new, name)?,
        };
        let step = point.step.filter(|step| step.is_finite());
        let value = to_sql(point.value);
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
            to_sql(value)
        ])?;
    }
    Ok(())
}

fn count_points(
    connection: &Connection,
    new: &NewMetricPoints,
    name: i64,
) -> Result<i64, StoreError> {
    let query = "SELECT points FROM metric_last
                 WHERE run = ?1 AND number = ?2 AND name = ?3 AND source = ?4";
    let row = connection.prepare_cached(query)?.query_row(
        params![new.run, new.number, name, new.source as u8],
        |row| row.get(0),
    );
    Ok(row.optional()?.unwrap_or(0))
}

/// Reads the last value of each metric, of one trial of a run after the other.
pub(super) struct LastValues<'c> {
    run: i64,
    /// By their ids, which count from 0.
    names: Vec<String>,
    statement: CachedStatement<'c>,
}

impl<'c> LastValues<'c> {
    pub(super) fn prepare(connection: &'c Connection, run: i64) -> Result<Self, StoreError> {
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
                last.insert(name.clone(), from_sql(row.get(1)?));
            }
        }
        Ok(last)
    }
}

fn query_series(
    connection: &Connection,
    run: i64,
    number: u32,
    window: &SeriesWindow,
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
    let share = POINTS_PER_ANSWER_MAX / (found.len() as u64).max(1);
    let most = window.max_points.min(share).max(POINTS_PER_METRIC_MIN);
    let mut points = connection.prepare_cached(
        "SELECT step, value FROM metric_point
         WHERE run = ?1 AND number = ?2 AND name = ?3 AND source = ?4
           AND position >= ?5 AND position < ?6 ORDER BY position",
    )?;
    let mut series = Vec::new();
    for (name, id, source, total) in found {
        let (from, to) = (window.from.min(total), window.to.min(total));
        let mut thinner = Downsampler::new(to.saturating_sub(from), most);
        // Positions have no gaps.
        let mut rows = points.query(params![run, number, id, source, from as i64, to as i64])?;
        while let Some(row) = rows.next()? {
            thinner.add(MetricPoint {
                step: row.get(0)?,
                value: from_sql(row.get(1)?),
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

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::model::metric::{MetricSource, NewMetricPoint};
    use crate::store::changes::tests::store_with_claimed_run;

    async fn store() -> (TempDir, Store, i64) {
        let folder = tempfile::tempdir().unwrap();
        let (store, run) = store_with_claimed_run(folder.path(), 2, 0).await;
        (folder, store, run)
    }

    async fn record(
        store: &Store,
        run: i64,
        source: MetricSource,
        replace: bool,
        points: &[(&str, Option<f64>, f64)],
    ) {
        let points = points.iter().map(|(name, step, value)| NewMetricPoint {
            name: (*name).to_owned(),
            step: *step,
            value: *value,
        });
        let new = NewMetricPoints {
            run,
            number: 0,
            source,
            read_to: None,
            replace,
            points: points.collect(),
        };
        let recorded = store.record(vec![new], Vec::new(), None).await.unwrap();
        assert!(recorded.failed.is_empty(), "{recorded:?}");
    }

    async fn series(store: &Store, run: i64, name: &str) -> Vec<(Option<f64>, f64)> {
        let window = SeriesWindow {
            names: vec![name.to_owned()],
            from: 0,
            to: u64::MAX,
            max_points: 1000,
        };
        let found = store.series(run, 0, window).await.unwrap();
        let points = found.first().map(|one| one.points.clone());
        let points = points.unwrap_or_default();
        points.iter().map(|one| (one.step, one.value.0)).collect()
    }

    #[tokio::test]
    async fn a_step_that_was_not_stated_is_absent() {
        let (_folder, store, run) = store().await;
        let points = [
            ("loss", Some(100.0), 1.0),
            ("loss", None, 2.0),
            ("loss", Some(200.0), 3.0),
            ("loss", Some(f64::INFINITY), 4.0),
        ];
        record(&store, run, MetricSource::Output, false, &points).await;
        assert_eq!(
            series(&store, run, "loss").await,
            [
                (Some(100.0), 1.0),
                (None, 2.0),
                (Some(200.0), 3.0),
                (None, 4.0)
            ]
        );
    }

    #[tokio::test]
    async fn points_of_files_are_added_until_they_are_replaced_and_win() {
        let (_folder, store, run) = store().await;
        let output = [("loss", None, 9.0), ("other", None, 8.0)];
        record(&store, run, MetricSource::Output, false, &output).await;
        let file = |value| [("loss", Some(value), value)];
        record(&store, run, MetricSource::File, true, &file(1.0)).await;
        record(&store, run, MetricSource::File, false, &file(2.0)).await;
        let both = [(Some(1.0), 1.0), (Some(2.0), 2.0)];
        assert_eq!(series(&store, run, "loss").await, both);
        record(&store, run, MetricSource::File, true, &file(3.0)).await;
        assert_eq!(series(&store, run, "loss").await, [(Some(3.0), 3.0)]);
        assert_eq!(series(&store, run, "other").await, [(None, 8.0)]);
        record(&store, run, MetricSource::File, true, &[]).await;
        assert_eq!(series(&store, run, "loss").await, [(None, 9.0)]);
    }
}
