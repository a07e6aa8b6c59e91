//! Finds the files of metrics below a trial's folder, by their content.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::events::is_event_file;
use super::json_lines::{parse_object, step_of};
use super::kind::FileKind;
use super::table::TableParser;
use crate::sources::{OpenFolder, Walk, WalkEntry, open_in};

/// How many files and folders are looked at, and how deep.
const ENTRIES_MAX: usize = 20_000;
const DEPTH_MAX: usize = 8;
/// How many are listed at all, of folders with very many.
const LISTED_MAX: usize = 100_000;
/// The beginning of a file by which its kind is told.
const HEAD: u64 = 16 << 10;
/// How many files are opened in one search, while the trial runs and at its end.
const OPENED_MAX: usize = 256;
const OPENED_MAX_AT_END: usize = 2_048;

/// Endings of files that hold no curve, of which a trial may have many.
const OTHER_ENDINGS: [&str; 48] = [
    "arrow",
    "avi",
    "bin",
    "bz2",
    "c",
    "cbm",
    "ckpt",
    "css",
    "db",
    "feather",
    "flac",
    "gif",
    "gz",
    "h5",
    "hdf5",
    "html",
    "ipynb",
    "jpeg",
    "jpg",
    "js",
    "keras",
    "lock",
    "md",
    "mp3",
    "mp4",
    "npy",
    "npz",
    "onnx",
    "parquet",
    "pdf",
    "pkl",
    "png",
    "pt",
    "pth",
    "py",
    "pyc",
    "safetensors",
    "sh",
    "so",
    "sqlite",
    "svg",
    "tar",
    "toml",
    "wav",
    "xml",
    "yaml",
    "yml",
    "zip",
];
/// Endings that are looked at first.
const LIKELY_ENDINGS: [&str; 6] = ["csv", "json", "jsonl", "log", "tsv", "txt"];

/// A file of metrics.
#[derive(Debug)]
pub(super) struct FoundFile {
    pub(super) kind: FileKind,
    /// Relative to the folder that was searched.
    pub(super) path: PathBuf,
    pub(super) modified: SystemTime,
}

/// Searches the folder of one trial again and again.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// Hashes of the paths of files whose content has told that they are none.
    others: HashSet<u64>,
}

impl Search {
    /// The files of metrics that were changed after `since`, in the order in which they are read:
    /// tables first, whose numbers are as the trial has written them; of one kind the older first.
    pub(super) fn find(
        &mut self,
        root: &OpenFolder,
        since: SystemTime,
        known: &dyn Fn(&Path) -> bool,
        at_end: bool,
    ) -> Vec<FoundFile> {
        let Ok(top) = root.enter_path(Path::new("")) else {
            return Vec::new();
        };
        let mut candidates: Vec<_> = Walk::below(top, ENTRIES_MAX, DEPTH_MAX)
            .take(LISTED_MAX)
            .filter_map(|entry| self.candidate(&entry, since))
            .collect();
        candidates.sort_by(|a, b| a.is_likely.cmp(&b.is_likely).reverse());
        let mut left = if at_end {
            OPENED_MAX_AT_END
        } else {
            OPENED_MAX
        };
        let mut found = Vec::new();
        for candidate in candidates {
            if known(&candidate.path) {
                continue;
            }
            if left == 0 {
                break;
            }
            left -= 1;
            match tell_kind(root, &candidate.path) {
                Verdict::Kind(kind) => found.push((
                    candidate.created,
                    FoundFile {
                        kind,
                        path: candidate.path,
                        modified: candidate.modified,
                    },
                )),
                Verdict::Other => {
                    self.others.insert(hash_of(&candidate.path));
                }
                Verdict::Unclear => {}
            }
        }
        found.sort_by(|(created, a), (later, b)| {
            let by_time = (a.kind, created).cmp(&(b.kind, later));
            by_time.then_with(|| natural_order(&a.path, &b.path))
        });
        found.into_iter().map(|(_, found)| found).collect()
    }

    /// Leaves a file alone from now on.
    pub(super) fn exclude(&mut self, path: &Path) {
        self.others.insert(hash_of(path));
    }

    fn candidate(&self, entry: &WalkEntry, since: SystemTime) -> Option<Candidate> {
        // Of the entry itself: a link is not followed.
        if !entry.is_file() {
            return None;
        }
        let name = entry.name();
        let ending = Path::new(name).extension().and_then(OsStr::to_str);
        let ending = ending.unwrap_or_default().to_ascii_lowercase();
        let is_event_file = name.to_string_lossy().contains("tfevents");
        if OTHER_ENDINGS.contains(&ending.as_str()) && !is_event_file {
            return None;
        }
        let path = entry.path.clone();
        if self.others.contains(&hash_of(&path)) {
            return None;
        }
        let meta = entry.meta().ok()?;
        let modified = meta.modified;
        (modified >= since && meta.length > 0).then(|| Candidate {
            path,
            is_likely: is_event_file || LIKELY_ENDINGS.contains(&ending.as_str()),
            modified,
            // Not every file system has it; then the paths decide.
            created: meta.created,
        })
    }
}

struct Candidate {
    path: PathBuf,
    is_likely: bool,
    modified: SystemTime,
    created: SystemTime,
}

fn hash_of(path: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    hasher.finish()
}

/// What the beginning of a file tells.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Kind(FileKind),
    Other,
    /// More must be written first.
    Unclear,
}

fn tell_kind(root: &OpenFolder, path: &Path) -> Verdict {
    let mut head = Vec::new();
    let opened = open_in(root, path);
    let read = opened.and_then(|file| file.take(HEAD).read_to_end(&mut head));
    match read {
        Ok(_) => kind_of(&head, is_lightnings(path)),
        Err(_) => Verdict::Unclear,
    }
}

/// Lightning's file, which counts without a column for the step too.
pub(super) fn is_lightnings(path: &Path) -> bool {
    path.file_name() == Some(OsStr::new("metrics.csv"))
}

fn kind_of(head: &[u8], is_lightnings: bool) -> Verdict {
    if is_event_file(head) {
        return Verdict::Kind(FileKind::Events);
    }
    let is_whole = (head.len() as u64) < HEAD;
    let unclear = if is_whole {
        Verdict::Unclear
    } else {
        Verdict::Other
    };
    if head.contains(&0) {
        // Of event files a beginning may be written.
        return if head.len() < 64 {
            Verdict::Unclear
        } else {
            Verdict::Other
        };
    }
    let Some(end) = memchr::memchr(b'\n', head) else {
        return if contains(head, b"\"log_history\"") {
            Verdict::Kind(FileKind::TrainerState)
        } else {
            unclear
        };
    };
    if !head.trim_ascii_start().starts_with(b"{") {
        let is_table = TableParser::new(is_lightnings).read(&head[..=end], &mut Vec::new());
        let blank = head[..end].trim_ascii().is_empty();
        return match is_table {
            Ok(_) if !blank => Verdict::Kind(FileKind::Table),
            Ok(_) => unclear,
            Err(_) => Verdict::Other,
        };
    }
    if contains(head, b"\"log_history\"") {
        return Verdict::Kind(FileKind::TrainerState);
    }
    let lines = head.split_inclusive(|byte| *byte == b'\n');
    let mut objects = lines.filter(|line| line.ends_with(b"\n")).map(parse_object);
    match objects.next() {
        Some(Some(first)) => {
            let more = objects.flatten().any(|object| step_of(&object).is_some());
            match step_of(&first).is_some() || more {
                true => Verdict::Kind(FileKind::JsonLines),
                false => unclear,
            }
        }
        // One object over several lines: what the Trainer logged comes after its other fields.
        _ => unclear,
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}

/// Numbers in names by their size: `version_2` before `version_10`.
pub(super) fn natural_order(a: &Path, b: &Path) -> Ordering {
    let (a, b) = (a.to_string_lossy(), b.to_string_lossy());
    let (mut left, mut right) = (a.as_bytes(), b.as_bytes());
    while let (Some(x), Some(y)) = (left.first(), right.first()) {
        let (digits, others) = (digits_of(left), digits_of(right));
        let (length, order) = if digits.is_empty() || others.is_empty() {
            ((1, 1), x.cmp(y))
        } else {
            let by_size = significant(digits).len().cmp(&significant(others).len());
            let order = by_size.then_with(|| significant(digits).cmp(significant(others)));
            ((digits.len(), others.len()), order)
        };
        if order != Ordering::Equal {
            return order;
        }
        (left, right) = (&left[length.0..], &right[length.1..]);
    }
    left.len().cmp(&right.len()).then(a.cmp(&b))
}

fn significant(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    &digits[zeros..]
}

fn digits_of(text: &[u8]) -> &[u8] {
    let end = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_tells_the_kind() {
        use Verdict::{Kind, Other, Unclear};
        for (head, verdict) in [
            ("epoch,loss\n", Kind(FileKind::Table)),
            ("\u{feff}  Epoch,\tloss \n1,2\n", Kind(FileKind::Table)),
            ("iter\tLogloss\n0\t1\n", Kind(FileKind::Table)),
            ("epoch,loss", Unclear),
            ("a,b\n1,2\n", Other),
            ("Epoch 1 of 2, loss follows\n", Other),
            ("{\"step\": 1, \"loss\": 2}\n", Kind(FileKind::JsonLines)),
            ("{\"env\": 1}\n{\"iter\": 1}\n", Kind(FileKind::JsonLines)),
            ("{\"env\": 1}\n", Unclear),
            ("{\n  \"log_history\": [\n", Kind(FileKind::TrainerState)),
            ("{\"log_history\": []}", Kind(FileKind::TrainerState)),
            ("{\n  \"epoch\": 1\n}\n", Unclear),
        ] {
            assert_eq!(kind_of(head.as_bytes(), false), verdict, "{head}");
        }
        assert_eq!(kind_of(b"a,b\n1,2\n", true), Kind(FileKind::Table));
        assert_eq!(kind_of(&[0; 100], false), Other);
    }

    #[test]
    fn numbers_in_names_count_by_their_size() {
        let mut paths = ["v_10/m", "v_2/m", "v_02/m", "v_1", "w"].map(PathBuf::from);
        paths.sort_by(|a, b| natural_order(a, b));
        let paths = paths.map(|path| path.to_str().unwrap().to_owned());
        assert_eq!(paths, ["v_1", "v_02/m", "v_2/m", "v_10/m", "w"]);
    }
}
