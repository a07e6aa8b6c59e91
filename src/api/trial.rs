//! A run's trials as rows of a table and as states (ours).

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{ExperimentState, MetricValue, Timestamp, nullable};

/// 2^53, the largest integer up to which every JSON reader is exact.
const MAX_EXACT_INTEGER: u128 = 1 << 53;

/// The index of a trial in the space of its command: a number on the wire, a string above 2^53.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpaceIndex(pub u128);

impl Serialize for SpaceIndex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match u64::try_from(self.0) {
            Ok(small) if self.0 <= MAX_EXACT_INTEGER => serializer.serialize_u64(small),
            _ => serializer.collect_str(&self.0),
        }
    }
}

impl<'de> Deserialize<'de> for SpaceIndex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(IndexVisitor).map(SpaceIndex)
    }
}

struct IndexVisitor;

impl Visitor<'_> for IndexVisitor {
    type Value = u128;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an index: a number, or a string of digits")
    }

    fn visit_u64<E>(self, value: u64) -> Result<u128, E> {
        Ok(value.into())
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<u128, E> {
        value
            .parse()
            .map_err(|_| E::invalid_value(de::Unexpected::Str(value), &self))
    }
}

/// `GET …/runs/{id}/trials`: one page of a run's trials.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TrialPage {
    /// The swept arguments, as typed (`--batch_size`).
    #[serde(default, deserialize_with = "nullable")]
    pub columns: Vec<String>,
    /// The names of all metrics of the run, in the order in which trials first wrote them.
    #[serde(default, deserialize_with = "nullable")]
    pub metric_names: Vec<String>,
    /// This page's trials in launch order.
    #[serde(default, deserialize_with = "nullable")]
    pub trials: Vec<TrialRow>,
    /// Trials that match the filter, on all pages.
    pub total: u64,
    /// Matching trials before this page.
    pub offset: u64,
    /// The server's clock, for the run times of running trials.
    pub now: Timestamp,
}

/// One trial as a row of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Trial))]
#[serde(rename_all = "camelCase")]
pub struct TrialRow {
    /// The experiment's id.
    pub id: String,
    /// The experiment's name, `<run>-expN`.
    pub name: String,
    /// N: its place in launch order, from 0.
    pub number: u32,
    /// Its index in the space of its command.
    pub index: SpaceIndex,
    /// The exact text passed for each of the run's columns; `null` where it passes none.
    #[serde(default, deserialize_with = "nullable")]
    pub values: Vec<Option<String>>,
    /// Its state now.
    pub state: ExperimentState,
    /// Why it is in this state, for a person; empty where the state needs no reason.
    #[serde(default, deserialize_with = "nullable")]
    pub message: String,
    /// When its script started; `null` before.
    #[serde(default)]
    pub start_timestamp: Option<Timestamp>,
    /// When its script ended; `null` before.
    #[serde(default)]
    pub finish_timestamp: Option<Timestamp>,
    /// The script's exit status; `null` unless it ended by itself.
    #[serde(default)]
    pub exit_code: Option<i32>,
    /// The signal that ended the script, if one did.
    #[serde(default)]
    pub signal: Option<i32>,
    /// Seconds billed so far, whole; `null` before it starts.
    #[serde(default)]
    pub billed_seconds: Option<u64>,
    /// USD so far; `null` when the machine's price is unknown or it has not started.
    #[serde(default)]
    pub cost: Option<f64>,
    /// The last value of each metric.
    #[serde(default, deserialize_with = "nullable")]
    pub metrics: BTreeMap<String, MetricValue>,
    /// How many attempts came before; the experiment's `status.attempts` lists them.
    #[serde(default)]
    pub attempt: u32,
    /// The run time that its launch estimated, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated_seconds: Option<f64>,
    /// USD that its launch estimated, minimum and increment included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated_cost: Option<f64>,
    /// USD per hour that it is charged; absent where that is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hourly_cost: Option<f64>,
}

/// `GET …/states?run=…`: the states of all trials of several runs, in few bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StateList {
    /// The requested runs, in the order of the request.
    pub runs: Vec<RunStates>,
    /// The server's clock.
    pub now: Timestamp,
}

/// The states of a run's trials.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunStates {
    /// The run's id.
    pub id: String,
    /// Trials of the run, in any state.
    pub trials: u32,
    /// Every state that at least one of its trials is in.
    pub states: Vec<TrialsInState>,
    /// Where the answer was cut for length: the `?from=` of the next request. `null` where it is
    /// complete.
    #[serde(default)]
    pub next: Option<u32>,
}

/// The trials that are in one state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrialsInState {
    /// The state of these trials.
    pub state: ExperimentState,
    /// All trials of the run that are in it, also where the answer was cut.
    pub count: u32,
    /// Their numbers in launch order, from 0, as ranges: `0-3,7`.
    pub trials: String,
}

/// How an earlier attempt of a trial ended (ours).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// Its number, from 0; `?attempt=` of the logs.
    pub attempt: u32,
    /// `FAILED`, since only failed trials are retried.
    pub state: ExperimentState,
    /// Why it failed, for a person.
    pub message: String,
    /// When its script started.
    pub start_timestamp: Option<Timestamp>,
    /// When it ended.
    pub finish_timestamp: Option<Timestamp>,
    /// The script's exit status; `null` unless it ended by itself.
    pub exit_code: Option<i32>,
    /// The signal that ended the script, if one did.
    pub signal: Option<i32>,
    /// Seconds billed, whole; part of the run's cost, not of the trial's.
    pub billed_seconds: Option<u64>,
}
