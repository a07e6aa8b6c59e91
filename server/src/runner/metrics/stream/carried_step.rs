//! The step that a line without one takes from a line above.

use super::vocabulary as words;

/// The steps stated above.
#[derive(Debug, Default)]
pub(super) struct CarriedStep {
    /// Stated on a line that measured nothing, as `Epoch 2/3`.
    header: Option<f64>,
    /// Stated beside a measurement of this phase.
    of_phase: Option<(f64, String)>,
}

impl CarriedStep {
    /// A line states a step: on its own, or beside measurements, perhaps of a phase.
    pub(super) fn state(&mut self, step: f64, phase: Option<String>, measures: bool) {
        if measures {
            self.header = None;
            self.of_phase = phase.map(|phase| (step, phase));
        } else {
            self.header = Some(step);
        }
    }

    pub(super) fn header(&self) -> Option<f64> {
        self.header
    }

    /// The step of a line that states none: that of the heading above it, or, where it is of another
    /// phase than the line above, that line's. A summary (`best accuracy`) has none.
    pub(super) fn step_for(&self, name: &str, phase: Option<&str>) -> Option<f64> {
        if words::is_summary(name) {
            return None;
        }
        let of_phase = || {
            let (step, last) = self.of_phase.as_ref()?;
            (phase? != last).then_some(*step)
        };
        self.header.or_else(of_phase)
    }
}
