//! Sources from git repositories: fetched after their run is committed, once, however often the
//! server is restarted meanwhile; no trial starts before.

mod address;
mod git;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::{Id, JoinSet};

pub use address::{Address, Refused, is_prefix};
pub use git::installed;

use crate::app::App;
use crate::clock;
use crate::random;
use crate::store::{StoreError, ToFetch};
use crate::trial::SourceLimits;
use crate::views;
use git::{Failure, Job};

/// How many are fetched at the same time.
const AT_ONCE: usize = 2;
/// What fails on our side is left alone for so long.
const RETRY: Duration = Duration::from_secs(5);
/// How often it is looked for runs of which nobody has told.
const UNASKED: Duration = Duration::from_secs(10);

/// Fetches until the server stops.
pub async fn run(app: Arc<App>) {
    let mut stopping = app.stopping.clone();
    let mut under_way: JoinSet<()> = JoinSet::new();
    let mut runs: HashMap<Id, i64> = HashMap::new();
    while !*stopping.borrow() {
        match app.store.to_fetch().await {
            Ok(waiting) => {
                let busy: HashSet<i64> = runs.values().copied().collect();
                let free = AT_ONCE.saturating_sub(busy.len());
                let next = waiting.into_iter().filter(|one| !busy.contains(&one.run));
                for one in next.take(free) {
                    let run = one.run;
                    let task = under_way.spawn(fetch(Arc::clone(&app), one));
                    runs.insert(task.id(), run);
                }
            }
            Err(StoreError::Closed) => break,
            Err(error) => {
                tracing::error!(%error, "runs whose source is to be fetched cannot be read");
                tokio::time::sleep(RETRY).await;
                continue;
            }
        }
        tokio::select! {
            () = app.fetch.notified() => {}
            () = tokio::time::sleep(UNASKED) => {}
            Some(done) = under_way.join_next_with_id() => {
                let id = done.map_or_else(|error| error.id(), |(id, ())| id);
                runs.remove(&id);
            }
            _ = stopping.wait_for(|stop| *stop) => {}
        }
    }
    // They see that the server is to stop, and are begun anew by the next one.
    while under_way.join_next().await.is_some() {}
}

/// Fetches one source and notes what became of it.
async fn fetch(app: Arc<App>, one: ToFetch) {
    let (at, run) = (Arc::clone(&app), one.clone());
    let fetched = tokio::task::spawn_blocking(move || put_in_place(&at, &run)).await;
    let noted = match fetched {
        Ok(Ok(commit)) => {
            tracing::info!(run = %one.name, %commit, "its source is fetched");
            app.store
                .fetched(one.run, commit)
                .await
                .map(|()| Vec::new())
        }
        Ok(Err(Failure::Stopped)) => return,
        Ok(Err(Failure::Source(reason))) => {
            tracing::warn!(run = %one.name, %reason, "its source cannot be fetched");
            let failed = app.store.fetch_failed(one.run, reason, clock::now());
            failed.await
        }
        Ok(Err(Failure::Ours(reason))) => {
            tracing::error!(run = %one.name, %reason, "its source cannot be kept; trying again");
            return tokio::time::sleep(RETRY).await;
        }
        Err(error) => {
            tracing::error!(run = %one.name, %error, "a fetch panicked; trying again");
            return tokio::time::sleep(RETRY).await;
        }
    };
    match noted {
        Ok(numbers) => {
            app.wake(&one.cluster);
            if let Err(error) = views::publish(&app, one.run, numbers).await {
                tracing::warn!(%error, "a change could not be announced");
            }
        }
        Err(error) => {
            tracing::error!(run = %one.name, %error, "a fetch cannot be noted; trying again");
            tokio::time::sleep(RETRY).await;
        }
    }
}

/// Fetches to where the trials copy their source from; answers with the commit. Blocks.
fn put_in_place(app: &App, one: &ToFetch) -> Result<String, Failure> {
    let config = &app.config;
    // Checked when it was launched; the settings may be others now.
    let address = Address::read(&one.source, &config.repositories)
        .map_err(|refused| Failure::Source(refused.to_string()))?;
    let name = random::ulid(clock::now()).map_err(|error| Failure::Ours(error.to_string()))?;
    let folder = config.data.join("fetches").join(name);
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
    };
    let fetched = job.fetch().and_then(|(commit, tree)| {
        let to = config.data.join("sources").join(&one.id);
        // A killed server may have come so far without having noted it.
        let _ = std::fs::remove_dir_all(&to);
        let moved = std::fs::rename(tree, to);
        moved.map_err(|error| Failure::Ours(error.to_string()))?;
        Ok(commit)
    });
    // What is left is removed at the next start too.
    let _ = std::fs::remove_dir_all(&folder);
    fetched
}
