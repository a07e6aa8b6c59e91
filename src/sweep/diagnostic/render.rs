//! Diagnostics for a terminal: the message, the line, and carets under the place.

use super::{Diagnostic, Severity};
use crate::sweep::span::Span;
use crate::sweep::unicode::hidden::with_codes;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns of the line that are shown around the place.
const SHOWN: usize = 100;

impl Diagnostic {
    /// The message, the line it is about with carets under the place, and the help:
    ///
    /// ```text
    /// error: the step of a range must not be zero
    ///   |
    /// 1 | grid run file.py --a "range(1, 10, 0)"
    ///   |                                    ^
    /// ```
    ///
    /// Widths are those of a terminal's cells. O(length of the text).
    pub fn render(&self, text: &str) -> String {
        let severity = match self.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        with_carets(
            severity,
            &self.to_string(),
            self.help().as_deref(),
            text,
            self.span,
        )
    }
}

/// A message about a place of `text`, as [`Diagnostic::render`] shows it: for what else reads texts
/// that people write.
pub fn with_carets(
    severity: &str,
    message: &str,
    help: Option<&str>,
    text: &str,
    span: Span,
) -> String {
    let start = floor(text, span.start as usize);
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    // A CR before the line end is part of it, unless the problem is in it.
    let cr = line_end > start && text[..line_end].ends_with('\r') && (span.end as usize) < line_end;
    let line_end = line_end - usize::from(cr);
    let number = text[..start].matches('\n').count() + 1;
    let end = floor(text, (span.end as usize).clamp(start, line_end));
    let gutter = " ".repeat(number.to_string().len());
    let inside = head(&text[start..end], SHOWN);
    let after = head(&text[end.min(start + inside.len())..line_end], SHOWN / 2);
    let before = shown(tail(&text[line_start..start]));
    let (inside, after) = (shown(inside), shown(after));
    let carets = "^".repeat(inside.width().max(1));
    let indent = " ".repeat(before.width());
    let line = format!("{before}{inside}{after}");
    let (message, help) = (shown(message), help.map(shown));
    let mut out = format!(
        "{severity}: {message}\n{gutter} |\n{number} | {}\n",
        line.trim_end()
    );
    out.push_str(&format!("{gutter} | {indent}{carets}\n"));
    if let Some(help) = help {
        out.push_str(&format!("{gutter} = help: {help}\n"));
    }
    out
}

/// Tabs and line ends as single blanks, so that the carets stand right, and codes for what acts on a terminal or is
/// not seen.
fn shown(text: &str) -> String {
    with_codes(text).replace(['\t', '\n'], " ")
}

/// The nearest character boundary at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// At most `SHOWN` cells from the end of `text`.
fn tail(text: &str) -> &str {
    let mut width = 0;
    for (at, c) in text.char_indices().rev() {
        width += c.width().unwrap_or(1);
        if width > SHOWN {
            return &text[at + c.len_utf8()..];
        }
    }
    text
}

/// At most `cells` cells from the start of `text`.
fn head(text: &str, cells: usize) -> &str {
    let mut width = 0;
    for (at, c) in text.char_indices() {
        width += c.width().unwrap_or(1);
        if width > cells {
            return &text[..at];
        }
    }
    text
}
