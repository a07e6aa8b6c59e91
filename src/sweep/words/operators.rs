//! Fixes that leave out a shell's part around a command: pipes, redirections, and expansions in a run's
//! name.

use super::word::is_script;
use crate::sweep::diagnostic::{Fix, Kind, Shell, with_blanks};
use crate::sweep::options::{self, Options};
use crate::sweep::span::Span;

/// How far a command is followed, in bytes.
const FAR: usize = 1 << 12;

/// Leaves out a pipe with all behind it, or a redirection; `span` is the operator's.
pub(crate) fn operator_fix(text: &str, span: Span, shell: &Shell) -> Option<Fix> {
    let mut whole = with_blanks(text, span);
    if *shell == Shell::Redirection {
        // `2>`: the number is a word to us.
        let before = text.get(..whole.start as usize)?;
        let number = before.strip_suffix(['0', '1', '2']);
        let number = number.filter(|before| before.ends_with([' ', '\t']));
        if let Some(before) = number.filter(|_| whole.start == span.start) {
            let start = super::offset(before.len());
            whole = with_blanks(text, Span::new(start, span.end));
        }
    } else {
        let rest = text.get(span.end as usize..)?;
        whole.end = span.end + super::offset(command_length(rest));
    }
    Some(Fix {
        label: "Leave it out".into(),
        edits: vec![(whole, String::new())],
    })
}

/// The bytes up to where the command at the start of `rest` ends, its quotes counted.
fn command_length(rest: &str) -> usize {
    let near = &rest[..rest.floor_char_boundary(FAR)];
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in near.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (None | Some('"'), '\\') => escaped = true,
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '\n' | '\r' | ';') => return at,
            (None, '&') if near[at..].starts_with("&&") => return at,
            _ => {}
        }
    }
    near.len()
}

/// Where `$(date)` or `$1` stands in the value of `--name`: the name without it, or no name where nothing
/// is left. Looked for in 512 bytes.
pub(crate) fn run_name_fix(text: &str, span: Span) -> Option<Fix> {
    const NEAR: usize = 512;
    let before = text.get(..span.start as usize)?;
    let near = &before[before.ceil_char_boundary(before.len().saturating_sub(NEAR))..];
    let behind = text.get(span.end as usize..)?;
    let behind = &behind[..behind.floor_char_boundary(NEAR)];
    let blank = |c: char| c.is_ascii_whitespace();
    let begins = near.rfind(blank).map_or(0, |at| at + 1);
    let word_end = behind.find(blank).unwrap_or(behind.len());
    let command = near[..begins]
        .rfind("grid ")
        .map_or(near, |at| &near[at..begins]);
    if command.split_whitespace().any(is_script) {
        return None;
    }
    let start = span.start - super::offset(near.len() - begins);
    let whole = Span::new(start, span.end + super::offset(word_end));
    let word = whole.slice(text);
    let option = near[..begins].trim_end_matches(blank);
    let (option, value) = match word.strip_prefix("--name=") {
        Some(value) => (whole, value),
        None if option.ends_with("--name") => {
            let behind = near.len() - option.len() + "--name".len();
            (
                Span::new(span.start - super::offset(behind), whole.end),
                word,
            )
        }
        None => return None,
    };
    let name = without_expansions(value);
    let spec = options::find("--name")?;
    let name = match Options::default().set(spec, &name) {
        Ok(()) => Some(name),
        Err(Kind::BadRunName { suggestion, .. }) => suggestion,
        Err(_) => None,
    };
    let value_start = whole.end - super::offset(value.len());
    let (label, edit) = match name.filter(|name| !name.is_empty()) {
        Some(name) => {
            let place = Span::new(value_start, whole.end);
            (format!("Change to {name}"), (place, name))
        }
        None => (
            "Leave out --name".into(),
            (with_blanks(text, option), String::new()),
        ),
    };
    let edits = vec![edit];
    Some(Fix { label, edits })
}

/// A word without what a shell would put in.
fn without_expansions(word: &str) -> String {
    let mut plain = String::new();
    let mut rest = word;
    while let Some(at) = rest.find(['$', '`']) {
        plain.push_str(&rest[..at]);
        let tail = &rest[at..];
        let length = match tail.as_bytes() {
            [b'`', ..] => tail[1..].find('`').map(|end| end + 2),
            [b'$', b'(', ..] => tail.rfind(')').map(|end| end + 1),
            [b'$', b'{', ..] => tail.find('}').map(|end| end + 1),
            _ => {
                let name = |c: char| c == '_' || c.is_ascii_alphanumeric();
                let name = tail[1..].find(|c| !name(c)).unwrap_or(tail.len() - 1);
                Some(1 + name.max(tail[1..].chars().next().map_or(0, char::len_utf8)))
            }
        };
        rest = &tail[length.unwrap_or(tail.len()).min(tail.len())..];
    }
    plain.push_str(rest);
    let plain = plain.trim_matches(['"', '\'', '-', '_', '.']);
    plain.replace("--", "-")
}
