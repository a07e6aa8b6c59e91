//! SQL with the names of a trial's states in it, put together when the server is compiled.

use crate::model::TrialState;

/// What `{…}` in [`sql!`] may name.
const STATES: [(&str, TrialState); TrialState::ALL.len()] = [
    ("queued", TrialState::Queued),
    ("starting", TrialState::Starting),
    ("running", TrialState::Running),
    ("succeeded", TrialState::Succeeded),
    ("failed", TrialState::Failed),
    ("cancelled", TrialState::Cancelled),
    ("held", TrialState::Held),
    ("deleted", TrialState::Deleted),
];

/// A statement in which `{queued}` and so on stand for the numbers that the column `state` holds.
/// A constant: it costs nothing when the server runs, and an unknown name does not compile.
macro_rules! sql {
    ($text:literal) => {{
        const TEXT: &str = $text;
        const FILLED: ([u8; TEXT.len()], usize) = $crate::store::sql::fill_in(TEXT);
        const {
            match str::from_utf8(FILLED.0.split_at(FILLED.1).0) {
                Ok(text) => text,
                Err(_) => panic!("a number is ASCII"),
            }
        }
    }};
}
pub(super) use sql;

/// The text with each `{name}` replaced by one digit, and how many of the bytes that is.
pub(super) const fn fill_in<const N: usize>(text: &str) -> ([u8; N], usize) {
    let from = text.as_bytes();
    let mut filled = [b' '; N];
    let (mut read, mut written) = (0, 0);
    while read < from.len() {
        let mut byte = from[read];
        if byte == b'{' {
            let start = read + 1;
            while from[read] != b'}' {
                read += 1;
            }
            byte = digit_of(from.split_at(read).0.split_at(start).1);
        }
        filled[written] = byte;
        written += 1;
        read += 1;
    }
    (filled, written)
}

const fn digit_of(name: &[u8]) -> u8 {
    let mut index = 0;
    while index < STATES.len() {
        let (known, state) = STATES[index];
        if is_same(known.as_bytes(), name) {
            // Checked by the test `a_state_has_one_digit`.
            return b'0' + state as u8;
        }
        index += 1;
    }
    panic!("there is no state of this name")
}

/// `==` of slices is not const.
const fn is_same(a: &[u8], b: &[u8]) -> bool {
    let mut index = 0;
    while index < a.len() && index < b.len() && a[index] == b[index] {
        index += 1;
    }
    index == a.len() && index == b.len()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn names_become_the_numbers_of_the_first_migration() {
        let text = sql!(
            "{queued} queued, {starting} starting, {running} running, {succeeded} succeeded, \
             {failed} failed, {cancelled} cancelled, {held} held, {deleted} deleted"
        );
        let tables = include_str!("../../migrations/0001_runs.sql").replace("\n--", "");
        assert!(tables.contains(text), "{text}");
        assert_eq!(sql!("no names: é"), "no names: é");
    }

    #[test]
    fn a_state_has_one_digit() {
        for (state, (name, named)) in TrialState::ALL.into_iter().zip(STATES) {
            assert_eq!(format!("{state:?}").to_lowercase(), name);
            assert_eq!(state, named);
            assert!((state as u8) < 10);
        }
    }

    /// The string literals of a Rust file that are SQL on states.
    fn statements(source: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut rest = source;
        while let Some(at) = rest.find(['"', '/', '\'']) {
            let (mark, behind) = (&rest[at..], &rest[at + 1..]);
            if mark.starts_with("//") {
                rest = &mark[mark.find('\n').unwrap_or(mark.len())..];
            } else if let Some(after) = mark.strip_prefix("'\"'") {
                rest = after;
            } else if !mark.starts_with('"') {
                rest = behind;
            } else {
                let mut escaped = false;
                let is_end = |letter: char| {
                    let end = letter == '"' && !escaped;
                    escaped = letter == '\\' && !escaped;
                    end
                };
                let end = behind.find(is_end).unwrap_or(behind.len());
                found.push(behind[..end].to_owned());
                rest = behind.get(end + 1..).unwrap_or_default();
            }
        }
        found.retain(|text| tokens(text).iter().any(|token| token == "state"));
        found.retain(|text| {
            let keywords = ["SELECT", "INSERT", "UPDATE", "DELETE", "WHERE"];
            keywords.iter().any(|keyword| text.contains(keyword))
        });
        found
    }

    /// Words, numbers, parameters (`?1`), placeholders (`{queued}`) and signs; no quoted texts.
    fn tokens(text: &str) -> Vec<String> {
        let mut tokens: Vec<String> = Vec::new();
        let code = text.split('\'').step_by(2).collect::<Vec<_>>().join(" ");
        let mut joins = false;
        for letter in code.chars() {
            let is_word = letter.is_ascii_alphanumeric() || "_?{}".contains(letter);
            match tokens.last_mut() {
                Some(last) if is_word && joins => last.push(letter),
                _ if !letter.is_whitespace() => tokens.push(letter.to_string()),
                _ => {}
            }
            joins = is_word;
        }
        tokens
    }

    /// The numbers of a statement that may be a state's: all but those that are added, counted or
    /// compared with another column.
    fn bare_numbers(text: &str) -> Vec<String> {
        let tokens = tokens(text);
        let mut calls = Vec::new();
        let mut bare = Vec::new();
        let before = |at: usize, by: usize| at.checked_sub(by).map_or("", |at| &tokens[at]);
        for (at, token) in tokens.iter().enumerate() {
            match token.as_str() {
                "(" => calls.push(before(at, 1)),
                ")" => {
                    calls.pop();
                }
                number if number.bytes().all(|byte| byte.is_ascii_digit()) => {
                    let harmless = match before(at, 1) {
                        "+" | "-" | "*" | "/" | "LIMIT" | "SELECT" => true,
                        "=" | ">" | "<" => before(at, 2) != "state",
                        "," => matches!(calls.last(), Some(&("max" | "min" | "coalesce"))),
                        _ => false,
                    };
                    if !harmless {
                        bare.push(number.to_owned());
                    }
                }
                _ => {}
            }
        }
        bare
    }

    #[test]
    fn numbers_of_states_are_found() {
        for text in [
            "UPDATE trial SET state = 5 WHERE run = ?1",
            "SELECT 1 FROM trial WHERE trial.state IN (0, {held})",
            "UPDATE trial SET state = CASE WHEN stop_wanted THEN 5 ELSE ?5 END",
            "INSERT INTO trial_count (run, state, trials) VALUES (?1, 0, ?2)",
        ] {
            let source = format!("// \"a\"\nlet a = ('\"', \"{text}\", \"\\\"\");");
            assert_eq!(statements(&source), [text]);
            assert_eq!(bare_numbers(text).len(), 1, "{text}");
        }
        let fine = "SELECT coalesce(max(a, 1), 0) FROM trial_count WHERE state = {held} AND b > 0";
        assert!(bare_numbers(fine).is_empty());
    }

    #[test]
    fn states_in_sql_have_names() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
        let mut folders = vec![folder];
        let mut checked = 0;
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if !path.ends_with("store/sql.rs") {
                    for text in statements(&fs::read_to_string(&path).unwrap()) {
                        let bare = bare_numbers(&text);
                        assert!(bare.is_empty(), "{}: {bare:?} in {text}", path.display());
                        checked += 1;
                    }
                }
            }
        }
        assert!(checked > 25, "{checked}");
    }
}
