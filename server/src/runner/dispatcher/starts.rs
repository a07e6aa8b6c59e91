//! Reports where starts of trials fail again and again.

use super::Dispatcher;

impl Dispatcher {
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
        if !succeeded.is_empty() && wake.start_failures.record_start() {
            gone = true;
            tracing::info!(cluster = %self.cluster, "trials can be started again");
        }
        if come || gone {
            self.app.events.publish_reload();
        }
    }
}
