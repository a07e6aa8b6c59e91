//! Which keys a config file has, and what each takes.

use super::tree::{Child, Content, Tree};
use super::value::{Entry, Loader, Value};
use super::{Config, Setting};
use crate::sweep::diagnostic::config::Problem;
use crate::sweep::diagnostic::{Diagnostic, Kind};
use crate::sweep::literal::Literal;
use crate::sweep::machines;
use crate::sweep::options::{self, OptionSpec, Options, Takes};
use crate::sweep::span::{Origin, Span};
use crate::sweep::spelling::{self, KeyToday};
use crate::sweep::suggest::nearest;

/// Keys of `compute.train` and the options that they replace.
const TRAIN: &[(&str, &str)] = &[
    ("framework", "--framework"),
    ("instance", "--instance_type"),
    ("use_spot", "--use_spot"),
    ("cpus", "--cpus"),
    ("gpus", "--gpus"),
    ("storage_gb", "--memory"),
    ("localdir", "--localdir"),
    ("dockerfile", "--dockerfile"),
    ("auto_resume", "--auto_resume"),
    ("datastore_name", "--datastore_name"),
    ("datastore_version", "--datastore_version"),
    ("datastore_mount_dir", "--datastore_mount_dir"),
];

/// The other keys of `compute.train`.
const TRAIN_SECTIONS: &[&str] = &[
    "environment",
    "dependency_file_info",
    "actions",
    "scratch",
    "dry_run",
];

const PROVIDER: &[(&str, &str)] = &[("cluster", "--cluster")];
const DEPENDENCIES: &[(&str, &str)] = &[("path", "--dependency_file")];
const SCRATCH: &[(&str, &str)] = &[
    ("size_gb", "--scratch_size"),
    ("mount_path", "--scratch_mount_path"),
];
const STRATEGY: &[(&str, &str)] = &[("strategy", "--strategy")];
const STRATEGY_OPTIONS: &[(&str, &str)] = &[("num_trials", "--num_trials"), ("seed", "--seed")];

/// Reads the whole tree.
pub(super) fn read(tree: &Tree, root: Option<Child>) -> (Config, Vec<Diagnostic>) {
    let mut reader = Reader {
        loader: Loader::new(tree),
        config: Config::default(),
        diagnostics: Vec::new(),
    };
    match root {
        Some(root) => {
            // The client loads all of the file, what it does not read as well.
            reader.load(root);
            reader.file(root);
        }
        None => reader.expected(
            Span::at(0),
            "",
            "a mapping with `compute` or `hyper_params`",
            "nothing",
        ),
    }
    let Reader {
        loader,
        config,
        mut diagnostics,
        ..
    } = reader;
    diagnostics.extend(loader.notes);
    (config, diagnostics)
}

pub(super) struct Reader<'a> {
    pub(super) loader: Loader<'a>,
    pub(super) config: Config,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl Reader<'_> {
    pub(super) fn report(&mut self, span: Span, problem: Problem) {
        self.diagnostics.push(Diagnostic::in_config(span, problem));
    }

    pub(super) fn expected(&mut self, span: Span, key: &str, expected: &'static str, found: &str) {
        let (key, found) = (key.into(), found.into());
        self.report(
            span,
            Problem::Expected {
                key,
                expected,
                found,
            },
        );
    }

    pub(super) fn load(&mut self, at: Child) -> Option<Value> {
        let loaded = self.loader.load(at);
        loaded
            .map_err(|problem| self.diagnostics.push(problem))
            .ok()
    }

    /// The entries of the mapping `at`, which `key` holds.
    pub(super) fn entries(&mut self, at: Child, key: &str) -> Option<Vec<Entry>> {
        if !matches!(self.loader.content(at), Content::Mapping(_)) {
            let found = self.load(at)?.describe();
            let expected = if key.is_empty() {
                "a mapping with `compute` or `hyper_params`"
            } else {
                "a mapping"
            };
            self.expected(at.span, key, expected, &found);
            return None;
        }
        let entries = self.loader.entries(at);
        entries
            .map_err(|problem| self.diagnostics.push(problem))
            .ok()
    }

    /// The entries of a section by their keys; unknown ones are reported and left out.
    pub(super) fn section(
        &mut self,
        at: Child,
        section: &'static str,
        known: &[&'static str],
    ) -> Vec<(&'static str, Entry)> {
        let mut found = Vec::new();
        for entry in self.entries(at, section).unwrap_or_default() {
            let name = entry.key.to_str();
            let is_text = matches!(entry.key, Value::Scalar(Literal::Str(_)));
            match known.iter().find(|key| is_text && **key == name) {
                Some(key) => found.push((*key, entry)),
                None => {
                    let problem = unknown_key(name, section, known);
                    self.report(entry.key_place.span, problem);
                }
            }
        }
        found
    }

    fn file(&mut self, root: Child) {
        for (key, entry) in self.section(root, "", &["compute", "hyper_params"]) {
            match key {
                "compute" => self.compute(entry.value),
                _ => self.hyper_params(entry.value),
            }
        }
    }

    fn compute(&mut self, at: Child) {
        for (key, entry) in self.section(at, "compute", &["provider", "train"]) {
            match key {
                "provider" => self.settings(entry.value, "provider", PROVIDER),
                _ => self.train(entry.value),
            }
        }
    }

    fn train(&mut self, at: Child) {
        let options = TRAIN.iter().map(|(key, _)| *key);
        let known: Vec<&str> = options.chain(TRAIN_SECTIONS.iter().copied()).collect();
        for (key, entry) in self.section(at, "train", &known) {
            match key {
                "environment" => self.environment(entry.value),
                "dependency_file_info" => self.dependencies(entry.value),
                "actions" => self.actions(entry.value),
                "scratch" => self.scratch(entry.value),
                "dry_run" => {
                    let help = "nothing starts before you launch; the price is shown as you write";
                    self.report(entry.key_place.span, Problem::Ignored { key, help });
                }
                _ => self.setting(key, TRAIN, &entry),
            }
        }
        self.check_datastore();
    }

    fn hyper_params(&mut self, at: Child) {
        for (key, entry) in self.section(at, "hyper_params", &["settings", "params"]) {
            match key {
                "settings" => self.strategy(entry.value),
                _ => self.params(entry.value),
            }
        }
    }

    /// A section that only holds options.
    fn settings(&mut self, at: Child, section: &'static str, table: &'static [(&str, &str)]) {
        let known: Vec<&str> = table.iter().map(|(key, _)| *key).collect();
        for (key, entry) in self.section(at, section, &known) {
            self.setting(key, table, &entry);
        }
    }

    /// The value of `key` as the option that `table` names.
    fn setting(&mut self, key: &'static str, table: &[(&str, &'static str)], entry: &Entry) {
        let option = table.iter().find(|(known, _)| *known == key);
        let Some(spec) = option.and_then(|(_, option)| options::find(option)) else {
            return;
        };
        let span = entry.value.span;
        let Some(value) = self.load(entry.value) else {
            return;
        };
        if matches!(spec.takes, Takes::Integer(_)) {
            self.note_retyped(entry.value);
        }
        match as_typed(spec, &value) {
            Ok(Some(value)) => {
                if let Err(kind) = Options::default().set(spec, &value) {
                    let problem = Diagnostic::new(span, with_key(kind, key));
                    self.diagnostics.push(problem.of(Origin::Config));
                    return;
                }
                self.note_nickname(spec, &value, span);
                self.give(key, spec, Some(value), span);
            }
            Ok(None) => self.give(key, spec, None, span),
            Err(expected) => self.expected(span, key, expected, &value.describe()),
        }
    }

    fn give(
        &mut self,
        key: &'static str,
        spec: &'static OptionSpec,
        value: Option<String>,
        span: Span,
    ) {
        self.config.settings.push(Setting {
            key,
            spec,
            value,
            span,
        });
    }

    /// The client only resolves the nicknames that are typed.
    fn note_nickname(&mut self, spec: &OptionSpec, value: &str, span: Span) {
        if spec.name == "--instance_type"
            && value.contains('_')
            && let Ok(machine) = machines::resolve(value)
        {
            let typed = value.to_owned();
            self.report(span, Problem::Nickname { typed, machine });
        }
    }

    fn dependencies(&mut self, at: Child) {
        let known = ["path", "package_manager"];
        for (key, entry) in self.section(at, "dependency_file_info", &known) {
            if key == "path" {
                self.setting(key, DEPENDENCIES, &entry);
            } else {
                let help = "the ending of `path` says which one it is";
                self.report(entry.key_place.span, Problem::Ignored { key, help });
            }
        }
    }

    pub(super) fn is_null(&mut self, at: Child) -> bool {
        let scalar = matches!(self.loader.content(at), Content::Scalar { .. });
        scalar && matches!(self.loader.load(at), Ok(Value::Scalar(Literal::None)))
    }

    pub(super) fn is_empty_list(&self, at: Child) -> bool {
        matches!(self.loader.content(at), Content::Sequence(items) if items.is_empty())
    }

    /// The client takes a single key, although its documents show two.
    fn scratch(&mut self, at: Child) {
        if self.is_empty_list(at) {
            return;
        }
        let count = match self.loader.content(at) {
            Content::Mapping(pairs) => pairs.len(),
            _ => 1,
        };
        if count > 1 {
            return self.report(at.span, Problem::TwoScratches);
        }
        self.settings(at, "scratch", SCRATCH);
    }

    fn strategy(&mut self, at: Child) {
        let known = ["strategy", "strategy_options", "num_trials", "seed"];
        let entries = self.section(at, "settings", &known);
        let options = entries.iter().find(|(key, _)| *key == "strategy_options");
        let options = options.map(|(_, entry)| entry.value);
        // Only a null makes the client look for the two beside it.
        let null = options.filter(|at| self.is_null(*at));
        if let Some(at) = options {
            self.config.strategy_options = Some(at.span);
            if null.is_none() {
                self.settings(at, "strategy_options", STRATEGY_OPTIONS);
            }
        }
        for (key, entry) in &entries {
            match *key {
                "strategy" => self.setting(key, STRATEGY, entry),
                "strategy_options" => {}
                _ if null.is_some() => self.setting(key, STRATEGY_OPTIONS, entry),
                _ => {
                    let help = "write it under `strategy_options`, one level deeper";
                    self.report(entry.key_place.span, Problem::Ignored { key, help });
                }
            }
        }
    }

    /// The client wants name and version together, and looks at the folder only then.
    fn check_datastore(&mut self) {
        let given = |key: &str| {
            let mut settings = self.config.settings.iter();
            settings
                .find(|setting| setting.key == key)
                .filter(|s| {
                    s.value
                        .as_deref()
                        .is_some_and(|value| !matches!(value, "" | "0"))
                })
                .map(|setting| setting.span)
        };
        let (name, version) = (given("datastore_name"), given("datastore_version"));
        let folder = given("datastore_mount_dir");
        match (name, version) {
            (Some(span), None) => self.alone(span, "datastore_name", "datastore_version"),
            (None, Some(span)) => self.alone(span, "datastore_version", "datastore_name"),
            (None, None) => {
                if let Some(span) = folder {
                    let (key, needs) = ("datastore_mount_dir", "`datastore_name`");
                    self.report(span, Problem::Unused { key, needs });
                }
                let is_datastore = |key: &str| key.starts_with("datastore_");
                self.config
                    .settings
                    .retain(|setting| !is_datastore(setting.key));
            }
            (Some(_), Some(_)) => {}
        }
    }

    fn alone(&mut self, span: Span, given: &'static str, missing: &'static str) {
        self.report(span, Problem::Alone { given, missing });
    }
}

/// What is wrong with a key that the section does not have.
fn unknown_key(found: String, section: &'static str, known: &[&str]) -> Problem {
    let suggestion = match spelling::key_today(section, &found) {
        Some(KeyToday::Gone { key, why: help }) => return Problem::Ignored { key, help },
        Some(KeyToday::Renamed(today)) => Some(today.to_owned()),
        None => nearest(&found, known.iter().copied()),
    };
    Problem::UnknownKey {
        found,
        section,
        suggestion,
    }
}

/// The value as a person would type it behind the option; `None` for a flag that is off and for a
/// null.
///
/// # Errors
/// What the key takes.
fn as_typed(spec: &OptionSpec, value: &Value) -> Result<Option<String>, &'static str> {
    let Value::Scalar(literal) = value else {
        return Err(expected(spec));
    };
    match (spec.takes, literal) {
        // The client stops at these.
        (_, Literal::None) if matches!(spec.name, "--framework" | "--cluster") => {
            Err(expected(spec))
        }
        (_, Literal::None) | (Takes::Nothing, Literal::Bool(false)) => Ok(None),
        (Takes::Nothing, Literal::Bool(true)) => Ok(Some(String::new())),
        (Takes::Integer(_), Literal::Int(number)) => Ok(Some(number.to_string())),
        // Digits in quotes travel as text and are read all the same, but for the disk's size.
        (Takes::Integer(_), Literal::Str(text)) if spec.name != "--memory" => {
            Ok(Some(text.clone()))
        }
        (Takes::Text | Takes::Choice(..), Literal::Str(text)) => Ok(Some(text.clone())),
        _ => Err(expected(spec)),
    }
}

fn expected(spec: &OptionSpec) -> &'static str {
    match spec.takes {
        Takes::Nothing => "true or false",
        Takes::Integer(_) => "a whole number",
        Takes::Text | Takes::Choice(..) => "a text",
    }
}

/// The problem with the file's key in the place of the option.
fn with_key(kind: Kind, key: &'static str) -> Kind {
    match kind {
        Kind::NotAnInteger {
            found,
            least,
            greatest,
            ..
        } => Kind::NotAnInteger {
            option: key,
            found,
            least,
            greatest,
        },
        Kind::NotAChoice { found, choices, .. } => Kind::NotAChoice {
            option: key,
            found,
            choices,
        },
        Kind::MissingValue { .. } => Kind::MissingValue { option: key },
        other => other,
    }
}
