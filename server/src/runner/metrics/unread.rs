//! Lines that look like metrics and were not read, with why: told with the trial.

use serde::{Deserialize, Serialize};

/// The most bytes of a line that are kept.
const LINE_SHOWN_MAX: usize = 300;

/// A line that may hold a metric.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadLine {
    /// The line, cut to 300 bytes.
    pub line: String,
    /// Why it was not read.
    pub reason: UnreadReason,
}

/// Why a line was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum UnreadReason {
    /// It has more than 16 KiB.
    TooLong,
    /// A number that can mean two things, as `0,5`.
    UnclearNumber,
    /// Numbers among words that may be a sentence.
    Prose,
}

impl UnreadLine {
    pub(super) fn new(line: &[u8], reason: UnreadReason) -> Self {
        let shown = &line[..line.len().min(LINE_SHOWN_MAX)];
        let line = String::from_utf8_lossy(shown).trim().to_owned();
        Self { line, reason }
    }
}
