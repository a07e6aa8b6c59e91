//! A pool of warm machines, which pays boot and set-up once per machine instead of once per trial
//! (docs/cost-model.md, section 5).

use super::Seconds;
use super::billing::{Phase, Rounding};
use super::schedule::{self, Schedule};

/// Machines that each run several trials, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Machines, and so trials at a time.
    pub parallel: u32,
    /// Boot of each machine.
    pub boot: Seconds,
    /// Set-up of each machine.
    pub machine_setup: Seconds,
    /// Set-up of each trial.
    pub trial_setup: Seconds,
    /// From the last trial's end to the machine's.
    pub teardown: Seconds,
}

/// When a pool's machines are terminated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// Each after its own last trial.
    Early,
    /// All when the last one ends.
    Together,
}

/// How a pool runs a list of trials.
#[derive(Clone, Debug, PartialEq)]
pub struct Use {
    /// Which machine runs which trial; times count from the end of the machines' set-up.
    pub schedule: Schedule,
    /// How long each machine exists, from boot to the end of its teardown.
    pub busy: Vec<Seconds>,
    /// Whole seconds that are billed for each machine.
    pub billed: Vec<u64>,
    /// How long each machine waits for the last one, without work.
    pub idle: Vec<Seconds>,
}

impl Pool {
    /// Runs trials with these run times in list order. O(n log P).
    pub fn simulate(&self, runs: &[Seconds], release: Release, rounding: Rounding) -> Use {
        let occupied: Vec<Seconds> = runs.iter().map(|run| self.trial_setup + *run).collect();
        let schedule = schedule::simulate(&occupied, self.parallel);
        let machines = self
            .parallel
            .min(u32::try_from(runs.len()).unwrap_or(u32::MAX));
        let mut worked = vec![0u128; machines as usize];
        for (slot, finish) in schedule.slots.iter().zip(&schedule.finish) {
            if let Some(end) = worked.get_mut(*slot as usize) {
                *end = (*end).max(*finish);
            }
        }
        let around = self.boot + self.machine_setup + self.teardown;
        let whole =
            |micros: u128| Seconds::from_micros(u64::try_from(micros).unwrap_or(u64::MAX)) + around;
        let longest = whole(schedule.makespan);
        let own: Vec<Seconds> = worked.into_iter().map(whole).collect();
        let busy: Vec<Seconds> = match release {
            Release::Early => own.clone(),
            Release::Together => own.iter().map(|_| longest).collect(),
        };
        let billed = busy.iter().map(|busy| rounding.round(*busy)).collect();
        let idle = busy
            .iter()
            .zip(&own)
            .map(|(busy, own)| *busy - *own)
            .collect();
        Use {
            schedule,
            busy,
            billed,
            idle,
        }
    }

    /// When the last machine's teardown ends, in seconds from the first boot.
    pub fn makespan(&self, schedule: &Schedule) -> f64 {
        let around = self.boot + self.machine_setup + self.teardown;
        schedule.makespan as f64 / 1e6 + around.as_f64()
    }

    /// The phases of one machine per trial that this pool replaces.
    pub fn cold_phases(&self) -> [Phase; 3] {
        let billed = |length| Phase {
            length,
            billed: true,
        };
        let setup = self.machine_setup + self.trial_setup;
        [billed(self.boot), billed(setup), billed(self.teardown)]
    }
}
