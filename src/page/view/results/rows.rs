//! Joins the trials of the compared runs to one table: pure.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::metrics;
use super::rank::{self, SortKey};
use crate::api::{ExperimentState, FixedArgument, Run, Timestamp, TrialRow};
use crate::page::state::RunTrials;
use crate::page::view::clock::trial_seconds;

/// A column that the table can be sorted by.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Column {
    /// The run's name.
    Run,
    /// The trial's number in its run.
    Trial,
    /// A swept argument.
    Argument(String),
    /// A metric.
    Metric(String),
    /// Training time.
    Time,
    /// Cost.
    Cost,
    /// The training time that the launch estimated.
    EstimatedTime,
    /// The cost that the launch estimated.
    EstimatedCost,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Table {
    /// Swept arguments of any of the runs, and the fixed ones that differ between them.
    pub(super) columns: Vec<String>,
    /// Metrics of any of the runs, but for `constants`.
    pub(super) metrics: Vec<String>,
    /// Metrics that have the same value in all trials that have them.
    pub(super) constants: Vec<String>,
    pub(super) rows: Vec<Row>,
    /// How many trials of these runs have not been read.
    pub(super) unread: u64,
    /// Whose price the costs of a run are, by its name: `as if on m5a.large`.
    pub(super) cost_notes: BTreeMap<String, String>,
}

/// One trial.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    /// The name of its run.
    pub(super) run: String,
    /// The values of the table's columns by name; none where the run has no such argument.
    pub(super) values: BTreeMap<String, String>,
    /// The trial as the server reports it.
    pub(super) trial: TrialRow,
}

/// Sums over completed trials that have an estimate.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Totals {
    pub(super) trials: u128,
    pub(super) estimated_seconds: f64,
    pub(super) seconds: f64,
    /// USD, estimated and actual; `None` where one of them is unknown.
    pub(super) costs: Option<(f64, f64)>,
}

impl Default for Totals {
    fn default() -> Totals {
        Totals {
            trials: 0,
            estimated_seconds: 0.0,
            seconds: 0.0,
            costs: Some((0.0, 0.0)),
        }
    }
}

impl Table {
    /// Joins the trials of some runs. O(trials · columns).
    pub(super) fn join(runs: &[(RunTrials, Run)]) -> Table {
        let mut table = Table {
            columns: columns_of(runs),
            ..Table::default()
        };
        for (trials, run) in runs {
            push_missing(&mut table.metrics, &trials.metrics);
            let counted = run.status.experiment_counts.total().max(0) as u64;
            let total = trials.total.unwrap_or(counted);
            table.unread += total.saturating_sub(trials.rows.len() as u64);
            let fixed: BTreeMap<String, String> = fixed_arguments(run)
                .filter(|fixed| table.columns.contains(&fixed.name))
                .map(|fixed| (fixed.name.clone(), fixed.value.clone()))
                .collect();
            table.rows.extend(trials.rows.values().map(|trial| Row {
                run: run.name.clone(),
                values: argument_values(&fixed, &trials.columns, trial),
                trial: trial.clone(),
            }));
        }
        metrics::split_shares(&mut table);
        metrics::set_constants_apart(&mut table);
        table
    }

    /// The note on the costs of all trials, where it is the same.
    pub(super) fn shared_cost_note(&self) -> Option<&String> {
        let first = self.cost_notes.get(&self.rows.first()?.run)?;
        let is_shared = |row: &Row| self.cost_notes.get(&row.run) == Some(first);
        self.rows.iter().all(is_shared).then_some(first)
    }

    /// The index of the completed trial that is best by a metric.
    pub(super) fn best(&self, metric: &str, lower: bool) -> Option<usize> {
        rank::index_of_best(
            self.rows
                .iter()
                .map(|row| row.if_succeeded(|row| row.metric(metric))),
            lower,
        )
    }

    /// The index of the completed trial that took the least time.
    pub(super) fn fastest(&self) -> Option<usize> {
        rank::index_of_best(
            self.rows.iter().map(|row| row.if_succeeded(Row::seconds)),
            true,
        )
    }

    /// The index of the completed trial that cost least.
    pub(super) fn cheapest(&self) -> Option<usize> {
        rank::index_of_best(
            self.rows
                .iter()
                .map(|row| row.if_succeeded(|row| row.trial.cost)),
            true,
        )
    }

    /// Whether any trial has an estimate.
    pub(super) fn has_estimates(&self) -> bool {
        let mut rows = self.rows.iter();
        rows.any(|row| row.trial.estimated_seconds.is_some())
    }

    /// The completed trials with an estimate: estimated and actual time and money, added up.
    pub(super) fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for row in &self.rows {
            let (estimated, taken) = (row.trial.estimated_seconds, row.if_succeeded(Row::seconds));
            if let (Some(estimated), Some(taken)) = (estimated, taken) {
                totals.trials += 1;
                totals.estimated_seconds += estimated;
                totals.seconds += taken;
                let costs = row.trial.estimated_cost.zip(row.trial.cost);
                totals.costs = totals
                    .costs
                    .zip(costs)
                    .map(|(sum, one)| (sum.0 + one.0, sum.1 + one.1));
            }
        }
        totals
    }

    /// The indices of the rows in the order of a column; equal rows keep launch order.
    pub(super) fn sorted_indices(&self, by: &Column, ascending: bool) -> Vec<usize> {
        let keys: Vec<SortKey> = self.rows.iter().map(|row| row.sort_key(by)).collect();
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

    /// The run time of a trial in seconds; `None` until it has ended.
    pub(super) fn seconds(&self) -> Option<f64> {
        let end: Timestamp = self.trial.finish_timestamp?;
        trial_seconds(&self.trial, end)
    }

    fn if_succeeded<T>(&self, read: impl Fn(&Row) -> Option<T>) -> Option<T> {
        if self.trial.state == ExperimentState::Succeeded {
            read(self)
        } else {
            None
        }
    }

    fn sort_key(&self, by: &Column) -> SortKey {
        match by {
            Column::Run => SortKey::Text(self.run.clone()),
            Column::Trial => SortKey::Number(self.trial.number.into()),
            Column::Argument(name) => SortKey::of_value(self.values.get(name).map(String::as_str)),
            Column::Metric(name) => SortKey::of_number(self.metric(name)),
            Column::Time => SortKey::of_number(self.seconds()),
            Column::Cost => SortKey::of_number(self.trial.cost),
            Column::EstimatedTime => SortKey::of_number(self.trial.estimated_seconds),
            Column::EstimatedCost => SortKey::of_number(self.trial.estimated_cost),
        }
    }
}

/// The script where it differs between the runs, then the swept arguments of any of them, then the
/// fixed ones that differ or that some run lacks. A run whose server does not list its fixed
/// arguments takes no part in the comparison.
fn columns_of(runs: &[(RunTrials, Run)]) -> Vec<String> {
    let mut columns = Vec::new();
    for (trials, run) in runs {
        push_missing(&mut columns, &run.status.columns);
        push_missing(&mut columns, &trials.columns);
    }
    let listing: Vec<_> = runs
        .iter()
        .filter_map(|(_, run)| run.status.fixed_arguments.as_deref())
        .collect();
    let mut seen: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
    let mut differing: BTreeSet<&str> = BTreeSet::new();
    for FixedArgument { name, value } in listing.iter().copied().flatten() {
        let (uses, first_value) = seen.entry(name).or_insert((0, value));
        *uses += 1;
        if *first_value != value {
            differing.insert(name);
        }
    }
    let differs =
        |name: &str| differing.contains(name) || seen.get(name).map(|s| s.0) != Some(listing.len());
    let names = listing.iter().copied().flatten().map(|fixed| &fixed.name);
    let shown: Vec<String> = names.filter(|name| differs(name)).cloned().collect();
    push_missing(&mut columns, &shown);
    // The script stands before its arguments.
    if let Some(place) = columns
        .iter()
        .position(|name| name == FixedArgument::SCRIPT)
    {
        columns[..=place].rotate_right(1);
    }
    columns
}

/// The fixed arguments of a run; none where its server does not list them.
fn fixed_arguments(run: &Run) -> impl Iterator<Item = &FixedArgument> {
    run.status.fixed_arguments.iter().flatten()
}

/// A trial's arguments by name: its run's fixed ones, and over them the swept ones.
fn argument_values(
    fixed: &BTreeMap<String, String>,
    columns: &[String],
    row: &TrialRow,
) -> BTreeMap<String, String> {
    let mut values = fixed.clone();
    let swept = columns.iter().zip(&row.values);
    values.extend(swept.filter_map(|(name, value)| Some((name.clone(), value.clone()?))));
    values
}

fn push_missing(all: &mut Vec<String>, names: &[String]) {
    for name in names {
        if !all.contains(name) {
            all.push(name.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{CreateRun, RunStatus, SpaceIndex};
    use crate::sweep::{Part, Plan, Ranges, Settings, read};
    use crate::testing::test;

    /// What a server answers for the runs that a text launches, each with its first two trials.
    fn launched(text: &str) -> Vec<(RunTrials, Run)> {
        let settings = Settings {
            drawn_seed: 7,
            ..Settings::default()
        };
        let plan = read(text, &settings).plan;
        let parts = (0..).zip(plan.parts());
        parts
            .map(|(number, part)| launched_part(&plan, number, part))
            .collect()
    }

    fn launched_part(plan: &Plan, number: u32, part: &Part) -> (RunTrials, Run) {
        let all = Ranges::full(plan.len());
        let CreateRun { spec, .. } =
            crate::launch::create_request(plan, number, &all, "local", None).unwrap();
        let axes: Vec<String> = part
            .axes()
            .iter()
            .map(|axis| axis.name().to_owned())
            .collect();
        let status = RunStatus {
            columns: axes.clone(),
            fixed_arguments: crate::launch::list_fixed_arguments(part),
            ..RunStatus::default()
        };
        let name = format!("run-{number}");
        let created_at = Timestamp::from_micros(0);
        let run = Run {
            id: name.clone(),
            name,
            description: String::new(),
            created_at,
            updated_at: created_at,
            spec,
            status,
        };
        let value = |axis: &String, index| {
            let slot = part.find_argument(axis.trim_start_matches('-'))?;
            part.value(slot, index)
        };
        let rows = (0..2).filter_map(|n: u32| {
            let index = part.index_at(n.into())?;
            let values: Vec<_> = axes.iter().map(|axis| value(axis, index)).collect();
            let row: TrialRow = serde_json::from_value(serde_json::json!({
                "id": "x", "name": "x", "number": n, "index": SpaceIndex(index),
                "state": ExperimentState::Succeeded, "values": values,
            }))
            .unwrap();
            Some((n, row))
        });
        let mut trials = RunTrials::default();
        trials.rows = rows.collect();
        trials.columns = axes;
        (trials, run)
    }

    fn joined(commands: &str) -> Table {
        Table::join(&launched(commands))
    }

    #[test]
    fn fixed_arguments_that_differ_between_runs_are_columns() {
        let table = joined(
            "grid run f.py --batch_size 8 --fixed 1\ngrid run f.py --batch_size 16 --fixed 1",
        );
        assert_eq!(table.columns, ["--batch_size"]);
        let values: Vec<_> = table
            .rows
            .iter()
            .map(|row| row.values["--batch_size"].as_str())
            .collect();
        assert_eq!(values, ["8", "16"]);
    }

    #[test]
    fn swept_and_fixed_arguments_share_a_column() {
        let table = joined(
            "grid run f.py --lr \"uniform(0, 1, 2)\" --b 8\ngrid run --strategy none f.py --lr 0.5 --b '[1]'",
        );
        assert_eq!(table.columns, ["--lr", "--b"]);
        let rows: Vec<_> = table
            .rows
            .iter()
            .map(|row| (row.values["--lr"].as_str(), row.values["--b"].as_str()))
            .collect();
        assert_eq!(rows.len(), 3);
        assert_eq!(rows[2], ("0.5", "[1]"));
        assert!(rows[0].0.starts_with("0.") && rows[0].0 != rows[1].0 && rows[0].1 == "8");
    }

    #[test]
    fn estimates_are_compared_with_what_completed() {
        let mut table = joined("grid run f.py --x '[1, 2]'");
        assert!(!table.has_estimates());
        let ran = |row: &mut Row, estimated: f64, seconds: i64, cost: Option<f64>| {
            row.trial.start_timestamp = Some(Timestamp::from_micros(0));
            row.trial.finish_timestamp = Some(Timestamp::from_micros(seconds * 1_000_000));
            row.trial.estimated_seconds = Some(estimated);
            row.trial.estimated_cost = Some(0.25);
            row.trial.cost = cost;
        };
        ran(&mut table.rows[0], 10.0, 12, Some(0.5));
        table.rows[1].trial.state = ExperimentState::Failed;
        ran(&mut table.rows[1], 10.0, 1, Some(0.125));
        let one = table.totals();
        assert_eq!(
            (one.trials, one.estimated_seconds, one.seconds),
            (1, 10.0, 12.0)
        );
        assert_eq!(one.costs, Some((0.25, 0.5)));
        table.rows[1].trial.state = ExperimentState::Succeeded;
        assert_eq!(table.totals().costs, Some((0.5, 0.625)));
        table.rows[1].trial.cost = None;
        assert_eq!((table.totals().trials, table.totals().costs), (2, None));
        assert!(table.has_estimates());
    }

    #[test]
    fn one_run_has_the_swept_arguments_alone() {
        assert_eq!(
            joined("grid run f.py --x \"[1, 2]\" --y 3").columns,
            ["--x"]
        );
    }

    #[test]
    fn scripts_flags_and_repeated_arguments_are_columns_where_runs_differ_in_them() {
        let table = joined(
            "grid run a.py --lr '[1, 2]' --t 1 --t 2 --fast\ngrid run b.py --lr '[1, 2]' --t 1 --t 3 x",
        );
        assert_eq!(table.columns, ["script", "--lr", "--t#2", "--fast", "#1"]);
        let values = |row: usize| {
            let row = &table.rows[row].values;
            table
                .columns
                .iter()
                .map(move |name| row.get(name).map_or("-", String::as_str))
        };
        assert_eq!(
            values(0).collect::<Vec<_>>(),
            ["a.py", "1", "2", "--fast", "-"]
        );
        assert_eq!(values(3).collect::<Vec<_>>(), ["b.py", "2", "3", "-", "x"]);
    }

    #[test]
    fn a_run_of_an_older_server_has_its_swept_arguments_alone() {
        let mut runs = launched("grid run f.py --x '[1, 2]' --y 3\ngrid run f.py --x 3 --y 4");
        runs[1].1.status.fixed_arguments = None;
        let table = Table::join(&runs);
        assert_eq!(table.columns, ["--x"]);
        let known = table.rows.iter().map(|row| row.values.get("--x").is_some());
        assert_eq!(known.collect::<Vec<_>>(), [true, true, false]);
    }
}
