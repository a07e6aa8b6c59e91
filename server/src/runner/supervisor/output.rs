//! Writes a trial's output to its file, by whole lines and up to the bound, and the metrics found
//! in it to another.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Write};

use sweep_planner::api::UnreadLine;

use super::log::report_error;
use crate::model::metric::NAMES_PER_RUN_MAX;
use crate::runner::metrics::lines::LineMetrics;
use crate::runner::metrics::stream::{MetricSink, StreamReader};
use crate::runner::metrics::unread::describe_name_too_many;
use crate::runner::protocol::{METRICS_MAX, OUTPUT, TrialFolder};

/// A line longer than this is written in pieces.
const PARTIAL_LINE_MAX: usize = 64 << 10;
/// The most lines kept that look like metrics and were not read.
const UNREAD_MAX: usize = 20;

/// The two streams of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OutputStream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Takes both streams.
pub(super) struct OutputSink {
    log: File,
    bytes_left: u64,
    dropped: u64,
    /// The unfinished line of each stream, kept back so that lines of the two do not mix.
    partial_lines: [Vec<u8>; 2],
    readers: [StreamReader; 2],
    metrics: MetricsLog,
}

impl OutputSink {
    pub(super) fn create(folder: &TrialFolder, bound: u64) -> io::Result<Self> {
        Ok(Self {
            log: folder.open_to_append(OUTPUT)?,
            bytes_left: bound,
            dropped: 0,
            partial_lines: [Vec::new(), Vec::new()],
            readers: Default::default(),
            metrics: MetricsLog {
                file: folder.append_metrics()?,
                bytes_left: METRICS_MAX,
                folder: folder.clone(),
                unread: Vec::new(),
                names: HashSet::new(),
                names_dropped: false,
            },
        })
    }

    /// Takes some output.
    pub(super) fn write(&mut self, stream: OutputStream, bytes: &[u8]) {
        self.readers[stream as usize].push(bytes, &mut self.metrics);
        let held = &mut self.partial_lines[stream as usize];
        held.extend_from_slice(bytes);
        let end = held
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map(|at| at + 1);
        let ready = match end {
            Some(end) => held.drain(..end).collect(),
            None if held.len() >= PARTIAL_LINE_MAX => std::mem::take(held),
            None => return,
        };
        self.write_bounded(&ready);
    }

    /// Writes unfinished lines (a progress bar, a prompt) after a while without output.
    pub(super) fn flush_partial_lines(&mut self) {
        for stream in [OutputStream::Stdout, OutputStream::Stderr] {
            let ready = std::mem::take(&mut self.partial_lines[stream as usize]);
            self.write_bounded(&ready);
            self.readers[stream as usize].flush(&mut self.metrics);
        }
    }

    /// A stream has ended.
    pub(super) fn end_stream(&mut self, stream: OutputStream) {
        let ready = std::mem::take(&mut self.partial_lines[stream as usize]);
        self.write_bounded(&ready);
        self.readers[stream as usize].finish(&mut self.metrics);
    }

    /// Writes what is left; returns how many bytes were dropped.
    pub(super) fn finish(mut self) -> u64 {
        self.end_stream(OutputStream::Stdout);
        self.end_stream(OutputStream::Stderr);
        self.dropped
    }

    /// Appends as much as the bound allows. Output that cannot be written (a full disk) counts as
    /// dropped: the trial goes on.
    fn write_bounded(&mut self, bytes: &[u8]) {
        let kept = bytes
            .len()
            .min(usize::try_from(self.bytes_left).unwrap_or(usize::MAX));
        let written = self.write_available(&bytes[..kept]);
        self.bytes_left -= kept as u64;
        self.dropped += (bytes.len() - written) as u64;
    }

    /// Writes what can be written, and answers with how much that was.
    fn write_available(&mut self, bytes: &[u8]) -> usize {
        let mut written = 0;
        while written < bytes.len() {
            match self.log.write(&bytes[written..]) {
                Ok(0) => break,
                Ok(count) => written += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        written
    }
}

/// Where the metrics of both streams go.
struct MetricsLog {
    file: File,
    bytes_left: u64,
    folder: TrialFolder,
    unread: Vec<UnreadLine>,
    /// Those written so far: a run keeps no more, so that further ones would only cost time.
    names: HashSet<String>,
    /// Whether values were left out, since there are too many names.
    names_dropped: bool,
}

impl MetricsLog {
    /// Leaves out the values of names beyond the most that a run may have, and reports the first.
    fn retain_known_names(&mut self, measured: &mut LineMetrics) {
        let mut first = None;
        measured.values.retain(|(name, value)| {
            if self.names.contains(name) {
                return true;
            }
            if self.names.len() < NAMES_PER_RUN_MAX {
                return self.names.insert(name.clone());
            }
            if !self.names_dropped {
                self.names_dropped = true;
                first = Some(describe_name_too_many(name, value.0));
            }
            false
        });
        if let Some(first) = first {
            self.unread(first);
        }
    }
}

impl MetricSink for MetricsLog {
    fn metrics(&mut self, mut measured: LineMetrics) {
        self.retain_known_names(&mut measured);
        if measured.values.is_empty() {
            return;
        }
        let Ok(mut json) = serde_json::to_vec(&measured) else {
            return;
        };
        json.push(b'\n');
        if json.len() as u64 > self.bytes_left {
            return;
        }
        self.bytes_left -= json.len() as u64;
        if let Err(error) = self.file.write_all(&json) {
            report_error(&format!("a metric cannot be written: {error}"));
        }
    }

    /// Keeps the first of them only: they explain, they do not record.
    fn unread(&mut self, line: UnreadLine) {
        if self.unread.len() >= UNREAD_MAX || self.unread.contains(&line) {
            return;
        }
        self.unread.push(line);
        let json = serde_json::to_vec(&self.unread).map_err(io::Error::from);
        if let Err(error) = json.and_then(|json| self.folder.write_unread(&json)) {
            report_error(&format!("an unread line cannot be written: {error}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::metrics::stream::LINE_MAX;

    fn sink(bound: u64) -> (tempfile::TempDir, TrialFolder, OutputSink) {
        let temporary = tempfile::tempdir().unwrap();
        let folder = TrialFolder::at(temporary.path().to_owned());
        let sink = OutputSink::create(&folder, bound).unwrap();
        (temporary, folder, sink)
    }

    #[test]
    fn lines_of_the_two_streams_do_not_mix() {
        let (_temporary, folder, mut sink) = sink(1000);
        sink.write(OutputStream::Stdout, b"one ");
        sink.write(OutputStream::Stderr, b"warn");
        sink.write(OutputStream::Stdout, b"line\ntwo");
        sink.write(OutputStream::Stderr, b"ing\n");
        assert_eq!(sink.finish(), 0);
        assert_eq!(
            std::fs::read(folder.output()).unwrap(),
            b"one line\nwarning\ntwo"
        );
    }

    #[test]
    fn the_bound_holds() {
        let (_temporary, folder, mut sink) = sink(5);
        sink.write(OutputStream::Stdout, b"abc\n");
        sink.write(OutputStream::Stdout, b"def\n");
        sink.write(OutputStream::Stderr, b"ghi\n");
        assert_eq!(sink.finish(), 7);
        assert_eq!(std::fs::read(folder.output()).unwrap(), b"abc\nd");
    }

    #[test]
    fn names_beyond_the_most_are_not_written_and_the_first_is_reported() {
        let (_temporary, folder, mut sink) = sink(0);
        let print = |sink: &mut OutputSink, names: std::ops::Range<usize>| {
            for number in names {
                let line = format!("step=1 n{number}={number}\n");
                sink.write(OutputStream::Stdout, line.as_bytes());
            }
        };
        let length = || std::fs::metadata(folder.path().join("metrics.jsonl")).map(|of| of.len());
        print(&mut sink, 0..NAMES_PER_RUN_MAX);
        let full = length().unwrap();
        print(&mut sink, NAMES_PER_RUN_MAX..20_000);
        assert_eq!(length().unwrap(), full);
        // A line of both keeps what is known.
        sink.write(OutputStream::Stdout, b"step=2 n7=7 new=8\n");
        sink.finish();
        let metrics = std::fs::read_to_string(folder.path().join("metrics.jsonl")).unwrap();
        assert_eq!(metrics.lines().count(), NAMES_PER_RUN_MAX + 1);
        let last = metrics.lines().last().unwrap();
        assert_eq!(last, r#"{"step":2.0,"values":[["n7",7.0]]}"#);
        let unread = crate::runner::metrics::unread::read_unread(&folder);
        assert_eq!(unread.len(), 1, "{unread:?}");
        assert_eq!(unread[0].line, "n1000=1000");
        assert!(unread[0].reason.contains("1,000 names"), "{unread:?}");
    }

    #[test]
    fn metrics_are_found_across_pieces_and_beyond_the_bound() {
        let (_temporary, folder, mut sink) = sink(0);
        sink.write(OutputStream::Stdout, b"loss=0");
        sink.write(OutputStream::Stdout, b".5\nacc=");
        sink.write(OutputStream::Stderr, b"lr=1\n");
        sink.write(OutputStream::Stdout, &b"x".repeat(LINE_MAX * 2));
        sink.write(OutputStream::Stdout, b"\nepoch=1 acc=1\xff\nepoch=2 acc=2");
        sink.finish();
        let metrics = std::fs::read_to_string(folder.path().join("metrics.jsonl")).unwrap();
        let expected = "{\"step\":null,\"values\":[[\"loss\",0.5]]}\n\
                        {\"step\":2.0,\"values\":[[\"acc\",2.0]]}\n";
        assert_eq!(metrics, expected);
    }
}
