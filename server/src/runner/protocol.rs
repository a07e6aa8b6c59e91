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

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sweep_planner::api::{DatastoreAccess, Timestamp, TrialExecution};

use crate::data_dir::DataDir;
use crate::model::Mount;

/// The file of [`TrialFolder::output`].
pub const OUTPUT: &str = "output.log";

/// The file of [`TrialFolder::unread_metrics`].
pub const UNREAD_METRICS: &str = "unread.json";

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

/// What a trial is not to see.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IsolationSpec {
    /// The server's data folder; absolute, without links.
    pub data: PathBuf,
    /// Files elsewhere that hold secrets of the server's; absolute, without links.
    #[serde(default)]
    pub secret_files: Vec<PathBuf>,
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

/// The folder of one trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialFolder {
    path: PathBuf,
}

impl TrialFolder {
    /// The folder of a trial below the server's data folder; each attempt has its own.
    pub fn for_attempt(data: &DataDir, run_id: &str, number: u32, attempt: u32) -> Self {
        Self::at(data.trial(run_id, number, attempt))
    }

    /// An existing folder.
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the script runs.
    pub fn work(&self) -> PathBuf {
        self.path.join("work")
    }

    /// The copy of the source while it is made.
    pub fn unfinished_work(&self) -> PathBuf {
        self.path.join("work.unfinished")
    }

    /// Where the trial's view of its datastores is put together.
    pub fn view(&self) -> PathBuf {
        self.path.join("view")
    }

    /// The file that is there once a supervisor has taken the trial for starting.
    pub fn claim_file(&self) -> PathBuf {
        self.path.join("claim")
    }

    /// The output as written.
    pub fn output(&self) -> PathBuf {
        self.path.join(OUTPUT)
    }

    /// The metrics of standard output and standard error.
    pub fn metrics(&self) -> PathBuf {
        self.path.join("metrics.jsonl")
    }

    /// Lines of the output that look like metrics and were not read, with why.
    pub fn unread_metrics(&self) -> PathBuf {
        self.path.join(UNREAD_METRICS)
    }

    /// The log of the supervisor's own errors.
    pub fn supervisor_log(&self) -> PathBuf {
        self.path.join("supervisor.log")
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
        self.write_atomically("order.json", &serde_json::to_vec(job)?)
    }

    /// Writes a file so that a reader sees all of it or none, as long as the machine lives.
    fn write_atomically(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let temporary = self.path.join(format!(".{name}.tmp"));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        options.open(&temporary)?.write_all(content)?;
        fs::rename(temporary, self.path.join(name))
    }

    /// Reads what to run.
    pub fn read_job_spec(&self) -> io::Result<JobSpec> {
        read_json(&self.path.join("order.json"))?.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Writes that it has started. Not flushed to the disk: if the machine dies, so does the
    /// trial.
    pub fn write_start(&self, started: &StartRecord) -> io::Result<()> {
        self.write_atomically("started.json", &serde_json::to_vec(started)?)
    }

    /// Reads when it started; `None` until its supervisor has written that.
    pub fn read_start(&self) -> io::Result<Option<StartRecord>> {
        read_json(&self.path.join("started.json"))
    }

    /// Writes how it ended.
    pub fn write_end(&self, ended: &EndRecord) -> io::Result<()> {
        write_json_durably(&self.path, "ended.json", ended)
    }

    /// How it ended, if it has.
    pub fn read_end(&self) -> io::Result<Option<EndRecord>> {
        read_json(&self.path.join("ended.json"))
    }

    /// Asks it to end.
    pub fn request_stop(&self) -> io::Result<()> {
        File::create(self.path.join("stop")).map(drop)
    }

    /// Whether it was asked to end.
    pub fn stop_requested(&self) -> bool {
        self.path.join("stop").exists()
    }

    /// Locks the folder for a supervisor; `None` if another one holds it. Held until dropped or the
    /// process ends. Retries for `patience`, since [`TrialFolder::has_supervisor`] holds the lock for a
    /// moment too.
    pub fn lock(&self, patience: Duration) -> io::Result<Option<File>> {
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(self.path.join("lock"))?;
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

    /// Whether a supervisor holds the lock.
    pub fn has_supervisor(&self) -> io::Result<bool> {
        match File::open(self.path.join("lock")) {
            // A shared lock: two servers that check at once do not take each other for a
            // supervisor.
            Ok(file) => match flock(&file, FlockOperation::NonBlockingLockShared) {
                Ok(()) => Ok(false),
                Err(rustix::io::Errno::WOULDBLOCK) => Ok(true),
                Err(error) => Err(error.into()),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Claims the trial for ever: true for the first caller alone.
    pub fn claim(&self) -> io::Result<bool> {
        let made = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(self.claim_file());
        match made {
            // The file is empty, so only its name must reach the disk: the folder is flushed.
            Ok(_) => match sync_folder(&self.path) {
                Ok(()) => Ok(true),
                Err(error) => {
                    // The claim is not durable, so it is given up: the caller starts nothing.
                    let _ = fs::remove_file(self.claim_file());
                    Err(error)
                }
            },
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether the trial was claimed.
    pub fn is_claimed(&self) -> bool {
        self.claim_file().exists()
    }
}

fn write_json_durably<T: Serialize>(folder: &Path, name: &str, value: &T) -> io::Result<()> {
    write_durably(folder, name, &serde_json::to_vec(value)?)
}

/// Writes a file so that a reader, now or after a crash, sees all of it or none.
pub fn write_durably(folder: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    let temporary = folder.join(format!(".{name}.tmp"));
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&temporary)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&temporary, folder.join(name))?;
    sync_folder(folder)
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn read_json<T: DeserializeOwned>(path: &Path) -> io::Result<Option<T>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
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
}
