//! The thread that owns the writing connection.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::oneshot;

use super::error::StoreError;
use crate::system::failure_log::FailureLog;
use crate::system::heartbeat::Heartbeat;

/// At most so many jobs share a commit, so that the first need not wait long for the last.
const BATCH_MAX: usize = 128;

/// How many jobs that are no slices wait for their transaction to begin.
#[derive(Clone, Default)]
pub(super) struct WaitingCount(Arc<AtomicUsize>);

impl WaitingCount {
    /// Whether a slice that is being written keeps another job waiting.
    pub(super) fn any(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    fn add(&self, jobs: usize) {
        self.0.fetch_add(jobs, Ordering::Relaxed);
    }

    fn subtract(&self, jobs: usize) {
        self.0.fetch_sub(jobs, Ordering::Relaxed);
    }
}

/// A job on its way to the writer thread.
enum Sent {
    /// Shares a commit with others.
    Whole(Box<dyn Job>),
    /// A part of a large change: gets a commit of its own, after those that wait.
    Slice(Box<dyn Job>),
}

/// Sends jobs to the writer thread.
pub(super) struct Writer {
    jobs: Mutex<Option<mpsc::Sender<Sent>>>,
    waiting: WaitingCount,
    done: tokio::sync::Mutex<Option<oneshot::Receiver<()>>>,
    /// Of its thread; it rests while there is nothing to write.
    pub(super) heartbeat: Arc<Heartbeat>,
}

impl Writer {
    pub(super) fn start(connection: Connection) -> Self {
        let (jobs, queue) = mpsc::channel();
        let (finished, done) = oneshot::channel();
        let heartbeat = Arc::new(Heartbeat::default());
        let beating = Arc::clone(&heartbeat);
        let waiting = WaitingCount::default();
        let count = waiting.clone();
        std::thread::spawn(move || {
            run_jobs(connection, &queue, &count, &beating);
            // An error means that nobody waits for the end.
            let _ = finished.send(());
        });
        Self {
            jobs: Mutex::new(Some(jobs)),
            waiting,
            done: tokio::sync::Mutex::new(Some(done)),
            heartbeat,
        }
    }

    pub(super) fn waiting(&self) -> WaitingCount {
        self.waiting.clone()
    }

    pub(super) async fn run<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        self.waiting.add(1);
        self.send(work, Sent::Whole).await
    }

    pub(super) async fn run_slice<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        self.send(work, Sent::Slice).await
    }

    async fn send<T, F>(&self, work: F, kind: fn(Box<dyn Job>) -> Sent) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(ClosureJob {
            work: Some(work),
            result: None,
            reply,
        });
        let sent = {
            let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
            jobs.as_ref().map(|jobs| jobs.send(kind(job)))
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

struct ClosureJob<T, F> {
    work: Option<F>,
    result: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for ClosureJob<T, F>
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

/// The jobs that have arrived, by how they are committed.
#[derive(Default)]
struct Waiting {
    whole: VecDeque<Box<dyn Job>>,
    slices: VecDeque<Box<dyn Job>>,
}

impl Waiting {
    fn push(&mut self, sent: Sent) {
        match sent {
            Sent::Whole(job) => self.whole.push_back(job),
            Sent::Slice(job) => self.slices.push_back(job),
        }
    }

    fn is_empty(&self) -> bool {
        self.whole.is_empty() && self.slices.is_empty()
    }
}

fn run_jobs(
    mut connection: Connection,
    queue: &mpsc::Receiver<Sent>,
    count: &WaitingCount,
    heartbeat: &Heartbeat,
) {
    let (mut waiting, mut failures) = (Waiting::default(), FailureLog::default());
    loop {
        if waiting.is_empty() {
            heartbeat.rest();
            match queue.recv() {
                Ok(sent) => waiting.push(sent),
                Err(_) => break,
            }
        }
        heartbeat.beat(Duration::ZERO);
        queue.try_iter().for_each(|sent| waiting.push(sent));
        let batch = waiting.whole.len().min(BATCH_MAX);
        count.subtract(batch);
        let whole = waiting.whole.drain(..batch).collect();
        run_batch(&mut connection, whole, &mut failures);
        // In turn with the others, so that neither waits for ever.
        let slice = waiting.slices.pop_front().into_iter().collect();
        run_batch(&mut connection, slice, &mut failures);
    }
    if let Err(error) = connection.pragma_update(None, "wal_checkpoint", "TRUNCATE") {
        tracing::warn!(%error, "the database's log could not be written back; the next start does it");
    }
}

fn run_batch(connection: &mut Connection, mut batch: Vec<Box<dyn Job>>, failures: &mut FailureLog) {
    if batch.is_empty() {
        return;
    }
    // As text, because rusqlite's errors cannot be cloned and each job gets it.
    let failure = commit_batch(connection, &mut batch)
        .err()
        .map(|error| error.to_string());
    log_commit(failure.as_deref(), failures);
    for job in batch {
        let failure = failure.clone().map(StoreError::NotCommitted);
        job.finish(failure.map_or(Ok(()), Err));
    }
}

/// Logs a failed commit, and the first one that succeeds again: a full disk fails several a second.
fn log_commit(failure: Option<&str>, failures: &mut FailureLog) {
    let now = Instant::now();
    match failure {
        Some(error) => {
            if let Some(failures) = failures.count_failure(now) {
                tracing::error!(%error, failures, "a commit failed");
            }
        }
        None => {
            if let Some(failures) = failures.note_success(now) {
                tracing::info!(failures, "commits succeed again");
            }
        }
    }
}

fn commit_batch(connection: &mut Connection, batch: &mut [Box<dyn Job>]) -> rusqlite::Result<()> {
    let mut transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for job in batch {
        let mut savepoint = transaction.savepoint()?;
        if !job.run(&savepoint) {
            savepoint.rollback()?;
        }
        savepoint.commit()?;
    }
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLES: &str = "PRAGMA foreign_keys = ON;
        CREATE TABLE parent (key INTEGER PRIMARY KEY);
        CREATE TABLE child (parent INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED);";

    /// Runs one statement per job, all in one transaction, and returns their answers.
    fn run_together<const N: usize>(statements: [&'static str; N]) -> [Result<(), StoreError>; N] {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(TABLES).unwrap();
        let (jobs, queue) = mpsc::channel();
        let answers = statements.map(|statement| {
            let (reply, answer) = oneshot::channel();
            let work = move |connection: &Connection| Ok(connection.execute_batch(statement)?);
            let job: Box<dyn Job> = Box::new(ClosureJob {
                work: Some(work),
                result: None,
                reply,
            });
            jobs.send(Sent::Whole(job)).unwrap();
            answer
        });
        drop(jobs);
        let count = WaitingCount::default();
        count.add(N);
        run_jobs(connection, &queue, &count, &Heartbeat::default());
        assert!(!count.any());
        answers.map(|mut answer| answer.try_recv().unwrap())
    }

    #[test]
    fn a_failed_commit_is_reported_as_that_to_every_job() {
        let without_parent = "INSERT INTO child VALUES (7)";
        let answers = run_together(["INSERT INTO parent VALUES (1)", without_parent]);
        for answer in answers {
            assert_eq!(
                answer.unwrap_err().to_string(),
                "database: the changes cannot be committed: FOREIGN KEY constraint failed"
            );
        }
    }

    #[test]
    fn a_job_that_fails_is_rolled_back_alone() {
        let [first, second, third] = run_together([
            "INSERT INTO parent VALUES (1)",
            "INSERT INTO nowhere VALUES (1)",
            "INSERT INTO child VALUES (1)",
        ]);
        let error = second.unwrap_err().to_string();
        assert!(error.contains("no such table"), "{error}");
        assert!(first.is_ok() && third.is_ok());
    }

    #[test]
    fn a_slice_comes_after_what_waits() {
        let connection = Connection::open_in_memory().unwrap();
        let (jobs, queue) = mpsc::channel();
        let (done, order) = mpsc::channel();
        for name in ["slice 1", "slice 2", "a", "b", "slice 3"] {
            let done = done.clone();
            let work = move |_: &Connection| done.send(name).map_err(|_| StoreError::Closed);
            let job: Box<dyn Job> = Box::new(ClosureJob {
                work: Some(work),
                result: None,
                reply: oneshot::channel().0,
            });
            let kind = if name.starts_with("slice") {
                Sent::Slice
            } else {
                Sent::Whole
            };
            jobs.send(kind(job)).unwrap();
        }
        drop((jobs, done));
        let count = WaitingCount::default();
        count.add(2);
        run_jobs(connection, &queue, &count, &Heartbeat::default());
        let order: Vec<&str> = order.iter().collect();
        assert_eq!(order, ["a", "b", "slice 1", "slice 2", "slice 3"]);
    }

    /// What is logged meanwhile.
    fn logged_during(work: impl FnOnce()) -> String {
        struct Shared(Arc<Mutex<Vec<u8>>>);
        impl std::io::Write for Shared {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                self.0.lock().unwrap().write(bytes)
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let log = Arc::new(Mutex::new(Vec::new()));
        let copy = Arc::clone(&log);
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || Shared(Arc::clone(&copy)))
            .finish();
        tracing::subscriber::with_default(subscriber, work);
        String::from_utf8(log.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn commits_that_fail_again_and_again_are_one_line_a_minute() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(TABLES).unwrap();
        let mut failures = FailureLog::default();
        let log = logged_during(|| {
            for _ in 0..5 {
                let without_parent = |connection: &Connection| {
                    Ok(connection.execute_batch("INSERT INTO child VALUES (7)")?)
                };
                let job: Box<dyn Job> = Box::new(ClosureJob {
                    work: Some(without_parent),
                    result: None,
                    reply: oneshot::channel().0,
                });
                run_batch(&mut connection, vec![job], &mut failures);
            }
        });
        assert_eq!(log.matches("a commit failed").count(), 1, "{log}");
    }
}
