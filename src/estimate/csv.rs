//! Comma-separated values (RFC 4180), except that a quoted field cannot hold a line break.
//!
//! By hand although the server reads metrics with the crate `csv`: that one reads on whatever it
//! meets, while a price list is strict and names the line of a slip, also of a quote that is not
//! closed or stands within a plain field. What is read here the crate reads alike (a test compares them);
//! what is refused is exactly what RFC 4180 forbids.

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

/// A field as [`split_fields`] reads it; line breaks, which it cannot hold, become blanks.
pub(super) fn quote_field(field: &str) -> String {
    let field = field.replace(['\r', '\n'], " ");
    if field.contains([',', '"']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field
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
    use crate::testing::test;

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

    #[test]
    #[cfg(not(target_arch = "wasm32"))]
    fn the_grammar_is_the_crates() {
        let mut lines = vec![String::new()];
        for length in 0..7 {
            let shorter: Vec<String> = lines
                .iter()
                .filter(|line| line.len() == length)
                .cloned()
                .collect();
            lines.extend(
                shorter
                    .iter()
                    .flat_map(|line| ["a", "\"", ",", " "].map(|next| format!("{line}{next}"))),
            );
        }
        let crates = |text: &str| -> Vec<Vec<String>> {
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .from_reader(text.as_bytes());
            reader
                .records()
                .map(|row| row.unwrap().iter().map(str::to_owned).collect())
                .collect()
        };
        // The crate skips an empty line.
        let mut read = 0;
        for line in lines.iter().filter(|line| !line.is_empty()) {
            match split_fields(line) {
                Some(fields) => {
                    assert_eq!(
                        crates(&format!("{line}\nb\n")),
                        [fields, vec!["b".into()]],
                        "{line}"
                    );
                    read += 1;
                }
                None => assert!(line.contains('"'), "{line}"),
            }
        }
        assert!(read > 1_000, "{read}");
    }
}
