//! Which metrics can be compared, and which say nothing: pure.

use super::rank::is_share;
use super::rows::{Row, Table};

/// A share is at most this as a fraction, and as a percentage.
const WHOLE: f64 = 1.0;
const WHOLE_PERCENT: f64 = 100.0;

/// Makes two metrics of a share (an accuracy, a recall, …) that some trials wrote as a fraction and
/// others in percent: `acc (0–1)` and `acc (0–100)`, so that 0.97 is not ranked below 96. Which trials
/// did which is judged by size, as a metric's unit is not recorded: 1 is a fraction, and 0, which is both, goes
/// with the majority. A run in percent whose trial stays below 1 % has it in the wrong column, where it is
/// not best. O(trials · metrics).
pub(super) fn split_shares(table: &mut Table) {
    for name in std::mem::take(&mut table.metrics) {
        let values = table.rows.iter().filter_map(|row| row.metric(&name));
        let (mut fractions, mut percentages, mut others) = (0, 0, 0);
        for value in values.filter(|value| value.is_finite() && *value != 0.0) {
            match value {
                _ if value > 0.0 && value <= WHOLE => fractions += 1,
                _ if value > WHOLE && value <= WHOLE_PERCENT => percentages += 1,
                _ => others += 1,
            }
        }
        if others > 0 || fractions == 0 || percentages == 0 || !is_share(&name) {
            table.metrics.push(name);
            continue;
        }
        let mut names = [[&name, " (0–1)"].concat(), [&name, " (0–100)"].concat()];
        let zero_is_percent = percentages > fractions;
        for row in &mut table.rows {
            if let Some(value) = row.trial.metrics.remove(&name) {
                let percent = value.0 > WHOLE || (value.0 == 0.0 && zero_is_percent);
                let name = names[usize::from(percent)].clone();
                row.trial.metrics.insert(name, value);
            }
        }
        if zero_is_percent {
            names.reverse();
        }
        table.metrics.extend(names);
    }
}

/// Moves the metrics that are the same in all trials, of which there are at least two, to the table's
/// constants. If no other is left they stay: then they are the result. O(trials · metrics).
pub(super) fn set_constants_apart(table: &mut Table) {
    let all = std::mem::take(&mut table.metrics);
    let (constants, others): (Vec<_>, Vec<_>) = all
        .into_iter()
        .partition(|name| is_constant(&table.rows, name));
    if others.is_empty() {
        table.metrics = constants;
    } else {
        (table.metrics, table.constants) = (others, constants);
    }
}

fn is_constant(rows: &[Row], name: &str) -> bool {
    let mut values = rows.iter().filter_map(|row| row.metric(name));
    let Some(first) = values.next() else {
        return false;
    };
    let mut others = values.peekable();
    others.peek().is_some()
        && others.all(|value| value == first || (value.is_nan() && first.is_nan()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{ExperimentState, MetricValue};
    use crate::testing::test;

    fn table(metrics: &[(&str, &[Option<f64>])]) -> Table {
        let trials = metrics.first().map_or(0, |(_, values)| values.len());
        let row = |number: usize| {
            let measured = metrics.iter().filter_map(|(name, values)| {
                Some(((*name).to_owned(), MetricValue(values[number]?)))
            });
            let mut trial: crate::api::TrialRow = serde_json::from_value(serde_json::json!({
                "id": "x", "name": "x", "number": number, "index": number,
                "state": ExperimentState::Succeeded,
            }))
            .unwrap();
            trial.metrics = measured.collect();
            Row {
                run: "r".to_owned(),
                values: Default::default(),
                trial,
            }
        };
        Table {
            metrics: metrics.iter().map(|(name, _)| (*name).to_owned()).collect(),
            rows: (0..trials).map(row).collect(),
            ..Table::default()
        }
    }

    #[test]
    fn fractions_and_percentages_of_one_name_are_kept_apart() {
        let values = [Some(0.9667), Some(96.2), Some(94.0), Some(0.0), None];
        let mut mixed = table(&[("val_acc", &values), ("loss", &[Some(0.5); 5])]);
        split_shares(&mut mixed);
        assert_eq!(mixed.metrics, ["val_acc (0–100)", "val_acc (0–1)", "loss"]);
        let in_percent = mixed.rows.iter().map(|row| row.metric("val_acc (0–100)"));
        let expected = [None, Some(96.2), Some(94.0), Some(0.0), None];
        assert_eq!(in_percent.collect::<Vec<_>>(), expected);
        assert_eq!(mixed.best("val_acc (0–100)", false), Some(1));
        assert_eq!(mixed.best("val_acc (0–1)", false), Some(0));
    }

    #[test]
    fn metrics_that_are_no_mixture_stay_as_they_are() {
        for (name, values) in [
            ("acc", [0.5, 0.97, 1.0]),
            ("acc", [12.0, 96.0, 0.0]),
            ("loss", [0.4, 2.3, 50.0]),
            ("error", [0.4, 2.3, 50.0]),
            ("score", [0.4, 2.3, 50.0]),
            ("acc", [0.4, 2.3, 500.0]),
            ("acc", [-0.4, 2.3, 50.0]),
        ] {
            let mut whole = table(&[(name, &values.map(Some))]);
            split_shares(&mut whole);
            assert_eq!(whole.metrics, [name], "{values:?}");
        }
    }

    #[test]
    fn what_is_the_same_in_all_trials_is_set_apart() {
        let nan = Some(f64::NAN);
        let mut whole = table(&[
            ("epoch", &[Some(5.0), Some(5.0), None]),
            ("loss", &[Some(0.5), Some(0.4), nan]),
            ("nothing", &[nan, nan, nan]),
            ("once", &[Some(1.0), None, None]),
        ]);
        set_constants_apart(&mut whole);
        assert_eq!(whole.metrics, ["loss", "once"]);
        assert_eq!(whole.constants, ["epoch", "nothing"]);
        let mut alone = table(&[("acc", &[Some(1.0), Some(1.0)])]);
        set_constants_apart(&mut alone);
        assert_eq!((alone.metrics.len(), alone.constants.len()), (1, 0));
    }
}
