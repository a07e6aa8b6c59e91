//! Lines that look like metrics and were not read: shown with the trial.

use std::io::{self, Read};

use sweep_planner::api::UnreadLine;

use crate::runner::protocol::{TrialFolder, UNREAD_METRICS};

/// The most bytes of a line that are kept.
const LINE_SHOWN_MAX: usize = 300;
/// The most bytes of the file that are read: twenty lines, escaped, have fewer.
const FILE_MAX: u64 = 64 << 10;

/// Why a line was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnreadReason {
    /// It has more bytes than a line may have.
    TooLong,
    /// A number that can mean two things, as `0,5`.
    UnclearNumber,
    /// Numbers among words that may be a sentence.
    Prose,
    /// The trial has printed the most names already.
    TooManyNames,
}

impl UnreadReason {
    fn as_text(self) -> &'static str {
        match self {
            Self::TooLong => "The line is longer than 16 KiB.",
            Self::UnclearNumber => {
                "A number in it can mean several things. Print it with a decimal point, as 0.5."
            }
            Self::Prose => {
                "The words around its numbers may be a sentence. Print the metric as name=value."
            }
            Self::TooManyNames => {
                "The trial had printed 1,000 names of metrics before. This name and further new ones \
                 are not kept."
            }
        }
    }
}

pub(super) fn describe_unread(line: &str, reason: UnreadReason) -> UnreadLine {
    let end = line.floor_char_boundary(LINE_SHOWN_MAX);
    UnreadLine {
        line: line[..end].trim().to_owned(),
        reason: reason.as_text().to_owned(),
    }
}

/// A value that is left out for its name, as a line.
pub fn describe_name_too_many(name: &str, value: f64) -> UnreadLine {
    describe_unread(&format!("{name}={value}"), UnreadReason::TooManyNames)
}

/// The lines that a trial's supervisor has written down; none where the file cannot be read.
pub fn read_unread(folder: &TrialFolder) -> Vec<UnreadLine> {
    let read = || -> io::Result<Vec<UnreadLine>> {
        // The trial may have put anything there.
        let file = folder.open_file(UNREAD_METRICS)?;
        let mut text = Vec::new();
        file.take(FILE_MAX).read_to_end(&mut text)?;
        Ok(serde_json::from_slice(&text)?)
    };
    read().unwrap_or_default()
}
