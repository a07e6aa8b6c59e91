//! What Python prints of a dictionary, as JSON.

/// Whether a text stands for NaN or an infinity, as Python's `json` and `repr` write them.
pub(super) fn is_not_finite(text: &str) -> bool {
    matches!(
        text.trim_start_matches('-'),
        "NaN" | "Infinity" | "nan" | "inf"
    )
}

/// What Python's `json` and `repr` write beyond JSON, as JSON: bare `NaN`, `Infinity`, `nan` and
/// `inf` become texts, `True`, `False` and `None` JSON's words, and single quotes double ones.
pub(super) fn as_json(line: &str) -> String {
    let mut json = String::with_capacity(line.len() + 16);
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' | '\'' => quoted(rest, first, &mut json),
            '-' | 'A'..='Z' | 'a'..='z' => bare_word(rest, &mut json),
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
fn quoted(text: &str, quote: char, json: &mut String) -> usize {
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
fn bare_word(text: &str, json: &mut String) -> usize {
    let end = text[1..]
        .find(|letter: char| !letter.is_ascii_alphanumeric())
        .map_or(text.len(), |at| at + 1);
    let word = &text[..end];
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
