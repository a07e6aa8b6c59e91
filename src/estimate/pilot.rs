//! A run time from one pilot trial, scaled to other arguments (docs/cost-model.md, section 7).

use super::Seconds;
use crate::sweep::math::pow;

/// One finished trial that stands for others.
#[derive(Clone, Debug, PartialEq)]
pub struct Pilot {
    /// Its script's run time, without boot and set-up.
    pub run: Seconds,
    /// The arguments that the run time depends on; it does not depend on any other.
    pub scales: Vec<ArgumentScale>,
}

/// How the run time depends on one argument: as a power of it.
#[derive(Clone, Debug, PartialEq)]
pub struct ArgumentScale {
    /// The argument, as formulas call it.
    pub name: String,
    /// Its value in the pilot trial.
    pub pilot_value: f64,
    /// 1 is usual for epochs and steps; 0 is no dependence.
    pub exponent: f64,
}

impl Pilot {
    /// `run0 × Π (x / x0)^e`. None where `lookup` lacks an argument, or where the result is not
    /// above zero or not in range.
    pub fn predict(&self, mut lookup: impl FnMut(&str) -> Option<f64>) -> Option<Seconds> {
        let mut factor = 1.0;
        for scale in self.scales.iter().filter(|scale| scale.exponent != 0.0) {
            factor *= pow(lookup(&scale.name)? / scale.pilot_value, scale.exponent);
        }
        let seconds = self.run.as_f64() * factor;
        Seconds::from_f64(seconds).filter(|run| *run > Seconds::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn scaled_and_not() {
        let scale = |exponent| ArgumentScale {
            name: "epochs".into(),
            pilot_value: 5.0,
            exponent,
        };
        let run = Seconds::from_whole(600);
        let pilot = |exponent| Pilot {
            run,
            scales: vec![scale(exponent)],
        };
        assert_eq!(
            pilot(1.0).predict(|_| Some(20.0)),
            Some(Seconds::from_whole(2400))
        );
        assert_eq!(pilot(0.0).predict(|_| None), Some(run));
        assert_eq!(pilot(1.0).predict(|_| None), None);
        assert_eq!(pilot(0.5).predict(|_| Some(-20.0)), None);
        assert_eq!(pilot(1.0).predict(|_| Some(0.0)), None);
        assert_eq!(pilot(1.0).predict(|_| Some(f64::INFINITY)), None);
    }
}
