//! Every option of `grid run` with its name, type and help.

/// How an option's value is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValueType {
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
pub(crate) struct OptionSpec {
    /// The long name, with its dashes.
    pub(crate) name: &'static str,
    /// The one-letter name, with its dash, or "".
    pub(crate) short: &'static str,
    /// Whether a value follows, and which are allowed.
    pub(crate) value_type: ValueType,
    /// One line, as a reference shows it.
    pub(crate) help: &'static str,
}

const fn option(name: &'static str, takes: ValueType, help: &'static str) -> OptionSpec {
    OptionSpec {
        name,
        short: "",
        value_type: takes,
        help,
    }
}

const fn with_short(spec: OptionSpec, short: &'static str) -> OptionSpec {
    OptionSpec { short, ..spec }
}

/// The frameworks that the client accepts.
pub(crate) const FRAMEWORKS: &[&str] = &[
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
pub(crate) const STRATEGIES: &[&str] = &["grid_search", "random_search", "none"];

/// Every option of `grid run`, in the client's order.
pub(crate) const OPTIONS: &[OptionSpec] = &[
    option(
        "--config",
        ValueType::Text,
        "a YAML file with these options and the script's parameters",
    ),
    option(
        "--name",
        ValueType::Text,
        "name of the run; drawn when not given",
    ),
    option("--cluster", ValueType::Text, "cluster to run on"),
    option(
        "--strategy",
        ValueType::Choice(STRATEGIES, true),
        "which trials of the space to run",
    ),
    option(
        "--num_trials",
        ValueType::Integer(1),
        "how many trials random_search chooses",
    ),
    option(
        "--seed",
        ValueType::Integer(0),
        "seed of random_search and of the distributions",
    ),
    option(
        "--instance_type",
        ValueType::Text,
        "machine of each trial; m5a.large when not given",
    ),
    option(
        "--gpus",
        ValueType::Integer(0),
        "GPUs of each trial; 0 is all of the machine's",
    ),
    option(
        "--cpus",
        ValueType::Integer(0),
        "CPUs of each trial; 0 is all of the machine's",
    ),
    option(
        "--memory",
        ValueType::Integer(100),
        "disk of each trial in GB, 100 or more",
    ),
    option("--datastore_name", ValueType::Text, "data set to mount"),
    option(
        "--datastore_version",
        ValueType::Integer(0),
        "version of the data set; newest when not given",
    ),
    option(
        "--datastore_mount_dir",
        ValueType::Text,
        "where to mount it; /datastores/NAME when not given",
    ),
    option(
        "--framework",
        ValueType::Choice(FRAMEWORKS, false),
        "framework to have installed",
    ),
    option(
        "--use_spot",
        ValueType::Nothing,
        "interruptible machines, at their lower price",
    ),
    option(
        "--ignore_warnings",
        ValueType::Nothing,
        "the client asks no questions",
    ),
    option(
        "--scratch_size",
        ValueType::Integer(1),
        "size of the scratch disk in GB",
    ),
    option(
        "--scratch_mount_path",
        ValueType::Text,
        "where the scratch disk is mounted",
    ),
    with_short(
        option(
            "--localdir",
            ValueType::Nothing,
            "upload the current folder as the source",
        ),
        "-l",
    ),
    with_short(
        option(
            "--dockerfile",
            ValueType::Text,
            "Dockerfile to build the image from",
        ),
        "-d",
    ),
    option(
        "--dependency_file",
        ValueType::Text,
        "requirements.txt or environment.yml to install",
    ),
    option(
        "--auto_resume",
        ValueType::Nothing,
        "start interrupted trials again",
    ),
];

/// The option called `name` (long or short form).
pub(crate) fn find(name: &str) -> Option<&'static OptionSpec> {
    OPTIONS
        .iter()
        .find(|o| o.name == name || (!o.short.is_empty() && o.short == name))
}
