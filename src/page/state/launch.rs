//! Launches the plan: one request per command, each with an idempotency key, so that a repeated
//! request launches nothing twice.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::event_clock::Tick;
use super::launch_bounds::LaunchBounds;
use super::{State, Tab};
use crate::api::{CreateRun, Run, Scalar};
use crate::estimate::{self, Money};
use crate::launch::{self, KeptEstimate, Refusal};
use crate::page::browser::{self, BrowserStorage};
use crate::page::client::Failure;
use crate::page::messages;
use crate::sweep::Ranges;

/// How far a launch is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Phase {
    /// Nothing under way.
    #[default]
    Idle,
    /// Requests are on their way.
    Sending,
    /// Some or all of it failed; the message for the user.
    Failed(String),
}

#[derive(Clone, Copy)]
pub(crate) struct Launch {
    pub(crate) phase: RwSignal<Phase>,
    /// Whether the dialog is open that asks before a large launch.
    pub(crate) asking: RwSignal<bool>,
    /// Above which size it is asked.
    pub(crate) bounds: LaunchBounds,
    /// Whether the server is to keep to the budget that is typed in the Plan.
    pub(crate) enforces_budget: RwSignal<bool>,
}

/// The name under which the keys of unanswered launches are stored, so that they survive a reload of
/// the page.
const KEYS: &str = "sweep.launching";

impl Launch {
    pub(super) fn new() -> Launch {
        Launch {
            phase: RwSignal::new(Phase::Idle),
            asking: RwSignal::new(false),
            bounds: LaunchBounds::load(),
            enforces_budget: RwSignal::new(false),
        }
    }

    /// Launches the chosen trials; where they are many or dear, asks first.
    pub(crate) fn start(self, state: State) {
        let is_large = state
            .draft
            .estimate
            .with_untracked(|estimate| self.bounds.are_exceeded_by(estimate));
        if is_large && state.server.is_connected() {
            self.asking.set(true);
        } else {
            self.send(state, None);
        }
    }

    /// Launches what was asked about, once.
    pub(crate) fn confirm(self, state: State) {
        if self.asking.get_untracked() {
            self.asking.set(false);
            self.send(state, None);
        }
    }

    /// The budget to be enforced; `None` where none is, or its text is wrong.
    pub(crate) fn budget(self, state: State) -> Option<Money> {
        let bounds = state.fit.bounds.get();
        bounds
            .and_then(|bounds| bounds.budget)
            .filter(|_| self.enforces_budget.get())
    }

    /// Launches the chosen trials so that the pilot's start, and the others wait to be released. The Plan stays
    /// in view, whose estimate says how the pilot does.
    pub(crate) fn start_pilot(self, state: State) {
        let plan = state.draft.displayed.plan.get_untracked();
        let catalogue = state.draft.catalogue.get_untracked();
        let pilot = state.draft.chosen.with_untracked(|chosen| {
            state.draft.pricing.with_untracked(|pricing| {
                estimate::choose_pilot(&plan, chosen, pricing, &catalogue)
            })
        });
        match pilot {
            Some(choice) => self.send(state, Some(choice.trials)),
            None => self.phase.set(Phase::Failed(Refusal::NoTrials.to_string())),
        }
    }

    /// Launches the chosen trials, then shows the new runs.
    fn send(self, state: State, pilot: Option<Ranges>) {
        if self.phase.with_untracked(|phase| *phase == Phase::Sending) {
            return;
        }
        if !state.server.is_connected() {
            self.phase
                .set(Phase::Failed(messages::NO_SERVER_TO_LAUNCH.to_owned()));
            state.server.dialog_open.set(true);
            return;
        }
        if state.draft.displayed.is_stale.get_untracked() {
            self.phase
                .set(Phase::Failed(messages::STALE_TO_LAUNCH.to_owned()));
            return;
        }
        let is_pilot = pilot.is_some();
        match untrack(|| build_requests(state, pilot.as_ref())) {
            Err(refusal) => self.phase.set(Phase::Failed(refusal.to_string())),
            Ok(requests) => {
                self.phase.set(Phase::Sending);
                let sent_at = state.runs.event_now();
                spawn_local(async move {
                    let (runs, failure) = send_requests(state, requests).await;
                    show_runs(state, runs, sent_at);
                    self.finish(state, failure, is_pilot);
                });
            }
        }
    }

    fn finish(self, state: State, failure: Option<Failure>, is_pilot: bool) {
        match failure {
            None => {
                self.phase.set(Phase::Idle);
                if !is_pilot {
                    state.tab.set(Tab::Runs);
                }
            }
            Some(failure) => {
                state.server.note_failure(&failure);
                self.phase
                    .set(Phase::Failed(messages::describe_launch_failure(&failure)));
            }
        }
    }
}

/// Opens the first of the runs that were launched together, and compares all of them in Results.
fn show_runs(state: State, runs: Vec<Run>, asked: Tick) {
    if let Some(first) = runs.first() {
        state.runs.open_run.set(Some(first.id.clone()));
        let ids = runs.iter().map(|run| run.id.clone());
        state.runs.compared.set(ids.collect());
    }
    runs.into_iter()
        .for_each(|run| state.runs.merge_run(run, asked));
}

/// Sends the requests in order until one fails. The keys are removed only after the last request has
/// succeeded: after a failure the user launches the whole plan again, and the server answers the
/// requests that had succeeded with their runs. The key of a request that the server refused is
/// removed at once, for nothing was launched under it.
async fn send_requests(state: State, requests: Vec<CreateRun>) -> (Vec<Run>, Option<Failure>) {
    let client = state.server.client.get_untracked();
    let mut keys = PendingKeys::load();
    let mut runs = Vec::with_capacity(requests.len());
    let group = name_group(&requests);
    let has_budget = |request: &CreateRun| request.spec.sweep_options.budget.is_some();
    let is_group = requests.len() > 1 || requests.iter().any(has_budget);
    let group_key = is_group.then(|| Scalar(keys.key_for(&group)));
    let in_group = |mut request: CreateRun| {
        request.spec.sweep_options.group.clone_from(&group_key);
        request
    };
    let requests: Vec<_> = requests
        .into_iter()
        .map(in_group)
        .zip(0..)
        .map(IdentifiedRequest::new)
        .collect();
    for IdentifiedRequest {
        request,
        identity: name,
    } in &requests
    {
        match client.launch(request, &keys.key_for(name)).await {
            Ok(run) => runs.push(run),
            Err(failure) => {
                if matches!(
                    failure,
                    Failure::Refused {
                        status: 400..=499,
                        ..
                    }
                ) {
                    keys.forget(name);
                }
                return (runs, Some(failure));
            }
        }
    }
    requests
        .iter()
        .for_each(|request| keys.forget(&request.identity));
    keys.forget(&group);
    (runs, None)
}

/// The name under which the group's own name is kept until all of its requests are answered, so that a
/// repeated launch is the same one: it follows from all that is launched.
fn name_group(requests: &[CreateRun]) -> String {
    let digests = requests.iter().map(|request| {
        let options = &request.spec.sweep_options;
        let texts = [&options.digest, &options.budget];
        let texts = texts.map(|text| text.as_ref().map_or("", Scalar::as_str));
        [&request.name, texts[0], texts[1]].join(" ")
    });
    ["group ", &digests.collect::<Vec<_>>().join(" ")].concat()
}

/// The requests of the chosen trials, one per command that has any.
fn build_requests(state: State, pilot: Option<&Ranges>) -> Result<Vec<CreateRun>, Refusal> {
    let (plan, chosen) = (state.draft.plan(), state.draft.chosen.get());
    let default_cluster = state.server.default_cluster();
    let parallel = state.draft.parallel.get();
    let python = state.draft.python.get().trim().to_owned();
    let python = (!python.is_empty()).then_some(Scalar(python));
    let budget = state.launch.budget(state);
    let budget = budget.and_then(|amount| amount.to_exact_decimal().map(Scalar));
    let pricing = state.draft.pricing.get();
    let typed = state.draft.run_time.get();
    let run_time = pricing.run_time.as_ref();
    let kept = run_time.and_then(|run_time| KeptEstimate::of(run_time, &typed));
    let mut requests = Vec::new();
    for (number, part) in (0..).zip(plan.parts()) {
        let cluster = part.options().cluster.as_ref().unwrap_or(&default_cluster);
        match launch::create_request(&plan, number, &chosen, cluster, parallel) {
            Ok(mut request) => {
                let options = &mut request.spec.sweep_options;
                options.python.clone_from(&python);
                options.budget.clone_from(&budget);
                if let Some(kept) = &kept {
                    kept.write(options, &pricing);
                }
                let pilot = pilot.map(|pilot| plan.chosen_indices(number, pilot));
                options.pilot = pilot.map(|pilot| Scalar(pilot.to_string()));
                requests.push(request);
            }
            Err(Refusal::NoTrials) => {}
            Err(refusal) => return Err(refusal),
        }
    }
    Ok(requests)
}

/// Idempotency keys by what they launch ([`IdentifiedRequest::identity`]), as stored in this tab.
struct PendingKeys(Vec<(String, String)>);

impl PendingKeys {
    fn load() -> PendingKeys {
        let kept = BrowserStorage::Tab
            .get(KEYS)
            .and_then(|kept| serde_json::from_str(&kept).ok());
        PendingKeys(kept.unwrap_or_default())
    }

    /// The key of a request: a new one, or the one of an earlier attempt that is still unanswered.
    fn key_for(&mut self, name: &str) -> String {
        if let Some((_, key)) = self.0.iter().find(|(known, _)| known == name) {
            return key.clone();
        }
        let key = browser::random_key();
        self.0.push((name.to_owned(), key.clone()));
        self.store();
        key
    }

    fn forget(&mut self, name: &str) {
        self.0.retain(|(known, _)| known != name);
        self.store();
    }

    fn store(&self) {
        let kept = serde_json::to_string(&self.0).ok();
        BrowserStorage::Tab.set(KEYS, kept.as_deref().filter(|_| !self.0.is_empty()));
    }
}

/// A request and its identity: two requests with the same one are attempts at the same launch. It
/// consists of its place among the commands (a command pasted twice is two runs), cluster, name,
/// digest, and where they are given the Python, the run time, the budget, the group and the pilot.
struct IdentifiedRequest {
    request: CreateRun,
    identity: String,
}

impl IdentifiedRequest {
    fn new((request, place): (CreateRun, u32)) -> IdentifiedRequest {
        let spec = &request.spec;
        let digest = spec
            .sweep_options
            .digest
            .as_ref()
            .map_or("", |digest| digest.as_str());
        let place = place.to_string();
        let mut parts = vec![&place, &spec.cluster_id, &request.name, digest];
        let options = &spec.sweep_options;
        let others = [
            &options.python,
            &options.run_time,
            &options.budget,
            &options.group,
        ];
        let pilot = options.pilot.as_ref();
        let pilot = pilot.map(|pilot| ["pilot:", pilot.as_str()].concat());
        parts.extend(pilot.as_deref());
        parts.extend(others.into_iter().flatten().map(Scalar::as_str));
        let identity = parts.join(" ");
        IdentifiedRequest { request, identity }
    }
}
