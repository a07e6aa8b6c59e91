//! How the values of options are read, by the rules of Grid's published client.

use crate::sweep::diagnostic::Kind;
use crate::sweep::run_names::MAX_RUN_NAME;

/// A whole number as Click reads it, by Python's `int`: blanks around, one sign, single `_` between
/// digits. A negative one is `None` like one that does not fit, since no option takes any.
pub(super) fn python_int(text: &str) -> Option<u32> {
    let trimmed = text.trim();
    let (negative, digits) = match trimmed.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
    };
    let plain = |group: &str| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit());
    if !digits.split('_').all(plain) {
        return None;
    }
    let value = digits.replace('_', "").parse::<u32>().ok()?;
    (!negative || value == 0).then_some(value)
}

/// The client's rule for run names: lower-case letters, digits and `-`, no `-` at either end.
pub(super) fn run_name(name: &str) -> Result<String, Kind> {
    let good = |c: char| c == '-' || (c.is_alphanumeric() && !c.is_uppercase());
    let bad =
        name.is_empty() || name.starts_with('-') || name.ends_with('-') || !name.chars().all(good);
    if bad || name.chars().count() > MAX_RUN_NAME {
        return Err(Kind::BadRunName {
            found: name.into(),
            suggestion: tidy_name(name),
        });
    }
    Ok(name.into())
}

/// `^(?!-)[a-z0-9-]{1,63}(?<!-)$`, the client's rule for cluster names.
pub(super) fn cluster_name(name: &str) -> Result<String, Kind> {
    let good = |b: u8| b == b'-' || b.is_ascii_digit() || b.is_ascii_lowercase();
    let bad = name.is_empty() || name.len() > 63 || name.starts_with('-') || name.ends_with('-');
    if bad || !name.bytes().all(good) {
        return Err(Kind::BadClusterName { found: name.into() });
    }
    Ok(name.into())
}

/// The nearest good run name, where there is one.
fn tidy_name(name: &str) -> Option<String> {
    let lower = name.to_lowercase();
    let dashed: String = lower
        .chars()
        .map(|c| if c.is_alphanumeric() { c } else { '-' })
        .collect();
    let dashed: String = dashed
        .trim_matches('-')
        .chars()
        .take(MAX_RUN_NAME)
        .collect();
    let tidy = dashed.trim_end_matches('-').to_owned();
    (!tidy.is_empty()).then_some(tidy)
}
