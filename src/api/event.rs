//! Server-sent events about runs and trials (ours).

use serde::{Deserialize, Serialize};

use super::{Run, TrialRow, nullable};

/// The `data` of one server-sent event of `GET /v1/events`: `{"run": …}`, `{"trials": …}` or
/// `"reload"`.
///
/// Each event has an `id`. A client that reconnects with `Last-Event-ID` gets the events that it
/// missed, or `"reload"` where the server no longer has them, as does a client that reads too
/// slowly. A comment line every few seconds keeps the stream open.
// Externally tagged, since serde reads that without a second copy of every type's reader in the page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum Event {
    /// A run that is new or has changed, as it is now, without what was settled at its launch and may
    /// be long: of `spec` only `clusterId`, `desiredState` and `userId` are filled in, and
    /// `description`, `experimentIds`, `columns` and `fixedArguments` are left out.
    Run(Box<Run>),
    /// Trials of one run that have changed, without their `values`.
    Trials(TrialChanges),
    /// Events were missed: the client must read again whatever it shows.
    Reload,
}

/// The changed trials of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TrialChanges {
    /// The run's cluster.
    pub cluster_id: String,
    /// The run's id.
    pub run_id: String,
    /// The changed trials as they are now, each at most once; `values` stays empty.
    #[serde(default, deserialize_with = "nullable")]
    pub trials: Vec<TrialRow>,
}
