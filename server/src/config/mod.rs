//! Typed settings, from the command line first, then the configuration file, then defaults.
//! `docs/server.md` describes the file.
//!
//! Written by hand, since one typed TOML file, in which an unknown key is an error, and the command
//! line over it are all that there is to combine.

mod cluster;
mod error;
mod limits;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ipnet::IpNet;
use serde::Deserialize;
use sweep_planner::estimate::{Catalogue, OwnPrices};

use crate::data_dir::DataDir;
use crate::model::PublicUrl;
use crate::model::names;
use crate::prices::{PublishedPrices, catalogue_with, read_both};
use crate::runner::protocol::IsolationSpec;
use crate::sources::read_named;
pub use cluster::{ClusterConfig, EngineKind, IsolationMode, MountMode, ThreadRule, Threads};
use cluster::{check_visible, choose_default_cluster, configured_clusters, resolve_interpreters};
pub use error::ConfigError;
use limits::check_limits;
pub use limits::{Limits, Retention};

/// The longest configuration file, in bytes.
const CONFIG_FILE_BYTES_MAX: u64 = 1 << 20;

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
    /// A list of prices of one's own, before those that were imported.
    pub prices: Option<PathBuf>,
    /// Bounds.
    pub limits: Limits,
    /// How long files of ended runs are kept.
    pub retention: Retention,
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
    /// The list of one's own prices that the file names, for trials not to change it; absolute, without links.
    pub prices: Option<PathBuf>,
    /// The price list, with the prices of one's own before it.
    pub catalogue: Arc<Catalogue>,
    /// The prices of one's own, for the page to estimate by.
    pub published_prices: PublishedPrices,
    /// As in the file.
    pub limits: Limits,
    /// As in the file.
    pub retention: Retention,
    /// The configuration file, for trials not to change it; absolute, without links.
    pub file: Option<PathBuf>,
    /// The file that the first account's key was read from, for trials not to read it.
    pub api_key_file: Option<PathBuf>,
}

/// The clusters of a configuration file, or those of a server without one. Unlike [`Config::load`] it
/// needs no folder and makes none.
pub fn load_clusters(file: Option<&Path>) -> Result<BTreeMap<String, ClusterConfig>, ConfigError> {
    let file = file.map(read_config_file).transpose()?.unwrap_or_default();
    configured_clusters(file.clusters)
}

/// The prices of one's own that a server with this configuration file has: those that it names, and those
/// imported into its data folder; none without a file. Makes no folder.
pub fn load_own_prices(file: Option<&Path>) -> Result<OwnPrices, ConfigError> {
    let Some(file) = file else {
        return Ok(OwnPrices::default());
    };
    let file = read_config_file(file)?;
    let data = DataDir::new(file.data.unwrap_or_else(|| DATA.into()));
    Ok(read_both(&data, file.prices.as_deref())?)
}

/// The data folder where none is named.
const DATA: &str = "data";

impl Config {
    /// Reads the file, if one is given, and joins it with what the command line says. Makes the
    /// data folder, and closes it to other accounts.
    pub fn load(file: Option<&Path>, overrides: Overrides) -> Result<Self, ConfigError> {
        let path = file.and_then(|file| file.canonicalize().ok());
        let file = file.map(read_config_file).transpose()?.unwrap_or_default();
        let source = overrides
            .source
            .or(file.source)
            .unwrap_or_else(|| ".".into());
        let data = overrides.data.or(file.data).unwrap_or_else(|| DATA.into());
        let data_was_open = DataDir::new(&data).make_private()?;
        let mut clusters = configured_clusters(file.clusters)?;
        resolve_interpreters(&mut clusters)?;
        check_visible(&clusters)?;
        let default_cluster = choose_default_cluster(file.default_cluster, &clusters)?;
        let own = read_both(&DataDir::new(&data), file.prices.as_deref())?;
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
            prices: file.prices.and_then(|path| path.canonicalize().ok()),
            catalogue: Arc::new(catalogue_with(&own).into_owned()),
            published_prices: PublishedPrices::new(&own),
            limits: check_limits(file.limits)?,
            retention: file.retention,
            file: path,
            api_key_file: None,
        })
    }

    /// What the trials of a cluster are not to see, or not to change.
    pub fn isolation_spec(&self, cluster: &ClusterConfig) -> Option<IsolationSpec> {
        let wanted = cluster.isolation == IsolationMode::Auto || !cluster.visible.is_empty();
        wanted.then(|| IsolationSpec {
            data: self.data.path().to_owned(),
            secret_files: self.api_key_file.iter().cloned().collect(),
            read_only_paths: [&self.file, &self.page, &self.prices]
                .into_iter()
                .flatten()
                .cloned()
                .collect(),
            visible: cluster.visible.clone(),
        })
    }
}

fn read_config_file(path: &Path) -> Result<ConfigFile, ConfigError> {
    let text = read_named(path, CONFIG_FILE_BYTES_MAX)
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
    use super::cluster::check_clusters;
    use super::*;

    fn parse(text: &str) -> Result<ConfigFile, toml::de::Error> {
        toml::from_str(text)
    }

    #[test]
    fn the_example_of_the_documentation_is_read() {
        let docs = include_str!("../../../docs/server.md");
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
