//! Trials as processes of this machine, each owned by a supervisor (see [`crate::runner::supervisor`]).

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use tokio::sync::Notify;

use super::cores::{AttemptKey, CoreAllocator, attempt_key};
use super::job::JobMaker;
use super::{Engine, SubmitError, TrialStatus};
use crate::data_dir::DataDir;
use crate::model::ActiveTrial;
use crate::runner::identity::kill_group_if_same;
use crate::runner::protocol::{
    EndCause, EndRecord, OpenTrial, StartRecord, TrialFolder, UNFINISHED_WORK, WORK, is_unusable,
};
use crate::runner::supervisor::EXIT_DISK_FULL;
use crate::sources::{SourceError, copy_tree, remove_entry, remove_tree};
use crate::system::{clock, open_files, umask};
use crate::upkeep::disk::{DiskMonitor, is_full};

/// How much of a supervisor's log goes into a trial's message, in bytes.
const SUPERVISOR_LOG_SHOWN_MAX: u64 = 1_000;

/// Runs trials as processes of this machine, each below a supervisor that outlives the server.
pub struct LocalEngine {
    data: DataDir,
    disk: DiskMonitor,
    program: PathBuf,
    jobs: JobMaker,
    cores: Arc<CoreAllocator>,
    supervisors: Arc<Mutex<HashMap<AttemptKey, SupervisorStatus>>>,
    wake: Arc<Notify>,
}

/// A supervisor that this server has started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SupervisorStatus {
    Alive,
    Exited,
    /// Exited with [`EXIT_DISK_FULL`]: it started nothing, since the disk was full.
    DiskFull,
}

impl LocalEngine {
    /// `program`: our own binary; `cores` are shared with the other local clusters; `wake` is
    /// notified whenever a supervisor ends.
    pub fn new(
        config: &crate::config::Config,
        cluster: &str,
        program: PathBuf,
        cores: Arc<CoreAllocator>,
        wake: Arc<Notify>,
    ) -> Self {
        Self {
            data: config.data.clone(),
            disk: DiskMonitor::from_config(config),
            program,
            jobs: JobMaker::new(config, cluster, Arc::clone(&cores)),
            cores,
            supervisors: Arc::default(),
            wake,
        }
    }

    fn trial_folder(&self, trial: &ActiveTrial) -> TrialFolder {
        TrialFolder::for_attempt(&self.data, &trial.run_id, trial.number, trial.attempt)
    }

    /// Creates the trial's folder, its copy of the source and its job. What a killed server left
    /// unfinished is created again.
    fn prepare(
        &self,
        trial: &ActiveTrial,
        folder: &TrialFolder,
        at_once: u32,
    ) -> Result<(), SubmitError> {
        let say = |error: io::Error| submit_error(&folder.path().display().to_string(), &error);
        if let Err(error) = folder.create() {
            let unusable = folder.open().err().filter(is_unusable);
            return Err(say(unusable.unwrap_or(error)));
        }
        let opened = folder.open().map_err(say)?;
        if !opened.holds(WORK.as_ref()).map_err(say)? {
            let sources = self.data.sources();
            let source = self.data.source(&trial.run_id);
            if is_missing(&source) && !is_missing(&sources) {
                return Err(SubmitError::Permanent("its source is gone".to_owned()));
            }
            let unfinished = folder.unfinished_work();
            remove_entry(opened, UNFINISHED_WORK.as_ref()).map_err(say)?;
            if let Err(error) = copy_tree(&source, &unfinished, &self.disk) {
                // An incomplete copy would take up disk space that others need.
                let _ = remove_tree(&unfinished);
                return Err(match error {
                    SourceError::Io(path, error) => {
                        submit_error(&path.display().to_string(), &error)
                    }
                    SourceError::NoRoom(short) => SubmitError::DiskFull(short.message()),
                    SourceError::TooLarge(what) => {
                        SubmitError::Permanent(format!("its source holds more than {what}"))
                    }
                });
            }
            fs::rename(&unfinished, folder.work()).map_err(say)?;
        }
        let job = self.jobs.make(trial, folder, at_once);
        let job = job.map_err(SubmitError::Permanent)?;
        folder.write_job_spec(&job).map_err(say)
    }

    /// Starts the supervisor. It becomes the leader of its own session; no pipe ties it to us.
    fn start_supervisor(&self, key: AttemptKey, folder: &TrialFolder) -> io::Result<()> {
        let mut command = Command::new(&self.program);
        command.arg("supervise").arg(folder.path());
        if let Some(limit) = open_files::inherited_limit() {
            command.arg("--open-files").arg(limit.to_string());
        }
        if let Some(mask) = umask::at_start() {
            command.arg("--umask").arg(format!("{mask:03o}"));
        }
        // A trial must not see the server's own secrets.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("SWEEP_") {
                command.env_remove(name);
            }
        }
        let troubles = folder.create_supervisor_log()?;
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(troubles);
        let (supervisors, wake) = (Arc::clone(&self.supervisors), Arc::clone(&self.wake));
        let (hand_over, started) = mpsc::channel::<Child>();
        // First: where there is no thread to be had, there is no supervisor that nobody waits for.
        let waiter = std::thread::Builder::new().name("supervisor-exit".to_owned());
        waiter.spawn(move || {
            let Ok(mut child) = started.recv() else {
                return;
            };
            // Only the status of the supervisor: how the trial ended is in its folder.
            let status = child.wait().ok().and_then(|status| status.code());
            let mut supervisors = supervisors.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(state) = supervisors.get_mut(&key) {
                *state = match status {
                    Some(code) if code == i32::from(EXIT_DISK_FULL) => SupervisorStatus::DiskFull,
                    _ => SupervisorStatus::Exited,
                };
            }
            wake.notify_one();
        })?;
        let child = command.spawn()?;
        self.set_supervisor(key, SupervisorStatus::Alive);
        // It is received: the thread does nothing else before.
        let _ = hand_over.send(child);
        Ok(())
    }

    fn set_supervisor(&self, key: AttemptKey, state: SupervisorStatus) {
        self.supervisors
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key, state);
    }

    fn supervisor_status(&self, key: AttemptKey) -> Option<SupervisorStatus> {
        self.supervisors
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
            .copied()
    }

    fn forget_supervisor(&self, key: AttemptKey) {
        self.supervisors
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&key);
    }

    /// The status of a trial. Its cores are noted where an earlier server has started it, and freed
    /// once it has ended.
    fn inspect(&self, trial: &ActiveTrial) -> io::Result<TrialStatus> {
        let (key, folder) = (attempt_key(trial), self.trial_folder(trial));
        let mut status = self.read_status(key, &folder)?;
        if status == TrialStatus::Unknown && trial.state == crate::model::TrialState::Running {
            // It has started, whatever it has made of its folder: it is not started again.
            status = TrialStatus::Lost {
                started: None,
                reason: "the files by which it is watched are gone".to_owned(),
            };
        }
        match status {
            TrialStatus::Starting | TrialStatus::Running(_) => self.adopt_cores(key, &folder),
            TrialStatus::Ended(_)
            | TrialStatus::DiskFull(_)
            | TrialStatus::StartFailed(_)
            | TrialStatus::Lost { .. } => {
                self.cores.release(key);
            }
            TrialStatus::Unknown => {}
        }
        Ok(status)
    }

    /// Notes the cores of a trial that an earlier server has started. Reads its order once: a trial
    /// that may use all cores holds none.
    fn adopt_cores(&self, key: AttemptKey, folder: &TrialFolder) {
        if self.cores.holds(key) {
            return;
        }
        // A job that cannot be read reserves nothing: it may cost time, and is no failure.
        let planned = folder.read_job_spec().ok().and_then(|job| job.execution);
        let cores = planned.map_or_else(Vec::new, |planned| planned.cores);
        self.cores.adopt(key, cores);
    }

    fn read_status(&self, key: AttemptKey, folder: &TrialFolder) -> io::Result<TrialStatus> {
        // The order of these reads matters: a supervisor locks, then claims, and writes the end
        // before it unlocks. So a trial that is claimed and whose lock is free now has ended.
        // A trial can write to all these files. So as long as we know better, by the process that is
        // our child, its supervisor is alive, and no end is believed until it has exited.
        let known = self.supervisor_status(key);
        let is_our_child = known == Some(SupervisorStatus::Alive);
        let open = match folder.inspect() {
            Err(error) if is_unusable(&error) => {
                return Ok(self.status_without_folder(key, known, &error));
            }
            open => open?,
        };
        let Some(open) = open else {
            return Ok(self.status_unclaimed(key, known, folder));
        };
        let claimed = open.is_claimed();
        let alive = is_our_child && claimed || open.has_supervisor()?;
        if alive && is_our_child {
            return running_or_starting(&open);
        }
        let unusable = match open.read_end() {
            Ok(Some(ended)) => {
                self.forget_supervisor(key);
                return Ok(TrialStatus::Ended(ended));
            }
            Err(error) if is_unusable(&error) => Some(error),
            none => none?.and(None),
        };
        if alive {
            return running_or_starting(&open);
        }
        if claimed || unusable.is_some() {
            self.forget_supervisor(key);
            return inspect_orphan(folder, &open, unusable);
        }
        Ok(self.status_unclaimed(key, known, folder))
    }

    /// The status of a trial whose folder is something else by now. Its supervisor ends it.
    fn status_without_folder(
        &self,
        key: AttemptKey,
        known: Option<SupervisorStatus>,
        error: &io::Error,
    ) -> TrialStatus {
        if known == Some(SupervisorStatus::Alive) {
            return TrialStatus::Starting;
        }
        self.forget_supervisor(key);
        TrialStatus::Lost {
            started: None,
            reason: format!("its folder cannot be used: {error}"),
        }
    }

    /// The status of a trial that no supervisor has claimed.
    fn status_unclaimed(
        &self,
        key: AttemptKey,
        known: Option<SupervisorStatus>,
        folder: &TrialFolder,
    ) -> TrialStatus {
        match known {
            Some(SupervisorStatus::Alive) => TrialStatus::Starting,
            Some(SupervisorStatus::DiskFull) => {
                self.forget_supervisor(key);
                TrialStatus::DiskFull(read_supervisor_log(folder))
            }
            Some(SupervisorStatus::Exited) => {
                self.forget_supervisor(key);
                let why = read_supervisor_log(folder);
                TrialStatus::StartFailed(format!("it could not be started: {why}"))
            }
            None => TrialStatus::Unknown,
        }
    }
}

impl Engine for LocalEngine {
    fn submit(&self, trial: &ActiveTrial, at_once: u32) -> Result<(), SubmitError> {
        let (key, folder) = (attempt_key(trial), self.trial_folder(trial));
        let taken = folder.is_claimed() || folder.has_supervisor().unwrap_or(false);
        if taken {
            return Ok(());
        }
        let submitted = self.prepare(trial, &folder, at_once).and_then(|()| {
            self.start_supervisor(key, &folder)
                .map_err(|error| submit_error("no process could be started", &error))
        });
        if submitted.is_err() {
            self.cores.release(key);
        }
        submitted
    }

    fn observe(&self, trials: &[&ActiveTrial]) -> Vec<TrialStatus> {
        let look = |trial: &&ActiveTrial| {
            self.inspect(trial).unwrap_or_else(|error| {
                // The state of the trial is unknown: inspected again at the next poll.
                tracing::warn!(run = %trial.run_name, number = trial.number, %error,
                               "a trial's folder cannot be read");
                match trial.state {
                    crate::model::TrialState::Running => TrialStatus::Running(clock::now()),
                    _ => TrialStatus::Starting,
                }
            })
        };
        trials.iter().map(look).collect()
    }

    fn withdraw(&self, trial: &ActiveTrial) -> Result<bool, String> {
        // With the claim we own the trial: a supervisor that starts later finds it taken. The stop
        // file is written first, so that the next server sees why a claimed trial has no end.
        let folder = self.trial_folder(trial);
        let withdrawn = folder
            .create()
            .and_then(|()| folder.request_stop())
            .and_then(|()| folder.claim());
        if matches!(withdrawn, Ok(true)) {
            self.cores.release(attempt_key(trial));
        }
        withdrawn.map_err(|error| error.to_string())
    }

    fn stop(&self, trial: &ActiveTrial) -> Result<(), String> {
        self.trial_folder(trial)
            .request_stop()
            .map_err(|error| error.to_string())
    }
}

/// When a trial started; `None` also where something else is in the place of that note.
fn readable_start(open: &OpenTrial) -> io::Result<Option<StartRecord>> {
    match open.read_start() {
        Err(error) if is_unusable(&error) => Ok(None),
        started => started,
    }
}

/// The status of a trial whose supervisor is alive.
fn running_or_starting(open: &OpenTrial) -> io::Result<TrialStatus> {
    let started = readable_start(open)?;
    Ok(started.map_or(TrialStatus::Starting, |note| TrialStatus::Running(note.at)))
}

/// The status of a claimed trial whose supervisor has exited without writing how it ended, or whose
/// end cannot be read for this reason.
fn inspect_orphan(
    folder: &TrialFolder,
    open: &OpenTrial,
    unusable: Option<io::Error>,
) -> io::Result<TrialStatus> {
    let started = readable_start(open)?;
    if unusable.is_none() && started.is_none() && folder.stop_requested() {
        // Withdrawn, by us or by a server that was killed before it recorded that.
        return Ok(TrialStatus::Ended(EndRecord {
            started: None,
            at: clock::now(),
            how: EndCause::NotStarted("stopped before it started".to_owned()),
            stopped: true,
            timed_out: false,
            dropped: 0,
        }));
    }
    if let Some(started) = &started
        && let Some(identity) = &started.identity
        && kill_group_if_same(started.process, identity)
    {
        // It keeps its slot and its GPUs until its script has ended.
        return Ok(TrialStatus::Running(started.at));
    }
    Ok(TrialStatus::Lost {
        started: started.map(|started| started.at),
        reason: match unusable {
            None => {
                "its supervisor is gone: the machine was restarted, or somebody ended it".to_owned()
            }
            Some(error) => format!("how it ended cannot be read: {error}"),
        },
    })
}

/// A submit error from an I/O error: a full disk, something that can never be used, which another
/// trial may have put there, or anything else to try again.
fn submit_error(what: &str, error: &io::Error) -> SubmitError {
    let reason = format!("{what}: {error}");
    if is_full(error) {
        SubmitError::DiskFull(reason)
    } else if is_unusable(error) {
        SubmitError::Unusable(reason)
    } else {
        SubmitError::Transient(reason)
    }
}

/// Whether nothing is there, as opposed to something that cannot be read now.
fn is_missing(path: &Path) -> bool {
    matches!(path.try_exists(), Ok(false))
}

fn read_supervisor_log(folder: &TrialFolder) -> String {
    let text = folder.read_supervisor_log(SUPERVISOR_LOG_SHOWN_MAX);
    let text = String::from_utf8_lossy(&text).trim().to_owned();
    if text.is_empty() {
        "its supervisor exited without an error message".to_owned()
    } else {
        text
    }
}
