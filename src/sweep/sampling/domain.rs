//! The rules about single numbers that many distributions share.

use super::bound::Bound;
use super::fault::{BindError, Rule};

impl Bound<'_> {
    /// A parameter that may not be negative; NumPy counts -0.0 as negative.
    pub(super) fn not_negative(&self, index: usize) -> Result<f64, BindError> {
        let value = self.number(index)?;
        if value.is_sign_negative() && !value.is_nan() {
            return Err(self.broken(index, Rule::NotNegative(self.name(index))));
        }
        Ok(value)
    }

    /// A parameter above zero; NaN passes, as it passes NumPy's `a <= 0`.
    pub(super) fn positive(&self, index: usize) -> Result<f64, BindError> {
        let value = self.number(index)?;
        if value <= 0.0 {
            return Err(self.broken(index, Rule::Positive(self.name(index))));
        }
        Ok(value)
    }

    /// A parameter from 0 to 1; NaN is refused.
    pub(super) fn probability(&self, index: usize) -> Result<f64, BindError> {
        let value = self.number(index)?;
        if !(0.0..=1.0).contains(&value) {
            return Err(self.broken(index, Rule::Probability(self.name(index))));
        }
        Ok(value)
    }
}
