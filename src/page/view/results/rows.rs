//! Joins the trials of the compared runs to one table: pure.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::rank::{self, SortKey};
use crate::api::{ExperimentState, Run, Timestamp, TrialRow};
use crate::page::state::RunTrials;
use crate::page::view::clock::trial_seconds;
use crate::sweep::{Plan, Trial};

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
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Table {
    /// Swept arguments of any of the runs, in order of appearance.
    pub(super) columns: Vec<String>,
    /// Metrics of any of the runs.
    pub(super) metrics: Vec<String>,
    /// The trials.
    pub(super) rows: Vec<Row>,
    /// How many trials of these runs have not been read.
    pub(super) unread: u64,
}

/// One trial.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    /// The name of its run.
    pub(super) run: String,
    /// The swept arguments by name.
    pub(super) values: BTreeMap<String, String>,
    /// The trial as the server reports it.
    pub(super) trial: TrialRow,
}

impl Table {
    /// Joins the trials of some runs. `plan` is read from [`commands_as_text`] and has a part for each run, so
    /// that its columns include the fixed arguments that differ between runs. If the text could not
    /// be read, the columns are the swept arguments alone. O(trials · columns).
    pub(super) fn join(runs: &[(RunTrials, Run)], plan: &Plan) -> Table {
        let mut table = Table {
            columns: plan.columns().to_vec(),
            ..Table::default()
        };
        for (part, (trials, run)) in (0..).zip(runs) {
            push_missing(&mut table.columns, &trials.columns);
            push_missing(&mut table.metrics, &trials.metrics);
            let counted = run.status.experiment_counts.total().max(0) as u64;
            let total = trials.total.unwrap_or(counted);
            table.unread += total.saturating_sub(trials.rows.len() as u64);
            table.rows.extend(trials.rows.values().map(|trial| Row {
                run: run.name.clone(),
                values: argument_values(&trials.columns, trial, plan, part),
                trial: trial.clone(),
            }));
        }
        table
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
        }
    }
}

/// A trial's arguments by name: the plan's fixed ones, and over them what the server reports as swept.
fn argument_values(
    columns: &[String],
    row: &TrialRow,
    plan: &Plan,
    part: u32,
) -> BTreeMap<String, String> {
    let trial = Trial {
        position: 0,
        part,
        index: row.index.0,
    };
    let fixed = (0..).zip(plan.columns()).filter_map(|(column, name)| {
        Some((name.clone(), plan.value(&trial, column)?.into_owned()))
    });
    let swept = columns.iter().zip(&row.values);
    let swept = swept.filter_map(|(name, value)| Some((name.clone(), value.clone()?)));
    fixed.chain(swept).collect()
}

/// The commands of some runs as one text, a line for each run, with the strategy, number and seed that
/// they were launched with.
pub(super) fn commands_as_text<'a>(runs: impl Iterator<Item = &'a Run>) -> String {
    let mut text = String::new();
    for run in runs {
        let spec = &run.spec;
        text.push_str("grid run");
        let mut option = |name: &str, value: &str| text.push_str(&[" ", name, " ", value].concat());
        if !spec.sweep_type.is_empty() {
            option("--strategy", &spec.sweep_type);
        }
        if let Some(number) = &spec.sweep_options.num_trials {
            option("--num_trials", number.as_str());
        }
        if let Some(seed) = &spec.sweep_options.seed {
            option("--seed", seed.as_str());
        }
        text.push_str(&[" ", &spec.run_controller_command, "\n"].concat());
    }
    text
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
    use crate::sweep::{Ranges, Settings, read};
    use crate::testing::test;

    /// What a server would say of the runs that a text launches, each with its first two trials.
    fn launched(text: &str) -> Vec<(RunTrials, Run)> {
        let plan = read(
            text,
            &Settings {
                drawn_seed: 7,
                ..Settings::default()
            },
        )
        .plan;
        let all = Ranges::full(plan.len());
        let parts = 0..plan.parts().len() as u32;
        parts
            .map(|part| {
                let CreateRun { spec, .. } = crate::launch::create_request(&plan, part, &all, "local", None).unwrap();
                let now = Timestamp::from_micros(0);
                let name = format!("run-{part}");
                let (created_at, updated_at) = (now, now);
                let run = Run {
                    id: name.clone(), name, description: String::new(), created_at, updated_at, spec, status: RunStatus::default(),
                };
                let axes: Vec<String> = plan.parts()[part as usize].axes().iter().map(|axis| axis.name().to_owned()).collect();
                let rows = (0..2).filter_map(|n| {
                    let trial = plan.trial(plan.part_start(part) + n).filter(|trial| trial.part == part)?;
                    let value = |name: &String| plan.columns().iter().position(|column| column == name).and_then(|column| plan.value(&trial, column as u32));
                    let row: TrialRow = serde_json::from_value(serde_json::json!({
                        "id": "x", "name": "x", "number": n as u32, "index": SpaceIndex(trial.index), "state": ExperimentState::Succeeded,
                        "values": axes.iter().map(|name| value(name).map(std::borrow::Cow::into_owned)).collect::<Vec<_>>(),
                    })).unwrap();
                    Some((n as u32, row))
                });
                let mut trials = RunTrials::default();
                trials.rows = rows.collect();
                trials.columns.clone_from(&axes);
                (trials, run)
            })
            .collect()
    }

    fn joined(commands: &str) -> Table {
        let runs = launched(commands);
        let text = commands_as_text(runs.iter().map(|(_, run)| run));
        Table::join(&runs, &read(&text, &Settings::default()).plan)
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
    fn one_run_has_the_swept_arguments_alone() {
        assert_eq!(
            joined("grid run f.py --x \"[1, 2]\" --y 3").columns,
            ["--x"]
        );
    }
}
