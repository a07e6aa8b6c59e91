//! Changes as they happen (ours).

use serde::{Deserialize, Serialize};

use super::{Run, TrialRow, nullable};

/// The `data` of one server-sent event of `GET /v1/events`: `{"run": …}`, `{"trials": …}` or
/// `"reload"` (an externally tagged enum, which serde reads without a second copy of every type's
/// reader in the page).
///
/// Each event has an `id`; a client that comes back with `Last-Event-ID` gets what it missed, or
/// [`Event::Reload`] when that is gone. A client that reads too slowly gets `Reload` too. Comment
/// lines come every few seconds to keep the stream open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Event {
    /// A run is new or has changed; as it is now, with `experimentIds` left empty.
    Run(Box<Run>),
    /// Trials of one run have changed.
    Trials(TrialChanges),
    /// Something was missed: read again whatever is shown.
    Reload,
}

/// Part of [`Event`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TrialChanges {
    /// The run's cluster.
    pub cluster_id: String,
    /// The run's id.
    pub run_id: String,
    /// Those that changed, as they are now; each at most once.
    #[serde(default, deserialize_with = "nullable")]
    pub trials: Vec<TrialRow>,
}
