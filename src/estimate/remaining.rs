//! What is left of a run that is under way: by its estimate, corrected by the trials that have finished.

/// Sums over trials, in milliseconds: what was estimated for them, and what they took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FinishedSums {
    /// Estimated run times.
    pub estimated_run: u64,
    /// Estimated billed times.
    pub estimated_billed: u64,
    /// The run times that they took.
    pub run: u64,
    /// What was billed for them.
    pub billed: u64,
}

/// Sums over the trials that wait, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WaitingSums {
    /// How many there are.
    pub trials: u32,
    /// Estimated run times.
    pub run: u64,
    /// Estimated billed times.
    pub billed: u64,
}

/// A trial that runs, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunningTrial {
    /// Its estimated run time.
    pub run: u64,
    /// Its estimated billed time.
    pub billed: u64,
    /// How long it has run.
    pub elapsed: u64,
    /// What has been billed for it so far.
    pub accrued: u64,
}

/// What is left of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Remaining {
    /// Run times still to come, of all trials together, in seconds.
    pub machine_seconds: f64,
    /// Until the last trial ends, in seconds: the greatest of what one trial still takes and of an even
    /// share of all.
    pub wall_seconds: f64,
    /// Billed time still to come, in seconds.
    pub billed_seconds: f64,
    /// By what the trials that have finished took longer than estimated; 1 where none has.
    pub run_factor: f64,
}

impl Remaining {
    /// What is left where `at_once` trials run at once. What exceeds its estimate already takes no more
    /// time. O(running).
    pub fn estimate(
        finished: FinishedSums,
        waiting: WaitingSums,
        running: &[RunningTrial],
        at_once: u32,
    ) -> Remaining {
        let run_factor = ratio(finished.run, finished.estimated_run);
        let bill_factor = ratio(finished.billed, finished.estimated_billed);
        let seconds = |millis: f64| millis / 1e3;
        let left = |estimated: u64, factor: f64, so_far: u64| {
            (estimated as f64 * factor - so_far as f64).max(0.0)
        };
        let mut machine = waiting.run as f64 * run_factor;
        let mut billed = waiting.billed as f64 * bill_factor;
        let mut longest = machine / f64::from(waiting.trials.max(1));
        for trial in running {
            let run = left(trial.run, run_factor, trial.elapsed);
            machine += run;
            billed += left(trial.billed, bill_factor, trial.accrued);
            longest = longest.max(run);
        }
        let active = u32::try_from(running.len()).unwrap_or(u32::MAX);
        let at_once = at_once
            .max(1)
            .min(waiting.trials.saturating_add(active).max(1));
        Remaining {
            machine_seconds: seconds(machine),
            wall_seconds: seconds(longest.max(machine / f64::from(at_once))),
            billed_seconds: seconds(billed),
            run_factor,
        }
    }
}

/// Actual ÷ estimated; 1 where nothing is known.
fn ratio(actual: u64, estimated: u64) -> f64 {
    match (actual, estimated) {
        (0, _) | (_, 0) => 1.0,
        (actual, estimated) => actual as f64 / estimated as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    fn running(run: u64, elapsed: u64) -> RunningTrial {
        RunningTrial {
            run,
            billed: run,
            elapsed,
            accrued: elapsed,
        }
    }

    #[test]
    fn finished_trials_correct_what_is_left() {
        let finished = FinishedSums {
            estimated_run: 10_000,
            estimated_billed: 60_000,
            run: 15_000,
            billed: 60_000,
        };
        let waiting = WaitingSums {
            trials: 4,
            run: 40_000,
            billed: 240_000,
        };
        let all = [running(10_000, 5_000), running(10_000, 99_000)];
        let left = Remaining::estimate(finished, waiting, &all, 2);
        // 4 × 15 s wait, 10 s are left of one that runs, none of the other.
        assert_eq!(left.machine_seconds, 70.0);
        assert_eq!(left.wall_seconds, 35.0);
        assert_eq!(left.billed_seconds, 240.0 + 5.0);
        assert_eq!(left.run_factor, 1.5);
    }

    #[test]
    fn without_finished_trials_the_estimate_counts() {
        let nothing = FinishedSums::default();
        let one = Remaining::estimate(
            nothing,
            WaitingSums::default(),
            &[running(8_000, 2_000)],
            16,
        );
        assert_eq!((one.machine_seconds, one.wall_seconds), (6.0, 6.0));
        let done = Remaining::estimate(nothing, WaitingSums::default(), &[], 0);
        assert_eq!((done.wall_seconds, done.run_factor), (0.0, 1.0));
        // Three trials of 10 s on two machines: not 15 s each, and never below one trial.
        let waiting = WaitingSums {
            trials: 1,
            run: 10_000,
            billed: 10_000,
        };
        let left = Remaining::estimate(nothing, waiting, &[], 4);
        assert_eq!(left.wall_seconds, 10.0);
    }
}
