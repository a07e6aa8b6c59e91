//! Small sums such as `10**-3` or `2**i`, worked out as Python works them out.

use crate::sweep::literal::float_repr;
use crate::sweep::math;

/// A number of Python's, as far as such sums need them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Int(i128),
    Float(f64),
}

/// Longer sums are programs.
const MAX_LENGTH: usize = 200;

/// Integers up to here are doubles too.
const EXACT: u128 = 1 << 53;

impl Number {
    /// As Python prints it; `None` where it is no finite number.
    pub(super) fn to_python_text(self) -> Option<String> {
        match self {
            Number::Int(value) => Some(value.to_string()),
            Number::Float(value) => value.is_finite().then(|| float_repr(value)),
        }
    }

    fn to_f64(self) -> Option<f64> {
        match self {
            Number::Int(value) => (value.unsigned_abs() <= EXACT).then_some(value as f64),
            Number::Float(value) => Some(value),
        }
    }
}

/// The value of `text`, in which `variable` is a number; `None` where it is something else than a sum.
pub(super) fn evaluate(text: &str, variable: Option<(&str, Number)>) -> Option<Number> {
    if text.len() > MAX_LENGTH {
        return None;
    }
    let mut reader = SumParser {
        rest: text,
        variable,
        depth: 0,
    };
    let value = reader.sum()?;
    reader.rest.trim().is_empty().then_some(value)
}

struct SumParser<'a> {
    rest: &'a str,
    variable: Option<(&'a str, Number)>,
    depth: u32,
}

impl SumParser<'_> {
    fn eat(&mut self, operator: &str) -> bool {
        let rest = self.rest.trim_start();
        let next = rest.strip_prefix(operator);
        if let Some(next) = next {
            self.rest = next;
        }
        next.is_some()
    }

    fn sum(&mut self) -> Option<Number> {
        let mut left = self.product()?;
        loop {
            left = if self.eat("+") {
                add(left, self.product()?)?
            } else if self.eat("-") {
                add(left, negate(self.product()?)?)?
            } else {
                return Some(left);
            };
        }
    }

    fn product(&mut self) -> Option<Number> {
        let mut left = self.signed()?;
        loop {
            // A power binds tighter and was read; a whole division is no likely value.
            left = if self.eat("*") {
                multiply(left, self.signed()?)?
            } else if self.eat("/") {
                let divisor = self.signed()?.to_f64().filter(|divisor| *divisor != 0.0)?;
                Number::Float(left.to_f64()? / divisor)
            } else {
                return Some(left);
            };
        }
    }

    fn signed(&mut self) -> Option<Number> {
        self.depth += 1;
        if self.depth > 20 {
            return None;
        }
        let value = if self.eat("-") {
            negate(self.signed()?)
        } else {
            self.power()
        };
        self.depth -= 1;
        value
    }

    fn power(&mut self) -> Option<Number> {
        let base = self.atom()?;
        if self.eat("**") {
            power(base, self.signed()?)
        } else {
            Some(base)
        }
    }

    fn atom(&mut self) -> Option<Number> {
        if self.eat("(") {
            self.depth += 1;
            let value = (self.depth <= 20).then(|| self.sum())??;
            self.depth -= 1;
            return self.eat(")").then_some(value);
        }
        self.rest = self.rest.trim_start();
        if let Some((name, value)) = self.variable
            && let Some(rest) = self.rest.strip_prefix(name)
            && !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_')
        {
            self.rest = rest;
            return Some(value);
        }
        self.number()
    }

    fn number(&mut self) -> Option<Number> {
        let rest = self.rest;
        let digits =
            |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let mut end = digits(rest);
        let mut whole = true;
        if rest[end..].starts_with('.') {
            whole = false;
            end += 1;
            end += digits(&rest[end..]);
        }
        if rest[end..].starts_with(['e', 'E']) && end > 0 {
            let signed = &rest[end + 1..];
            let sign = usize::from(signed.starts_with(['+', '-']));
            let exponent = digits(&signed[sign..]);
            if exponent > 0 {
                whole = false;
                end += 1 + sign + exponent;
            }
        }
        let text = &rest[..end];
        self.rest = &rest[end..];
        if whole {
            let leading_zero = text.len() > 1 && text.starts_with('0');
            return text.parse().ok().filter(|_| !leading_zero).map(Number::Int);
        }
        text.parse().ok().map(Number::Float)
    }
}

fn negate(value: Number) -> Option<Number> {
    Some(match value {
        Number::Int(value) => Number::Int(value.checked_neg()?),
        Number::Float(value) => Number::Float(-value),
    })
}

fn add(left: Number, right: Number) -> Option<Number> {
    Some(match (left, right) {
        (Number::Int(left), Number::Int(right)) => Number::Int(left.checked_add(right)?),
        _ => Number::Float(left.to_f64()? + right.to_f64()?),
    })
}

fn multiply(left: Number, right: Number) -> Option<Number> {
    Some(match (left, right) {
        (Number::Int(left), Number::Int(right)) => Number::Int(left.checked_mul(right)?),
        _ => Number::Float(left.to_f64()? * right.to_f64()?),
    })
}

fn power(base: Number, exponent: Number) -> Option<Number> {
    match (base, exponent) {
        (Number::Int(base), Number::Int(exponent @ 0..)) => {
            let exponent = u32::try_from(exponent).ok()?;
            base.checked_pow(exponent).map(Number::Int)
        }
        // The nearest double, which a power of ten is not by multiplication.
        (Number::Int(10), Number::Int(exponent)) => {
            format!("1e{exponent}").parse().ok().map(Number::Float)
        }
        _ => {
            let (base, exponent) = (base.to_f64()?, exponent.to_f64()?);
            (base > 0.0).then(|| Number::Float(math::pow(base, exponent)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn sums_are_python_s() {
        for (text, value) in [
            ("10**-3", Some("0.001")),
            ("10**-5", Some("1e-05")),
            ("2**10", Some("1024")),
            ("-2**2", Some("-4")),
            ("2**-3", Some("0.125")),
            ("1e-3 * 2", Some("0.002")),
            ("1/2", Some("0.5")),
            ("1/3", Some("0.3333333333333333")),
            ("2 + 3 * (4 - 1)", Some("11")),
            ("2**3**2", Some("512")),
            ("2**i", Some("8")),
            ("10**-i", Some("0.001")),
            ("1/0", None),
            ("2**1000", None),
            ("a", None),
            ("1 +", None),
            ("007", None),
            ("", None),
            ("1 2", None),
        ] {
            let found =
                evaluate(text, Some(("i", Number::Int(3)))).and_then(Number::to_python_text);
            assert_eq!(found.as_deref(), value, "{text}");
        }
    }
}
