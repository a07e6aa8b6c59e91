//! The described form of each wire type against what serde reads and writes.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, from_value, json, to_value};
use sweep_planner::api::*;
use utoipa::ToSchema;

use crate::openapi::read_snapshot;
use crate::schema::Schemas;

/// Calls `$check::<T>(…)` for every type of the wire and returns their names.
macro_rules! each_type {
    ($check:ident $arguments:tt) => {
        each_type!(@ $check $arguments [
            Actions Artifact ArtifactPage Attempt Availability Cluster ClusterList ClusterSpec
            ClusterPrice ClusterState ClusterStatus ClusterType CreateRun Credentials Datastore DatastoreAccess
            DatastoreList DatastoreMount DatastoreSpec DatastoreStatus DatastoreDelivery DependencyFile
            EstimateRange RemainingWork RunBudget RunEstimate UpdateBudget
            ErrorBody ErrorDetail Event Experiment ExperimentCounts ExperimentList ExperimentSpec
            ExperimentState ExperimentStatus FinishedRun FinishedTrialList FinishedTrialRow FixedArgument Image InstanceType InstanceTypeList Int64 IsolationMethod LogMatch
            LogMatches LogPage LoginAnswer MetricPoint MetricSeries MetricValue PageSession
            ProgramOrigin Resources RetryRun Run RunList RunSpec RunState RunStates RunStatus Scalar Scratch
            SeriesList SignIn SignInList SpaceIndex StateList TrialsInState SweepOptions Timestamp TrialChanges
            TrialExecution TrialIsolation TrialPage TrialRow UnreadLine UpdateExperiment UpdateRun User UserStatus
        ])
    };
    (@ $check:ident $arguments:tt [$($type:ident)*]) => {
        [$({
            $check::<$type> $arguments;
            <$type as ToSchema>::name().into_owned()
        }),*]
    };
}

/// What else is described: answers that no other program reads as a type, and a number's values.
const OTHERS: [&str; 3] = ["ErrorCode", "LogAnswer", "SessionList"];

#[test]
fn serde_reads_and_writes_what_is_described() {
    let document = read_snapshot();
    let mut names: Vec<String> = each_type!(check_type(&document)).into();
    names.extend(OTHERS.map(str::to_owned));
    names.sort();
    let described = document["components"]["schemas"].as_object().unwrap();
    let described: Vec<&String> = described.keys().collect();
    assert_eq!(names.iter().collect::<Vec<_>>(), described);
}

fn check_type<T: ToSchema + Serialize + DeserializeOwned>(document: &Value) {
    let name = T::name();
    let schema = &document["components"]["schemas"][&*name];
    let schemas = Schemas(document);
    let examples = schemas.examples(schema);
    let read = |value: &Value| from_value::<T>(value.clone());
    for (at, example) in examples.iter().enumerate() {
        schemas.check(schema, example, &name);
        let value = read(example).unwrap_or_else(|error| panic!("{name}: {error} in {example}"));
        let written = to_value(value).unwrap();
        schemas.check(schema, &written, &name);
        // Every member under its name, in the form of answers.
        if at == 0 {
            assert_eq!(&written, example, "{name}");
        }
    }
    let Some(members) = examples[0].as_object() else {
        return;
    };
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    for member in members.keys().filter(|_| schema.get("oneOf").is_none()) {
        let mut without = members.clone();
        without.remove(member);
        assert!(
            read(&without.into()).is_ok() || required.contains(&json!(member)),
            "serde requires {name}.{member}"
        );
    }
}

/// proto3's JSON form: an unset member may be `null`.
#[test]
fn a_request_may_send_null_for_what_is_not_required() {
    let document = read_snapshot();
    check_nulls::<Credentials>(&document);
    check_nulls::<RunSpec>(&document);
    check_nulls::<UpdateRun>(&document);
    check_nulls::<UpdateExperiment>(&document);
    check_nulls::<RetryRun>(&document);
}

fn check_nulls<T: ToSchema + DeserializeOwned>(document: &Value) {
    let schema = &document["components"]["schemas"][&*T::name()];
    let members = schema["properties"].as_object().unwrap();
    for member in members.keys() {
        let request = json!({ member: null });
        let read = from_value::<T>(request);
        assert!(read.is_ok(), "{}.{member}", T::name());
    }
}
