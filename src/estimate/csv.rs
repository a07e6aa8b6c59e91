//! Comma-separated values (RFC 4180), except that a quoted field cannot hold a line break.

use std::fmt;

/// Why a price list is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CsvError {
    /// The line at fault, from 1.
    pub(crate) line: u32,
    /// What was expected there, as a noun phrase.
    pub(crate) expected: &'static str,
}

impl fmt::Display for CsvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: expected {}", self.line, self.expected)
    }
}

impl std::error::Error for CsvError {}

/// The fields of one line, quotes removed. None where a quote is not closed, or stands inside a
/// field that does not begin with one. O(length).
pub(super) fn split_fields(line: &str) -> Option<Vec<String>> {
    let mut fields = Vec::new();
    let mut rest = line;
    loop {
        let (field, after) = match rest.strip_prefix('"') {
            Some(quoted) => take_quoted_field(quoted)?,
            None => take_plain_field(rest)?,
        };
        fields.push(field);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None => return after.is_empty().then_some(fields),
        }
    }
}

fn take_plain_field(text: &str) -> Option<(String, &str)> {
    let (field, after) = text.split_at(text.find(',').unwrap_or(text.len()));
    (!field.contains('"')).then(|| (field.to_owned(), after))
}

fn take_quoted_field(text: &str) -> Option<(String, &str)> {
    let mut field = String::new();
    let mut rest = text;
    loop {
        let (part, after) = rest.split_once('"')?;
        field.push_str(part);
        match after.strip_prefix('"') {
            Some(next) => {
                field.push('"');
                rest = next;
            }
            None => return Some((field, after)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn lines() {
        for (line, expected) in [
            ("", Some(vec![""])),
            ("a,b,", Some(vec!["a", "b", ""])),
            ("\"a, b\",c", Some(vec!["a, b", "c"])),
            ("\"say \"\"a\"\"\",\"\"", Some(vec!["say \"a\"", ""])),
            ("\"a", None),
            ("\"a\"b", None),
            ("a\"b", None),
        ] {
            let fields = split_fields(line);
            let fields = fields
                .as_ref()
                .map(|f| f.iter().map(String::as_str).collect());
            assert_eq!(fields, expected, "{line}");
        }
    }
}
