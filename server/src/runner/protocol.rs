//! The files by which the server and the supervisor of a trial communicate. Each is written once,
//! atomically, by one side:
//!
//! | file | written by | says |
//! |---|---|---|
//! | `order.json` | server | what to run, where, with which environment and bounds |
//! | `lock` | supervisor | held as long as the supervisor lives (`flock`) |
//! | `claim` | supervisor | made exclusively before the script starts: it starts at most once |
//! | `started.json` | supervisor | when it started, its process |
//! | `output.log` | supervisor | standard output and error, interleaved, up to the bound |
//! | `metrics.jsonl` | supervisor | what standard output measured, one JSON line each |
//! | `stop` | server | the trial is to end |
//! | `ended.json` | supervisor | how and when it ended |
//! | `supervisor.log` | supervisor | its own errors |
//! | `view/` | supervisor | staging folder for the mounts of its datastores; empty |
//! | `work/` | both | the trial's copy of the source, where it runs |
//! | `work.unfinished/` | server | that copy while it is made |
//!
//! A trial can write there too, and may put anything in the place of any of them: they are opened by
//! [`OpenFolder`] alone. What can never be read is an error of the kind [`io::ErrorKind::InvalidData`],
//! which says what is there; see [`is_unusable`].

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sweep_planner::api::{DatastoreAccess, Timestamp, TrialExecution};

use crate::data_dir::DataDir;
use crate::model::Mount;
use crate::sources::OpenFolder;

/// The file of [`TrialFolder::output`].
pub const OUTPUT: &str = "output.log";

/// The file of [`TrialFolder::write_unread`].
pub const UNREAD_METRICS: &str = "unread.json";

/// The most bytes that are read of `started.json` and `order.json`, which hold arguments and an
/// environment: the system bounds them by some megabytes, and JSON may need six for one.
const RECORD_BYTES_MAX: u64 = 32 << 20;
/// The same of `ended.json`, which holds one reason at most.
const END_BYTES_MAX: u64 = 1 << 20;

/// The folder of [`TrialFolder::work`].
pub const WORK: &str = "work";

/// The folder of [`TrialFolder::unfinished_work`].
pub const UNFINISHED_WORK: &str = "work.unfinished";

/// The log of a supervisor's own errors.
const SUPERVISOR_LOG: &str = "supervisor.log";
const METRICS: &str = "metrics.jsonl";
const CLAIM: &str = "claim";
const LOCK: &str = "lock";
const STOP: &str = "stop";

/// The most bytes of metrics that a supervisor writes.
pub const METRICS_MAX: u64 = 256 << 20;

/// How often a busy lock is tried again.
const LOCK_RETRY: Duration = Duration::from_millis(5);

/// What a supervisor is to run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobSpec {
    /// Program and arguments; the program is looked up on PATH.
    pub command: Vec<String>,
    /// What is added to the environment.
    pub environment: BTreeMap<String, String>,
    /// Bytes of output to keep.
    pub output_bytes: u64,
    /// Seconds between asking the trial to end and ending it.
    pub stop_grace_seconds: u32,
    /// Seconds after which the trial is ended; `None` for never.
    #[serde(default)]
    pub time_limit_seconds: Option<u64>,
    /// The folder of the source in which it runs, relative; empty for the top.
    #[serde(default)]
    pub working_folder: String,
    /// What it reads.
    #[serde(default)]
    pub mounts: Vec<Mount>,
    /// Whether their paths are replaced in the arguments even where mounts are possible.
    #[serde(default)]
    pub mounts_by_arguments: bool,
    /// What it is not to see; absent in old orders, and where the cluster's settings ask for nothing.
    #[serde(default)]
    pub isolation: Option<IsolationSpec>,
    /// When it was written, after the source was copied; absent in old orders.
    #[serde(default)]
    pub at: Option<Timestamp>,
    /// Its interpreter, threads and cores, as planned; absent in old orders.
    #[serde(default)]
    pub execution: Option<TrialExecution>,
}

/// What a trial is not to see, or not to change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IsolationSpec {
    /// The server's data folder; absolute, without links.
    pub data: PathBuf,
    /// Files elsewhere that hold secrets of the server's; absolute, without links.
    #[serde(default)]
    pub secret_files: Vec<PathBuf>,
    /// Files and folders elsewhere that decide what the server does or sends to browsers, and that a trial may
    /// read; absolute, without links.
    #[serde(default)]
    pub read_only_paths: Vec<PathBuf>,
    /// What alone it sees of the machine, read-only; everything where it is empty. Absolute.
    #[serde(default)]
    pub visible: Vec<PathBuf>,
}

/// The content of `started.json`: when a trial started, and its process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StartRecord {
    /// When its script was started, by the supervisor's clock.
    pub at: Timestamp,
    /// The script's process, the leader of its group.
    pub process: i32,
    /// Which process that is, should its number be given out again; see [`super::identity`].
    #[serde(default)]
    pub identity: Option<String>,
    /// Exactly what was run.
    pub command: Vec<String>,
    /// How it was given its datastores, if it has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datastores: Option<DatastoreAccess>,
    /// Its interpreter, threads and cores, as they came to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution: Option<TrialExecution>,
}

/// The content of `ended.json`: how and when a trial ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EndRecord {
    /// When its script started; `None` if it could not.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub at: Timestamp,
    /// Exit status, signal, or why it did not start.
    pub how: EndCause,
    /// Whether it had been asked to stop.
    pub stopped: bool,
    /// Whether its time was up.
    #[serde(default)]
    pub timed_out: bool,
    /// Bytes of output that were not kept.
    pub dropped: u64,
}

/// The ways to end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum EndCause {
    /// By itself, with this exit status.
    Exited(i32),
    /// By this signal.
    Killed(i32),
    /// It could not start, for this reason.
    NotStarted(String),
}

/// Whether something is there that can never be read, as opposed to a disk that fails for now.
pub fn is_unusable(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::InvalidData
}

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
    pub(super) fn opened_at(path: PathBuf) -> Self {
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

/// A trial's folder while it is read.
#[derive(Debug)]
pub struct OpenTrial(OpenFolder);

impl OpenTrial {
    /// Whether the trial was claimed.
    pub fn is_claimed(&self) -> bool {
        self.0.holds(CLAIM.as_ref()).unwrap_or(false)
    }

    /// As [`TrialFolder::has_supervisor`].
    ///
    /// # Errors
    /// Where the disk fails.
    pub fn has_supervisor(&self) -> io::Result<bool> {
        match self.0.open_file(LOCK.as_ref()) {
            // A shared lock: two servers that check at once do not take each other for a
            // supervisor.
            Ok(file) => match flock(&file, FlockOperation::NonBlockingLockShared) {
                Ok(()) => Ok(false),
                Err(rustix::io::Errno::WOULDBLOCK) => Ok(true),
                Err(error) => Err(error.into()),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound || is_unusable(&error) => {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// As [`TrialFolder::read_start`].
    ///
    /// # Errors
    /// See [`is_unusable`].
    pub fn read_start(&self) -> io::Result<Option<StartRecord>> {
        read_record(&self.0, "started.json", RECORD_BYTES_MAX)
    }

    /// As [`TrialFolder::read_end`].
    ///
    /// # Errors
    /// See [`is_unusable`].
    pub fn read_end(&self) -> io::Result<Option<EndRecord>> {
        read_record(&self.0, "ended.json", END_BYTES_MAX)
    }
}

/// Reads a file of JSON; `None` where there is none.
fn read_record<T: DeserializeOwned>(
    folder: &OpenFolder,
    name: &str,
    most: u64,
) -> io::Result<Option<T>> {
    match folder.read_file(name.as_ref(), most) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| {
            let text = format!("`{name}` holds something else: {error}");
            io::Error::new(io::ErrorKind::InvalidData, text)
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_is_claimed_once() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = TrialFolder::for_attempt(&DataDir::new(temporary.path()), "r", 3, 0);
        folder.create().unwrap();
        assert!(!folder.is_claimed());
        assert!(folder.claim().unwrap());
        assert!(!folder.claim().unwrap());
        assert!(folder.is_claimed());
    }

    #[test]
    fn one_supervisor_at_a_time() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = TrialFolder::at(temporary.path().to_owned());
        assert!(!folder.has_supervisor().unwrap());
        let lock = folder.lock(Duration::ZERO).unwrap();
        assert!(lock.is_some());
        assert!(folder.lock(Duration::ZERO).unwrap().is_none());
        assert!(folder.has_supervisor().unwrap());
        drop(lock);
        assert!(!folder.has_supervisor().unwrap());
        assert!(folder.lock(Duration::ZERO).unwrap().is_some());
    }

    #[test]
    fn how_it_ended_reads_back() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = TrialFolder::at(temporary.path().to_owned());
        assert_eq!(folder.read_end().unwrap(), None);
        let ended = EndRecord {
            started: Some(Timestamp::from_micros(1)),
            at: Timestamp::from_micros(2_000_000),
            how: EndCause::Killed(9),
            stopped: true,
            timed_out: false,
            dropped: 5,
        };
        folder.write_end(&ended).unwrap();
        assert_eq!(folder.read_end().unwrap(), Some(ended));
    }

    fn put(folder: &TrialFolder, name: &str, bytes: &[u8]) {
        fs::write(folder.path().join(name), bytes).unwrap();
    }

    #[test]
    fn whatever_a_trial_puts_there_is_read_or_refused_in_words() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = TrialFolder::at(temporary.path().join("0"));
        folder.create().unwrap();
        for name in ["ended.json", "started.json", "lock", "order.json"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let error = folder.read_end().unwrap_err();
        assert!(is_unusable(&error), "{error}");
        assert!(error.to_string().contains("`ended.json`"), "{error}");
        assert!(is_unusable(&folder.read_start().unwrap_err()));
        assert!(!folder.has_supervisor().unwrap());
        fs::remove_dir(folder.path().join("ended.json")).unwrap();
        let file = File::create(folder.path().join("ended.json")).unwrap();
        file.set_len(1 << 40).unwrap();
        let error = folder.read_end().unwrap_err();
        assert!(
            is_unusable(&error) && error.to_string().contains("more than"),
            "{error}"
        );
        // Whatever lies at `stop` asks it to end, and nothing is written through it.
        std::os::unix::fs::symlink("secret", folder.path().join("stop")).unwrap();
        put(&folder, "secret", b"kept");
        folder.request_stop().unwrap();
        assert!(folder.stop_requested());
        assert_eq!(fs::read(folder.path().join("secret")).unwrap(), b"kept");
        // So does a folder that is gone, also for who holds it open.
        #[cfg(target_os = "linux")]
        {
            use std::os::fd::AsRawFd;
            let gone = temporary.path().join("gone");
            fs::create_dir(&gone).unwrap();
            let opened = File::open(&gone).unwrap();
            let held = PathBuf::from(format!("/proc/self/fd/{}", opened.as_raw_fd()));
            let held = TrialFolder::opened_at(held);
            assert!(!held.stop_requested());
            fs::remove_dir(&gone).unwrap();
            assert!(held.stop_requested());
        }
        fs::rename(folder.path(), temporary.path().join("away")).unwrap();
        assert!(folder.stop_requested());
        std::os::unix::fs::symlink("away", folder.path()).unwrap();
        assert!(folder.stop_requested() && folder.read_end().is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_of_a_record_are_trusted(bytes in proptest::collection::vec(0_u8.., 0..200)) {
            let temporary = tempfile::tempdir().unwrap();
            let folder = TrialFolder::at(temporary.path().to_owned());
            for name in ["ended.json", "started.json", "order.json"] {
                put(&folder, name, &bytes);
            }
            proptest::prop_assert!(folder.read_end().is_err_and(|error| is_unusable(&error)));
            proptest::prop_assert!(folder.read_start().is_err_and(|error| is_unusable(&error)));
            proptest::prop_assert!(folder.read_job_spec().is_err_and(|error| is_unusable(&error)));
        }
    }
}
