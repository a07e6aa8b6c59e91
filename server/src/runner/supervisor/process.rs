//! The script's process and its group.

use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, getpgid, kill_process, kill_process_group, waitid,
};
use sweep_planner::api::{TrialExecution, TrialIsolation};

use super::affinity::CoreRestriction;
use super::confinement::Confinement;
#[cfg(target_os = "linux")]
use super::descendants::{adopt_orphans, kill_descendants};
use super::log::report_error;
use super::output::{OutputSink, OutputStream};
use crate::runner::protocol::{EndCause, JobSpec, TrialFolder};
use crate::sources::resolve_below;

/// How much is read at once, in bytes.
const CHUNK: usize = 64 << 10;

/// A started script.
pub(super) struct ScriptProcess {
    child: Child,
    pid: Pid,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    /// A pidfd, readable once the script has ended; Linux only.
    exit_fd: Option<OwnedFd>,
    /// The cores to which it is restricted; empty: to none.
    cores: Vec<u32>,
    /// How long to sleep next when there is no descriptor to wait for.
    next_sleep: Duration,
}

impl ScriptProcess {
    /// Starts the script in its own process group, with its two pipes and no input, and with these
    /// restrictions.
    pub(super) fn start(
        folder: &TrialFolder,
        job: &JobSpec,
        command: &[String],
        confinement: Confinement,
    ) -> Result<Self, String> {
        let (program, arguments) = command
            .split_first()
            .ok_or_else(|| "the command is empty".to_owned())?;
        let work = &job.working_folder;
        let work = resolve_below(&folder.work(), work)
            .ok_or_else(|| format!("the source has no folder `{work}`"))?;
        adopt_orphans();
        let mut command = Command::new(program);
        command
            .args(arguments)
            .envs(&job.environment)
            .current_dir(work)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let planned = job.execution.as_ref();
        let restriction = CoreRestriction::begin(planned.map_or(&[], |planned| &planned.cores));
        let mut child = confinement
            .spawn(&mut command)
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => format!("`{program}` cannot be found on this machine"),
                _ => format!("`{program}` cannot be started: {error}"),
            })?;
        let pid = Pid::from_child(&child);
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let pipes = [
            stdout.as_ref().map(AsFd::as_fd),
            stderr.as_ref().map(AsFd::as_fd),
        ];
        pipes.into_iter().flatten().for_each(set_nonblocking);
        Ok(Self {
            child,
            pid,
            stdout,
            stderr,
            exit_fd: open_exit_fd(pid),
            cores: restriction.cores().to_vec(),
            next_sleep: Duration::from_millis(1),
        })
    }

    /// The script's process id, which is also its group's.
    pub(super) fn process_id(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// How the script is run: as planned, on the cores that the system allows.
    pub(super) fn execution(
        &self,
        job: &JobSpec,
        isolation: Option<TrialIsolation>,
    ) -> Option<TrialExecution> {
        Some(TrialExecution {
            cores: self.cores.clone(),
            isolation,
            ..job.execution.clone()?
        })
    }

    /// Whether the script has ended. It is not reaped yet, so that its id stays its own.
    pub(super) fn has_ended(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        // An error means that the child was reaped already.
        !matches!(waitid(WaitId::Pid(self.pid), options), Ok(None))
    }

    /// Whether somebody can still write to a pipe.
    pub(super) fn has_open_pipes(&self) -> bool {
        self.stdout.is_some() || self.stderr.is_some()
    }

    /// After the script has ended: waits only for its pipes from now on.
    pub(super) fn stop_watching_exit(&mut self) {
        self.exit_fd = None;
    }

    /// Waits for output or the script's end, at most so long, and takes what there is.
    pub(super) fn read_output(&mut self, sink: &mut OutputSink, wait: Duration) {
        if !self.has_open_pipes() && self.exit_fd.is_none() {
            // Both pipes are closed: the end is near, or the script has closed them itself.
            std::thread::sleep(self.next_sleep.min(wait));
            self.next_sleep = self.next_sleep.saturating_mul(2);
            return;
        }
        let (ready, exiting) = {
            let pipes = [
                self.stdout.as_ref().map(AsFd::as_fd),
                self.stderr.as_ref().map(AsFd::as_fd),
                self.exit_fd.as_ref().map(AsFd::as_fd),
            ];
            let mut fds: Vec<PollFd<'_>> = pipes
                .iter()
                .flatten()
                .map(|pipe| PollFd::from_borrowed_fd(*pipe, PollFlags::IN))
                .collect();
            let timeout = Timespec::try_from(wait).ok();
            let ready = match poll(&mut fds, timeout.as_ref()) {
                Ok(ready) => ready > 0,
                Err(Errno::INTR) => false,
                // It may fail each time, at once: where somebody has lowered our limit on open files,
                // say. The pipes are read all the same.
                Err(_) => {
                    std::thread::sleep(wait);
                    true
                }
            };
            let exit = fds.last().filter(|_| self.exit_fd.is_some());
            (ready, exit.is_some_and(|exit| !exit.revents().is_empty()))
        };
        if exiting {
            // A process that traces the script may withhold its end, with this descriptor readable.
            self.exit_fd = None;
        }
        if !ready {
            sink.flush_partial_lines();
            return;
        }
        if read_pipe(self.stdout.as_mut(), OutputStream::Stdout, sink) {
            self.stdout = None;
        }
        if read_pipe(self.stderr.as_mut(), OutputStream::Stderr, sink) {
            self.stderr = None;
        }
    }

    /// Asks the script and its group to end (SIGTERM).
    pub(super) fn terminate(&self) {
        // It may have ended by itself. No other group has this id as long as the script is not reaped.
        let _ = kill_process_group(self.pid, Signal::TERM);
        // It may have moved to another group, whose other members are not the script's: our own, say.
        // Where it has not, a second signal might look like a second, more urgent request.
        if getpgid(Some(self.pid)) != Ok(self.pid) {
            let _ = kill_process(self.pid, Signal::TERM);
        }
    }

    /// Ends the script, whatever is left of its group, and what it started (SIGKILL). Not all may have
    /// ended by then, so it is called again as long as the script has not.
    pub(super) fn kill(&self) {
        let _ = kill_process_group(self.pid, Signal::KILL);
        // It may have moved to another group.
        let _ = kill_process(self.pid, Signal::KILL);
        kill_descendants(self.pid);
    }

    /// How the script ended.
    pub(super) fn reap(&mut self) -> EndCause {
        match self.child.wait() {
            Ok(status) => match (status.code(), status.signal()) {
                (Some(code), _) => EndCause::Exited(code),
                (None, Some(signal)) => EndCause::Killed(signal),
                (None, None) => {
                    EndCause::NotStarted(format!("it ended with an unknown status: {status}"))
                }
            },
            Err(error) => EndCause::NotStarted(format!("its exit status is lost: {error}")),
        }
    }
}

/// A descriptor that becomes readable when a process ends; not all systems have one.
#[cfg(target_os = "linux")]
fn open_exit_fd(pid: Pid) -> Option<OwnedFd> {
    rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).ok()
}

#[cfg(not(target_os = "linux"))]
fn open_exit_fd(_: Pid) -> Option<OwnedFd> {
    None
}

/// Takes what one pipe holds; true at its end.
fn read_pipe<R: Read>(pipe: Option<&mut R>, stream: OutputStream, sink: &mut OutputSink) -> bool {
    let Some(pipe) = pipe else { return false };
    let mut chunk = [0; CHUNK];
    match pipe.read(&mut chunk) {
        Ok(0) => {
            sink.end_stream(stream);
            true
        }
        Ok(length) => {
            sink.write(stream, &chunk[..length]);
            false
        }
        Err(error) => !matches!(
            error.kind(),
            io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
        ),
    }
}

fn set_nonblocking(pipe: BorrowedFd<'_>) {
    let flags = fcntl_getfl(pipe).unwrap_or(OFlags::empty());
    if let Err(error) = fcntl_setfl(pipe, flags | OFlags::NONBLOCK) {
        report_error(&format!("a pipe cannot be made non-blocking: {error}"));
    }
}

#[cfg(not(target_os = "linux"))]
fn adopt_orphans() {}

#[cfg(not(target_os = "linux"))]
fn kill_descendants(_: Pid) {}
