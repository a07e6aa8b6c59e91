//! Walking through folders that hold whatever a trial, a repository or a person has put there.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::FileType;

use super::descent::Descent;
use super::open_folder::{Listing, OpenFolder, open_no_link};

/// The longest path that is gone into, in bytes, relative to where the walk begins. What lies deeper
/// cannot be named by a path, and so many long paths would fill the memory.
const PATH_BYTES_MAX: usize = 4_096;

/// Everything below a folder, folders too, in no order. No link is followed, and what cannot be
/// read, or vanishes meanwhile, is left out. Three open folders at most.
#[derive(Debug)]
pub struct Walk {
    place: Option<Descent>,
    /// The way to where we are.
    path: PathBuf,
    listing: Option<Listing>,
    /// Names of folders still to be gone into, of each level on the way.
    folders: Vec<Vec<OsString>>,
    seen: usize,
    entries_max: usize,
    depth_max: usize,
    skip: fn(&WalkEntry) -> bool,
}

/// Something that a walk has come by.
#[derive(Debug)]
pub struct WalkEntry {
    /// Relative to where the walk began.
    pub path: PathBuf,
    name: OsString,
    kind: FileType,
    folder: Rc<OpenFolder>,
}

/// What there is to know of a file without opening it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WalkMeta {
    /// Whether it is a regular file.
    pub is_file: bool,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// In bytes.
    pub length: u64,
    /// When its content was last changed.
    pub modified: SystemTime,
    /// When it was made; 1970 where the file system does not know.
    pub created: SystemTime,
}

impl WalkEntry {
    /// Whether it is a regular file.
    pub fn is_file(&self) -> bool {
        self.kind == FileType::RegularFile
    }

    /// The last part of its path.
    pub fn name(&self) -> &OsString {
        &self.name
    }

    /// Whether it is a folder that holds something by this name.
    pub fn holds(&self, name: &str) -> bool {
        let path = Path::new(&self.name).join(name);
        self.folder.holds(path.as_os_str()).unwrap_or(false)
    }

    /// What there is to know of it; of a link, the link.
    ///
    /// # Errors
    /// Where it is gone.
    #[cfg(target_os = "linux")]
    pub fn meta(&self) -> io::Result<WalkMeta> {
        use rustix::fs::{AtFlags, StatxFlags, StatxTimestamp, statx};
        let asked = StatxFlags::BASIC_STATS | StatxFlags::BTIME;
        let Ok(found) = statx(&*self.folder, &self.name, AtFlags::SYMLINK_NOFOLLOW, asked) else {
            return self.meta_by_stat();
        };
        let kind = FileType::from_raw_mode(found.stx_mode.into());
        let time = |of: StatxTimestamp| to_time(of.tv_sec, of.tv_nsec);
        let knows_created = found.stx_mask & StatxFlags::BTIME.bits() != 0;
        Ok(WalkMeta {
            is_file: kind == FileType::RegularFile,
            is_folder: kind == FileType::Directory,
            length: found.stx_size,
            modified: time(found.stx_mtime),
            created: if knows_created {
                time(found.stx_btime)
            } else {
                UNIX_EPOCH
            },
        })
    }

    /// The same for other systems.
    ///
    /// # Errors
    /// Where it is gone.
    #[cfg(not(target_os = "linux"))]
    pub fn meta(&self) -> io::Result<WalkMeta> {
        self.meta_by_stat()
    }

    fn meta_by_stat(&self) -> io::Result<WalkMeta> {
        let found = self.folder.stat(&self.name)?;
        let kind = FileType::from_raw_mode(found.st_mode);
        let nanos = u32::try_from(found.st_mtime_nsec).unwrap_or(0);
        Ok(WalkMeta {
            is_file: kind == FileType::RegularFile,
            is_folder: kind == FileType::Directory,
            length: u64::try_from(found.st_size).unwrap_or(0),
            modified: to_time(found.st_mtime, nanos),
            created: UNIX_EPOCH,
        })
    }
}

/// A time of the file system, which may be any number.
fn to_time(seconds: i64, nanos: u32) -> SystemTime {
    let nanos = Duration::from_nanos(nanos.into());
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let time = if seconds < 0 {
        UNIX_EPOCH.checked_sub(whole)
    } else {
        UNIX_EPOCH.checked_add(whole)
    };
    time.and_then(|time| time.checked_add(nanos))
        .unwrap_or(UNIX_EPOCH)
}

impl Walk {
    /// Goes into folders at most so deep below `root`, which itself is at 0 and no link, and into no
    /// more of them once it has seen so many entries; those that it has found by then are listed
    /// whole.
    pub fn new(root: &Path, entries_max: usize, depth_max: usize) -> Self {
        Self::over(open_no_link(root).ok(), entries_max, depth_max)
    }

    /// The same below a folder that is open.
    pub fn below(root: OpenFolder, entries_max: usize, depth_max: usize) -> Self {
        Self::over(Some(root), entries_max, depth_max)
    }

    fn over(root: Option<OpenFolder>, entries_max: usize, depth_max: usize) -> Self {
        let listing = root.as_ref().and_then(|root| root.list().ok());
        Self {
            place: root.and_then(|root| Descent::new(root).ok()),
            path: PathBuf::new(),
            listing,
            folders: vec![Vec::new()],
            seen: 0,
            entries_max,
            depth_max,
            skip: |_| false,
        }
    }

    /// Does not go into the folders for which `skip` holds, which are not counted and not listed.
    pub fn skipping(self, skip: fn(&WalkEntry) -> bool) -> Self {
        Self { skip, ..self }
    }

    /// Goes on to the next folder that is still to be listed. False at the end.
    fn go_on(&mut self) -> bool {
        let (Some(place), Some(folders)) = (&mut self.place, self.folders.last_mut()) else {
            return false;
        };
        match folders.pop() {
            Some(name) => {
                if place.enter(&name).is_ok() {
                    self.path.push(name);
                    self.folders.push(Vec::new());
                    self.listing = place.folder().and_then(|here| here.list()).ok();
                }
            }
            None => {
                self.folders.pop();
                self.path.pop();
                place.leave();
            }
        }
        true
    }

    /// An entry of the folder where we are; `None` where it has vanished or is not to be seen.
    fn see(&mut self, name: OsString, kind: FileType) -> Option<WalkEntry> {
        let place = self.place.as_ref()?;
        let mut entry = WalkEntry {
            path: self.path.join(&name),
            folder: Rc::clone(place.folder().ok()?),
            name,
            kind,
        };
        if entry.path.as_os_str().len() > PATH_BYTES_MAX {
            return None;
        }
        if kind == FileType::Unknown {
            let found = entry.folder.stat(&entry.name).ok()?;
            entry.kind = FileType::from_raw_mode(found.st_mode);
        }
        let is_folder = entry.kind == FileType::Directory;
        if is_folder && (self.skip)(&entry) {
            return None;
        }
        self.seen += 1;
        let more = place.depth() < self.depth_max && self.seen < self.entries_max;
        if more
            && is_folder
            && let Some(folders) = self.folders.last_mut()
        {
            folders.push(entry.name.clone());
        }
        Some(entry)
    }
}

impl Iterator for Walk {
    type Item = WalkEntry;

    fn next(&mut self) -> Option<WalkEntry> {
        loop {
            match self.listing.as_mut().map(Iterator::next) {
                Some(Some((name, kind))) => {
                    if let Some(entry) = self.see(name, kind) {
                        return Some(entry);
                    }
                }
                Some(None) => self.listing = None,
                None => {
                    if !self.go_on() {
                        return None;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_walk_ends() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("a/b/c")).unwrap();
        for file in ["x", "a/x", "a/b/x", "a/b/c/x"] {
            fs::write(root.path().join(file), "").unwrap();
        }
        std::os::unix::fs::symlink(root.path(), root.path().join("a/up")).unwrap();
        let names = |entries_max, depth_max| {
            let walk = Walk::new(root.path(), entries_max, depth_max);
            let mut names: Vec<String> = walk
                .map(|entry| entry.path.to_str().unwrap().to_owned())
                .collect();
            names.sort();
            names
        };
        let all = ["a", "a/b", "a/b/c", "a/b/c/x", "a/b/x", "a/up", "a/x", "x"];
        assert_eq!(names(9, usize::MAX), all);
        assert_eq!(names(usize::MAX, 1), ["a", "a/b", "a/up", "a/x", "x"]);
        assert_eq!(names(usize::MAX, 0), ["a", "x"]);
        // Which of the two is seen first is the file system's choice; neither is left out.
        assert_eq!(names(1, usize::MAX), ["a", "x"]);
        assert_eq!(Walk::new(&root.path().join("none"), 9, 9).count(), 0);
        assert_eq!(Walk::new(&root.path().join("a/up"), 9, 9).count(), 0);
        let skipping = Walk::new(root.path(), 9, 9).skipping(|entry| entry.name() == "b");
        assert_eq!(skipping.count(), 4);
    }

    #[test]
    fn a_folder_that_is_moved_away_ends_no_walk_and_leads_nowhere() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().join("root");
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::write(root.join("a/b/x"), "").unwrap();
        fs::write(root.join("a/y"), "").unwrap();
        fs::write(home.path().join("outside"), "").unwrap();
        let mut names = Vec::new();
        for entry in Walk::new(&root, 99, 99) {
            if entry.name() == "x" {
                fs::rename(root.join("a/b"), home.path().join("b")).unwrap();
                fs::create_dir(root.join("z")).unwrap();
            }
            names.push(entry.path.to_str().unwrap().to_owned());
        }
        names.sort();
        assert_eq!(names, ["a", "a/b", "a/b/x", "a/y"]);
    }

    #[test]
    fn what_no_path_names_is_left_out() {
        let home = crate::sources::remove::tests::fast_folder();
        crate::sources::remove::tests::make_deep(home.path(), "deep", 5_000);
        let depth = Walk::new(home.path(), usize::MAX, usize::MAX).count();
        assert_eq!(depth, PATH_BYTES_MAX / 2 - 1, "deep and /d again and again");
        crate::sources::remove_tree(&home.path().join("deep")).unwrap();
    }
}
