//! How much memory this process may use.

use std::io;

/// Limits the memory that this process and what it starts make for themselves (`RLIMIT_DATA`, in bytes);
/// files that are mapped to be read do not count.
///
/// # Errors
/// If the system refuses.
pub fn set_memory_limit(bytes: u64) -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    let limit = Some(bytes);
    Ok(setrlimit(
        Resource::Data,
        Rlimit {
            current: limit,
            maximum: limit,
        },
    )?)
}
