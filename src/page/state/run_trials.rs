//! The trials of one run, put together from pages and events: pure.
//!
//! An event leaves out a trial's values, which never change: they come with its page.

use std::collections::{BTreeMap, BTreeSet};

use super::event_clock::{EventClock, Tick};
use crate::api::{TRIAL_PAGE_MAX, TrialPage, TrialRow};

/// The trials of one run, as far as they have been read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct RunTrials {
    /// The swept arguments.
    pub(crate) columns: Vec<String>,
    /// The names of the metrics, in the order in which they first appeared.
    pub(crate) metrics: Vec<String>,
    /// By the trial's number in its run, from 0.
    pub(crate) rows: BTreeMap<u32, TrialRow>,
    /// How many trials the run has; `None` before the first page has arrived.
    pub(crate) total: Option<u64>,
    /// The pages that have been requested, so that each is requested once.
    pub(super) requested_pages: BTreeSet<u32>,
    /// Rows of pages that are under way, as events have changed them: without values.
    awaiting_values: BTreeMap<u32, TrialRow>,
    clock: EventClock<u32>,
}

impl RunTrials {
    pub(super) fn event_now(&self) -> Tick {
        self.clock.now()
    }

    /// Takes over an answer to a request that was sent at tick `sent_at`, except for rows that an event has
    /// changed since.
    pub(super) fn merge_page(&mut self, page: TrialPage, sent_at: Tick) {
        self.columns = page.columns;
        self.metrics = page.metric_names;
        self.total = Some(page.total);
        for mut row in page.trials {
            let number = row.number;
            let newer = self.awaiting_values.remove(&number);
            if self.clock.changed_since(&number, sent_at) {
                let Some(newer) = newer else { continue };
                let values = std::mem::replace(&mut row, newer).values;
                row.values = values;
            }
            self.rows.insert(number, row);
        }
    }

    /// Takes over rows from an event, but for those of pages that nobody has asked for. Returns whether
    /// they have a metric that was not known yet.
    pub(super) fn merge_rows(&mut self, rows: Vec<TrialRow>) -> bool {
        let before = self.metrics.len();
        for mut row in rows {
            for name in row.metrics.keys() {
                if !self.metrics.contains(name) {
                    self.metrics.push(name.clone());
                }
            }
            let number = row.number;
            if let Some(known) = self.rows.get_mut(&number) {
                row.values = std::mem::take(&mut known.values);
                *known = row;
            } else if self.requested_pages.contains(&(number / TRIAL_PAGE_MAX)) {
                self.awaiting_values.insert(number, row);
            } else {
                continue;
            }
            self.clock.record(number);
        }
        self.metrics.len() > before
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::ExperimentState::{self, Queued, Running, Succeeded};
    use crate::api::{SpaceIndex, Timestamp};
    use crate::testing::test;

    fn row(number: u32, state: ExperimentState, value: Option<&str>) -> TrialRow {
        TrialRow {
            id: String::new(),
            name: String::new(),
            number,
            index: SpaceIndex(number.into()),
            values: value.into_iter().map(|value| Some(value.into())).collect(),
            state,
            message: String::new(),
            start_timestamp: None,
            finish_timestamp: None,
            exit_code: None,
            signal: None,
            billed_seconds: None,
            cost: None,
            metrics: BTreeMap::new(),
            attempt: 0,
            estimated_seconds: None,
            estimated_cost: None,
            hourly_cost: None,
        }
    }

    fn page(trials: Vec<TrialRow>) -> TrialPage {
        TrialPage {
            columns: vec!["--x".into()],
            metric_names: Vec::new(),
            total: trials.len() as u64,
            trials,
            offset: 0,
            now: Timestamp::from_micros(0),
        }
    }

    #[test]
    fn an_event_keeps_the_values_of_a_trial() {
        let mut trials = RunTrials::default();
        trials.merge_page(page(vec![row(0, Queued, Some("a"))]), Tick::default());
        trials.merge_rows(vec![row(0, Running, None)]);
        assert_eq!(trials.rows[&0], row(0, Running, Some("a")));
    }

    #[test]
    fn a_page_brings_the_values_of_trials_that_events_have_changed_since() {
        let mut trials = RunTrials::default();
        trials.requested_pages.insert(0);
        let asked = trials.event_now();
        trials.merge_rows(vec![row(1, Succeeded, None)]);
        assert!(trials.rows.is_empty());
        let answer = page(vec![row(0, Queued, Some("a")), row(1, Queued, Some("b"))]);
        trials.merge_page(answer.clone(), asked);
        assert_eq!(trials.rows[&0], row(0, Queued, Some("a")));
        assert_eq!(trials.rows[&1], row(1, Succeeded, Some("b")));
        // The same answer, late: the event is newer still.
        trials.merge_page(answer, asked);
        assert_eq!(trials.rows[&1], row(1, Succeeded, Some("b")));
    }

    #[test]
    fn trials_of_pages_that_nobody_has_asked_for_stay_unread() {
        let mut trials = RunTrials::default();
        trials.requested_pages.insert(0);
        trials.merge_rows(vec![row(TRIAL_PAGE_MAX, Running, None)]);
        let asked = trials.event_now();
        trials.merge_page(page(vec![row(TRIAL_PAGE_MAX, Succeeded, Some("z"))]), asked);
        assert_eq!(
            trials.rows[&TRIAL_PAGE_MAX],
            row(TRIAL_PAGE_MAX, Succeeded, Some("z"))
        );
    }
}
