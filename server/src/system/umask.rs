//! The umask: a server keeps what it writes from other accounts, and its trials have the umask that
//! the server was started with.

use std::sync::OnceLock;

use rustix::fs::Mode;
use rustix::process::umask;

/// Of the server: nothing for other accounts.
const RESTRICTED: Mode = Mode::RWXG.union(Mode::RWXO);

/// The umask before [`restrict`].
static AT_START: OnceLock<Mode> = OnceLock::new();

/// Keeps every file that this process makes from now on from other accounts. Before other threads
/// make any.
pub fn restrict() {
    let before = umask(RESTRICTED);
    AT_START.get_or_init(|| before);
}

/// Whether [`restrict`] was called.
pub fn is_restricted() -> bool {
    AT_START.get().is_some()
}

/// The umask that trials are to have: what it was before [`restrict`]; `None` where it is in force.
#[allow(clippy::useless_conversion, reason = "it differs by system")]
pub fn at_start() -> Option<u32> {
    AT_START.get().map(|mode| u32::from(mode.bits()))
}

/// What the umask before [`restrict`] leaves of a mode, and all for the owner.
pub fn allowed_by_start(mode: u32) -> Mode {
    let denied = AT_START.get().copied().unwrap_or(Mode::empty());
    #[allow(clippy::unnecessary_cast, reason = "it differs by system")]
    let mode = Mode::from_raw_mode(mode as rustix::fs::RawMode);
    mode.difference(denied) | (mode & Mode::RWXU)
}

/// Gives a file that was made with this mode the one that it would have had by the umask before
/// [`restrict`]: trials get copies of it.
///
/// # Errors
/// Where the system refuses.
pub fn apply_to(file: &std::fs::File, mode: u32) -> std::io::Result<()> {
    if is_restricted() {
        rustix::fs::fchmod(file, allowed_by_start(mode))?;
    }
    Ok(())
}

/// Gives a new folder the mode that it would have had by the umask before [`restrict`]: trials run in
/// copies of it.
///
/// # Errors
/// Where the system refuses.
pub fn open_folder(path: &std::path::Path) -> std::io::Result<()> {
    if is_restricted() {
        rustix::fs::chmod(path, allowed_by_start(0o777))?;
    }
    Ok(())
}

/// Takes on an umask.
pub fn set(mask: u32) {
    #[allow(clippy::unnecessary_cast, reason = "it differs by system")]
    umask(Mode::from_raw_mode(mask as rustix::fs::RawMode));
}
