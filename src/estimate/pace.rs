//! Long computations in short stretches, so that a page can let the browser go on between them.
//!
//! A computation is written once, as an `async` function that offers to pause. The terminal and the
//! server run it to its end at once ([`run_unbroken`]); the page waits where its slice of time is over.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

/// What a computation waits for before it goes on.
pub type Pause = Pin<Box<dyn Future<Output = ()>>>;

/// Steps between two offers to pause: about 0.1 ms, little beside a frame and much beside a look at the
/// clock.
const STEPS_PER_STRETCH: u32 = 128;

/// Whether and when a computation pauses.
pub struct Pace<'a> {
    pause: Option<&'a mut dyn FnMut() -> Option<Pause>>,
    steps: u32,
}

impl<'a> Pace<'a> {
    /// Without pauses.
    pub fn unbroken() -> Pace<'static> {
        Pace {
            pause: None,
            steps: 0,
        }
    }

    /// Asks `pause` after each short stretch of work what to wait for; None: nothing.
    pub fn with_pauses(pause: &'a mut dyn FnMut() -> Option<Pause>) -> Pace<'a> {
        Pace {
            pause: Some(pause),
            steps: 0,
        }
    }

    /// Counts a step of about a microsecond; whether [`Pace::pause`] is due.
    pub(super) fn is_due(&mut self) -> bool {
        self.steps += 1;
        self.steps >= STEPS_PER_STRETCH
    }

    /// Pauses if the caller wants it.
    pub(super) async fn pause(&mut self) {
        self.steps = 0;
        if let Some(pause) = self.pause.as_mut().and_then(|pause| pause()) {
            pause.await;
        }
    }
}

/// Runs a computation whose [`Pace`] is unbroken, so that it never waits.
pub(super) fn run_unbroken<T>(work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(done) = work.as_mut().poll(&mut context) {
            return done;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        Bounds, Catalogue, EstimateSettings, Money, WhatIf, compare_machines, compare_parallel,
        estimate_plan, estimate_plan_in_stretches, estimate_plan_quickly, parse_run_time, propose,
        propose_in_stretches,
    };
    use super::*;
    use crate::sweep::{self, Plan, Ranges};
    use crate::testing::test;
    use std::sync::Arc;

    fn plan(text: &str) -> Arc<Plan> {
        let settings = sweep::Settings::default();
        let reading = sweep::read(text, &settings);
        assert!(!reading.has_errors(), "{text}: {:?}", reading.diagnostics);
        reading.plan
    }

    fn settings(run_time: &str) -> EstimateSettings {
        EstimateSettings {
            run_time: Some(parse_run_time(run_time).unwrap()),
            interruptions_per_hour: Some(0.1),
            ..EstimateSettings::cloud()
        }
    }

    const SMALL: &str = "grid run f.py --a \"range(1, 21)\" --b \"range(1, 21)\"";
    const LARGE: &str = "grid run f.py --a \"range(1, 101)\" --b \"range(1, 101)\"";
    const HUGE: &str =
        "grid run f.py --a \"range(1, 101)\" --b \"range(1, 1001)\" --c \"range(1, 1001)\"";

    /// What comes of a computation that waits at each pause until it is polled again, and how often it
    /// waited.
    fn run_with_pauses<T>(work: impl AsyncFnOnce(&mut Pace<'_>) -> T) -> (T, usize) {
        let mut waits = 0;
        let mut pause = || {
            waits += 1;
            let mut is_first = true;
            let once = std::future::poll_fn(move |_| {
                if std::mem::take(&mut is_first) {
                    Poll::Pending
                } else {
                    Poll::Ready(())
                }
            });
            Some(Box::pin(once) as Pause)
        };
        let done = run_unbroken(async {
            let mut pace = Pace::with_pauses(&mut pause);
            work(&mut pace).await
        });
        (done, waits)
    }

    #[test]
    fn pauses_change_nothing() {
        let catalogue = Catalogue::embedded();
        for (text, run_time, fewest) in [
            (SMALL, "minutes = a * b", 20),
            (LARGE, "minutes = a * b", 500),
            (HUGE, "minutes = a * b * c", 200),
            (HUGE, "minutes = a + b", 200),
        ] {
            let (plan, settings) = (plan(text), settings(run_time));
            let all = Ranges::full(plan.len());
            let (found, waits) = run_with_pauses(async |pace| {
                estimate_plan_in_stretches(&plan, &all, &settings, catalogue, pace).await
            });
            assert_eq!(found, estimate_plan(&plan, &all, &settings, catalogue));
            assert!(waits >= fewest, "{text} {run_time}: {waits}");
        }
        let (plan, settings) = (plan(SMALL), settings("minutes = a * b"));
        let all = Ranges::full(plan.len());
        let ((machines, by_parallel), _) = run_with_pauses(async |pace| {
            let mut what_if = WhatIf::new(&plan, &all, &settings, catalogue, pace).await;
            (
                what_if.all_rows(pace).await,
                what_if.by_parallel(pace).await,
            )
        });
        assert_eq!(
            machines,
            compare_machines(&plan, &all, &settings, catalogue)
        );
        assert_eq!(
            by_parallel,
            compare_parallel(&plan, &all, &settings, catalogue)
        );
        let bounds = Bounds {
            budget: Money::from_decimal("20"),
            deadline: None,
        };
        let reading = sweep::Settings::default();
        let (found, _) = run_with_pauses(async |pace| {
            propose_in_stretches(&plan, &reading, &settings, catalogue, &bounds, pace).await
        });
        assert_eq!(
            found,
            propose(&plan, &reading, &settings, catalogue, &bounds)
        );
    }

    #[test]
    fn what_is_told_at_once_is_the_whole_or_called_provisional() {
        let catalogue = Catalogue::embedded();
        for (text, run_time, is_provisional) in [
            (SMALL, "10 minutes", false),
            (SMALL, "minutes = a * b", false),
            (LARGE, "10 minutes", false),
            (LARGE, "minutes = a", true),
            (HUGE, "minutes = a / 7", false),
            (HUGE, "minutes = a * b", true),
            (HUGE, "minutes = a * b * c", true),
            (HUGE, "seconds = 10", false),
        ] {
            let (plan, settings) = (plan(text), settings(run_time));
            let all = Ranges::full(plan.len());
            let quick = estimate_plan_quickly(&plan, &all, &settings, catalogue);
            assert_eq!(quick.is_provisional, is_provisional, "{text} {run_time}");
            let whole = estimate_plan(&plan, &all, &settings, catalogue);
            if !is_provisional {
                assert_eq!(quick, whole, "{text} {run_time}");
            }
            assert!(!whole.is_provisional && quick.trials == whole.trials);
            let likely =
                |cost: &Option<super::super::Spread<Money>>| cost.as_ref().unwrap().likely.as_f64();
            let ratio = likely(&quick.cost) / likely(&whole.cost);
            assert!((0.9..1.1).contains(&ratio), "{text} {run_time}: {ratio}");
        }
    }
}
