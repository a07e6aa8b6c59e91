//! The cores of this machine that a process may use. Linux alone knows such a set; elsewhere every
//! process may use all.

use std::io;

/// How many cores this process may keep busy: those of its affinity, bounded by its control group's
/// quota. At least 1.
pub fn usable_count() -> u32 {
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The numbers of the cores that the calling thread may run on, ascending; `None` where that cannot
/// be found out.
#[cfg(target_os = "linux")]
pub fn affinity() -> Option<Vec<u32>> {
    use rustix::thread::{CpuSet, sched_getaffinity};
    let set = sched_getaffinity(None).ok()?;
    let numbers = (0..CpuSet::MAX_CPU).filter(|core| set.is_set(*core));
    Some(
        numbers
            .filter_map(|core| u32::try_from(core).ok())
            .collect(),
    )
}

#[cfg(not(target_os = "linux"))]
pub fn affinity() -> Option<Vec<u32>> {
    None
}

/// Restricts the calling thread, and what it starts from now on, to these cores.
///
/// # Errors
/// If none of them may be used, or the system has no affinity.
#[cfg(target_os = "linux")]
pub fn set_affinity(cores: &[u32]) -> io::Result<()> {
    use rustix::thread::{CpuSet, sched_setaffinity};
    let mut set = CpuSet::new();
    let known = cores.iter().filter_map(|core| usize::try_from(*core).ok());
    known
        .filter(|core| *core < CpuSet::MAX_CPU)
        .for_each(|core| set.set(core));
    Ok(sched_setaffinity(None, &set)?)
}

#[cfg(not(target_os = "linux"))]
pub fn set_affinity(_: &[u32]) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
