//! Lines that continue on the next one, and lines that only look as if they did.

use super::Lexer;
use crate::sweep::diagnostic::{CharacterProblem, Kind};
use crate::sweep::span::Span;
use crate::sweep::unicode::hidden;

/// What ends a line, at the start of `rest`: its bytes; `None` where there is none.
fn line_end(rest: &str) -> Option<usize> {
    match rest.as_bytes() {
        [b'\r', b'\n', ..] => Some(2),
        [b'\r' | b'\n', ..] => Some(1),
        _ => None,
    }
}

/// Whether a command begins on the line at the start of `rest`.
fn begins_command(rest: &str) -> bool {
    let line = rest.trim_start_matches([' ', '\t']);
    let line = line.strip_prefix(['$', '%']).map_or(line, str::trim_start);
    let words = line.strip_prefix("grid ").map(str::trim_start);
    words.is_some_and(|words| words.starts_with("run") || words.starts_with("train"))
}

/// Where a `\` stands, which decides whether a comment or the text's end may follow it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Between,
    Word,
    Quotes,
}

impl Lexer<'_> {
    /// `\` and a line end, which a shell removes; also with blanks between the two, which is an
    /// error, or with a comment between words. False where there is neither.
    pub(super) fn eat_continuation(&mut self, place: Place) -> bool {
        if self.cursor.eat_escaped_line_end() {
            return true;
        }
        if self.is_client() || !self.cursor.rest().starts_with('\\') {
            return false;
        }
        let rest = self.cursor.rest();
        if line_end(&rest[1..]).is_some() {
            // A lone CR, as old Macs end lines.
            self.cursor.skip(2);
            return true;
        }
        let unseen = |c: char| {
            matches!(c, ' ' | '\t') || hidden::class(c).is_some_and(|c| c != hidden::Class::Lost)
        };
        let blanks = rest.len() - 1 - rest[1..].trim_start_matches(unseen).len();
        let behind = &rest[1 + blanks..];
        let comment = place == Place::Between && blanks > 0 && behind.starts_with('#');
        let remark = if comment {
            behind.find(['\n', '\r']).unwrap_or(behind.len())
        } else {
            0
        };
        match (line_end(&behind[remark..]), behind.len() == remark) {
            (None, false) => false,
            // In quotes the end of the text is another problem.
            (None, true) if place == Place::Quotes => false,
            (end, _) => {
                let length = 1 + blanks + remark;
                let next = end.map(|end| &rest[length + end..]);
                let goes_on = next.filter(|next| !begins_command(next)).is_some();
                let first = if comment {
                    Some('#')
                } else {
                    rest[1..].chars().next()
                };
                self.report_continuation(length, first, goes_on);
                if goes_on {
                    self.cursor.skip(end.unwrap_or(0));
                }
                true
            }
        }
    }

    /// Passes over a `\` and what stands behind it.
    fn report_continuation(&mut self, length: usize, first: Option<char>, goes_on: bool) {
        let start = self.cursor.offset();
        self.cursor.skip(length);
        let (start, problem) = match first {
            Some(character) if goes_on => {
                (start + 1, CharacterProblem::BehindBackslash { character })
            }
            _ => (start, CharacterProblem::LastBackslash),
        };
        let span = Span::new(start, self.cursor.offset());
        self.report_at(span, Kind::Character(problem));
    }

    /// A lone `^` or backtick at a line's end, the mark of cmd and PowerShell for a line that goes on.
    pub(super) fn eat_foreign_continuation(&mut self) -> bool {
        let rest = self.cursor.rest();
        let Some(mark) = rest.chars().next().filter(|c| matches!(c, '^' | '`')) else {
            return false;
        };
        let behind = rest[1..].trim_start_matches([' ', '\t']);
        let Some(end) = line_end(behind) else {
            return false;
        };
        let next = &behind[end..];
        if next
            .trim_start_matches([' ', '\t'])
            .starts_with(['\n', '\r'])
            || next.trim_start().is_empty()
            || begins_command(next)
        {
            return false;
        }
        let start = self.cursor.offset();
        self.cursor.skip(rest.len() - behind.len());
        let problem = CharacterProblem::ContinuationMark { mark };
        self.report_counted(start, Kind::Character(problem));
        self.cursor.skip(end);
        true
    }
}
