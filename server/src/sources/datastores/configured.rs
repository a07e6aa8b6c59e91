//! The datastores that the configuration names.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{is_name, version};
use crate::config::{self, ConfigError};

/// Their folders by name and version, from a path by version by name.
///
/// # Errors
/// For names and versions that are none, and folders that do not exist.
pub fn configured(
    named: BTreeMap<String, BTreeMap<String, PathBuf>>,
) -> Result<BTreeMap<String, BTreeMap<u32, PathBuf>>, ConfigError> {
    named
        .into_iter()
        .map(|(name, versions)| {
            if !is_name(&name) {
                return Err(ConfigError::Value(format!(
                    "`{name}` is no name for a datastore: up to 63 letters, digits, `.`, `_` and \
                     `-`, the first a letter or digit"
                )));
            }
            let one = |(text, path): (String, PathBuf)| {
                let number = version(&text).ok_or_else(|| {
                    ConfigError::Value(format!(
                        "datastore `{name}`: `{text}` is no version; they count from 1"
                    ))
                })?;
                Ok((number, config::folder("datastore's", &path)?))
            };
            let folders = versions.into_iter().map(one);
            let folders = folders.collect::<Result<_, ConfigError>>()?;
            Ok((name, folders))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_checked_at_the_start() {
        let home = tempfile::tempdir().unwrap();
        let with = |name: &str, version: &str, path: PathBuf| {
            let versions = BTreeMap::from([(version.to_owned(), path)]);
            configured(BTreeMap::from([(name.to_owned(), versions)]))
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
