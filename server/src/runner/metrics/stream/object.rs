//! JSON objects, and dictionaries as Python prints them.

use serde_json::{Map, Value};

use super::number::{Number, parse_whole};
use super::python::{is_not_finite, to_json};
use super::vocabulary as words;

/// How deep objects in objects are followed.
const DEPTH_MAX: usize = 4;

/// What an object holds.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Object {
    /// Each number by its key; objects inside give `outer/inner`.
    pub(super) pairs: Vec<(String, f64)>,
    /// How many values are texts, booleans or nothing.
    pub(super) texts: usize,
}

impl Object {
    /// Whether it rather lists settings: no step, no name of a measurement, and a setting or texts.
    pub(super) fn is_dump(&self) -> bool {
        let any = |test: fn(&str) -> bool| self.pairs.iter().any(|(name, _)| test(name));
        let has_step = any(|name| words::step_rank(name).is_some());
        let settings = self
            .pairs
            .iter()
            .filter(|(name, _)| words::is_setting(name) && !words::is_metric(name))
            .count();
        let described = settings > 0 || self.texts > self.pairs.len();
        !has_step && described && (!any(words::is_metric) || settings > self.pairs.len() / 2)
    }
}

/// Reads an object that a text consists of. O(length).
pub(super) fn parse_object(text: &str) -> Option<Object> {
    let json = || serde_json::from_str(text).ok();
    let python = || serde_json::from_str(&to_json(text)).ok();
    let parsed: Map<String, Value> = if text[1..].trim_start().starts_with('\'') {
        python()?
    } else {
        json().or_else(python)?
    };
    let mut object = Object::default();
    flatten("", &parsed, 1, &mut object);
    Some(object)
}

fn flatten(prefix: &str, values: &Map<String, Value>, depth: usize, object: &mut Object) {
    for (key, value) in values {
        if words::is_progress(key) {
            continue;
        }
        if value.is_object() && words::announces_settings(key) {
            object.texts += 1;
            continue;
        }
        let name = if prefix.is_empty() {
            key.clone()
        } else {
            format!("{prefix}/{key}")
        };
        match value {
            Value::Number(value) => object
                .pairs
                .extend(value.as_f64().map(|value| (name, value))),
            Value::String(text) => match parse_text(text) {
                Some(value) => object.pairs.push((name, value)),
                None => object.texts += 1,
            },
            Value::Object(inner) if depth < DEPTH_MAX => flatten(&name, inner, depth + 1, object),
            Value::Bool(_) | Value::Null => object.texts += 1,
            Value::Object(_) | Value::Array(_) => {}
        }
    }
}

/// A number in quotes, as Hugging Face's Trainer prints them.
fn parse_text(text: &str) -> Option<f64> {
    if is_not_finite(text) {
        return text.parse().ok();
    }
    match parse_whole(text)? {
        Number::Value { value, .. } => Some(value),
        _ => None,
    }
}
