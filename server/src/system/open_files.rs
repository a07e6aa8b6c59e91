//! How many files and connections this process may have open (`ulimit -n`).

use std::io;
use std::sync::OnceLock;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// More are never asked for: Linux refuses more than 2^20 unless it is configured otherwise.
const USEFUL_MAX: u64 = 1 << 20;
/// What macOS grants whatever it says (`OPEN_MAX`).
const PORTABLE_MAX: u64 = 10_240;

/// The soft limit with which this process was started.
static INHERITED: OnceLock<Option<u64>> = OnceLock::new();

/// Raises the soft limit to the hard one; returns the limit that is then in force, `None` for none.
/// What this process starts inherits the raised limit unless it is lowered again: a program that
/// waits by `select` works only with descriptors below 1024.
pub fn raise_limit() -> Option<u64> {
    let before = getrlimit(Resource::Nofile);
    INHERITED.get_or_init(|| before.current);
    let most = before.maximum.unwrap_or(USEFUL_MAX).min(USEFUL_MAX);
    for limit in [most, most.min(PORTABLE_MAX)] {
        let enough = before.current.is_none_or(|current| current >= limit);
        if enough || set_soft_limit(limit).is_ok() {
            break;
        }
    }
    getrlimit(Resource::Nofile).current
}

/// The soft limit before it was raised, `None` where there was none or it was not raised.
pub fn inherited_limit() -> Option<u64> {
    INHERITED.get().copied().flatten()
}

/// Sets the soft limit, and leaves the hard one.
pub fn set_soft_limit(limit: u64) -> io::Result<()> {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let limit = Rlimit {
        current: Some(limit),
        maximum,
    };
    setrlimit(Resource::Nofile, limit).map_err(Into::into)
}
