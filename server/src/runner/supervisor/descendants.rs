//! Ends everything that a script has started, whatever groups and sessions it has moved to.
//!
//! Orphans of the script become children of the supervisor (see [`adopt_orphans`]), so nothing leaves
//! the tree below it. A round stops what it finds first (SIGSTOP), so that it starts nothing more while
//! the walk goes on, and kills all of it then; rounds are repeated until nothing is left or
//! [`KILL_TIMEOUT`] has passed, so something that starts processes faster than a walk finds them has to
//! win every round. Nothing waits for one process: the death of one that is traced is withheld from us
//! until its tracer has ended too. A round holds at most [`ROUND_MAX`] processes; the next one goes on
//! with those below, which are our children by then.
//!
//! A child's id stays its own until we reap it; that of a process further down is reused once its
//! parent reaps it. So such a one is signalled by a pidfd alone, and only after its parent, which is
//! known to be one of ours, still has it as a child.

use std::fs;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, kill_process, pidfd_open, pidfd_send_signal, waitpid,
};

use super::log::report_error;

/// How long processes are killed before some are left.
const KILL_TIMEOUT: Duration = Duration::from_secs(10);
/// How many processes a round stops and kills: each may hold a file descriptor.
const ROUND_MAX: usize = 500;
/// Between two rounds where nothing could be reaped.
const PAUSE: Duration = Duration::from_millis(2);

/// Makes this process the parent of whatever the script leaves behind, also of what has left its
/// group, so that it can be ended with it.
pub(super) fn adopt_orphans() {
    if let Err(error) = rustix::process::set_child_subreaper(Some(rustix::process::getpid())) {
        report_error(&format!("orphans of the trial cannot be adopted: {error}"));
    }
}

/// Kills the script and all that it has started, and reaps all but the script itself. Takes
/// [`KILL_TIMEOUT`] at most.
pub(super) fn kill_descendants(script: Pid) {
    let deadline = Instant::now() + KILL_TIMEOUT;
    loop {
        let found = stop_descendants(deadline);
        for process in &found {
            process.signal(Signal::KILL);
        }
        let (reaped, left) = reap_children(script);
        // Before the script has ended, its children are its own.
        if left == 0 && found.iter().all(|process| process.pid == script) {
            return;
        }
        if Instant::now() >= deadline {
            report_error("processes of the trial cannot be ended");
            return;
        }
        if reaped == 0 {
            std::thread::sleep(PAUSE);
        }
    }
}

/// A process below this one.
struct Descendant {
    pid: Pid,
    /// `None` for a child of our own.
    pidfd: Option<OwnedFd>,
}

impl Descendant {
    /// False if it has ended and been reaped.
    fn signal(&self, signal: Signal) -> bool {
        let sent = match &self.pidfd {
            Some(pidfd) => pidfd_send_signal(pidfd, signal),
            None => kill_process(self.pid, signal),
        };
        sent != Err(Errno::SRCH)
    }

    /// Its children, as long as they are; some may be left out.
    fn list_children(&self) -> Vec<Self> {
        let ids = list_child_ids(&self.pid.as_raw_nonzero().to_string());
        let children = ids.into_iter().filter_map(|pid| {
            let pidfd = pidfd_open(pid, PidfdFlags::empty()).ok()?;
            (parent_of(pid) == Some(self.pid)).then_some(Self {
                pid,
                pidfd: Some(pidfd),
            })
        });
        let children = children.take(ROUND_MAX).collect();
        // Its id was its own until now, so it was the parent.
        if self.signal(Signal::STOP) {
            children
        } else {
            Vec::new()
        }
    }
}

/// The processes below this one, stopped; the first [`ROUND_MAX`] of them, level by level.
fn stop_descendants(deadline: Instant) -> Vec<Descendant> {
    let own = list_child_ids("self").into_iter().take(ROUND_MAX);
    let mut found: Vec<Descendant> = own.map(|pid| Descendant { pid, pidfd: None }).collect();
    for process in &found {
        process.signal(Signal::STOP);
    }
    let mut next = 0;
    while next < found.len() && found.len() < ROUND_MAX && Instant::now() < deadline {
        let mut children = found[next].list_children();
        children.truncate(ROUND_MAX - found.len());
        for child in &children {
            child.signal(Signal::STOP);
        }
        found.append(&mut children);
        next += 1;
    }
    found
}

/// Reaps the children that have ended, but not the script, and counts those and the ones that are left.
fn reap_children(script: Pid) -> (usize, usize) {
    let (mut reaped, mut left) = (0, 0);
    for child in list_child_ids("self") {
        if child == script {
            continue;
        }
        match waitpid(Some(child), WaitOptions::NOHANG) {
            Ok(None) | Err(Errno::INTR) => left += 1,
            Ok(Some(_)) | Err(_) => reaped += 1,
        }
    }
    (reaped, left)
}

/// The children of a process's threads: of each, since the one that started a child may still be
/// ending.
fn list_child_ids(process: &str) -> Vec<Pid> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter();
    let lists = threads
        .flatten()
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    let pids = lists.flat_map(|list| {
        let pids = list.split_whitespace().map(str::parse);
        pids.flatten().collect::<Vec<i32>>()
    });
    pids.filter_map(Pid::from_raw).collect()
}

fn parent_of(pid: Pid) -> Option<Pid> {
    let stat = fs::read(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?;
    let stat = String::from_utf8_lossy(&stat);
    // The name of the program before it, in parentheses, may contain anything.
    let parent = stat.rsplit_once(") ")?.1.split(' ').nth(1)?;
    Pid::from_raw(parent.parse().ok()?)
}
