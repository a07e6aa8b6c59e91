//! Files that a trial made.

use serde::{Deserialize, Serialize};

use super::{Int64, Timestamp, nullable};

/// `GET …/experiments/{id}/artifacts`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ArtifactPage {
    /// By name.
    #[serde(deserialize_with = "nullable")]
    pub artifacts: Vec<Artifact>,
    /// Empty on the last page (`null` makes Grid's client ask for ever).
    #[serde(deserialize_with = "nullable")]
    pub next_page_token: String,
    /// Empty on the first page.
    #[serde(deserialize_with = "nullable")]
    pub previous_page_token: String,
    /// Ours: where a plain GET without credentials fetches all of them as one tar, for a limited
    /// time.
    #[serde(deserialize_with = "nullable")]
    pub archive_url: String,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Artifact {
    /// Relative to the trial's folder, with folders.
    pub filename: String,
    /// Where a plain GET without credentials fetches it, for a limited time.
    pub url: String,
    /// Its size.
    pub size_bytes: Int64,
    /// Empty: not computed.
    #[serde(default, deserialize_with = "nullable")]
    pub md5_checksum: String,
    /// When it was last written.
    pub last_modified: Option<Timestamp>,
}
