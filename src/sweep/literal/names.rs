//! Python's identifiers at the start of a text, and the integers that its functions take.

use super::Literal;
use num_bigint::BigInt;

/// The identifier at the start of `text`; empty where there is none.
pub(crate) fn leading_identifier(text: &str) -> &str {
    let begins = text
        .chars()
        .next()
        .is_some_and(|c| c.is_alphabetic() || c == '_');
    let end = text
        .find(|c: char| !(c.is_alphanumeric() || c == '_'))
        .unwrap_or(text.len());
    if begins { &text[..end] } else { "" }
}

/// The dotted names at the start of `text`, such as `np.random.uniform`.
pub(crate) fn leading_dotted_path(text: &str) -> &str {
    let mut end = leading_identifier(text).len();
    while end > 0 && text[end..].starts_with('.') {
        let next = leading_identifier(&text[end + 1..]).len();
        if next == 0 {
            break;
        }
        end += 1 + next;
    }
    &text[..end]
}

/// The integer that Python's `range` and NumPy's sizes take for `value`: booleans count.
pub(crate) fn as_integer(value: &Literal) -> Option<BigInt> {
    match value {
        Literal::Int(value) => Some(value.clone()),
        Literal::Bool(value) => Some(BigInt::from(u8::from(*value))),
        _ => None,
    }
}
