//! Sources from git repositories: fetched after their run is committed, once, however often the
//! server is restarted meanwhile; no trial starts before.

mod address;
mod command;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::{Id, JoinError, JoinSet};

pub use address::{AddressError, RepositoryAddress, is_allowable_prefix};
pub use command::is_git_installed;

use super::{SourceLimits, digest_script, ensure_script, remove_tree, replace_source};
use crate::app::App;
use crate::config::Config;
use crate::store::{PendingFetch, StoreError};
use crate::system::{clock, random};
use command::{FetchError, FetchJob};

/// How many are fetched at the same time, and how many of one account: a repository that hangs keeps the
/// others of its account waiting, not everybody's.
const PARALLEL_MAX: usize = 4;
const PARALLEL_OF_ACCOUNT_MAX: usize = 2;
/// After a failure on our side a fetch waits this long, and twice as long after each further one.
const RETRY_FIRST: Duration = Duration::from_secs(5);
const RETRY_MAX: Duration = Duration::from_secs(300);
/// How often disk space is checked while a source waits for it.
const SPACE_CHECK_INTERVAL: Duration = Duration::from_secs(1);
/// How often the database is queried for pending fetches without a notification.
const CHECK_INTERVAL: Duration = Duration::from_secs(10);

/// Fetches until the server stops.
pub async fn run(app: Arc<App>) {
    let mut stopping = app.stopping.clone();
    let mut fetches = FetchQueue::default();
    while !*stopping.borrow() {
        let pause = match app.store.pending_fetches().await {
            Ok(waiting) => fetches.start_fetches(&app, waiting),
            Err(StoreError::Closed) => break,
            Err(error) => {
                tracing::error!(%error, "runs whose source is to be fetched cannot be read");
                tokio::time::sleep(RETRY_FIRST).await;
                continue;
            }
        };
        tokio::select! {
            () = app.fetch_wake.notified() => {}
            () = tokio::time::sleep(pause) => {}
            Some(done) = fetches.tasks.join_next_with_id() => fetches.finish_task(done),
            _ = stopping.wait_for(|stop| *stop) => {}
        }
    }
    // They stop by themselves when the server does; the next start begins them again.
    while fetches.tasks.join_next().await.is_some() {}
}

/// What is fetched now, and what is to be tried again.
#[derive(Default)]
struct FetchQueue {
    tasks: JoinSet<bool>,
    /// The run and the account of each task.
    runs: HashMap<Id, (i64, String)>,
    backoffs: Backoffs,
}

impl FetchQueue {
    /// Starts as many pending fetches as may run; returns how long to wait before the next check.
    fn start_fetches(&mut self, app: &Arc<App>, waiting: Vec<PendingFetch>) -> Duration {
        let now = Instant::now();
        let mut pause = self
            .backoffs
            .next_retry(now)
            .unwrap_or(CHECK_INTERVAL)
            .min(CHECK_INTERVAL);
        let busy: HashSet<i64> = self.runs.values().map(|(run, _)| *run).collect();
        for one in waiting {
            let of_account = self.runs.values().filter(|(_, of)| *of == one.account);
            if self.runs.len() >= PARALLEL_MAX {
                break;
            }
            if of_account.count() >= PARALLEL_OF_ACCOUNT_MAX
                || busy.contains(&one.run)
                || self.backoffs.is_waiting(one.run, now)
            {
                continue;
            }
            if app.disk.check_space().is_some() {
                pause = pause.min(SPACE_CHECK_INTERVAL);
                break;
            }
            let run = (one.run, one.account.clone());
            let task = self.tasks.spawn(fetch_source(Arc::clone(app), one));
            self.runs.insert(task.id(), run);
        }
        pause
    }

    /// Removes a task that has ended; one that panicked is tried again.
    fn finish_task(&mut self, done: Result<(Id, bool), JoinError>) {
        let (id, over) = done.unwrap_or_else(|error| (error.id(), false));
        if let Some((run, _)) = self.runs.remove(&id) {
            self.backoffs.record_result(run, over, Instant::now());
        }
    }
}

/// Runs whose fetch failed on our side: how often, and when each may be tried again.
#[derive(Default)]
struct Backoffs(HashMap<i64, (u32, Instant)>);

impl Backoffs {
    /// Records the result of a fetch: `over`, or to be tried again.
    fn record_result(&mut self, run: i64, over: bool, now: Instant) {
        if over {
            self.0.remove(&run);
            return;
        }
        let (times, until) = self.0.entry(run).or_insert((0, now));
        *until = now + RETRY_MAX.min(RETRY_FIRST * 2_u32.saturating_pow(*times));
        *times = times.saturating_add(1);
    }

    fn is_waiting(&self, run: i64, now: Instant) -> bool {
        self.0.get(&run).is_some_and(|(_, until)| now < *until)
    }

    /// How long until the next one may be tried again.
    fn next_retry(&self, now: Instant) -> Option<Duration> {
        let ends = self.0.values().map(|(_, until)| *until);
        ends.filter(|until| *until > now)
            .min()
            .map(|until| until - now)
    }
}

/// Fetches one source and records the result; false if it is to be tried again.
async fn fetch_source(app: Arc<App>, one: PendingFetch) -> bool {
    let (at, run) = (Arc::clone(&app), one.clone());
    let fetched = tokio::task::spawn_blocking(move || fetch_and_install(&at, &run)).await;
    let noted = match fetched {
        Ok(Ok(Fetched { commit, script })) => {
            tracing::info!(run = %one.name, %commit, "source fetched");
            app.store
                .record_fetch(one.run, commit, script)
                .await
                .map(|()| Vec::new())
        }
        Ok(Err(FetchError::Stopped)) => return false,
        Ok(Err(FetchError::Source(reason))) => {
            tracing::warn!(run = %one.name, %reason, "the source cannot be fetched");
            let message = format!("its source could not be fetched: {reason}");
            let failed = app
                .store
                .record_source_failure(one.run, message, app.clock.now());
            failed.await
        }
        Ok(Err(FetchError::Script(missing))) => {
            let message = missing.to_string();
            tracing::warn!(run = %one.name, %message, "the source does not contain the script");
            let failed = app
                .store
                .record_source_failure(one.run, message, app.clock.now());
            failed.await
        }
        Ok(Err(FetchError::Internal(reason))) => {
            tracing::error!(run = %one.name, %reason, "the source cannot be stored; trying again");
            return false;
        }
        Err(error) => {
            tracing::error!(run = %one.name, %error, "a fetch panicked; trying again");
            return false;
        }
    };
    match noted {
        Ok(numbers) => {
            app.wake_dispatcher(&one.cluster);
            if let Err(error) = app.announce(one.run, numbers).await {
                tracing::warn!(%error, "a change cannot be published");
            }
            true
        }
        Err(error) => {
            tracing::error!(run = %one.name, %error, "the result of a fetch cannot be recorded; trying again");
            false
        }
    }
}

/// A source that has been fetched.
struct Fetched {
    commit: String,
    /// The digest of the run's script.
    script: Option<String>,
}

/// Fetches to where the trials copy their source from. Blocks.
fn fetch_and_install(app: &App, one: &PendingFetch) -> Result<Fetched, FetchError> {
    let config = &app.config;
    // Checked at the launch already; the settings may have changed since.
    let address = RepositoryAddress::parse(&one.source, &config.repositories)
        .map_err(|refused| FetchError::Source(refused.to_string()))?;
    let name =
        random::ulid(clock::now()).map_err(|error| FetchError::Internal(error.to_string()))?;
    let folder = config.data.fetch(&name);
    let stopping = app.stopping.clone();
    let job = FetchJob {
        address: &address,
        folder: &folder,
        limits: SourceLimits {
            bytes: config.limits.source_bytes,
            files: config.limits.source_files,
        },
        deadline: Instant::now() + Duration::from_secs(config.limits.fetch_seconds),
        is_stopping: &|| *stopping.borrow(),
        disk: &app.disk,
        isolation: isolation_of(config, &one.cluster)?,
    };
    let fetched = job.fetch().and_then(|(commit, tree)| {
        ensure_script(&tree, &one.script.folder, &one.script.path).map_err(FetchError::Script)?;
        let script = digest_script(&tree, &one.script.folder, &one.script.path);
        let to = config.data.source(&one.id);
        replace_source(&tree, &to)?;
        Ok(Fetched { commit, script })
    });
    // What is left is removed at the next start too.
    let _ = remove_tree(&folder);
    fetched.map_err(|failure| match failure {
        // With a full disk, git's message may be misleading.
        FetchError::Source(reason) if app.disk.check_space().is_some() => {
            FetchError::Internal(reason)
        }
        other => other,
    })
}

/// What git is not to see: what trials are not. It runs as the account does, by settings that a trial may have
/// written (`~/.gitconfig`), and reads what a repository holds.
fn isolation_of(config: &Config, cluster: &str) -> Result<Option<String>, FetchError> {
    let cluster = config.clusters.get(cluster);
    let Some(mut spec) = cluster.and_then(|cluster| config.isolation_spec(cluster)) else {
        return Ok(None);
    };
    spec.visible.clear();
    let json = serde_json::to_string(&spec);
    json.map(Some)
        .map_err(|error| FetchError::Internal(error.to_string()))
}

#[cfg(test)]
mod tests {
    use tokio::sync::watch;

    use super::*;
    use crate::config::Overrides;
    use crate::serve::make_app;
    use crate::store::{Script, Store};

    #[tokio::test]
    async fn sources_wait_for_room() {
        for (bound, begun) in [(u64::MAX, 0), (0, 1)] {
            let home = tempfile::tempdir().unwrap();
            let overrides = Overrides {
                data: Some(home.path().to_owned()),
                ..Overrides::default()
            };
            let mut config = Config::load(None, overrides).unwrap();
            config.limits.free_bytes = Some(bound);
            let store = Store::open(&home.path().join("sweep.db")).unwrap();
            let (_stop, stopping) = watch::channel(false);
            let address = ([127, 0, 0, 1], 1).into();
            let app = make_app(config, store, address, stopping).await.unwrap();
            let waiting = PendingFetch {
                run: 1,
                id: "r".into(),
                name: "hp".into(),
                cluster: "local".into(),
                account: "someone".into(),
                source: "https://example.org/x".into(),
                script: Script {
                    folder: String::new(),
                    path: "train.py".into(),
                },
            };
            let mut fetches = FetchQueue::default();
            // The runtime has one thread, so no task works before this one awaits.
            let pause = fetches.start_fetches(&Arc::new(app), vec![waiting]);
            fetches.tasks.abort_all();
            assert_eq!(fetches.runs.len(), begun, "{bound} bytes are to be free");
            assert_eq!(
                pause,
                if begun == 0 {
                    SPACE_CHECK_INTERVAL
                } else {
                    CHECK_INTERVAL
                }
            );
        }
    }

    #[test]
    fn what_fails_again_and_again_is_tried_less_often() {
        let (mut resting, now) = (Backoffs::default(), Instant::now());
        for seconds in [5, 10, 20, 40, 80, 160, 300, 300] {
            resting.record_result(1, false, now);
            let rest = Duration::from_secs(seconds);
            assert_eq!(resting.next_retry(now), Some(rest));
            assert!(resting.is_waiting(1, now) && !resting.is_waiting(1, now + rest));
            assert!(!resting.is_waiting(2, now));
        }
        resting.record_result(1, true, now);
        assert!(!resting.is_waiting(1, now) && resting.next_retry(now).is_none());
    }
}
