//! From the plan to runs: one request per command, each with a key under which it happens once.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{State, Tab};
use crate::api::{self, CreateRun, Run, RunSpec, Scratch, SweepOptions};
use crate::page::browser::{self, Keep};
use crate::page::client::Failure;
use crate::page::text;
use crate::sweep::{self, Part, Ranges};

/// How far a launch is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Phase {
    /// Nothing under way.
    #[default]
    Idle,
    /// Requests are on their way.
    Sending,
    /// It did not go through, or not whole: what to tell the person.
    Failed(String),
}

/// The launch under way.
#[derive(Clone, Copy)]
pub(crate) struct Launch {
    /// How far it is.
    pub(crate) phase: RwSignal<Phase>,
}

/// Where the keys of unanswered launches are kept: a reload of the page must not forget them.
const KEYS: &str = "sweep.launching";

impl Launch {
    pub(super) fn new() -> Launch {
        Launch { phase: RwSignal::new(Phase::Idle) }
    }

    /// Launches the chosen trials, then shows the new runs.
    pub(crate) fn start(self, state: State) {
        if !state.server.is_connected() {
            self.phase.set(Phase::Failed(text::NO_SERVER_TO_LAUNCH.to_owned()));
            state.server.dialog.set(true);
            return;
        }
        let requests = untrack(|| requests(state));
        self.phase.set(Phase::Sending);
        spawn_local(async move { self.finish(state, send(state, requests).await) });
    }

    fn finish(self, state: State, (runs, failure): (Vec<Run>, Option<Failure>)) {
        if let Some(first) = runs.first() {
            state.runs.open.set(Some(first.id.clone()));
            runs.into_iter().for_each(|run| state.runs.upsert(run));
        }
        match failure {
            None => {
                self.phase.set(Phase::Idle);
                state.tab.set(Tab::Runs);
            }
            Some(failure) => {
                state.server.note(&failure);
                self.phase.set(Phase::Failed(text::launch_failure(&failure)));
            }
        }
    }
}

/// Sends the requests in order until one fails. Keys are forgotten when their answer has come and,
/// for a plan of several commands, all have: a retry then repeats the whole, and what was already
/// launched answers with its run.
async fn send(state: State, requests: Vec<CreateRun>) -> (Vec<Run>, Option<Failure>) {
    let client = state.server.client.get_untracked();
    let mut keys = Keys::kept();
    let mut runs = Vec::with_capacity(requests.len());
    let requests: Vec<_> = requests.into_iter().zip(0..).map(Named::new).collect();
    for Named { request, name } in &requests {
        match client.launch(request, &keys.of(name)).await {
            Ok(run) => runs.push(run),
            Err(failure) => {
                if matches!(failure, Failure::Refused { status: 400..=499, .. }) {
                    keys.forget(name);
                }
                return (runs, Some(failure));
            }
        }
    }
    requests.iter().for_each(|request| keys.forget(&request.name));
    (runs, None)
}

/// The requests of the chosen trials, one per command that has any.
fn requests(state: State) -> Vec<CreateRun> {
    let (plan, chosen) = (state.draft.plan(), state.draft.chosen.get());
    let default_cluster = state.server.default_cluster();
    let parallel = state.draft.parallel.get();
    let mut requests = Vec::new();
    for (number, part) in (0..).zip(plan.parts()) {
        let indices = plan.chosen_indices(number, &chosen);
        if !indices.is_empty() {
            requests.push(request(part, &indices, &default_cluster, parallel));
        }
    }
    requests
}

fn request(part: &Part, indices: &Ranges, default_cluster: &str, parallel: Option<u32>) -> CreateRun {
    let options = part.options();
    let cluster = options.cluster.as_deref().unwrap_or(default_cluster);
    let spec = RunSpec {
        auto_resume: options.auto_resume,
        cluster_id: cluster.to_owned(),
        desired_state: api::RunState::Succeeded,
        image: image(options),
        instance_type: options.instance_type.clone(),
        resources: api::Resources {
            cpu: api::Int64(options.cpus.into()),
            gpu: api::Int64(options.gpus.into()),
            storage_gb: api::Int64(options.disk_gb.into()),
            ..api::Resources::default()
        },
        run_controller_command: part.run_controller_command(),
        scratch: vec![Scratch {
            mount_path: options.scratch_mount_path.clone(),
            size_gb: i32::try_from(options.scratch_gb).unwrap_or(i32::MAX),
        }],
        sweep_options: SweepOptions {
            num_trials: options.num_trials.map(Into::into),
            seed: Some(part.seed().value.into()),
            trials: Some(indices.to_string().into()),
            digest: Some(sweep::digest(part, indices).into()),
            parallel: parallel.map(Into::into),
        },
        sweep_type: part.strategy().name().to_owned(),
        use_spot: options.use_spot,
        datastores: datastores(options),
        ..RunSpec::default()
    };
    let name = options.name.clone().unwrap_or_default();
    CreateRun { name, spec, ..CreateRun::default() }
}

fn image(options: &sweep::Options) -> api::Image {
    api::Image {
        framework: options.framework.clone(),
        dockerfile: options.dockerfile.clone().unwrap_or_default(),
        dependency_file_info: options.dependency_file.as_ref().map(|path| api::DependencyFile {
            path: path.clone(),
            package_manager: package_manager(path).to_owned(),
        }),
    }
}

/// By the file's ending, as Grid's client tells it.
fn package_manager(path: &str) -> &'static str {
    if path.ends_with(".yml") || path.ends_with(".yaml") {
        "PACKAGE_MANAGER_CONDA"
    } else {
        "PACKAGE_MANAGER_PIP"
    }
}

fn datastores(options: &sweep::Options) -> Vec<api::DatastoreMount> {
    let mount = |name: &String| api::DatastoreMount {
        mount_path: options
            .datastore_mount_dir
            .clone()
            .unwrap_or_else(|| ["/datastores/", name].concat()),
        name: name.clone(),
        version: options.datastore_version.map(Into::into),
        ..api::DatastoreMount::default()
    };
    options.datastore_name.iter().map(mount).collect()
}

/// Idempotency keys by what they launch.
struct Keys(Vec<(String, String)>);

impl Keys {
    fn kept() -> Keys {
        let kept = Keep::Tab.get(KEYS).and_then(|kept| serde_json::from_str(&kept).ok());
        Keys(kept.unwrap_or_default())
    }

    /// The key of a request: the same as long as its launch has not been answered.
    fn of(&mut self, name: &str) -> String {
        if let Some((_, key)) = self.0.iter().find(|(known, _)| known == name) {
            return key.clone();
        }
        let key = browser::random_key();
        self.0.push((name.to_owned(), key.clone()));
        self.keep();
        key
    }

    fn forget(&mut self, name: &str) {
        self.0.retain(|(known, _)| known != name);
        self.keep();
    }

    fn keep(&self) {
        let kept = serde_json::to_string(&self.0).ok();
        Keep::Tab.set(KEYS, kept.as_deref().filter(|_| !self.0.is_empty()));
    }
}

/// A request and what makes two launches of it the same: its place among the commands (a command
/// pasted twice is two runs), cluster, name and digest.
struct Named {
    request: CreateRun,
    name: String,
}

impl Named {
    fn new((request, place): (CreateRun, u32)) -> Named {
        let spec = &request.spec;
        let digest = spec.sweep_options.digest.as_ref().map_or("", |digest| digest.as_str());
        let place = place.to_string();
        let name = [&place, &spec.cluster_id, &request.name, digest].map(AsRef::as_ref).join(" ");
        Named { request, name }
    }
}
