//! One item of a list that Python does not read, as a literal that it does.

use super::arithmetic;
use super::split::{split_brackets, split_top_level};
use crate::sweep::literal::Parser;
use crate::sweep::shell_quote;

/// Lists inside each other that are looked into.
const MAX_DEPTH: u32 = 20;

/// What an item is, by which the repair's label is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ItemKind {
    /// A literal as it stands.
    Literal,
    /// `true`, `null`, … of JSON, YAML or R.
    Constant,
    /// Text without quotes.
    Text,
    /// An integer with zeros before it.
    Padded,
    /// `1/2`: a sum, and maybe a text.
    Fraction,
    /// A sum of numbers, of which Python prints the value.
    Sum,
    /// A program's text: a call, `lambda`, ….
    Code,
}

/// An item and what it may be written as.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Item {
    pub(super) kind: ItemKind,
    pub(super) typed: String,
    /// The likeliest literal.
    pub(super) literal: String,
    /// Another one, where the item may be meant so.
    pub(super) other: Option<String>,
}

impl Item {
    /// Reads a trimmed text. O(length · [`MAX_DEPTH`]).
    pub(super) fn read(text: &str) -> Item {
        Item::read_at(text, 0)
    }

    fn read_at(text: &str, depth: u32) -> Item {
        let item = |nature, literal: String, other| Item {
            kind: nature,
            typed: text.to_owned(),
            literal,
            other,
        };
        let quoted = shell_quote::quote_for_python(text);
        if is_literal(text) {
            return item(ItemKind::Literal, text.to_owned(), None);
        }
        if let Some(constant) = python_constant(text) {
            return item(ItemKind::Constant, constant.into(), Some(quoted));
        }
        if let Some(nested) = (depth < MAX_DEPTH)
            .then(|| nested_literal(text, depth))
            .flatten()
        {
            return item(ItemKind::Text, nested, None);
        }
        let digits = text.trim_start_matches('0');
        if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            return item(ItemKind::Padded, quoted, Some(digits.to_owned()));
        }
        if let Some(float) = special_float(text) {
            return item(ItemKind::Text, shell_quote::quote_for_python(float), None);
        }
        let computed =
            arithmetic::evaluate(text, None).and_then(arithmetic::Number::to_python_text);
        match computed {
            Some(value) if is_fraction(text) => item(ItemKind::Fraction, quoted, Some(value)),
            Some(_) if is_date(text) => item(ItemKind::Text, quoted, None),
            Some(value) => item(ItemKind::Sum, value, Some(quoted)),
            None if is_code(text) => item(ItemKind::Code, quoted, None),
            None => item(ItemKind::Text, quoted, None),
        }
    }
}

/// Whether Python reads all of it as one literal: behind it no comment may begin.
pub(super) fn is_literal(text: &str) -> bool {
    let value = Parser::new(text).parse_value();
    value.is_ok_and(|value| value.end as usize == text.len())
}

/// Python's spelling of a constant of JSON, YAML or R.
fn python_constant(name: &str) -> Option<&'static str> {
    match name.to_ascii_lowercase().as_str() {
        "true" => Some("True"),
        "false" => Some("False"),
        "null" | "none" => Some("None"),
        _ => None,
    }
}

/// A list or tuple in which items need quotes.
fn nested_literal(text: &str, depth: u32) -> Option<String> {
    let inside = split_brackets(text)?;
    let close = match text.chars().next()? {
        '[' => ']',
        '(' => ')',
        _ => return None,
    };
    if inside.close != Some(close) || !inside.tail.is_empty() {
        return None;
    }
    let items = split_top_level(inside.inner, &[',']).into_iter();
    let items: Vec<String> = items
        .filter(|piece| !piece.is_empty())
        .map(|piece| Item::read_at(piece, depth + 1).literal)
        .collect();
    let comma = if close == ')' && items.len() == 1 {
        ","
    } else {
        ""
    };
    let open = if close == ')' { '(' } else { '[' };
    Some(format!("{open}{}{comma}{close}", items.join(", ")))
}

/// `float('inf')` and the like: what Python prints of it.
fn special_float(text: &str) -> Option<&'static str> {
    let inside = text.strip_prefix("float(")?.strip_suffix(')')?.trim();
    let name = inside.trim_matches(['\'', '"']).to_ascii_lowercase();
    match name.as_str() {
        "inf" | "+inf" | "infinity" => Some("inf"),
        "-inf" | "-infinity" => Some("-inf"),
        "nan" => Some("nan"),
        _ => None,
    }
}

/// `1/2`, `16/9`.
fn is_fraction(text: &str) -> bool {
    let whole = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    text.split_once('/')
        .is_some_and(|(a, b)| whole(a) && whole(b))
}

/// `2021-10-12`, `1-2`: digits with dashes between, which are a date or a span more often than a sum.
fn is_date(text: &str) -> bool {
    text.contains('-') && text.bytes().all(|b| b.is_ascii_digit() || b == b'-')
}

/// Whether an item is a piece of a program: a text as it stands is as likely.
pub(super) fn is_code(text: &str) -> bool {
    let words = [
        "lambda ", " for ", "&&", "||", "**", " and ", " or ", " not ", " if ",
    ];
    text.contains(['(', '{']) || words.iter().any(|word| text.contains(word))
}
