//! The characters between a sweep's values, and those in the values of a list.

use super::offset;
use crate::sweep::diagnostic::CharacterProblem;
use crate::sweep::span::Span;
use crate::sweep::unicode::hidden::{self, Class};
use crate::sweep::unicode::lookalike;

/// A sweep in which look-alikes between the values are replaced by Python's own characters. It is as long
/// as the text that was typed, so that places in it hold for both.
pub(crate) struct PlainSweep {
    pub(crate) text: String,
    /// The first of them and what it stands for; `None` for nothing.
    first: (char, Option<char>),
    /// Bytes of the value, and what to write for them.
    edits: Vec<(u32, u32, String)>,
}

impl PlainSweep {
    /// The place of the first of them in the value.
    pub(crate) fn place(&self) -> (u32, u32) {
        let first = self.edits.first();
        first.map_or((0, 0), |(start, end, _)| (*start, *end))
    }

    /// The problem; `locate` finds the text's place of bytes of the value.
    pub(crate) fn problem(
        self,
        certain: bool,
        value_place: Span,
        locate: impl Fn(u32, u32) -> Span,
    ) -> CharacterProblem {
        let place = |(start, end, plain): (u32, u32, String)| {
            let span = locate(start, end);
            // A word from a YAML alias or with an escape does not stand in the text byte by byte.
            (span.end - span.start == end - start).then_some((span, plain))
        };
        let edits: Option<Vec<_>> = self.edits.into_iter().map(place).collect();
        CharacterProblem::InSweep {
            character: self.first.0,
            plain: self.first.1,
            certain,
            value_place,
            edits: edits.unwrap_or_default(),
        }
    }
}

/// `value` with the characters outside of its strings that Python does not read replaced; `None` where
/// there are none. O(length).
pub(crate) fn plain_sweep(value: &str) -> Option<PlainSweep> {
    let suspect = |byte: u8| hidden::is_suspect(byte) || matches!(byte, b'&' | b'`');
    if !value.bytes().any(suspect) {
        return None;
    }
    let mut reader = PlainReader {
        value,
        text: String::with_capacity(value.len()),
        first: None,
        edits: Vec::new(),
        string: None,
    };
    while reader.text.len() < value.len() {
        reader.step();
    }
    let PlainReader {
        text, first, edits, ..
    } = reader;
    first.map(|first| PlainSweep { text, first, edits })
}

struct PlainReader<'a> {
    value: &'a str,
    /// What was read, byte for byte as long.
    text: String,
    first: Option<(char, Option<char>)>,
    edits: Vec<(u32, u32, String)>,
    /// The quote that the present string began with, where it is in one.
    string: Option<char>,
}

impl PlainReader<'_> {
    fn step(&mut self) {
        let at = self.text.len();
        let rest = self.value.get(at..).unwrap_or("");
        let Some(c) = rest.chars().next() else {
            return;
        };
        let entity = lookalike::entity(rest);
        let length = entity.map_or(c.len_utf8(), |(entity, _)| entity.len());
        let plain = entity.map(|(_, shown)| shown).or_else(|| quote_like(c));
        match self.string {
            Some(_) if c == '\\' => {
                let next = rest[1..].chars().next().map_or(0, char::len_utf8);
                self.copy(1 + next);
            }
            Some(quote @ ('\'' | '"')) => {
                self.string = self.string.filter(|_| c != quote);
                self.copy(c.len_utf8());
            }
            // A string between other quotes: an apostrophe would end it once they are plain.
            Some(_) if c == '\'' => self.replace(1, c, Some('\''), "\\'"),
            Some(_) if is_quote(plain) && ends_value(&rest[length..]) => {
                self.string = None;
                self.replace(length, c, plain, "'");
            }
            Some(_) => self.copy(c.len_utf8()),
            None if matches!(c, '\'' | '"') => {
                self.string = Some(c);
                self.copy(1);
            }
            None if is_quote(plain) => {
                self.string = Some(if entity.is_some() { '&' } else { '\u{2019}' });
                self.replace(length, c, plain, "'");
            }
            None => self.between(at, length, c, plain),
        }
    }

    /// Outside of strings.
    fn between(&mut self, at: usize, length: usize, c: char, plain: Option<char>) {
        let plain = plain.or_else(|| lookalike::ascii(c));
        if let Some(plain) = plain {
            return self.replace(length, c, Some(plain), &plain.to_string());
        }
        match hidden::at(self.value, at) {
            Some(found) if !matches!(found.class, Class::Lost | Class::Mojibake) => {
                let blank = found.class == Class::Blank;
                let length = (found.span.end - found.span.start) as usize;
                self.replace(
                    length,
                    c,
                    blank.then_some(' '),
                    if blank { " " } else { "" },
                );
            }
            _ => self.copy(c.len_utf8()),
        }
    }

    fn copy(&mut self, length: usize) {
        let at = self.text.len();
        let end = (at + length).min(self.value.len());
        self.text.push_str(self.value.get(at..end).unwrap_or(""));
    }

    /// `length` bytes, which begin with `c`, are to be `written`.
    fn replace(&mut self, length: usize, c: char, plain: Option<char>, written: &str) {
        let at = self.text.len();
        if c != '\'' {
            self.first.get_or_insert((c, plain));
        }
        self.edits
            .push((offset(at), offset(at + length), written.to_owned()));
        self.text
            .push_str(if written.len() > length { "_" } else { written });
        while self.text.len() < at + length {
            self.text.push(' ');
        }
    }
}

/// The quote that `c` looks like outside of ASCII's.
fn quote_like(c: char) -> Option<char> {
    match c {
        '`' => Some('\''),
        c => lookalike::ascii(c).filter(|_| lookalike::is_quote(c)),
    }
}

fn is_quote(plain: Option<char>) -> bool {
    matches!(plain, Some('\'' | '"'))
}

/// Whether a quote closes by what follows it: an apostrophe has a letter behind it.
fn ends_value(rest: &str) -> bool {
    let next = rest
        .trim_start_matches([' ', '\t', '\n', '\r', '\u{a0}'])
        .chars()
        .next();
    next.is_none_or(|c| {
        matches!(
            lookalike::ascii(c).unwrap_or(c),
            ',' | ']' | ')' | '}' | ':' | ';'
        )
    })
}

/// The problem of one value of a list: `passed` is what the script gets, `source` its literal.
pub(crate) fn value_problem(passed: &str, source: &str) -> Option<CharacterProblem> {
    let control = passed.chars().find(|c| c.is_control());
    if let Some(character) =
        control.filter(|c| !passed.is_empty() && !is_blank(passed) || *c == '\0')
    {
        let path = source
            .strip_prefix(['\'', '"'])
            .is_some_and(is_windows_path);
        return Some(CharacterProblem::ControlInValue { character, path });
    }
    (!passed.is_empty() && is_blank(passed)).then_some(CharacterProblem::BlankValue)
}

/// The string of `value` around an escape that Python refuses, where it is a Windows path: `\U` of
/// `'C:\Users'` begins a character's number.
pub(crate) fn path_around(value: &str, escape: u32) -> Option<(u32, u32)> {
    let before = value.get(..escape as usize)?;
    let open = before.rfind(['\'', '"'])?;
    let quote = before.get(open..)?.chars().next()?;
    let content = value.get(open + 1..)?;
    let end = content.find(quote)?;
    is_windows_path(content).then_some((offset(open), offset(open + 1 + end + 1)))
}

/// `C:\…`, `\\host\…`, `..\…`.
pub(super) fn is_windows_path(text: &str) -> bool {
    match text.as_bytes() {
        [drive, b':', b'\\', ..] => drive.is_ascii_alphabetic(),
        [b'\\', b'\\', next, ..] => next.is_ascii_alphanumeric(),
        [b'.', b'\\', next, ..] | [b'.', b'.', b'\\', next, ..] => *next != b'\\',
        _ => false,
    }
}

/// Whether nothing of `text` can be seen.
pub(super) fn is_blank(text: &str) -> bool {
    text.chars()
        .all(|c| c.is_whitespace() || hidden::class(c).is_some_and(|class| class != Class::Lost))
}
