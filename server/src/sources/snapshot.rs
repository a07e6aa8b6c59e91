//! Copies of a source tree: one when a run is launched, so that all its trials run the same code,
//! and from that one for each trial, so that parallel trials never share a file.
//!
//! Left out are `.git`, what the top `.gridignore` names (without one: the top `.gitignore` and
//! `.dockerignore` together, as Grid's client does), and the server's own data folder. Symbolic
//! links are copied as links that lead to what they led to: what is outside of the source is not copied
//! and is read there, as it is when a trial opens it. Sockets, pipes and devices are skipped.

use std::fs;
use std::io;
use std::path::Path;

use super::budget::SourceLimits;
use super::copy::{SourceError, copy_outside_tree};
use super::ignored::IgnoreRules;
use super::remove::remove_tree;
use crate::upkeep::disk::DiskMonitor;

/// Copies the tree at `from`, less what is ignored, to the new folder `to`, as long as `disk` keeps its
/// free space, and flushes it to the disk. O(tree), and what else is to be written there.
pub fn snapshot(
    from: &Path,
    to: &Path,
    ignored: &IgnoreRules,
    limits: SourceLimits,
    disk: &DiskMonitor,
) -> Result<(), SourceError> {
    copy_outside_tree(from, to, Some(ignored), limits, disk)?;
    sync_file_system(to).map_err(|error| SourceError::Io(to.to_owned(), error))
}

/// Flushes the disk of a folder: all files that are on it are there after a power failure too.
/// Once for a source of whatever many files, before the database says that it is there.
///
/// # Errors
/// If something cannot be written.
fn sync_file_system(folder: &Path) -> io::Result<()> {
    let folder = fs::File::open(folder)?;
    #[cfg(target_os = "linux")]
    rustix::fs::syncfs(&folder)?;
    #[cfg(not(target_os = "linux"))]
    {
        folder.sync_all()?;
        rustix::fs::sync();
    }
    Ok(())
}

/// Moves a source that was prepared at `from` to where a run's trials copy it from, replacing what
/// a killed server may have put there without recording it.
///
/// # Errors
/// If the disk fails; nothing may be there then.
pub fn replace_source(from: &Path, to: &Path) -> io::Result<()> {
    remove_tree(to)?;
    fs::rename(from, to)?;
    sync_file_system(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOMY: SourceLimits = SourceLimits {
        bytes: 1 << 20,
        files: 100,
    };

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (name, content) in files {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        root
    }

    fn copied(root: &Path, skip: &Path) -> Vec<String> {
        let to = tempfile::tempdir().unwrap();
        let disk = DiskMonitor::new(root, Some(0));
        snapshot(
            root,
            to.path(),
            &IgnoreRules::load(root, skip),
            ROOMY,
            &disk,
        )
        .unwrap();
        let mut names = Vec::new();
        let mut folders = vec![to.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    names.push(path.strip_prefix(to.path()).unwrap().display().to_string());
                }
            }
        }
        names.sort();
        names
    }

    #[test]
    fn git_rules_hold_where_there_is_no_gridignore() {
        let root = tree(&[
            ("train.py", ""),
            (".git/config", ""),
            (".gitignore", "*.ckpt\nlogs/\n"),
            (".dockerignore", "secret.txt\n"),
            ("secret.txt", ""),
            ("a/b.ckpt", ""),
            ("a/b.py", ""),
            ("logs/x", ""),
            ("data/trials/1", ""),
            (".hidden", ""),
        ]);
        let names = copied(root.path(), &root.path().join("data"));
        assert_eq!(
            names,
            [
                ".dockerignore",
                ".gitignore",
                ".hidden",
                "a/b.py",
                "train.py"
            ]
        );
    }

    #[test]
    fn gridignore_stands_alone() {
        let root = tree(&[
            (".gridignore", "big.bin\n"),
            (".gitignore", "train.py\n"),
            ("big.bin", ""),
            ("train.py", ""),
        ]);
        let names = copied(root.path(), Path::new("/nonexistent"));
        assert_eq!(names, [".gitignore", ".gridignore", "train.py"]);
    }

    #[test]
    fn a_tree_that_is_too_large_is_refused() {
        let root = tree(&[("a", "12345"), ("b", "")]);
        let ignored = IgnoreRules::load(root.path(), Path::new("/nonexistent"));
        for limits in [
            SourceLimits { bytes: 4, files: 9 },
            SourceLimits { bytes: 9, files: 1 },
        ] {
            let to = tempfile::tempdir().unwrap();
            let disk = DiskMonitor::new(root.path(), Some(0));
            let result = snapshot(root.path(), to.path(), &ignored, limits, &disk);
            assert!(matches!(result, Err(SourceError::TooLarge(_))));
        }
    }
}
