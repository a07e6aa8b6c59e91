//! Tells a curve from a data set that a trial writes: over a curve its step rises.

use std::collections::HashMap;

use crate::model::metric::NewMetricPoint;

/// How often a name may be measured at one step.
const VALUES_AT_A_STEP_MAX: u32 = 16;
/// How often the step may fall, for each name: training that begins again, or resumes.
const FALLS_MAX: u32 = 16;
/// Of so many points of a name at most one may fall.
const POINTS_PER_FALL: u32 = 8;
/// The most points that are kept back.
const HELD_MAX: usize = 10_000;
/// The most names of one file.
const NAMES_MAX: usize = 1_000;

/// What is read is no curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotACurve;

/// Keeps points back until a step has risen, then lets them through while the steps of each name do
/// not fall, with few exceptions.
#[derive(Debug, Default)]
pub(super) struct CurveCheck {
    courses: HashMap<String, Course>,
    /// Not yet sure to be of a curve.
    held: Vec<NewMetricPoint>,
    has_risen: bool,
    /// Steps are epochs, of which each has many batches.
    pub(super) has_batches: bool,
}

#[derive(Debug)]
struct Course {
    last: f64,
    shape: u64,
    points: u32,
    at_last: u32,
    falls: u32,
}

impl CurveCheck {
    /// Takes a point of a row of this shape. Where a row of another shape counts its steps otherwise
    /// (epochs instead of iterations), its points of names that are known already are left out. O(1).
    pub(super) fn add(
        &mut self,
        point: NewMetricPoint,
        shape: u64,
        points: &mut Vec<NewMetricPoint>,
    ) -> Result<(), NotACurve> {
        let Some(step) = point.step.filter(|step| step.is_finite()) else {
            return Ok(());
        };
        let count = self.courses.len();
        match self.courses.get_mut(&point.name) {
            Some(course) if step < course.last && shape != course.shape => return Ok(()),
            Some(course) => self.has_risen |= course.add(step, shape, self.has_batches)?,
            None if count == NAMES_MAX => return Err(NotACurve),
            None => {
                let course = Course {
                    last: step,
                    shape,
                    points: 1,
                    at_last: 1,
                    falls: 0,
                };
                self.courses.insert(point.name.clone(), course);
            }
        }
        if self.has_risen {
            points.append(&mut self.held);
            points.push(point);
            return Ok(());
        }
        self.held.push(point);
        if self.held.len() > HELD_MAX {
            return Err(NotACurve);
        }
        Ok(())
    }

    /// Lets through what was held back: nothing follows it.
    pub(super) fn release(&mut self, points: &mut Vec<NewMetricPoint>) {
        points.append(&mut self.held);
    }
}

impl Course {
    /// Whether the step has risen.
    fn add(&mut self, step: f64, shape: u64, has_batches: bool) -> Result<bool, NotACurve> {
        self.points = self.points.saturating_add(1);
        self.at_last += 1;
        if step == self.last {
            let too_many = self.at_last > VALUES_AT_A_STEP_MAX && !has_batches;
            return if too_many { Err(NotACurve) } else { Ok(false) };
        }
        let rises = step > self.last;
        if !rises {
            self.falls += 1;
            if self.falls > FALLS_MAX.min(1 + self.points / POINTS_PER_FALL) {
                return Err(NotACurve);
            }
        }
        (self.last, self.shape, self.at_last) = (step, shape, 1);
        Ok(rises)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(steps: &[f64], has_batches: bool) -> Result<usize, NotACurve> {
        let mut check = CurveCheck {
            has_batches,
            ..CurveCheck::default()
        };
        let mut points = Vec::new();
        for step in steps {
            let point = NewMetricPoint {
                name: "a".into(),
                step: Some(*step),
                value: 0.0,
            };
            check.add(point, 0, &mut points)?;
        }
        Ok(points.len())
    }

    #[test]
    fn nothing_is_let_through_before_a_step_rises() {
        assert_eq!(passed(&[1.0], false), Ok(0));
        assert_eq!(passed(&[1.0, 1.0], false), Ok(0));
        assert_eq!(passed(&[1.0, 1.0, 2.0], false), Ok(3));
    }

    #[test]
    fn training_may_begin_again() {
        let steps: Vec<f64> = (0..60).map(|n| f64::from(n % 20)).collect();
        assert_eq!(passed(&steps, false), Ok(60));
    }

    #[test]
    fn shuffled_rows_and_rows_by_the_hundred_are_no_curve() {
        let shuffled: Vec<f64> = (0..100).map(|n| f64::from(n * 37 % 100)).collect();
        assert_eq!(passed(&shuffled, false), Err(NotACurve));
        let episodes: Vec<f64> = (0..2000).map(|n| f64::from(n % 50)).collect();
        assert_eq!(passed(&episodes, false), Err(NotACurve));
        let same: Vec<f64> = (0..100).map(|n| f64::from(n / 50)).collect();
        assert_eq!(passed(&same, false), Err(NotACurve));
        assert_eq!(passed(&same, true), Ok(100));
    }
}
