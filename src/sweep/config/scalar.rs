//! A scalar's text as a Python value, step by step as PyYAML 5.4.1's `SafeConstructor` makes it.

use super::resolve::{ImplicitTag, resolve};
use super::timestamp::Timestamp;
use super::value::YamlValue;
use crate::sweep::diagnostic::Diagnostic;
use crate::sweep::diagnostic::config::ConfigProblem;
use crate::sweep::literal::Literal;
use crate::sweep::span::Span;
use crate::sweep::truncate::{QUOTED_MAX, truncate_chars};
use num_bigint::BigInt;

/// What the tags `!!name` stand for.
pub(super) const TAG_PREFIX: &str = "tag:yaml.org,2002:";

/// Python's limit on the digits of an integer that it reads or prints.
const MAX_DIGITS: usize = 4300;

/// The value of a scalar with an explicit tag, or with the one its text resolves to.
///
/// # Errors
/// A tag that the safe loader does not know, or a text that does not fit its tag.
pub(super) fn load_scalar(
    span: Span,
    tag: Option<&str>,
    text: &str,
    plain: bool,
) -> Result<YamlValue, Diagnostic> {
    let name = match tag {
        None if plain => type_name(resolve(text)),
        None | Some("!") => "str",
        Some(tag) => tag.strip_prefix(TAG_PREFIX).unwrap_or(tag),
    };
    let value = match name {
        "str" => Some(Literal::Str(text.into())),
        "null" => Some(Literal::None),
        "bool" => parse_bool(text),
        "int" => parse_int(text).map(Literal::Int),
        "float" => parse_float(text).map(Literal::Float),
        "timestamp" => {
            let read = Timestamp::parse(text).map(YamlValue::Timestamp);
            return read.ok_or_else(|| tag_error(span, tag.unwrap_or("!!timestamp"), text));
        }
        _ => None,
    };
    let own = format!("!!{name}");
    let value = value.map(YamlValue::Scalar);
    value.ok_or_else(|| tag_error(span, tag.unwrap_or(&own), text))
}

fn type_name(kind: ImplicitTag) -> &'static str {
    match kind {
        ImplicitTag::Null => "null",
        ImplicitTag::Bool => "bool",
        ImplicitTag::Int => "int",
        ImplicitTag::Float => "float",
        ImplicitTag::Timestamp => "timestamp",
        ImplicitTag::Merge => "merge",
        ImplicitTag::Value => "value",
        ImplicitTag::Str => "str",
    }
}

/// The error that `tag` does not fit.
pub(super) fn tag_error(span: Span, tag: &str, found: &str) -> Diagnostic {
    let short = tag.strip_prefix(TAG_PREFIX);
    let tag = short.map_or_else(|| tag.into(), |name| format!("!!{name}"));
    let found = truncate_chars(found, QUOTED_MAX);
    Diagnostic::in_config(span, ConfigProblem::Tag { tag, found })
}

fn parse_bool(text: &str) -> Option<Literal> {
    match text.to_lowercase().as_str() {
        "yes" | "true" | "on" => Some(Literal::Bool(true)),
        "no" | "false" | "off" => Some(Literal::Bool(false)),
        _ => None,
    }
}

/// Sign and the rest, underscores dropped; `None` for an empty text, on which PyYAML stumbles.
fn split_sign(text: &str) -> Option<(bool, String)> {
    let plain = text.replace('_', "");
    match plain.chars().next()? {
        '-' => Some((true, plain[1..].into())),
        '+' => Some((false, plain[1..].into())),
        _ => Some((false, plain)),
    }
}

/// `construct_yaml_int`: binary, hexadecimal, octal by a leading 0, base 60 by colons, decimal.
fn parse_int(text: &str) -> Option<BigInt> {
    let (negative, digits) = split_sign(text)?;
    let value = if digits == "0" {
        BigInt::ZERO
    } else if let Some(binary) = digits.strip_prefix("0b") {
        parse_python_int(binary, 2)?
    } else if let Some(hexadecimal) = digits.strip_prefix("0x") {
        parse_python_int(hexadecimal, 16)?
    } else if digits.starts_with('0') {
        parse_python_int(&digits, 8)?
    } else if digits.contains(':') {
        let mut value = BigInt::ZERO;
        for part in digits.split(':') {
            value = value * 60 + parse_python_int(part, 10)?;
        }
        value
    } else {
        parse_python_int(&digits, 10)?
    };
    // Python would not print more digits, so that they could not be passed either.
    (value.bits() <= 14_284).then_some(if negative { -value } else { value })
}

/// Python's `int(text, base)` of a text without underscores.
fn parse_python_int(text: &str, base: u32) -> Option<BigInt> {
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
fn parse_float(text: &str) -> Option<f64> {
    let (negative, digits) = split_sign(&text.to_lowercase())?;
    let value = match digits.as_str() {
        ".inf" => f64::INFINITY,
        // The sign of a NaN is not read.
        ".nan" => return Some(f64::NAN),
        _ if digits.contains(':') => parse_sexagesimal(&digits)?,
        _ => parse_python_float(&digits)?,
    };
    Some(if negative { -value } else { value })
}

/// The parts from the last on, each times 60 to its place, summed as Python sums them.
fn parse_sexagesimal(digits: &str) -> Option<f64> {
    let mut base = BigInt::from(1);
    let mut sum = 0.0;
    for part in digits.rsplit(':') {
        // An integer's digits read as a double are its nearest one; Python refuses infinity.
        let weight: f64 = base.to_string().parse().ok()?;
        if weight.is_infinite() {
            return None;
        }
        sum += parse_python_float(part)? * weight;
        base *= 60;
    }
    Some(sum)
}

/// Python's `float` of a text without underscores.
fn parse_python_float(text: &str) -> Option<f64> {
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
