//! The script's process and its group.

use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::log::complain;
use super::output::{Sink, Stream};
use crate::runner::protocol::{Folder, How, Order};
use crate::sources::below;

/// How much is read at once, in bytes.
const CHUNK: usize = 64 << 10;

/// A started script.
pub(super) struct Running {
    child: Child,
    pid: Pid,
    stdout: Option<ChildStdout>,
    stderr: Option<ChildStderr>,
    /// A pidfd, readable once the script has ended; Linux only.
    exit: Option<OwnedFd>,
    /// How long to sleep next when there is no descriptor to wait for.
    pause: Duration,
}

impl Running {
    /// Starts the script in its own process group, with its two pipes and no input.
    pub(super) fn start(
        folder: &Folder,
        order: &Order,
        command: &[String],
    ) -> Result<Self, String> {
        let (program, arguments) = command
            .split_first()
            .ok_or_else(|| "the command is empty".to_owned())?;
        let work = &order.working_folder;
        let work = below(&folder.work(), work)
            .ok_or_else(|| format!("the source has no folder `{work}`"))?;
        adopt_orphans();
        let mut command = Command::new(program);
        command
            .args(arguments)
            .envs(&order.environment)
            .current_dir(work)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => format!("`{program}` cannot be found on this machine"),
            _ => format!("`{program}` cannot be started: {error}"),
        })?;
        let pid = Pid::from_child(&child);
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let pipes = [
            stdout.as_ref().map(AsFd::as_fd),
            stderr.as_ref().map(AsFd::as_fd),
        ];
        pipes.into_iter().flatten().for_each(do_not_block);
        Ok(Self {
            child,
            pid,
            stdout,
            stderr,
            exit: exit(pid),
            pause: Duration::from_millis(1),
        })
    }

    /// The script's process id, which is also its group's.
    pub(super) fn process(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// Whether the script has ended. It is not reaped yet, so that its id stays its own.
    pub(super) fn ended(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        // An error means that the child was reaped already.
        !matches!(waitid(WaitId::Pid(self.pid), options), Ok(None))
    }

    /// Whether somebody can still write to a pipe.
    pub(super) fn open(&self) -> bool {
        self.stdout.is_some() || self.stderr.is_some()
    }

    /// After the script has ended: waits only for its pipes from now on.
    pub(super) fn only_pipes(&mut self) {
        self.exit = None;
    }

    /// Waits for output or the script's end, at most so long, and takes what there is.
    pub(super) fn read(&mut self, sink: &mut Sink, wait: Duration) {
        if !self.open() && self.exit.is_none() {
            // Both pipes are closed: the end is near, or the script has closed them itself.
            std::thread::sleep(self.pause.min(wait));
            self.pause = self.pause.saturating_mul(2);
            return;
        }
        let ready = {
            let pipes = [
                self.stdout.as_ref().map(AsFd::as_fd),
                self.stderr.as_ref().map(AsFd::as_fd),
                self.exit.as_ref().map(AsFd::as_fd),
            ];
            let mut fds: Vec<PollFd<'_>> = pipes
                .iter()
                .flatten()
                .map(|pipe| PollFd::from_borrowed_fd(*pipe, PollFlags::IN))
                .collect();
            let timeout = Timespec::try_from(wait).ok();
            poll(&mut fds, timeout.as_ref()).unwrap_or(0)
        };
        if ready == 0 {
            sink.idle();
            return;
        }
        if take(self.stdout.as_mut(), Stream::Out, sink) {
            self.stdout = None;
        }
        if take(self.stderr.as_mut(), Stream::Error, sink) {
            self.stderr = None;
        }
    }

    /// Asks the group to end (SIGTERM).
    pub(super) fn ask_to_end(&self) {
        // It may have ended by itself.
        let _ = kill_process_group(self.pid, Signal::TERM);
    }

    /// Ends whatever is left of the group and of what it started (SIGKILL).
    pub(super) fn end_group(&self) {
        let _ = kill_process_group(self.pid, Signal::KILL);
        end_orphans(self.pid);
    }

    /// How the script ended.
    pub(super) fn reap(&mut self) -> How {
        match self.child.wait() {
            Ok(status) => match (status.code(), status.signal()) {
                (Some(code), _) => How::Exited(code),
                (None, Some(signal)) => How::Killed(signal),
                (None, None) => {
                    How::NotStarted(format!("it ended with an unknown status: {status}"))
                }
            },
            Err(error) => How::NotStarted(format!("its exit status is lost: {error}")),
        }
    }
}

/// A descriptor that becomes readable when a process ends; not all systems have one.
#[cfg(target_os = "linux")]
fn exit(pid: Pid) -> Option<OwnedFd> {
    rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).ok()
}

#[cfg(not(target_os = "linux"))]
fn exit(_: Pid) -> Option<OwnedFd> {
    None
}

/// Takes what one pipe holds; true at its end.
fn take<R: Read>(pipe: Option<&mut R>, stream: Stream, sink: &mut Sink) -> bool {
    let Some(pipe) = pipe else { return false };
    let mut chunk = [0; CHUNK];
    match pipe.read(&mut chunk) {
        Ok(0) => {
            sink.end(stream);
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

fn do_not_block(pipe: BorrowedFd<'_>) {
    let flags = fcntl_getfl(pipe).unwrap_or(OFlags::empty());
    if let Err(error) = fcntl_setfl(pipe, flags | OFlags::NONBLOCK) {
        complain(&format!("a pipe cannot be made non-blocking: {error}"));
    }
}

/// Makes this process the parent of whatever the script leaves behind, also of what has left its
/// group, so that it can be ended with it.
#[cfg(target_os = "linux")]
fn adopt_orphans() {
    if let Err(error) = rustix::process::set_child_subreaper(Some(rustix::process::getpid())) {
        complain(&format!("orphans of the trial cannot be adopted: {error}"));
    }
}

#[cfg(not(target_os = "linux"))]
fn adopt_orphans() {}

/// Ends all children but the script itself; their own children become ours then, so again until
/// there are none.
#[cfg(target_os = "linux")]
fn end_orphans(script: Pid) {
    use rustix::process::{WaitOptions, kill_process, waitpid};
    for _ in 0..100 {
        let orphans: Vec<Pid> = children()
            .into_iter()
            .filter(|pid| *pid != script)
            .collect();
        if orphans.is_empty() {
            return;
        }
        for orphan in orphans {
            let _ = kill_process(orphan, Signal::KILL);
            let _ = waitpid(Some(orphan), WaitOptions::empty());
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn end_orphans(_: Pid) {}

#[cfg(target_os = "linux")]
fn children() -> Vec<Pid> {
    let list = std::fs::read_to_string("/proc/thread-self/children").unwrap_or_default();
    list.split_whitespace()
        .filter_map(|pid| Pid::from_raw(pid.parse().ok()?))
        .collect()
}
