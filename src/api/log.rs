//! The output of a trial.

use serde::{Deserialize, Serialize};

/// `GET …/logs?search=TEXT` (ours): the lines of a trial's output that hold a text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct LogMatches {
    /// In the order of the output.
    pub matches: Vec<LogMatch>,
    /// Where the next search must start, in bytes of the output; `null` where all of it was
    /// searched.
    pub next_offset: Option<u64>,
}

/// One line of [`LogMatches`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct LogMatch {
    /// Where the line begins, in bytes of the output.
    pub offset: u64,
    /// The line, cut after 500 characters.
    pub text: String,
}

/// A section of a trial's output: standard output and standard error, interleaved as written.
///
/// To follow the output, request `offset` 0 and then each time `nextOffset`, until `ended` is true
/// and `nextOffset` equals `size`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct LogPage {
    /// The output, cut between characters; U+FFFD stands for bytes that are no UTF-8.
    pub text: String,
    /// Where `text` begins, in bytes of the output.
    pub offset: u64,
    /// Where the next section begins, in bytes of the output.
    pub next_offset: u64,
    /// How long the output is now, in bytes.
    pub size: u64,
    /// Whether the trial has ended, so that `size` will not grow.
    pub ended: bool,
    /// Bytes that the trial wrote beyond the server's limit, which the server does not store.
    #[serde(default)]
    pub dropped: u64,
    /// The address at which a GET without credentials fetches the whole output byte for byte, for an
    /// hour; empty where the trial has written nothing.
    #[serde(default)]
    pub download_url: String,
}
