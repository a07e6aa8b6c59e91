//! Which keys a config file has, and what each takes.

use super::tree::{NodeContent, NodeRef, Tree};
use super::value::{Entry, Loader, YamlValue};
use super::{Config, Setting};
use crate::sweep::diagnostic::config::ConfigProblem;
use crate::sweep::diagnostic::{Diagnostic, Kind};
use crate::sweep::literal::Literal;
use crate::sweep::machine_nicknames;
use crate::sweep::options::{self, OptionSpec, Options, ValueType};
use crate::sweep::span::{Origin, Span};
use crate::sweep::spelling::{self, CurrentKey};
use crate::sweep::suggest::nearest_name;

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
pub(super) fn read(tree: &Tree, root: Option<NodeRef>) -> (Config, Vec<Diagnostic>) {
    let mut reader = SchemaReader {
        loader: Loader::new(tree),
        config: Config::default(),
        diagnostics: Vec::new(),
    };
    match root {
        Some(root) => {
            // The client loads all of the file, what it does not read as well.
            reader.load(root);
            reader.read_root(root);
        }
        None => reader.report_expected(
            Span::at(0),
            "",
            "a mapping with `compute` or `hyper_params`",
            "nothing",
        ),
    }
    let SchemaReader {
        loader,
        config,
        mut diagnostics,
        ..
    } = reader;
    diagnostics.extend(loader.warnings);
    (config, diagnostics)
}

pub(super) struct SchemaReader<'a> {
    pub(super) loader: Loader<'a>,
    pub(super) config: Config,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl SchemaReader<'_> {
    pub(super) fn report(&mut self, span: Span, problem: ConfigProblem) {
        self.diagnostics.push(Diagnostic::in_config(span, problem));
    }

    pub(super) fn report_expected(
        &mut self,
        span: Span,
        key: &str,
        expected: &'static str,
        found: &str,
    ) {
        let (key, found) = (key.into(), found.into());
        self.report(
            span,
            ConfigProblem::Expected {
                key,
                expected,
                found,
            },
        );
    }

    pub(super) fn load(&mut self, at: NodeRef) -> Option<YamlValue> {
        let loaded = self.loader.load(at);
        loaded
            .map_err(|problem| self.diagnostics.push(problem))
            .ok()
    }

    /// The entries of the mapping `at`, which `key` holds.
    pub(super) fn load_entries(&mut self, at: NodeRef, key: &str) -> Option<Vec<Entry>> {
        if !matches!(self.loader.content(at), NodeContent::Mapping(_)) {
            let found = self.load(at)?.describe();
            let expected = if key.is_empty() {
                "a mapping with `compute` or `hyper_params`"
            } else {
                "a mapping"
            };
            self.report_expected(at.span, key, expected, &found);
            return None;
        }
        let entries = self.loader.load_entries(at);
        entries
            .map_err(|problem| self.diagnostics.push(problem))
            .ok()
    }

    /// The entries of a section by their keys; unknown ones are reported and left out.
    pub(super) fn section_entries(
        &mut self,
        at: NodeRef,
        section: &'static str,
        known: &[&'static str],
    ) -> Vec<(&'static str, Entry)> {
        let mut found = Vec::new();
        for entry in self.load_entries(at, section).unwrap_or_default() {
            let name = entry.key.to_str();
            let is_text = matches!(entry.key, YamlValue::Scalar(Literal::Str(_)));
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

    fn read_root(&mut self, root: NodeRef) {
        for (key, entry) in self.section_entries(root, "", &["compute", "hyper_params"]) {
            match key {
                "compute" => self.read_compute(entry.value),
                _ => self.read_hyper_params(entry.value),
            }
        }
    }

    fn read_compute(&mut self, at: NodeRef) {
        for (key, entry) in self.section_entries(at, "compute", &["provider", "train"]) {
            match key {
                "provider" => self.read_options(entry.value, "provider", PROVIDER),
                _ => self.read_train(entry.value),
            }
        }
    }

    fn read_train(&mut self, at: NodeRef) {
        let options = TRAIN.iter().map(|(key, _)| *key);
        let known: Vec<&str> = options.chain(TRAIN_SECTIONS.iter().copied()).collect();
        for (key, entry) in self.section_entries(at, "train", &known) {
            match key {
                "environment" => self.read_environment(entry.value),
                "dependency_file_info" => self.read_dependencies(entry.value),
                "actions" => self.read_actions(entry.value),
                "scratch" => self.read_scratch(entry.value),
                "dry_run" => {
                    let help = "nothing starts before you launch; the price is shown as you write";
                    self.report(entry.key_place.span, ConfigProblem::Ignored { key, help });
                }
                _ => self.read_option(key, TRAIN, &entry),
            }
        }
        self.check_datastore();
    }

    fn read_hyper_params(&mut self, at: NodeRef) {
        for (key, entry) in self.section_entries(at, "hyper_params", &["settings", "params"]) {
            match key {
                "settings" => self.read_strategy(entry.value),
                _ => self.read_params(entry.value),
            }
        }
    }

    /// A section that only holds options.
    fn read_options(&mut self, at: NodeRef, section: &'static str, table: &'static [(&str, &str)]) {
        let known: Vec<&str> = table.iter().map(|(key, _)| *key).collect();
        for (key, entry) in self.section_entries(at, section, &known) {
            self.read_option(key, table, &entry);
        }
    }

    /// The value of `key` as the option that `table` names.
    fn read_option(&mut self, key: &'static str, table: &[(&str, &'static str)], entry: &Entry) {
        let option = table.iter().find(|(known, _)| *known == key);
        let Some(spec) = option.and_then(|(_, option)| options::find(option)) else {
            return;
        };
        let span = entry.value.span;
        let Some(value) = self.load(entry.value) else {
            return;
        };
        if matches!(spec.value_type, ValueType::Integer(_)) {
            self.warn_retyped(entry.value);
        }
        match as_typed(spec, &value) {
            Ok(Some(value)) => {
                if let Err(kind) = Options::default().set(spec, &value) {
                    let problem = Diagnostic::new(span, with_key(kind, key));
                    self.diagnostics.push(problem.with_origin(Origin::Config));
                    return;
                }
                self.warn_nickname(spec, &value, span);
                self.add_setting(key, spec, Some(value), span);
            }
            Ok(None) => self.add_setting(key, spec, None, span),
            Err(expected) => self.report_expected(span, key, expected, &value.describe()),
        }
    }

    fn add_setting(
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
    fn warn_nickname(&mut self, spec: &OptionSpec, value: &str, span: Span) {
        if spec.name == "--instance_type"
            && value.contains('_')
            && let Ok(machine) = machine_nicknames::resolve_nickname(value)
        {
            let typed = value.to_owned();
            self.report(span, ConfigProblem::Nickname { typed, machine });
        }
    }

    fn read_dependencies(&mut self, at: NodeRef) {
        let known = ["path", "package_manager"];
        for (key, entry) in self.section_entries(at, "dependency_file_info", &known) {
            if key == "path" {
                self.read_option(key, DEPENDENCIES, &entry);
            } else {
                let help = "the ending of `path` says which one it is";
                self.report(entry.key_place.span, ConfigProblem::Ignored { key, help });
            }
        }
    }

    pub(super) fn is_null(&mut self, at: NodeRef) -> bool {
        let scalar = matches!(self.loader.content(at), NodeContent::Scalar { .. });
        scalar && matches!(self.loader.load(at), Ok(YamlValue::Scalar(Literal::None)))
    }

    pub(super) fn is_empty_list(&self, at: NodeRef) -> bool {
        matches!(self.loader.content(at), NodeContent::Sequence(items) if items.is_empty())
    }

    /// The client takes a single key, although its documents show two.
    fn read_scratch(&mut self, at: NodeRef) {
        if self.is_empty_list(at) {
            return;
        }
        let count = match self.loader.content(at) {
            NodeContent::Mapping(pairs) => pairs.len(),
            _ => 1,
        };
        if count > 1 {
            return self.report(at.span, ConfigProblem::TwoScratches);
        }
        self.read_options(at, "scratch", SCRATCH);
    }

    fn read_strategy(&mut self, at: NodeRef) {
        let known = ["strategy", "strategy_options", "num_trials", "seed"];
        let entries = self.section_entries(at, "settings", &known);
        let options = entries.iter().find(|(key, _)| *key == "strategy_options");
        let options = options.map(|(_, entry)| entry.value);
        // Only a null makes the client look for the two beside it.
        let null = options.filter(|at| self.is_null(*at));
        if let Some(at) = options {
            self.config.strategy_options = Some(at.span);
            if null.is_none() {
                self.read_options(at, "strategy_options", STRATEGY_OPTIONS);
            }
        }
        for (key, entry) in &entries {
            match *key {
                "strategy" => self.read_option(key, STRATEGY, entry),
                "strategy_options" => {}
                _ if null.is_some() => self.read_option(key, STRATEGY_OPTIONS, entry),
                _ => {
                    let help = "write it under `strategy_options`, one level deeper";
                    self.report(entry.key_place.span, ConfigProblem::Ignored { key, help });
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
            (Some(span), None) => {
                self.report_missing_partner(span, "datastore_name", "datastore_version");
            }
            (None, Some(span)) => {
                self.report_missing_partner(span, "datastore_version", "datastore_name");
            }
            (None, None) => {
                if let Some(span) = folder {
                    let (key, needs) = ("datastore_mount_dir", "`datastore_name`");
                    self.report(span, ConfigProblem::Unused { key, needs });
                }
                let is_datastore = |key: &str| key.starts_with("datastore_");
                self.config
                    .settings
                    .retain(|setting| !is_datastore(setting.key));
            }
            (Some(_), Some(_)) => {}
        }
    }

    fn report_missing_partner(&mut self, span: Span, given: &'static str, missing: &'static str) {
        self.report(span, ConfigProblem::MissingPartner { given, missing });
    }
}

/// What is wrong with a key that the section does not have.
fn unknown_key(found: String, section: &'static str, known: &[&str]) -> ConfigProblem {
    let suggestion = match spelling::find_current_key(section, &found) {
        Some(CurrentKey::Gone { key, why: help }) => return ConfigProblem::Ignored { key, help },
        Some(CurrentKey::Renamed(today)) => Some(today.to_owned()),
        None => nearest_name(&found, known.iter().copied()),
    };
    ConfigProblem::UnknownKey {
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
fn as_typed(spec: &OptionSpec, value: &YamlValue) -> Result<Option<String>, &'static str> {
    let YamlValue::Scalar(literal) = value else {
        return Err(expected_type(spec));
    };
    match (spec.value_type, literal) {
        // The client stops at these.
        (_, Literal::None) if matches!(spec.name, "--framework" | "--cluster") => {
            Err(expected_type(spec))
        }
        (_, Literal::None) | (ValueType::Nothing, Literal::Bool(false)) => Ok(None),
        (ValueType::Nothing, Literal::Bool(true)) => Ok(Some(String::new())),
        (ValueType::Integer(_), Literal::Int(number)) => Ok(Some(number.to_string())),
        // Digits in quotes travel as text and are read all the same, but for the disk's size.
        (ValueType::Integer(_), Literal::Str(text)) if spec.name != "--memory" => {
            Ok(Some(text.clone()))
        }
        (ValueType::Text | ValueType::Choice(..), Literal::Str(text)) => Ok(Some(text.clone())),
        _ => Err(expected_type(spec)),
    }
}

fn expected_type(spec: &OptionSpec) -> &'static str {
    match spec.value_type {
        ValueType::Nothing => "true or false",
        ValueType::Integer(_) => "a whole number",
        ValueType::Text | ValueType::Choice(..) => "a text",
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
