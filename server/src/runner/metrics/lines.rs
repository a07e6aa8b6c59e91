//! What a line of standard output measures.
//!
//! A line counts in one of three forms:
//!
//! 1. **A JSON object**, or a Python dictionary as `print` shows it: each number is a metric by
//!    its key, objects inside give `outer/inner`. `NaN`, `Infinity`, `nan` and `inf` are numbers.
//!    Texts, booleans, lists and the keys `timestamp` and `ts` are not.
//! 2. **`name=value`**, anywhere on the line but inside parentheses. The name is one word of
//!    letters, digits, `_`, `.`, `/` and `-` that begins with a letter, with a blank, comma,
//!    semicolon, bar or square bracket before it (so `--lr=1`, `?page=2` and `Namespace(lr=1)`
//!    do not count).
//! 3. **`name: value`**, if the line has nothing else: pairs, one after the other or parted by
//!    commas, semicolons, bars or dashes, with a name of up to three words. So `12:30:45`,
//!    `Date: 2024-01-01`, `Version: 1.2.3` and a sentence with a colon in it do not count.
//!
//! A value is a decimal number, `nan` or `inf`, with nothing after it but a blank, a separator or
//! a `%`, which is dropped. `step`, `global_step`, `iteration`, `iter` and `epoch` (in this order,
//! by name in any case, also as `Epoch 3/10` at the start of form 2 or 3) are no metrics but say
//! where the others stand.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sweep_planner::api::MetricValue;

use super::python::{as_json, is_not_finite};

/// The longest line that is looked at, in bytes.
pub const LINE_MAX: usize = 16 << 10;
/// The most metrics of one line.
const VALUES_MAX: usize = 200;
/// The longest name of a metric, in bytes.
const NAME_MAX: usize = 100;
/// The most words of a name in the form `name: value`.
const WORDS_MAX: usize = 3;
/// How deep objects in objects are followed.
const DEPTH_MAX: usize = 4;

/// The names that say where a measurement stands; the first on the line wins by this order.
const STEPS: [&str; 5] = ["step", "global_step", "iteration", "iter", "epoch"];

/// What one line measures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The step written beside it.
    pub step: Option<f64>,
    /// At least one metric, by name, in the order written.
    pub values: Vec<(String, MetricValue)>,
}

/// Reads a line. `None` if it measures nothing. O(length).
pub fn measure(line: &str) -> Option<Measured> {
    let line = line.trim();
    if line.len() > LINE_MAX {
        return None;
    }
    let pairs = if line.starts_with('{') {
        object(line)?
    } else {
        let (marker, rest) = step_marker(line);
        let mut pairs: Vec<_> = marker.into_iter().collect();
        pairs.extend(colon_pairs(rest).or_else(|| equals_pairs(rest))?);
        pairs
    };
    collect(pairs)
}

/// Parts steps from metrics.
fn collect(pairs: Vec<(String, f64)>) -> Option<Measured> {
    let mut measured = Measured::default();
    let mut best = STEPS.len();
    for (name, value) in pairs {
        let rank = STEPS
            .iter()
            .position(|step| step.eq_ignore_ascii_case(&name));
        match rank {
            Some(rank) if rank <= best && value.is_finite() => {
                best = rank;
                measured.step = Some(value);
            }
            Some(_) => {}
            None if name.len() <= NAME_MAX && measured.values.len() < VALUES_MAX => {
                measured.values.push((name, MetricValue(value)));
            }
            None => {}
        }
    }
    (!measured.values.is_empty()).then_some(measured)
}

/// A number as Python, C and Rust print them: no `0x`, no `1_000`, no `1,000`.
fn number(text: &str) -> Option<f64> {
    let plain = text.trim_start_matches(['+', '-']);
    let fits = text.len() - plain.len() <= 1
        && (plain.eq_ignore_ascii_case("nan")
            || plain.eq_ignore_ascii_case("inf")
            || plain.eq_ignore_ascii_case("infinity")
            || plain.starts_with(|first: char| first.is_ascii_digit() || first == '.'));
    fits.then(|| text.parse().ok()).flatten()
}

fn is_name(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && word
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.' | '/' | '-'))
}

/// `Epoch 3/10`, `[step 5]` or `Iteration 7:` at the start of a line, and what follows it.
fn step_marker(line: &str) -> (Option<(String, f64)>, &str) {
    let found = || {
        let inner = line.trim_start_matches('[').trim_start();
        let word = inner.split([' ', '\t']).next()?;
        STEPS.iter().find(|step| step.eq_ignore_ascii_case(word))?;
        let rest = inner[word.len()..].trim_start();
        let end = rest
            .find(|letter: char| !letter.is_ascii_digit() && letter != '/')
            .unwrap_or(rest.len());
        let (digits, rest) = rest.split_at(end);
        let value = digits.split('/').next().and_then(number)?;
        let separator = |letter: char| matches!(letter, ']' | ':' | ',' | '-' | '|' | ';');
        let clean =
            rest.is_empty() || rest.starts_with(|l: char| l.is_whitespace() || separator(l));
        let rest = rest.trim_start_matches(|l: char| l.is_whitespace() || separator(l));
        clean.then(|| ((word.to_owned(), value), rest))
    };
    match found() {
        Some((marker, rest)) => (Some(marker), rest),
        None => (None, line),
    }
}

/// All pairs of a line in the form `name: value` that has nothing else.
fn colon_pairs(line: &str) -> Option<Vec<(String, f64)>> {
    let mut pairs = Vec::new();
    let mut words: Vec<&str> = Vec::new();
    let mut tokens = line.split_whitespace().peekable();
    while let Some(token) = tokens.next() {
        let token = token.trim_matches([',', ';', '|']);
        if token.is_empty() || token == "-" || token == "–" {
            words.is_empty().then_some(())?;
            continue;
        }
        // `loss:` and `0.5`, or both in one.
        let (last, value) = match token.split_once(':') {
            None => {
                words.push(token);
                continue;
            }
            Some((last, "")) => (last, tokens.next()?),
            Some((last, value)) => (last, value),
        };
        words.push(last);
        let fits = words.len() <= WORDS_MAX && words.iter().all(|word| is_name(word));
        fits.then_some(())?;
        pairs.push((words.join(" "), bare(value)?));
        words.clear();
    }
    (words.is_empty() && !pairs.is_empty()).then_some(pairs)
}

/// A value with the separator or `%` after it taken off.
fn bare(value: &str) -> Option<f64> {
    let value = value.trim_end_matches([',', ';', '|']);
    number(value.strip_suffix('%').unwrap_or(value))
}

/// All pairs of a line in the form `name=value`, wherever they stand but in parentheses.
fn equals_pairs(line: &str) -> Option<Vec<(String, f64)>> {
    let line = line.replace(" = ", "=");
    let mut pairs = Vec::new();
    let mut depth = 0_usize;
    for token in line.split([' ', '\t', ',', ';', '|', '[', ']']) {
        let outside = depth == 0;
        for letter in token.chars() {
            match letter {
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        if outside
            && let Some((name, value)) = token.split_once('=')
            && is_name(name)
            && let Some(value) = bare(value)
        {
            pairs.push((name.to_owned(), value));
        }
    }
    (!pairs.is_empty()).then_some(pairs)
}

fn object(line: &str) -> Option<Vec<(String, f64)>> {
    let parsed: Map<String, Value> = serde_json::from_str(line)
        .or_else(|_| serde_json::from_str(&as_json(line)))
        .ok()?;
    let mut pairs = Vec::new();
    flatten("", &parsed, 1, &mut pairs);
    Some(pairs)
}

fn flatten(
    prefix: &str,
    object: &Map<String, Value>,
    depth: usize,
    pairs: &mut Vec<(String, f64)>,
) {
    for (key, value) in object {
        let name = if prefix.is_empty() {
            key.clone()
        } else {
            format!("{prefix}/{key}")
        };
        match value {
            Value::Number(value) if !matches!(key.as_str(), "timestamp" | "ts") => {
                pairs.extend(value.as_f64().map(|value| (name, value)));
            }
            Value::String(text) if is_not_finite(text) => {
                pairs.extend(number(text).map(|value| (name, value)));
            }
            Value::Object(inner) if depth < DEPTH_MAX => flatten(&name, inner, depth + 1, pairs),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, step: Option<f64>, values: &[(&str, f64)]) {
        let measured = measure(line).unwrap_or_else(|| panic!("nothing in {line}"));
        assert_eq!(measured.step, step, "{line}");
        let found: Vec<_> = measured
            .values
            .iter()
            .map(|(name, value)| (name.as_str(), value.0))
            .collect();
        assert_eq!(format!("{found:?}"), format!("{values:?}"), "{line}");
    }

    #[test]
    fn json_lines() {
        check(
            r#"{"epoch": 1, "accuracy": 0.9}"#,
            Some(1.0),
            &[("accuracy", 0.9)],
        );
        check(
            r#"{"step": 20, "epoch": 1, "loss": 3}"#,
            Some(20.0),
            &[("loss", 3.0)],
        );
        check(
            r#"{"epoch": 1, "step": 20, "loss": 3}"#,
            Some(20.0),
            &[("loss", 3.0)],
        );
        check(
            r#"{"loss": NaN, "a": -Infinity}"#,
            None,
            &[("a", f64::NEG_INFINITY), ("loss", f64::NAN)],
        );
        check(
            r#"{"val": {"acc": 0.5, "deep": {"x": 1}}}"#,
            None,
            &[("val/acc", 0.5), ("val/deep/x", 1.0)],
        );
        check(
            r#"{"loss": 0.1, "ok": true, "note": "NaNs", "ts": 17, "list": [1]}"#,
            None,
            &[("loss", 0.1)],
        );
    }

    #[test]
    fn python_dictionaries() {
        check("{'loss': 0.5, 'epoch': 2.0}", Some(2.0), &[("loss", 0.5)]);
        check(
            r#"{'a "b"': 1, "it's": 2, 'c\'d': 3, 'n': None, 't': True, 'x': nan}"#,
            None,
            &[
                (r#"a "b""#, 1.0),
                ("c'd", 3.0),
                ("it's", 2.0),
                ("x", f64::NAN),
            ],
        );
    }

    #[test]
    fn equals_anywhere() {
        check("accuracy=0.91", None, &[("accuracy", 0.91)]);
        check(
            "epoch=3 loss=1e-3, val_acc=97.5%",
            Some(3.0),
            &[("loss", 1e-3), ("val_acc", 97.5)],
        );
        check("Epoch 3/10 done, loss=0.25", Some(3.0), &[("loss", 0.25)]);
        check(
            "2024-01-01 12:00:00,123 INFO loss=0.5",
            None,
            &[("loss", 0.5)],
        );
        check("loss = 0.5", None, &[("loss", 0.5)]);
        check(
            "[step 5] train/loss=inf",
            Some(5.0),
            &[("train/loss", f64::INFINITY)],
        );
        check(
            "x=.5 y=-2. z=+1",
            None,
            &[("x", 0.5), ("y", -2.0), ("z", 1.0)],
        );
    }

    #[test]
    fn colons_alone_on_the_line() {
        check("accuracy: 0.91", None, &[("accuracy", 0.91)]);
        check(
            "Test set accuracy: 91.5%",
            None,
            &[("Test set accuracy", 91.5)],
        );
        check(
            "Epoch 2/5: loss: 0.5 - val_loss: 0.75",
            Some(2.0),
            &[("loss", 0.5), ("val_loss", 0.75)],
        );
        check(
            "epoch: 4, train loss: 0.5 | acc:0.9;",
            Some(4.0),
            &[("train loss", 0.5), ("acc", 0.9)],
        );
        check("Step 7 loss: nan", Some(7.0), &[("loss", f64::NAN)]);
    }

    #[test]
    fn what_is_no_metric() {
        for line in [
            "",
            "12:30:45",
            "time: 12:30:45",
            "2024-01-01 12:30:45 INFO trainer: starting",
            "Date: 2024-01-01",
            "version: 1.2.3",
            "Version=1.2.3",
            "Note that this takes a while: 3 files are missing",
            "Note: 3 files",
            "http://localhost:8080/?page=2",
            "python train.py --lr=0.1",
            "Namespace(lr=0.1, batch_size=8)",
            "loss=tensor(0.5)",
            "name=resnet18",
            "hash=0x10",
            "n=1_000",
            "epoch 3",
            "epoch=3",
            "Epoch 3/10",
            "{\"epoch\": 3}",
            "{not json}",
            "{",
            "loss:",
            ": 5",
            "=5",
            "a = b = c",
            "100%|████| 10/10 [00:01<00:00, 9.5it/s]",
            "Traceback (most recent call last):",
            "  File \"x.py\", line 3, in <module>",
            "a very long name of many words: 5",
        ] {
            assert_eq!(measure(line), None, "{line}");
        }
    }

    #[test]
    fn any_text_is_survived() {
        for line in [
            "é=1",
            "'",
            "{'",
            "{\"a\\",
            "{'a\\'",
            "-",
            "{-",
            "\u{fffd}: 1",
            "[",
            "[step",
        ] {
            measure(line);
        }
        assert_eq!(measure(&"a=1 ".repeat(LINE_MAX)), None);
    }
}
