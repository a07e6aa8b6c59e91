//! The options of `grid run`: names, types, defaults and rules, as its published client 0.8.81 has
//! them. They stand before the script.

use super::diagnostic::Kind;
use super::machines;
use std::collections::BTreeMap;

/// How an option's value is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// No value: given or not.
    Nothing,
    /// Any text.
    Text,
    /// A whole number from the given one up.
    Integer(u32),
    /// One of the given words; upper or lower case where the flag is set.
    Choice(&'static [&'static str], bool),
}

/// One option of `grid run`.
#[derive(Debug, PartialEq, Eq)]
pub struct OptionSpec {
    /// The long name, with its dashes.
    pub name: &'static str,
    /// The one-letter name, with its dash, or "".
    pub short: &'static str,
    /// What it takes.
    pub takes: Takes,
    /// One line of help.
    pub help: &'static str,
}

const fn option(name: &'static str, takes: Takes, help: &'static str) -> OptionSpec {
    OptionSpec {
        name,
        short: "",
        takes,
        help,
    }
}

const fn lettered(spec: OptionSpec, short: &'static str) -> OptionSpec {
    OptionSpec { short, ..spec }
}

/// The frameworks that the client knows.
pub const FRAMEWORKS: &[&str] = &[
    "lightning",
    "torch",
    "pytorch",
    "tensorflow",
    "julia",
    "julia:1.6.1",
    "julia:1.6.2",
    "julia:1.6.3",
    "julia:1.6.4",
    "julia:1.6.5",
    "julia:1.7.0",
    "julia:1.7.1",
    "torchelastic",
];

/// The names of the strategies on the command line and on the wire.
pub const STRATEGIES: &[&str] = &["grid_search", "random_search", "none"];

/// Every option of `grid run`, in the client's order.
pub const OPTIONS: &[OptionSpec] = &[
    option(
        "--config",
        Takes::Text,
        "a YAML file with these options and the script's parameters",
    ),
    option(
        "--name",
        Takes::Text,
        "name of the run; drawn when not given",
    ),
    option("--cluster", Takes::Text, "cluster to run on"),
    option(
        "--strategy",
        Takes::Choice(STRATEGIES, true),
        "which trials of the space to run",
    ),
    option(
        "--num_trials",
        Takes::Integer(1),
        "how many trials random_search chooses",
    ),
    option(
        "--seed",
        Takes::Integer(0),
        "seed of random_search and of the distributions",
    ),
    option(
        "--instance_type",
        Takes::Text,
        "machine of each trial; m5a.large when not given",
    ),
    option(
        "--gpus",
        Takes::Integer(0),
        "GPUs of each trial; 0 is all of the machine's",
    ),
    option(
        "--cpus",
        Takes::Integer(0),
        "CPUs of each trial; 0 is all of the machine's",
    ),
    option(
        "--memory",
        Takes::Integer(100),
        "disk of each trial in GB, 100 or more",
    ),
    option("--datastore_name", Takes::Text, "data set to mount"),
    option(
        "--datastore_version",
        Takes::Integer(0),
        "version of the data set; newest when not given",
    ),
    option(
        "--datastore_mount_dir",
        Takes::Text,
        "where to mount it; /datastores/NAME when not given",
    ),
    option(
        "--framework",
        Takes::Choice(FRAMEWORKS, false),
        "framework to have installed",
    ),
    option(
        "--use_spot",
        Takes::Nothing,
        "interruptible machines, at their lower price",
    ),
    option(
        "--ignore_warnings",
        Takes::Nothing,
        "the client asks no questions",
    ),
    option(
        "--scratch_size",
        Takes::Integer(1),
        "size of the scratch disk in GB",
    ),
    option(
        "--scratch_mount_path",
        Takes::Text,
        "where the scratch disk is mounted",
    ),
    lettered(
        option(
            "--localdir",
            Takes::Nothing,
            "upload the current folder as the source",
        ),
        "-l",
    ),
    lettered(
        option(
            "--dockerfile",
            Takes::Text,
            "Dockerfile to build the image from",
        ),
        "-d",
    ),
    option(
        "--dependency_file",
        Takes::Text,
        "requirements.txt or environment.yml to install",
    ),
    option(
        "--auto_resume",
        Takes::Nothing,
        "start interrupted trials again",
    ),
];

/// The option called `name` (long or short form).
pub fn find(name: &str) -> Option<&'static OptionSpec> {
    OPTIONS
        .iter()
        .find(|o| o.name == name || (!o.short.is_empty() && o.short == name))
}

/// Which indices of the space are proposed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Strategy {
    /// All of them.
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
    pub fn from_name(name: &str) -> Option<Strategy> {
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
    /// `--name`.
    pub name: Option<String>,
    /// `--cluster`; the chosen or default one when not given.
    pub cluster: Option<String>,
    /// `--strategy`.
    pub strategy: Strategy,
    /// `--num_trials`; needed by random search.
    pub num_trials: Option<u32>,
    /// `--seed`.
    pub seed: Option<u32>,
    /// The machine that `--instance_type` names, aliases resolved: `m5a.large` when not given.
    pub instance_type: String,
    /// `--instance_type` as typed, where it was given.
    pub instance_typed: Option<String>,
    /// `--gpus`; 0 is all of the machine's.
    pub gpus: u32,
    /// `--cpus`; 0 is all of the machine's.
    pub cpus: u32,
    /// `--memory`, which really is the disk, in GB.
    pub disk_gb: u32,
    /// `--datastore_name`.
    pub datastore_name: Option<String>,
    /// `--datastore_version`.
    pub datastore_version: Option<u32>,
    /// `--datastore_mount_dir`; `/datastores/NAME` when not given.
    pub datastore_mount_dir: Option<String>,
    /// `--framework`.
    pub framework: String,
    /// `--use_spot`.
    pub use_spot: bool,
    /// `--ignore_warnings`; means nothing here.
    pub ignore_warnings: bool,
    /// `--scratch_size` in GB.
    pub scratch_gb: u32,
    /// `--scratch_mount_path`.
    pub scratch_mount_path: String,
    /// `--localdir`.
    pub localdir: bool,
    /// `--dockerfile`.
    pub dockerfile: Option<String>,
    /// `--dependency_file`.
    pub dependency_file: Option<String>,
    /// `--auto_resume`.
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
    pub on_build: Vec<String>,
    /// Run by the image's builder before the dependencies.
    pub on_build_start: Vec<String>,
    /// Run by the image's builder behind the dependencies.
    pub on_build_end: Vec<String>,
    /// Run before each trial.
    pub on_experiment_start: Vec<String>,
    /// Run behind each trial.
    pub on_experiment_end: Vec<String>,
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

    /// Whether there is none.
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
            instance_type: machines::DEFAULT.into(),
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
    pub fn set(&mut self, spec: &'static OptionSpec, value: &str) -> Result<(), Kind> {
        let text = || Some(value.to_owned());
        // An empty text would be sent, and read, as an option that was not given.
        if spec.takes == Takes::Text && value.is_empty() {
            return Err(Kind::MissingValue { option: spec.name });
        }
        match spec.name {
            "--config" => self.config = text(),
            "--name" => self.name = Some(run_name(value)?),
            "--cluster" => self.cluster = Some(cluster_name(value)?),
            "--strategy" => {
                self.strategy = Strategy::from_name(value).ok_or_else(|| choice(spec, value))?;
            }
            "--num_trials" => self.num_trials = Some(integer(spec, value)?),
            "--seed" => self.seed = Some(integer(spec, value)?),
            "--instance_type" => {
                self.instance_type = machines::resolve(value)?;
                self.instance_typed = text();
            }
            "--gpus" => self.gpus = integer(spec, value)?,
            "--cpus" => self.cpus = integer(spec, value)?,
            "--memory" => self.disk_gb = integer(spec, value)?,
            "--datastore_name" => self.datastore_name = text(),
            "--datastore_version" => self.datastore_version = Some(integer(spec, value)?),
            "--datastore_mount_dir" => self.datastore_mount_dir = text(),
            "--framework" if FRAMEWORKS.contains(&value) => self.framework = value.into(),
            "--framework" => return Err(choice(spec, value)),
            "--use_spot" => self.use_spot = true,
            "--ignore_warnings" => self.ignore_warnings = true,
            "--scratch_size" => {
                let wrong = || not_an_integer(spec, value);
                let fits = |gb: &u32| i32::try_from(*gb).is_ok();
                self.scratch_gb = Some(integer(spec, value)?).filter(fits).ok_or_else(wrong)?;
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

fn choice(spec: &'static OptionSpec, found: &str) -> Kind {
    let Takes::Choice(choices, _) = spec.takes else {
        return Kind::MissingValue { option: spec.name };
    };
    Kind::NotAChoice {
        option: spec.name,
        found: found.into(),
        choices,
    }
}

fn integer(spec: &'static OptionSpec, found: &str) -> Result<u32, Kind> {
    python_int(found)
        .filter(|value| *value >= least(spec))
        .ok_or_else(|| not_an_integer(spec, found))
}

fn least(spec: &OptionSpec) -> u32 {
    match spec.takes {
        Takes::Integer(least) => least,
        _ => 0,
    }
}

fn not_an_integer(spec: &'static OptionSpec, found: &str) -> Kind {
    Kind::NotAnInteger {
        option: spec.name,
        found: found.into(),
        least: least(spec),
    }
}

/// The largest number that an integer option takes: the wire has 31 bits for the scratch disk's size.
pub fn greatest(option: &str) -> u32 {
    // In a config file it is `size_gb`.
    if matches!(option, "--scratch_size" | "size_gb") {
        i32::MAX.unsigned_abs()
    } else {
        u32::MAX
    }
}

/// A whole number as Click reads it, by Python's `int`: blanks around, one sign, single `_` between
/// digits. A negative one is `None` like one that does not fit, since no option takes any.
fn python_int(text: &str) -> Option<u32> {
    let trimmed = text.trim();
    let (negative, digits) = match trimmed.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
    };
    let plain = |group: &str| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit());
    if !digits.split('_').all(plain) {
        return None;
    }
    let value = digits.replace('_', "").parse::<u32>().ok()?;
    (!negative || value == 0).then_some(value)
}

/// The client's rule for run names: lower-case letters, digits and `-`, no `-` at either end.
fn run_name(name: &str) -> Result<String, Kind> {
    let good = |c: char| c == '-' || (c.is_alphanumeric() && !c.is_uppercase());
    let bad =
        name.is_empty() || name.starts_with('-') || name.ends_with('-') || !name.chars().all(good);
    if bad {
        return Err(Kind::BadRunName {
            found: name.into(),
            suggestion: tidy_name(name),
        });
    }
    Ok(name.into())
}

/// `^(?!-)[a-z0-9-]{1,63}(?<!-)$`, the client's rule for cluster names.
fn cluster_name(name: &str) -> Result<String, Kind> {
    let good = |b: u8| b == b'-' || b.is_ascii_digit() || b.is_ascii_lowercase();
    let bad = name.is_empty() || name.len() > 63 || name.starts_with('-') || name.ends_with('-');
    if bad || !name.bytes().all(good) {
        return Err(Kind::BadClusterName { found: name.into() });
    }
    Ok(name.into())
}

/// The nearest good run name, where there is one.
fn tidy_name(name: &str) -> Option<String> {
    let lower = name.to_lowercase();
    let dashed: String = lower
        .chars()
        .map(|c| if c.is_alphanumeric() { c } else { '-' })
        .collect();
    let tidy = dashed.trim_matches('-').to_owned();
    (!tidy.is_empty()).then_some(tidy)
}
