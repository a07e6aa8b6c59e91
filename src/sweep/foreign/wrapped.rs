//! Whole commands inside other text: a code view's line numbers, a mail's quote marks, Markdown's
//! backquotes, a notebook's strings, a comment. Each is one problem with one fix.

use crate::sweep::diagnostic::foreign::{Foreign, Wrapped, Wrapping};
use crate::sweep::diagnostic::{Diagnostic, Kind};
use crate::sweep::span::Span;
use crate::sweep::words;

/// A line that is not empty, and where it begins.
type Line<'t> = (usize, &'t str);

fn lines(text: &str) -> Vec<Line<'_>> {
    let mut start = 0;
    let mut lines = Vec::new();
    for line in text.split_inclusive('\n') {
        let content = line.trim_end_matches(['\n', '\r']);
        if !content.trim().is_empty() {
            lines.push((start, content));
        }
        start += line.len();
    }
    lines
}

fn begins_run(text: &str) -> bool {
    let text = text.trim_start();
    let bare = text
        .strip_prefix(['$', '!', '%'])
        .unwrap_or(text)
        .trim_start();
    ["grid run", "grid train", "python ", "python3 "]
        .iter()
        .any(|begin| bare.starts_with(begin))
}

/// The one problem of a text whose commands stand inside other text. O(length of the text).
pub(in crate::sweep) fn check_wrapped(text: &str) -> Option<Diagnostic> {
    let of_ours = ["grid ", "python", "compute:", "hyper_params:"];
    if !of_ours.iter().any(|ours| text.contains(ours)) {
        return None;
    }
    let lines = lines(text);
    numbered(&lines)
        .or_else(|| numbers_alone(text, &lines))
        .or_else(|| quote_marked(&lines))
        .or_else(|| backquoted(&lines))
        .or_else(|| strings(&lines))
}

fn problem(wrapping: Wrapping, edits: Vec<(Span, String)>) -> Option<Diagnostic> {
    let (span, _) = edits.first()?;
    let span = *span;
    let foreign = Foreign::Wrapped(Wrapped { wrapping, edits });
    Some(Diagnostic::new(span, Kind::Foreign(foreign)))
}

fn span(start: usize, end: usize) -> Span {
    Span::new(words::offset(start), words::offset(end))
}

/// Lines that each begin with the number behind that of the line before.
fn numbered(lines: &[Line<'_>]) -> Option<Diagnostic> {
    let mut edits = Vec::new();
    let mut before: Option<u32> = None;
    let mut goes_on = false;
    for (start, line) in lines {
        let content = line.trim_start();
        let digits = content.bytes().take_while(u8::is_ascii_digit).count();
        let number: u32 = content[..digits].parse().ok()?;
        if before.is_some_and(|before| before.checked_add(1) != Some(number)) {
            return None;
        }
        let rest = content[digits..].trim_start_matches([':', '.', '|', ')']);
        if !rest.is_empty() && !rest.starts_with([' ', '\t']) {
            return None;
        }
        // Lines that are commands of their own are reported one by one.
        goes_on |= before.is_some() && !begins_run(rest);
        before = Some(number);
        let indent = line.len() - content.len();
        let end = start + line.len() - rest.len();
        let blanks = rest.len() - rest.trim_start().len();
        edits.push((span(start + indent, end + blanks.min(2)), String::new()));
    }
    let runs = lines
        .iter()
        .any(|(_, line)| line.contains("grid ") || line.contains("python"));
    (runs && goes_on)
        .then(|| problem(Wrapping::LineNumbers, edits))
        .flatten()
}

/// Numbers on lines of their own, as a page's listing is copied, with the word on its button.
fn numbers_alone(text: &str, lines: &[Line<'_>]) -> Option<Diagnostic> {
    let mut edits = Vec::new();
    let mut next: u32 = 1;
    for (at, (start, line)) in lines.iter().enumerate() {
        let content = line.trim();
        let number = content.parse() == Ok(next);
        let button = at + 1 == lines.len() && matches!(content, "Copied!" | "Copy");
        if at == 0 && !number {
            return None;
        }
        if number || button {
            next = next.saturating_add(u32::from(number));
            let end = start + line.len();
            let rest = text.get(end..).unwrap_or("");
            let rest = rest.strip_prefix('\r').unwrap_or(rest);
            let rest = rest.strip_prefix('\n').unwrap_or(rest);
            edits.push((span(*start, text.len() - rest.len()), String::new()));
        }
    }
    (next > 3)
        .then(|| problem(Wrapping::LineNumbers, edits))
        .flatten()
}

/// Lines that all begin with `>`, or those that go on behind a `\`.
fn quote_marked(lines: &[Line<'_>]) -> Option<Diagnostic> {
    let mut edits = Vec::new();
    let mut all = lines.len() > 1;
    let mut goes_on = false;
    let mut behind: Vec<(Span, String)> = Vec::new();
    for (start, line) in lines {
        let content = line.trim_start();
        let rest = content.trim_start_matches('>');
        let marked = rest.len() < content.len() && (rest.is_empty() || rest.starts_with(' '));
        if marked && !rest.contains('>') {
            let begin = start + line.len() - content.len();
            let blank = usize::from(rest.starts_with(' '));
            let edit = (
                span(begin, start + line.len() - rest.len() + blank),
                String::new(),
            );
            if goes_on {
                behind.push(edit.clone());
            }
            edits.push(edit);
        } else {
            all = false;
        }
        goes_on = line.trim_end().ends_with('\\');
    }
    let edits = if all { edits } else { behind };
    problem(Wrapping::QuoteMarks, edits)
}

/// Lines such as `` `grid run train.py` ``.
fn backquoted(lines: &[Line<'_>]) -> Option<Diagnostic> {
    let mut edits = Vec::new();
    for (start, line) in lines {
        let content = line.trim_start();
        let bullet = content
            .trim_start_matches(['-', '*', '+', '•'])
            .trim_start();
        let marks = bullet.len() - bullet.trim_start_matches('`').len();
        let inner = bullet.trim_start_matches('`');
        let tail = inner.trim_end().trim_end_matches(['.', ',', ':', ';']);
        let command = tail.trim_end_matches('`');
        let closing = tail.len() - command.len();
        if !(1..=2).contains(&marks) || closing != marks || command.contains('`') {
            continue;
        }
        if begins_run(command) {
            let begin = start + line.len() - content.len();
            let opened = start + line.len() - inner.len();
            edits.push((span(begin, opened), String::new()));
            edits.push((
                span(opened + command.len(), start + line.len()),
                String::new(),
            ));
        }
    }
    problem(Wrapping::Backquotes, edits)
}

/// `"…\n",` as text.
fn string(line: &str) -> Option<String> {
    let content = line.trim().trim_start_matches(['[', ' ']);
    let content = content.trim_end_matches([']', ',', ' ']);
    let quote = content.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let inner = content.strip_prefix(quote)?.strip_suffix(quote)?;
    let mut plain = String::with_capacity(inner.len());
    let mut escaped = false;
    for c in inner.chars() {
        match c {
            'n' | 'r' if escaped => plain.push('\n'),
            't' if escaped => plain.push('\t'),
            _ if escaped => plain.push(c),
            '\\' => {
                escaped = true;
                continue;
            }
            // What ends here is no one string.
            c if c == quote => return None,
            c => plain.push(c),
        }
        escaped = false;
    }
    Some(plain.trim_end_matches('\n').to_owned())
}

/// Lines that are strings, the first of which begins a command.
fn strings(lines: &[Line<'_>]) -> Option<Diagnostic> {
    let mut edits = Vec::new();
    let mut begun = false;
    for (start, line) in lines {
        let Some(plain) = string(line) else {
            begun = false;
            continue;
        };
        begun |= begins_run(&plain);
        if begun {
            edits.push((span(*start, start + line.len()), plain));
        }
    }
    problem(Wrapping::Strings, edits)
}

/// A command in comments, of a text that has none besides.
pub(in crate::sweep) fn check_commented(text: &str) -> Option<Diagnostic> {
    let mut edits = Vec::new();
    let mut goes_on = false;
    for (start, line) in lines(text) {
        let content = line.trim_start();
        let rest = content.trim_start_matches('#');
        let commented = rest.len() < content.len();
        if !commented || !(goes_on || begins_run(rest) && !rest.trim().starts_with("python")) {
            goes_on = false;
            continue;
        }
        let blank = usize::from(rest.starts_with(' '));
        let begin = start + line.len() - content.len();
        edits.push((
            span(begin, start + line.len() - rest.len() + blank),
            String::new(),
        ));
        goes_on = line.trim_end().ends_with('\\');
    }
    problem(Wrapping::Comment, edits)
}
