//! Walking through folders that hold whatever a trial, a repository or a person has put there.

use std::fs::{self, DirEntry, ReadDir};
use std::path::{Path, PathBuf};

/// Everything below a folder, folders too, in no order. No link is followed, and what cannot be
/// read, or vanishes meanwhile, is left out.
#[derive(Debug)]
pub struct Walk {
    /// Still to be listed, with how deep each lies.
    folders: Vec<(PathBuf, usize)>,
    listing: Option<(ReadDir, usize)>,
    seen: usize,
    entries_max: usize,
    depth_max: usize,
    skip: fn(&DirEntry) -> bool,
}

impl Walk {
    /// Goes into folders at most so deep below `root`, which itself is at 0, and into no more of them
    /// once it has seen so many entries; those that it has found by then are listed whole.
    pub fn new(root: &Path, entries_max: usize, depth_max: usize) -> Self {
        Self {
            folders: vec![(root.to_owned(), 0)],
            listing: None,
            seen: 0,
            entries_max,
            depth_max,
            skip: |_| false,
        }
    }

    /// Does not go into the folders for which `skip` holds, which are not counted and not listed.
    pub fn skipping(self, skip: fn(&DirEntry) -> bool) -> Self {
        Self { skip, ..self }
    }
}

impl Iterator for Walk {
    type Item = DirEntry;

    fn next(&mut self) -> Option<DirEntry> {
        loop {
            let Some((listing, depth)) = &mut self.listing else {
                let (folder, depth) = self.folders.pop()?;
                self.listing = fs::read_dir(folder).ok().map(|listing| (listing, depth));
                continue;
            };
            match listing.next() {
                None => self.listing = None,
                Some(Err(_)) => {}
                Some(Ok(entry)) => {
                    let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
                    if is_folder && (self.skip)(&entry) {
                        continue;
                    }
                    self.seen += 1;
                    let more = *depth < self.depth_max && self.seen < self.entries_max;
                    if more && is_folder {
                        self.folders.push((entry.path(), *depth + 1));
                    }
                    return Some(entry);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
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
            let name = |entry: DirEntry| {
                let path = entry.path();
                let below = path.strip_prefix(root.path()).unwrap();
                below.to_str().unwrap().to_owned()
            };
            let mut names: Vec<String> = walk.map(name).collect();
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
        let skipping = Walk::new(root.path(), 9, 9).skipping(|entry| entry.file_name() == "b");
        assert_eq!(skipping.count(), 4);
    }
}
