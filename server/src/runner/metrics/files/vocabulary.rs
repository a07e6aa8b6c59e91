//! The words by which files of metrics are understood, shared by all kinds.

/// Names that say where a measurement stands, in any case; the first of a file or a line wins by
/// this order. Of a name with `/` the last part counts (`time/total_timesteps`).
const STEP_NAMES: [&str; 9] = [
    "step",
    "global_step",
    "iteration",
    "iter",
    "training_iteration",
    "total_timesteps",
    "timesteps_total",
    "timesteps",
    "epoch",
];

/// Numbers that are no measurement: places within an epoch, times of day, times to come.
const NOT_MEASURED: [&str; 17] = [
    "",
    "batch",
    "batch_idx",
    "date",
    "datetime",
    "eta",
    "eta_seconds",
    "inner_iter",
    "passed",
    "remaining",
    "timestamp",
    "total_flos",
    "ts",
    "unnamed: 0",
    "wall time",
    "wall_time",
    "walltime",
];

/// What a part of the data is called.
const PARTS: [&str; 12] = [
    "train",
    "training",
    "learn",
    "val",
    "valid",
    "validation",
    "eval",
    "evaluation",
    "test",
    "testing",
    "dev",
    "holdout",
];

/// Columns and keys that name a part of the data.
const PART_KEYS: [&str; 7] = [
    "mode", "phase", "split", "stage", "subset", "set", "dataset",
];

/// The longest name of a metric, in bytes.
pub(super) const NAME_MAX: usize = 100;

fn is_one_of(words: &[&str], name: &str) -> bool {
    words.iter().any(|word| word.eq_ignore_ascii_case(name))
}

/// How good a name is as a step: the lowest wins. `None`: it is none.
pub(super) fn step_rank(name: &str) -> Option<usize> {
    let last = name.rsplit('/').next().unwrap_or(name);
    STEP_NAMES
        .iter()
        .position(|step| step.eq_ignore_ascii_case(last))
}

/// Whether a number of this name is a measurement.
pub(super) fn is_measured(name: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or(name);
    name.len() <= NAME_MAX && step_rank(name).is_none() && !is_one_of(&NOT_MEASURED, last)
}

/// Whether a column of this name numbers the batches of an epoch.
pub(super) fn is_batch(name: &str) -> bool {
    is_one_of(&["batch", "batch_idx", "inner_iter"], name)
}

/// Whether a text in a column or under a key of this name says which part of the data is measured.
pub(super) fn is_part_key(name: &str) -> bool {
    is_one_of(&PART_KEYS, name)
}

/// Whether this word is a part of the data.
pub(super) fn is_part(word: &str) -> bool {
    is_one_of(&PARTS, word)
}

/// `part/name`, unless the name has a part of the data in it already.
pub(super) fn with_part(part: &str, name: &str) -> String {
    let mut words = name.split(|letter: char| !letter.is_ascii_alphanumeric());
    if words.any(is_part) {
        name.to_owned()
    } else {
        format!("{part}/{name}")
    }
}

/// A number as Python, C and Rust print them, blanks around it allowed: no `0x`, `1_000` or `1,000`.
pub(super) fn parse_number(text: &str) -> Option<f64> {
    // Rust's grammar of numbers is this one.
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_have_an_order() {
        assert!(step_rank("Step") < step_rank("ITER"));
        assert!(step_rank("iteration") < step_rank("Epoch"));
        assert!(step_rank("time/total_timesteps").is_some());
        assert!(step_rank("epochs").is_none() && step_rank("epoch_loss").is_none());
    }

    #[test]
    fn a_part_is_added_once() {
        assert_eq!(with_part("val", "loss"), "val/loss");
        assert_eq!(with_part("val", "val_loss"), "val_loss");
        assert_eq!(with_part("train", "valid/loss"), "valid/loss");
        assert_eq!(
            with_part("validation", "epoch_loss"),
            "validation/epoch_loss"
        );
    }

    #[test]
    fn numbers() {
        for (text, value) in [
            (" 1.5 ", 1.5),
            ("-1e-3", -1e-3),
            (".5", 0.5),
            ("inf", f64::INFINITY),
        ] {
            assert_eq!(parse_number(text), Some(value), "{text}");
        }
        assert!(parse_number("NaN").is_some_and(f64::is_nan));
        for text in [
            "",
            "0x1",
            "1_000",
            "1,000",
            "1 000",
            "12:30",
            "tensor(1)",
            "5%",
        ] {
            assert_eq!(parse_number(text), None, "{text}");
        }
    }
}
