//! The options of `grid run`: names, types, defaults and rules, as its published client 0.8.81 has
//! them. They stand before the script.

use super::diagnostic::Kind;
use super::machine_nicknames;
use std::collections::BTreeMap;

mod table;
mod values;

pub(crate) use table::{FRAMEWORKS, OPTIONS, OptionSpec, ValueType, find};
use values::{check_cluster_name, check_run_name, parse_python_int};

/// Which indices of the space are proposed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// All of them, the first axis fastest.
    #[default]
    GridSearch,
    /// `--num_trials` of them, drawn with the seed.
    RandomSearch,
    /// One trial, its arguments as typed.
    None,
}

impl Strategy {
    /// Its name on the command line and on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Strategy::GridSearch => "grid_search",
            Strategy::RandomSearch => "random_search",
            Strategy::None => "none",
        }
    }

    /// The strategy called `name`, in any case.
    pub(crate) fn from_name(name: &str) -> Option<Strategy> {
        let all = [Strategy::GridSearch, Strategy::RandomSearch, Strategy::None];
        all.into_iter()
            .find(|s| s.name().eq_ignore_ascii_case(name))
    }
}

/// The options of one command, read and checked, defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// `--config` as typed.
    pub config: Option<String>,
    /// `--name`; the server draws one when not given.
    pub name: Option<String>,
    /// `--cluster`; the chosen or default one when not given.
    pub cluster: Option<String>,
    /// `--strategy`; `grid_search` when not given.
    pub strategy: Strategy,
    /// `--num_trials`; needed by random search.
    pub num_trials: Option<u32>,
    /// `--seed`, which random search and the distributions share; drawn when not given.
    pub seed: Option<u32>,
    /// The machine that `--instance_type` names, aliases resolved: `m5a.large` when not given.
    pub instance_type: String,
    /// `--instance_type` as typed, where it was given.
    pub instance_typed: Option<String>,
    /// `--gpus`; 0 is all of the machine's.
    pub gpus: u32,
    /// `--cpus`; 0 is all of the machine's.
    pub cpus: u32,
    /// `--memory` in GB, which in spite of its name is the size of the disk.
    pub disk_gb: u32,
    /// `--datastore_name`; no data set is mounted when not given.
    pub datastore_name: Option<String>,
    /// `--datastore_version`; the newest when not given.
    pub datastore_version: Option<u32>,
    /// `--datastore_mount_dir`; `/datastores/NAME` when not given.
    pub datastore_mount_dir: Option<String>,
    /// `--framework`; `lightning` when not given.
    pub framework: String,
    /// `--use_spot`: interruptible machines, at their lower price.
    pub use_spot: bool,
    /// `--ignore_warnings`, which only Grid's own client acts on.
    pub ignore_warnings: bool,
    /// `--scratch_size` in GB, at most 2^31 − 1; 100 when not given.
    pub scratch_gb: u32,
    /// `--scratch_mount_path`; `/tmp/scratch` when not given.
    pub scratch_mount_path: String,
    /// `--localdir`: the current folder is uploaded as the source.
    pub localdir: bool,
    /// `--dockerfile` as typed.
    pub dockerfile: Option<String>,
    /// `--dependency_file` as typed: pip's or conda's by its ending.
    pub dependency_file: Option<String>,
    /// `--auto_resume`: interrupted trials start again.
    pub auto_resume: bool,
    /// The trials' environment, which only a config file or a request gives: values as the trial
    /// sees them.
    pub environment: BTreeMap<String, String>,
    /// Commands that only a config file or a request gives.
    pub actions: Actions,
}

/// Commands around the build of the image and around each trial, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Actions {
    /// Instructions of the image, before its dependencies.
    pub(crate) on_build: Vec<String>,
    /// Run by the image's builder before the dependencies.
    pub(crate) on_build_start: Vec<String>,
    /// Run by the image's builder behind the dependencies.
    pub(crate) on_build_end: Vec<String>,
    /// Shell commands that run before each trial.
    pub(crate) on_experiment_start: Vec<String>,
    /// Shell commands that run behind each trial.
    pub(crate) on_experiment_end: Vec<String>,
}

impl Actions {
    /// The lists with their names in a config file.
    pub fn lists(&self) -> [(&'static str, &[String]); 5] {
        [
            ("on_build", &self.on_build),
            ("on_build_start", &self.on_build_start),
            ("on_build_end", &self.on_build_end),
            ("on_experiment_start", &self.on_experiment_start),
            ("on_experiment_end", &self.on_experiment_end),
        ]
    }

    /// Whether all five lists are empty.
    pub fn is_empty(&self) -> bool {
        self.lists().iter().all(|(_, list)| list.is_empty())
    }
}

impl Default for Options {
    fn default() -> Options {
        Options {
            config: None,
            name: None,
            cluster: None,
            strategy: Strategy::GridSearch,
            num_trials: None,
            seed: None,
            instance_type: machine_nicknames::DEFAULT_MACHINE.into(),
            instance_typed: None,
            gpus: 0,
            cpus: 0,
            disk_gb: 100,
            datastore_name: None,
            datastore_version: None,
            datastore_mount_dir: None,
            framework: "lightning".into(),
            use_spot: false,
            ignore_warnings: false,
            scratch_gb: 100,
            scratch_mount_path: "/tmp/scratch".into(),
            localdir: false,
            dockerfile: None,
            dependency_file: None,
            auto_resume: false,
            environment: BTreeMap::new(),
            actions: Actions::default(),
        }
    }
}

impl Options {
    /// Where the data set is mounted, where there is one.
    pub fn datastore_mount(&self) -> Option<String> {
        let name = self.datastore_name.as_ref()?;
        Some(
            self.datastore_mount_dir
                .clone()
                .unwrap_or_else(|| format!("/datastores/{name}")),
        )
    }

    /// The framework as it is sent: `torch` is another name of `pytorch`.
    pub fn framework_sent(&self) -> &str {
        if self.framework == "torch" {
            "pytorch"
        } else {
            &self.framework
        }
    }

    /// Sets the option from its value as typed ("" for a flag).
    ///
    /// # Errors
    /// What is wrong with the value; the option then keeps what it had.
    pub(crate) fn set(&mut self, spec: &'static OptionSpec, value: &str) -> Result<(), Kind> {
        let text = || Some(value.to_owned());
        // An empty text would be sent, and read, as an option that was not given.
        if spec.value_type == ValueType::Text && value.is_empty() {
            return Err(Kind::MissingValue { option: spec.name });
        }
        match spec.name {
            "--config" => self.config = text(),
            "--name" => self.name = Some(check_run_name(value)?),
            "--cluster" => self.cluster = Some(check_cluster_name(value)?),
            "--strategy" => {
                self.strategy =
                    Strategy::from_name(value).ok_or_else(|| choice_error(spec, value))?;
            }
            "--num_trials" => self.num_trials = Some(parse_integer(spec, value)?),
            "--seed" => self.seed = Some(parse_integer(spec, value)?),
            "--instance_type" => {
                self.instance_type = machine_nicknames::resolve_nickname(value)?;
                self.instance_typed = text();
            }
            "--gpus" => self.gpus = parse_integer(spec, value)?,
            "--cpus" => self.cpus = parse_integer(spec, value)?,
            "--memory" => self.disk_gb = parse_integer(spec, value)?,
            "--datastore_name" => self.datastore_name = text(),
            "--datastore_version" => self.datastore_version = Some(parse_integer(spec, value)?),
            "--datastore_mount_dir" => self.datastore_mount_dir = text(),
            "--framework" if FRAMEWORKS.contains(&value) => self.framework = value.into(),
            "--framework" => return Err(choice_error(spec, value)),
            "--use_spot" => self.use_spot = true,
            "--ignore_warnings" => self.ignore_warnings = true,
            "--scratch_size" => {
                let wrong = || integer_error(spec, value);
                let fits = |gb: &u32| i32::try_from(*gb).is_ok();
                self.scratch_gb = Some(parse_integer(spec, value)?)
                    .filter(fits)
                    .ok_or_else(wrong)?;
            }
            "--scratch_mount_path" => self.scratch_mount_path = value.into(),
            "--localdir" => self.localdir = true,
            "--dockerfile" => self.dockerfile = text(),
            "--dependency_file" => self.dependency_file = text(),
            "--auto_resume" => self.auto_resume = true,
            _ => {}
        }
        Ok(())
    }
}

fn choice_error(spec: &'static OptionSpec, found: &str) -> Kind {
    let ValueType::Choice(choices, _) = spec.value_type else {
        return Kind::MissingValue { option: spec.name };
    };
    Kind::NotAChoice {
        option: spec.name,
        found: found.into(),
        choices,
    }
}

fn parse_integer(spec: &'static OptionSpec, found: &str) -> Result<u32, Kind> {
    parse_python_int(found)
        .filter(|value| *value >= minimum(spec))
        .ok_or_else(|| integer_error(spec, found))
}

fn minimum(spec: &OptionSpec) -> u32 {
    match spec.value_type {
        ValueType::Integer(least) => least,
        _ => 0,
    }
}

fn integer_error(spec: &'static OptionSpec, found: &str) -> Kind {
    Kind::NotAnInteger {
        option: spec.name,
        found: found.into(),
        least: minimum(spec),
        greatest: maximum(spec.name),
    }
}

/// The largest number that an integer option takes: the wire has 31 bits for the scratch disk's size.
pub(crate) fn maximum(option: &str) -> u32 {
    // In a config file it is `size_gb`.
    if matches!(option, "--scratch_size" | "size_gb") {
        i32::MAX.unsigned_abs()
    } else {
        u32::MAX
    }
}
