//! Our additions that draw nothing: values at even distances.

use super::arguments::{BoundArguments, MAX_VALUES};
use super::decimal::Decimal;
use super::distribution::{Distribution, DrawnValues};
use super::draw_spec::DrawSpec;
use super::error::{BindError, BindErrorKind, Expected, Rule};
use super::stream::Stream;
use crate::sweep::literal::Literal;
use crate::sweep::math::pow;
use num_bigint::BigInt;
use std::sync::Arc;

/// Values that need no stream, computed when they are drawn: the count is known before, and a call that
/// is never drawn costs nothing.
struct Computed<F>(F);

impl<F: Fn() -> DrawnValues + Send + Sync> Distribution for Computed<F> {
    fn draw(&self, _: &mut Stream, _: u32) -> DrawnValues {
        (self.0)()
    }
}

fn deterministic_sampler(
    count: u32,
    values: impl Fn() -> DrawnValues + Send + Sync + 'static,
) -> DrawSpec {
    DrawSpec::deterministic(Arc::new(Computed(values)), count)
}

/// `numpy.linspace(start, stop, num)`.
pub(super) fn linspace(bound: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    let (start, stop, count) = read_ends(bound)?;
    Ok(deterministic_sampler(count, move || {
        DrawnValues::Floats(evenly_spaced(start, stop, count).collect())
    }))
}

/// `numpy.logspace(start, stop, num, base=base)`: powers of the base with even exponents.
pub(super) fn logspace(bound: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    let (start, stop, count) = read_ends(bound)?;
    let base = bound.read_positive(3)?;
    let power = move |exponent| pow(base, exponent);
    Ok(deterministic_sampler(count, move || {
        DrawnValues::Floats(evenly_spaced(start, stop, count).map(power).collect())
    }))
}

fn read_ends(bound: &BoundArguments<'_>) -> Result<(f64, f64, u32), BindError> {
    let start = bound.read_number(0)?;
    let stop = bound.read_number(1)?;
    if !(stop - start).is_finite() {
        return Err(bound.rule_error(1, Rule::FiniteRange));
    }
    Ok((start, stop, bound.read_count(2)?))
}

/// `count` values from `start` to `stop`, both included, in NumPy's order of operations: index times
/// step plus start, the last one exactly the stop.
fn evenly_spaced(start: f64, stop: f64, count: u32) -> impl Iterator<Item = f64> {
    let range = stop - start;
    let gaps = f64::from(count.saturating_sub(1));
    let step = range / gaps;
    (0..count).map(move |index| {
        if index > 0 && index + 1 == count {
            return stop;
        }
        let index = f64::from(index);
        let offset = if count < 2 {
            index * range
        } else if step == 0.0 {
            index / gaps * range
        } else {
            index * step
        };
        offset + start
    })
}

/// start, start + step, … below stop, in decimal arithmetic: `steps(0.1, 0.8, 0.1)` has 0.7, not
/// 0.7000000000000001. Integers where all three are, floats otherwise.
pub(super) fn steps(bound: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    let mut numbers = [Decimal::default(); 3];
    for (index, number) in numbers.iter_mut().enumerate() {
        *number = match bound.literal(index) {
            Some(Literal::Int(value)) => Decimal::from_integer(value),
            Some(Literal::Float(value)) => Decimal::from_double(*value),
            _ => return Err(bound.wrong_type(index, Expected::Number)),
        }
        .ok_or_else(|| bound.error(index, BindErrorKind::TooManyDigits))?;
    }
    let places = numbers
        .iter()
        .map(|number| number.places)
        .max()
        .unwrap_or(0);
    let mut scaled = [0; 3];
    for (index, (place, number)) in scaled.iter_mut().zip(numbers).enumerate() {
        *place = number
            .mantissa_at(places)
            .ok_or_else(|| bound.error(index, BindErrorKind::TooManyDigits))?;
    }
    let [start, stop, step] = scaled;
    if step == 0 {
        return Err(bound.rule_error(2, Rule::StepNotZero));
    }
    let distance = if step > 0 { stop - start } else { start - stop };
    let count = distance.max(0).unsigned_abs().div_ceil(step.unsigned_abs());
    let count = u32::try_from(count)
        .ok()
        .filter(|count| *count <= MAX_VALUES)
        .ok_or_else(|| {
            // The step is what makes it too many.
            bound.too_many_values(2, &BigInt::from(count))
        })?;
    let mantissas = move || (0..count).map(move |index| start + i64::from(index) * step);
    let whole = (0..3).all(|index| matches!(bound.literal(index), Some(Literal::Int(_))));
    if whole {
        return Ok(deterministic_sampler(count, move || {
            DrawnValues::Ints(mantissas().collect())
        }));
    }
    let double = move |mantissa| Decimal { mantissa, places }.to_double();
    Ok(deterministic_sampler(count, move || {
        DrawnValues::Floats(mantissas().map(double).collect())
    }))
}

#[cfg(test)]
mod tests {
    use super::super::{Arguments, bind};
    use super::*;
    use crate::testing::test;

    fn number(text: &str) -> Literal {
        if text.contains(['.', 'e']) {
            Literal::Float(text.parse().unwrap())
        } else {
            Literal::Int(text.parse().unwrap())
        }
    }

    fn check(name: &str, arguments: &[&str], expected: &str) {
        let positional = arguments.iter().map(|text| number(text)).collect();
        let call = bind(
            name,
            &Arguments {
                positional,
                keywords: vec![],
            },
        );
        let found = match call {
            Ok(call) => {
                assert!(!call.is_random());
                let values = call.draw(&mut Stream::new(0));
                assert_eq!(call.size(), Some(values.len()));
                values
                    .iter()
                    .map(|value| value.to_string())
                    .collect::<Vec<_>>()
                    .join(" ")
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn steps_are_decimal_and_stop_before_the_end() {
        check(
            "steps",
            &["0.1", "0.8", "0.1"],
            "0.1 0.2 0.3 0.4 0.5 0.6 0.7",
        );
        check("steps", &["0", "1", "0.25"], "0.0 0.25 0.5 0.75");
        check("steps", &["1", "10", "3"], "1 4 7");
        check("steps", &["1", "0", "-0.3"], "1.0 0.7 0.4 0.1");
        check("steps", &["1e-5", "4e-5", "1e-5"], "1e-05 2e-05 3e-05");
        check("steps", &["1", "1", "1"], "");
        check("steps", &["0", "1", "-1"], "");
        check(
            "steps",
            &["1e20", "3e20", "1e20"],
            "the steps need more than 15 digits, more than a float keeps apart",
        );
        check("steps", &["0", "1", "0.0"], "step == 0 (found 0.0)");
        check(
            "steps",
            &["0", "1000000", "1"],
            &(0..1_000_000)
                .map(|i| i.to_string())
                .collect::<Vec<_>>()
                .join(" "),
        );
        check(
            "steps",
            &["0", "1000001", "1"],
            "1000001 values are too many for one argument; at most 1000000",
        );
    }

    #[test]
    fn evenly_spaced_as_numpy_gives_them() {
        check("linspace", &["0", "1", "5"], "0.0 0.25 0.5 0.75 1.0");
        check("linspace", &["3", "7", "1"], "3.0");
        check("linspace", &["3", "7", "0"], "");
        check("linspace", &["2", "2", "3"], "2.0 2.0 2.0");
        check("logspace", &["-3", "0", "4"], "0.001 0.01 0.1 1.0");
        check("logspace", &["0", "3", "4", "2"], "1.0 2.0 4.0 8.0");
        check("logspace", &["0", "3", "4", "0"], "base <= 0 (found 0)");
    }
}
