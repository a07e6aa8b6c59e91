//! The small process that owns one local trial: `sweep supervise FOLDER`.
//!
//! It lives apart from the server, in its own session, so that a server that is killed, stopped
//! or upgraded neither ends the trial nor loses how it ended. It communicates with the server
//! through files alone (see [`TrialFolder`]), and runs the script at most once, however often a
//! supervisor is started.

mod affinity;

mod datastores;

mod namespace;

#[cfg(target_os = "linux")]
mod hiding;

#[cfg(target_os = "linux")]
mod system_calls;

mod confinement;

mod server_files;

mod isolation;

mod held_folder;

#[cfg(target_os = "linux")]
mod descendants;

mod process;

mod output;

mod log;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use held_folder::{HeldFolder, is_same_folder};
use log::report_error;
use output::OutputSink;
use process::ScriptProcess;

use super::identity::process_identity;
use super::protocol::{
    EndCause, EndRecord, IsolationSpec, JobSpec, OUTPUT, StartRecord, TrialFolder,
};
use crate::system::{clock, inspection};
use crate::upkeep::disk::is_full;
use sweep_planner::api::TrialIsolation;

/// The exit status of a supervisor that has started nothing, since there was no room on the disk
/// (`EX_TEMPFAIL` of sysexits.h).
pub const EXIT_DISK_FULL: u8 = 75;

/// How long to wait for a busy lock before concluding that another supervisor owns the trial.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);
/// How often a silent trial is polled: its stop file, its time limit.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// How long the pipes are read after the script has ended. What it left running is killed as well,
/// so this is for output that is still in the pipes.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);
/// How often writing the end of a trial is retried: space may be freed on a full disk.
const WRITE_RETRY: Duration = Duration::from_secs(5);
/// How many times that is tried where the disk is not full, so that no trial keeps its place for ever.
const WRITE_TRIES_MAX: u32 = 24;

/// Runs the trial of this folder, if nobody has run it yet, and writes down how it ended.
///
/// # Errors
/// Before the trial is claimed: then it has not started and may be tried again. After it has
/// ended only if its folder is gone.
pub fn supervise(folder: &TrialFolder) -> io::Result<()> {
    // Fails only where this process leads a group already, which serves as well.
    let _ = rustix::process::setsid();
    let Some(_lock) = folder.lock(LOCK_PATIENCE)? else {
        return Ok(());
    };
    let job = folder.read_job_spec()?;
    // Before the claim: what fails here may be tried again.
    let held = HeldFolder::open(folder)?;
    let files = held.files();
    let sink = OutputSink::create(files, job.output_bytes)?;
    if !files.claim()? {
        return Ok(());
    }
    let ended = run_trial(folder, files, &job, sink);
    if let EndCause::NotStarted(reason) = &ended.how {
        write_reason_as_output(files, reason);
    }
    let mut tries = 0;
    while let Err(error) = files.write_end(&ended) {
        tries += 1;
        // Somebody has deleted the trial's folder, by which nobody can read the end, or has made
        // something of it in which nothing can be written.
        if held.is_deleted() || !is_full(&error) && tries >= WRITE_TRIES_MAX {
            return Err(error);
        }
        report_error(&format!(
            "the end of the trial cannot be written: {error}; trying again"
        ));
        std::thread::sleep(WRITE_RETRY);
    }
    Ok(())
}

/// What this machine does to keep the data folder from trials. Tries it: only for a process of its
/// own, with a single thread.
pub fn probe_isolation(spec: &IsolationSpec) -> TrialIsolation {
    isolation::probe(spec)
}

/// Becomes a program that the server runs for an account, with the restrictions of a trial's script: it sees
/// of the data folder no more than the folder `shown`, which it may change. What a machine cannot hide
/// is open to it, as to trials. Only for a process with a single thread; returns only where it fails.
pub fn exec_isolated(spec: &IsolationSpec, shown: &Path, command: &[OsString]) -> io::Error {
    use std::os::unix::process::CommandExt;
    let Some((program, arguments)) = command.split_first() else {
        return io::ErrorKind::InvalidInput.into();
    };
    match isolation::isolate_self(spec, shown) {
        Ok(()) => Command::new(program).args(arguments).exec(),
        Err(error) => error,
    }
}

/// Whether trials with these orders may make user namespaces, as containers do, where mounts hide the data
/// folder from them.
pub fn may_make_namespaces(spec: &IsolationSpec) -> bool {
    server_files::ServerFiles::inspect(spec).may_make_namespaces
}

/// Runs the command of the trial in `folder` to its end. Once it has started, its files can be
/// reached by `files` alone.
fn run_trial(
    folder: &TrialFolder,
    files: &TrialFolder,
    job: &JobSpec,
    mut sink: OutputSink,
) -> EndRecord {
    let begun = Instant::now();
    let started = clock::now();
    let not_started = |reason: String, stopped| EndRecord {
        started: None,
        at: started,
        how: EndCause::NotStarted(reason),
        stopped,
        timed_out: false,
        dropped: 0,
    };
    if files.stop_requested() {
        return not_started("stopped before it started".to_owned(), true);
    }
    let begin = || {
        let trial = isolation::isolate(folder, job)?;
        // Not before: the maps of a user namespace cannot be written by a process that others may
        // not look into.
        if let Err(error) = inspection::forbid() {
            report_error(&format!("other processes can read our memory: {error}"));
        }
        // By its path, where that is not hidden from us: the server finds it by that, and a trial that
        // moves its folder away, so that nobody can ask it to end any more, is ended.
        let is_at_its_path = is_same_folder(folder.path(), files.path());
        let watched = if is_at_its_path { folder } else { files };
        let (given, confinement) = (trial.prepared, trial.confinement);
        let running = ScriptProcess::start(folder, job, &given.command, confinement)?;
        Ok((running, given, trial.isolation, watched))
    };
    let (mut running, given, isolation, watched) = match begin() {
        Ok(begun) => begun,
        Err(reason) => return not_started(reason, false),
    };
    let process = running.process_id();
    let note = StartRecord {
        at: started,
        process,
        identity: process_identity(process),
        command: given.command,
        datastores: given.datastores,
        execution: running.execution(job, isolation),
    };
    if let Err(error) = files.write_start(&note) {
        // The trial runs all the same; the server reports it as starting until it ends.
        report_error(&format!(
            "the start of the trial cannot be written: {error}"
        ));
    }
    let limit = job.time_limit_seconds.map(Duration::from_secs);
    let mut stop = StopSequence::default();
    while !running.has_ended() {
        running.read_output(&mut sink, POLL_INTERVAL);
        let timed_out = limit.is_some_and(|limit| begun.elapsed() >= limit);
        stop.poll(watched, job, &running, timed_out);
    }
    running.kill();
    running.stop_watching_exit();
    let deadline = Instant::now() + DRAIN_TIMEOUT;
    while running.has_open_pipes() && Instant::now() < deadline {
        running.read_output(&mut sink, POLL_INTERVAL);
    }
    let how = running.reap();
    let dropped = sink.finish();
    // By the monotonic clock: a wall clock that is set back makes no trial end before it began.
    let micros = i64::try_from(begun.elapsed().as_micros()).unwrap_or(i64::MAX);
    let at = sweep_planner::api::Timestamp::from_micros(started.micros().saturating_add(micros));
    EndRecord {
        started: Some(started),
        at,
        how,
        stopped: stop.asked_at.is_some() && !stop.timed_out,
        timed_out: stop.timed_out,
        dropped,
    }
}

/// Ends a trial in two steps: SIGTERM, and SIGKILL from the end of the grace period until it has ended.
#[derive(Default)]
struct StopSequence {
    asked_at: Option<Instant>,
    timed_out: bool,
}

impl StopSequence {
    fn poll(
        &mut self,
        folder: &TrialFolder,
        job: &JobSpec,
        running: &ScriptProcess,
        timed_out: bool,
    ) {
        let grace = Duration::from_secs(job.stop_grace_seconds.into());
        match self.asked_at {
            None if timed_out => {
                (self.asked_at, self.timed_out) = (Some(Instant::now()), true);
                running.terminate();
            }
            None if folder.stop_requested() => {
                self.asked_at = Some(Instant::now());
                running.terminate();
            }
            // Each time: what the first misses must not keep the trial's place for ever.
            Some(asked) if asked.elapsed() >= grace => running.kill(),
            _ => {}
        }
    }
}

/// Writes why a trial could not start into its output.
fn write_reason_as_output(folder: &TrialFolder, reason: &str) {
    let written = folder
        .open_to_append(OUTPUT)
        .and_then(|mut file| writeln!(file, "{reason}"));
    if let Err(error) = written {
        report_error(&format!("the reason cannot be written as output: {error}"));
    }
}
