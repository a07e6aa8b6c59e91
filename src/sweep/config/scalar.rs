//! A scalar's text as a Python value, step by step as PyYAML 5.4.1's `SafeConstructor` makes it.

use super::resolve::{Implicit, resolve};
use super::timestamp::Timestamp;
use super::value::Value;
use crate::sweep::diagnostic::Diagnostic;
use crate::sweep::diagnostic::config::Problem;
use crate::sweep::literal::Literal;
use crate::sweep::span::Span;
use num_bigint::BigInt;

/// What the tags `!!name` stand for.
pub(super) const PREFIX: &str = "tag:yaml.org,2002:";

/// Python's limit on the digits of an integer that it reads or prints.
const MAX_DIGITS: usize = 4300;

/// The value of a scalar with an explicit tag, or with the one its text resolves to.
///
/// # Errors
/// A tag that the safe loader does not know, or a text that does not fit its tag.
pub(super) fn load(
    span: Span,
    tag: Option<&str>,
    text: &str,
    plain: bool,
) -> Result<Value, Diagnostic> {
    let name = match tag {
        None if plain => implied(resolve(text)),
        None | Some("!") => "str",
        Some(tag) => tag.strip_prefix(PREFIX).unwrap_or(tag),
    };
    let value = match name {
        "str" => Some(Literal::Str(text.into())),
        "null" => Some(Literal::None),
        "bool" => boolean(text),
        "int" => integer(text).map(Literal::Int),
        "float" => float(text).map(Literal::Float),
        "timestamp" => {
            let read = Timestamp::parse(text).map(Value::Timestamp);
            return read.ok_or_else(|| bad(span, tag.unwrap_or("!!timestamp"), text));
        }
        _ => None,
    };
    let own = format!("!!{name}");
    let value = value.map(Value::Scalar);
    value.ok_or_else(|| bad(span, tag.unwrap_or(&own), text))
}

fn implied(kind: Implicit) -> &'static str {
    match kind {
        Implicit::Null => "null",
        Implicit::Bool => "bool",
        Implicit::Int => "int",
        Implicit::Float => "float",
        Implicit::Timestamp => "timestamp",
        Implicit::Merge => "merge",
        Implicit::Value => "value",
        Implicit::Str => "str",
    }
}

/// The error that `tag` does not fit.
pub(super) fn bad(span: Span, tag: &str, found: &str) -> Diagnostic {
    let short = tag.strip_prefix(PREFIX);
    let tag = short.map_or_else(|| tag.into(), |name| format!("!!{name}"));
    let found = found.chars().take(100).collect();
    Diagnostic::in_config(span, Problem::Tag { tag, found })
}

fn boolean(text: &str) -> Option<Literal> {
    match text.to_lowercase().as_str() {
        "yes" | "true" | "on" => Some(Literal::Bool(true)),
        "no" | "false" | "off" => Some(Literal::Bool(false)),
        _ => None,
    }
}

/// Sign and the rest, underscores dropped; `None` for an empty text, on which PyYAML stumbles.
fn signed(text: &str) -> Option<(bool, String)> {
    let plain = text.replace('_', "");
    match plain.chars().next()? {
        '-' => Some((true, plain[1..].into())),
        '+' => Some((false, plain[1..].into())),
        _ => Some((false, plain)),
    }
}

/// `construct_yaml_int`: binary, hexadecimal, octal by a leading 0, base 60 by colons, decimal.
fn integer(text: &str) -> Option<BigInt> {
    let (negative, digits) = signed(text)?;
    let value = if digits == "0" {
        BigInt::ZERO
    } else if let Some(binary) = digits.strip_prefix("0b") {
        python_int(binary, 2)?
    } else if let Some(hexadecimal) = digits.strip_prefix("0x") {
        python_int(hexadecimal, 16)?
    } else if digits.starts_with('0') {
        python_int(&digits, 8)?
    } else if digits.contains(':') {
        let mut value = BigInt::ZERO;
        for part in digits.split(':') {
            value = value * 60 + python_int(part, 10)?;
        }
        value
    } else {
        python_int(&digits, 10)?
    };
    // Python would not print more digits, so that they could not be passed either.
    (value.bits() <= 14_284).then_some(if negative { -value } else { value })
}

/// Python's `int(text, base)` of a text without underscores.
fn python_int(text: &str, base: u32) -> Option<BigInt> {
    let trimmed = text.trim();
    let (negative, digits) = match trimmed.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
    };
    // Python allows a prefix that repeats the base.
    let prefix = match base {
        2 => "0b",
        8 => "0o",
        _ => "0x",
    };
    let digits = match digits.get(..2) {
        Some(start) if base != 10 && start.eq_ignore_ascii_case(prefix) => &digits[2..],
        _ => digits,
    };
    let good = !digits.is_empty() && digits.chars().all(|c| c.is_digit(base));
    if !good || (base == 10 && digits.len() > MAX_DIGITS) {
        return None;
    }
    let value = BigInt::parse_bytes(digits.as_bytes(), base)?;
    Some(if negative { -value } else { value })
}

/// `construct_yaml_float`.
fn float(text: &str) -> Option<f64> {
    let (negative, digits) = signed(&text.to_lowercase())?;
    let value = match digits.as_str() {
        ".inf" => f64::INFINITY,
        // The sign of a NaN is not read.
        ".nan" => return Some(f64::NAN),
        _ if digits.contains(':') => sexagesimal(&digits)?,
        _ => python_float(&digits)?,
    };
    Some(if negative { -value } else { value })
}

/// The parts from the last on, each times 60 to its place, summed as Python sums them.
fn sexagesimal(digits: &str) -> Option<f64> {
    let mut base = BigInt::from(1);
    let mut sum = 0.0;
    for part in digits.rsplit(':') {
        // An integer's digits read as a double are its nearest one; Python refuses infinity.
        let weight: f64 = base.to_string().parse().ok()?;
        if weight.is_infinite() {
            return None;
        }
        sum += python_float(part)? * weight;
        base *= 60;
    }
    Some(sum)
}

/// Python's `float` of a text without underscores.
fn python_float(text: &str) -> Option<f64> {
    let text = text.trim();
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let begins = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let named = matches!(unsigned, "inf" | "infinity" | "nan");
    if begins || named {
        text.parse().ok()
    } else {
        None
    }
}
