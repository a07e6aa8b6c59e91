//! The trials of the compared runs as one table: pure.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::rank::{self, Key};
use crate::api::{ExperimentState, Run, Timestamp, TrialRow};
use crate::page::state::RunTrials;
use crate::page::view::clock::run_time;

/// A column that the table can be sorted by.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Column {
    /// The run's name.
    Run,
    /// The trial's number in its run.
    Trial,
    /// A swept argument.
    Value(String),
    /// A metric.
    Metric(String),
    /// Training time.
    Time,
    /// Cost.
    Cost,
}

/// All that the table shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Table {
    /// Swept arguments of any of the runs, in order of appearance.
    pub(super) columns: Vec<String>,
    /// Metrics of any of the runs.
    pub(super) metrics: Vec<String>,
    /// The trials.
    pub(super) rows: Vec<Row>,
    /// Trials of these runs that have not been read.
    pub(super) unread: u64,
}

/// One trial.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    /// The name of its run.
    pub(super) run: String,
    /// The swept arguments by name.
    pub(super) values: BTreeMap<String, String>,
    /// What the server says of it.
    pub(super) trial: TrialRow,
}

impl Table {
    /// Joins the trials of some runs. O(trials · columns).
    pub(super) fn join<'a>(runs: impl Iterator<Item = (&'a Run, &'a RunTrials)>) -> Table {
        let mut table = Table::default();
        for (run, trials) in runs {
            add_new(&mut table.columns, &trials.columns);
            add_new(&mut table.metrics, &trials.metrics);
            let total = trials
                .total
                .unwrap_or(run.status.experiment_counts.total().max(0) as u64);
            table.unread += total.saturating_sub(trials.rows.len() as u64);
            table.rows.extend(trials.rows.values().map(|trial| Row {
                run: run.name.clone(),
                values: values(&trials.columns, trial),
                trial: trial.clone(),
            }));
        }
        table
    }

    /// The best completed trial by a metric.
    pub(super) fn best(&self, metric: &str, lower: bool) -> Option<usize> {
        rank::best(
            self.rows
                .iter()
                .map(|row| row.finished(|row| row.metric(metric))),
            lower,
        )
    }

    /// The completed trial that took the least time.
    pub(super) fn fastest(&self) -> Option<usize> {
        rank::best(self.rows.iter().map(|row| row.finished(Row::seconds)), true)
    }

    /// The completed trial that cost least.
    pub(super) fn cheapest(&self) -> Option<usize> {
        rank::best(
            self.rows
                .iter()
                .map(|row| row.finished(|row| row.trial.cost)),
            true,
        )
    }

    /// The places of the rows in order of a column; equals keep launch order.
    pub(super) fn sorted(&self, by: &Column, ascending: bool) -> Vec<usize> {
        let keys: Vec<Key> = self.rows.iter().map(|row| row.key(by)).collect();
        let mut places: Vec<usize> = (0..self.rows.len()).collect();
        places.sort_by(|a, b| match (keys.get(*a), keys.get(*b)) {
            (Some(a), Some(b)) => rank::compare(a, b, ascending),
            _ => Ordering::Equal,
        });
        places
    }
}

impl Row {
    /// A metric's last value.
    pub(super) fn metric(&self, name: &str) -> Option<f64> {
        self.trial.metrics.get(name).map(|value| value.0)
    }

    /// Training time of an ended trial in seconds.
    pub(super) fn seconds(&self) -> Option<f64> {
        let end: Timestamp = self.trial.finish_timestamp?;
        run_time(&self.trial, end)
    }

    fn finished<T>(&self, read: impl Fn(&Row) -> Option<T>) -> Option<T> {
        if self.trial.state == ExperimentState::Succeeded {
            read(self)
        } else {
            None
        }
    }

    fn key(&self, by: &Column) -> Key {
        match by {
            Column::Run => Key::Text(self.run.clone()),
            Column::Trial => Key::Number(self.trial.number.into()),
            Column::Value(name) => Key::of_value(self.values.get(name).map(String::as_str)),
            Column::Metric(name) => Key::of_number(self.metric(name)),
            Column::Time => Key::of_number(self.seconds()),
            Column::Cost => Key::of_number(self.trial.cost),
        }
    }
}

fn values(columns: &[String], trial: &TrialRow) -> BTreeMap<String, String> {
    let pairs = columns.iter().zip(&trial.values);
    pairs
        .filter_map(|(name, value)| Some((name.clone(), value.clone()?)))
        .collect()
}

fn add_new(all: &mut Vec<String>, names: &[String]) {
    for name in names {
        if !all.contains(name) {
            all.push(name.clone());
        }
    }
}
