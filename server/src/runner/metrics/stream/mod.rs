//! What a script prints, as metrics. The grammar is documented in docs/metrics.md.
//!
//! A stream is split into lines as a terminal would show them ([`terminal`]). From each line go the
//! prefixes of loggers ([`prefix`]); what is left is an object ([`object`]), a row of a table
//! ([`table`]), or fields ([`fields`]). [`StreamReader`] knows what lines have to do with each
//! other: a step on a line of its own, the header of a table, the states of a progress bar, a block
//! of settings.

mod block;
mod carried_step;
mod fields;
mod number;
mod object;
mod prefix;
pub(super) mod python;
mod sink;
mod table;
mod terminal;
mod tokens;
mod vocabulary;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::mem;

use memchr::{memchr2, memchr3, memrchr2};
use sweep_planner::api::MetricValue;

use self::block::Block;
use self::carried_step::CarriedStep;
use self::fields::{FieldReader, Fields};
use self::object::{Object, parse_object};
pub use self::sink::MetricSink;
use self::table::{BoxReader, Table, box_row};
use self::vocabulary as words;
use super::lines::{LineMetrics, NAME_MAX};

use super::unread::{UnreadReason, describe_unread};

/// The longest line that is looked at, in bytes.
pub const LINE_MAX: usize = 16 << 10;
/// The most metrics of one line.
const VALUES_MAX: usize = 200;
/// From so many lines without a measurement on, lines without a sign are skipped.
const SILENT_LINES_MAX: u32 = 50_000;
/// The most lines of a call that is printed over several.
const CALL_LINES_MAX: usize = 200;
/// Of so many names it is remembered whether they are printed with a `%`.
const NAMES_MAX: usize = 1_000;

/// Reads the metrics of one stream, piece by piece as it arrives. O(bytes); memory is bounded.
#[derive(Debug, Default)]
pub struct StreamReader {
    line: Vec<u8>,
    overlong: bool,
    /// The last state of a line that carriage returns write over and over.
    state: Option<Reading>,
    carried: CarriedStep,
    table: Option<Table>,
    boxed: BoxReader,
    block: Block,
    /// How many lines a call that is printed over several may still have.
    call_lines: usize,
    /// Whether a name was printed with a `%` first.
    percent: HashMap<String, bool>,
    fields: FieldReader,
    /// How many lines have measured nothing since the last one that did.
    silent_lines: u32,
}

/// Whether a text can be shown as a name.
fn is_name(name: &str) -> bool {
    name.len() <= NAME_MAX && !name.trim().is_empty() && !name.contains(char::is_control)
}

/// Whether some text has one of the signs that most forms need.
fn has_sign(bytes: &[u8]) -> bool {
    memchr3(b'=', b':', b'{', bytes).is_some()
}

/// What a line is.
#[derive(Debug)]
enum Reading {
    Blank,
    /// Lines of dashes, bars and blocks.
    Drawn,
    /// A line within the parentheses of a call that began above.
    InCall,
    Row(LineMetrics),
    Header(Table),
    BoxRow(String, String),
    Fields(Box<Fields>, Option<Object>, String),
}

impl Reading {
    fn step(&self) -> Option<f64> {
        match self {
            Self::Row(row) => row.step,
            Self::Fields(fields, ..) => fields.step,
            _ => None,
        }
    }

    fn measures(&self) -> bool {
        match self {
            Self::Row(_) => true,
            Self::Fields(fields, object, _) => !fields.pairs.is_empty() || object.is_some(),
            _ => false,
        }
    }
}

impl StreamReader {
    /// Reads a piece of the stream.
    pub fn push(&mut self, mut bytes: &[u8], sink: &mut impl MetricSink) {
        while let Some(end) = memchr2(b'\n', b'\r', bytes) {
            self.extend(&bytes[..end]);
            self.end_segment(bytes[end] == b'\n', sink);
            bytes = &bytes[end + 1..];
            if self.is_quiet() && !has_sign(bytes) {
                // None of the whole lines that follow measures anything.
                bytes = &bytes[memrchr2(b'\n', b'\r', bytes).map_or(0, |last| last + 1)..];
            }
        }
        self.extend(bytes);
    }

    /// Whether so many lines have measured nothing that only those with a sign are looked at: a
    /// script that floods its output is not held up by this reader.
    fn is_quiet(&self) -> bool {
        self.silent_lines >= SILENT_LINES_MAX
    }

    /// Passes on what was kept back to see what follows: call it after a while of silence.
    pub fn flush(&mut self, sink: &mut impl MetricSink) {
        self.block.flush(sink);
    }

    /// The stream has ended.
    pub fn finish(&mut self, sink: &mut impl MetricSink) {
        self.end_segment(true, sink);
        self.flush_box(sink);
        self.block.flush(sink);
    }

    fn extend(&mut self, piece: &[u8]) {
        if self.overlong || self.line.len() + piece.len() > LINE_MAX {
            self.overlong = true;
        } else {
            self.line.extend_from_slice(piece);
        }
    }

    /// A carriage return or a line end was read.
    fn end_segment(&mut self, line_end: bool, sink: &mut impl MetricSink) {
        let mut line = mem::take(&mut self.line);
        if mem::take(&mut self.overlong) {
            let start = String::from_utf8_lossy(&line);
            sink.unread(describe_unread(&start, UnreadReason::TooLong));
            line.clear();
        }
        if self.is_quiet() && !has_sign(&line) {
            line.clear();
        }
        let text = terminal::plain_text(&line);
        let overwritten = !text.is_empty();
        let reading = self.classify(&text);
        self.silent_lines = if reading.measures() {
            0
        } else {
            self.silent_lines.saturating_add(1)
        };
        self.commit_overwritten(&reading, line_end || overwritten, sink);
        if line_end {
            self.commit(reading, true, sink);
        } else if overwritten && !matches!(reading, Reading::Blank) {
            self.state = Some(reading);
        }
        line.clear();
        self.line = line;
    }

    /// Counts the state that `next` replaces if it was the last one of its step, or of its bar.
    fn commit_overwritten(&mut self, next: &Reading, ends: bool, sink: &mut impl MetricSink) {
        if !ends {
            return;
        }
        if let Some(state) = self.state.take()
            && (!next.measures() || state.step() != next.step())
        {
            self.commit(state, false, sink);
        }
    }

    fn classify(&mut self, line: &str) -> Reading {
        let trimmed = line.trim();
        if trimmed.is_empty() {
            return Reading::Blank;
        }
        if self.is_in_call(trimmed) {
            return Reading::InCall;
        }
        if let Some((name, cell)) = box_row(trimmed) {
            return Reading::BoxRow(name.to_owned(), cell.to_owned());
        }
        if let Some(row) = self.table.as_ref().and_then(|table| table.row(line)) {
            return Reading::Row(row);
        }
        let message = prefix::strip_prefix(trimmed);
        if let Some(reading) = self.classify_object(message) {
            return reading;
        }
        let mut fields = self.fields.read(message);
        if message.starts_with("E   ") {
            // What pytest shows of a failed assertion.
            fields.pairs.clear();
        }
        if fields.pairs.is_empty()
            && fields.step.is_none()
            && fields.may_be_header
            && let Some(table) = Table::from_header(line)
        {
            return Reading::Header(table);
        }
        // The line itself is shown only where it was not read.
        let shown = if fields.unclear || fields.uncertain > 0 {
            message.to_owned()
        } else {
            String::new()
        };
        let drawn = !message.contains(char::is_alphanumeric);
        if drawn {
            return Reading::Drawn;
        }
        Reading::Fields(Box::new(fields), None, shown)
    }

    /// Whether a line belongs to a call printed over several lines, as `print(model)` does:
    /// `XGBClassifier(base_score=None, booster=None,`.
    fn is_in_call(&mut self, line: &str) -> bool {
        if self.call_lines > 0 {
            let ends = line.ends_with(')');
            self.call_lines = if ends { 0 } else { self.call_lines - 1 };
            return true;
        }
        if !line.ends_with([',', '(']) {
            return false;
        }
        let count = |sign: u8| line.bytes().filter(|byte| *byte == sign).count();
        let is_call = line.find('(').is_some_and(|at| {
            let before = line[..at].chars().next_back();
            before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
        });
        if is_call && count(b'(') > count(b')') {
            self.call_lines = CALL_LINES_MAX;
        }
        self.call_lines > 0
    }

    /// An object at the end of a message; words before it may state the step.
    fn classify_object(&mut self, message: &str) -> Option<Reading> {
        let (before, object) = message.split_at(message.find('{')?);
        object.ends_with('}').then_some(())?;
        let object = parse_object(object)?;
        let fields = self.fields.read(before.trim_end_matches([':', '=', ' ']));
        let last = before
            .rsplit(|letter: char| !letter.is_alphanumeric())
            .find(|word| !word.is_empty());
        let settings = fields.settings || last.is_some_and(words::announces_settings);
        if settings || (object.is_dump() && fields.step.is_none()) {
            return Some(Reading::Fields(Box::default(), None, String::new()));
        }
        Some(Reading::Fields(
            Box::new(fields),
            Some(object),
            String::new(),
        ))
    }

    /// Takes a line as it stays. A `whole` line ends with a line end; a state of a bar does not.
    fn commit(&mut self, reading: Reading, whole: bool, sink: &mut impl MetricSink) {
        if whole && !matches!(reading, Reading::BoxRow(..)) {
            self.flush_box(sink);
        }
        match reading {
            Reading::Blank | Reading::Drawn => self.block.flush(sink),
            Reading::InCall => {}
            Reading::BoxRow(name, cell) => {
                self.block.flush(sink);
                self.boxed.push(&name, &cell);
            }
            Reading::Header(table) => {
                self.block.flush(sink);
                self.table = Some(table);
            }
            Reading::Row(mut row) => {
                self.block.flush(sink);
                row.step = row.step.or(self.carried.header());
                sink.metrics(row);
            }
            Reading::Fields(fields, object, line) => {
                if whole {
                    self.table = None;
                }
                self.commit_fields(*fields, object, &line, sink);
            }
        }
    }

    fn flush_box(&mut self, sink: &mut impl MetricSink) {
        if let Some(measured) = self.boxed.take() {
            sink.metrics(measured);
        }
    }

    fn commit_fields(
        &mut self,
        fields: Fields,
        object: Option<Object>,
        line: &str,
        sink: &mut impl MetricSink,
    ) {
        let prose = fields.uncertain > 0 && fields.pairs.is_empty() && words::is_metric(line);
        if fields.unclear || prose {
            let reason = if fields.unclear {
                UnreadReason::UnclearNumber
            } else {
                UnreadReason::Prose
            };
            sink.unread(describe_unread(line, reason));
        }
        let alone = object.is_none() && fields.step.is_none() && fields.pairs.len() <= 1;
        let (texts, has_settings) = (fields.texts, fields.has_settings);
        let (settings, heading) = (fields.settings && fields.is_heading, fields.is_heading);
        let mut measured = self.measure(fields, object);
        if measured.values.is_empty() {
            // A heading without a value neither ends a block nor describes it.
            if alone && settings {
                self.block.announce();
            } else if alone && !heading && (texts == 1 || has_settings) {
                self.block.text();
            } else if !(alone && heading) {
                self.block.flush(sink);
            }
            return;
        }
        measured.values.truncate(VALUES_MAX);
        if alone && measured.step.is_none() {
            self.block.push(measured, sink);
        } else {
            self.block.flush(sink);
            sink.metrics(measured);
        }
    }

    /// Joins what a line holds, and finds its step.
    fn measure(&mut self, fields: Fields, object: Option<Object>) -> LineMetrics {
        let mut measured = LineMetrics::default();
        let mut step = fields.step;
        for pair in fields.pairs.into_iter().filter(|pair| is_name(&pair.name)) {
            let name = self.name_by_unit(pair.name, pair.percent);
            measured.values.push((name, MetricValue(pair.value)));
        }
        let mut best = usize::MAX;
        let stated = step.is_some()
            || object.as_ref().is_some_and(|object| {
                let mut names = object.pairs.iter().map(|(name, _)| name.as_str());
                names.any(|name| words::step_word_rank(name).is_some())
            });
        for (name, value) in object.map(|object| object.pairs).unwrap_or_default() {
            match words::step_word_rank(&name) {
                Some(rank) if rank <= best && value.is_finite() => {
                    (best, step) = (rank, Some(value));
                }
                Some(_) => {}
                // As beside the pairs of a line.
                None if !stated && words::is_setting(&name) && !words::is_metric(&name) => {}
                None if is_name(&name) => {
                    measured.values.push((name, MetricValue(value)));
                }
                None => {}
            }
        }
        let name = measured.values.first().map(|(name, _)| name.as_str());
        measured.step = match step {
            // The trials of a search inside the script: no line below belongs to one.
            Some(step) if fields.step_rank.is_some_and(words::is_trial) => Some(step),
            Some(step) => {
                self.carried.state(step, fields.phase, name.is_some());
                Some(step)
            }
            None => name.and_then(|name| self.carried.step_for(name, fields.phase.as_deref())),
        };
        measured
    }

    /// Keeps percentages and fractions of one name apart.
    fn name_by_unit(&mut self, name: String, percent: bool) -> String {
        match self.percent.get(&name) {
            Some(first) if *first == percent => name,
            Some(_) if percent => name + " (%)",
            Some(_) => name + " (fraction)",
            None => {
                if self.percent.len() < NAMES_MAX {
                    self.percent.insert(name.clone(), percent);
                }
                name
            }
        }
    }
}
