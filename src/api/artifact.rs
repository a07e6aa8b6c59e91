//! Artifacts: the files that a trial wrote.

use serde::{Deserialize, Serialize};

use super::{Int64, Timestamp, nullable};

/// `GET …/experiments/{id}/artifacts`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ArtifactPage {
    /// This page's files: models and checkpoints first, then results, plots, other files, logs and, with
    /// `all`, caches.
    #[serde(deserialize_with = "nullable")]
    pub artifacts: Vec<Artifact>,
    /// Empty on the last page (on `null` Grid's client never stops requesting pages).
    #[serde(deserialize_with = "nullable")]
    pub next_page_token: String,
    /// Empty on the first page.
    #[serde(deserialize_with = "nullable")]
    pub previous_page_token: String,
    /// Ours: the address at which a GET without credentials fetches all of them, on all pages, as one
    /// tar, for an hour.
    #[serde(deserialize_with = "nullable")]
    pub archive_url: String,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Artifact {
    /// Relative to the trial's folder, with folders.
    pub filename: String,
    /// The address at which a GET without credentials fetches it, for an hour.
    pub url: String,
    /// Bytes.
    pub size_bytes: Int64,
    /// Always empty here: not computed.
    #[serde(default, deserialize_with = "nullable")]
    pub md5_checksum: String,
    /// When it was last written.
    pub last_modified: Option<Timestamp>,
}
