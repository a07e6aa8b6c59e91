//! Suggests which file of a source was meant by a path that does not exist.

use std::collections::VecDeque;
use std::fs;
use std::path::{Path, PathBuf};

use sweep_planner::sweep::nearest;

/// How many entries of a source are searched for a suggestion, and how deep.
const ENTRIES_MAX: usize = 20_000;
const DEPTH_MAX: usize = 16;
/// Endings of what a trial can run.
const ENDINGS: [&str; 3] = ["py", "sh", "jl"];
/// Of a path, so many characters are printed.
const PRINTABLE_MAX: usize = 200;

/// What may have been meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Similar {
    /// Nothing comes near.
    #[default]
    None,
    /// To be written instead.
    Instead(String),
    /// Relative to the source, where the command cannot name it from its folder.
    Elsewhere(String),
}

impl std::fmt::Display for Similar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::Instead(path) => write!(f, " Did you mean `{}`?", printable(path)),
            Self::Elsewhere(path) => write!(f, " The source has `{}`.", printable(path)),
        }
    }
}

/// A path for a message, on one line and not too long.
pub(super) fn printable(path: &str) -> String {
    let visible = path.chars().map(|letter| match letter {
        _ if letter.is_control() => char::REPLACEMENT_CHARACTER,
        _ => letter,
    });
    let mut text: String = visible.take(PRINTABLE_MAX).collect();
    if path.chars().nth(PRINTABLE_MAX).is_some() {
        text.push('…');
    }
    text
}

pub(super) fn to_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// What a source holds, the nearest to its top first; links are listed, not followed.
#[derive(Default)]
pub(super) struct Listing {
    pub(super) files: Vec<String>,
    pub(super) folders: Vec<String>,
}

impl Listing {
    pub(super) fn read(root: &Path) -> Self {
        let mut listing = Self::default();
        let mut folders = VecDeque::from([(PathBuf::new(), 0)]);
        let mut left = ENTRIES_MAX;
        while let Some((folder, depth)) = folders.pop_front() {
            let Ok(entries) = fs::read_dir(root.join(&folder)) else {
                continue;
            };
            let mut here: Vec<_> = entries.flatten().take(left).collect();
            left -= here.len();
            here.sort_by_key(fs::DirEntry::file_name);
            for entry in here {
                let path = folder.join(entry.file_name());
                let Some(name) = path.to_str() else { continue };
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    listing.folders.push(name.to_owned());
                    if depth < DEPTH_MAX {
                        folders.push_back((path, depth + 1));
                    }
                } else {
                    listing.files.push(name.to_owned());
                }
            }
        }
        listing
    }
}

/// The file that was most likely meant: the same but for case, the same name in another folder,
/// the same but for its ending, one with a name that is near.
pub(super) fn likeliest(wanted: &Path, folder: &Path, files: &[String]) -> Similar {
    let scripts: Vec<String> = files
        .iter()
        .filter(|file| ending(file).is_some_and(|ending| ENDINGS.contains(&ending.as_str())))
        .cloned()
        .collect();
    let lower = |path: &Path| to_text(path).to_lowercase();
    let (path, name) = (lower(wanted), wanted.file_name().map(Path::new));
    let name = name.map(lower).unwrap_or_default();
    let named = |file: &str| file_name(file).to_lowercase();
    let in_place = |file: &&String| Path::new(file.as_str()).starts_with(folder);
    // Of several, one that the command can name from its folder.
    let pick = |files: &[String], fits: &dyn Fn(&str) -> bool| {
        let mut fitting = files.iter().filter(|file| fits(file));
        let first = fitting.clone().find(in_place);
        first.or_else(|| fitting.next()).cloned()
    };
    let bare = |path: &str| to_text(&Path::new(path).with_extension(""));
    let found = pick(files, &|file| file.to_lowercase() == path)
        .or_else(|| pick(files, &|file| named(file) == name))
        .or_else(|| pick(&scripts, &|file| bare(&file.to_lowercase()) == bare(&path)))
        .or_else(|| pick(&scripts, &|file| bare(&named(file)) == bare(&name)))
        .or_else(|| nearest_of(&path, &scripts))
        .or_else(|| {
            let near = nearest(&name, scripts.iter().map(|file| file_name(file)))?;
            pick(&scripts, &|file| file_name(file) == near)
        });
    let Some(found) = found else {
        return Similar::None;
    };
    match Path::new(&found).strip_prefix(folder) {
        Ok(inside) => Similar::Instead(to_text(inside)),
        Err(_) => Similar::Elsewhere(found),
    }
}

pub(super) fn nearest_of(path: &str, candidates: &[String]) -> Option<String> {
    nearest(path, candidates.iter().map(String::as_str))
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn ending(path: &str) -> Option<String> {
    let (_, ending) = file_name(path).rsplit_once('.')?;
    Some(ending.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn source(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        folder
    }

    #[test]
    fn a_search_is_bounded_and_stays_inside() {
        let root = source(&["a/train.py"]);
        symlink("/usr", root.path().join("usr")).unwrap();
        symlink("..", root.path().join("a/up")).unwrap();
        let listing = Listing::read(root.path());
        assert_eq!(listing.folders, ["a"]);
        assert_eq!(listing.files, ["usr", "a/train.py", "a/up"]);
        let deep = "d/".repeat(DEPTH_MAX + 5) + "train.py";
        let root = source(&[&deep]);
        assert!(Listing::read(root.path()).files.is_empty());
    }
}
