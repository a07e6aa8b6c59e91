//! The parts of a trial that only a config file can set: its environment, and commands around it.

use super::schema::SchemaReader;
use super::tree::{NodeContent, NodeRef};
use super::value::{Entry, YamlValue};
use crate::sweep::diagnostic::config::ConfigProblem;
use crate::sweep::literal::{Literal, float_repr};

const ACTIONS: &[&str] = &[
    "on_build",
    "on_build_start",
    "on_build_end",
    "on_experiment_start",
    "on_experiment_end",
];

impl SchemaReader<'_> {
    pub(super) fn read_environment(&mut self, at: NodeRef) {
        let mut environment = std::collections::BTreeMap::new();
        if !self.is_null(at) {
            for entry in self.load_entries(at, "environment").unwrap_or_default() {
                if let Some((name, value)) = self.read_variable(&entry) {
                    environment.insert(name, value);
                }
            }
        }
        self.config.environment = Some(environment);
    }

    fn read_variable(&mut self, entry: &Entry) -> Option<(String, String)> {
        // Names travel as keys of a JSON object.
        let name = match &entry.key {
            YamlValue::Scalar(Literal::Bool(value)) => value.to_string(),
            YamlValue::Scalar(Literal::None) => "null".into(),
            YamlValue::Scalar(Literal::Float(value)) => float_repr(*value),
            other => other.to_str(),
        };
        if name.is_empty() || name.contains(['=', '\0']) {
            self.report(
                entry.key_place.span,
                ConfigProblem::VariableName { found: name },
            );
            return None;
        }
        self.warn_retyped_as(entry.key_place, &name);
        let value = match self.load(entry.value)? {
            YamlValue::Timestamp(timestamp) => {
                let sent = timestamp.to_iso();
                self.warn_retyped_as(entry.value, &sent);
                return Some((name, sent));
            }
            value if !fits_json(&value) => {
                let expected = "a text, a finite number or a boolean";
                self.report_expected(entry.value.span, &name, expected, &value.describe());
                return None;
            }
            value => value.to_str(),
        };
        self.warn_retyped_as(entry.value, &value);
        Some((name, value))
    }

    pub(super) fn read_actions(&mut self, at: NodeRef) {
        if self.is_empty_list(at) {
            return;
        }
        for (key, entry) in self.section_entries(at, "actions", ACTIONS) {
            let commands = self.read_commands(key, entry.value);
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
    fn read_commands(&mut self, key: &'static str, at: NodeRef) -> Vec<String> {
        let mut commands = Vec::new();
        match self.loader.content(at) {
            NodeContent::Sequence(items) => {
                for item in items {
                    match self.load(*item) {
                        Some(YamlValue::Scalar(Literal::Str(text))) => commands.push(text),
                        Some(other) => {
                            self.report_expected(
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
                None | Some(YamlValue::Scalar(Literal::None)) => {}
                Some(other) => {
                    self.report_expected(at.span, key, "a list of texts", &other.describe());
                }
            },
        }
        commands
    }
}

/// Whether a value can travel as a variable: JSON has no infinity, and a list is none.
fn fits_json(value: &YamlValue) -> bool {
    match value {
        YamlValue::Scalar(Literal::Float(value)) => value.is_finite(),
        YamlValue::Scalar(literal) => *literal != Literal::None,
        _ => false,
    }
}
