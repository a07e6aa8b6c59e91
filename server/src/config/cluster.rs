//! The clusters of the configuration: what runs their trials, what those see, and their price.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;
use std::path::PathBuf;

use serde::Deserialize;
use sweep_planner::estimate::EstimateSettings;

use super::error::ConfigError;
use crate::model::ActiveTrial;
use crate::model::names;
use crate::model::price::Pricing;
use crate::sources::resolve_interpreter;
use crate::system::cores;

/// One cluster.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClusterConfig {
    /// What runs its trials.
    #[serde(default)]
    pub engine: EngineKind,
    /// How many trials run at once; the number of cores when absent.
    pub slots: Option<u32>,
    /// CPUs that its trials share, where a run says how many each takes; not counted when absent.
    pub cpus: Option<u32>,
    /// The numbers of the GPUs that its trials share (`CUDA_VISIBLE_DEVICES`).
    #[serde(default)]
    pub gpus: Vec<u32>,
    /// How its trials are given their datastores.
    #[serde(default)]
    pub mounts: MountMode,
    /// What keeps the data folder from its trials.
    #[serde(default)]
    pub isolation: IsolationMode,
    /// What alone its trials see of the machine, read-only; everything where it is empty.
    #[serde(default)]
    pub visible: Vec<PathBuf>,
    /// How many threads its trials' numerical libraries use.
    #[serde(default)]
    pub threads: Threads,
    /// The Python of its trials, where a run names none: a program, or the folder of a virtual
    /// environment.
    pub python: Option<String>,
    /// Environment variables of its trials; a run's own win.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// How its trials are priced.
    #[serde(default)]
    pub price: Pricing,
}

/// Which engine runs the trials of a cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// Processes of this machine.
    #[default]
    Local,
}

impl fmt::Display for EngineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("local"),
        }
    }
}

/// How trials are given their datastores.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MountMode {
    /// Mounted where a run asks for them, in a mount namespace of the trial's own. Where the
    /// machine does not allow that, as with `Arguments`.
    #[default]
    Namespace,
    /// Their paths are replaced in the trials' arguments.
    Arguments,
}

/// What keeps the data folder from trials.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IsolationMode {
    /// A mount namespace of the trial's own where the machine allows it, else Landlock, else nothing.
    #[default]
    Auto,
    /// Nothing.
    None,
}

/// How many threads a trial's numerical libraries use, where its run does not say (`--cpus`), and how
/// many cores it is restricted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(
    untagged,
    expecting = "`threads` takes \"auto\", \"inherit\" or a number from 1 up"
)]
pub enum Threads {
    /// So many.
    Number(NonZeroU32),
    /// By this rule.
    Rule(ThreadRule),
}

/// A word in place of a number of threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ThreadRule {
    /// The machine's cores, shared by the trials that run at once.
    Auto,
    /// As the server itself: nothing is set, and no trial is restricted to some cores.
    Inherit,
}

impl Default for Threads {
    fn default() -> Self {
        Self::Rule(ThreadRule::Auto)
    }
}

impl ClusterConfig {
    pub(super) fn local() -> Self {
        Self {
            engine: EngineKind::Local,
            slots: None,
            cpus: None,
            gpus: Vec::new(),
            mounts: MountMode::Namespace,
            isolation: IsolationMode::Auto,
            visible: Vec::new(),
            threads: Threads::default(),
            python: None,
            env: BTreeMap::new(),
            price: Pricing::AsIf,
        }
    }

    /// What a trial of the cluster takes and costs, by the rules that the page has for it.
    pub fn estimate_settings(&self) -> EstimateSettings {
        let engine = self.engine.to_string();
        EstimateSettings {
            cores: Some(self.cores()),
            threads: self.threads_per_trial(),
            ..EstimateSettings::for_cluster(
                &engine,
                self.price.to_wire().as_ref(),
                Some(self.slots()),
            )
        }
    }

    /// The cores that its trials share, at least 1: those of this machine.
    pub fn cores(&self) -> u32 {
        cores::usable_count().max(1)
    }

    /// How many threads the libraries of a trial use that does not ask for some; `None` where that is
    /// left to them.
    pub fn threads_per_trial(&self) -> Option<u32> {
        match self.threads {
            Threads::Number(number) => Some(number.get()),
            Threads::Rule(ThreadRule::Auto) => Some((self.cores() / self.slots()).max(1)),
            Threads::Rule(ThreadRule::Inherit) => None,
        }
    }

    /// How many trials run at once, at least 1.
    pub fn slots(&self) -> u32 {
        self.slots.unwrap_or_else(cores::usable_count).max(1)
    }

    /// How many trials like this one its CPUs and GPUs allow at once, where it counts them.
    pub fn capacity_for(&self, trial: &ActiveTrial) -> u32 {
        let asked = u32::try_from(trial.spec.resources.cpu.0.max(1)).unwrap_or(u32::MAX);
        let by_cpus = self.cpus.map(|cpus| cpus / asked);
        let by_gpus = self.gpus.len().checked_div(trial.gpus.len());
        let by_gpus = by_gpus.and_then(|most| u32::try_from(most).ok());
        by_cpus.into_iter().chain(by_gpus).min().unwrap_or(u32::MAX)
    }
}

/// The clusters of the file, checked; `local` alone where it has none.
pub(super) fn configured_clusters(
    mut clusters: BTreeMap<String, ClusterConfig>,
) -> Result<BTreeMap<String, ClusterConfig>, ConfigError> {
    if clusters.is_empty() {
        clusters.insert("local".into(), ClusterConfig::local());
    }
    check_clusters(&clusters)?;
    Ok(clusters)
}

pub(super) fn choose_default_cluster(
    named: Option<String>,
    clusters: &BTreeMap<String, ClusterConfig>,
) -> Result<String, ConfigError> {
    match named {
        Some(name) if clusters.contains_key(&name) => Ok(name),
        Some(name) => Err(ConfigError::Value(format!(
            "default_cluster names `{name}`, which is not among the clusters"
        ))),
        None if clusters.contains_key("local") => Ok("local".to_owned()),
        None => Ok(clusters.keys().next().cloned().unwrap_or_default()),
    }
}

/// Replaces the Python of each cluster by its absolute path; one of PATH stays a name.
pub(super) fn resolve_interpreters(
    clusters: &mut BTreeMap<String, ClusterConfig>,
) -> Result<(), ConfigError> {
    for (name, cluster) in clusters {
        let Some(named) = &cluster.python else {
            continue;
        };
        let refuse =
            |why: String| ConfigError::Value(format!("`python` of cluster `{name}`: {why}"));
        let path = if named.contains('/') && !named.starts_with('~') {
            std::path::absolute(named).map_err(|error| refuse(error.to_string()))?
        } else {
            named.into()
        };
        let here: Vec<PathBuf> = std::env::current_dir().into_iter().collect();
        let found = resolve_interpreter(&path.to_string_lossy(), &here);
        let found = found.map_err(|error| refuse(error.to_string()))?;
        cluster.python = Some(found.to_string_lossy().into_owned());
    }
    Ok(())
}

/// Refuses what `visible` names and is not there.
pub(super) fn check_visible(clusters: &BTreeMap<String, ClusterConfig>) -> Result<(), ConfigError> {
    for (name, cluster) in clusters {
        let unusable =
            |path: &&PathBuf| !path.is_absolute() || path.parent().is_none() || !path.exists();
        if let Some(path) = cluster.visible.iter().find(unusable) {
            return Err(ConfigError::Value(format!(
                "`visible` of cluster `{name}`: {} is no absolute path of something that exists below /",
                path.display()
            )));
        }
    }
    Ok(())
}

pub(super) fn check_clusters(
    clusters: &BTreeMap<String, ClusterConfig>,
) -> Result<(), ConfigError> {
    for (name, cluster) in clusters {
        let fits = (1..=63).contains(&name.len())
            && name
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
            && !name.starts_with('-')
            && !name.ends_with('-');
        if !fits {
            return Err(ConfigError::Value(format!(
                "`{name}` is no name for a cluster: up to 63 of a-z, 0-9 and -, and no - at \
                 either end"
            )));
        }
        // A path below /v1/core/clusters/ would be ambiguous.
        if name == "clusters" || name == "sessions" {
            return Err(ConfigError::Value(format!(
                "a cluster cannot be named `{name}`"
            )));
        }
        let twice = |(at, gpu)| cluster.gpus.iter().skip(at + 1).any(|other| other == gpu);
        if cluster.cpus == Some(0) || cluster.gpus.iter().enumerate().any(twice) {
            return Err(ConfigError::Value(format!(
                "cluster `{name}`: `cpus` is at least 1, and `gpus` names each GPU once"
            )));
        }
        let unsettable = cluster
            .env
            .iter()
            .find(|(name, value)| !names::is_environment_variable(name, value));
        if let Some((variable, _)) = unsettable {
            return Err(ConfigError::Value(format!(
                "cluster `{name}`: `{variable}` cannot be set in the environment"
            )));
        }
        if let Pricing::Rate(rate) = &cluster.price
            && crate::model::price::HourlyRate::parse(rate).is_none()
        {
            return Err(ConfigError::Value(format!(
                "the rate of cluster `{name}` is `{rate}`: expected USD per hour, as in \"0.05\""
            )));
        }
    }
    Ok(())
}
