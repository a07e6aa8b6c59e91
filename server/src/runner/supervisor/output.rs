//! Writes a trial's output to its file, by whole lines and up to the bound, and the metrics found
//! in it to another.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;

use memchr::{memchr2, memchr3, memrchr2};

use super::log::complain;
use crate::runner::metrics::lines::{LINE_MAX, measure};
use crate::runner::protocol::Folder;

/// A line longer than this is written in pieces.
const HELD_MAX: usize = 64 << 10;
/// The most bytes of metrics kept of one trial.
const METRICS_MAX: u64 = 256 << 20;

/// The two streams of a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Error,
}

/// Takes both streams.
pub(super) struct Sink {
    log: File,
    room: u64,
    dropped: u64,
    /// The unfinished line of each stream, kept back so that lines of the two do not mix.
    held: [Vec<u8>; 2],
    metrics: File,
    metrics_room: u64,
    /// The unfinished line of standard output, for the metrics; `None` once it is too long.
    line: Option<Vec<u8>>,
}

impl Sink {
    pub(super) fn create(folder: &Folder, bound: u64) -> io::Result<Self> {
        let open = |path| {
            OpenOptions::new()
                .append(true)
                .create(true)
                .mode(0o600)
                .open(path)
        };
        Ok(Self {
            log: open(folder.output())?,
            room: bound,
            dropped: 0,
            held: [Vec::new(), Vec::new()],
            metrics: open(folder.metrics())?,
            metrics_room: METRICS_MAX,
            line: Some(Vec::new()),
        })
    }

    /// Takes some output.
    pub(super) fn write(&mut self, stream: Stream, bytes: &[u8]) {
        if stream == Stream::Out {
            self.measure(bytes);
        }
        let held = &mut self.held[stream as usize];
        held.extend_from_slice(bytes);
        let end = held
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map(|at| at + 1);
        let ready = match end {
            Some(end) => held.drain(..end).collect(),
            None if held.len() >= HELD_MAX => std::mem::take(held),
            None => return,
        };
        self.put(&ready);
    }

    /// Writes unfinished lines (a progress bar, a prompt) after a while without output.
    pub(super) fn idle(&mut self) {
        for stream in [Stream::Out, Stream::Error] {
            let ready = std::mem::take(&mut self.held[stream as usize]);
            self.put(&ready);
        }
    }

    /// A stream has ended.
    pub(super) fn end(&mut self, stream: Stream) {
        let ready = std::mem::take(&mut self.held[stream as usize]);
        self.put(&ready);
        if stream == Stream::Out {
            self.measure(b"\n");
        }
    }

    /// Writes what is left; returns how many bytes were dropped.
    pub(super) fn finish(mut self) -> u64 {
        self.end(Stream::Out);
        self.end(Stream::Error);
        self.dropped
    }

    /// Appends as much as the bound allows. Output that cannot be written (a full disk) counts as
    /// dropped: the trial goes on.
    fn put(&mut self, bytes: &[u8]) {
        let kept = bytes
            .len()
            .min(usize::try_from(self.room).unwrap_or(usize::MAX));
        let written = self.append(&bytes[..kept]);
        self.room -= kept as u64;
        self.dropped += (bytes.len() - written) as u64;
    }

    /// Writes what can be written, and answers with how much that was.
    fn append(&mut self, bytes: &[u8]) -> usize {
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

    /// Splits standard output into lines for the metrics. O(bytes), and little more than a search
    /// where nothing looks like a metric.
    fn measure(&mut self, mut bytes: &[u8]) {
        while let Some(end) = memchr2(b'\n', b'\r', bytes) {
            self.hold_line(&bytes[..end]);
            let mut line = std::mem::take(&mut self.line);
            if line.as_deref().is_some_and(may_measure) {
                self.measure_line(line.as_deref().unwrap_or_default());
            }
            if let Some(line) = &mut line {
                line.clear();
            }
            self.line = line.or(Some(Vec::new()));
            bytes = &bytes[end + 1..];
            if !may_measure(bytes) {
                // None of the whole lines that follow measures anything.
                bytes = &bytes[memrchr2(b'\n', b'\r', bytes).map_or(0, |last| last + 1)..];
            }
        }
        self.hold_line(bytes);
    }

    fn hold_line(&mut self, piece: &[u8]) {
        if let Some(line) = &mut self.line {
            line.extend_from_slice(piece);
            if line.len() > LINE_MAX {
                self.line = None;
            }
        }
    }

    fn measure_line(&mut self, line: &[u8]) {
        let Some(measured) = std::str::from_utf8(line).ok().and_then(measure) else {
            return;
        };
        let Ok(mut json) = serde_json::to_vec(&measured) else {
            return;
        };
        json.push(b'\n');
        if json.len() as u64 > self.metrics_room {
            return;
        }
        self.metrics_room -= json.len() as u64;
        if let Err(error) = self.metrics.write_all(&json) {
            complain(&format!("a metric cannot be written: {error}"));
        }
    }
}

/// Whether some text can hold a metric at all: each form has one of these.
fn may_measure(bytes: &[u8]) -> bool {
    memchr3(b'=', b':', b'{', bytes).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sink(bound: u64) -> (tempfile::TempDir, Folder, Sink) {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::at(temporary.path().to_owned());
        let sink = Sink::create(&folder, bound).unwrap();
        (temporary, folder, sink)
    }

    #[test]
    fn lines_of_the_two_streams_do_not_mix() {
        let (_temporary, folder, mut sink) = sink(1000);
        sink.write(Stream::Out, b"one ");
        sink.write(Stream::Error, b"warn");
        sink.write(Stream::Out, b"line\ntwo");
        sink.write(Stream::Error, b"ing\n");
        assert_eq!(sink.finish(), 0);
        assert_eq!(
            std::fs::read(folder.output()).unwrap(),
            b"one line\nwarning\ntwo"
        );
    }

    #[test]
    fn the_bound_holds() {
        let (_temporary, folder, mut sink) = sink(5);
        sink.write(Stream::Out, b"abc\n");
        sink.write(Stream::Out, b"def\n");
        sink.write(Stream::Error, b"ghi\n");
        assert_eq!(sink.finish(), 7);
        assert_eq!(std::fs::read(folder.output()).unwrap(), b"abc\nd");
    }

    #[test]
    fn metrics_are_found_across_pieces_and_beyond_the_bound() {
        let (_temporary, folder, mut sink) = sink(0);
        sink.write(Stream::Out, b"loss=0");
        sink.write(Stream::Out, b".5\nacc=");
        sink.write(Stream::Error, b"lr=1\n");
        sink.write(Stream::Out, &b"x".repeat(LINE_MAX * 2));
        sink.write(Stream::Out, b"\nepoch=1 acc=1\xff\nepoch=2 acc=2");
        sink.finish();
        let metrics = std::fs::read_to_string(folder.metrics()).unwrap();
        let expected = "{\"step\":null,\"values\":[[\"loss\",0.5]]}\n\
                        {\"step\":2.0,\"values\":[[\"acc\",2.0]]}\n";
        assert_eq!(metrics, expected);
    }
}
