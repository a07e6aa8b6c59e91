//! The cores that a script is restricted to.

use super::log::report_error;
use crate::system::cores;

/// Restricts this thread to some cores while a script is started, which takes them over.
pub(super) struct CoreRestriction {
    /// What the thread may use otherwise; empty where nothing was restricted.
    before: Vec<u32>,
    /// The cores as the system has them.
    in_force: Vec<u32>,
}

impl CoreRestriction {
    /// Where the system refuses, which is reported, the script may use all cores.
    pub(super) fn begin(wanted: &[u32]) -> Self {
        let none = || Self {
            before: Vec::new(),
            in_force: Vec::new(),
        };
        let before = match cores::affinity() {
            Some(before) if !wanted.is_empty() => before,
            _ => return none(),
        };
        if let Err(error) = cores::set_affinity(wanted) {
            report_error(&format!(
                "the trial cannot be restricted to cores {wanted:?}: {error}"
            ));
            return none();
        }
        let in_force = cores::affinity().unwrap_or_default();
        Self { before, in_force }
    }

    /// The cores to which a script that is started now is restricted; empty: to none.
    pub(super) fn cores(&self) -> &[u32] {
        &self.in_force
    }
}

impl Drop for CoreRestriction {
    fn drop(&mut self) {
        if !self.before.is_empty()
            && let Err(error) = cores::set_affinity(&self.before)
        {
            report_error(&format!("the supervisor keeps the trial's cores: {error}"));
        }
    }
}
