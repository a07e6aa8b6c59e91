//! The supervisor's own log, `supervisor.log` in the folder of its trial.

use std::io::{self, Write};

/// Writes down a trouble of our own, if that can be written: on a full disk it cannot, and the
/// trial must go on (`eprintln!` would end us).
pub(super) fn complain(trouble: &str) {
    let _ = writeln!(io::stderr(), "{trouble}");
}
