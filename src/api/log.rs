//! Output of a trial.

use serde::{Deserialize, Serialize};

/// A stretch of a trial's output (standard output and standard error, interleaved as they came).
///
/// To follow it: ask with `offset` 0, then with [`next_offset`](Self::next_offset), until
/// [`ended`](Self::ended) and nothing is left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogPage {
    /// The output; bytes that are no UTF-8 read as U+FFFD. Cut between characters.
    pub text: String,
    /// Where `text` begins, in bytes of the output.
    pub offset: u64,
    /// Where the next stretch begins, in bytes of the output.
    pub next_offset: u64,
    /// How long the output is now, in bytes.
    pub size: u64,
    /// Whether the trial has ended, so that `size` will not grow.
    pub ended: bool,
    /// Bytes that the trial wrote beyond the server's limit, and which were not kept.
    #[serde(default)]
    pub dropped: u64,
}
