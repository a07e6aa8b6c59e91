//! What a shell would have expanded in a word, and shell text around a command: no shell runs on the
//! command later, so that both are reported.

use super::fixes::everywhere;
use super::word::{Word, begins_flag};
use super::{Lexer, in_sweep, placeholder};
use crate::sweep::diagnostic::{Change, Diagnostic, Fix, Kind, Preamble, ShellProblem};
use crate::sweep::span::Span;

impl ShellProblem {
    /// The edit that makes it go away.
    pub(crate) fn fix(&self, text: &str) -> Option<Fix> {
        match self {
            ShellProblem::Unexpanded {
                change: Change::Placeholder,
                ..
            } => None,
            ShellProblem::Unexpanded { quoted, .. } => Some(Fix {
                label: "Put it in single quotes".into(),
                edits: vec![quoted.clone()],
            }),
            ShellProblem::Preamble { preamble, .. } => Some(removal(text, *preamble)),
            ShellProblem::ShownLink { .. } => Some(placeholder::links_fix(text)),
            ShellProblem::Placeholder { .. } | ShellProblem::Usage => None,
        }
    }
}

/// Takes out all that is of the same kind, with the blanks behind it, and a line of its own with its end.
fn removal(text: &str, preamble: Preamble) -> Fix {
    let edits = everywhere(text, |diagnostic| {
        let same = match &diagnostic.kind {
            Kind::Shell(ShellProblem::Preamble {
                preamble: other, ..
            }) => *other == preamble,
            _ => false,
        };
        let behind = text.get(diagnostic.span.end as usize..).unwrap_or("");
        let rest = behind.trim_start_matches([' ', '\t']);
        let rest = rest.strip_prefix('\r').unwrap_or(rest);
        let rest = rest.strip_prefix('\n').unwrap_or(rest);
        let end = super::offset(text.len() - rest.len());
        same.then(|| vec![(Span::new(diagnostic.span.start, end), String::new())])
    });
    let label = "Remove it".into();
    Fix { label, edits }
}

impl Lexer<'_> {
    /// Notes what a shell would change in the present word; only the first change is kept.
    pub(super) fn note(&mut self, start: u32, change: Change) {
        if !self.is_client() && self.change.is_none() {
            self.change = Some((Span::new(start, self.cursor.offset()), change));
        }
    }

    /// Notes an unquoted `*`, `?`, `[` or `!`, which the cursor is at.
    pub(super) fn note_pattern(&mut self, c: char, at: u32) {
        match c {
            '*' | '?' | '[' => self.note(at, Change::Pattern),
            _ => self.note_history(c, at),
        }
    }

    /// Notes a `!` that bash would take for an earlier command, which the cursor is at; not in single
    /// quotes.
    pub(super) fn note_history(&mut self, c: char, at: u32) {
        if c == '!' {
            let next = self.cursor.peek_second();
            if next.is_some_and(|c| c.is_ascii_alphanumeric() || c == '!') {
                self.note(at, Change::History);
            }
        }
    }

    /// Notes a `\` at `at` that is removed, the cursor being behind it.
    pub(super) fn note_backslash(&mut self, at: u32) {
        if self
            .cursor
            .peek()
            .is_some_and(|c| c.is_ascii_alphanumeric())
        {
            self.note(at, Change::Backslash);
        }
    }

    /// Whether the cursor is at the last `\` of the text, which ends a Windows path.
    pub(super) fn ends_path(&self, word: &Word) -> bool {
        let raw = Span::new(word.span.start, self.cursor.offset()).slice(self.cursor.text());
        let last = self.cursor.rest() == "\\";
        last && in_sweep::is_windows_path(raw.get(value_offset(raw)..).unwrap_or(""))
    }

    /// Reports the first of what a shell would change in a whole word.
    pub(super) fn check_change(&mut self, word: &Word) {
        let raw = word.span.slice(self.cursor.text());
        let from = value_offset(raw);
        let value = raw.get(from..).unwrap_or("");
        let start = word.span.start + super::offset(from);
        let Some((span, change)) = change(self.change.take(), word, value, start) else {
            return;
        };
        let lost = matches!(change, Change::Backslash | Change::WindowsPath);
        let typed = if lost {
            // What was typed, not what a shell leaves of it; a path does not go on behind `\ `.
            value.find("\\ ").map_or(value, |at| &value[..=at])
        } else {
            word.text.get(value_offset(&word.text)..).unwrap_or("")
        };
        let end = if lost {
            start + super::offset(typed.len())
        } else {
            word.span.end
        };
        let quoted = format!("'{}'", typed.replace('\'', "'\"'\"'"));
        let problem = ShellProblem::Unexpanded {
            change,
            typed: typed.chars().take(60).collect(),
            quoted: (Span::new(start, end), quoted),
        };
        self.diagnostics
            .push(Diagnostic::new(span, Kind::Shell(problem)));
    }
}

/// Where the value begins in a word: behind `--name=`.
fn value_offset(word: &str) -> usize {
    let equals = word.find('=').filter(|_| begins_flag(word));
    let plain = |name: &str| !name.contains(['\'', '"', '\\']);
    equals
        .filter(|at| plain(&word[..*at]))
        .map_or(0, |at| at + 1)
}

/// What a shell would change of a word whose `value` begins at `start`, and where.
fn change(
    noted: Option<(Span, Change)>,
    word: &Word,
    value: &str,
    start: u32,
) -> Option<(Span, Change)> {
    let whole = Span::new(start, word.span.end);
    if in_sweep::is_windows_path(value)
        && noted.is_some_and(|(_, change)| change == Change::Backslash)
        || value.starts_with("\\\\") && in_sweep::is_windows_path(value)
    {
        return Some((whole, Change::WindowsPath));
    }
    if is_home(value) {
        return Some((Span::new(start, start + 1), Change::Home));
    }
    if !word.quoted && is_cmd_variable(value) {
        return Some((whole, Change::CmdVariable));
    }
    let address = value.contains("://") && !value.contains('*');
    match noted? {
        // In a flag's name; only the value would be quoted.
        (span, _) if span.start < start => None,
        // No file is called so; and what begins with a bracket is a sweep.
        (_, Change::Pattern) if address || value.starts_with('[') => None,
        // `lr=[1,2]` is reported as a list that is not swept.
        (_, Change::Pattern) if is_assigned_list(value) => None,
        (_, Change::Pattern) if placeholder::holds_placeholder(value) => {
            Some((whole, Change::Placeholder))
        }
        (span, Change::Pattern) if is_lone_bracket(value, span.start - start) => None,
        (span, Change::Pattern) => {
            let end = word.span.end.max(span.start + 1);
            Some((
                Span::new(span.start, end.min(span.start + 1)),
                Change::Pattern,
            ))
        }
        noted => Some(noted),
    }
}

/// Whether a value is `name=[…]`, as Hydra and fire take it.
fn is_assigned_list(value: &str) -> bool {
    let assigned = value.split_once('=');
    assigned.is_some_and(|(name, list)| {
        let pattern = name.contains(['*', '?', '[']);
        !pattern && list.starts_with('[') && list.ends_with(']')
    })
}

/// Whether the bracket at `at` has no close.
fn is_lone_bracket(value: &str, at: u32) -> bool {
    let rest = value.get(at as usize..).unwrap_or("");
    rest.starts_with('[') && !rest.contains(']')
}

/// `~`, `~/x`, `~user/x`, `~+`.
fn is_home(value: &str) -> bool {
    let Some(rest) = value.strip_prefix('~') else {
        return false;
    };
    let name = rest.split('/').next().unwrap_or("");
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '+');
    name.chars().all(letters) && !name.starts_with(|c: char| c.is_ascii_digit() || c == '.')
}

/// `%NAME%` anywhere in the value; `%Y%m%d` is a date's format.
fn is_cmd_variable(value: &str) -> bool {
    let mut pieces = value.split('%').skip(1);
    let name = |piece: &str| {
        piece.len() > 1
            && piece
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_')
            && !piece.starts_with(|c: char| c.is_ascii_digit())
    };
    let mut last = pieces.next();
    for piece in pieces {
        if last.is_some_and(name) {
            return true;
        }
        last = Some(piece);
    }
    false
}
