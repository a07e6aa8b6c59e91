//! Ranges and rules in the place of values: `1, 2, ..., 10`, `1..5`, `2**i for i in range(3)`.

use super::arithmetic::{self, Number};
use super::list::enumerate_values;
use super::split::split_top_level;
use super::{MAX_ENUMERATED, Repair};
use crate::sweep::literal::leading_identifier;

/// The meanings of the inside of a list that is a rule for its values; empty where it is none.
pub(super) fn repairs(inner: &str) -> Vec<Repair> {
    let rule = repair_ellipsis(inner)
        .or_else(|| repair_comprehension(inner))
        .or_else(|| repair_starred(inner));
    rule.map_or_else(|| range_repairs(inner), |meaning| vec![meaning])
}

/// `1..5`, `1-5`, `1:5`: the last may be meant or not, which Python's `range` leaves out.
pub(super) fn range_repairs(inner: &str) -> Vec<Repair> {
    let ends = ["...", "..", "…", ":", "-"].iter().find_map(|sign| {
        let (first, last) = inner.split_once(sign)?;
        let number = |text: &str| {
            let text = text.trim();
            let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| text.parse::<u64>().ok()).flatten()
        };
        Some((number(first)?, number(last)?))
    });
    let Some((first, last)) = ends.filter(|(first, last)| first < last && *last < 1 << 62) else {
        return Vec::new();
    };
    let with = format!("range({first}, {})", last + 1);
    let without = format!("range({first}, {last})");
    vec![
        Repair::new(format!("Write {with}: {first} to {last}"), with),
        Repair::new(format!("Write {without}: {first} to {}", last - 1), without),
    ]
}

/// `1, 2, 3, ..., 10`: even steps are a range, even factors a list.
fn repair_ellipsis(inner: &str) -> Option<Repair> {
    let items = split_top_level(inner, &[',']);
    let at = items
        .iter()
        .position(|item| matches!(*item, "..." | "…" | ".."))?;
    let [last] = items.get(at + 1..)? else {
        return None;
    };
    let before = items.get(..at)?;
    let integers: Option<Vec<i64>> = before.iter().map(|item| item.parse().ok()).collect();
    match (integers.as_deref(), last.parse::<i64>()) {
        (Some([first]), Ok(last)) => arithmetic_sequence(&[*first, first.checked_add(1)?], last),
        (Some(numbers), Ok(last)) => {
            arithmetic_sequence(numbers, last).or_else(|| geometric_sequence(numbers, last))
        }
        _ => decimal_sequence(before, last),
    }
}

fn arithmetic_sequence(numbers: &[i64], last: i64) -> Option<Repair> {
    let [first, second, ..] = numbers else {
        return None;
    };
    let step = second.checked_sub(*first).filter(|step| *step != 0)?;
    let same = |pair: &[i64]| pair[1].checked_sub(pair[0]) == Some(step);
    let reached =
        last.checked_sub(*first)?.checked_rem(step)? == 0 && (last > *first) == (step > 0);
    let stop = last.checked_add(step.signum())?;
    let step = if step == 1 {
        String::new()
    } else {
        format!(", {step}")
    };
    (numbers.windows(2).all(same) && reached)
        .then(|| Repair::from_value(format!("range({first}, {stop}{step})")))
}

fn geometric_sequence(numbers: &[i64], last: i64) -> Option<Repair> {
    let [first, second, ..] = numbers else {
        return None;
    };
    let factor = second
        .checked_div(*first)
        .filter(|factor| *factor > 1 && *first > 0)?;
    let same = |pair: &[i64]| pair[0].checked_mul(factor) == Some(pair[1]);
    if !numbers.windows(2).all(same) {
        return None;
    }
    let mut values = vec![*first];
    let mut value = *first;
    while value < last {
        value = value.checked_mul(factor)?;
        values.push(value);
    }
    (value == last).then(|| list_repair(values.iter().map(i64::to_string)))
}

/// The most decimal places of a step: more than a double distinguishes, and far fewer than the 65,535
/// that formatting takes without a panic.
const MAX_PLACES: usize = 30;

/// Even steps that are no integers: `steps`, which counts in decimals and leaves its stop out.
fn decimal_sequence(before: &[&str], last: &str) -> Option<Repair> {
    let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
    let [first, second, ..] = before else {
        return None;
    };
    let (first_value, second_value, last_value) = (number(first)?, number(second)?, number(last)?);
    let step = second_value - first_value;
    let count = ((last_value - first_value) / step).round();
    let near =
        (first_value + count * step - last_value).abs() < 1e-9 * step.abs().max(last_value.abs());
    let few = (1.0..MAX_ENUMERATED as f64).contains(&count);
    // As few digits as the step was typed with.
    let places = [first, second]
        .iter()
        .filter_map(|text| text.split_once('.'))
        .map(|(_, places)| places.len())
        .max()
        .filter(|places| *places <= MAX_PLACES)?;
    let step = format!("{step:.places$}");
    let stop = format!(
        "{:.*}",
        places + 1,
        last_value + (second_value - first_value) / 2.0
    );
    (near && few && !first.contains('e') && !second.contains('e'))
        .then(|| Repair::from_value(format!("steps({first}, {stop}, {step})")))
}

/// `2**i for i in range(3)`, and `i for i in …`, which is the range itself.
fn repair_comprehension(inner: &str) -> Option<Repair> {
    let (expression, rest) = inner.split_once(" for ")?;
    let variable = leading_identifier(rest.trim_start());
    let rest = rest.trim_start().strip_prefix(variable)?.trim_start();
    let over = rest.strip_prefix("in")?.trim();
    let expression = expression.trim();
    if variable.is_empty() {
        return None;
    }
    if expression == variable {
        return super::is_sweep(over).then(|| Repair::from_value(over));
    }
    let values = enumerate_values(over)?.into_iter().map(|value| {
        let value = arithmetic::evaluate(&value, None)?;
        arithmetic::evaluate(expression, Some((variable, value))).and_then(Number::to_python_text)
    });
    let values: Vec<String> = values.collect::<Option<_>>()?;
    (values.len() as u128 <= MAX_ENUMERATED).then(|| list_repair(values.into_iter()))
}

/// `*range(3), 10`: the range's values among the others.
fn repair_starred(inner: &str) -> Option<Repair> {
    let items = split_top_level(inner, &[',']);
    if items.len() < 2 || !items.iter().any(|item| item.starts_with('*')) {
        return None;
    }
    let mut values = Vec::new();
    for item in items {
        match item.strip_prefix('*') {
            Some(over) if over.starts_with("range") => values.extend(enumerate_values(over)?),
            Some(_) => return None,
            None => values.push(super::item::Item::read(item).literal),
        }
    }
    Some(list_repair(values.into_iter()))
}

fn list_repair(values: impl Iterator<Item = String>) -> Repair {
    let values: Vec<String> = values.collect();
    Repair::from_value(format!("[{}]", values.join(", ")))
}
