//! Typed settings, from the command line first, then the configuration file, then defaults.
//! `docs/server.md` describes the file.
//!
//! Written by hand, since one typed TOML file, in which an unknown key is an error, and the command
//! line over it are all that there is to combine.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use serde::Deserialize;
use sweep_planner::estimate::EstimateSettings;

use crate::data_dir::{DataDir, DataDirError};
use crate::model::names;
use crate::model::price::Pricing;
use crate::model::{ActiveTrial, PublicUrl};
use crate::runner::protocol::IsolationSpec;
use crate::sources::resolve_interpreter;
use crate::system::cores;

/// The configuration file (TOML). Every key is optional; an unknown one is an error.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConfigFile {
    /// Where to listen.
    pub listen: Option<SocketAddr>,
    /// The folder whose scripts run.
    pub source: Option<PathBuf>,
    /// The folder of the database and the trials.
    pub data: Option<PathBuf>,
    /// The folder of the built page.
    pub page: Option<PathBuf>,
    /// The address at which callers reach the server, where it is another than the one it listens
    /// on: behind a proxy with TLS.
    pub public_url: Option<PublicUrl>,
    /// Host names, with or without a port, by which clients may call the server besides
    /// loopback's.
    pub hosts: Vec<String>,
    /// Origins (`https://plan.example.org`) of pages hosted apart that may call the API.
    pub origins: Vec<String>,
    /// Origins of other APIs that the served page may call.
    pub apis: Vec<String>,
    /// Addresses or networks (`10.0.0.0/8`) of proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<String>,
    /// The cluster of a run whose command names none.
    pub default_cluster: Option<String>,
    /// Clusters by name; `local` alone when there are none.
    pub clusters: BTreeMap<String, ClusterConfig>,
    /// Datastores by name and version, besides those of the data folder.
    pub datastores: BTreeMap<String, BTreeMap<String, PathBuf>>,
    /// How addresses of git repositories begin from which sources are taken; `https://` alone
    /// when absent.
    pub repositories: Option<Vec<String>>,
    /// Bounds.
    pub limits: Limits,
    /// How long files of ended runs are kept.
    pub retention: Retention,
}

/// How long files of a run are kept once it has ended; states, times and metrics always are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// Days for which the source and the trials' working copies, artifacts among them, are kept; 0
    /// for ever. Without its source a run cannot be tried again.
    pub work_days: u32,
    /// Days for which anything of the trials' folders is kept, the output too; 0 for ever.
    pub output_days: u32,
}

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

/// Bounds, each with its default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Trials of one run.
    pub trials: u32,
    /// Bytes of the arguments of all trials of one run, each counted as its longest trial.
    pub argument_bytes: u64,
    /// Bytes of a trial's output that are kept.
    pub output_bytes: u64,
    /// Bytes of a source tree.
    pub source_bytes: u64,
    /// Files of a source tree.
    pub source_files: u64,
    /// Seconds that fetching a source from a repository may take.
    pub fetch_seconds: u64,
    /// Seconds that receiving an upload may take.
    pub upload_seconds: u64,
    /// Seconds for which an upload may stand still.
    pub upload_idle_seconds: u64,
    /// Bytes of a request's body.
    pub body_bytes: usize,
    /// Connections that may be open at once; fewer where the limit on open files is low.
    pub connections: u32,
    /// Seconds from the first byte of a request to the end of its headers.
    pub header_seconds: u32,
    /// Seconds for which a body or the reading of an answer may stall.
    pub stall_seconds: u32,
    /// Seconds from an answer to the next request on the same connection.
    pub idle_seconds: u32,
    /// Seconds between asking a trial to end and ending it.
    pub stop_grace_seconds: u32,
    /// Seconds after which a trial is ended, where its run says nothing; 0 for never.
    pub trial_seconds: u64,
    /// After so many failures in a row the rest of a run is held, where it says nothing; 0 for
    /// never.
    pub failures_in_row: u32,
    /// Bytes of the data folder's disk that stay free: below, no trial is started and nothing is
    /// taken in. 0 for none; when absent 1 GiB, or a twentieth of a small disk.
    pub free_bytes: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            trials: 1_000_000,
            argument_bytes: 4 << 30,
            output_bytes: 64 << 20,
            source_bytes: 2 << 30,
            source_files: 100_000,
            fetch_seconds: 600,
            upload_seconds: 3600,
            upload_idle_seconds: 60,
            body_bytes: 16 << 20,
            connections: 4_096,
            header_seconds: 15,
            stall_seconds: 60,
            idle_seconds: 75,
            stop_grace_seconds: 10,
            trial_seconds: 0,
            failures_in_row: 5,
            free_bytes: None,
        }
    }
}

/// What the command line says; it wins over the file.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--listen`.
    pub listen: Option<SocketAddr>,
    /// `--source`.
    pub source: Option<PathBuf>,
    /// `--data`.
    pub data: Option<PathBuf>,
    /// `--page`.
    pub page: Option<PathBuf>,
}

/// The settings in force.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The folder whose scripts run; absolute, exists.
    pub source: PathBuf,
    /// The folder of the database and the trials; absolute, exists.
    pub data: DataDir,
    /// Whether other accounts may have read the database, and the keys in it, before this start.
    pub data_was_open: bool,
    /// The folder of the built page, if there is one.
    pub page: Option<PathBuf>,
    /// As in the file.
    pub public_url: Option<PublicUrl>,
    /// As in the file, lower case.
    pub hosts: Vec<String>,
    /// As in the file, without a slash at the end.
    pub origins: Vec<String>,
    /// As in the file.
    pub apis: Vec<String>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The cluster of a run whose command names none; one of `clusters`.
    pub default_cluster: String,
    /// At least one.
    pub clusters: BTreeMap<String, ClusterConfig>,
    /// Folders of datastores by name and version; absolute, exist.
    pub datastores: BTreeMap<String, BTreeMap<u32, PathBuf>>,
    /// How addresses of git repositories begin from which sources are taken.
    pub repositories: Vec<String>,
    /// As in the file.
    pub limits: Limits,
    /// As in the file.
    pub retention: Retention,
    /// The file that the first account's key was read from, for trials not to read it.
    pub api_key_file: Option<PathBuf>,
}

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration file {0} cannot be read: {1}")]
    Unreadable(PathBuf, std::io::Error),
    /// The file is no TOML, or has an unknown key or a value of the wrong type.
    #[error("the configuration file {0}: {1}")]
    Invalid(PathBuf, Box<toml::de::Error>),
    /// The data folder is not to be used.
    #[error("{0}")]
    DataFolder(#[from] DataDirError),
    /// A folder is missing.
    #[error("the {0} folder {1} cannot be used: {2}")]
    Folder(&'static str, PathBuf, std::io::Error),
    /// A value is wrong.
    #[error("{0}")]
    Value(String),
}

/// The clusters of a configuration file, or those of a server without one. Unlike [`Config::load`] it
/// needs no folder and makes none.
pub fn load_clusters(file: Option<&Path>) -> Result<BTreeMap<String, ClusterConfig>, ConfigError> {
    let file = file.map(read_config_file).transpose()?.unwrap_or_default();
    configured_clusters(file.clusters)
}

/// The clusters of the file, checked; `local` alone where it has none.
fn configured_clusters(
    mut clusters: BTreeMap<String, ClusterConfig>,
) -> Result<BTreeMap<String, ClusterConfig>, ConfigError> {
    if clusters.is_empty() {
        clusters.insert("local".into(), ClusterConfig::local());
    }
    check_clusters(&clusters)?;
    Ok(clusters)
}

impl Config {
    /// Reads the file, if one is given, and joins it with what the command line says. Makes the
    /// data folder, and closes it to other accounts.
    pub fn load(file: Option<&Path>, overrides: Overrides) -> Result<Self, ConfigError> {
        let file = file.map(read_config_file).transpose()?.unwrap_or_default();
        let source = overrides
            .source
            .or(file.source)
            .unwrap_or_else(|| ".".into());
        let data = overrides
            .data
            .or(file.data)
            .unwrap_or_else(|| "data".into());
        let data_was_open = DataDir::new(&data).make_private()?;
        let mut clusters = configured_clusters(file.clusters)?;
        resolve_interpreters(&mut clusters)?;
        check_visible(&clusters)?;
        let default_cluster = choose_default_cluster(file.default_cluster, &clusters)?;
        Ok(Self {
            listen: overrides
                .listen
                .or(file.listen)
                .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))),
            source: resolve_folder("source", &source)?,
            data: DataDir::new(resolve_folder("data", &data)?),
            data_was_open,
            page: overrides
                .page
                .or(file.page)
                .map(|page| resolve_folder("page", &page))
                .transpose()?
                .or_else(find_built_page),
            public_url: file.public_url,
            hosts: file
                .hosts
                .iter()
                .map(|host| host.to_ascii_lowercase())
                .collect(),
            origins: file
                .origins
                .iter()
                .map(|origin| origin.trim_end_matches('/').to_owned())
                .collect(),
            apis: file.apis,
            trusted_proxies: read_networks(&file.trusted_proxies)?,
            default_cluster,
            clusters,
            datastores: datastores(file.datastores)?,
            repositories: check_repositories(file.repositories)?,
            limits: check_limits(file.limits)?,
            retention: file.retention,
            api_key_file: None,
        })
    }

    /// What the trials of a cluster are not to see.
    pub fn isolation_spec(&self, cluster: &ClusterConfig) -> Option<IsolationSpec> {
        let wanted = cluster.isolation == IsolationMode::Auto || !cluster.visible.is_empty();
        wanted.then(|| IsolationSpec {
            data: self.data.path().to_owned(),
            secret_files: self.api_key_file.iter().cloned().collect(),
            visible: cluster.visible.clone(),
        })
    }
}

impl ClusterConfig {
    fn local() -> Self {
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
        EstimateSettings::for_cluster(&engine, self.price.to_wire().as_ref(), Some(self.slots()))
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

fn read_config_file(path: &Path) -> Result<ConfigFile, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| ConfigError::Unreadable(path.to_owned(), error))?;
    toml::from_str(&text).map_err(|error| ConfigError::Invalid(path.to_owned(), Box::new(error)))
}

/// A folder that exists, as an absolute path.
fn resolve_folder(what: &'static str, path: &Path) -> Result<PathBuf, ConfigError> {
    let fail = |error| ConfigError::Folder(what, path.to_owned(), error);
    let absolute = path.canonicalize().map_err(fail)?;
    if absolute.is_dir() {
        Ok(absolute)
    } else {
        Err(fail(std::io::ErrorKind::NotADirectory.into()))
    }
}

/// Networks, or single addresses.
fn read_networks(named: &[String]) -> Result<Vec<IpNet>, ConfigError> {
    let read = |text: &String| {
        let address = text
            .parse::<IpAddr>()
            .map(|one| IpNet::from(one.to_canonical()));
        address.or_else(|_| text.parse::<IpNet>()).map_err(|_| {
            ConfigError::Value(format!(
                "trusted_proxies: `{text}` is no address such as 127.0.0.1, and no network such as \
                 10.0.0.0/8"
            ))
        })
    };
    named.iter().map(read).collect()
}

fn choose_default_cluster(
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

/// Refuses limits with which nobody could call.
fn check_limits(limits: Limits) -> Result<Limits, ConfigError> {
    let positive = [
        ("connections", limits.connections),
        ("header_seconds", limits.header_seconds),
        ("stall_seconds", limits.stall_seconds),
        ("idle_seconds", limits.idle_seconds),
    ];
    match positive.iter().find(|(_, number)| *number == 0) {
        None => Ok(limits),
        Some((name, _)) => Err(ConfigError::Value(format!("[limits] {name} is at least 1"))),
    }
}

fn check_repositories(named: Option<Vec<String>>) -> Result<Vec<String>, ConfigError> {
    let named = named.unwrap_or_else(|| vec!["https://".to_owned()]);
    match named
        .iter()
        .find(|one| !crate::sources::git::is_allowable_prefix(one))
    {
        None => Ok(named),
        Some(wrong) => Err(ConfigError::Value(format!(
            "repositories: `{wrong}` does not begin with https://, ssh:// or file:// and end with /"
        ))),
    }
}

/// The folders of datastores by name and version, from a path by version by name. Refuses names and
/// versions that are none, and folders that do not exist.
fn datastores(
    named: BTreeMap<String, BTreeMap<String, PathBuf>>,
) -> Result<BTreeMap<String, BTreeMap<u32, PathBuf>>, ConfigError> {
    named
        .into_iter()
        .map(|(name, versions)| {
            if !names::is_datastore_name(&name) {
                return Err(ConfigError::Value(format!(
                    "`{name}` is no name for a datastore: up to 63 letters, digits, `.`, `_` and \
                     `-`, the first a letter or digit"
                )));
            }
            let one = |(text, path): (String, PathBuf)| {
                let number = names::datastore_version(&text).ok_or_else(|| {
                    ConfigError::Value(format!(
                        "datastore `{name}`: `{text}` is no version; they count from 1"
                    ))
                })?;
                Ok((number, resolve_folder("datastore's", &path)?))
            };
            let folders = versions.into_iter().map(one);
            let folders = folders.collect::<Result<_, ConfigError>>()?;
            Ok((name, folders))
        })
        .collect()
}

/// Replaces the Python of each cluster by its absolute path; one of PATH stays a name.
fn resolve_interpreters(clusters: &mut BTreeMap<String, ClusterConfig>) -> Result<(), ConfigError> {
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
fn check_visible(clusters: &BTreeMap<String, ClusterConfig>) -> Result<(), ConfigError> {
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

fn check_clusters(clusters: &BTreeMap<String, ClusterConfig>) -> Result<(), ConfigError> {
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

/// The page as `make build` leaves it: `dist` beside the binary or in a folder above it.
fn find_built_page() -> Option<PathBuf> {
    let binary = std::env::current_exe().ok()?;
    binary
        .ancestors()
        .skip(1)
        .take(4)
        .map(|folder| folder.join("dist"))
        .find(|page| page.join("index.html").is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<ConfigFile, toml::de::Error> {
        toml::from_str(text)
    }

    #[test]
    fn the_example_of_the_documentation_is_read() {
        let docs = include_str!("../../docs/server.md");
        let example = docs
            .split("```toml\n")
            .nth(1)
            .unwrap()
            .split("```")
            .next()
            .unwrap();
        let file = parse(example).unwrap();
        assert_eq!(file.clusters["local"].slots, Some(4));
        check_clusters(&file.clusters).unwrap();
        assert_eq!(file.clusters["local"].threads, Threads::default());
    }

    #[test]
    fn what_is_allowed_ends_where_it_is_meant_to() {
        assert_eq!(check_repositories(None).unwrap(), ["https://"]);
        assert!(check_repositories(Some(Vec::new())).unwrap().is_empty());
        assert!(check_repositories(Some(vec!["https://a.example".into()])).is_err());
    }

    #[test]
    fn unknown_keys_are_errors() {
        assert!(
            parse("lisen = \"127.0.0.1:1\"")
                .unwrap_err()
                .to_string()
                .contains("lisen")
        );
        assert!(parse("[limits]\ntrial = 3").is_err());
    }

    #[test]
    fn limits_with_which_nobody_could_call_are_refused() {
        assert!(check_limits(Limits::default()).is_ok());
        for key in [
            "connections",
            "header_seconds",
            "stall_seconds",
            "idle_seconds",
        ] {
            let limits = parse(&format!("[limits]\n{key} = 0")).unwrap().limits;
            let error = check_limits(limits).unwrap_err().to_string();
            assert!(error.contains(key), "{error}");
        }
    }

    #[test]
    fn names_of_clusters_are_checked() {
        let with = |name: &str| check_clusters(&[(name.to_owned(), ClusterConfig::local())].into());
        assert!(with("gpu-box-1").is_ok());
        for name in ["", "-a", "a-", "A", "a_b", "clusters", "sessions"] {
            assert!(with(name).is_err(), "{name}");
        }
    }

    #[test]
    fn folders_are_checked_at_the_start() {
        let home = tempfile::tempdir().unwrap();
        let with = |name: &str, version: &str, path: PathBuf| {
            let versions = BTreeMap::from([(version.to_owned(), path)]);
            datastores(BTreeMap::from([(name.to_owned(), versions)]))
        };
        let found = with("d", "2", home.path().to_owned()).unwrap();
        assert_eq!(found["d"][&2], home.path().canonicalize().unwrap());
        for (name, version, path, words) in [
            ("../d", "1", home.path().to_owned(), "no name"),
            ("d", "v1", home.path().to_owned(), "no version"),
            ("d", "0", home.path().to_owned(), "no version"),
            ("d", "1", home.path().join("none"), "datastore's folder"),
        ] {
            let error = with(name, version, path).unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
