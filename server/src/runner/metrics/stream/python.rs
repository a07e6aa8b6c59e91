//! What Python prints of a dictionary, as JSON.

use super::fields::is_wrapper;
use super::number::{self, Number};

/// Whether a text stands for NaN or an infinity, as Python's `json` and `repr` write them.
pub(super) fn is_not_finite(text: &str) -> bool {
    matches!(
        text.trim_start_matches('-'),
        "NaN" | "Infinity" | "nan" | "inf"
    )
}

/// What Python's `json` and `repr` write beyond JSON, as JSON: bare `NaN`, `Infinity`, `nan` and
/// `inf` become texts, `True`, `False` and `None` JSON's words, single quotes double ones, and
/// `np.float64(0.5)` and `tensor(0.5)` their number. O(length).
pub(in crate::runner::metrics) fn to_json(line: &str) -> String {
    let mut json = String::with_capacity(line.len() + 16);
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' => copy_quoted(rest, first, &mut json),
            '-' | 'A'..='Z' | 'a'..='z' => copy_word(rest, &mut json),
            _ => {
                json.push(first);
                first.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    json
}

/// Copies a quoted text as a JSON string; answers with its length.
fn copy_quoted(text: &str, quote: char, json: &mut String) -> usize {
    json.push('"');
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            _ if escaped => {
                // `\'` is no escape of JSON's.
                if letter != '\'' {
                    json.push('\\');
                }
                json.push(letter);
                escaped = false;
            }
            '\\' => escaped = true,
            _ if letter == quote => {
                json.push('"');
                return at + 1;
            }
            '"' => json.push_str("\\\""),
            _ => json.push(letter),
        }
    }
    text.len()
}

/// Copies a word outside of quotes; answers with its length.
fn copy_word(text: &str, json: &mut String) -> usize {
    let ends = |letter: char| !(letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_'));
    let end = text[1..].find(ends).map_or(text.len(), |at| at + 1);
    let word = &text[..end];
    if text[end..].starts_with('(') {
        return end + copy_call(word, &text[end..], json);
    }
    match word {
        "True" => json.push_str("true"),
        "False" => json.push_str("false"),
        "None" => json.push_str("null"),
        _ if is_not_finite(word) => {
            json.push('"');
            json.push_str(word);
            json.push('"');
        }
        _ => json.push_str(word),
    }
    end
}

/// Copies the number in the parentheses of `tensor(0.5, device='cuda:0')`, or `null` for any other
/// call; answers with the length of the parentheses.
fn copy_call(word: &str, parentheses: &str, json: &mut String) -> usize {
    let mut depth = 0_usize;
    let close = parentheses.char_indices().find(|(_, letter)| {
        depth += usize::from(*letter == '(');
        depth -= usize::from(*letter == ')');
        depth == 0
    });
    let end = close.map_or(parentheses.len(), |(at, _)| at + 1);
    let inside = parentheses[1..].trim_start_matches(['\'', '"', ' ']);
    match number::scan(inside) {
        Some((Number::Value { value, .. }, length)) if is_wrapper(word) => {
            if value.is_finite() {
                json.push_str(&value.to_string());
            } else {
                json.push('"');
                json.push_str(&inside[..length]);
                json.push('"');
            }
        }
        _ => json.push_str("null"),
    }
    end
}
