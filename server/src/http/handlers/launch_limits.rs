//! Bounds of a launch request: what of it is stored, comes back in answers, and is passed to trials.

use sweep_planner::api::{CreateRun, Scalar};
use sweep_planner::launch::RUN_TIME_MAX;
use sweep_planner::sweep::diagnostic::format_count;
use sweep_planner::sweep::{ArgumentSizes, Part, find_nul};

use crate::config::Limits;
use crate::http::error::{ApiError, truncated};
use crate::http::wire;
use crate::model::names;

/// A text that names something or is a number: a machine, a framework, a seed; in bytes.
const NAME_BYTES: usize = 200;
/// A path, or an address of a repository.
const PATH_BYTES: usize = 4096;
const COMMAND_BYTES: usize = 4 << 20;
/// As JSON. Neither is used here, but both come back in answers.
const ACTIONS_BYTES: usize = 64 << 10;
const EXTRA_BYTES: usize = 16 << 10;
const ENVIRONMENT_BYTES: usize = 1 << 20;
/// Datastores, or scratch spaces, of a run.
const MOUNTS_MAX: usize = 100;

/// The longest argument, and variable with its value, that Linux passes to a program: 32 pages, with a
/// NUL at the end.
const WORD_BYTES: u64 = 131_071;
/// The script with its arguments. Linux passes 2 MiB with the environment, macOS 1 MiB.
const TRIAL_BYTES: u64 = 1 << 20;
/// The swept values of one trial: 1000 trials on a page show theirs.
const VALUES_BYTES: u64 = 16 << 10;
/// The values of all lists and draws of a command, which are stored.
const LISTED_BYTES: u64 = 64 << 20;

/// Refuses a request of which a text or a list is too long.
pub(super) fn check_texts(request: &CreateRun) -> Result<(), ApiError> {
    let spec = &request.spec;
    let options = &spec.sweep_options;
    let scalar = |value: &Option<Scalar>| value.as_ref().map_or(0, |value| value.0.len());
    let dependencies = spec.image.dependency_file_info.as_ref();
    let json = |value: Result<Vec<u8>, serde_json::Error>| value.map_or(usize::MAX, |v| v.len());
    for (field, len, most) in [
        ("instanceType", spec.instance_type.len(), NAME_BYTES),
        ("sweepType", spec.sweep_type.len(), NAME_BYTES),
        ("userId", spec.user_id.len(), NAME_BYTES),
        (
            "runControllerCommand",
            spec.run_controller_command.len(),
            COMMAND_BYTES,
        ),
        ("relativeWorkDir", spec.relative_work_dir.len(), PATH_BYTES),
        ("sourceCode", spec.source_code.len(), PATH_BYTES),
        ("image.framework", spec.image.framework.len(), NAME_BYTES),
        ("image.dockerfile", spec.image.dockerfile.len(), PATH_BYTES),
        (
            "image.dependencyFileInfo.path",
            dependencies.map_or(0, |file| file.path.len()),
            PATH_BYTES,
        ),
        (
            "image.dependencyFileInfo.packageManager",
            dependencies.map_or(0, |file| file.package_manager.len()),
            NAME_BYTES,
        ),
        (
            "actions",
            json(serde_json::to_vec(&spec.actions)),
            ACTIONS_BYTES,
        ),
        (
            "resources.extra",
            json(serde_json::to_vec(&spec.resources.extra)),
            EXTRA_BYTES,
        ),
        (
            "sweepOptions.num_trials",
            scalar(&options.num_trials),
            NAME_BYTES,
        ),
        ("sweepOptions.seed", scalar(&options.seed), NAME_BYTES),
        ("sweepOptions.digest", scalar(&options.digest), NAME_BYTES),
        (
            "sweepOptions.parallel",
            scalar(&options.parallel),
            NAME_BYTES,
        ),
        (
            "sweepOptions.time_limit",
            scalar(&options.time_limit),
            NAME_BYTES,
        ),
        (
            "sweepOptions.stop_after_failures",
            scalar(&options.stop_after_failures),
            NAME_BYTES,
        ),
        (
            "sweepOptions.priority",
            scalar(&options.priority),
            NAME_BYTES,
        ),
        ("sweepOptions.python", scalar(&options.python), PATH_BYTES),
        ("sweepOptions.pilot", scalar(&options.pilot), PATH_BYTES),
        (
            "sweepOptions.run_time",
            scalar(&options.run_time),
            RUN_TIME_MAX,
        ),
        (
            "sweepOptions.run_time_source",
            scalar(&options.run_time_source),
            NAME_BYTES,
        ),
        (
            "sweepOptions.run_time_factor",
            scalar(&options.run_time_factor),
            NAME_BYTES,
        ),
        (
            "sweepOptions.run_time_noise",
            scalar(&options.run_time_noise),
            NAME_BYTES,
        ),
        (
            "sweepOptions.interruptions_per_hour",
            scalar(&options.interruptions_per_hour),
            NAME_BYTES,
        ),
        ("sweepOptions.budget", scalar(&options.budget), NAME_BYTES),
        ("sweepOptions.group", scalar(&options.group), NAME_BYTES),
    ] {
        check_length(field, len, most)?;
    }
    check_lists(request)?;
    check_environment(request)
}

fn check_length(field: &str, len: usize, most: usize) -> Result<(), ApiError> {
    if len <= most {
        return Ok(());
    }
    Err(ApiError::Invalid(format!(
        "`spec.{field}` takes at most {} bytes, found {}.",
        format_count(most as u128),
        format_count(len as u128)
    )))
}

fn check_lists(request: &CreateRun) -> Result<(), ApiError> {
    let spec = &request.spec;
    for (field, len) in [
        ("datastores", spec.datastores.len()),
        ("scratch", spec.scratch.len()),
    ] {
        if len > MOUNTS_MAX {
            return Err(ApiError::Invalid(format!(
                "`spec.{field}` takes at most {MOUNTS_MAX} items, found {}.",
                format_count(len as u128)
            )));
        }
    }
    for mount in &spec.datastores {
        let version = mount.version.as_ref().map_or(0, |version| version.0.len());
        check_length("datastores[].id", mount.id.len(), NAME_BYTES)?;
        check_length("datastores[].name", mount.name.len(), NAME_BYTES)?;
        check_length("datastores[].version", version, NAME_BYTES)?;
        check_length("datastores[].mountPath", mount.mount_path.len(), PATH_BYTES)?;
    }
    for scratch in &spec.scratch {
        check_length("scratch[].mountPath", scratch.mount_path.len(), PATH_BYTES)?;
    }
    Ok(())
}

fn check_environment(request: &CreateRun) -> Result<(), ApiError> {
    let mut bytes = 0;
    for (name, value) in &request.spec.env {
        if !names::is_environment_variable(name, &value.0) {
            return Err(ApiError::Invalid(format!(
                "`{}` cannot be set in the environment.",
                truncated(name)
            )));
        }
        if value.0 == wire::HIDDEN_VALUE {
            return Err(ApiError::Invalid(format!(
                "The value of `{}` is another account's and hidden. Enter the value that it is to \
                 have.",
                truncated(name)
            )));
        }
        // Both, the sign between them and the end.
        let len = name.len() + value.0.len() + 2;
        bytes += len;
        if len as u64 > WORD_BYTES {
            return Err(ApiError::Invalid(format!(
                "The variable `{}` has {} bytes with its value. No program can be passed one of \
                 more than {}.",
                truncated(name),
                format_count(len as u128),
                format_count(WORD_BYTES.into())
            )));
        }
    }
    check_length("env", bytes, ENVIRONMENT_BYTES)
}

/// Refuses a command of which a trial cannot be passed its arguments, or whose trials have too many
/// of them all together.
pub(super) fn check_arguments(part: &Part, trials: u32, limits: &Limits) -> Result<(), ApiError> {
    if let Some(text) = find_nul(part) {
        return Err(ApiError::Invalid(format!(
            "`{}` holds the character NUL, which no program can be passed.",
            truncated(&text.replace('\0', "\\0"))
        )));
    }
    let sizes = ArgumentSizes::from_part(part);
    let refuse = |what: &str, found: u64, most: u64, instead: &str| {
        Err(ApiError::Invalid(format!(
            "{what} {} bytes, at most {} are possible. {instead}",
            format_count(found.into()),
            format_count(most.into())
        )))
    };
    let file = "Put long texts into a file of the source, and pass its name.";
    if sizes.longest_word > WORD_BYTES {
        return refuse("An argument has", sizes.longest_word, WORD_BYTES, file);
    }
    if sizes.longest_trial > TRIAL_BYTES {
        return refuse(
            "The arguments of one trial have",
            sizes.longest_trial,
            TRIAL_BYTES,
            file,
        );
    }
    if sizes.longest_values > VALUES_BYTES {
        return refuse(
            "The swept values of one trial have",
            sizes.longest_values,
            VALUES_BYTES,
            file,
        );
    }
    if sizes.listed > LISTED_BYTES {
        return refuse(
            "The values that the command lists or draws have",
            sizes.listed,
            LISTED_BYTES,
            "Launch it in parts.",
        );
    }
    let all = sizes.longest_trial.saturating_mul(trials.into());
    if all > limits.argument_bytes {
        return refuse(
            &format!(
                "The arguments of {} trials, {} bytes each, have",
                format_count(trials.into()),
                format_count(sizes.longest_trial.into())
            ),
            all,
            limits.argument_bytes,
            "Launch fewer trials at once, or put long texts into a file of the source.",
        );
    }
    Ok(())
}
