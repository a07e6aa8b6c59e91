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
    /// The least and the greatest of measured ÷ stated, or without a stated time of the pilots, in seconds.
    spread: (f64, f64),
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
        let spread = (
            spread_of.iter().copied().fold(f64::INFINITY, f64::min),
            spread_of.iter().copied().fold(0.0, f64::max),
        );
        let is_single = pilots.len() == 1;
        let by_arguments = |(stated, _): &(Box<RunTime>, f64)| !stated.names().is_empty();
        let noise = match is_single && scaled.as_ref().is_some_and(by_arguments) {
            true => Noise::SCALED_PILOT,
            false => Noise::PILOT,
        };
        Some(MeasuredRunTime {
            noise: widen(noise, spread),
            scaled,
            spread,
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

    /// `measured: pilot trials took 5 s to 40 s, 1.10 to 1.40 times what was stated, 1.24 on average`.
    pub(crate) fn describe(&self) -> String {
        let (shortest, longest) = self.pilots;
        let took = match shortest == longest {
            true => format!("measured: pilot trials took {}", round(shortest)),
            false => {
                let (shortest, longest) = (round(shortest), round(longest));
                format!("measured: pilot trials took {shortest} to {longest}")
            }
        };
        let (least, greatest) = self.spread;
        match &self.scaled {
            Some((_, factor)) if least == greatest => {
                format!("{took}, {factor:.2} times what was stated")
            }
            Some((_, factor)) => format!(
                "{took}, {least:.2} to {greatest:.2} times what was stated, {factor:.2} on average"
            ),
            None => format!(
                "{took}; every trial is taken to run their mean, {}",
                round(self.mean)
            ),
        }
    }
}

/// Tenths of a second, which is what a person reads; below one, milliseconds.
fn round(seconds: Seconds) -> Seconds {
    let digit = if seconds.micros() < 1_000_000 {
        1000
    } else {
        100_000
    };
    let rounded = (seconds.micros() + digit / 2) / digit * digit;
    Seconds::from_micros(rounded.max(digit.min(seconds.micros())))
}

/// A pilot's uncertainty, or where the pilots differ by more that of their own: least and greatest as 10th
/// and 90th percentile.
fn widen(noise: Noise, (least, greatest): (f64, f64)) -> Noise {
    let spread = log(greatest / least) / (2.0 * Z_90);
    Noise {
        shared: spread.max(noise.shared),
        ..noise
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
            "measured: pilot trials took 20 s to 13 min 20 s, 2.00 to 8.00 times what was stated, \
             4.00 on average"
        );
        // One pilot stands for trials of other arguments.
        let single = MeasuredRunTime::new(Some(&stated), &[pilot(10, 15)]).unwrap();
        assert_eq!(single.noise(), Noise::SCALED_PILOT);
        assert_eq!(
            single.describe(),
            "measured: pilot trials took 15 s, 1.50 times what was stated"
        );
        let missing = run_time.evaluate(|_| None);
        assert!(missing.is_err());
    }

    #[test]
    fn times_are_shown_as_people_read_them() {
        let shown = |micros| round(Seconds::from_micros(micros)).to_string();
        assert_eq!(shown(5_123_456), "5.1 s");
        assert_eq!(shown(59_960_000), "1 min");
        assert_eq!(shown(123_456), "0.123 s");
        assert_eq!(shown(3), "0.000003 s");
    }

    #[test]
    fn without_a_stated_time_the_mean_is_every_trial_s() {
        for stated in [None, Some(parse_run_time("10").unwrap())] {
            let found =
                MeasuredRunTime::new(stated.as_ref(), &[pilot(0, 300), pilot(0, 330)]).unwrap();
            assert_eq!(found.noise(), Noise::PILOT);
            assert_eq!(
                found.describe(),
                "measured: pilot trials took 5 min to 5 min 30 s; every trial is taken to run their \
                 mean, 5 min 15 s"
            );
            let run_time = RunTime::Measured(found);
            assert_eq!(run_time.evaluate(|_| None), Ok(Seconds::from_whole(315)));
            assert!(run_time.names().is_empty());
        }
        assert_eq!(MeasuredRunTime::new(None, &[]), None);
        assert_eq!(MeasuredRunTime::new(None, &[pilot(1, 0)]), None);
    }
}
