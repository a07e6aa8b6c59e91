//! Reading a stretch of a trial's output.

use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use memchr::memmem::Finder;

use super::protocol::{OUTPUT, TrialFolder};

/// A stretch of output as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputSlice {
    /// Bytes that are no UTF-8 read as U+FFFD.
    pub text: String,
    /// Where it begins, in bytes.
    pub offset: u64,
    /// Where the next begins, in bytes.
    pub next: u64,
    /// How long the output is, in bytes.
    pub size: u64,
}

/// Where to begin to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputStart {
    /// At this byte.
    At(u64),
    /// So many bytes before the end.
    BeforeEnd(u64),
}

/// Reads up to `limit` bytes, cut between characters where more may follow. An output that does not
/// exist yet is empty. O(limit).
///
/// # Errors
/// Also where there is something else in its place; see [`super::protocol::is_unusable`].
pub fn read_output(
    folder: &TrialFolder,
    start: OutputStart,
    limit: u32,
) -> io::Result<OutputSlice> {
    let mut file = match folder.open_file(OUTPUT) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(OutputSlice {
                text: String::new(),
                offset: 0,
                next: 0,
                size: 0,
            });
        }
        Err(error) => return Err(error),
    };
    let size = file.metadata()?.len();
    let offset = match start {
        OutputStart::At(offset) => offset.min(size),
        OutputStart::BeforeEnd(bytes) => size.saturating_sub(bytes),
    };
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    file.take(limit.into()).read_to_end(&mut bytes)?;
    bytes.truncate(complete_characters_len(&bytes));
    let next = offset + bytes.len() as u64;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok(OutputSlice {
        text,
        offset,
        next,
        size: size.max(next),
    })
}

/// The most bytes that one search looks through, and the most of a line that it shows.
const SEARCH_MAX: u64 = 16 << 20;
const LINE_SHOWN_MAX: usize = 500;

/// What a search has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutputMatches {
    /// Where each line begins, in bytes, and the line as text.
    pub lines: Vec<(u64, String)>,
    /// Where to go on, if there may be more.
    pub next: Option<u64>,
}

/// The lines from `offset` on that hold `text`, at most so many, and where to go on if there may
/// be more. O(bytes looked through), which are 16 MiB at most.
///
/// # Errors
/// As [`read_output`].
pub fn search_output(
    folder: &TrialFolder,
    text: &str,
    offset: u64,
    most: usize,
) -> io::Result<OutputMatches> {
    let mut file = match folder.open_file(OUTPUT) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(OutputMatches::default());
        }
        Err(error) => return Err(error),
    };
    let offset = offset.min(file.metadata()?.len());
    file.seek(SeekFrom::Start(offset))?;
    let (mut reader, finder) = (BufReader::new(file), Finder::new(text));
    let (mut at, mut lines, mut line) = (offset, Vec::new(), Vec::new());
    loop {
        if lines.len() >= most || at - offset >= SEARCH_MAX {
            let next = Some(at);
            return Ok(OutputMatches { lines, next });
        }
        line.clear();
        // A line without an end is looked at in pieces.
        let read = reader
            .by_ref()
            .take(SEARCH_MAX)
            .read_until(b'\n', &mut line)?;
        if read == 0 {
            let next = None;
            return Ok(OutputMatches { lines, next });
        }
        if finder.find(&line).is_some() {
            let shown = String::from_utf8_lossy(&line);
            let shown = shown
                .trim_end_matches(['\r', '\n'])
                .chars()
                .take(LINE_SHOWN_MAX);
            lines.push((at, shown.collect()));
        }
        at += read as u64;
    }
}

/// How many bytes there are before a character that is cut off at the end; all, if nothing is cut
/// off or if nothing would be left.
fn complete_characters_len(bytes: &[u8]) -> usize {
    let tail = bytes.len().saturating_sub(3);
    let lead = (tail..bytes.len())
        .rev()
        .find(|&at| bytes[at] & 0xC0 != 0x80);
    let Some(lead) = lead else { return bytes.len() };
    let length = match bytes[lead] {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => 1,
    };
    if lead + length > bytes.len() && lead > 0 {
        lead
    } else {
        bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &[u8], offset: u64, limit: u32) -> (String, u64) {
        let temporary = tempfile::tempdir().unwrap();
        let folder = TrialFolder::at(temporary.path().to_owned());
        std::fs::write(folder.output(), content).unwrap();
        let stretch = read_output(&folder, OutputStart::At(offset), limit).unwrap();
        assert_eq!(stretch.size, content.len() as u64);
        (stretch.text, stretch.next)
    }

    #[test]
    fn characters_are_not_torn() {
        let text = "aé€😀z".as_bytes();
        assert_eq!(read(text, 0, 100), ("aé€😀z".into(), 11));
        assert_eq!(read(text, 0, 2), ("a".into(), 1));
        assert_eq!(read(text, 1, 4), ("é".into(), 3));
        assert_eq!(read(text, 0, 9), ("aé€".into(), 6));
        assert_eq!(read(text, 11, 9), (String::new(), 11));
        assert_eq!(read(text, 99, 9), (String::new(), 11));
    }

    #[test]
    fn binary_output_is_shown_and_ends() {
        assert_eq!(
            read(b"\xff\xfe\x00a", 0, 100),
            ("\u{fffd}\u{fffd}\0a".into(), 4)
        );
        assert_eq!(read(b"\xe2\x82", 0, 100), ("\u{fffd}".into(), 2));
        assert_eq!(read(b"\x80\x80\x80\x80", 0, 100).1, 4);
        assert_eq!(read(b"a\xf0\x9f", 1, 100).1, 3);
    }

    #[test]
    fn what_is_not_there_is_empty() {
        let folder = TrialFolder::at("/nonexistent/o".into());
        let stretch = read_output(&folder, OutputStart::At(5), 10).unwrap();
        assert_eq!((stretch.offset, stretch.next, stretch.size), (0, 0, 0));
    }
}
