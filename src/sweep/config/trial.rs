//! The parts of a trial that only a config file can set: its environment, and commands around it.

use super::schema::Reader;
use super::tree::{Child, Content};
use super::value::{Entry, Value};
use crate::sweep::diagnostic::config::Problem;
use crate::sweep::literal::{Literal, float_repr};

const ACTIONS: &[&str] = &[
    "on_build",
    "on_build_start",
    "on_build_end",
    "on_experiment_start",
    "on_experiment_end",
];

impl Reader<'_> {
    pub(super) fn environment(&mut self, at: Child) {
        let mut environment = std::collections::BTreeMap::new();
        if !self.is_null(at) {
            for entry in self.entries(at, "environment").unwrap_or_default() {
                if let Some((name, value)) = self.variable(&entry) {
                    environment.insert(name, value);
                }
            }
        }
        self.config.environment = Some(environment);
    }

    fn variable(&mut self, entry: &Entry) -> Option<(String, String)> {
        // Names travel as keys of a JSON object.
        let name = match &entry.key {
            Value::Scalar(Literal::Bool(value)) => value.to_string(),
            Value::Scalar(Literal::None) => "null".into(),
            Value::Scalar(Literal::Float(value)) => float_repr(*value),
            other => other.to_str(),
        };
        if name.is_empty() || name.contains(['=', '\0']) {
            self.report(entry.key_place.span, Problem::VariableName { found: name });
            return None;
        }
        self.note_retyped_as(entry.key_place, &name);
        let value = match self.load(entry.value)? {
            Value::Timestamp(timestamp) => {
                let sent = timestamp.iso();
                self.note_retyped_as(entry.value, &sent);
                return Some((name, sent));
            }
            value if !fits_json(&value) => {
                let expected = "a text, a finite number or a boolean";
                self.expected(entry.value.span, &name, expected, &value.describe());
                return None;
            }
            value => value.to_str(),
        };
        self.note_retyped_as(entry.value, &value);
        Some((name, value))
    }

    pub(super) fn actions(&mut self, at: Child) {
        if self.is_empty_list(at) {
            return;
        }
        for (key, entry) in self.section(at, "actions", ACTIONS) {
            let commands = self.commands(key, entry.value);
            let actions = &mut self.config.actions;
            *match key {
                "on_build" => &mut actions.on_build,
                "on_build_start" => &mut actions.on_build_start,
                "on_build_end" => &mut actions.on_build_end,
                "on_experiment_start" => &mut actions.on_experiment_start,
                _ => &mut actions.on_experiment_end,
            } = commands;
        }
    }

    /// The texts of one action's list.
    fn commands(&mut self, key: &'static str, at: Child) -> Vec<String> {
        let mut commands = Vec::new();
        match self.loader.content(at) {
            Content::Sequence(items) => {
                for item in items {
                    match self.load(*item) {
                        Some(Value::Scalar(Literal::Str(text))) => commands.push(text),
                        Some(other) => {
                            self.expected(
                                item.span,
                                key,
                                "texts (write each in quotes)",
                                &other.describe(),
                            );
                        }
                        None => {}
                    }
                }
            }
            _ => match self.load(at) {
                None | Some(Value::Scalar(Literal::None)) => {}
                Some(other) => self.expected(at.span, key, "a list of texts", &other.describe()),
            },
        }
        commands
    }
}

/// Whether a value can travel as a variable: JSON has no infinity, and a list is none.
fn fits_json(value: &Value) -> bool {
    match value {
        Value::Scalar(Literal::Float(value)) => value.is_finite(),
        Value::Scalar(literal) => *literal != Literal::None,
        _ => false,
    }
}
