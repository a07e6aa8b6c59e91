//! Reads the metrics that a trial writes into files: tables, JSON lines, `trainer_state.json` and
//! TensorBoard's event files. `docs/metric-files.md` has what is read from which.
//!
//! Everything here is a stranger's: no link is followed, nothing blocks, and bytes, points, names and
//! files are bounded.

mod curve;

mod event_proto;

pub mod events;

pub mod json_lines;

mod kind;

mod lines;

mod names;

mod search;

pub mod table;

mod tracked;

pub mod trainer_state;

mod vocabulary;

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use kind::FileKind;
use names::{NameSpace, Names};
use search::{FoundFile, Search};
use tracked::{Progress, TrackedFile};

use crate::model::metric::NewMetricPoint;
use crate::runner::protocol::TrialFolder;
use crate::sources::OpenFolder;

/// The most files of metrics of one trial.
const FILES_MAX: usize = 32;
/// How often a running trial's folder is searched.
const SEARCH_INTERVAL: Duration = Duration::from_secs(5);
/// How often files of a running trial are read.
const READ_INTERVAL: Duration = Duration::from_secs(2);
/// Bytes that may be read again per second where files are rewritten.
const REREAD_BYTES_PER_SECOND: u64 = 500_000;
/// The most bytes read in one poll, and after how many points it ends; the next one goes on.
const POLL_BYTES: u64 = 1 << 20;
const POLL_POINTS: usize = 50_000;
/// The most bytes and points read from files of one trial.
const TRIAL_BYTES: u64 = 1 << 30;
const TRIAL_POINTS: usize = 5_000_000;

/// What was read from files in one poll.
#[derive(Debug)]
pub struct FilePoints {
    /// Whether these replace all that were read from files before.
    pub replace: bool,
    /// Whether the next poll will find more without waiting.
    pub more: bool,
    /// In the order read.
    pub points: Vec<NewMetricPoint>,
}

/// Reads the files of one trial.
#[derive(Debug)]
pub struct MetricFiles {
    folder: TrialFolder,
    search: Search,
    groups: Vec<Group>,
    names: Names,
    /// The next points replace what is stored, which another server may have read.
    replace: bool,
    /// Some of what is stored is read no longer.
    withdraw: bool,
    unfinished: bool,
    searched_at_end: bool,
    finished_at_end: bool,
    next_search: Instant,
    next_read: Instant,
    next_restart: Instant,
    bytes_left: u64,
    points_left: usize,
}

/// Files that are one: the event files of a folder, or the states that a Trainer has written.
#[derive(Debug)]
struct Group {
    kind: FileKind,
    /// What they have in common; of other kinds the file.
    path: PathBuf,
    space: NameSpace,
    files: Vec<TrackedFile>,
    /// When the newest of the states was written.
    modified: SystemTime,
}

/// All files must be read from their start again.
struct Restart;

impl MetricFiles {
    /// Reads from the start: what files hold is not remembered over a restart of the server.
    pub fn new(folder: TrialFolder) -> Self {
        let now = Instant::now();
        Self {
            folder,
            search: Search::default(),
            groups: Vec::new(),
            names: Names::default(),
            replace: true,
            withdraw: false,
            unfinished: false,
            searched_at_end: false,
            finished_at_end: false,
            next_search: now + SEARCH_INTERVAL,
            next_read: now,
            next_restart: now,
            bytes_left: TRIAL_BYTES,
            points_left: TRIAL_POINTS,
        }
    }

    /// Reads what is new, at most a megabyte or so. With `at_end`, when the trial has ended, without
    /// waiting for an interval. `None` where there is nothing to store.
    pub fn read_new(&mut self, at_end: bool) -> io::Result<Option<FilePoints>> {
        let now = Instant::now();
        if self.finished_at_end || !at_end && !self.unfinished && now < self.next_read {
            return Ok(None);
        }
        if at_end && !self.searched_at_end || now >= self.next_search {
            self.next_search = now + SEARCH_INTERVAL;
            self.find(at_end)?;
            self.searched_at_end = at_end;
        }
        self.next_read = now + READ_INTERVAL;
        let mut points = Vec::new();
        while let Err(Restart) = self.read_files(at_end, &mut points)? {
            points.clear();
            self.restart();
        }
        if at_end && !self.unfinished {
            self.finish(&mut points);
            self.finished_at_end = true;
        }
        points.truncate(self.points_left);
        self.points_left -= points.len();
        if points.is_empty() && !(self.replace && self.withdraw) {
            return Ok(self.unfinished.then_some(FilePoints {
                replace: false,
                more: true,
                points,
            }));
        }
        let replace = std::mem::take(&mut self.replace);
        self.withdraw = false;
        Ok(Some(FilePoints {
            replace,
            more: self.unfinished,
            points,
        }))
    }

    /// Reads everything again with the next poll: what was read is not stored.
    pub fn rewind(&mut self) {
        if self.groups.is_empty() {
            return;
        }
        self.restart();
        self.searched_at_end = false;
        self.next_read = Instant::now();
    }

    fn restart(&mut self) {
        let read: u64 = self.files().map(TrackedFile::read_to).sum();
        let wait = READ_INTERVAL + Duration::from_secs(read / REREAD_BYTES_PER_SECOND);
        self.next_restart = Instant::now() + wait;
        let has_points = self.files().any(|file| file.has_points);
        self.withdraw |= has_points;
        self.replace = true;
        self.finished_at_end = false;
        self.names = Names::default();
        for group in &mut self.groups {
            group.space.forget();
            group.files.iter_mut().for_each(TrackedFile::restart);
        }
    }

    fn files(&self) -> impl Iterator<Item = &TrackedFile> {
        self.groups.iter().flat_map(|group| &group.files)
    }

    /// Reads on in each file until the poll has read enough.
    fn read_files(
        &mut self,
        at_end: bool,
        points: &mut Vec<NewMetricPoint>,
    ) -> io::Result<Result<(), Restart>> {
        let Ok(root) = self.folder.open_work() else {
            // It is gone, or is something else by now: its points stay.
            self.unfinished = false;
            return Ok(Ok(()));
        };
        let may_restart = at_end || Instant::now() >= self.next_restart;
        let mut bytes_left = POLL_BYTES.min(self.bytes_left);
        let start = bytes_left;
        self.unfinished = false;
        let mut restart = false;
        'files: for group in &mut self.groups {
            let mut excluded = Vec::new();
            for (place, file) in group.files.iter_mut().enumerate() {
                loop {
                    if bytes_left == 0 || points.len() >= POLL_POINTS {
                        self.unfinished = true;
                        break 'files;
                    }
                    let mut new = Vec::new();
                    let progress = file.read_some(&root, &mut bytes_left, &mut new)?;
                    self.names.resolve(&mut group.space, &mut new);
                    points.append(&mut new);
                    match progress {
                        Progress::Advanced => continue,
                        Progress::UpToDate => {}
                        Progress::Rewritten => restart |= may_restart,
                        Progress::NotACurve => {
                            self.search.exclude(&file.path);
                            restart |= file.has_points;
                            self.withdraw |= file.has_points;
                            excluded.push(place);
                        }
                    }
                    break;
                }
            }
            for place in excluded.into_iter().rev() {
                group.files.remove(place);
            }
        }
        self.groups.retain(|group| !group.files.is_empty());
        self.bytes_left -= start - bytes_left;
        if self.bytes_left == 0 {
            // It has had enough.
            (self.unfinished, restart) = (false, false);
        }
        Ok(if restart { Err(Restart) } else { Ok(()) })
    }

    fn finish(&mut self, points: &mut Vec<NewMetricPoint>) {
        for group in &mut self.groups {
            for file in &mut group.files {
                let mut new = Vec::new();
                file.finish(&mut new);
                self.names.resolve(&mut group.space, &mut new);
                points.append(&mut new);
            }
        }
    }

    /// Adds the files that the trial has written since it was claimed: none that lay in the source.
    fn find(&mut self, at_end: bool) -> io::Result<()> {
        let Some(since) = self.folder.claimed_at()? else {
            return Ok(());
        };
        let Ok(root) = self.folder.open_work() else {
            return Ok(());
        };
        let known: HashSet<PathBuf> = self.files().map(|file| file.path.clone()).collect();
        let is_known = |path: &Path| known.contains(path);
        for found in self.search.find(&root, since, &is_known, at_end) {
            self.add(&root, found);
        }
        Ok(())
    }

    fn add(&mut self, root: &OpenFolder, found: FoundFile) {
        let FoundFile {
            kind,
            path,
            modified,
        } = found;
        let common = common_path(kind, &path);
        let count = self.files().count();
        let mut groups = self.groups.iter_mut();
        let group = groups.find(|group| group.kind == kind && group.path == common);
        match group {
            Some(group) if kind == FileKind::TrainerState => {
                if modified > group.modified
                    && let Some(file) = group.files.first_mut()
                {
                    file.continue_in(path);
                    group.modified = modified;
                }
            }
            _ if count >= FILES_MAX => {}
            Some(group) => group.files.push(TrackedFile::new(kind, path)),
            None => {
                let is_pure = kind == FileKind::Events && has_events_only(root, &common);
                self.groups.push(Group {
                    kind,
                    space: NameSpace::new(kind, common.clone(), is_pure),
                    path: common,
                    files: vec![TrackedFile::new(kind, path)],
                    modified,
                });
            }
        }
    }
}

/// What groups a file with others.
fn common_path(kind: FileKind, path: &Path) -> PathBuf {
    let folder = path.parent().unwrap_or(Path::new(""));
    let is_checkpoint = folder
        .file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with("checkpoint-"));
    match kind {
        FileKind::Table | FileKind::JsonLines => path.to_owned(),
        FileKind::TrainerState if is_checkpoint => folder.parent().unwrap_or(folder).to_owned(),
        FileKind::TrainerState | FileKind::Events => folder.to_owned(),
    }
}

/// Whether a folder, as far as it is looked at, is TensorBoard's alone.
fn has_events_only(root: &OpenFolder, folder: &Path) -> bool {
    let listed = root.enter_path(folder).and_then(|folder| folder.list());
    listed
        .into_iter()
        .flatten()
        .take(64)
        .all(|(name, _)| name == "plugins" || name.to_string_lossy().contains("tfevents"))
}

#[cfg(test)]
mod tests;
