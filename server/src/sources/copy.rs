//! Copying a tree of files, folder by folder, with one folder open at a time. Sockets, pipes and devices
//! are left out; of a file's rights those of owner, group and others are kept.

use std::fs::{self, DirEntry, File, OpenOptions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};

use rustix::fs::OFlags;

use super::budget::{CopyError, Excess, SourceLimits, TreeBudget, copy_content};
use super::ignored::IgnoreRules;
use crate::system::umask;
use crate::upkeep::disk::{DiskMonitor, LowSpace};

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
    /// The disk would have too little free space.
    #[error("{}", .0.message())]
    NoRoom(LowSpace),
}

impl From<Excess> for SourceError {
    fn from(excess: Excess) -> Self {
        match excess {
            Excess::Limit(what) => Self::TooLarge(what),
            Excess::NoRoom(short) => Self::NoRoom(short),
        }
    }
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> SourceError {
    let path = path.to_owned();
    move |error| SourceError::Io(path, error)
}

/// What becomes of symbolic links.
enum LinkRule {
    /// Each is made as it is.
    AsTheyAre,
    /// Each leads to what it led to: within the tree, which is really here, to the copy, else to the
    /// very same place.
    Rebased(PathBuf),
}

/// Copies the whole tree at `from` to the new folder `to`, links as they are, as long as `disk` keeps
/// its free space. O(tree).
pub fn copy_tree(from: &Path, to: &Path, disk: &DiskMonitor) -> Result<(), SourceError> {
    TreeCopy {
        from,
        to,
        ignored: None,
        links: LinkRule::AsTheyAre,
        budget: TreeBudget::new(SourceLimits::NONE, disk),
        can_share_blocks: true,
    }
    .copy()
}

/// Copies the tree at `from`, less what is ignored, to the new folder `to`, within limits. A link leads
/// to what it led to: within the tree to the copy, else to the very same place. O(tree).
pub fn copy_outside_tree(
    from: &Path,
    to: &Path,
    ignored: Option<&IgnoreRules>,
    limits: SourceLimits,
    disk: &DiskMonitor,
) -> Result<(), SourceError> {
    let real = from.canonicalize().map_err(at(from))?;
    TreeCopy {
        from,
        to,
        ignored,
        links: LinkRule::Rebased(real),
        budget: TreeBudget::new(limits, disk),
        can_share_blocks: true,
    }
    .copy()
}

struct TreeCopy<'a> {
    from: &'a Path,
    to: &'a Path,
    ignored: Option<&'a IgnoreRules>,
    links: LinkRule,
    budget: TreeBudget<'a>,
    /// Whether the file system may share blocks, as far as is known.
    can_share_blocks: bool,
}

impl TreeCopy<'_> {
    fn copy(mut self) -> Result<(), SourceError> {
        fs::create_dir_all(self.to).map_err(at(self.to))?;
        umask::open_folder(self.to).map_err(at(self.to))?;
        // Still to be copied, below the root.
        let mut folders = vec![PathBuf::new()];
        while let Some(folder) = folders.pop() {
            let from = self.from.join(&folder);
            for entry in fs::read_dir(&from).map_err(at(&from))? {
                let entry = entry.map_err(at(&from))?;
                let path = folder.join(entry.file_name());
                if self.copy_entry(&entry, &path)? {
                    folders.push(path);
                }
            }
        }
        Ok(())
    }

    /// Copies a file or link, or makes a folder; true if it is a folder, whose content is to be copied.
    fn copy_entry(&mut self, entry: &DirEntry, path: &Path) -> Result<bool, SourceError> {
        let (from, to) = (self.from.join(path), self.to.join(path));
        let kind = entry.file_type().map_err(at(&from))?;
        let known = kind.is_dir() || kind.is_symlink() || kind.is_file();
        if !known || self.ignores(path, kind.is_dir()) {
            return Ok(false);
        }
        self.budget.charge_entry(path)?;
        if kind.is_dir() {
            fs::create_dir(&to).map_err(at(&to))?;
            umask::open_folder(&to).map_err(at(&to))?;
        } else if kind.is_symlink() {
            let target = fs::read_link(&from).map_err(at(&from))?;
            let target = match &self.links {
                LinkRule::AsTheyAre => target,
                LinkRule::Rebased(root) => self.rebase_link(root, path, target),
            };
            symlink(target, &to).map_err(at(&to))?;
        } else {
            self.copy_file(&from, &to)?;
        }
        Ok(kind.is_dir())
    }

    fn ignores(&self, path: &Path, is_folder: bool) -> bool {
        let ignores = |rules: &IgnoreRules| rules.ignores(&self.from.join(path), is_folder);
        self.ignored.is_some_and(ignores)
    }

    /// Copies a file. What has become no file since its folder was listed is not waited for and not
    /// followed.
    fn copy_file(&mut self, from: &Path, to: &Path) -> Result<(), SourceError> {
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let mut options = OpenOptions::new();
        options
            .read(true)
            .custom_flags(i32::try_from(flags.bits()).unwrap_or_default());
        let source = options.open(from).map_err(at(from))?;
        let meta = source.metadata().map_err(at(from))?;
        if !meta.is_file() {
            return Ok(());
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let target = options.open(to).map_err(at(to))?;
        if self.can_share_blocks && share_blocks(&source, &target) {
            self.budget.charge_bytes(meta.len())?;
        } else {
            // The file system cannot share blocks: not tried for the other files.
            self.can_share_blocks = false;
            copy_content(&source, &target, &mut self.budget).map_err(|error| match error {
                CopyError::Excess(excess) => excess.into(),
                CopyError::Io(error) => at(from)(error),
            })?;
        }
        let mode = meta.permissions().mode() & 0o777;
        target
            .set_permissions(fs::Permissions::from_mode(mode))
            .map_err(at(to))
    }

    /// The target of the copy of a link, so that it leads to what it led to.
    fn rebase_link(&self, root: &Path, path: &Path, target: PathBuf) -> PathBuf {
        let folder = path.parent().unwrap_or(Path::new(""));
        if stays_inside(folder, &target) {
            return target;
        }
        let whole = root.join(folder).join(&target);
        // What lies elsewhere by its name is not touched: it may be on a disk that does not answer.
        let found = without_parents(&whole)
            .starts_with(root)
            .then(|| whole.canonicalize().ok())
            .flatten();
        // What is not copied is where it was.
        let inside = found
            .as_deref()
            .and_then(|found| found.strip_prefix(root).ok())
            .filter(|inside| !self.leaves_out(inside, whole.is_dir()));
        match inside {
            Some(inside) => {
                let up = folder.components().map(|_| Component::ParentDir);
                let relative: PathBuf = up.chain(inside.components()).collect();
                if relative.as_os_str().is_empty() {
                    PathBuf::from(".")
                } else {
                    relative
                }
            }
            None => whole,
        }
    }

    /// Whether a path of the tree, or a folder above it, is ignored.
    fn leaves_out(&self, path: &Path, is_folder: bool) -> bool {
        self.ignores(path, is_folder)
            || self
                .ignored
                .is_some_and(|rules| rules.ignores_file(self.from, path))
    }
}

/// Whether a link's target, seen from its folder, never leaves the tree by its own words.
fn stays_inside(folder: &Path, target: &Path) -> bool {
    let mut depth = folder.components().count();
    for part in target.components() {
        match part {
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::ParentDir if depth > 0 => depth -= 1,
            _ => return false,
        }
    }
    true
}

/// An absolute path without `..`, by its words alone.
fn without_parents(path: &Path) -> PathBuf {
    let mut shorter = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                shorter.pop();
            }
            other => shorter.push(other),
        }
    }
    shorter
}

/// Makes a new, empty file consist of another one's blocks, which are copied when one of the two is
/// written (`FICLONE`, on Btrfs, XFS and others). False where the file system cannot; the new file is
/// empty then.
#[cfg(target_os = "linux")]
fn share_blocks(source: &File, target: &File) -> bool {
    rustix::fs::ioctl_ficlone(target, source).is_ok()
}

#[cfg(not(target_os = "linux"))]
fn share_blocks(_: &File, _: &File) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roomy(folder: &Path) -> DiskMonitor {
        DiskMonitor::new(folder, Some(0))
    }

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (name, content) in files {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        root
    }

    /// The target of each link of a copy from outside of `{}`, which is the tree's folder in targets.
    fn copied_links(links: &[(&str, &str)]) -> Vec<String> {
        let root = tree(&[("a/b", "1"), ("left/out", ""), ("deep/er/x", "")]);
        let shown = root.path().canonicalize().unwrap().display().to_string();
        fs::write(root.path().join(".gridignore"), "left\n").unwrap();
        for (at, target) in links {
            symlink(target.replace("{}", &shown), root.path().join(at)).unwrap();
        }
        let to = tempfile::tempdir().unwrap();
        let to = to.path().join("new");
        let rules = IgnoreRules::load(root.path(), Path::new("/nonexistent"));
        let limits = SourceLimits::NONE;
        copy_outside_tree(root.path(), &to, Some(&rules), limits, &roomy(root.path())).unwrap();
        let target = |(at, _): &(&str, &str)| fs::read_link(to.join(at)).unwrap();
        let shown = |target: PathBuf| target.display().to_string().replace(&shown, "{}");
        links.iter().map(target).map(shown).collect()
    }

    #[test]
    fn links_lead_to_what_they_led_to() {
        let name = "../x/../x";
        for (at, target, copied) in [
            ("l", "a/b", "a/b"),
            ("l", "none", "none"),
            ("deep/l", "../a/./b", "../a/./b"),
            ("l", "/datastores/d", "/datastores/d"),
            ("l", "/usr/bin", "/usr/bin"),
            // Into the tree by its whole path: to the copy.
            ("l", "{}/a/b", "a/b"),
            ("deep/er/l", "{}/a", "../../a"),
            ("deep/l", "{}", ".."),
            ("l", "{}", "."),
            // To what is not copied: to where it is.
            ("l", "{}/left/out", "{}/left/out"),
            ("l", "../none", "{}/../none"),
            ("deep/l", "../../none", "{}/deep/../../none"),
            ("l", name, &format!("{{}}/{name}")),
        ] {
            assert_eq!(copied_links(&[(at, target)]), [copied], "{at} {target}");
        }
    }

    #[test]
    fn a_tree_that_is_too_deep_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let to = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("d/".repeat(100))).unwrap();
        copy_tree(root.path(), &to.path().join("1"), &roomy(root.path())).unwrap();
        fs::write(root.path().join("d/".repeat(100)).join("x"), "").unwrap();
        let refused = copy_tree(root.path(), &to.path().join("2"), &roomy(root.path()));
        let words = refused.unwrap_err().to_string();
        assert!(words.contains("100 levels"), "{words}");
    }

    #[test]
    fn no_copy_is_made_on_a_full_disk() {
        let root = tree(&[("a", "1")]);
        let to = tempfile::tempdir().unwrap();
        let full = DiskMonitor::new(to.path(), Some(u64::MAX));
        let refused = copy_tree(root.path(), &to.path().join("new"), &full);
        let words = refused.unwrap_err().to_string();
        assert!(words.contains("disk has"), "{words}");
    }

    #[test]
    fn pipes_are_left_out_and_rights_of_others_are_not_lent() {
        let root = tree(&[("a", "1")]);
        let mode = fs::Permissions::from_mode(0o6755);
        fs::set_permissions(root.path().join("a"), mode).unwrap();
        let made = std::process::Command::new("mkfifo")
            .arg(root.path().join("pipe"))
            .status();
        assert!(made.unwrap().success());
        let to = tempfile::tempdir().unwrap();
        let to = to.path().join("new");
        copy_tree(root.path(), &to, &roomy(root.path())).unwrap();
        let mode = fs::metadata(to.join("a")).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o755);
        assert!(!to.join("pipe").exists());
    }

    #[test]
    fn links_stay_links() {
        let root = tree(&[("a", "1")]);
        std::os::unix::fs::symlink("a", root.path().join("b")).unwrap();
        let to = tempfile::tempdir().unwrap();
        copy_tree(root.path(), &to.path().join("new"), &roomy(root.path())).unwrap();
        assert_eq!(
            fs::read_link(to.path().join("new/b")).unwrap(),
            Path::new("a")
        );
    }

    #[test]
    fn copies_are_files_of_their_own_with_the_same_rights() {
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let root = tree(&[("a", "1"), ("run.sh", "2"), ("empty", "")]);
        for (name, mode) in [("a", 0o640), ("run.sh", 0o755), ("empty", 0o444)] {
            let mode = fs::Permissions::from_mode(mode);
            fs::set_permissions(root.path().join(name), mode).unwrap();
        }
        let to = tempfile::tempdir().unwrap();
        let to = to.path().join("new");
        copy_tree(root.path(), &to, &roomy(root.path())).unwrap();
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
        let one = File::create(home.path().join("one")).unwrap();
        assert!(share_blocks(&File::open(from.join("big")).unwrap(), &one));
        copy_tree(&from, &to, &roomy(home.path())).unwrap();
        rustix::fs::sync();
        let taken = before.f_bfree.saturating_sub(free().f_bfree) * before.f_frsize;
        assert!(taken < 4 << 20, "{taken} bytes for two copies of 64 MiB");
        assert_eq!(fs::read(to.join("big")).unwrap(), vec![7; 64 << 20]);
    }
}
