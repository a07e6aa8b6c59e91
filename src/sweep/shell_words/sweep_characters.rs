//! The characters between a sweep's values, and those in the values of a list.

use super::to_offset;
use crate::sweep::diagnostic::CharacterProblem;
use crate::sweep::span::Span;
use crate::sweep::unicode::hidden::{self, HiddenClass};
use crate::sweep::unicode::lookalike;

/// A sweep in which look-alikes between the values are replaced by Python's own characters. It is as long
/// as the text that was typed, so that places in it hold for both.
pub(crate) struct NormalizedSweep {
    pub(crate) text: String,
    /// The first of them and what it stands for; `None` for nothing.
    first: (char, Option<char>),
    /// Bytes of the value, and what to write for them.
    edits: Vec<(u32, u32, String)>,
}

impl NormalizedSweep {
    /// The place of the first of them in the value.
    pub(crate) fn place(&self) -> (u32, u32) {
        let first = self.edits.first();
        first.map_or((0, 0), |(start, end, _)| (*start, *end))
    }

    /// The place in the typed value of `start..end` of [`NormalizedSweep::text`]: a replaced character
    /// belongs to it as a whole or not at all. O(log edits).
    pub(crate) fn typed_place(&self, start: u32, end: u32) -> (u32, u32) {
        (
            self.edit_around(start).map_or(start, |(start, _)| start),
            self.edit_around(end).map_or(end, |(_, end)| end),
        )
    }

    /// The bytes of the replaced character that `offset` lies inside of.
    fn edit_around(&self, offset: u32) -> Option<(u32, u32)> {
        let before = self.edits.partition_point(|(start, _, _)| *start < offset);
        let (start, end, _) = self.edits.get(before.checked_sub(1)?)?;
        (offset < *end).then_some((*start, *end))
    }

    /// The problem; `locate` finds the text's place of bytes of the value.
    pub(crate) fn into_problem(
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
pub(crate) fn normalize_sweep(value: &str) -> Option<NormalizedSweep> {
    let suspect = |byte: u8| hidden::is_suspect(byte) || matches!(byte, b'&' | b'`');
    if !value.bytes().any(suspect) {
        return None;
    }
    let mut reader = SweepNormalizer {
        value,
        text: String::with_capacity(value.len()),
        first: None,
        edits: Vec::new(),
        string: None,
    };
    while reader.text.len() < value.len() {
        reader.step();
    }
    let SweepNormalizer {
        text, first, edits, ..
    } = reader;
    first.map(|first| NormalizedSweep { text, first, edits })
}

struct SweepNormalizer<'a> {
    value: &'a str,
    /// What was read, byte for byte as long.
    text: String,
    first: Option<(char, Option<char>)>,
    edits: Vec<(u32, u32, String)>,
    /// The quote that the present string began with, where it is in one.
    string: Option<char>,
}

impl SweepNormalizer<'_> {
    fn step(&mut self) {
        let at = self.text.len();
        let rest = self.value.get(at..).unwrap_or("");
        let Some(c) = rest.chars().next() else {
            return;
        };
        let entity = lookalike::parse_entity(rest);
        let length = entity.map_or(c.len_utf8(), |(entity, _)| entity.len());
        let plain = entity.map(|(_, shown)| shown).or_else(|| to_plain_quote(c));
        match self.string {
            Some(_) if c == '\\' => {
                let next = rest[1..].chars().next().map_or(0, char::len_utf8);
                self.copy_bytes(1 + next);
            }
            Some(quote @ ('\'' | '"')) => {
                self.string = self.string.filter(|_| c != quote);
                self.copy_bytes(c.len_utf8());
            }
            // A string between other quotes: an apostrophe would end it once they are plain.
            Some(_) if c == '\'' => self.replace(1, c, Some('\''), "\\'"),
            Some(_) if is_quote(plain) && ends_value(&rest[length..]) => {
                self.string = None;
                self.replace(length, c, plain, "'");
            }
            Some(_) => self.copy_bytes(c.len_utf8()),
            None if matches!(c, '\'' | '"') => {
                self.string = Some(c);
                self.copy_bytes(1);
            }
            None if is_quote(plain) => {
                self.string = Some(if entity.is_some() { '&' } else { '\u{2019}' });
                self.replace(length, c, plain, "'");
            }
            None => self.read_between_values(at, length, c, plain),
        }
    }

    /// Outside of strings.
    fn read_between_values(&mut self, at: usize, length: usize, c: char, plain: Option<char>) {
        let plain = plain.or_else(|| lookalike::to_ascii(c));
        if let Some(plain) = plain {
            return self.replace(length, c, Some(plain), &plain.to_string());
        }
        match hidden::find_at(self.value, at) {
            Some(found) if !matches!(found.class, HiddenClass::Lost | HiddenClass::Mojibake) => {
                let blank = found.class == HiddenClass::Blank;
                let length = (found.span.end - found.span.start) as usize;
                self.replace(
                    length,
                    c,
                    blank.then_some(' '),
                    if blank { " " } else { "" },
                );
            }
            _ => self.copy_bytes(c.len_utf8()),
        }
    }

    fn copy_bytes(&mut self, length: usize) {
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
            .push((to_offset(at), to_offset(at + length), written.to_owned()));
        let shown = if written.len() > length { "_" } else { written };
        let blanks = " ".repeat(length - shown.len());
        // Where a string begins the blanks come first, so that they are no part of it.
        let opens = self.string.is_some();
        let (before, behind) = if opens {
            (&*blanks, "")
        } else {
            ("", &*blanks)
        };
        for piece in [before, shown, behind] {
            self.text.push_str(piece);
        }
    }
}

/// The quote that `c` looks like outside of ASCII's.
fn to_plain_quote(c: char) -> Option<char> {
    match c {
        '`' => Some('\''),
        c => lookalike::to_ascii(c).filter(|_| lookalike::is_quote(c)),
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
            lookalike::to_ascii(c).unwrap_or(c),
            ',' | ']' | ')' | '}' | ':' | ';'
        )
    })
}

/// The problem of one value of a list: `passed` is what the script gets, `source` its literal.
pub(crate) fn check_listed_value(passed: &str, source: &str) -> Option<CharacterProblem> {
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
pub(crate) fn windows_path_around(value: &str, escape: u32) -> Option<(u32, u32)> {
    let before = value.get(..escape as usize)?;
    let open = before.rfind(['\'', '"'])?;
    let quote = before.get(open..)?.chars().next()?;
    let content = value.get(open + 1..)?;
    let end = content.find(quote)?;
    is_windows_path(content).then_some((to_offset(open), to_offset(open + 1 + end + 1)))
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
    text.chars().all(|c| {
        c.is_whitespace() || hidden::class_of(c).is_some_and(|class| class != HiddenClass::Lost)
    })
}
