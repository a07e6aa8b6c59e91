//! One file of metrics, read as it grows.

use std::fs::{File, Metadata};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::curve::NotACurve;
use super::events::{EventsParser, RECORD_MAX};
use super::json_lines::JsonLinesParser;
use super::kind::FileKind;
use super::search::is_lightnings;
use super::table::TableParser;
use super::trainer_state::read_trainer_state;
use crate::model::metric::NewMetricPoint;
use crate::sources::{OpenFolder, open_in};

/// How much is read at a time.
const READ: usize = 128 << 10;
/// The same for event files, if a record is not whole in less.
const READ_EVENTS: usize = RECORD_MAX as usize + 64;
/// The largest `trainer_state.json` that is read.
const TRAINER_STATE_MAX: u64 = 8 << 20;
/// A table or JSON lines beyond this size are read only if they have been seen to grow, or took a
/// while to write: a larger file that is written at once is rather a data set.
const AT_ONCE_MAX: u64 = 4 << 20;
/// What takes so long to write is added to.
const GROWTH_TIME: Duration = Duration::from_secs(5);
/// Of so many bytes at its beginning and before the place read to a change is noticed.
const PRINT: u64 = 1024;

/// How reading some of a file went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// There is nothing new for now.
    UpToDate,
    /// There may be more.
    Advanced,
    /// What was read before stands there no longer.
    Rewritten,
    NotACurve,
}

/// A file and how far it was read.
#[derive(Debug)]
pub(super) struct TrackedFile {
    pub(super) path: PathBuf,
    kind: FileKind,
    parser: Parser,
    read_to: u64,
    /// As it was when it was found to begin as before.
    checked: Option<State>,
    /// As it was when it was read to its end.
    finished: Option<State>,
    print: Option<u64>,
    first_length: Option<u64>,
    /// Whether points of it have been given out.
    pub(super) has_points: bool,
}

#[derive(Debug)]
enum Parser {
    Table(Box<TableParser>),
    JsonLines(JsonLinesParser),
    Events(EventsParser),
    /// How many points were given out, and their hash.
    TrainerState(usize, u64),
}

/// Tells whether a file has changed.
type State = (SystemTime, u64, u64);

impl TrackedFile {
    pub(super) fn new(kind: FileKind, path: PathBuf) -> Self {
        let parser = match kind {
            FileKind::Table => Parser::Table(Box::new(TableParser::new(is_lightnings(&path)))),
            FileKind::JsonLines => Parser::JsonLines(JsonLinesParser::default()),
            FileKind::Events => Parser::Events(EventsParser::default()),
            FileKind::TrainerState => Parser::TrainerState(0, hash_of(&[])),
        };
        Self {
            path,
            kind,
            parser,
            read_to: 0,
            checked: None,
            finished: None,
            print: None,
            first_length: None,
            has_points: false,
        }
    }

    /// Begins anew with the next read.
    pub(super) fn restart(&mut self) {
        let first_length = self.first_length;
        *self = Self::new(self.kind, std::mem::take(&mut self.path));
        self.first_length = first_length;
    }

    /// Goes on in another file, which holds the same and more.
    pub(super) fn continue_in(&mut self, path: PathBuf) {
        self.path = path;
        self.finished = None;
    }

    /// How far it was read, in bytes.
    pub(super) fn read_to(&self) -> u64 {
        self.read_to
    }

    /// Reads some of what is new, and takes what it has read from `bytes_left`. Nothing that is
    /// no regular file below `root` is opened.
    pub(super) fn read_some(
        &mut self,
        root: &OpenFolder,
        bytes_left: &mut u64,
        points: &mut Vec<NewMetricPoint>,
    ) -> io::Result<Progress> {
        let file = match open_in(root, &self.path) {
            Ok(file) => file,
            // It is gone, or is something else by now: its points stay.
            Err(_) => return Ok(Progress::UpToDate),
        };
        let meta = file.metadata()?;
        let state = (meta.modified()?, meta.len(), meta.ino());
        if self.finished == Some(state) || !self.is_added_to(&meta) {
            return Ok(Progress::UpToDate);
        }
        let before = points.len();
        let progress = if self.kind == FileKind::TrainerState {
            self.read_whole(file, state, bytes_left, points)?
        } else {
            self.read_added(&file, state, bytes_left, points)?
        };
        self.has_points |= points.len() > before;
        Ok(progress)
    }

    /// Lets through what was kept back: nothing follows it.
    pub(super) fn finish(&mut self, points: &mut Vec<NewMetricPoint>) {
        match &mut self.parser {
            Parser::Table(parser) => parser.finish(points),
            Parser::JsonLines(parser) => {
                // One line of `config.json` looks no different.
                let name = self.path.file_name().and_then(|name| name.to_str());
                let names = ["metrics.json", "scalars.json"];
                let single =
                    name.is_some_and(|name| names.contains(&name) || name.ends_with(".jsonl"));
                parser.finish(single, points);
            }
            Parser::Events(_) | Parser::TrainerState(..) => {}
        }
    }

    fn is_added_to(&mut self, meta: &Metadata) -> bool {
        let length = meta.len();
        let first = *self.first_length.get_or_insert(length);
        let takes_any = match self.kind {
            FileKind::Events | FileKind::TrainerState => true,
            FileKind::Table => is_lightnings(&self.path),
            FileKind::JsonLines => false,
        };
        let took_a_while = || {
            let times = (meta.created(), meta.modified());
            let (Ok(created), Ok(modified)) = times else {
                return false;
            };
            modified
                .duration_since(created)
                .is_ok_and(|time| time >= GROWTH_TIME)
        };
        takes_any || length <= AT_ONCE_MAX || length > first || took_a_while()
    }

    fn read_added(
        &mut self,
        file: &File,
        state: State,
        bytes_left: &mut u64,
        points: &mut Vec<NewMetricPoint>,
    ) -> io::Result<Progress> {
        if self.checked != Some(state) {
            if state.1 < self.read_to || self.print != print_of(file, self.read_to)? {
                return Ok(Progress::Rewritten);
            }
            self.checked = Some(state);
        }
        let mut buffer = vec![0; READ];
        let mut length = self.read_at(file, &mut buffer, bytes_left)?;
        let mut taken = self.parse(&buffer[..length], points);
        if taken == Ok(0) && length == READ && self.kind == FileKind::Events {
            buffer.resize(READ_EVENTS, 0);
            length = self.read_at(file, &mut buffer, bytes_left)?;
            taken = self.parse(&buffer[..length], points);
        }
        let Ok(taken) = taken else {
            return Ok(Progress::NotACurve);
        };
        if taken == 0 && length == READ {
            // A line without an end is none of a curve.
            return Ok(Progress::NotACurve);
        }
        let next = self.read_to + taken;
        if taken == 0 || next > state.1 {
            self.finished = Some(state);
            return Ok(Progress::UpToDate);
        }
        self.read_to = next;
        self.print = print_of(file, next)?;
        Ok(Progress::Advanced)
    }

    fn parse(&mut self, bytes: &[u8], points: &mut Vec<NewMetricPoint>) -> Result<u64, NotACurve> {
        match &mut self.parser {
            Parser::Table(parser) => parser.read(bytes, points).map(|length| length as u64),
            Parser::JsonLines(parser) => parser.read(bytes, points).map(|length| length as u64),
            Parser::Events(parser) => Ok(parser.read(bytes, points)),
            Parser::TrainerState(..) => Ok(0),
        }
    }

    /// As much as there is, from the place read to.
    fn read_at(&self, file: &File, buffer: &mut [u8], bytes_left: &mut u64) -> io::Result<usize> {
        let mut length = 0;
        while length < buffer.len() {
            match file.read_at(&mut buffer[length..], self.read_to + length as u64) {
                Ok(0) => break,
                Ok(read) => length += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        *bytes_left = bytes_left.saturating_sub(length as u64);
        Ok(length)
    }

    fn read_whole(
        &mut self,
        file: File,
        state: State,
        bytes_left: &mut u64,
        points: &mut Vec<NewMetricPoint>,
    ) -> io::Result<Progress> {
        let Parser::TrainerState(given, hash) = &mut self.parser else {
            return Ok(Progress::UpToDate);
        };
        self.finished = Some(state);
        if state.1 > TRAINER_STATE_MAX {
            return Ok(Progress::UpToDate);
        }
        let mut bytes = Vec::new();
        file.take(TRAINER_STATE_MAX).read_to_end(&mut bytes)?;
        *bytes_left = bytes_left.saturating_sub(bytes.len() as u64);
        let Some(mut all) = read_trainer_state(&bytes) else {
            return Ok(Progress::UpToDate);
        };
        if all.get(..*given).map(hash_of) != Some(*hash) {
            self.finished = None;
            return Ok(Progress::Rewritten);
        }
        let new = hash_of(&all);
        let count = all.len();
        points.extend(all.drain(*given..));
        (*given, *hash) = (count, new);
        self.read_to = bytes.len() as u64;
        Ok(Progress::UpToDate)
    }
}

/// Of the first bytes and of those before the place read to; `None` where nothing was read.
fn print_of(file: &File, read_to: u64) -> io::Result<Option<u64>> {
    if read_to == 0 {
        return Ok(None);
    }
    let mut hasher = DefaultHasher::new();
    let length = read_to.min(PRINT);
    for start in [0, read_to - length] {
        let mut bytes = vec![0; length as usize];
        match file.read_exact_at(&mut bytes, start) {
            Ok(()) => bytes.hash(&mut hasher),
            // It is being truncated at this moment.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    Ok(Some(hasher.finish()))
}

fn hash_of(points: &[NewMetricPoint]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for point in points {
        point.name.hash(&mut hasher);
        point.step.map(f64::to_bits).hash(&mut hasher);
        point.value.to_bits().hash(&mut hasher);
    }
    hasher.finish()
}
