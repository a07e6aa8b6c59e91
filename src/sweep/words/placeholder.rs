//! Placeholders of documents, such as `<cluster name>`, and links that an editor made of file names.

use super::Lexer;
use super::fixes::everywhere;
use super::word::Word;
use crate::sweep::diagnostic::{Diagnostic, Fix, Kind, ShellProblem};
use crate::sweep::span::Span;

/// The longest placeholder that is looked for, in bytes.
const LONGEST: usize = 40;

/// How far a link is followed, in bytes.
const LINK: usize = 512;

/// Whether a value that no option takes is one to be filled in: `[name]`.
pub(crate) fn is_placeholder(value: &str) -> bool {
    let inner = value.strip_prefix('[').and_then(|v| v.strip_suffix(']'));
    let letters = |b: u8| b.is_ascii_alphabetic() || matches!(b, b'_' | b'-' | b' ');
    inner.is_some_and(|inner| !inner.is_empty() && inner.bytes().all(letters))
}

/// Whether a value holds `[version]`, which as a pattern would be one letter of seven.
pub(super) fn holds_placeholder(value: &str) -> bool {
    value.split('[').skip(1).any(|rest| {
        let inner = rest
            .split(']')
            .next()
            .filter(|inner| inner.len() < rest.len());
        let letters = |b: u8| b.is_ascii_lowercase() || b == b'_';
        inner.is_some_and(|inner| inner.len() >= 4 && inner.bytes().all(letters))
    })
}

impl Lexer<'_> {
    /// The length of `<cluster name>` at the cursor: a redirection from a file has no `>` behind the name.
    pub(super) fn placeholder_length(&self) -> Option<usize> {
        let rest = self.cursor.rest();
        let near = &rest[..rest.floor_char_boundary(LONGEST)];
        let inner = near.strip_prefix('<')?.split('>').next()?;
        let ends = inner.len() + 1 < near.len();
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b' ');
        let begins = inner.starts_with(|c: char| c.is_ascii_alphabetic());
        let named = begins && !inner.ends_with(' ') && inner.bytes().all(plain);
        (ends && named).then_some(inner.len() + 2)
    }

    pub(super) fn eat_placeholder(&mut self, word: &mut Word) -> bool {
        let Some(length) = self.placeholder_length().filter(|_| !self.is_client()) else {
            return false;
        };
        let start = self.cursor.offset();
        let typed = self.take(length, word);
        let problem = ShellProblem::Placeholder { typed };
        self.report(start, Kind::Shell(problem));
        true
    }

    /// Whether a link that an editor made of a file name begins at the cursor.
    pub(super) fn is_shown_link(&self) -> bool {
        self.shown_link().is_some()
    }

    /// `[train.py](http://train.py)` of Markdown, or Slack's `<http://train.py|train.py>`: read as what
    /// is shown.
    pub(super) fn eat_shown_link(&mut self, word: &mut Word) -> bool {
        let Some((before, shown, behind)) = self.shown_link() else {
            return false;
        };
        let shown = shown.to_owned();
        let start = self.cursor.offset();
        self.cursor.skip(before);
        self.take(shown.len(), word);
        self.cursor.skip(behind);
        self.report_counted(start, Kind::Shell(ShellProblem::ShownLink { shown }));
        true
    }

    /// The link at the cursor, all of it on one line.
    fn shown_link(&self) -> Option<Shown<'_>> {
        let rest = self.cursor.rest();
        let near = &rest[..rest.floor_char_boundary(LINK)];
        let (before, shown, behind) = markdown(near).or_else(|| slack(near))?;
        let link = near.get(..before + shown.len() + behind)?;
        (!link.contains(['\n', '\r'])).then_some((before, shown, behind))
    }
}

/// What is shown of a link, and the bytes before and behind it.
type Shown<'t> = (usize, &'t str, usize);

fn markdown(near: &str) -> Option<Shown<'_>> {
    let (shown, rest) = near.strip_prefix('[')?.split_once("](")?;
    let address = rest.trim_start_matches('<');
    if !["http://", "https://", "mailto:"]
        .iter()
        .any(|scheme| address.starts_with(scheme))
    {
        return None;
    }
    let close = rest.find(')')?;
    let plain = !shown.is_empty() && !shown.contains(['[', ']', ',', '\'', '"']);
    plain.then_some((1, shown, 2 + close + 1))
}

fn slack(near: &str) -> Option<Shown<'_>> {
    let link = near.strip_prefix('<')?.split_once('>')?.0;
    let (address, shown) = link.split_once('|')?;
    let plain = !shown.is_empty() && !shown.contains([' ', '<', '"', '\'']);
    (address.starts_with("http") && plain).then_some((address.len() + 2, shown, 1))
}

/// Each link of the text as what is shown of it.
pub(super) fn links_fix(text: &str) -> Fix {
    let shown = |diagnostic: &Diagnostic| match &diagnostic.kind {
        Kind::Shell(ShellProblem::ShownLink { shown }) => {
            Some(vec![(diagnostic.span, shown.clone())])
        }
        _ => None,
    };
    let edits: Vec<(Span, String)> = everywhere(text, shown);
    let label = match edits.as_slice() {
        [(_, shown)] => format!("Write {shown}"),
        all => format!("Write all {} as shown", all.len()),
    };
    Fix { label, edits }
}
