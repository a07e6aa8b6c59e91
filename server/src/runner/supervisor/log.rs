//! The supervisor's own log, `supervisor.log` in the folder of its trial.

use std::io::{self, Write};

/// Writes an error of the supervisor itself to its log. A failure is ignored: on a full disk the
/// trial must go on (`eprintln!` would panic).
pub(super) fn complain(trouble: &str) {
    let _ = writeln!(io::stderr(), "{trouble}");
}
