//! The words, numbers and signs of a line.

use super::number::{self, Number};
use super::vocabulary::Word;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Word,
    Number(Number),
    /// `=`, also `:=`.
    Equals,
    Colon,
    /// What parts fields: `,` `;` `|`, a dash or a bullet alone, the bar of a progress bar.
    Separator,
    Open(u8),
    Close(u8),
    Quote,
    /// `->`, `=>`, `→`: a change or a mapping, not a measurement.
    Arrow,
}

/// A piece of a line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    /// Where it begins, in bytes.
    pub(super) start: usize,
    /// How many blanks stand before it; a tab counts as two.
    pub(super) blanks: usize,
    /// What the word is; nothing for all else.
    pub(super) word: Word,
}

impl Token<'_> {
    pub(super) fn is_word(&self) -> bool {
        self.kind == Kind::Word
    }
}

/// Whether a letter draws bars, boxes and pictures.
fn is_drawing(letter: char) -> bool {
    matches!(letter, '\u{2500}'..='\u{27BF}' | '\u{1F300}'..='\u{1FAFF}' | '\u{FE0F}')
        || matches!(letter, '•' | '·' | '–' | '—' | '…')
}

/// Splits a line. O(length); `tokens` is cleared first, and kept to save allocations.
pub(super) fn tokenize<'a>(line: &'a str, tokens: &mut Vec<Token<'a>>) {
    tokens.clear();
    let mut at = 0;
    let mut blanks = 0;
    while let Some(first) = line[at..].chars().next() {
        if first.is_whitespace() {
            blanks += if first == '\t' { 2 } else { 1 };
            at += first.len_utf8();
            continue;
        }
        let (kind, length) = scan_token(&line[at..], first);
        tokens.push(Token {
            kind,
            text: &line[at..at + length],
            start: at,
            blanks,
            word: if kind == Kind::Word {
                Word::of(&line[at..at + length])
            } else {
                Word::default()
            },
        });
        at += length;
        blanks = 0;
    }
}

fn scan_token(rest: &str, first: char) -> (Kind, usize) {
    let second = rest.as_bytes().get(1).copied();
    match first {
        '=' if second == Some(b'>') => (Kind::Arrow, 2),
        '=' => {
            let run = rest.bytes().take_while(|byte| *byte == b'=').count();
            let kind = if run > 1 {
                Kind::Separator
            } else {
                Kind::Equals
            };
            (kind, run)
        }
        ':' if second == Some(b'=') => (Kind::Equals, 2),
        ':' => (Kind::Colon, 1),
        ',' | ';' | '|' => (Kind::Separator, 1),
        '(' | '[' | '{' => (Kind::Open(first as u8), 1),
        ')' | ']' | '}' => (Kind::Close(first as u8), 1),
        '<' | '>' => (Kind::Separator, 1),
        '"' | '\'' | '`' => (Kind::Quote, 1),
        '→' => (Kind::Arrow, first.len_utf8()),
        '-' if second == Some(b'>') => (Kind::Arrow, 2),
        _ if is_drawing(first) => {
            let run = rest
                .find(|letter| !is_drawing(letter))
                .unwrap_or(rest.len());
            (Kind::Separator, run)
        }
        '.' if second == Some(b'.') => {
            // Leaders stand for a sign: `loss ....... 0.5`.
            let run = rest.bytes().take_while(|byte| *byte == b'.').count();
            let kind = if run > 2 {
                Kind::Colon
            } else {
                Kind::Separator
            };
            (kind, run)
        }
        _ => match number::scan(rest) {
            // `.5R: 0.93`, a recall.
            Some((Number::Quantity, length)) if first == '.' => (Kind::Word, length),
            Some((number, length)) => (Kind::Number(number), length),
            None => scan_word(rest),
        },
    }
}

fn scan_word(rest: &str) -> (Kind, usize) {
    let ends = |letter: char| {
        letter.is_whitespace()
            || matches!(
                letter,
                '=' | ':' | ',' | ';' | '|' | '(' | '[' | '{' | ')' | ']' | '}' | '"' | '<' | '>'
            )
            || is_drawing(letter)
    };
    let length = rest.find(ends).unwrap_or(rest.len()).max(1);
    // `train's` is a word, the quote that closes one is not.
    let word = rest[..length].trim_end_matches(['\'', '`']);
    let dash = word
        .bytes()
        .all(|byte| matches!(byte, b'-' | b'*' | b'+' | b'/' | b'~'));
    let kind = if dash { Kind::Separator } else { Kind::Word };
    (kind, word.len().max(1))
}

/// For each opening bracket the place of the one that closes it, of whatever kind; for all else its
/// own place. O(tokens).
pub(super) fn match_brackets(tokens: &[Token], partners: &mut Vec<usize>) {
    partners.clear();
    partners.extend(0..tokens.len());
    let mut open = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Open(_) => open.push(at),
            Kind::Close(_) => {
                if let Some(start) = open.pop() {
                    partners[start] = at;
                }
            }
            _ => {}
        }
    }
}
