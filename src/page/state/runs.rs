//! The runs and their trials, kept up to date by the server's events.

use std::collections::{BTreeSet, HashMap};

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::Server;
use super::event_clock::{EventClock, Tick};
use super::live_events;
use super::run_changes::{UnreadRuns, join};
use super::run_trials::RunTrials;
use crate::api::{Event, Run, TRIAL_PAGE_MAX, TrialChanges};
use crate::page::client::{Client, Failure};

/// All runs, and the trials of those runs that have been displayed.
#[derive(Clone, Copy)]
pub(crate) struct Runs {
    server: Server,
    /// Newest first; `None` until they have been read.
    pub(crate) list: RwSignal<Option<Vec<Run>>>,
    /// The id of the run whose trials are shown; `None`: the newest one's.
    pub(crate) open_run: RwSignal<Option<String>>,
    /// The ids of the runs whose results are compared; empty: the open one's.
    pub(crate) compared: RwSignal<BTreeSet<String>>,
    /// Why the last request failed.
    pub(crate) failure: RwSignal<Option<Failure>>,
    /// Whether the stream of events is connected.
    pub(crate) live: RwSignal<bool>,
    trials: RwSignal<HashMap<String, ArcRwSignal<RunTrials>>>,
    clock: StoredValue<EventClock<String>>,
    unread: StoredValue<UnreadRuns>,
    /// Whether a run that an event is about could not be read, so that all are to be read again.
    incomplete: StoredValue<bool>,
    /// Whether a retry or a release has been sent and not answered yet.
    change_pending: StoredValue<bool>,
}

impl Runs {
    pub(super) fn new(server: Server) -> Runs {
        let runs = Runs {
            server,
            list: RwSignal::new(None),
            open_run: RwSignal::new(None),
            compared: RwSignal::new(BTreeSet::new()),
            failure: RwSignal::new(None),
            live: RwSignal::new(false),
            trials: RwSignal::new(HashMap::new()),
            clock: StoredValue::new(EventClock::default()),
            unread: StoredValue::new(UnreadRuns::default()),
            incomplete: StoredValue::new(false),
            change_pending: StoredValue::new(false),
        };
        live_events::follow_connection(server, runs);
        runs
    }

    /// The run with this id in its last known state.
    pub(crate) fn get(self, id: &str) -> Option<Run> {
        self.list
            .with(|list| list.as_ref()?.iter().find(|run| run.id == id).cloned())
    }

    /// The run whose trials are shown: the one opened, else the newest.
    pub(crate) fn open_or_newest(self) -> Option<Run> {
        let open = self.open_run.get();
        open.and_then(|id| self.get(&id))
            .or_else(|| self.list.with(|list| list.as_ref()?.first().cloned()))
    }

    /// Shows the trials of a run, and compares it alone unless it is being compared with others.
    pub(crate) fn show_trials_of(self, id: String) {
        if self
            .compared
            .with_untracked(|compared| !compared.contains(&id))
        {
            self.compared.set(BTreeSet::new());
        }
        self.open_run.set(Some(id));
    }

    /// The present tick of the clock for runs, to be taken before a request whose answer is a run.
    pub(super) fn event_now(self) -> Tick {
        self.clock.with_value(EventClock::now)
    }

    /// Takes over a run from an answer to a request that was sent at tick `sent_at`, unless an event has
    /// changed it since.
    pub(super) fn merge_run(self, run: Run, asked: Tick) {
        let newer = self.take_unread(&run.id);
        if !self
            .clock
            .with_value(|ledger| ledger.changed_since(&run.id, asked))
        {
            self.upsert(run);
        } else if let Some(newer) = newer {
            self.upsert(join(newer, run));
        }
    }

    fn take_unread(self, id: &str) -> Option<Run> {
        let taken = self.unread.try_update_value(|unread| unread.take(id));
        taken.flatten()
    }

    /// Takes over what an event says of a run. One that is new is read first.
    fn merge_change(self, run: Run, client: &Client) {
        self.clock
            .update_value(|ledger| ledger.record(run.id.clone()));
        let known = self.list.with_untracked(|list| {
            let mut known = list.iter().flatten();
            known.find(|known| known.id == run.id).cloned()
        });
        if let Some(known) = known {
            self.take_unread(&run.id);
            return self.upsert(join(run, known));
        }
        let (cluster, id) = (run.spec.cluster_id.clone(), run.id.clone());
        if self.unread.try_update_value(|unread| unread.keep(run)) == Some(true) {
            self.read_run(cluster, id, client.clone());
        }
    }

    fn read_run(self, cluster: String, id: String, client: Client) {
        let asked = self.event_now();
        spawn_local(async move {
            match client.fetch_run(&cluster, &id).await {
                Ok(run) => self.merge_run(run, asked),
                Err(failure) => {
                    self.take_unread(&id);
                    // It may have been deleted meanwhile.
                    if !matches!(failure, Failure::Refused { status: 404, .. }) {
                        self.incomplete.set_value(true);
                        self.report_failure(failure);
                    }
                }
            }
        });
    }

    /// Whether what events were about could not be read: to be asked once the stream is open again.
    pub(super) fn is_incomplete(self) -> bool {
        self.incomplete.get_value()
    }

    /// Adds a run, or replaces the one with the same id.
    fn upsert(self, run: Run) {
        self.list.update(|list| {
            let list = list.get_or_insert_default();
            match list.iter_mut().find(|known| known.id == run.id) {
                Some(known) => *known = run,
                None => {
                    let place = list.partition_point(|known| known.created_at > run.created_at);
                    list.insert(place, run);
                }
            }
        });
    }

    /// The trials of a run. Requests the `page`-th [`TRIAL_PAGE_MAX`] of them unless that was done before.
    pub(crate) fn load_trials(self, run: &Run, page: u32) -> ArcRwSignal<RunTrials> {
        let known = self.trials.try_update_untracked(|all| {
            all.entry(run.id.clone())
                .or_insert_with(|| ArcRwSignal::new(RunTrials::default()))
                .clone()
        });
        let trials = known.unwrap_or_else(|| ArcRwSignal::new(RunTrials::default()));
        let new = trials.try_update_untracked(|trials| trials.requested_pages.insert(page));
        if new == Some(true) {
            self.fetch_trial_page(
                run.spec.cluster_id.clone(),
                run.id.clone(),
                page,
                trials.clone(),
            );
        }
        trials
    }

    fn fetch_trial_page(
        self,
        cluster: String,
        run: String,
        page: u32,
        trials: ArcRwSignal<RunTrials>,
    ) {
        let client = self.server.client.get_untracked();
        let asked = trials.with_untracked(RunTrials::event_now);
        spawn_local(async move {
            let offset = u64::from(page) * u64::from(TRIAL_PAGE_MAX);
            match client
                .fetch_trials(&cluster, &run, offset, TRIAL_PAGE_MAX)
                .await
            {
                Ok(page) => trials.update(|trials| trials.merge_page(page, asked)),
                Err(failure) => {
                    trials.update(|trials| {
                        trials.requested_pages.remove(&page);
                    });
                    self.report_failure(failure);
                }
            }
        });
    }

    /// Asks the server to stop a run.
    pub(crate) fn stop(self, run: Run) {
        let client = self.server.client.get_untracked();
        let asked = self.event_now();
        spawn_local(async move {
            let answer = client.stop_run(&run.spec.cluster_id, &run).await;
            self.merge_answer(answer, asked);
        });
    }

    /// Asks the server to queue failed trials again: all of them, or those numbered.
    pub(crate) fn retry(self, cluster: String, run: String, numbers: Option<Vec<u32>>) {
        let client = self.server.client.get_untracked();
        self.request_change(async move { client.retry(&cluster, &run, numbers).await });
    }

    /// Asks the server to queue the trials of a run that it holds back.
    pub(crate) fn release(self, cluster: String, run: String) {
        let client = self.server.client.get_untracked();
        self.request_change(async move { client.release(&cluster, &run).await });
    }

    /// The same, also while another request is under way: for the runs of one plan, one after the other.
    pub(super) fn release_one(self, cluster: String, run: String) {
        let client = self.server.client.get_untracked();
        let asked = self.event_now();
        spawn_local(async move {
            let answer = client.release(&cluster, &run).await;
            self.merge_answer(answer, asked);
        });
    }

    /// Asks the server to set the budget of a run and of those launched together with it, in USD.
    pub(crate) fn set_budget(self, cluster: String, run: String, amount: String) {
        let client = self.server.client.get_untracked();
        self.request_change(async move { client.set_budget(&cluster, &run, &amount).await });
    }

    /// Sends a request that changes a run, unless one is under way: a double click is one request.
    fn request_change(self, request: impl Future<Output = Result<Run, Failure>> + 'static) {
        if self.change_pending.get_value() {
            return;
        }
        self.change_pending.set_value(true);
        let asked = self.event_now();
        spawn_local(async move {
            let answer = request.await;
            self.change_pending.set_value(false);
            self.merge_answer(answer, asked);
        });
    }

    fn merge_answer(self, answer: Result<Run, Failure>, asked: Tick) {
        match answer {
            Ok(run) => self.merge_run(run, asked),
            Err(failure) => self.report_failure(failure),
        }
    }

    /// Asks the server to stop a trial. Its new state arrives as an event.
    pub(crate) fn stop_trial(self, cluster: String, id: String) {
        let client = self.server.client.get_untracked();
        spawn_local(async move {
            if let Err(failure) = client.stop_trial(&cluster, &id).await {
                self.report_failure(failure);
            }
        });
    }

    fn report_failure(self, failure: Failure) {
        self.server.note_failure(&failure);
        self.failure.set(Some(failure));
    }

    /// Forgets everything that was read from a server.
    pub(super) fn clear(self) {
        self.list.set(None);
        self.unread.update_value(UnreadRuns::clear);
        self.trials.update(HashMap::clear);
    }

    /// Takes over a change from the stream of events.
    pub(super) fn handle_event(self, event: Event, client: &Client) {
        match event {
            Event::Run(run) => self.merge_change(*run, client),
            Event::Trials(TrialChanges {
                cluster_id,
                run_id,
                trials,
            }) => {
                let known = self.trials.with_untracked(|all| all.get(&run_id).cloned());
                if let Some(known) = known
                    && known.try_update(|known| known.merge_rows(trials)) == Some(true)
                {
                    // The server knows the order in which metrics first appeared: read the first page again.
                    self.fetch_trial_page(cluster_id, run_id, 0, known);
                }
            }
            Event::Reload => {
                let client = client.clone();
                spawn_local(async move { self.reload(&client).await });
            }
        }
    }

    /// The runs that events have changed since a moment.
    fn runs_changed_since(self, mark: Tick) -> Vec<Run> {
        self.list.with_untracked(|list| {
            self.clock.with_value(|ledger| {
                let newer = |run: &&Run| ledger.changed_since(&run.id, mark);
                list.iter().flatten().filter(newer).cloned().collect()
            })
        })
    }

    /// Reads the runs of every cluster, and all pages of trials that had been requested.
    async fn reload(self, client: &Client) {
        let clusters = self.server.clusters.get_untracked();
        let asked = self.event_now();
        self.incomplete.set_value(false);
        let mut all = Vec::new();
        for cluster in clusters {
            match client.fetch_runs(&cluster.id).await {
                Ok(list) => all.extend(list.runs),
                Err(failure) => {
                    self.incomplete.set_value(true);
                    return self.report_failure(failure);
                }
            }
        }
        all.sort_by_key(|run| std::cmp::Reverse(run.created_at));
        self.failure.set(None);
        // Runs that events have changed during the requests are newer than the answers.
        let newer = self.runs_changed_since(asked);
        self.list.set(Some(all));
        newer.into_iter().for_each(|run| self.upsert(run));
        let known = self.trials.with_untracked(HashMap::clone);
        for (id, trials) in known {
            let pages = trials.try_update_untracked(|trials| trials.requested_pages.clone());
            let cluster = self.list.with_untracked(|list| {
                Some(
                    list.as_ref()?
                        .iter()
                        .find(|run| run.id == id)?
                        .spec
                        .cluster_id
                        .clone(),
                )
            });
            for (page, cluster) in pages.into_iter().flatten().zip(cluster.into_iter().cycle()) {
                self.fetch_trial_page(cluster, id.clone(), page, trials.clone());
            }
        }
    }
}
