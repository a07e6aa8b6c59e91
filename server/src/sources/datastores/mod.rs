//! Datastores: named, versioned folders that trials read and do not write.
//!
//! `DATA/datastores/NAME/VERSION/` is one, and so is each folder that the configuration names;
//! where both have a name and version, the configuration's is meant. A version is never changed:
//! other data is another version.

mod mount_path;

mod add;

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use sweep_planner::api::{DatastoreMount, Scalar};
use sweep_planner::sweep::{QUOTED_MAX, nearest_name, truncate_chars};

pub use add::{AddError, add_version};

use crate::config::Config;
use crate::data_dir::DataDir;
use crate::model::Mount;
use crate::model::names::{datastore_version, is_datastore_name};
use crate::sources::{OpenFolder, Walk};

/// The most datastores of one run.
const MOUNTS_MAX: usize = 16;
/// How many files and folders are looked at for the size of a datastore.
const SIZE_ENTRIES_MAX: usize = 10_000_000;

/// One version of a datastore.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datastore {
    /// As configured or added, without the version.
    pub name: String,
    /// From 1.
    pub version: u32,
    /// Where its files are; absolute.
    pub folder: PathBuf,
}

impl Datastore {
    /// Its id on the wire, `cifar5-v2`.
    pub fn id(&self) -> String {
        format!("{}-v{}", self.name, self.version)
    }
}

/// The datastores of a server.
#[derive(Debug)]
pub struct Datastores {
    data: DataDir,
    configured: BTreeMap<String, BTreeMap<u32, PathBuf>>,
    /// Bytes by folder, counted once, since a version never changes.
    sizes: Mutex<HashMap<PathBuf, u64>>,
}

impl Datastores {
    /// Those of these settings.
    pub fn from_config(config: &Config) -> Self {
        Self::new(&config.data, config.datastores.clone())
    }

    fn new(data: &DataDir, configured: BTreeMap<String, BTreeMap<u32, PathBuf>>) -> Self {
        Self {
            data: data.clone(),
            configured,
            sizes: Mutex::default(),
        }
    }

    /// All that there are now, by name and version. Reads folders; O(datastores).
    pub fn list(&self) -> Vec<Datastore> {
        let mut found: BTreeMap<(String, u32), PathBuf> = BTreeMap::new();
        for name in list_folders(&self.data.datastores()) {
            if is_datastore_name(&name) {
                let of = self.data.datastore(&name);
                for version in list_versions(&of) {
                    let folder = of.join(version.to_string());
                    found.insert((name.clone(), version), folder);
                }
            }
        }
        for (name, versions) in &self.configured {
            for (version, folder) in versions {
                found.insert((name.clone(), *version), folder.clone());
            }
        }
        let shown = |((name, version), folder)| Datastore {
            name,
            version,
            folder,
        };
        found.into_iter().map(shown).collect()
    }

    /// The one with this id.
    pub fn by_id(&self, id: &str) -> Option<Datastore> {
        self.list().into_iter().find(|one| one.id() == id)
    }

    /// Its size in bytes. O(files) the first time.
    pub fn size_bytes(&self, datastore: &Datastore) -> u64 {
        let sizes = || self.sizes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = sizes().get(&datastore.folder) {
            return *known;
        }
        let bytes = count_bytes(&datastore.folder);
        sizes().insert(datastore.folder.clone(), bytes);
        bytes
    }

    /// Resolves the datastores that a run asks for: the newest version where none is named, mounted
    /// at `/datastores/NAME` where no path is.
    ///
    /// # Errors
    /// A message for the person who launches: an unknown datastore, or a path that is not allowed.
    pub fn resolve(&self, asked: &[DatastoreMount]) -> Result<Vec<Mount>, String> {
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        if asked.len() > MOUNTS_MAX {
            return Err(format!("A run takes at most {MOUNTS_MAX} datastores."));
        }
        let all = self.list();
        let mut mounts: Vec<Mount> = Vec::new();
        for one in asked {
            let found = find_datastore(&all, one)?;
            let at = match one.mount_path.as_str() {
                "" => format!("/datastores/{}", found.name),
                path => path.to_owned(),
            };
            let at = mount_path::check_mount_path(&at, &found.folder, self.data.path())?;
            if let Some(other) = mounts.iter().find(|other| overlap(&other.at, &at)) {
                return Err(format!(
                    "Two datastores cannot be mounted at `{}` and `{}`.",
                    other.at.display(),
                    at.display()
                ));
            }
            mounts.push(Mount {
                id: found.id(),
                name: found.name.clone(),
                version: found.version,
                folder: found.folder.clone(),
                at,
            });
        }
        Ok(mounts)
    }
}

fn overlap(a: &Path, b: &Path) -> bool {
    a.starts_with(b) || b.starts_with(a)
}

/// The one that is asked for: by id, or by name and version.
fn find_datastore<'a>(
    all: &'a [Datastore],
    asked: &DatastoreMount,
) -> Result<&'a Datastore, String> {
    if asked.name.is_empty() {
        let id = truncated(&asked.id);
        // A name alone means its newest version here too.
        let named = all.iter().rfind(|one| one.name == asked.id);
        let found = all.iter().find(|one| one.id() == asked.id).or(named);
        return found.ok_or_else(|| {
            unknown_datastore_message(&id, all.iter().map(Datastore::id).collect())
        });
    }
    let of_name = || all.iter().filter(|one| one.name == asked.name);
    if of_name().next().is_none() {
        let mut names: Vec<String> = all.iter().map(|one| one.name.clone()).collect();
        names.dedup();
        return Err(unknown_datastore_message(&truncated(&asked.name), names));
    }
    let version = asked.version.as_ref().map(Scalar::as_str).map(str::trim);
    let found = match version {
        None | Some("") => of_name().next_back(),
        Some(text) => of_name().find(|one| one.version.to_string() == text),
    };
    found.ok_or_else(|| {
        let there: Vec<String> = of_name().map(|one| one.version.to_string()).collect();
        format!(
            "Datastore `{}` has no version {}. Nothing was started. There are: {}.",
            asked.name,
            truncated(version.unwrap_or_default()),
            there.join(", ")
        )
    })
}

fn unknown_datastore_message(asked: &str, there: Vec<String>) -> String {
    const LISTED_MAX: usize = 20;
    let hint = match nearest_name(asked, there.iter().map(String::as_str)) {
        Some(similar) => format!(" Did you mean `{similar}`?"),
        None => String::new(),
    };
    let list = match there.len() {
        0 => "It has none; `sweep datastore add NAME DIR` makes one".to_owned(),
        more if more > LISTED_MAX => {
            format!("There are {more}: {}, …", there[..LISTED_MAX].join(", "))
        }
        _ => format!("There are: {}", there.join(", ")),
    };
    format!("This server has no datastore `{asked}`. Nothing was started.{hint} {list}.")
}

fn truncated(text: &str) -> String {
    truncate_chars(text, QUOTED_MAX)
}

/// The versions of a datastore by its folder, ascending.
fn list_versions(of: &Path) -> Vec<u32> {
    let mut versions: Vec<u32> = list_folders(of)
        .iter()
        .filter_map(|name| datastore_version(name))
        .collect();
    versions.sort_unstable();
    versions
}

/// The names of the folders below a folder; none where it does not exist.
fn list_folders(below: &Path) -> Vec<String> {
    let Ok(listing) = fs::read_dir(below) else {
        return Vec::new();
    };
    let found = listing.flatten().filter(|entry| entry.path().is_dir());
    found
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect()
}

fn count_bytes(folder: &Path) -> u64 {
    let Ok(folder) = OpenFolder::open(folder) else {
        return 0;
    };
    let walk = Walk::below(folder, SIZE_ENTRIES_MAX, usize::MAX);
    let metas = walk.filter_map(|entry| entry.meta().ok());
    let files = metas.filter(|meta| meta.is_file);
    files.map(|meta| meta.length).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(id: &str, name: &str, version: Option<&str>, at: &str) -> DatastoreMount {
        DatastoreMount {
            id: id.into(),
            name: name.into(),
            version: version.map(Scalar::from),
            mount_path: at.into(),
        }
    }

    fn some() -> (tempfile::TempDir, Datastores) {
        let home = tempfile::tempdir().unwrap();
        for made in [
            "cifar5/1",
            "cifar5/2",
            "cifar5/10",
            "cifar5/.new",
            "mnist/1",
            "mnist/01",
        ] {
            fs::create_dir_all(home.path().join("datastores").join(made)).unwrap();
        }
        let configured = BTreeMap::from([(1, home.path().to_owned())]);
        let of = Datastores::new(
            &DataDir::new(home.path()),
            BTreeMap::from([("big".into(), configured)]),
        );
        (home, of)
    }

    #[test]
    fn the_newest_is_meant_unless_said_otherwise() {
        let (_home, of) = some();
        let ids: Vec<String> = of.list().iter().map(Datastore::id).collect();
        assert_eq!(
            ids,
            ["big-v1", "cifar5-v1", "cifar5-v2", "cifar5-v10", "mnist-v1"]
        );
        for (one, id, at) in [
            (
                asked("", "cifar5", None, ""),
                "cifar5-v10",
                "/datastores/cifar5",
            ),
            (asked("", "cifar5", Some("2"), "/in/"), "cifar5-v2", "/in"),
            (asked("cifar5-v1", "", None, "/in"), "cifar5-v1", "/in"),
            (
                asked("mnist", "", None, ""),
                "mnist-v1",
                "/datastores/mnist",
            ),
        ] {
            let mounts = of.resolve(&[one]).unwrap();
            assert_eq!(
                (mounts[0].id.as_str(), mounts[0].at.as_path()),
                (id, Path::new(at))
            );
        }
    }

    #[test]
    fn what_is_not_there_is_said_with_what_is() {
        let (_home, of) = some();
        for (one, words) in [
            (
                asked("", "cifra5", None, ""),
                "Did you mean `cifar5`? There are: big, cifar5, mnist.",
            ),
            (
                asked("", "cifar5", Some("3"), ""),
                "no version 3. Nothing was started. There are: 1, 2, 10.",
            ),
            (
                // Another number is another data set: no guess.
                asked("", "cifar6", None, ""),
                "Nothing was started. There are: big, cifar5, mnist.",
            ),
            (
                asked("cifar5-v3", "", None, ""),
                "no datastore `cifar5-v3`. Nothing was started. There are: ",
            ),
            (asked("", "", None, ""), "no datastore ``"),
        ] {
            let refused = of.resolve(&[one]).unwrap_err();
            assert!(refused.contains(words), "{refused}");
        }
        let twice = [
            asked("", "mnist", None, "/in"),
            asked("", "cifar5", None, "/in/x"),
        ];
        assert!(of.resolve(&twice).unwrap_err().contains("Two datastores"));
        let none = Datastores::new(&DataDir::new("/nonexistent"), BTreeMap::new());
        let refused = none.resolve(&[asked("", "x", None, "")]).unwrap_err();
        assert!(refused.contains("It has none"), "{refused}");
    }
}
