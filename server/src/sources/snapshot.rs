//! Copies of a source tree: one when a run is launched, so that all its trials run the same code,
//! and from that one for each trial, so that parallel trials never share a file.
//!
//! Left out are `.git`, what the top `.gridignore` names (without one: the top `.gitignore` and
//! `.dockerignore` together, as Grid's client does), and the server's own data folder. Symbolic
//! links are copied as links; sockets, pipes and devices are skipped.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use rustix::fs::FileType;

use super::copy::{copy_file, copy_link, make_shared_folder};
use super::descent::Descent;
use super::open_folder::OpenFolder;
use super::remove::remove_tree;

/// The largest tree that is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceLimits {
    /// Bytes of all files together.
    pub bytes: u64,
    /// Files and folders.
    pub files: u64,
}

/// Why a tree could not be copied.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A file or folder could not be read or written.
    #[error("{0}: {1}")]
    Io(PathBuf, io::Error),
    /// It is too large.
    #[error(
        "the source folder holds more than {0}. Name what the script does not need in a \
         .gridignore file there"
    )]
    TooLarge(String),
}

/// What is left out of a tree.
#[derive(Debug)]
pub struct IgnoreRules {
    patterns: Gitignore,
    skip: PathBuf,
}

impl IgnoreRules {
    /// The rules of the tree at `root`; `skip` is left out too. A rule file that cannot be read
    /// counts as empty.
    pub fn load(root: &Path, skip: &Path) -> Self {
        let mut builder = GitignoreBuilder::new(root);
        let own = root.join(".gridignore");
        let files = if own.is_file() {
            vec![own]
        } else {
            vec![root.join(".gitignore"), root.join(".dockerignore")]
        };
        for file in files.iter().filter(|file| file.is_file()) {
            if let Some(error) = builder.add(file) {
                tracing::warn!(%error, "a rule of an ignore file cannot be parsed");
            }
        }
        let patterns = builder.build().unwrap_or_else(|error| {
            tracing::warn!(%error, "the ignore file cannot be parsed");
            Gitignore::empty()
        });
        Self {
            patterns,
            skip: skip.to_owned(),
        }
    }

    fn ignores(&self, path: &Path, folder: bool) -> bool {
        path.file_name().is_some_and(|name| name == ".git")
            || path == self.skip
            || self.patterns.matched(path, folder).is_ignore()
    }

    /// Whether a file of the tree, given relative to its root, is left out.
    pub fn ignores_file(&self, root: &Path, relative: &Path) -> bool {
        relative
            .ancestors()
            .filter(|part| !part.as_os_str().is_empty())
            .enumerate()
            .any(|(depth, part)| self.ignores(&root.join(part), depth > 0))
    }
}

/// Copies the tree at `from`, less what is ignored, to the new folder `to`, and flushes it to the
/// disk. O(tree), and what else is to be written there.
pub fn snapshot(
    from: &Path,
    to: &Path,
    ignored: &IgnoreRules,
    limits: SourceLimits,
) -> Result<(), SourceError> {
    copy_folder(
        from,
        to,
        &mut Some(ignored),
        &mut Budget {
            limits,
            bytes: 0,
            files: 0,
            can_share_blocks: true,
        },
    )?;
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

/// Copies the whole tree at `from` to the new folder `to`. O(tree).
pub fn copy_tree(from: &Path, to: &Path) -> Result<(), SourceError> {
    let limits = SourceLimits {
        bytes: u64::MAX,
        files: u64::MAX,
    };
    copy_folder(
        from,
        to,
        &mut None,
        &mut Budget {
            limits,
            bytes: 0,
            files: 0,
            can_share_blocks: true,
        },
    )
}

struct Budget {
    limits: SourceLimits,
    bytes: u64,
    files: u64,
    /// Whether the file system may share blocks, as far as is known.
    can_share_blocks: bool,
}

impl Budget {
    fn charge(&mut self, bytes: u64) -> Result<(), SourceError> {
        self.bytes += bytes;
        self.files += 1;
        if self.bytes > self.limits.bytes {
            return Err(SourceError::TooLarge(format!(
                "{} bytes",
                self.limits.bytes
            )));
        }
        if self.files > self.limits.files {
            return Err(SourceError::TooLarge(format!(
                "{} files",
                self.limits.files
            )));
        }
        Ok(())
    }
}

/// Copies a tree of any depth with a few open folders.
fn copy_folder(
    from: &Path,
    to: &Path,
    ignored: &mut Option<&IgnoreRules>,
    budget: &mut Budget,
) -> Result<(), SourceError> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |error| SourceError::Io(path, error)
    };
    make_target(to).map_err(at(to))?;
    let open = |path: &Path| OpenFolder::open(path).and_then(Descent::new);
    let mut copy = TreeCopy {
        source: open(from).map_err(at(from))?,
        target: open(to).map_err(at(to))?,
        path: from.to_owned(),
    };
    let mut folders = vec![copy.copy_entries(ignored, budget)?];
    while let Some(level) = folders.last_mut() {
        if let Some(name) = level.pop() {
            copy.enter(&name).map_err(at(&copy.path.join(&name)))?;
            folders.push(copy.copy_entries(ignored, budget)?);
        } else {
            folders.pop();
            copy.leave();
        }
    }
    Ok(())
}

/// Makes the folder to which a tree is copied, where it is missing.
fn make_target(to: &Path) -> io::Result<()> {
    let parent = to.parent().unwrap_or(Path::new("/"));
    let name = to.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    fs::create_dir_all(parent)?;
    match make_shared_folder(&OpenFolder::open(parent)?, name) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

/// The same place in the tree that is copied and in its copy.
struct TreeCopy {
    source: Descent,
    target: Descent,
    /// Of the source.
    path: PathBuf,
}

impl TreeCopy {
    fn enter(&mut self, name: &OsStr) -> io::Result<()> {
        self.source.enter(name)?;
        make_shared_folder(self.target.folder()?, name)?;
        self.target.enter(name)?;
        self.path.push(name);
        Ok(())
    }

    fn leave(&mut self) {
        self.source.leave();
        self.target.leave();
        self.path.pop();
    }

    /// Copies all but folders from where we are, and answers with the names of those.
    fn copy_entries(
        &mut self,
        ignored: &Option<&IgnoreRules>,
        budget: &mut Budget,
    ) -> Result<Vec<OsString>, SourceError> {
        let here = |error| SourceError::Io(self.path.clone(), error);
        let from = self.source.folder().map_err(here)?;
        let to = self.target.folder().map_err(here)?;
        let mut folders = Vec::new();
        for (name, _) in from.list().map_err(here)? {
            let path = self.path.join(&name);
            let at = |error| SourceError::Io(path.clone(), error);
            let stat = from.stat(&name).map_err(at)?;
            let kind = FileType::from_raw_mode(stat.st_mode);
            let is_folder = kind == FileType::Directory;
            if ignored.is_some_and(|ignored| ignored.ignores(&path, is_folder)) {
                continue;
            }
            match kind {
                FileType::Directory => {
                    budget.charge(0)?;
                    folders.push(name);
                }
                FileType::Symlink => {
                    budget.charge(0)?;
                    copy_link(from, to, &name).map_err(at)?;
                }
                FileType::RegularFile => {
                    budget.charge(u64::try_from(stat.st_size).unwrap_or(0))?;
                    // Where the file system cannot share blocks, it is not tried for other files.
                    let share = budget.can_share_blocks;
                    budget.can_share_blocks &= copy_file(from, to, &name, share).map_err(at)?;
                }
                _ => {}
            }
        }
        Ok(folders)
    }
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
        snapshot(root, to.path(), &IgnoreRules::load(root, skip), ROOMY).unwrap();
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
    fn links_stay_links() {
        let root = tree(&[("a", "1")]);
        std::os::unix::fs::symlink("a", root.path().join("b")).unwrap();
        let to = tempfile::tempdir().unwrap();
        copy_tree(root.path(), &to.path().join("new")).unwrap();
        assert_eq!(
            fs::read_link(to.path().join("new/b")).unwrap(),
            Path::new("a")
        );
    }

    #[test]
    fn copies_are_files_of_their_own_with_the_same_rights() {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let root = tree(&[("a", "1"), ("run.sh", "2"), ("empty", "")]);
        for (name, mode) in [("a", 0o640), ("run.sh", 0o755), ("empty", 0o444)] {
            let mode = fs::Permissions::from_mode(mode);
            fs::set_permissions(root.path().join(name), mode).unwrap();
        }
        let to = tempfile::tempdir().unwrap();
        let to = to.path().join("new");
        copy_tree(root.path(), &to).unwrap();
        for name in ["a", "run.sh", "empty"] {
            let (from, to) = (root.path().join(name), to.join(name));
            assert_eq!(fs::read(&from).unwrap(), fs::read(&to).unwrap());
            assert_eq!(mode(&from), mode(&to), "{name}");
        }
        fs::write(to.join("a"), "changed").unwrap();
        assert_eq!(fs::read_to_string(root.path().join("a")).unwrap(), "1");
    }

    /// A Btrfs file system in a file of 256 MiB, mounted until it is dropped.
    #[cfg(target_os = "linux")]
    struct Btrfs(tempfile::TempDir);

    #[cfg(target_os = "linux")]
    impl Btrfs {
        /// None where this account may not mount, or Btrfs or its tools (Debian: btrfs-progs) are missing.
        fn mount() -> Option<Self> {
            let home = tempfile::tempdir().unwrap();
            let image = home.path().join("image");
            fs::File::create(&image)
                .unwrap()
                .set_len(256 << 20)
                .unwrap();
            fs::create_dir(home.path().join("mount")).unwrap();
            let script = "mkfs.btrfs --quiet image && mount -t btrfs -o loop image mount";
            run_in(home.path(), script).then(|| Btrfs(home))
        }

        fn path(&self) -> PathBuf {
            self.0.path().join("mount")
        }
    }

    #[cfg(target_os = "linux")]
    impl Drop for Btrfs {
        fn drop(&mut self) {
            assert!(run_in(self.0.path(), "umount mount"));
        }
    }

    #[cfg(target_os = "linux")]
    fn run_in(folder: &Path, script: &str) -> bool {
        let mut shell = std::process::Command::new("sh");
        let output = shell.args(["-c", script]).current_dir(folder).output();
        output.is_ok_and(|output| output.status.success())
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn blocks_are_shared_where_the_file_system_can() {
        let Some(disk) = Btrfs::mount() else {
            return crate::skip::skip("no Btrfs file system can be made and mounted here");
        };
        let home = tempfile::tempdir_in(disk.path()).unwrap();
        let (from, to) = (home.path().join("from"), home.path().join("to"));
        fs::create_dir(&from).unwrap();
        fs::write(from.join("big"), vec![7; 64 << 20]).unwrap();
        rustix::fs::sync();
        let free = || rustix::fs::statvfs(home.path()).unwrap();
        let before = free();
        let big = fs::File::open(from.join("big")).unwrap();
        let one = fs::File::create(home.path().join("one")).unwrap();
        assert!(crate::sources::copy::clone_blocks(&big, &one));
        copy_tree(&from, &to).unwrap();
        rustix::fs::sync();
        let taken = before.f_bfree.saturating_sub(free().f_bfree) * before.f_frsize;
        assert!(taken < 4 << 20, "{taken} bytes for two copies of 64 MiB");
        assert_eq!(fs::read(to.join("big")).unwrap(), vec![7; 64 << 20]);
    }

    #[test]
    fn a_tree_of_any_depth_is_copied_and_no_pipe_is_opened() {
        let home = crate::sources::remove::tests::fast_folder();
        crate::sources::remove::tests::make_deep(home.path(), "deep", 5_000);
        let (from, to) = (home.path().join("deep"), home.path().join("copy"));
        #[cfg(target_os = "linux")]
        {
            use rustix::fs::{CWD, Mode, mknodat};
            mknodat(CWD, from.join("pipe"), FileType::Fifo, Mode::RUSR, 0).unwrap();
        }
        copy_tree(&from, &to).unwrap();
        assert!(!to.join("pipe").exists());
        let mut place = Descent::new(OpenFolder::open(&to).unwrap()).unwrap();
        while place.enter("d".as_ref()).is_ok() {}
        assert_eq!(place.depth(), 4_999);
        assert!(place.folder().unwrap().holds("f".as_ref()).unwrap());
        remove_tree(&from).unwrap();
        remove_tree(&to).unwrap();
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
            let result = snapshot(root.path(), to.path(), &ignored, limits);
            assert!(matches!(result, Err(SourceError::TooLarge(_))));
        }
    }

    #[test]
    fn an_ignored_script_is_known_as_such() {
        let root = tree(&[(".gitignore", "old/\n"), ("old/a.py", ""), ("new/a.py", "")]);
        let ignored = IgnoreRules::load(root.path(), Path::new("/nonexistent"));
        assert!(ignored.ignores_file(root.path(), Path::new("old/a.py")));
        assert!(!ignored.ignores_file(root.path(), Path::new("new/a.py")));
    }
}
