//! Signals that must not end us.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use signal_hook::consts::SIGXFSZ;

/// Lets a write beyond the limit on file sizes (`ulimit -f`) fail like one on a full disk, instead
/// of ending the process. What we start has the usual behaviour.
pub fn survive_file_size_limit() -> io::Result<()> {
    // A handler instead of "ignore", which children would inherit. The flag is not read.
    signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false))).map(drop)
}
