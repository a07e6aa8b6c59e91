//! System calls by which a script could harm the server or undo the mounts that hide the data folder,
//! refused by seccomp filters.
//!
//! The kernel lets each process change limits and scheduling of every other one of its account, and
//! Landlock has no rule for that. A filter sees the arguments and not whose process they name, so it
//! refuses no more than what scripts do not do to themselves by their own number: the
//! functions of the C library pass 0 for that, except for those that name a thread.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen as Length, SeccompCmpOp as Is, SeccompCondition,
    SeccompFilter, SeccompRule, apply_filter,
};

/// The x32 way to make a system call of x86-64 has numbers of its own.
#[cfg(target_arch = "x86_64")]
const NUMBERINGS: &[i64] = &[0, 0x4000_0000];
#[cfg(not(target_arch = "x86_64"))]
const NUMBERINGS: &[i64] = &[0];

const PRIO_USER: u64 = libc::PRIO_USER as u64;
const CLONE_NEWUSER: u64 = libc::CLONE_NEWUSER as u64;
/// `IOPRIO_WHO_USER` of linux/ioprio.h.
const IOPRIO_WHO_USER: u64 = 3;
/// Scheduling policies under which a process hardly runs on a busy machine, and the flag that may be added
/// to them; of linux/sched.h.
const WEAK_POLICIES: [u64; 2] = [libc::SCHED_BATCH as u64, libc::SCHED_IDLE as u64];
const POLICY_MASK: u64 = !(libc::SCHED_RESET_ON_FORK as u64) & 0xffff_ffff;

/// Programs for the kernel.
pub(super) struct SystemCallFilters(Vec<BpfProgram>);

impl SystemCallFilters {
    /// For a script that may make user namespaces of its own (containers do), or may not.
    ///
    /// # Errors
    /// In words, on a kernel without filters, or a kind of processor for which there are none.
    pub(super) fn compile(may_make_namespaces: bool) -> Result<Self, String> {
        let list = "/proc/sys/kernel/seccomp/actions_avail";
        let actions = std::fs::read_to_string(list).map_err(|error| format!("{list}: {error}"))?;
        if !actions.split_whitespace().any(|action| action == "errno") {
            return Err(format!("{list} has no `errno`"));
        }
        let mut refused = foreign_process_calls();
        let mut unknown = None;
        if !may_make_namespaces {
            refused.extend(namespace_calls());
            // Its flags lie in memory, which a filter cannot read. As if the kernel did not know
            // it: the C library takes `clone` then.
            unknown = Some(compile(vec![(libc::SYS_clone3, vec![])], libc::ENOSYS));
        }
        let programs = unknown.into_iter().chain([compile(refused, libc::EPERM)]);
        let programs: Result<_, _> = programs.collect();
        programs.map(Self).map_err(|error| error.to_string())
    }

    /// Applies them to this thread and to what it starts; also sets "no new privileges".
    ///
    /// # Errors
    /// In words, if the kernel refuses.
    pub(super) fn apply(&self) -> Result<(), String> {
        let apply = |program: &BpfProgram| apply_filter(program).map_err(|error| error.to_string());
        self.0.iter().try_for_each(apply)
    }
}

/// An argument, by its index, and what it is compared with.
type Condition = (u8, Length, Is, u64);
/// A system call, and the combinations of conditions under any of which it is refused; always, without one.
type RefusedCall = (i64, Vec<Vec<Condition>>);

fn is(argument: u8, comparison: Is, value: u64) -> Condition {
    (argument, Length::Dword, comparison, value)
}

/// Limits and scheduling of other processes.
fn foreign_process_calls() -> Vec<RefusedCall> {
    let is_other_process = || is(0, Is::Ne, 0);
    let gives_new_limits = (2, Length::Qword, Is::Ne, 0); // by their address
    let of_policy = |policy| vec![is_other_process(), is(1, Is::MaskedEq(POLICY_MASK), policy)];
    let of_whole_account = |which| vec![vec![is(0, Is::Eq, which)]];
    vec![
        (
            libc::SYS_prlimit64,
            vec![vec![is_other_process(), gives_new_limits]],
        ),
        (libc::SYS_sched_setattr, vec![vec![is_other_process()]]),
        (
            libc::SYS_sched_setscheduler,
            WEAK_POLICIES.map(of_policy).into(),
        ),
        (libc::SYS_setpriority, of_whole_account(PRIO_USER)),
        (libc::SYS_ioprio_set, of_whole_account(IOPRIO_WHO_USER)),
    ]
}

fn namespace_calls() -> Vec<RefusedCall> {
    let for_new_users = || vec![vec![is(0, Is::MaskedEq(CLONE_NEWUSER), CLONE_NEWUSER)]];
    vec![
        (libc::SYS_unshare, for_new_users()),
        (libc::SYS_clone, for_new_users()),
        (libc::SYS_setns, vec![]),
    ]
}

/// A program that lets these calls fail with an error number.
fn compile(calls: Vec<RefusedCall>, error: i32) -> Result<BpfProgram, seccompiler::Error> {
    let mut rules = BTreeMap::new();
    for (number, rows) in calls {
        let rows = rows.into_iter().map(|row| {
            let conditions = row
                .into_iter()
                .map(|(argument, length, comparison, value)| {
                    SeccompCondition::new(argument, length, comparison, value)
                });
            SeccompRule::new(conditions.collect::<Result<_, _>>()?)
        });
        let rows: Vec<SeccompRule> = rows.collect::<Result<_, _>>()?;
        for numbering in NUMBERINGS {
            rules.insert(number | numbering, rows.clone());
        }
    }
    let refuse = SeccompAction::Errno(error.unsigned_abs());
    let processor = std::env::consts::ARCH.try_into()?;
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refuse, processor)?;
    Ok(filter.try_into()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_compile_and_are_applied() {
        // A thread of its own, since they cannot be taken back.
        let applied = std::thread::spawn(|| SystemCallFilters::compile(false)?.apply());
        assert_eq!(applied.join().unwrap(), Ok(()));
    }
}
