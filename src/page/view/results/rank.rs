//! Sorting results and finding the best: pure functions.

use std::cmp::Ordering;

/// What a cell is sorted by.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum SortKey {
    /// A finite number: NaN and the infinities, of trials that diverged, are `Nothing`.
    Number(f64),
    /// Text that is no number.
    Text(String),
    /// An empty cell: last in either direction.
    Nothing,
}

impl SortKey {
    /// The key of a swept value: a number where the text is one.
    pub(super) fn of_value(value: Option<&str>) -> SortKey {
        match value {
            None => SortKey::Nothing,
            Some(text) => match text.parse::<f64>() {
                Ok(number) if number.is_finite() => SortKey::Number(number),
                _ => SortKey::Text(text.to_owned()),
            },
        }
    }

    /// The key of a number that may be lacking.
    pub(super) fn of_number(number: Option<f64>) -> SortKey {
        number
            .filter(|number| number.is_finite())
            .map_or(SortKey::Nothing, SortKey::Number)
    }
}

/// The order of two cells: numbers before text, empty cells last even when descending.
pub(super) fn compare(a: &SortKey, b: &SortKey, ascending: bool) -> Ordering {
    let turn = |order: Ordering| if ascending { order } else { order.reverse() };
    match (a, b) {
        (SortKey::Nothing, SortKey::Nothing) => Ordering::Equal,
        (SortKey::Nothing, _) => Ordering::Greater,
        (_, SortKey::Nothing) => Ordering::Less,
        (SortKey::Number(a), SortKey::Number(b)) => turn(a.total_cmp(b)),
        (SortKey::Text(a), SortKey::Text(b)) => turn(a.cmp(b)),
        (SortKey::Number(_), SortKey::Text(_)) => turn(Ordering::Less),
        (SortKey::Text(_), SortKey::Number(_)) => turn(Ordering::Greater),
    }
}

/// The index of the best of some measurements, the first one of equals. NaN and the infinities are
/// never best, be it a loss of −∞: nothing was measured.
pub(super) fn index_of_best(
    values: impl Iterator<Item = Option<f64>>,
    lower_is_better: bool,
) -> Option<usize> {
    let measured = values
        .enumerate()
        .filter_map(|(at, value)| Some((at, value.filter(|value| value.is_finite())?)));
    let better = |a: &(usize, f64), b: &(usize, f64)| {
        let order = a.1.total_cmp(&b.1);
        let order = if lower_is_better {
            order
        } else {
            order.reverse()
        };
        order.then(a.0.cmp(&b.0))
    };
    measured.min_by(better).map(|(at, _)| at)
}

/// Words in a metric's name that show that less is better.
const LESS: &[&str] = &[
    "loss",
    "err",
    "mse",
    "mae",
    "rmse",
    "perplexity",
    "ppl",
    "nll",
    "wer",
    "cer",
    "fid",
    "divergence",
    "regret",
    "time",
    "seconds",
    "latency",
    "cost",
    "memory",
];
/// Words in a metric's name that show that it is a score, by which people choose.
const CHOSEN_BY: &[&str] = &[
    "acc",
    "f1",
    "auc",
    "score",
    "iou",
    "map",
    "bleu",
    "reward",
    "precision",
    "recall",
    "r2",
];

/// Words that the name of a score begins with that is a share of all: 0 to 1, or in percent.
const SHARES: &[&str] = &[
    "acc",
    "f1",
    "auc",
    "auroc",
    "iou",
    "dice",
    "map",
    "precision",
    "recall",
];

/// Whether a metric is a score of which a fraction and a percentage are written, guessed from its name.
pub(super) fn is_share(name: &str) -> bool {
    let lower = name.to_lowercase();
    let mut words = split_words(&lower);
    !lower_is_better(name) && words.any(|word| SHARES.iter().any(|share| word.starts_with(share)))
}

/// Whether less of a metric is better, guessed from its name.
pub(super) fn lower_is_better(name: &str) -> bool {
    let name = name.to_lowercase();
    split_words(&name).any(|word| {
        LESS.iter()
            .any(|less| word.starts_with(less) || word.ends_with(less))
    })
}

/// The metric that people most likely choose by: of validation or test rather than of training, a
/// score rather than a loss, never a counter.
pub(super) fn main_metric(names: &[String]) -> Option<&String> {
    let rank = |name: &String| {
        let lower = name.to_lowercase();
        let is = |known: &[&str]| {
            split_words(&lower).any(|word| known.iter().any(|known| word.starts_with(known)))
        };
        let counter = is(&["epoch", "step", "iter", "lr", "seed"]) || lower == "learning_rate";
        let held_out = is(&["val", "test", "eval", "dev"]);
        let training = is(&["train"]);
        (
            counter,
            training,
            !is(CHOSEN_BY),
            !is(LESS) && !is(CHOSEN_BY),
            !held_out,
        )
    };
    names.iter().min_by_key(|name| rank(name))
}

fn split_words(name: &str) -> impl Iterator<Item = &str> {
    name.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    fn sorted(cells: &[&str], ascending: bool) -> Vec<String> {
        let mut cells: Vec<_> = cells.iter().map(|text| (*text).to_owned()).collect();
        let key =
            |text: &String| SortKey::of_value(Some(text.as_str()).filter(|text| !text.is_empty()));
        cells.sort_by(|a, b| compare(&key(a), &key(b), ascending));
        cells
    }

    #[test]
    fn numbers_sort_by_size_and_nothing_comes_last() {
        assert_eq!(
            sorted(&["", "1e-3", "10", "9", "adam", "-2"], true),
            ["-2", "1e-3", "9", "10", "adam", ""]
        );
        assert_eq!(
            sorted(&["", "1e-3", "10", "9", "adam", "-2"], false),
            ["adam", "10", "9", "1e-3", "-2", ""]
        );
    }

    #[test]
    fn the_best_is_no_nan_and_the_first_of_equals() {
        let values = [Some(0.5), Some(f64::NAN), None, Some(0.9), Some(0.9)];
        assert_eq!(index_of_best(values.into_iter(), false), Some(3));
        assert_eq!(index_of_best(values.into_iter(), true), Some(0));
        assert_eq!(
            index_of_best([None, Some(f64::NAN)].into_iter(), true),
            None
        );
        for infinite in [f64::INFINITY, f64::NEG_INFINITY] {
            for lower in [true, false] {
                let values = [Some(infinite), Some(1.0)];
                assert_eq!(index_of_best(values.into_iter(), lower), Some(1));
                assert_eq!(index_of_best([Some(infinite)].into_iter(), lower), None);
                let keys = values.map(SortKey::of_number);
                assert_eq!(compare(&keys[0], &keys[1], lower), Ordering::Greater);
            }
        }
    }

    #[test]
    fn directions_are_guessed_from_names() {
        for name in [
            "loss",
            "val/loss",
            "train_loss",
            "test_error",
            "rmse",
            "val_WER",
            "epoch_seconds",
        ] {
            assert!(lower_is_better(name), "{name}");
        }
        for name in ["accuracy", "val/acc", "f1", "auc", "reward"] {
            assert!(!lower_is_better(name), "{name}");
        }
    }

    #[test]
    fn the_main_metric_is_a_held_out_score() {
        let choose = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
            main_metric(&names).cloned().unwrap_or_default()
        };
        assert_eq!(
            choose(&[
                "epoch",
                "train_loss",
                "train_accuracy",
                "val_loss",
                "val_accuracy"
            ]),
            "val_accuracy"
        );
        assert_eq!(choose(&["epoch", "loss", "accuracy"]), "accuracy");
        assert_eq!(choose(&["step", "train_loss", "val_loss"]), "val_loss");
        assert_eq!(choose(&["speed"]), "speed");
        assert_eq!(choose(&[]), "");
    }
}
