//! The paths of every call: one constant per route (with `{…}` for what varies) and, where
//! something varies, the function that fills it in. Clusters and ids hold only
//! `[a-z0-9-]` (a datastore's also capitals, `.` and `_`), so nothing needs escaping.

/// `GET`, without credentials: 200 and `ok` as soon as the server is ready.
pub const HEALTH: &str = "/healthz";
/// `GET`: the description of all of these calls, as OpenAPI 3.1.
pub const OPENAPI: &str = "/openapi.json";
/// `GET ?token=…` (ours): the one-time start address; creates a page session and redirects to `/`.
pub const START: &str = "/start";

/// `POST` [`Credentials`](super::Credentials) → [`LoginAnswer`](super::LoginAnswer).
pub const LOGIN: &str = "/v1/auth/login";
/// `GET`, with Bearer, Basic or cookie → [`User`](super::User).
pub const USER: &str = "/v1/auth/user";
/// `GET` → [`PageSession`](super::PageSession); `POST` [`Credentials`](super::Credentials) signs
/// a same-origin page in (sets the cookie); `DELETE` signs it out (ours).
pub const SESSION: &str = "/v1/session";
/// `GET` (ours) → [`SignInList`](super::SignInList): the browsers that are signed in to the caller's
/// account; `DELETE` signs all of them out.
pub const SIGN_INS: &str = "/v1/sign-ins";
/// `GET` (ours): server-sent [`Event`](super::Event)s; `Last-Event-ID` resumes.
pub const EVENTS: &str = "/v1/events";

/// `GET` (ours) → the server's own prices as CSV, 204 where it has none; `If-None-Match` → 304.
pub const PRICES: &str = "/v1/prices";

/// `GET` → [`ClusterList`](super::ClusterList).
pub const CLUSTERS: &str = "/v1/core/clusters";
/// `GET` → [`Cluster`](super::Cluster).
pub const CLUSTER: &str = "/v1/core/clusters/{cluster}";
/// `GET` → [`InstanceTypeList`](super::InstanceTypeList).
pub const INSTANCE_TYPES: &str = "/v1/core/clusters/{cluster}/instance-types";
/// `GET` → `{"sessions": []}`: Grid's interactive sessions, which this server does not have.
pub const SESSIONS: &str = "/v1/core/sessions";
/// `GET ?name=NAME` → [`DatastoreList`](super::DatastoreList).
pub const DATASTORES: &str = "/v1/core/{cluster}/datastores";
/// `GET` → [`Datastore`](super::Datastore).
pub const DATASTORE: &str = "/v1/core/{cluster}/datastores/{datastore}";

/// `GET ?query=PREFIX&phaseNotIn=STATE&phaseIn=STATE&brief=true` →
/// [`RunList`](super::RunList); `brief` (ours) leaves `experimentIds` empty. `POST`
/// [`CreateRun`](super::CreateRun) → [`Run`](super::Run).
pub const RUNS: &str = "/v1/core/{cluster}/runs";
/// `GET` → [`Run`](super::Run); `PUT` [`UpdateRun`](super::UpdateRun) → `Run` (a `desiredState`
/// of `RUN_STATE_CANCELED` stops it); `DELETE` stops and hides it → `{}`.
pub const RUN: &str = "/v1/core/{cluster}/runs/{run}";
/// `GET ?offset=0&limit=200&state=EXPERIMENT_STATE_FAILED` (ours) →
/// [`TrialPage`](super::TrialPage).
pub const TRIALS: &str = "/v1/core/{cluster}/runs/{run}/trials";
/// `GET ?run=ID&from=0` (`run` repeatable; ours) → [`StateList`](super::StateList): the states of
/// all trials of several runs.
pub const STATES: &str = "/v1/core/{cluster}/states";
/// `GET ?script=PATH` (ours) → [`FinishedTrialList`](super::FinishedTrialList): the caller's own trials
/// of a script that have ended, on every cluster.
pub const FINISHED_TRIALS: &str = "/v1/core/finished-trials";
/// `POST` [`RetryRun`](super::RetryRun) (ours) → [`Run`](super::Run): queues failed trials again.
pub const RETRY: &str = "/v1/core/{cluster}/runs/{run}/retry";
/// `POST` (ours) → [`Run`](super::Run): queues held trials.
pub const RELEASE: &str = "/v1/core/{cluster}/runs/{run}/release";
/// `POST` [`UpdateBudget`](super::UpdateBudget) (ours) → [`Run`](super::Run): sets the budget of a run
/// and of those launched together with it, and queues what is held for lack of it.
pub const BUDGET: &str = "/v1/core/{cluster}/runs/{run}/budget";
/// `PUT ?expires=…&signature=…`: a run's source as tar.gz; the address is its
/// [`RunStatus::upload_url`](super::RunStatus::upload_url) and needs no credentials.
pub const UPLOAD: &str = "/v1/uploads/{run}";

/// `GET ?names=NAME` (repeatable) → [`ExperimentList`](super::ExperimentList).
pub const EXPERIMENTS: &str = "/v1/core/{cluster}/experiments";
/// `GET` → [`Experiment`](super::Experiment); `PUT`
/// [`UpdateExperiment`](super::UpdateExperiment) → `Experiment`; `DELETE` → `{}`.
pub const EXPERIMENT: &str = "/v1/core/{cluster}/experiments/{experiment}";
/// `GET ?offset=BYTES&limit=BYTES`, or `?tail=BYTES` (ours) → [`LogPage`](super::LogPage);
/// `?search=TEXT` → [`LogMatches`](super::LogMatches). `&attempt=N` reads an earlier attempt.
pub const LOGS: &str = "/v1/core/{cluster}/experiments/{experiment}/logs";
/// `GET ?attempt=N&expires=…&signature=…` (ours): the whole output, byte for byte; the address is a
/// [`LogPage::download_url`](super::LogPage::download_url) and needs no credentials.
pub const OUTPUT_FILE: &str = "/v1/core/{cluster}/experiments/{experiment}/output.log";
/// `GET ?name=NAME&points=1000&from=0&to=N` (`name` repeatable; ours) →
/// [`SeriesList`](super::SeriesList).
pub const METRICS: &str = "/v1/core/{cluster}/experiments/{experiment}/metrics";
/// `GET ?pageToken=&pageSize=25`, and ours `&all=true` for caches too → [`ArtifactPage`](super::ArtifactPage).
pub const ARTIFACTS: &str = "/v1/core/{cluster}/experiments/{experiment}/artifacts";
/// `GET ?path=…&expires=…&signature=…`: one artifact; the address comes from an
/// [`Artifact`](super::Artifact) and needs no credentials.
pub const ARTIFACT_FILE: &str = "/v1/core/{cluster}/experiments/{experiment}/artifacts/file";
/// `GET ?expires=…&signature=…` (ours): all artifacts as one tar; the address is an
/// [`ArtifactPage::archive_url`](super::ArtifactPage::archive_url) and needs no credentials.
pub const ARTIFACTS_TAR: &str = "/v1/core/{cluster}/experiments/{experiment}/artifacts.tar";

/// [`CLUSTER`] of a cluster.
pub fn cluster(cluster: &str) -> String {
    format!("/v1/core/clusters/{cluster}")
}

/// [`INSTANCE_TYPES`] of a cluster.
pub fn instance_types(cluster: &str) -> String {
    format!("/v1/core/clusters/{cluster}/instance-types")
}

/// [`RUNS`] of a cluster.
pub fn runs(cluster: &str) -> String {
    format!("/v1/core/{cluster}/runs")
}

/// [`RUN`] with this id.
pub fn run(cluster: &str, run: &str) -> String {
    format!("/v1/core/{cluster}/runs/{run}")
}

/// [`TRIALS`] of a run, by its id.
pub fn trials(cluster: &str, run: &str) -> String {
    format!("/v1/core/{cluster}/runs/{run}/trials")
}

/// [`STATES`] of a cluster.
pub fn states(cluster: &str) -> String {
    format!("/v1/core/{cluster}/states")
}

/// [`RETRY`] of a run, by its id.
pub fn retry(cluster: &str, run: &str) -> String {
    format!("/v1/core/{cluster}/runs/{run}/retry")
}

/// [`RELEASE`] of a run, by its id.
pub fn release(cluster: &str, run: &str) -> String {
    format!("/v1/core/{cluster}/runs/{run}/release")
}

/// [`BUDGET`] of a run, by its id.
pub fn budget(cluster: &str, run: &str) -> String {
    format!("/v1/core/{cluster}/runs/{run}/budget")
}

/// [`UPLOAD`] of a run, by its id.
pub fn upload(run: &str) -> String {
    format!("/v1/uploads/{run}")
}

/// [`EXPERIMENTS`] of a cluster.
pub fn experiments(cluster: &str) -> String {
    format!("/v1/core/{cluster}/experiments")
}

/// [`EXPERIMENT`] with this id.
pub fn experiment(cluster: &str, experiment: &str) -> String {
    format!("/v1/core/{cluster}/experiments/{experiment}")
}

/// [`LOGS`] of an experiment, by its id.
pub fn logs(cluster: &str, experiment: &str) -> String {
    format!("/v1/core/{cluster}/experiments/{experiment}/logs")
}

/// [`OUTPUT_FILE`] of an experiment, by its id.
pub fn output_file(cluster: &str, experiment: &str) -> String {
    format!("/v1/core/{cluster}/experiments/{experiment}/output.log")
}

/// [`METRICS`] of an experiment, by its id.
pub fn metrics(cluster: &str, experiment: &str) -> String {
    format!("/v1/core/{cluster}/experiments/{experiment}/metrics")
}

/// [`ARTIFACTS`] of an experiment, by its id.
pub fn artifacts(cluster: &str, experiment: &str) -> String {
    format!("/v1/core/{cluster}/experiments/{experiment}/artifacts")
}

/// [`ARTIFACTS_TAR`] of an experiment, by its id.
pub fn artifacts_tar(cluster: &str, experiment: &str) -> String {
    format!("/v1/core/{cluster}/experiments/{experiment}/artifacts.tar")
}
