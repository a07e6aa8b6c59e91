//! Run times calibrated by pilot trials: a stated run time scaled by what was measured, or without one what
//! was measured (docs/cost-model.md, section 7).

use super::RunTime;
use crate::estimate::seconds::Seconds;
use crate::estimate::uncertainty::{Noise, Z_90};
use crate::sweep::math::{exp, log};

/// A pilot trial that has run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PilotTrial {
    /// The run time that was stated for it.
    pub stated: Option<Seconds>,
    /// Its script's run time.
    pub measured: Seconds,
}

/// A run time by pilot trials.
#[derive(Clone, Debug, PartialEq)]
pub struct MeasuredRunTime {
    /// What was stated, and by what it is multiplied; None where nothing was.
    scaled: Option<(Box<RunTime>, f64)>,
    /// The mean of the pilots, where nothing was stated.
    mean: Seconds,
    /// The shortest and the longest pilot.
    pilots: (Seconds, Seconds),
    noise: Noise,
}

impl MeasuredRunTime {
    /// Calibrates `stated` by the geometric mean of measured ÷ stated; without it, or where a pilot has
    /// no stated time, the mean of the pilots is every trial's. None without pilots and where one took
    /// no time.
    pub fn new(stated: Option<&RunTime>, pilots: &[PilotTrial]) -> Option<MeasuredRunTime> {
        let times: Vec<f64> = pilots.iter().map(|pilot| pilot.measured.as_f64()).collect();
        let shortest = pilots.iter().map(|pilot| pilot.measured).min()?;
        let longest = pilots.iter().map(|pilot| pilot.measured).max()?;
        if shortest == Seconds::ZERO {
            return None;
        }
        let ratios: Option<Vec<f64>> = pilots
            .iter()
            .map(|pilot| {
                let stated = pilot.stated.filter(|stated| *stated > Seconds::ZERO)?;
                Some(pilot.measured.as_f64() / stated.as_f64())
            })
            .collect();
        let count = times.len() as f64;
        let scaled = stated.zip(ratios.as_ref()).map(|(stated, ratios)| {
            let logs: f64 = ratios.iter().map(|ratio| log(*ratio)).sum();
            (Box::new(stated.clone()), exp(logs / count))
        });
        let spread_of = if scaled.is_some() {
            ratios.unwrap_or_default()
        } else {
            times.clone()
        };
        Some(MeasuredRunTime {
            noise: noise_of(&spread_of),
            scaled,
            mean: Seconds::from_f64(times.iter().sum::<f64>() / count)?,
            pilots: (shortest, longest),
        })
    }

    /// What was stated, and by what it is multiplied.
    pub(crate) fn scaled(&self) -> Option<(&RunTime, f64)> {
        let (stated, factor) = self.scaled.as_ref()?;
        Some((stated, *factor))
    }

    /// The mean of the pilots.
    pub(crate) fn mean(&self) -> Seconds {
        self.mean
    }

    pub(crate) fn noise(&self) -> Noise {
        self.noise
    }

    /// `measured: two pilots took 5 s and 40 s, 1.25 times what was stated`.
    pub(crate) fn describe(&self) -> String {
        let (shortest, longest) = self.pilots;
        let took = match shortest == longest {
            true => format!("measured: pilot trials took {shortest}"),
            false => format!("measured: pilot trials took {shortest} to {longest}"),
        };
        match &self.scaled {
            Some((_, factor)) => format!("{took}, {factor:.2} times what was stated"),
            None => format!(
                "{took}; every trial is taken to run their mean, {}",
                self.mean
            ),
        }
    }
}

/// A pilot's uncertainty, or where the pilots differ by more that of their own: least and greatest as 10th
/// and 90th percentile.
fn noise_of(values: &[f64]) -> Noise {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = values.iter().copied().fold(0.0, f64::max);
    let spread = log(greatest / least) / (2.0 * Z_90);
    Noise {
        shared: spread.max(Noise::PILOT.shared),
        own: Noise::PILOT.own,
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse_run_time;
    use super::*;
    use crate::formula::ArgumentValue;
    use crate::testing::test;

    fn pilot(stated: u64, measured: u64) -> PilotTrial {
        PilotTrial {
            stated: (stated > 0).then(|| Seconds::from_whole(stated)),
            measured: Seconds::from_whole(measured),
        }
    }

    #[test]
    fn stated_times_are_scaled_by_the_geometric_mean() {
        let stated = parse_run_time("seconds = 10 * n").unwrap();
        // 2 and 8 times what was stated: 4.
        let found = MeasuredRunTime::new(Some(&stated), &[pilot(10, 20), pilot(100, 800)]).unwrap();
        let run_time = RunTime::Measured(found.clone());
        let run = run_time.evaluate(|_| Some(ArgumentValue::Number(3.0)));
        assert_eq!(run, Ok(Seconds::from_whole(120)));
        assert_eq!(run_time.names(), ["n"]);
        // Four times between the two: wider than a pilot's own uncertainty.
        let spread = found.noise().shared;
        assert!((spread - log(4.0) / (2.0 * Z_90)).abs() < 1e-12, "{spread}");
        assert_eq!(
            found.describe(),
            "measured: pilot trials took 20 s to 13 min 20 s, 4.00 times what was stated"
        );
        let missing = run_time.evaluate(|_| None);
        assert!(missing.is_err());
    }

    #[test]
    fn without_a_stated_time_the_mean_is_every_trial_s() {
        for stated in [None, Some(parse_run_time("10").unwrap())] {
            let found =
                MeasuredRunTime::new(stated.as_ref(), &[pilot(0, 300), pilot(0, 330)]).unwrap();
            assert_eq!(found.noise(), Noise::PILOT);
            let run_time = RunTime::Measured(found);
            assert_eq!(run_time.evaluate(|_| None), Ok(Seconds::from_whole(315)));
            assert!(run_time.names().is_empty());
        }
        assert_eq!(MeasuredRunTime::new(None, &[]), None);
        assert_eq!(MeasuredRunTime::new(None, &[pilot(1, 0)]), None);
    }
}
