//! A JSON object a line, with a step: MMEngine's `scalars.json`, Detectron2's `metrics.json`, and
//! what scripts append by `json.dumps`.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Map, Value};

use super::curve::{CurveCheck, NotACurve};
use super::lines::complete_lines;
use super::vocabulary::{is_measured, is_part, is_part_key, step_rank, with_part};
use crate::model::metric::NewMetricPoint;
use crate::runner::metrics::stream::python::to_json;

/// The longest line.
const LINE_MAX: usize = 64 << 10;
/// How deep objects in objects are followed.
const DEPTH_MAX: usize = 4;
/// The most metrics of one line.
const VALUES_MAX: usize = 200;
/// Lines without a step (settings, the environment) that may stand before the first one that has one.
const LINES_BEFORE_MAX: u32 = 16;
/// A text beside the step that is longer is an example of a data set.
const TEXT_MAX: usize = 500;

/// Reads the lines of a file one after the other.
#[derive(Debug, Default)]
pub struct JsonLinesParser {
    check: CurveCheck,
    /// Lines seen until one has a step.
    before: u32,
    has_step: bool,
}

impl JsonLinesParser {
    /// Reads the complete lines of `bytes`, and answers with their length. O(length).
    ///
    /// # Errors
    /// Where this is no curve.
    pub fn read(
        &mut self,
        bytes: &[u8],
        points: &mut Vec<NewMetricPoint>,
    ) -> Result<usize, NotACurve> {
        let (lines, length) = complete_lines(bytes);
        for line in lines {
            if !line.trim_ascii().is_empty() {
                self.read_line(line, points)?;
            }
        }
        Ok(length)
    }

    fn read_line(
        &mut self,
        line: &[u8],
        points: &mut Vec<NewMetricPoint>,
    ) -> Result<(), NotACurve> {
        let object = parse_object(line).filter(|_| line.len() <= LINE_MAX);
        let Some(object) = object else {
            // A torn line among good ones is passed over.
            return if self.has_step {
                Ok(())
            } else {
                Err(NotACurve)
            };
        };
        let Some(step) = step_of(&object) else {
            self.before += 1;
            let too_many = !self.has_step && self.before > LINES_BEFORE_MAX;
            return if too_many { Err(NotACurve) } else { Ok(()) };
        };
        self.has_step = true;
        let texts = || object.values().filter_map(Value::as_str);
        if texts().any(|text| text.len() > TEXT_MAX) {
            return Err(NotACurve);
        }
        let part = object.iter().find_map(|(key, value)| {
            let value = value.as_str()?;
            (is_part_key(key) && is_part(value)).then_some(value)
        });
        let shape = shape_of(&object);
        let mut values = Vec::new();
        flatten("", &object, 1, &mut values);
        for (name, value) in values {
            let name = part.map_or_else(|| name.clone(), |part| with_part(part, &name));
            let step = Some(step);
            self.check
                .add(NewMetricPoint { name, step, value }, shape, points)?;
        }
        Ok(())
    }

    /// With `single`, lets through a single line: nothing follows it.
    pub fn finish(&mut self, single: bool, points: &mut Vec<NewMetricPoint>) {
        if single {
            self.check.release(points);
        }
    }
}

/// A hash of the keys: lines with the same ones are written by the same part of a program.
fn shape_of(object: &Map<String, Value>) -> u64 {
    let mut hasher = DefaultHasher::new();
    object.keys().for_each(|key| key.hash(&mut hasher));
    hasher.finish()
}

/// A JSON object, also with Python's `NaN` and `Infinity`.
pub(super) fn parse_object(line: &[u8]) -> Option<Map<String, Value>> {
    let line = str::from_utf8(line).ok()?.trim();
    if !line.starts_with('{') {
        return None;
    }
    let parsed = serde_json::from_str(line);
    parsed
        .or_else(|_| serde_json::from_str(&to_json(line)))
        .ok()
}

/// The number of a value; of the texts those that Python's JSON has for what is not finite.
pub(super) fn number_of(value: &Value) -> Option<f64> {
    match value {
        Value::Number(value) => value.as_f64(),
        Value::String(text) => match text.as_str() {
            "NaN" | "nan" => Some(f64::NAN),
            "Infinity" | "inf" => Some(f64::INFINITY),
            "-Infinity" | "-inf" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
}

/// The step of an object, by the best of its names.
pub(super) fn step_of(object: &Map<String, Value>) -> Option<f64> {
    let steps = object.iter().filter_map(|(key, value)| {
        let step = number_of(value).filter(|step| step.is_finite());
        Some((step_rank(key)?, step?))
    });
    steps.min_by_key(|(rank, _)| *rank).map(|(_, step)| step)
}

/// The measurements of an object; of objects inside as `outer/inner`.
pub(super) fn flatten(
    prefix: &str,
    object: &Map<String, Value>,
    depth: usize,
    values: &mut Vec<(String, f64)>,
) {
    for (key, value) in object {
        let name = match prefix {
            "" => key.clone(),
            prefix => format!("{prefix}/{key}"),
        };
        if let Value::Object(inner) = value {
            if depth < DEPTH_MAX {
                flatten(&name, inner, depth + 1, values);
            }
        } else if let Some(value) = number_of(value)
            && is_measured(&name)
            && values.len() < VALUES_MAX
        {
            values.push((name, value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(String, f64, f64)>, NotACurve> {
        let mut parser = JsonLinesParser::default();
        let mut points = Vec::new();
        parser.read(text.as_bytes(), &mut points)?;
        let point = |point: NewMetricPoint| (point.name, point.step.unwrap(), point.value);
        Ok(points.into_iter().map(point).collect())
    }

    fn check(text: &str, expected: &[(&str, f64, f64)]) {
        let found = read(text).unwrap();
        let found: Vec<_> = found
            .iter()
            .map(|(name, step, value)| (name.as_str(), *step, *value))
            .collect();
        assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{text}");
    }

    #[test]
    fn each_name_has_its_own_steps() {
        // MMEngine counts iterations in training, epochs in validation; the time of the first wins.
        check(
            "{\"loss\": 2.0, \"time\": 0.1, \"epoch\": 1, \"iter\": 10, \"step\": 10}\n\
             {\"loss\": 1.0, \"time\": 0.1, \"epoch\": 1, \"iter\": 20, \"step\": 20}\n\
             {\"acc\": 0.5, \"time\": 0.7, \"step\": 1}\n\
             {\"loss\": NaN, \"time\": 0.1, \"epoch\": 2, \"iter\": 30, \"step\": 30}\n\
             {\"acc\": 0.6, \"time\": 0.7, \"step\": 2}\n",
            &[
                ("loss", 10.0, 2.0),
                ("time", 10.0, 0.1),
                ("loss", 20.0, 1.0),
                ("time", 20.0, 0.1),
                ("acc", 1.0, 0.5),
                ("loss", 30.0, f64::NAN),
                ("time", 30.0, 0.1),
                ("acc", 2.0, 0.6),
            ],
        );
    }

    #[test]
    fn parts_objects_and_what_is_no_metric() {
        check(
            "{\"env\": \"Python\", \"seed\": 1}\n\
             {\"mode\": \"train\", \"epoch\": 1, \"loss\": 0.5, \"eta_seconds\": 9, \"ok\": true}\n\
             {\"mode\": \"val\", \"epoch\": 1, \"bbox\": {\"AP\": 30}, \"note\": \"x\", \"ts\": 7}\n\
             {\"mode\": \"train\", \"epoch\": 2, \"loss\": 0.4}\n",
            &[
                ("train/loss", 1.0, 0.5),
                ("val/bbox/AP", 1.0, 30.0),
                ("train/loss", 2.0, 0.4),
            ],
        );
    }

    #[test]
    fn data_sets_and_settings_are_no_curves() {
        let samples = "{\"id\": 1, \"label\": 2}\n".repeat(100);
        let long = format!(
            "{{\"step\": 1, \"prompt\": \"{}\", \"r\": 1}}\n",
            "x".repeat(600)
        );
        let rollouts = "{\"step\": 1, \"reward\": 0.5}\n".repeat(100);
        for text in ["[1]\n", "{\n \"step\": 1\n}\n", &samples, &long, &rollouts] {
            assert_eq!(read(text), Err(NotACurve), "{text:.40}");
        }
        // One line of its own may be settings.
        assert_eq!(read("{\"epoch\": 10, \"lr\": 0.1}\n"), Ok(Vec::new()));
    }

    #[test]
    fn a_torn_line_is_passed_over_and_an_unfinished_one_waited_for() {
        check(
            "{\"step\": 1, \"a\": 1}\n{\"step\": 2, \"a\n{\"step\": 3, \"a\": 3}\n{\"step\": 4",
            &[("a", 1.0, 1.0), ("a", 3.0, 3.0)],
        );
    }
}
