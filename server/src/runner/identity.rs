//! Identifies a process beyond its id, which the system reuses.

use rustix::process::{Pid, Signal, getpid, kill_process, kill_process_group};

/// Distinguishes a living process from any other that has or had its id: the boot id of the machine
/// and the start time of the process in clock ticks since. `None` if there is no such process any
/// more, or the system has no `/proc`.
pub fn process_identity(process: i32) -> Option<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name of the program before it, in parentheses, may contain anything.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    let state = fields.next()?;
    let started = fields.nth(18)?;
    // A zombie has ended and was not reaped yet.
    (!matches!(state, "Z" | "X")).then(|| format!("{} {started}", boot.trim()))
}

/// Ends a process and its group (SIGKILL) if it is still the one with this identity. True if it
/// was: it is gone once there is no identity any more.
pub fn kill_group_if_same(process: i32, known: &str) -> bool {
    // 1 is no script's, and its "group" would be every process of the account; nor are we one.
    let asked = (process > 1).then(|| Pid::from_raw(process)).flatten();
    let Some(pid) = asked.filter(|pid| *pid != getpid()) else {
        return false;
    };
    let handle = open_handle(pid);
    let alive = process_identity(process).is_some_and(|found| found == known);
    if alive {
        // It may end by itself at this moment.
        let _ = kill_process_group(pid, Signal::KILL);
        // It may have moved to another group, whose other members may be anybody.
        kill_by_handle(pid, handle);
    }
    alive
}

/// A pidfd, which stays its own: the id may be another's once the process has ended.
#[cfg(target_os = "linux")]
fn open_handle(pid: Pid) -> Option<std::os::fd::OwnedFd> {
    rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).ok()
}

#[cfg(target_os = "linux")]
fn kill_by_handle(pid: Pid, handle: Option<std::os::fd::OwnedFd>) {
    let _ = match handle {
        Some(handle) => rustix::process::pidfd_send_signal(handle, Signal::KILL),
        None => kill_process(pid, Signal::KILL),
    };
}

#[cfg(not(target_os = "linux"))]
fn open_handle(_: Pid) {}

#[cfg(not(target_os = "linux"))]
fn kill_by_handle(pid: Pid, (): ()) {
    let _ = kill_process(pid, Signal::KILL);
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    #[test]
    fn only_the_process_that_was_meant_is_ended() {
        let mut command = Command::new("sleep");
        let mut child = command.arg("600").process_group(0).spawn().unwrap();
        let process = i32::try_from(child.id()).unwrap();
        let known = process_identity(process).unwrap();
        assert_eq!(process_identity(process).as_ref(), Some(&known));
        assert_ne!(process_identity(1), Some(known.clone()));
        assert!(!kill_group_if_same(process, "another one"));
        assert_eq!(child.try_wait().unwrap(), None);
        assert!(kill_group_if_same(process, &known));
        assert!(!child.wait().unwrap().success());
        assert_eq!(process_identity(process), None);
        assert!(!kill_group_if_same(process, &known));
        for nobody in [0, 1, -1, i32::MIN] {
            let known = process_identity(nobody).unwrap_or_default();
            assert!(!kill_group_if_same(nobody, &known), "{nobody}");
        }
    }

    #[test]
    fn a_process_that_has_left_its_group_is_ended_without_the_others_of_that_group() {
        let mut other = Command::new("sleep");
        let mut other = other.arg("600").process_group(0).spawn().unwrap();
        let group = i32::try_from(other.id()).unwrap();
        let mut mover = Command::new("sleep");
        let mut mover = mover.arg("600").process_group(group).spawn().unwrap();
        let process = i32::try_from(mover.id()).unwrap();
        let known = process_identity(process).unwrap();
        assert!(kill_group_if_same(process, &known));
        assert!(!mover.wait().unwrap().success());
        assert_eq!(other.try_wait().unwrap(), None);
        other.kill().unwrap();
        other.wait().unwrap();
    }

    #[test]
    fn nobody_ends_this_process() {
        let own = getpid().as_raw_nonzero().get();
        assert!(!kill_group_if_same(own, &process_identity(own).unwrap()));
    }
}
