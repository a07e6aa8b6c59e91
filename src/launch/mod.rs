//! Stage 8: turns a part and its chosen trials into the request that launches them, and back.
//!
//! The page builds a request with [`create_request`]. The server checks it with [`check_request`]: it reads the
//! command by the code that showed the plan, and refuses the request where its own digest of the
//! plan is not the page's.

mod finished;
mod fixed_arguments;
mod kept_estimate;
mod trial_environment;

pub(crate) use finished::{FinishedMarks, mark_finished};
pub use finished::{digest_environment, normalize_script};
pub use fixed_arguments::{list_fixed_arguments, recover_fixed_arguments};
pub use kept_estimate::{
    BUDGET_GROUP_MAX, KeptEstimate, RUN_TIME_MAX, check_budget_group, parse_budget,
    read_estimate_settings,
};
pub use trial_environment::{TypedEnvironment, VariableProblem, check_python, parse_environment};

use crate::api::{
    self, CreateRun, DatastoreMount, DependencyFile, Image, Int64, Resources, RunSpec, RunState,
    Scalar, Scratch, SweepOptions,
};
use crate::sweep::diagnostic::{Diagnostic, format_count};
use crate::sweep::literal::CharacterNames;
use crate::sweep::machine_nicknames;
use crate::sweep::options::Actions;
use crate::sweep::{
    Options, Part, Plan, QUOTED_MAX, Ranges, Settings, Strategy, digest, read_request,
    truncate_chars,
};
use std::fmt;

/// Trials of one launch, at most.
pub(crate) const MAX_TRIALS: u128 = 1_000_000;

/// Why a request cannot be launched.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// The command has errors.
    InvalidCommand {
        /// The request's command, which the diagnostics' spans are in.
        text: String,
        /// All errors and warnings, in the order of the text.
        diagnostics: Vec<Diagnostic>,
    },
    /// A field that cannot be read.
    InvalidField {
        /// The field's path in the request, `resources.gpu`.
        field: &'static str,
        /// What the field takes, as a noun phrase.
        expected: &'static str,
        /// What it holds, cut to [`QUOTED_MAX`] characters.
        found: String,
    },
    /// The run time by which the launch was estimated cannot be read.
    InvalidRunTime {
        /// As the request has it, cut to [`QUOTED_MAX`] characters.
        text: String,
        /// What is wrong with it.
        error: crate::formula::Error,
    },
    /// A chosen trial that the command does not propose.
    NotProposed {
        /// The trial's index in the space.
        index: u128,
        /// Trials in the command's space.
        space: u128,
    },
    /// A pilot trial that is not chosen.
    PilotNotChosen {
        /// The trial's index in the space.
        index: u128,
    },
    /// No trial is chosen.
    NoTrials,
    /// More than [`MAX_TRIALS`] trials are chosen.
    TooManyTrials {
        /// Chosen trials.
        found: u128,
    },
    /// The request's digest is not that of the plan as read here.
    DigestMismatch {
        /// The digest of the plan as read here, 64 hex digits.
        server_digest: String,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::InvalidCommand { text, diagnostics } => {
                let first = diagnostics.iter().min_by_key(|d| d.severity());
                match first {
                    Some(first) => write!(f, "{first} (in `{}`)", first.span.slice(text)),
                    None => write!(f, "expected a command, found `{text}`"),
                }
            }
            Refusal::InvalidField {
                field,
                expected,
                found,
            } => {
                write!(f, "{field}: expected {expected}, found `{found}`")
            }
            Refusal::InvalidRunTime { text, error } => {
                write!(f, "sweepOptions.run_time: {error} (in `{text}`)")
            }
            Refusal::NotProposed { index, space } => write!(
                f,
                "trial {index} is not among those proposed (the command stands for {} trials, \
                 counted from 0)",
                format_count(*space)
            ),
            Refusal::PilotNotChosen { index } => write!(
                f,
                "trial {index} of `sweepOptions.pilot` is not among the chosen ones (counted from 0)"
            ),
            Refusal::NoTrials => write!(f, "no trial is chosen"),
            Refusal::TooManyTrials { found } => write!(
                f,
                "one launch takes at most {} trials, found {}",
                format_count(MAX_TRIALS),
                format_count(*found)
            ),
            Refusal::DigestMismatch { .. } => write!(
                f,
                "this server reads the command differently than the page that sent it did; \
                 reload the page and look at the trials again"
            ),
        }
    }
}

impl std::error::Error for Refusal {}

/// Builds the request that launches the selected trials of part number `part` on `cluster`,
/// `parallel` at a time where given. `selection` holds positions in the plan.
/// O(command + selected ranges).
///
/// # Errors
/// No trial of the part is selected, or more than [`MAX_TRIALS`] are.
pub fn create_request(
    plan: &Plan,
    part: u32,
    selection: &Ranges,
    cluster: &str,
    parallel: Option<u32>,
) -> Result<CreateRun, Refusal> {
    let Some(of) = plan.parts().get(part as usize) else {
        return Err(Refusal::NoTrials);
    };
    let chosen = plan.chosen_indices(part, selection);
    check_trial_count(chosen.len())?;
    let options = of.options();
    let text = |value: u32| Scalar(value.to_string());
    let sweep_options = SweepOptions {
        num_trials: options.num_trials.map(text),
        seed: of.needs_seed().then(|| text(of.seed().value)),
        trials: (chosen.len() != of.len()).then(|| Scalar(chosen.to_string())),
        digest: Some(Scalar(digest(of, &chosen))),
        parallel: parallel.map(text),
        ..SweepOptions::default()
    };
    let spec = RunSpec {
        cluster_id: cluster.to_owned(),
        run_controller_command: of.run_controller_command(),
        sweep_options,
        ..to_run_spec(options)
    };
    let name = plan.run_name(part).unwrap_or_default().to_owned();
    Ok(CreateRun {
        local_dir: false,
        name,
        description: String::new(),
        spec,
    })
}

/// The options as they are sent; members that depend on the part or the cluster stay empty.
fn to_run_spec(options: &Options) -> RunSpec {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let dependency_file = options.dependency_file.as_ref().map(|path| DependencyFile {
        path: path.clone(),
        package_manager: package_manager(path).into(),
    });
    let datastore = options.datastore_name.as_ref().map(|name| DatastoreMount {
        id: String::new(),
        mount_path: options.datastore_mount().unwrap_or_default(),
        name: name.clone(),
        version: options
            .datastore_version
            .map(|version| Scalar(version.to_string())),
    });
    let environment = options.environment.iter();
    RunSpec {
        actions: actions_to_wire(&options.actions),
        auto_resume: options.auto_resume,
        desired_state: RunState::Succeeded,
        env: environment
            .map(|(name, value)| (name.clone(), Scalar(value.clone())))
            .collect(),
        image: Image {
            framework: options.framework_sent().into(),
            dockerfile: text(&options.dockerfile),
            dependency_file_info: dependency_file,
        },
        instance_type: options.instance_type.clone(),
        resources: Resources {
            cpu: Int64(options.cpus.into()),
            gpu: Int64(options.gpus.into()),
            storage_gb: Int64(options.disk_gb.into()),
            ..Resources::default()
        },
        scratch: vec![Scratch {
            mount_path: options.scratch_mount_path.clone(),
            size_gb: i32::try_from(options.scratch_gb).unwrap_or(i32::MAX),
        }],
        sweep_type: options.strategy.name().into(),
        use_spot: options.use_spot,
        datastores: datastore.into_iter().collect(),
        ..RunSpec::default()
    }
}

fn actions_to_wire(actions: &Actions) -> api::Actions {
    let actions = actions.clone();
    api::Actions {
        on_build: actions.on_build,
        on_build_start: actions.on_build_start,
        on_build_end: actions.on_build_end,
        on_experiment_start: actions.on_experiment_start,
        on_experiment_end: actions.on_experiment_end,
    }
}

fn actions_from_wire(actions: &api::Actions) -> Actions {
    let actions = actions.clone();
    Actions {
        on_build: actions.on_build,
        on_build_start: actions.on_build_start,
        on_build_end: actions.on_build_end,
        on_experiment_start: actions.on_experiment_start,
        on_experiment_end: actions.on_experiment_end,
    }
}

fn package_manager(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("txt") => "PACKAGE_MANAGER_PIP",
        Some("yml" | "yaml") => "PACKAGE_MANAGER_CONDA",
        _ => "",
    }
}

/// A request that passed the server's checks.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckedLaunch {
    /// The plan of the request's one command: a single part.
    pub plan: std::sync::Arc<Plan>,
    /// The chosen trials as indices in the part's space.
    pub chosen: Ranges,
    /// Those of the chosen that start at once, where the others are held until they are released.
    pub pilot: Option<Ranges>,
    /// Trials at a time, where the request sets a number.
    pub parallel: Option<u32>,
}

impl CheckedLaunch {
    /// The plan's only part.
    #[cfg(feature = "internals")]
    pub fn part(&self) -> Option<&Part> {
        self.plan.parts().first()
    }
}

/// Checks a request: reads its command again by the code that read it on the page, then the trials
/// chosen of it. `drawn_seed` is the seed of a request without one. O(command + chosen).
///
/// # Errors
/// The first reason why the request cannot be launched exactly as asked.
pub fn check_request(create: &CreateRun, drawn_seed: u32) -> Result<CheckedLaunch, Refusal> {
    let options = options_from_request(create)?;
    let text = &create.spec.run_controller_command;
    let settings = Settings {
        drawn_seed,
        character_names: Some(CharacterNames::embedded()),
        ..Settings::default()
    };
    let reading = read_request(text, options, &settings);
    if reading.has_errors() {
        let diagnostics = reading.diagnostics;
        return Err(Refusal::InvalidCommand {
            text: text.clone(),
            diagnostics,
        });
    }
    let plan = reading.plan;
    let part = plan.parts().first().ok_or(Refusal::NoTrials)?;
    let sweep = &create.spec.sweep_options;
    let chosen = match &sweep.trials {
        Some(ranges) => parse_chosen_trials(part, ranges.as_str())?,
        None => {
            check_trial_count(part.len())?;
            plan.chosen_indices(0, &Ranges::full(part.len()))
        }
    };
    if let Some(digest_there) = &sweep.digest {
        let here = digest(part, &chosen);
        if digest_there.as_str() != here {
            return Err(Refusal::DigestMismatch {
                server_digest: here,
            });
        }
    }
    let pilot = sweep.pilot.as_ref();
    let pilot = pilot.map(|ranges| parse_pilot(&chosen, ranges.as_str()));
    let parallel = parse_optional_number(sweep.parallel.as_ref(), "sweepOptions.parallel", 1)?;
    Ok(CheckedLaunch {
        plan,
        pilot: pilot.transpose()?,
        chosen,
        parallel,
    })
}

/// Parses the chosen indices; refuses any that the command does not propose.
fn parse_chosen_trials(part: &Part, text: &str) -> Result<Ranges, Refusal> {
    let ranges = parse_indices("sweepOptions.trials", text)?;
    check_trial_count(ranges.len())?;
    let space = part.space_len();
    let unknown = ranges
        .iter()
        .find(|index| part.position_of(*index).is_none());
    match unknown {
        Some(index) => Err(Refusal::NotProposed { index, space }),
        None => Ok(ranges),
    }
}

/// Parses the indices of pilot trials; refuses any that is not chosen.
fn parse_pilot(chosen: &Ranges, text: &str) -> Result<Ranges, Refusal> {
    let pilot = parse_indices("sweepOptions.pilot", text)?;
    match pilot.difference(chosen).nth(0) {
        Some(index) => Err(Refusal::PilotNotChosen { index }),
        None => Ok(pilot),
    }
}

fn parse_indices(field: &'static str, text: &str) -> Result<Ranges, Refusal> {
    text.parse().map_err(|_| Refusal::InvalidField {
        field,
        expected: "indices such as `0-3,7`",
        found: truncate_chars(text, QUOTED_MAX),
    })
}

fn check_trial_count(found: u128) -> Result<(), Refusal> {
    match found {
        0 => Err(Refusal::NoTrials),
        1..=MAX_TRIALS => Ok(()),
        _ => Err(Refusal::TooManyTrials { found }),
    }
}

/// The options of `grid run` that a request carries; what no request carries stays at its default.
fn options_from_request(create: &CreateRun) -> Result<Options, Refusal> {
    let (spec, sweep, defaults) = (&create.spec, &create.spec.sweep_options, Options::default());
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let strategy = match spec.sweep_type.as_str() {
        "" => Strategy::GridSearch,
        name => Strategy::from_name(name).ok_or_else(|| Refusal::InvalidField {
            field: "sweepType",
            expected: "grid_search, random_search or none",
            found: name.to_owned(),
        })?,
    };
    let datastore = spec.datastores.first();
    let scratch = spec.scratch.first();
    let version = datastore.and_then(|store| store.version.as_ref());
    Ok(Options {
        name: some(&create.name),
        cluster: some(&spec.cluster_id),
        strategy,
        num_trials: parse_optional_number(sweep.num_trials.as_ref(), "sweepOptions.num_trials", 1)?,
        seed: parse_optional_number(sweep.seed.as_ref(), "sweepOptions.seed", 0)?,
        instance_type: some(&spec.instance_type).map_or(defaults.instance_type, |typed| {
            // Grid's client sends a nickname from a config file unresolved.
            machine_nicknames::resolve_nickname(&typed).unwrap_or(typed)
        }),
        gpus: count_from_wire(spec.resources.gpu, "resources.gpu")?,
        cpus: count_from_wire(spec.resources.cpu, "resources.cpu")?,
        disk_gb: match count_from_wire(spec.resources.storage_gb, "resources.storageGb")? {
            0 => defaults.disk_gb,
            disk => disk,
        },
        datastore_name: datastore.and_then(|store| some(&store.name).or_else(|| some(&store.id))),
        datastore_version: parse_optional_number(version, "datastores[0].version", 0)?,
        datastore_mount_dir: datastore.and_then(|store| some(&store.mount_path)),
        framework: some(&spec.image.framework).unwrap_or(defaults.framework),
        use_spot: spec.use_spot,
        scratch_gb: scratch.map_or(Ok(defaults.scratch_gb), |s| {
            count_from_wire(Int64(s.size_gb.into()), "scratch[0].sizeGb")
        })?,
        scratch_mount_path: scratch
            .and_then(|s| some(&s.mount_path))
            .unwrap_or(defaults.scratch_mount_path),
        localdir: create.local_dir,
        dockerfile: some(&spec.image.dockerfile),
        dependency_file: spec
            .image
            .dependency_file_info
            .as_ref()
            .and_then(|f| some(&f.path)),
        auto_resume: spec.auto_resume,
        environment: spec
            .env
            .iter()
            .map(|(name, value)| (name.clone(), value.0.clone()))
            .collect(),
        actions: actions_from_wire(&spec.actions),
        ..Options::default()
    })
}

fn count_from_wire(value: Int64, field: &'static str) -> Result<u32, Refusal> {
    u32::try_from(value.0).map_err(|_| Refusal::InvalidField {
        field,
        expected: "a whole number, 0 or more",
        found: value.0.to_string(),
    })
}

fn parse_optional_number(
    value: Option<&Scalar>,
    field: &'static str,
    least: u32,
) -> Result<Option<u32>, Refusal> {
    let Some(value) = value.filter(|value| !value.as_str().is_empty()) else {
        return Ok(None);
    };
    let read = value
        .as_str()
        .trim()
        .parse::<u32>()
        .ok()
        .filter(|read| *read >= least);
    let expected = if least == 0 {
        "a whole number from 0 to 4294967295"
    } else {
        "a whole number from 1 up"
    };
    let refuse = || Refusal::InvalidField {
        field,
        expected,
        found: truncate_chars(value.as_str(), QUOTED_MAX),
    };
    read.ok_or_else(refuse).map(Some)
}

#[cfg(test)]
mod tests;
