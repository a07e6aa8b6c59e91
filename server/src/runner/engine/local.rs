//! Trials as processes of this machine, each owned by a supervisor (see [`crate::runner::supervisor`]).

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use super::{Engine, Seen, SubmitError};
use crate::config::{Limits, Mounts};
use crate::data_dir::DataDir;
use crate::model::ActiveTrial;
use crate::model::names::{experiment_id, experiment_name};
use crate::runner::identity::end_group;
use crate::runner::protocol::{Ended, Folder, How, Order};
use crate::runner::supervisor::NO_ROOM;
use crate::sources::{SourceError, copy_tree, remove_tree};
use crate::system::clock;
use crate::upkeep::disk::is_full;

/// How much of a supervisor's log goes into a trial's message, in bytes.
const TROUBLES_MAX: usize = 1_000;

/// An attempt of a trial: its run's key, its number, and how often it was tried before.
type Key = (i64, u32, u32);

/// The engine.
pub struct Local {
    data: DataDir,
    program: PathBuf,
    cluster: String,
    /// Whether trials get GPUs of their own (`CUDA_VISIBLE_DEVICES`).
    gpus: bool,
    mounts: Mounts,
    limits: Limits,
    supervisors: Arc<Mutex<HashMap<Key, Supervisor>>>,
    wake: Arc<Notify>,
}

/// A supervisor that this server has started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Supervisor {
    Alive,
    Gone,
    /// Exited with [`NO_ROOM`]: it started nothing, since the disk was full.
    NoRoom,
}

impl Local {
    /// `data`: the server's data folder; `program`: our own binary; `wake` is notified whenever a
    /// supervisor ends.
    pub fn new(
        config: &crate::config::Config,
        cluster: &str,
        program: PathBuf,
        wake: Arc<Notify>,
    ) -> Self {
        let settings = config.clusters.get(cluster);
        Self {
            data: config.data.clone(),
            program,
            cluster: cluster.to_owned(),
            gpus: settings.is_some_and(|settings| !settings.gpus.is_empty()),
            mounts: settings.map_or_else(Mounts::default, |settings| settings.mounts),
            limits: config.limits,
            supervisors: Arc::default(),
            wake,
        }
    }

    fn folder(&self, trial: &ActiveTrial) -> Folder {
        Folder::of(&self.data, &trial.run_id, trial.number, trial.attempt)
    }

    /// Creates the trial's folder, its copy of the source and its job. What a killed server left
    /// unfinished is created again.
    fn prepare(&self, trial: &ActiveTrial, folder: &Folder) -> Result<(), SubmitError> {
        let say = |error: io::Error| later(&folder.path().display().to_string(), &error);
        folder.create().map_err(say)?;
        if !folder.work().exists() {
            let sources = self.data.sources();
            let source = self.data.source(&trial.run_id);
            if is_gone(&source) && !is_gone(&sources) {
                return Err(SubmitError::Never("its source is gone".to_owned()));
            }
            let unfinished = folder.unfinished_work();
            remove_tree(&unfinished).map_err(say)?;
            if let Err(error) = copy_tree(&source, &unfinished) {
                // An incomplete copy would take up disk space that others need.
                let _ = remove_tree(&unfinished);
                return Err(match error {
                    SourceError::Io(path, error) => later(&path.display().to_string(), &error),
                    other => SubmitError::Later(other.to_string()),
                });
            }
            fs::rename(&unfinished, folder.work()).map_err(say)?;
        }
        let order = Order {
            command: command(&trial.argv),
            environment: self.environment(trial),
            output_bytes: self.limits.output_bytes,
            stop_grace_seconds: self.limits.stop_grace_seconds,
            time_limit_seconds: self.time_limit(trial),
            working_folder: trial.spec.relative_work_dir.clone(),
            mounts: trial.mounts.clone(),
            mounts_by_arguments: self.mounts == Mounts::Arguments,
            at: Some(clock::now()),
        };
        folder.write_order(&order).map_err(say)
    }

    fn time_limit(&self, trial: &ActiveTrial) -> Option<u64> {
        let asked = trial.spec.sweep_options.time_limit.as_ref();
        let asked = asked.and_then(|limit| limit.0.parse().ok());
        Some(asked.unwrap_or(self.limits.trial_seconds)).filter(|seconds| *seconds > 0)
    }

    /// What Grid's documents promise, then what the run asks for.
    fn environment(&self, trial: &ActiveTrial) -> BTreeMap<String, String> {
        let id = experiment_id(&trial.run_id, trial.number);
        let name = experiment_name(&trial.run_name, trial.number);
        let ours = [
            ("PYTHONUNBUFFERED", "1"),
            ("GRID_EXPERIMENT_ID", &id),
            ("GRID_EXPERIMENT_NAME", &name),
            ("GRID_USER_ID", &trial.account),
            ("GRID_CLUSTER_ID", &self.cluster),
            ("GRID_INSTANCE_TYPE", &trial.spec.instance_type),
        ];
        let ours = ours
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let asked = trial
            .spec
            .env
            .iter()
            .map(|(name, value)| (name.clone(), value.0.clone()));
        let gpus: Vec<String> = trial.gpus.iter().map(ToString::to_string).collect();
        let devices = ("CUDA_VISIBLE_DEVICES".to_owned(), gpus.join(","));
        // Last, so that a run cannot override it and use another trial's GPUs.
        let devices = self.gpus.then_some(devices);
        ours.chain(asked).chain(devices).collect()
    }

    /// Starts the supervisor. It becomes the leader of its own session; no pipe ties it to us.
    fn supervise(&self, key: Key, folder: &Folder) -> io::Result<()> {
        let mut command = Command::new(&self.program);
        command.arg("supervise").arg(folder.path());
        // A trial must not see the server's own secrets.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("SWEEP_") {
                command.env_remove(name);
            }
        }
        let troubles = File::create(folder.troubles())?;
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(troubles);
        let mut child = command.spawn()?;
        self.note(key, Supervisor::Alive);
        let (supervisors, wake) = (Arc::clone(&self.supervisors), Arc::clone(&self.wake));
        std::thread::spawn(move || {
            // Only the status of the supervisor: how the trial ended is in its folder.
            let status = child.wait().ok().and_then(|status| status.code());
            let mut supervisors = supervisors.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(state) = supervisors.get_mut(&key) {
                *state = match status {
                    Some(code) if code == i32::from(NO_ROOM) => Supervisor::NoRoom,
                    _ => Supervisor::Gone,
                };
            }
            wake.notify_one();
        });
        Ok(())
    }

    fn note(&self, key: Key, state: Supervisor) {
        self.supervisors
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key, state);
    }

    fn known(&self, key: Key) -> Option<Supervisor> {
        self.supervisors
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
            .copied()
    }

    fn forget(&self, key: Key) {
        self.supervisors
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&key);
    }

    fn look(&self, trial: &ActiveTrial) -> io::Result<Seen> {
        let (key, folder) = (key(trial), self.folder(trial));
        // The order of these reads matters: a supervisor locks, then claims, and writes the end
        // before it unlocks. So a trial that is claimed and whose lock is free now has ended.
        let known = self.known(key);
        let claimed = folder.claimed();
        let alive = folder.supervised()?;
        if let Some(ended) = folder.ended()? {
            self.forget(key);
            return Ok(Seen::Ended(ended));
        }
        Ok(match (alive, claimed, known) {
            (true, ..) => folder
                .started()?
                .map_or(Seen::Starting, |note| Seen::Running(note.at)),
            (false, true, _) => {
                self.forget(key);
                orphaned(&folder)?
            }
            (false, false, Some(Supervisor::Alive)) => Seen::Starting,
            (false, false, Some(Supervisor::NoRoom)) => {
                self.forget(key);
                Seen::NoRoom(troubles(&folder))
            }
            (false, false, Some(Supervisor::Gone)) => {
                self.forget(key);
                Seen::Lost {
                    started: None,
                    reason: format!("it could not be started: {}", troubles(&folder)),
                }
            }
            (false, false, None) => Seen::Unknown,
        })
    }
}

impl Engine for Local {
    fn submit(&self, trial: &ActiveTrial) -> Result<(), SubmitError> {
        let folder = self.folder(trial);
        let taken = folder.claimed() || folder.supervised().unwrap_or(false);
        if taken {
            return Ok(());
        }
        self.prepare(trial, &folder)?;
        self.supervise(key(trial), &folder)
            .map_err(|error| later("no process could be started", &error))
    }

    fn observe(&self, trials: &[&ActiveTrial]) -> Vec<Seen> {
        let look = |trial: &&ActiveTrial| {
            self.look(trial).unwrap_or_else(|error| {
                // The state of the trial is unknown: inspected again at the next poll.
                tracing::warn!(run = %trial.run_name, number = trial.number, %error,
                               "a trial's folder cannot be read");
                match trial.state {
                    crate::model::State::Running => Seen::Running(clock::now()),
                    _ => Seen::Starting,
                }
            })
        };
        trials.iter().map(look).collect()
    }

    fn withdraw(&self, trial: &ActiveTrial) -> Result<bool, String> {
        // With the claim we own the trial: a supervisor that starts later finds it taken. The stop
        // file is written first, so that the next server sees why a claimed trial has no end.
        let folder = self.folder(trial);
        folder
            .create()
            .and_then(|()| folder.request_stop())
            .and_then(|()| folder.claim())
            .map_err(|error| error.to_string())
    }

    fn stop(&self, trial: &ActiveTrial) -> Result<(), String> {
        self.folder(trial)
            .request_stop()
            .map_err(|error| error.to_string())
    }
}

/// The status of a claimed trial whose supervisor has exited without writing how it ended.
fn orphaned(folder: &Folder) -> io::Result<Seen> {
    let started = folder.started()?;
    if started.is_none() && folder.stop_requested() {
        // Withdrawn, by us or by a server that was killed before it recorded that.
        return Ok(Seen::Ended(Ended {
            started: None,
            at: clock::now(),
            how: How::NotStarted("stopped before it started".to_owned()),
            stopped: true,
            timed_out: false,
            dropped: 0,
        }));
    }
    if let Some(started) = &started
        && let Some(identity) = &started.identity
        && end_group(started.process, identity)
    {
        // It keeps its slot and its GPUs until its script has ended.
        return Ok(Seen::Running(started.at));
    }
    Ok(Seen::Lost {
        started: started.map(|started| started.at),
        reason: "its supervisor is gone: the machine was restarted, or somebody ended it"
            .to_owned(),
    })
}

/// A submit error from an I/O error: a full disk, or anything else to try again.
fn later(what: &str, error: &io::Error) -> SubmitError {
    let reason = format!("{what}: {error}");
    if is_full(error) {
        SubmitError::NoRoom(reason)
    } else {
        SubmitError::Later(reason)
    }
}

fn key(trial: &ActiveTrial) -> Key {
    (trial.run, trial.number, trial.attempt)
}

/// The command line of a script: an interpreter by its extension, then the arguments as they are;
/// no shell reads them.
fn command(argv: &[String]) -> Vec<String> {
    let ending = argv
        .first()
        .and_then(|script| Path::new(script).extension()?.to_str());
    let interpreter = match ending {
        Some("sh") => "bash",
        Some("jl") => "julia",
        _ => "python3",
    };
    let mut command = vec![interpreter.to_owned()];
    command.extend_from_slice(argv);
    // A script named `-c.py` must not be read as an option.
    if let Some(script) = command.get_mut(1)
        && script.starts_with('-')
    {
        script.insert_str(0, "./");
    }
    command
}

/// Whether nothing is there, as opposed to something that cannot be read now.
fn is_gone(path: &Path) -> bool {
    matches!(path.try_exists(), Ok(false))
}

fn troubles(folder: &Folder) -> String {
    let text = fs::read(folder.troubles()).unwrap_or_default();
    let text = String::from_utf8_lossy(&text[..text.len().min(TROUBLES_MAX)])
        .trim()
        .to_owned();
    if text.is_empty() {
        "its supervisor exited without an error message".to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::protocol::Started;

    fn of(argv: &[&str]) -> Vec<String> {
        command(&argv.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn scripts_run_by_their_ending() {
        assert_eq!(
            of(&["a/b.py", "--x", "$(rm -rf /)"]),
            ["python3", "a/b.py", "--x", "$(rm -rf /)"]
        );
        assert_eq!(of(&["run.sh"]), ["bash", "run.sh"]);
        assert_eq!(of(&["run.jl", "1"]), ["julia", "run.jl", "1"]);
        assert_eq!(of(&["-c.py"]), ["python3", "./-c.py"]);
    }

    fn trial() -> ActiveTrial {
        ActiveTrial {
            run: 1,
            run_id: "r".into(),
            run_name: "r".into(),
            account: "u".into(),
            spec: Arc::default(),
            number: 0,
            argv: vec!["a.sh".into()],
            state: crate::model::State::Starting,
            attempt: 0,
            gpus: Vec::new(),
            mounts: Vec::new(),
            metrics_read: 0,
        }
    }

    fn engine(data: &Path) -> Local {
        Local {
            data: DataDir::new(data),
            program: "/nonexistent".into(),
            cluster: "local".into(),
            gpus: false,
            mounts: Mounts::default(),
            limits: Limits::default(),
            supervisors: Arc::default(),
            wake: Arc::default(),
        }
    }

    #[test]
    fn a_trial_that_was_withdrawn_unrecorded_is_stopped_and_not_lost() {
        let data = tempfile::tempdir().unwrap();
        let trial = trial();
        assert_eq!(engine(data.path()).withdraw(&trial), Ok(true));
        // What the next server sees.
        let seen = engine(data.path()).observe(&[&trial]);
        let [Seen::Ended(ended)] = &seen[..] else {
            panic!("{seen:?}");
        };
        assert!(ended.stopped && ended.started.is_none(), "{ended:?}");
        // A supervisor that was killed after its claim is another matter.
        let other = ActiveTrial { number: 1, ..trial };
        let folder = engine(data.path()).folder(&other);
        folder.create().unwrap();
        assert!(folder.claim().unwrap());
        let seen = engine(data.path()).observe(&[&other]);
        assert!(
            matches!(seen[..], [Seen::Lost { started: None, .. }]),
            "{seen:?}"
        );
        // One whose start no server has recorded yet is billed from then on.
        let note = Started {
            at: clock::now(),
            process: 1,
            identity: None,
            command: Vec::new(),
            datastores: None,
        };
        folder.write_started(&note).unwrap();
        let seen = engine(data.path()).observe(&[&other]);
        let [Seen::Lost { started, .. }] = &seen[..] else {
            panic!("{seen:?}");
        };
        assert_eq!(*started, Some(note.at));
    }
}
