//! What only the operating system knows or does: the time, entropy, signals, limits, the umask; and
//! whether workers make progress.

pub mod clock;

pub mod cores;

pub mod failure_log;
pub mod failure_streak;
pub mod heartbeat;
pub mod inspection;
pub mod memory;
pub mod open_files;

pub mod random;

pub mod signals;

pub mod umask;
