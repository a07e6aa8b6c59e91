//! The folder of one trial, and what each side does with it.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use rustix::fs::{FlockOperation, flock};
use serde::Serialize;

use super::open_trial::{RECORD_BYTES_MAX, read_record};
use super::{
    CLAIM, EndRecord, JobSpec, LOCK, METRICS, OUTPUT, OpenTrial, STOP, SUPERVISOR_LOG, StartRecord,
    UNFINISHED_WORK, UNREAD_METRICS, WORK, is_unusable,
};
use crate::data_dir::DataDir;
use crate::sources::OpenFolder;

/// How often a busy lock is tried again.
const LOCK_RETRY: Duration = Duration::from_millis(5);

/// The folder of one trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialFolder {
    path: PathBuf,
    /// A folder of the server's above it, below which no link is followed.
    above: PathBuf,
}

impl TrialFolder {
    /// The folder of a trial below the server's data folder; each attempt has its own.
    pub fn for_attempt(data: &DataDir, run_id: &str, number: u32, attempt: u32) -> Self {
        Self {
            path: data.trial(run_id, number, attempt),
            above: data.all_trials(),
        }
    }

    /// An existing folder.
    pub fn at(path: PathBuf) -> Self {
        let above = path.parent().unwrap_or(&path).to_owned();
        Self { path, above }
    }

    /// A folder that this process holds open, at its path among the open files: a link that the
    /// kernel makes, which is followed.
    pub(in crate::runner) fn opened_at(path: PathBuf) -> Self {
        let above = path.clone();
        Self { path, above }
    }

    /// Opens it.
    ///
    /// # Errors
    /// Where it is gone, or is one no longer.
    pub fn open(&self) -> io::Result<OpenFolder> {
        let way = self.path.strip_prefix(&self.above);
        let above = match self.above.as_os_str().is_empty() {
            true => Path::new("."),
            false => &self.above,
        };
        OpenFolder::open(above)?.enter_path(way.unwrap_or(Path::new("")))
    }

    /// Opens it to see how the trial is; `None` where there is none.
    ///
    /// # Errors
    /// As [`TrialFolder::open`].
    pub fn inspect(&self) -> io::Result<Option<OpenTrial>> {
        match self.open() {
            Ok(folder) => Ok(Some(OpenTrial(folder))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Opens the folder where the script runs.
    ///
    /// # Errors
    /// As [`TrialFolder::open`].
    pub fn open_work(&self) -> io::Result<OpenFolder> {
        self.open()?.enter(WORK.as_ref())
    }

    /// Opens one of its files for reading.
    ///
    /// # Errors
    /// Of the kind [`io::ErrorKind::NotFound`] where there is none, also no folder; see
    /// [`is_unusable`].
    pub fn open_file(&self, name: &str) -> io::Result<File> {
        self.open()?.open_file(name.as_ref())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the script runs.
    pub fn work(&self) -> PathBuf {
        self.path.join(WORK)
    }

    /// The copy of the source while it is made.
    pub fn unfinished_work(&self) -> PathBuf {
        self.path.join(UNFINISHED_WORK)
    }

    /// Where the trial's view of its datastores is put together.
    pub fn view(&self) -> PathBuf {
        self.path.join("view")
    }

    /// The output as written.
    pub fn output(&self) -> PathBuf {
        self.path.join(OUTPUT)
    }

    /// Opens the metrics of standard output and standard error.
    ///
    /// # Errors
    /// As [`TrialFolder::open_file`].
    pub fn open_metrics(&self) -> io::Result<File> {
        self.open_file(METRICS)
    }

    /// When a supervisor took the trial for starting; `None` before, and where that cannot be told.
    ///
    /// # Errors
    /// Where the disk fails.
    pub fn claimed_at(&self) -> io::Result<Option<SystemTime>> {
        match self.open_file(CLAIM) {
            Ok(file) => Ok(Some(file.metadata()?.modified()?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound || is_unusable(&error) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Opens an empty log for a supervisor's own errors.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub fn create_supervisor_log(&self) -> io::Result<File> {
        self.open()?.create_empty(SUPERVISOR_LOG.as_ref())
    }

    /// The beginning of a supervisor's log; empty where it cannot be read.
    pub fn read_supervisor_log(&self, most: u64) -> Vec<u8> {
        let mut text = Vec::new();
        if let Ok(file) = self.open_file(SUPERVISOR_LOG) {
            // What was read until an error is better than nothing.
            let _ = file.take(most).read_to_end(&mut text);
        }
        text
    }

    /// Creates it, for the server's account alone (mode 0700).
    pub fn create(&self) -> io::Result<()> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.path)
    }

    /// Writes what to run. Not flushed to the disk: if the machine dies before the trial is
    /// claimed, the order is written again.
    pub fn write_job_spec(&self, job: &JobSpec) -> io::Result<()> {
        self.write_record("order.json", job, false)
    }

    /// Writes a file so that a reader sees all of it or none, as long as the machine lives, and with
    /// `durably` even if it dies.
    fn write_record<T: Serialize>(&self, name: &str, value: &T, durably: bool) -> io::Result<()> {
        let content = serde_json::to_vec(value)?;
        self.open()?.replace(name.as_ref(), &content, durably)
    }

    /// Reads what to run.
    pub fn read_job_spec(&self) -> io::Result<JobSpec> {
        let job = read_record(&self.open()?, "order.json", RECORD_BYTES_MAX)?;
        job.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Writes that it has started. Not flushed to the disk: if the machine dies, so does the
    /// trial.
    pub fn write_start(&self, started: &StartRecord) -> io::Result<()> {
        self.write_record("started.json", started, false)
    }

    /// Reads when it started; `None` until its supervisor has written that.
    pub fn read_start(&self) -> io::Result<Option<StartRecord>> {
        self.inspect()?.map_or(Ok(None), |open| open.read_start())
    }

    /// Writes how it ended.
    pub fn write_end(&self, ended: &EndRecord) -> io::Result<()> {
        self.write_record("ended.json", ended, true)
    }

    /// How it ended, if it has.
    pub fn read_end(&self) -> io::Result<Option<EndRecord>> {
        self.inspect()?.map_or(Ok(None), |open| open.read_end())
    }

    /// Asks it to end. Whatever is there already does so.
    pub fn request_stop(&self) -> io::Result<()> {
        match self.open()?.create_new(STOP.as_ref()) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    }

    /// Whether it was asked to end, or its folder is gone, by which nobody could ask it any more.
    pub fn stop_requested(&self) -> bool {
        match self.open() {
            Ok(folder) => folder.holds(STOP.as_ref()).unwrap_or(false) || folder.is_deleted(),
            Err(error) => error.kind() == io::ErrorKind::NotFound || is_unusable(&error),
        }
    }

    /// Locks the folder for a supervisor; `None` if another one holds it. Held until dropped or the
    /// process ends. Retries for `patience`, since [`TrialFolder::has_supervisor`] holds the lock for a
    /// moment too.
    pub fn lock(&self, patience: Duration) -> io::Result<Option<File>> {
        let file = self.open()?.open_to_append(LOCK.as_ref())?;
        let begun = Instant::now();
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Some(file)),
                Err(rustix::io::Errno::WOULDBLOCK) if begun.elapsed() >= patience => {
                    return Ok(None);
                }
                Err(rustix::io::Errno::WOULDBLOCK) => std::thread::sleep(LOCK_RETRY),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Whether a supervisor holds the lock; none holds what is no lock.
    pub fn has_supervisor(&self) -> io::Result<bool> {
        match self.inspect() {
            Ok(Some(open)) => open.has_supervisor(),
            Ok(None) => Ok(false),
            Err(error) if is_unusable(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Claims the trial for ever: true for the first caller alone.
    pub fn claim(&self) -> io::Result<bool> {
        let folder = self.open()?;
        match folder.create_new(CLAIM.as_ref()) {
            // The file is empty, so only its name must reach the disk: the folder is flushed.
            Ok(_) => match folder.sync() {
                Ok(()) => Ok(true),
                Err(error) => {
                    // The claim is not durable, so it is given up: the caller starts nothing.
                    let _ = folder.unlink(CLAIM.as_ref());
                    Err(error)
                }
            },
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether the trial was claimed.
    pub fn is_claimed(&self) -> bool {
        self.inspect()
            .is_ok_and(|open| open.is_some_and(|open| open.is_claimed()))
    }

    /// Opens a file of the supervisor's for appending; makes it where it is missing.
    ///
    /// # Errors
    /// As [`TrialFolder::open_file`].
    pub fn open_to_append(&self, name: &str) -> io::Result<File> {
        self.open()?.open_to_append(name.as_ref())
    }

    /// Opens the supervisor's file of metrics for appending.
    ///
    /// # Errors
    /// As [`TrialFolder::open_file`].
    pub fn append_metrics(&self) -> io::Result<File> {
        self.open_to_append(METRICS)
    }

    /// Writes down the lines that look like metrics and were not read.
    ///
    /// # Errors
    /// Where they cannot be written.
    pub fn write_unread(&self, json: &[u8]) -> io::Result<()> {
        self.open()?.replace(UNREAD_METRICS.as_ref(), json, false)
    }
}
