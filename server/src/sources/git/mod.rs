//! Sources from git repositories: fetched after their run is committed, once, however often the
//! server is restarted meanwhile; no trial starts before.

mod address;
mod command;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::{Id, JoinError, JoinSet};

pub use address::{Address, Refused, is_prefix};
pub use command::installed;

use super::{SourceLimits, ensure_script, put_source, remove_tree};
use crate::app::App;
use crate::store::{StoreError, ToFetch};
use crate::system::{clock, random};
use crate::upkeep::disk::Short;
use command::{Failure, Job};

/// How many are fetched at the same time.
const AT_ONCE: usize = 2;
/// After a failure on our side a fetch waits this long, and twice as long after each further one.
const RETRY: Duration = Duration::from_secs(5);
const RETRY_MAX: Duration = Duration::from_secs(300);
/// How often disk space is checked while a source waits for it.
const ROOM: Duration = Duration::from_secs(1);
/// How often the database is queried for pending fetches without a notification.
const LOOK: Duration = Duration::from_secs(10);

/// Fetches until the server stops.
pub async fn run(app: Arc<App>) {
    let mut stopping = app.stopping.clone();
    let mut fetches = Fetches::default();
    while !*stopping.borrow() {
        let pause = match app.store.to_fetch().await {
            Ok(waiting) => fetches.begin(&app, waiting),
            Err(StoreError::Closed) => break,
            Err(error) => {
                tracing::error!(%error, "runs whose source is to be fetched cannot be read");
                tokio::time::sleep(RETRY).await;
                continue;
            }
        };
        tokio::select! {
            () = app.fetch.notified() => {}
            () = tokio::time::sleep(pause) => {}
            Some(done) = fetches.under_way.join_next_with_id() => fetches.note(done),
            _ = stopping.wait_for(|stop| *stop) => {}
        }
    }
    // They stop by themselves when the server does; the next start begins them again.
    while fetches.under_way.join_next().await.is_some() {}
}

/// What is fetched now, and what is to be tried again.
#[derive(Default)]
struct Fetches {
    under_way: JoinSet<bool>,
    runs: HashMap<Id, i64>,
    resting: Resting,
}

impl Fetches {
    /// Starts as many pending fetches as may run; returns how long to wait before the next check.
    fn begin(&mut self, app: &Arc<App>, waiting: Vec<ToFetch>) -> Duration {
        let now = Instant::now();
        let mut pause = self.resting.soonest(now).unwrap_or(LOOK).min(LOOK);
        let busy: HashSet<i64> = self.runs.values().copied().collect();
        let next = waiting
            .into_iter()
            .filter(|one| !busy.contains(&one.run) && !self.resting.rests(one.run, now));
        for one in next.take(AT_ONCE.saturating_sub(busy.len())) {
            if app.disk.look().is_some() {
                pause = pause.min(ROOM);
                break;
            }
            let run = one.run;
            let task = self.under_way.spawn(fetch(Arc::clone(app), one));
            self.runs.insert(task.id(), run);
        }
        pause
    }

    /// Removes a task that has ended; one that panicked is tried again.
    fn note(&mut self, done: Result<(Id, bool), JoinError>) {
        let (id, over) = done.unwrap_or_else(|error| (error.id(), false));
        if let Some(run) = self.runs.remove(&id) {
            self.resting.note(run, over, Instant::now());
        }
    }
}

/// Runs whose fetch failed on our side: how often, and when each may be tried again.
#[derive(Default)]
struct Resting(HashMap<i64, (u32, Instant)>);

impl Resting {
    /// Records the result of a fetch: `over`, or to be tried again.
    fn note(&mut self, run: i64, over: bool, now: Instant) {
        if over {
            self.0.remove(&run);
            return;
        }
        let (times, until) = self.0.entry(run).or_insert((0, now));
        *until = now + RETRY_MAX.min(RETRY * 2_u32.saturating_pow(*times));
        *times = times.saturating_add(1);
    }

    fn rests(&self, run: i64, now: Instant) -> bool {
        self.0.get(&run).is_some_and(|(_, until)| now < *until)
    }

    /// How long until the next one may be tried again.
    fn soonest(&self, now: Instant) -> Option<Duration> {
        let ends = self.0.values().map(|(_, until)| *until);
        ends.filter(|until| *until > now)
            .min()
            .map(|until| until - now)
    }
}

/// Fetches one source and records the result; false if it is to be tried again.
async fn fetch(app: Arc<App>, one: ToFetch) -> bool {
    let (at, run) = (Arc::clone(&app), one.clone());
    let fetched = tokio::task::spawn_blocking(move || put_in_place(&at, &run)).await;
    let noted = match fetched {
        Ok(Ok(commit)) => {
            tracing::info!(run = %one.name, %commit, "source fetched");
            app.store
                .fetched(one.run, commit)
                .await
                .map(|()| Vec::new())
        }
        Ok(Err(Failure::Stopped)) => return false,
        Ok(Err(Failure::Source(reason))) => {
            tracing::warn!(run = %one.name, %reason, "the source cannot be fetched");
            let message = format!("its source could not be fetched: {reason}");
            let failed = app.store.source_failed(one.run, message, app.clock.now());
            failed.await
        }
        Ok(Err(Failure::Script(missing))) => {
            let message = missing.to_string();
            tracing::warn!(run = %one.name, %message, "the source does not contain the script");
            let failed = app.store.source_failed(one.run, message, app.clock.now());
            failed.await
        }
        Ok(Err(Failure::Ours(reason))) => {
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
            app.wake(&one.cluster);
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

/// Fetches to where the trials copy their source from; answers with the commit. Blocks.
fn put_in_place(app: &App, one: &ToFetch) -> Result<String, Failure> {
    let config = &app.config;
    // Checked at the launch already; the settings may have changed since.
    let address = Address::read(&one.source, &config.repositories)
        .map_err(|refused| Failure::Source(refused.to_string()))?;
    let name = random::ulid(clock::now()).map_err(|error| Failure::Ours(error.to_string()))?;
    let folder = config.data.fetch(&name);
    let stopping = app.stopping.clone();
    let job = Job {
        address: &address,
        folder: &folder,
        limits: SourceLimits {
            bytes: config.limits.source_bytes,
            files: config.limits.source_files,
        },
        deadline: Instant::now() + Duration::from_secs(config.limits.fetch_seconds),
        stopped: &|| *stopping.borrow(),
        short: &|| app.disk.look().map(Short::message),
    };
    let fetched = job.fetch().and_then(|(commit, tree)| {
        ensure_script(&tree, &one.script.folder, &one.script.path).map_err(Failure::Script)?;
        let to = config.data.source(&one.id);
        put_source(&tree, &to)?;
        Ok(commit)
    });
    // What is left is removed at the next start too.
    let _ = remove_tree(&folder);
    fetched.map_err(|failure| match failure {
        // With a full disk, git's message may be misleading.
        Failure::Source(reason) if app.disk.look().is_some() => Failure::Ours(reason),
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use tokio::sync::watch;

    use super::*;
    use crate::config::{Config, Overrides};
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
            let waiting = ToFetch {
                run: 1,
                id: "r".into(),
                name: "hp".into(),
                cluster: "local".into(),
                source: "https://example.org/x".into(),
                script: Script {
                    folder: String::new(),
                    path: "train.py".into(),
                },
            };
            let mut fetches = Fetches::default();
            // The runtime has one thread, so no task works before this one awaits.
            let pause = fetches.begin(&Arc::new(app), vec![waiting]);
            fetches.under_way.abort_all();
            assert_eq!(fetches.runs.len(), begun, "{bound} bytes are to be free");
            assert_eq!(pause, if begun == 0 { ROOM } else { LOOK });
        }
    }

    #[test]
    fn what_fails_again_and_again_is_tried_less_often() {
        let (mut resting, now) = (Resting::default(), Instant::now());
        for seconds in [5, 10, 20, 40, 80, 160, 300, 300] {
            resting.note(1, false, now);
            let rest = Duration::from_secs(seconds);
            assert_eq!(resting.soonest(now), Some(rest));
            assert!(resting.rests(1, now) && !resting.rests(1, now + rest));
            assert!(!resting.rests(2, now));
        }
        resting.note(1, true, now);
        assert!(!resting.rests(1, now) && resting.soonest(now).is_none());
    }
}
