//! Datastores: named, versioned folders that trials read.

use serde::{Deserialize, Serialize};

use super::scalar::int32;
use super::{Int64, Timestamp, nullable};

/// `GET …/datastores?name=NAME`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DatastoreList {
    /// By name, then version.
    #[serde(deserialize_with = "nullable")]
    pub datastores: Vec<Datastore>,
    /// Empty: all are in this answer.
    #[serde(deserialize_with = "nullable")]
    pub next_page_token: String,
    /// Empty.
    #[serde(deserialize_with = "nullable")]
    pub previous_page_token: String,
}

/// One version of a datastore.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Datastore {
    /// Of this version; what a launch names.
    pub id: String,
    /// Shared by its versions.
    pub name: String,
    /// When the folder was last changed.
    pub created_at: Timestamp,
    /// The same.
    pub updated_at: Timestamp,
    /// What it is.
    pub spec: DatastoreSpec,
    /// How it is.
    pub status: DatastoreStatus,
}

/// Part of [`Datastore`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DatastoreSpec {
    /// The cluster asked for: all of a server's clusters have the same datastores.
    #[serde(deserialize_with = "nullable")]
    pub cluster_id: String,
    /// From 1.
    #[serde(deserialize_with = "int32")]
    pub version: i32,
    /// Size of its files in MiB, rounded up.
    #[serde(deserialize_with = "nullable")]
    pub size_mib: Int64,
    /// Empty: where a server keeps it is its own business.
    #[serde(deserialize_with = "nullable")]
    pub source: String,
    /// `DATASTORE_SOURCE_TYPE_EXPANDED_FILES`.
    #[serde(deserialize_with = "nullable")]
    pub source_type: String,
    /// Who asks: Grid's client leaves out those of others.
    #[serde(deserialize_with = "nullable")]
    pub user_id: String,
}

/// Part of [`Datastore`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DatastoreStatus {
    /// `DATASTORE_OPTIMIZATION_STATUS_SUCCEEDED`: ready for use.
    #[serde(deserialize_with = "nullable")]
    pub phase: String,
    /// Empty.
    #[serde(deserialize_with = "nullable")]
    pub message: String,
}

/// How a trial was given its datastores (ours).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DatastoresBy {
    /// Mounted read-only where the run asked for them: the script finds them as written.
    Mount,
    /// Their paths were replaced in the trial's arguments by those of the folders themselves.
    Arguments,
}

/// How a trial was given its datastores, and why not otherwise (ours).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DatastoreAccess {
    /// How.
    pub by: DatastoresBy,
    /// Why they were not mounted; empty where they were.
    #[serde(default, deserialize_with = "nullable")]
    pub because: String,
}
