//! Checks that the script of a run is in its source, before any trial starts: each would fail, and
//! be billed.
//!
//! Links are followed as long as they stay in the source. A script behind one that leads out is refused,
//! since trials would run whatever is there at their start. An absolute path (it may be in a datastore
//! that only trials see) and what cannot be read is not inspected; it counts as there.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::resolve_below;
use super::suggestion::{
    SourceListing, Suggestion, nearest_path, path_to_text, printable, suggest_script,
};

/// What Python runs of a folder.
const MAIN: &str = "__main__.py";
/// How many links of one path are followed.
const LINKS_MAX: u32 = 40;

/// Why a script cannot be run, in whole sentences.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    /// The folder in which trials are to run.
    #[error("The source has no folder `{}`.{}", printable(.folder), .similar)]
    Folder {
        /// Relative to the source.
        folder: String,
        /// Did-you-mean.
        similar: Suggestion,
    },
    /// The script itself.
    #[error("The script `{}` is not in {}.{}", printable(.script), describe_folder(.folder), .similar)]
    Missing {
        /// As the command names it.
        script: String,
        /// Where it was looked for, relative to the source.
        folder: String,
        /// Did-you-mean.
        similar: Suggestion,
    },
    /// A folder without a `__main__.py`.
    #[error("`{}` is a folder of the source, not a script.{}", printable(.script), .similar)]
    IsFolder {
        /// As the command names it.
        script: String,
        /// Did-you-mean.
        similar: Suggestion,
    },
    /// It is not copied, so that it may change while the run goes on.
    #[error(
        "The script `{}` is behind a link that leads out of the source. Trials run a copy of the \
         source, and what is outside is not copied: put the script itself into the source.",
        printable(.0)
    )]
    LinkedOut(String),
    /// It is there, but was not copied.
    #[error(
        "The script `{}` is left out of the source by its .gridignore, .gitignore or .dockerignore \
         file.",
        printable(.0)
    )]
    LeftOut(String),
}

fn describe_folder(folder: &str) -> String {
    let folder = path_to_text(&strip_current_dirs(Path::new(folder)));
    if folder.is_empty() {
        "the source".to_owned()
    } else {
        format!("the source's folder `{}`", printable(&folder))
    }
}

/// Refuses a script that is not in the source at `root`, seen from `folder` of it.
///
/// # Errors
/// If a trial would find no script there; with what may have been meant, for which at most
/// 20,000 entries are gone through.
pub fn ensure_script(root: &Path, folder: &str, script: &str) -> Result<(), ScriptError> {
    let in_folder = strip_current_dirs(Path::new(folder));
    if resolve_below(root, folder).is_none() {
        let folders = SourceListing::read(root).folders;
        let similar = nearest_path(&path_to_text(&in_folder), &folders)
            .map_or(Suggestion::None, Suggestion::Instead);
        return Err(ScriptError::Folder {
            folder: folder.to_owned(),
            similar,
        });
    }
    let wanted = in_folder.join(strip_current_dirs(Path::new(script)));
    let file_name_alone = !script.ends_with('/');
    let similar = || {
        let files = SourceListing::read(root).files;
        suggest_script(&wanted, &in_folder, &files)
    };
    match resolve_entry(root, &wanted) {
        Entry::Unknown => Ok(()),
        Entry::LinkedOut => Err(ScriptError::LinkedOut(script.to_owned())),
        Entry::File if file_name_alone => Ok(()),
        Entry::Folder if is_runnable_folder(root, &wanted) => {
            match resolve_entry(root, &wanted.join(MAIN)) {
                Entry::LinkedOut => Err(ScriptError::LinkedOut(script.to_owned())),
                _ => Ok(()),
            }
        }
        Entry::Folder => Err(ScriptError::IsFolder {
            script: script.to_owned(),
            similar: similar(),
        }),
        Entry::File | Entry::Missing => Err(ScriptError::Missing {
            script: script.to_owned(),
            folder: folder.to_owned(),
            similar: similar(),
        }),
    }
}

/// A relative path without `.`.
pub fn strip_current_dirs(path: &Path) -> PathBuf {
    let parts = path.components();
    parts
        .filter(|part| !matches!(part, Component::CurDir))
        .collect()
}

/// Python runs a folder that has a `__main__.py`; bash and julia run none.
fn is_runnable_folder(root: &Path, path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    !matches!(ending, Some("sh" | "jl"))
        && matches!(
            resolve_entry(root, &path.join(MAIN)),
            Entry::File | Entry::Unknown | Entry::LinkedOut
        )
}

/// What a path of a source is.
#[derive(Debug, PartialEq, Eq)]
enum Entry {
    File,
    Folder,
    Missing,
    /// Behind a link that leads out of the source.
    LinkedOut,
    /// Named by an absolute path, or not to be read.
    Unknown,
}

/// Follows a path below `root`, never out of it.
fn resolve_entry(root: &Path, path: &Path) -> Entry {
    follow(root, path).0
}

/// The file that is run for a script, relative to `root` and without links; `None` where it is not one
/// of the source.
pub(super) fn resolve_script(root: &Path, folder: &str, script: &str) -> Option<PathBuf> {
    let wanted = strip_current_dirs(Path::new(folder)).join(strip_current_dirs(Path::new(script)));
    match follow(root, &wanted) {
        (Entry::File, path) => Some(path),
        (Entry::Folder, path) => match follow(root, &path.join(MAIN)) {
            (Entry::File, path) => Some(path),
            _ => None,
        },
        _ => None,
    }
}

/// [`resolve_entry`], with where a file or folder is: relative to `root`, without links.
fn follow(root: &Path, path: &Path) -> (Entry, PathBuf) {
    let nowhere = PathBuf::new;
    let mut ahead: VecDeque<OsString> = split_parts(path);
    let (mut at, mut links, mut found) = (PathBuf::new(), 0, Entry::Folder);
    while let Some(part) = ahead.pop_front() {
        let leads_out = if part == ".." {
            !at.pop()
        } else {
            Path::new(&part).is_absolute()
        };
        if leads_out && links > 0 {
            return (Entry::LinkedOut, nowhere());
        }
        if leads_out {
            return (Entry::Unknown, nowhere());
        }
        if part == ".." {
            continue;
        }
        let meta = match fs::symlink_metadata(root.join(&at).join(&part)) {
            Ok(meta) => meta,
            Err(error) => {
                let entry = match error.kind() {
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Entry::Missing,
                    _ => Entry::Unknown,
                };
                return (entry, nowhere());
            }
        };
        if meta.is_symlink() {
            let Ok(target) = fs::read_link(root.join(&at).join(&part)) else {
                return (Entry::Unknown, nowhere());
            };
            links += 1;
            if links > LINKS_MAX {
                return (Entry::Missing, nowhere());
            }
            for part in split_parts(&target).into_iter().rev() {
                ahead.push_front(part);
            }
            continue;
        }
        at.push(&part);
        found = if meta.is_dir() {
            Entry::Folder
        } else {
            Entry::File
        };
        if found == Entry::File && !ahead.is_empty() {
            return (Entry::Missing, nowhere());
        }
    }
    // A link may have led back to a folder.
    if at.as_os_str().is_empty() || root.join(&at).is_dir() {
        found = Entry::Folder;
    }
    (found, at)
}

fn split_parts(path: &Path) -> VecDeque<OsString> {
    let parts = strip_current_dirs(path);
    parts
        .components()
        .map(|part| part.as_os_str().to_owned())
        .collect()
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

    fn refused(source: &Path, folder: &str, script: &str) -> String {
        ensure_script(source, folder, script).map_or_else(|no| no.to_string(), |()| "ok".to_owned())
    }

    #[test]
    fn scripts_that_are_there() {
        let root = source(&[
            "train.py",
            "pkg/run.sh",
            "pkg/sub/a b.jl",
            "app/__main__.py",
            "noending",
            "-c.py",
        ]);
        let at = root.path();
        symlink("train.py", at.join("link.py")).unwrap();
        symlink("../pkg", at.join("pkg/back")).unwrap();
        symlink("../train.py", at.join("pkg/up.py")).unwrap();
        for (folder, script) in [
            ("", "train.py"),
            (".", "./train.py"),
            ("", "pkg/run.sh"),
            ("pkg", "run.sh"),
            ("./pkg/", "sub/a b.jl"),
            ("", "app"),
            ("", "app/"),
            ("", "noending"),
            ("", "-c.py"),
            ("", "link.py"),
            ("pkg", "up.py"),
            ("pkg/back", "run.sh"),
            ("", "pkg/back/back/run.sh"),
            // Where trials run there may be a datastore.
            ("", "/datastores/code/train.py"),
            ("pkg", "/datastores/code/train.py"),
        ] {
            assert_eq!(refused(at, folder, script), "ok", "{folder} {script}");
        }
    }

    #[test]
    fn scripts_that_are_not_there_with_what_was_meant() {
        let root = source(&[
            "train.py",
            "Eval.PY",
            "pkg/fit.py",
            "pkg/deep/model.py",
            "other/fit.py",
            "run.sh",
            "data.csv",
            "models/a.txt",
        ]);
        let at = root.path();
        symlink("round.py", at.join("round.py")).unwrap();
        symlink("gone.py", at.join("dangling.py")).unwrap();
        symlink("/nowhere/at/all.py", at.join("out.py")).unwrap();
        symlink("../../../outside.py", at.join("pkg/above.py")).unwrap();
        symlink("/usr", at.join("usr")).unwrap();
        symlink("/nowhere", at.join("models/__main__.py")).unwrap();
        for (folder, script, words) in [
            (
                "",
                "trian.py",
                "The script `trian.py` is not in the source. Did you mean `train.py`?",
            ),
            ("", "Train.py", "Did you mean `train.py`?"),
            ("", "train.PY", "Did you mean `train.py`?"),
            ("", "eval.py", "Did you mean `Eval.PY`?"),
            ("", "train", "Did you mean `train.py`?"),
            ("", "run.py", "Did you mean `run.sh`?"),
            ("", "fit.py", "Did you mean `other/fit.py`?"),
            ("", "src/model.py", "Did you mean `pkg/deep/model.py`?"),
            (
                "",
                "train.py/",
                "The script `train.py/` is not in the source.",
            ),
            ("", "train.py/x.py", "is not in the source."),
            (
                "pkg",
                "fti.py",
                "is not in the source's folder `pkg`. Did you mean `fit.py`?",
            ),
            ("pkg", "pkg/fit.py", "Did you mean `fit.py`?"),
            (
                "pkg",
                "train.py",
                "is not in the source's folder `pkg`. The source has `train.py`.",
            ),
            (
                "",
                "other",
                "`other` is a folder of the source, not a script.",
            ),
            (
                "",
                "out.py",
                "The script `out.py` is behind a link that leads out of the source.",
            ),
            ("pkg", "above.py", "behind a link that leads out"),
            ("", "usr/run.py", "behind a link that leads out"),
            ("", "models", "behind a link that leads out"),
            (
                "",
                "round.py",
                "The script `round.py` is not in the source.",
            ),
            (
                "",
                "dangling.py",
                "The script `dangling.py` is not in the source.",
            ),
            (
                "pgk",
                "fit.py",
                "The source has no folder `pgk`. Did you mean `pkg`?",
            ),
            ("train.py", "x.py", "The source has no folder `train.py`."),
        ] {
            let found = refused(at, folder, script);
            assert!(found.contains(words), "{folder} {script}: {found}");
        }
        assert_eq!(
            refused(at, "", "nothing_like_it_anywhere.py"),
            "The script `nothing_like_it_anywhere.py` is not in the source."
        );
        let hidden = refused(at, "", "a\nb\u{1b}[31m.py");
        assert!(!hidden.contains(['\n', '\u{1b}']), "{hidden}");
    }
}
