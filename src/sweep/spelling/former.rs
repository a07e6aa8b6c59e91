//! Former names: the options of earlier clients of Grid and of similar tools, and what they are today.
//!
//! Up to 0.4 (May 2021) every option of `grid train` was `--grid_NAME` or `--g_NAME`. Some names were
//! dropped or renamed until 0.8.81, and `--memory` came to mean the disk. This is read before any
//! likeness of letters: `--g_cpus` is one letter from `--gpus`.

use crate::sweep::options::{self, OptionSpec};

/// What has become of an option.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::sweep) enum CurrentOption {
    /// Another name for the same.
    Renamed {
        spec: &'static OptionSpec,
        /// What else is worth knowing of it, or "".
        note: &'static str,
    },
    /// An option without a successor.
    Removed(RemovedOption),
}

/// An option that nothing stands for today.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::sweep) struct RemovedOption {
    /// Without dashes.
    name: &'static str,
    /// Why, and what serves instead.
    pub(in crate::sweep) why: &'static str,
    pub(in crate::sweep) takes_value: bool,
    /// Whether the same trials run on the same machines without it.
    pub(in crate::sweep) is_removable: bool,
}

const DISK: &str = "`--memory` is the size of the disk in GB, 100 or more";

/// Names of options, those of Grid's own history first.
const RENAMED: &[(&str, &str, &str)] = &[
    ("trials", "--num_trials", ""),
    ("resumable", "--auto_resume", ""),
    ("disk_size", "--memory", DISK),
    ("instance", "--instance_type", ""),
    // Keys of the config file.
    ("storage_gb", "--memory", DISK),
    ("size_gb", "--scratch_size", ""),
    ("mount_path", "--scratch_mount_path", ""),
    ("dependency_file_info", "--dependency_file", ""),
    // Other tools, and near words.
    ("n_trials", "--num_trials", ""),
    ("number_of_trials", "--num_trials", ""),
    ("num_gpus", "--gpus", ""),
    ("n_gpus", "--gpus", ""),
    ("ngpus", "--gpus", ""),
    ("num_cpus", "--cpus", ""),
    ("n_cpus", "--cpus", ""),
    ("ncpus", "--cpus", ""),
    ("vcpus", "--cpus", ""),
    ("disk", "--memory", DISK),
    ("disk_gb", "--memory", DISK),
    ("disk_size_gb", "--memory", DISK),
    ("storage", "--memory", DISK),
    ("machine", "--instance_type", ""),
    ("machine_type", "--instance_type", ""),
    ("spot", "--use_spot", ""),
    ("spot_instance", "--use_spot", ""),
    ("preemptible", "--use_spot", ""),
    ("use_preemptible", "--use_spot", ""),
    ("interruptible", "--use_spot", ""),
    ("local_dir", "--localdir", ""),
    ("docker_file", "--dockerfile", ""),
    ("requirements", "--dependency_file", ""),
    ("requirements_file", "--dependency_file", ""),
    ("datastore", "--datastore_name", ""),
    ("datastore_mount_path", "--datastore_mount_dir", ""),
    ("cluster_id", "--cluster", ""),
    ("cluster_name", "--cluster", ""),
    ("run_name", "--name", ""),
    ("random_seed", "--seed", ""),
    ("config_file", "--config", ""),
    ("search_strategy", "--strategy", ""),
    ("scratch_size_gb", "--scratch_size", ""),
    ("scratch_dir", "--scratch_mount_path", ""),
];

const fn removed(name: &'static str, why: &'static str) -> RemovedOption {
    RemovedOption {
        name,
        why,
        takes_value: true,
        is_removable: true,
    }
}

const fn without_value(gone: RemovedOption) -> RemovedOption {
    RemovedOption {
        takes_value: false,
        ..gone
    }
}

/// An option that no fix removes: without it other work would run, or run elsewhere, so that a person has
/// to decide.
const fn not_removable(gone: RemovedOption) -> RemovedOption {
    RemovedOption {
        is_removable: false,
        ..gone
    }
}

const NOTE: &str = "runs have no description; a line that begins with `#` keeps a note";
const CLUSTER: &str = "where a run executes is its cluster: `--cluster NAME`";
const AT_ONCE: &str = "how many trials run at once is decided at the launch";
const ONE_MACHINE: &str = "each trial runs on one machine, which `--instance_type` names";
const RAM: &str =
    "main memory comes with the machine that `--instance_type` names; `--memory` is the disk";
const ENVIRONMENT: &str = "variables stand in the config file, under `compute.train.environment`";
const ACTIONS: &str =
    "commands around a trial stand in the config file, under `compute.train.actions`";
const DRY_RUN: &str = "nothing starts before you launch: trials and price are shown first";
const PROCESSES: &str = "the script starts its own processes";

const REMOVED: &[RemovedOption] = &[
    removed("description", NOTE),
    removed("credential", CLUSTER),
    removed("credentials", CLUSTER),
    removed("cloud", CLUSTER),
    removed("provider", CLUSTER),
    removed("vendor", CLUSTER),
    not_removable(removed("region", CLUSTER)),
    removed("max_nodes", AT_ONCE),
    removed("min_nodes", AT_ONCE),
    removed("max_runs", AT_ONCE),
    removed("parallel", AT_ONCE),
    removed("max_parallel", AT_ONCE),
    removed("scale_down_seconds", "machines belong to the cluster"),
    not_removable(removed("nodes", ONE_MACHINE)),
    not_removable(removed("num_nodes", ONE_MACHINE)),
    not_removable(removed("processes", PROCESSES)),
    not_removable(removed("num_processes", PROCESSES)),
    without_value(removed("distributed", PROCESSES)),
    not_removable(removed("ram", RAM)),
    not_removable(removed("env", ENVIRONMENT)),
    not_removable(removed("environment", ENVIRONMENT)),
    not_removable(removed("on_build", ACTIONS)),
    not_removable(removed("on_build_start", ACTIONS)),
    not_removable(removed("on_build_end", ACTIONS)),
    not_removable(removed("on_experiment_start", ACTIONS)),
    not_removable(removed("on_experiment_end", ACTIONS)),
    without_value(removed("dry_run", DRY_RUN)),
];

/// `--grid_memory 8G` asked for main memory. The name without the prefix is taken now.
const PREFIXED_MEMORY: RemovedOption = not_removable(removed("memory", RAM));

/// What the option `typed`, dashes and all, is today; `None` for one that neither Grid nor this
/// table ever had, and for today's own spelling.
pub(in crate::sweep) fn find_current(typed: &str) -> Option<CurrentOption> {
    if options::find(typed).is_some() {
        return None;
    }
    let (name, was_prefixed) = bare_name(typed)?;
    if was_prefixed && name == PREFIXED_MEMORY.name {
        return Some(CurrentOption::Removed(PREFIXED_MEMORY));
    }
    let renamed = |spec, note| CurrentOption::Renamed { spec, note };
    let same = options::find(&format!("--{name}")).map(|spec| renamed(spec, ""));
    let row = || {
        let (_, today, note) = RENAMED.iter().find(|(old, ..)| *old == name)?;
        Some(renamed(options::find(today)?, *note))
    };
    let gone = || {
        REMOVED
            .iter()
            .find(|gone| gone.name == name)
            .copied()
            .map(CurrentOption::Removed)
    };
    same.or_else(row).or_else(gone)
}

/// The option that `typed` is today where it begins with Grid's former prefixes, which no script's own
/// argument does.
pub(in crate::sweep) fn find_prefixed(typed: &str) -> Option<&'static OptionSpec> {
    // Most arguments are ruled out by their first letter.
    let may_be = typed.strip_prefix("--")?.starts_with(['g', 'G']);
    let (_, was_prefixed) = may_be.then(|| bare_name(typed)).flatten()?;
    match find_current(typed).filter(|_| was_prefixed)? {
        CurrentOption::Renamed { spec, .. } => Some(spec),
        CurrentOption::Removed(_) => None,
    }
}

/// The name in lower case without dashes and prefix, `_` for `-`; and whether a prefix stood there.
pub(super) fn bare_name(typed: &str) -> Option<(String, bool)> {
    let name = typed.trim_start_matches('-');
    let dashes = typed.len() - name.len();
    // The letters of `-ld` are options each.
    let is_long = dashes == 2 || dashes == 1 && name.len() > 2;
    if !is_long || name.len() > 64 {
        return None;
    }
    let name = name.to_lowercase().replace('-', "_");
    let without_prefix = ["grid_", "g_"].iter().find_map(|p| name.strip_prefix(p));
    Some(match without_prefix {
        Some(bare) => (bare.to_owned(), true),
        None => (name, false),
    })
}

/// What has become of a key of the config file.
pub(in crate::sweep) enum CurrentKey {
    Renamed(&'static str),
    Gone {
        key: &'static str,
        /// Why, and what serves instead.
        why: &'static str,
    },
}

/// What a key of the config file is today; each section has its own.
pub(in crate::sweep) fn find_current_key(section: &str, key: &str) -> Option<CurrentKey> {
    const RENAMED_KEYS: &[(&str, &str, &str)] = &[
        ("train", "instance_type", "instance"),
        ("train", "disk_size", "storage_gb"),
        ("train", "disk_gb", "storage_gb"),
        ("train", "resumable", "auto_resume"),
        ("train", "preemptible", "use_spot"),
        ("train", "spot", "use_spot"),
        ("train", "env", "environment"),
        ("train", "datastore_mount_path", "datastore_mount_dir"),
        ("train", "dependency_file", "dependency_file_info"),
        ("provider", "cluster_id", "cluster"),
        ("strategy_options", "trials", "num_trials"),
        ("strategy_options", "n_trials", "num_trials"),
        ("scratch", "size", "size_gb"),
        ("scratch", "scratch_size", "size_gb"),
        ("scratch", "scratch_mount_path", "mount_path"),
        ("hyper_params", "parameters", "params"),
    ];
    const GONE_KEYS: &[(&str, &str, &str)] = &[
        ("provider", "vendor", CLUSTER_KEY),
        ("provider", "credentials", CLUSTER_KEY),
        ("provider", "region", CLUSTER_KEY),
        ("train", "memory", RAM_KEY),
        ("train", "description", NOTE),
        ("train", "max_nodes", AT_ONCE),
        (
            "train",
            "nodes",
            "each trial runs on one machine, which `instance` names",
        ),
        ("train", "distributed", PROCESSES),
        (
            "train",
            "scale_down_seconds",
            "machines belong to the cluster",
        ),
    ];
    const CLUSTER_KEY: &str = "where a run executes is its cluster: `cluster: NAME`";
    const RAM_KEY: &str =
        "main memory comes with the machine that `instance` names; the disk is `storage_gb`";
    let of = |rows: &'static [(&str, &'static str, &'static str)]| {
        rows.iter()
            .find(|(within, old, _)| *within == section && *old == key)
    };
    match (of(RENAMED_KEYS), of(GONE_KEYS)) {
        (Some((.., today)), _) => Some(CurrentKey::Renamed(today)),
        (None, Some((_, key, why))) => Some(CurrentKey::Gone { key, why }),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::options::OPTIONS;
    use crate::testing::test;

    fn name_today(typed: &str) -> Option<&'static str> {
        match find_current(typed)? {
            CurrentOption::Renamed { spec, .. } => Some(spec.name),
            CurrentOption::Removed(_) => None,
        }
    }

    #[test]
    fn every_option_is_found_by_its_former_prefixes() {
        for spec in OPTIONS.iter().filter(|spec| spec.name != "--memory") {
            let bare = spec.name.trim_start_matches("--");
            for prefix in ["g_", "grid_", "g-", "grid-", "GRID_"] {
                assert_eq!(name_today(&format!("--{prefix}{bare}")), Some(spec.name));
            }
            assert_eq!(find_current(spec.name), None);
        }
        // Another thing than `--memory` is today.
        assert!(matches!(
            find_current("--grid_memory"),
            Some(CurrentOption::Removed(_))
        ));
    }

    #[test]
    fn each_row_leads_to_an_option_and_hides_none() {
        for (old, new, _) in RENAMED {
            assert!(options::find(new).is_some(), "{new}");
            assert!(options::find(&format!("--{old}")).is_none(), "{old}");
            assert!(REMOVED.iter().all(|gone| gone.name != *old), "{old}");
            assert_eq!(
                RENAMED.iter().filter(|row| row.0 == *old).count(),
                1,
                "{old}"
            );
        }
        for gone in REMOVED {
            assert!(options::find(&format!("--{}", gone.name)).is_none());
        }
    }
}
