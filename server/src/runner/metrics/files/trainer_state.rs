//! `trainer_state.json` of Hugging Face's Trainer, which holds all that was logged and is written
//! anew with each checkpoint.

use serde_json::{Map, Value};

use super::json_lines::{flatten, step_of};
use crate::model::metric::NewMetricPoint;
use crate::runner::metrics::stream::python::to_json;

/// The most points of one file.
const POINTS_MAX: usize = 200_000;

/// All points of the file, in the order logged; `None` if it is no such file, or not whole yet.
/// O(length); memory some ten times the file.
pub fn read_trainer_state(bytes: &[u8]) -> Option<Vec<NewMetricPoint>> {
    let text = str::from_utf8(bytes).ok()?;
    let mut points = Vec::new();
    let parsed = parse(text, &mut points).or_else(|_| {
        points.clear();
        // Python writes a loss that is no number as `NaN`.
        parse(&to_json(text), &mut points)
    });
    parsed.ok().map(|()| points)
}

fn parse(text: &str, points: &mut Vec<NewMetricPoint>) -> Result<(), serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    serde::Deserializer::deserialize_map(&mut deserializer, StateVisitor { points })?;
    deserializer.end()
}

/// Keeps no more of the file than its points.
struct StateVisitor<'a> {
    points: &'a mut Vec<NewMetricPoint>,
}

impl<'de> serde::de::Visitor<'de> for StateVisitor<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the state of a Trainer")
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut found = false;
        while let Some(key) = map.next_key::<String>()? {
            if key == "log_history" && !found {
                found = true;
                let points = &mut *self.points;
                map.next_value_seed(LogSeed { points })?;
            } else {
                map.next_value::<serde::de::IgnoredAny>()?;
            }
        }
        let missing = || serde::de::Error::missing_field("log_history");
        found.then_some(()).ok_or_else(missing)
    }
}

struct LogSeed<'a> {
    points: &'a mut Vec<NewMetricPoint>,
}

impl<'de> serde::de::DeserializeSeed<'de> for LogSeed<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> serde::de::Visitor<'de> for LogSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of what was logged")
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut values = Vec::new();
        while let Some(logged) = list.next_element::<Map<String, Value>>()? {
            let Some(step) = step_of(&logged) else {
                continue;
            };
            flatten("", &logged, 1, &mut values);
            for (name, value) in values.drain(..) {
                if self.points.len() < POINTS_MAX {
                    let step = Some(step);
                    self.points.push(NewMetricPoint { name, step, value });
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_logged_is_read() {
        let text = r#"{"best_metric": null, "epoch": 1.0, "global_step": 20, "log_history": [
            {"epoch": 0.5, "grad_norm": 1.5, "loss": NaN, "step": 10},
            {"epoch": 1.0, "eval_loss": 0.25, "step": 20},
            {"epoch": 1.0, "step": 20, "total_flos": 1e15, "train_loss": 0.5}
        ], "max_steps": 20, "stateful_callbacks": {"a": {"b": [1]}}}"#;
        let points = read_trainer_state(text.as_bytes()).unwrap();
        let found: Vec<_> = points
            .iter()
            .map(|point| (point.name.as_str(), point.step.unwrap(), point.value))
            .collect();
        let expected = [
            ("grad_norm", 10.0, 1.5),
            ("loss", 10.0, f64::NAN),
            ("eval_loss", 20.0, 0.25),
            ("train_loss", 20.0, 0.5),
        ];
        assert_eq!(format!("{found:?}"), format!("{expected:?}"));
        for end in 0..text.len() {
            assert_eq!(read_trainer_state(&text.as_bytes()[..end]), None, "{end}");
        }
    }

    #[test]
    fn other_json_is_none() {
        for text in [
            "{}",
            "[]",
            r#"{"log_history": 1}"#,
            r#"{"log_history": [1]}"#,
            "\u{0}",
        ] {
            assert_eq!(read_trainer_state(text.as_bytes()), None, "{text}");
        }
    }
}
