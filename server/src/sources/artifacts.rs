//! Lists and archives files of a trial, safely while its script may change or replace them.

use std::collections::HashSet;
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::UNIX_EPOCH;

use sweep_planner::api::Timestamp;
use tar::{Builder, Header};

use super::artifact_kind::{ArtifactKind, CACHE_TAG, is_cache_folder, rank};
use super::open_folder::{OpenFolder, open_in};
use super::walk::{Walk, WalkEntry};
use crate::system::clock;

/// Writes files below a folder as a tar, each as long as it is when its turn comes: what is added
/// to it then is left out, what is taken away is filled with zeros. Files that are gone are left
/// out. Memory O(1), time O(bytes).
///
/// # Errors
/// If a file cannot be read to its end, or `out` not be written. The archive is then cut off.
pub fn write_tar(root: &OpenFolder, names: &[String], out: impl Write) -> io::Result<()> {
    let mut archive = Builder::new(out);
    for name in names {
        let Ok(file) = open_in(root, Path::new(name)) else {
            continue;
        };
        let meta = file.metadata()?;
        let modified = meta.modified().ok();
        let since = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        let executable = meta.permissions().mode() & 0o100 != 0;
        let mut header = Header::new_gnu();
        header.set_size(meta.len());
        header.set_mode(if executable { 0o755 } else { 0o644 });
        header.set_mtime(since.map_or(0, |since| since.as_secs()));
        let whole = file.take(meta.len()).chain(io::repeat(0)).take(meta.len());
        archive.append_data(&mut header, name, whole)?;
    }
    archive.into_inner()?.flush()
}

/// How many files and folders are looked at.
const ENTRIES_MAX: usize = 100_000;
/// How long all names together are, in bytes.
const NAME_BYTES_MAX: usize = 32 << 20;

/// A file that a trial made.
pub struct ArtifactFile {
    /// Relative to where the trial ran.
    pub name: String,
    /// In bytes.
    pub size: u64,
    /// When it was last written.
    pub modified: Timestamp,
}

/// What becomes of files in caches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caches {
    /// They are left out, and do not count.
    Hidden,
    /// They come last.
    Listed,
}

/// The files below `work` that were not in the source: models and checkpoints first, then results,
/// plots, other files, logs and caches; of one kind by name, but for models the best and the last
/// first. O(files), of which no more than 100,000 and folders are looked at.
pub fn list_artifacts(work: OpenFolder, source: &Path, caches: Caches) -> Vec<ArtifactFile> {
    let mut walk = Walk::below(work, ENTRIES_MAX, usize::MAX);
    if caches == Caches::Hidden {
        walk = walk.skipping(|folder| is_cache_folder(folder.name()) || folder.holds(CACHE_TAG));
    }
    let mut name_bytes = 0;
    let mut found: Vec<ArtifactFile> = walk
        .take(ENTRIES_MAX)
        .filter_map(|entry| read_artifact(&entry, source))
        .take_while(|file| {
            name_bytes += file.name.len();
            name_bytes <= NAME_BYTES_MAX
        })
        .collect();
    let tagged: HashSet<String> = found
        .iter()
        .filter_map(|file| file.name.strip_suffix(CACHE_TAG)?.strip_suffix('/'))
        .map(str::to_owned)
        .collect();
    let in_tagged = |name: &str| {
        let mut folders = name.match_indices('/').map(|(end, _)| &name[..end]);
        !tagged.is_empty() && folders.any(|folder| tagged.contains(folder))
    };
    found.sort_by_cached_key(|file| {
        let rank = match rank(&file.name) {
            _ if in_tagged(&file.name) => (ArtifactKind::Cache, 0),
            rank => rank,
        };
        (rank, file.name.clone())
    });
    if caches == Caches::Hidden {
        found.retain(|file| rank(&file.name).0 != ArtifactKind::Cache);
    }
    found
}

/// `None` for a folder, for what was in the source, and for a name that is no UTF-8.
fn read_artifact(entry: &WalkEntry, source: &Path) -> Option<ArtifactFile> {
    if !entry.is_file() || source.join(&entry.path).exists() {
        return None;
    }
    let meta = entry.meta().ok()?;
    Some(ArtifactFile {
        name: entry.path.to_str()?.to_owned(),
        size: meta.length,
        modified: clock::to_timestamp(meta.modified),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn open(folder: &Path) -> OpenFolder {
        OpenFolder::open(folder).unwrap()
    }

    /// Changes the files as it reads the archive of them, as a trial may.
    #[test]
    fn files_that_change_meanwhile_leave_the_archive_whole() {
        struct Meddler<'a>(&'a Path, Vec<u8>);
        impl Write for Meddler<'_> {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                if self.1.is_empty() {
                    // The first header is out, its file is open.
                    fs::write(self.0.join("a"), "x").unwrap();
                    fs::write(self.0.join("b"), "longer").unwrap();
                    fs::remove_file(self.0.join("c")).unwrap();
                    symlink("/etc/passwd", self.0.join("c")).unwrap();
                }
                self.1.extend_from_slice(bytes);
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let home = tempfile::tempdir().unwrap();
        let long = format!("{}/d", "n".repeat(150));
        fs::create_dir(home.path().join("n".repeat(150))).unwrap();
        for name in ["a", "b", "c", &long] {
            fs::write(home.path().join(name), "1234").unwrap();
        }
        let names: Vec<String> = ["a", "b", "c", &long, "never"].map(str::to_owned).into();
        let mut meddler = Meddler(home.path(), Vec::new());
        write_tar(&open(home.path()), &names, &mut meddler).unwrap();
        let mut archive = tar::Archive::new(&meddler.1[..]);
        let found: Vec<(String, String)> = archive
            .entries()
            .unwrap()
            .map(|entry| {
                let mut entry = entry.unwrap();
                let name = entry.path().unwrap().display().to_string();
                let mut text = String::new();
                entry.read_to_string(&mut text).unwrap();
                (name, text)
            })
            .collect();
        let expected = [("a", "x\0\0\0"), ("b", "longer"), (&long, "1234")];
        assert_eq!(
            found,
            expected.map(|(name, text)| (name.to_owned(), text.to_owned()))
        );
    }

    #[test]
    fn only_what_the_trial_made_is_listed() {
        let root = tempfile::tempdir().unwrap();
        let (work, source) = (root.path().join("work"), root.path().join("source"));
        fs::create_dir_all(work.join("out")).unwrap();
        fs::create_dir_all(&source).unwrap();
        fs::write(root.path().join("secret"), "s").unwrap();
        for (folder, name) in [(&work, "a.py"), (&source, "a.py"), (&work, "out/m.csv")] {
            fs::write(folder.join(name), "1,2").unwrap();
        }
        std::os::unix::fs::symlink(root.path().join("secret"), work.join("link")).unwrap();
        let names: Vec<_> = list_artifacts(open(&work), &source, Caches::Listed)
            .into_iter()
            .map(|file| file.name)
            .collect();
        assert_eq!(names, ["out/m.csv"]);
    }

    #[test]
    fn caches_are_hidden_or_last_and_what_a_person_wants_comes_first() {
        let root = tempfile::tempdir().unwrap();
        let caches = [
            ".cache/huggingface/hub/models--gpt2/blobs/a.safetensors",
            "__pycache__/train.cpython-311.pyc",
            "data/MNIST/raw/train-images-idx3-ubyte",
            "kept/CACHEDIR.TAG",
            "kept/model.pt",
            "stray.pyc",
        ];
        let wanted = [
            "out/best.ckpt",
            "out/last.ckpt",
            "checkpoint-100/model.safetensors",
            "out/epoch=1.ckpt",
            "metrics.csv",
            "plots/loss.png",
            "weird",
            "logs/events.out.tfevents.1.host",
            "train.log",
        ];
        for name in caches.iter().chain(&wanted) {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        let names = |caches| -> Vec<String> {
            let listed = list_artifacts(open(root.path()), Path::new("/nonexistent"), caches);
            listed.into_iter().map(|file| file.name).collect()
        };
        assert_eq!(names(Caches::Hidden), wanted);
        let all = names(Caches::Listed);
        assert_eq!(all[..wanted.len()], wanted);
        assert_eq!(all[wanted.len()..], caches);
    }
}
