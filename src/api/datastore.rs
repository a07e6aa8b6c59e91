//! Datastores: named, versioned folders that trials read.

use serde::{Deserialize, Serialize};

use super::scalar::int32;
use super::{Int64, Timestamp, nullable};

/// `GET …/datastores?name=NAME`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct DatastoreList {
    /// Sorted by name, then version.
    #[serde(deserialize_with = "nullable")]
    pub datastores: Vec<Datastore>,
    /// Always empty: all are in this answer.
    #[serde(deserialize_with = "nullable")]
    pub next_page_token: String,
    /// Empty.
    #[serde(deserialize_with = "nullable")]
    pub previous_page_token: String,
}

/// One version of a datastore.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Datastore {
    /// Identifies this version; a launch names it.
    pub id: String,
    /// The same for all versions.
    pub name: String,
    /// When the folder was last changed.
    pub created_at: Timestamp,
    /// The same as `createdAt`.
    pub updated_at: Timestamp,
    /// Version, size and owner.
    pub spec: DatastoreSpec,
    /// Whether it is ready, which it always is here.
    pub status: DatastoreStatus,
}

/// Version, size and owner of a [`Datastore`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct DatastoreSpec {
    /// The cluster of the request: all of a server's clusters have the same datastores.
    #[serde(deserialize_with = "nullable")]
    pub cluster_id: String,
    /// 1 or more.
    #[serde(deserialize_with = "int32")]
    pub version: i32,
    /// The size of its files in MiB, rounded up.
    #[serde(deserialize_with = "nullable")]
    pub size_mib: Int64,
    /// Always empty: the server does not disclose where the folder is.
    #[serde(deserialize_with = "nullable")]
    pub source: String,
    /// `DATASTORE_SOURCE_TYPE_EXPANDED_FILES`.
    #[serde(deserialize_with = "nullable")]
    pub source_type: String,
    /// The id of the requesting account: Grid's client hides datastores of others.
    #[serde(deserialize_with = "nullable")]
    pub user_id: String,
}

/// Whether a [`Datastore`] is ready, in Grid's words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct DatastoreStatus {
    /// `DATASTORE_OPTIMIZATION_STATUS_SUCCEEDED`: ready for use.
    #[serde(deserialize_with = "nullable")]
    pub phase: String,
    /// Empty.
    #[serde(deserialize_with = "nullable")]
    pub message: String,
}

/// How a trial reads its datastores (ours).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum DatastoreDelivery {
    /// They are mounted read-only at the paths that the run asked for.
    Mount,
    /// In the trial's arguments their mount paths are replaced by the paths of the folders.
    Arguments,
}

/// How a trial reads its datastores, and why they are not mounted (ours).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct DatastoreAccess {
    /// Which of the two ways.
    pub by: DatastoreDelivery,
    /// Why they are not mounted, for a person; empty where they are.
    #[serde(default, deserialize_with = "nullable")]
    pub because: String,
}
