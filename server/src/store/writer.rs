//! The thread that owns the writing connection.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError, mpsc};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::oneshot;

use super::error::StoreError;

/// At most so many jobs share a commit, so that the first need not wait long for the last.
const BATCH: usize = 128;

/// Sends jobs to the writer thread.
pub(super) struct Writer {
    jobs: Mutex<Option<mpsc::Sender<Box<dyn Job>>>>,
    done: tokio::sync::Mutex<Option<oneshot::Receiver<()>>>,
}

impl Writer {
    pub(super) fn start(connection: Connection) -> Self {
        let (jobs, queue) = mpsc::channel();
        let (finished, done) = oneshot::channel();
        std::thread::spawn(move || {
            work(connection, &queue);
            // An error means that nobody waits for the end.
            let _ = finished.send(());
        });
        Self {
            jobs: Mutex::new(Some(jobs)),
            done: tokio::sync::Mutex::new(Some(done)),
        }
    }

    pub(super) async fn run<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Work {
            work: Some(work),
            result: None,
            reply,
        });
        let sent = {
            let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
            jobs.as_ref().map(|jobs| jobs.send(job))
        };
        match sent {
            Some(Ok(())) => answer.await.map_err(|_| StoreError::Closed)?,
            _ => Err(StoreError::Closed),
        }
    }

    pub(super) async fn close(&self) {
        self.jobs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(done) = self.done.lock().await.take() {
            // An error means that the thread has ended already.
            let _ = done.await;
        }
    }
}

trait Job: Send {
    /// Runs the job; true if its changes are to be committed.
    fn run(&mut self, connection: &Connection) -> bool;
    /// Sends the result to the caller that waits for it.
    fn finish(self: Box<Self>, commit: Result<(), StoreError>);
}

struct Work<T, F> {
    work: Option<F>,
    result: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Work<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, StoreError> + Send,
{
    fn run(&mut self, connection: &Connection) -> bool {
        let Some(work) = self.work.take() else {
            return false;
        };
        let result = catch_unwind(AssertUnwindSafe(|| work(connection)));
        let result = result.unwrap_or(Err(StoreError::Panicked));
        let keep = result.is_ok();
        self.result = Some(result);
        keep
    }

    fn finish(self: Box<Self>, commit: Result<(), StoreError>) {
        let result = self.result.unwrap_or(Err(StoreError::Panicked));
        let answer = result.and_then(|value| commit.map(|()| value));
        // The caller may have gone away; its change stands all the same.
        let _ = self.reply.send(answer);
    }
}

fn work(mut connection: Connection, queue: &mpsc::Receiver<Box<dyn Job>>) {
    while let Ok(first) = queue.recv() {
        let mut batch = vec![first];
        batch.extend(queue.try_iter().take(BATCH - 1));
        let outcome = commit(&mut connection, &mut batch);
        let message = outcome.as_ref().err().map(ToString::to_string);
        if let Some(error) = &message {
            tracing::error!(%error, "a commit failed");
        }
        let mut outcome = Some(outcome);
        for job in batch {
            // rusqlite's errors cannot be cloned: the first job gets it, the others its text.
            let result = outcome.take().unwrap_or_else(|| match &message {
                None => Ok(()),
                Some(why) => Err(StoreError::Unreadable {
                    what: "commit",
                    why: why.clone(),
                }),
            });
            job.finish(result);
        }
    }
    if let Err(error) = connection.pragma_update(None, "wal_checkpoint", "TRUNCATE") {
        tracing::warn!(%error, "the database's log could not be written back; the next start does it");
    }
}

fn commit(connection: &mut Connection, batch: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
    let mut transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for job in batch {
        let mut savepoint = transaction.savepoint()?;
        if !job.run(&savepoint) {
            savepoint.rollback()?;
        }
        savepoint.commit()?;
    }
    Ok(transaction.commit()?)
}
