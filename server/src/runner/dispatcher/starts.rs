//! Reports where starts of trials, or whole steps, fail again and again.

use super::Dispatcher;
use crate::store::StoreError;

impl Dispatcher {
    /// Counts steps that fail in a row.
    pub(super) fn record_step(&self, result: &Result<(), StoreError>) {
        let Some(wake) = self.app.wakes.get(&self.cluster) else {
            return;
        };
        let changed = match result {
            Ok(()) => wake.step_failures.record_success(),
            Err(error) => wake.step_failures.record_failure(&error.to_string()),
        };
        if changed {
            self.app.events.publish_reload();
        }
    }

    /// Counts starts of trials: a reason for each that failed. Logs and publishes where a message comes
    /// or goes.
    pub(super) fn record_starts(&self, starts: impl IntoIterator<Item = Result<(), String>>) {
        let Some(wake) = self.app.wakes.get(&self.cluster) else {
            return;
        };
        let (succeeded, failed): (Vec<_>, Vec<_>) = starts.into_iter().partition(Result::is_ok);
        let (mut come, mut gone) = (false, false);
        for reason in failed.into_iter().filter_map(Result::err) {
            if wake.start_failures.record_failure(&reason) {
                come = true;
                tracing::warn!(cluster = %self.cluster, %reason, "starts of trials fail again and again");
            }
        }
        // Last: where one has started, the next may too.
        if !succeeded.is_empty() && wake.start_failures.record_success() {
            gone = true;
            tracing::info!(cluster = %self.cluster, "trials can be started again");
        }
        if come || gone {
            self.app.events.publish_reload();
        }
    }
}
