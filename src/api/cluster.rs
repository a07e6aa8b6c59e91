//! Clusters and the machines they offer.

use serde::{Deserialize, Serialize};

use super::{Int64, Timestamp, nullable};

/// `GET /v1/core/clusters`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ClusterList {
    /// The cluster of a run whose command names none. Never `null`: that breaks Grid's login.
    pub default_cluster: String,
    /// Every cluster of this server, without pages.
    #[serde(deserialize_with = "nullable")]
    pub clusters: Vec<Cluster>,
}

/// Where runs execute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Cluster {
    /// What `--cluster` names and every path holds: `[a-z0-9-]`, up to 63.
    pub id: String,
    /// The same as `id` here.
    pub name: String,
    /// When this server first started with it.
    pub created_at: Timestamp,
    /// What was configured.
    pub spec: ClusterSpec,
    /// Its state and how much it can run.
    pub status: ClusterStatus,
}

/// What was configured of a [`Cluster`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ClusterSpec {
    /// Always `GLOBAL` here: Grid's client requests storage buckets of the other types.
    pub cluster_type: ClusterType,
    /// Always `RUNNING` here.
    pub desired_state: ClusterState,
    /// Ours: which engine runs the trials: `local`, `ray`, `slurm`.
    #[serde(default, deserialize_with = "nullable")]
    pub engine: String,
    /// Ours: the cluster's own price, by which every trial launched there is billed whatever
    /// machine its command names. Absent: a trial is billed as if on that machine, by its
    /// provider's rate and rounding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<ClusterPrice>,
}

/// What every trial of a cluster is billed by: its run time, rounded up to a multiple of
/// `increment_seconds` and at least `minimum_seconds`, times the rate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct ClusterPrice {
    /// USD per hour of one trial, exactly, as a plain decimal: `36`, `0.05`. Interruptible trials
    /// cost the same. `null`: the cluster has no price, and the cost of its trials is unknown.
    pub hourly_rate: Option<String>,
    /// Seconds that each attempt of a trial is billed at least; 0 for no minimum.
    pub minimum_seconds: u64,
    /// Billed seconds are a multiple of this; 0 counts as 1, since billed seconds are whole.
    pub increment_seconds: u64,
}

/// The state of a [`Cluster`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct ClusterStatus {
    /// Whether trials can start there.
    pub phase: ClusterState,
    /// Ours: how many trials run at once at most; `null` when unknown.
    #[serde(default)]
    pub slots: Option<u32>,
    /// Ours: how many cores its trials share; `null` when unknown.
    #[serde(default)]
    pub cores: Option<u32>,
    /// Ours: how many threads the numerical libraries of a trial use that does not ask for some
    /// (`--cpus`); `null` when that is left to them, or unknown.
    #[serde(default)]
    pub threads: Option<u32>,
    /// Ours: why the server starts no trial there at present; empty when it does.
    #[serde(default, deserialize_with = "nullable")]
    pub message: String,
}

/// The kinds of clusters that Grid had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[expect(missing_docs, reason = "Grid's words; only GLOBAL has a meaning here")]
pub enum ClusterType {
    #[serde(rename = "CLUSTER_TYPE_UNSPECIFIED")]
    Unspecified,
    #[serde(rename = "CLUSTER_TYPE_LEGACY")]
    Legacy,
    #[serde(rename = "CLUSTER_TYPE_GLOBAL")]
    Global,
    #[serde(rename = "CLUSTER_TYPE_BYOC")]
    Byoc,
}

/// The state of a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[expect(missing_docs, reason = "the names say it")]
pub enum ClusterState {
    #[serde(rename = "CLUSTER_STATE_UNSPECIFIED")]
    Unspecified,
    #[serde(rename = "CLUSTER_STATE_PENDING")]
    Pending,
    #[serde(rename = "CLUSTER_STATE_QUEUED")]
    Queued,
    #[serde(rename = "CLUSTER_STATE_RUNNING")]
    Running,
    #[serde(rename = "CLUSTER_STATE_FAILED")]
    Failed,
    #[serde(rename = "CLUSTER_STATE_DELETED")]
    Deleted,
}

/// `GET /v1/core/clusters/{id}/instance-types`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct InstanceTypeList {
    /// One entry per machine and known price (`spot` or not).
    #[serde(deserialize_with = "nullable")]
    pub instance_types: Vec<InstanceType>,
}

/// One machine at one of its two prices. A machine whose price is not known has no entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct InstanceType {
    /// As `--instance_type` takes it, `m5a.large`.
    pub name: String,
    /// Virtual processors, as the price list has them.
    pub cpu: Int64,
    /// GPUs, 0 on a machine without.
    pub gpu: Int64,
    /// GiB of memory, as the price list writes it (`8`, `0.5`).
    pub memory: String,
    /// Whether this is the interruptible price.
    pub spot: bool,
    /// USD per hour.
    pub hourly_cost: f64,
    /// Always `AVAILABLE` here.
    pub availability: Availability,
    /// Always 0 here.
    #[serde(default)]
    pub overprovisioned_ondemand_count: i32,
}

/// Whether a machine can be rented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[expect(missing_docs, reason = "the names say it")]
pub enum Availability {
    #[serde(rename = "AVAILABILITY_AVAILABLE")]
    Available,
    #[serde(rename = "AVAILABILITY_LIMITED")]
    Limited,
    #[serde(rename = "AVAILABILITY_UNAVAILABLE")]
    Unavailable,
}
