//! Which file a name is read from where several have it.
//!
//! The first file that has a name keeps it. In a file of another kind the name is the same
//! measurement, written by another logger, and is left out. In another file of the same kind it is
//! left out as well if it begins with the same point, since then it is a copy; else it is another
//! measurement, and is read as `folder/name`, by what tells the two files apart.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use super::kind::FileKind;
use super::vocabulary::{NAME_MAX, is_part, with_part};
use crate::model::metric::NewMetricPoint;

/// The most names of a trial.
const NAMES_MAX: usize = 1_000;

/// What all files of a trial are called by, and what they measure.
#[derive(Debug, Default)]
pub(super) struct Names {
    owners: HashMap<String, Owner>,
}

#[derive(Debug)]
struct Owner {
    kind: FileKind,
    /// The file's [`NameSpace::path`].
    path: PathBuf,
    first: (Option<f64>, f64),
}

/// The names of one file, or of the event files of one folder.
#[derive(Debug)]
pub(super) struct NameSpace {
    kind: FileKind,
    /// The file, or for event files their folder.
    path: PathBuf,
    /// The part of the data that all of it measures.
    part: Option<String>,
    /// What each of its names is read as; `None`: left out.
    known: HashMap<String, Option<String>>,
}

impl NameSpace {
    /// With `is_pure`, the folder has event files and nothing else: then `train` and `validation`
    /// are parts of the data, not the name of a run.
    pub(super) fn new(kind: FileKind, path: PathBuf, is_pure: bool) -> Self {
        let part = match kind {
            FileKind::Table => path.file_stem().and_then(|stem| {
                // CatBoost's `learn_error.tsv`. `training.log` and `evaluation.csv` measure anything.
                let stem = stem.to_str()?;
                let part = stem.strip_suffix("_error").unwrap_or(stem);
                (!["training", "testing", "evaluation"].contains(&part)).then_some(part)
            }),
            FileKind::Events if is_pure => path.file_name().and_then(|name| name.to_str()),
            _ => None,
        };
        let part = part.filter(|part| is_part(part)).map(str::to_owned);
        Self {
            kind,
            path,
            part,
            known: HashMap::new(),
        }
    }

    /// Forgets what its names are read as.
    pub(super) fn forget(&mut self) {
        self.known.clear();
    }

    /// The name by itself.
    fn own_name(&self, name: &str) -> String {
        if let Some(part) = &self.part {
            return with_part(part, name);
        }
        if self.kind == FileKind::Events
            && let Some(group) = split_group(&self.path, name)
        {
            return format!("{name}/{group}");
        }
        name.to_owned()
    }
}

/// PyTorch's `add_scalars("Loss", {"val": …})` writes the tag `Loss` into a folder `…_Loss_val`: what
/// stands behind the tag.
fn split_group<'a>(folder: &'a Path, tag: &str) -> Option<&'a str> {
    let folder = folder.file_name()?.to_str()?;
    let prefix = tag.replace('/', "_") + "_";
    let group = folder.strip_prefix(&prefix)?;
    (!group.is_empty()).then_some(group)
}

impl Names {
    /// Names the points as they are read, and leaves out those that another file has.
    pub(super) fn resolve(&mut self, space: &mut NameSpace, points: &mut Vec<NewMetricPoint>) {
        points.retain_mut(|point| {
            if !space.known.contains_key(&point.name) {
                let name = self.claim(space, point);
                space.known.insert(point.name.clone(), name);
            }
            match space.known.get(&point.name) {
                Some(Some(name)) if *name == point.name => true,
                Some(Some(name)) => {
                    point.name.clone_from(name);
                    true
                }
                _ => false,
            }
        });
    }

    fn claim(&mut self, space: &NameSpace, point: &NewMetricPoint) -> Option<String> {
        let plain = space.own_name(&point.name);
        let first = (point.step, point.value);
        let mut name = plain.clone();
        if let Some(owner) = self.owners.get(&plain) {
            if owner.kind != space.kind || is_same_point(owner.first, first) {
                return None;
            }
            let label = difference(&owner.path, &space.path)?;
            name = format!("{label}/{plain}");
        }
        let fits = name.len() <= NAME_MAX && self.owners.len() < NAMES_MAX;
        if !fits || self.owners.contains_key(&name) {
            return None;
        }
        let owner = Owner {
            kind: space.kind,
            path: space.path.clone(),
            first,
        };
        self.owners.insert(name.clone(), owner);
        Some(name)
    }
}

fn is_same_point(a: (Option<f64>, f64), b: (Option<f64>, f64)) -> bool {
    a.0 == b.0 && (a.1 == b.1 || a.1.is_nan() && b.1.is_nan())
}

/// The first part of `path` that `other` does not have there, without a file's ending.
fn difference(other: &Path, path: &Path) -> Option<String> {
    let mut others = other.components();
    let part = path
        .components()
        .find(|part| others.next() != Some(*part))?;
    let Component::Normal(part) = part else {
        return None;
    };
    let stem = Path::new(part).file_stem()?;
    Some(stem.to_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(
        names: &mut Names,
        (kind, path): (FileKind, &str),
        points: &[(&str, f64)],
    ) -> Vec<String> {
        let mut space = NameSpace::new(kind, path.into(), true);
        let mut points = points
            .iter()
            .map(|(name, value)| NewMetricPoint {
                name: (*name).to_owned(),
                step: Some(1.0),
                value: *value,
            })
            .collect();
        names.resolve(&mut space, &mut points);
        points.into_iter().map(|point| point.name).collect()
    }

    #[test]
    fn another_kind_is_the_same_measurement() {
        let mut names = Names::default();
        let table = (FileKind::Table, "logs/metrics.csv");
        assert_eq!(resolve(&mut names, table, &[("a", 1.0)]), ["a"]);
        let events = (FileKind::Events, "logs");
        assert_eq!(
            resolve(&mut names, events, &[("a", 2.0), ("b", 1.0)]),
            ["b"]
        );
    }

    #[test]
    fn another_file_is_another_measurement_unless_a_copy() {
        let mut names = Names::default();
        let file = |n: u32| format!("logs/version_{n}/metrics.csv");
        let mut read = |n, value| resolve(&mut names, (FileKind::Table, &file(n)), &[("a", value)]);
        assert_eq!(read(0, 1.0), ["a"]);
        assert_eq!(read(1, 2.0), ["version_1/a"]);
        assert!(read(2, 1.0).is_empty());
        assert_eq!(read(3, 3.0), ["version_3/a"]);
    }

    #[test]
    fn parts_of_the_data_are_kept_apart() {
        let mut names = Names::default();
        for (file, expected) in [
            ((FileKind::Events, "logs/train"), "train/loss"),
            ((FileKind::Events, "logs/validation"), "validation/loss"),
            ((FileKind::Events, "runs/x"), "loss"),
            ((FileKind::Events, "runs/x/loss_val"), "loss/val"),
            (
                (FileKind::Table, "catboost_info/test_error.tsv"),
                "test/loss",
            ),
        ] {
            assert_eq!(resolve(&mut names, file, &[("loss", 0.5)]), [expected]);
        }
        let log = NameSpace::new(FileKind::Table, "training.log".into(), false);
        assert_eq!(log.own_name("loss"), "loss");
        let run = NameSpace::new(FileKind::Events, "runs/train".into(), false);
        assert_eq!(run.own_name("lr/pg0"), "lr/pg0");
    }
}
