//! Python's string and bytes literals.

use super::Literal;
use super::error::{LiteralError, Problem};
use super::parser::Parser;

type Result<T> = std::result::Result<T, LiteralError>;

/// The letters before a quote, as in `rb'…'`.
#[derive(Clone, Copy)]
pub(super) struct Prefix {
    length: usize,
    raw: bool,
    bytes: bool,
    format: bool,
}

/// The prefix at the start of `text`, where a quote follows it. O(1).
pub(super) fn prefix(text: &str) -> Option<Prefix> {
    // Looks no further than a prefix can reach: behind it may stand a whole list.
    let quote = |byte: &u8| matches!(byte, b'\'' | b'"');
    let length = text.bytes().take(3).position(|byte| quote(&byte));
    let length = length.filter(|length| *length > 0)?;
    let letters = text.get(..length)?.to_ascii_lowercase();
    let known = matches!(
        letters.as_str(),
        "r" | "u" | "b" | "f" | "br" | "rb" | "fr" | "rf"
    );
    let has = |letter| letters.contains(letter);
    known.then(|| Prefix {
        length,
        raw: has('r'),
        bytes: has('b'),
        format: has('f'),
    })
}

/// Whether a string literal (no bytes, no f-string) begins here.
pub(super) fn begins(text: &str) -> bool {
    text.starts_with(['\'', '"']) || prefix(text).is_some_and(|p| !p.bytes)
}

/// Reads string literals next to each other and joins them, as Python does.
pub(super) fn strings(parser: &mut Parser<'_>) -> Result<Literal> {
    let mut joined = one(parser)?;
    loop {
        let end = parser.offset();
        let blanks =
            parser.rest().len() - parser.rest().trim_start_matches([' ', '\t', '\n']).len();
        let behind = &parser.rest()[blanks..];
        let more = match joined {
            Literal::Bytes(_) => prefix(behind).is_some_and(|p| p.bytes),
            _ => begins(behind),
        };
        if !more {
            debug_assert_eq!(end, parser.offset());
            return Ok(joined);
        }
        parser.advance(blanks);
        match (&mut joined, one(parser)?) {
            (Literal::Str(text), Literal::Str(more)) => text.push_str(&more),
            (Literal::Bytes(bytes), Literal::Bytes(more)) => bytes.extend(more),
            _ => return parser.unexpected("a string of the same kind"),
        }
    }
}

/// Reads one string or bytes literal.
pub(super) fn one(parser: &mut Parser<'_>) -> Result<Literal> {
    let start = parser.offset();
    let none = Prefix {
        length: 0,
        raw: false,
        bytes: false,
        format: false,
    };
    let prefix = prefix(parser.rest()).unwrap_or(none);
    if prefix.format {
        parser.advance(prefix.length);
        return parser.error(start, Problem::FString);
    }
    parser.advance(prefix.length);
    let Some(quote @ ('\'' | '"')) = parser.peek() else {
        return parser.unexpected("a string");
    };
    let triple = parser.rest().starts_with(&quote.to_string().repeat(3));
    let close = quote.to_string().repeat(if triple { 3 } else { 1 });
    parser.advance(close.len());
    let mut content = Content {
        text: String::new(),
        bytes: Vec::new(),
        prefix,
    };
    while !parser.rest().starts_with(&close) {
        match parser.peek() {
            None => return unclosed(parser, start, quote),
            Some('\n') if !triple => return unclosed(parser, start, quote),
            Some('\\') => escape(parser, &mut content)?,
            Some(c) => {
                let at = parser.offset();
                parser.advance(c.len_utf8());
                if prefix.bytes && !c.is_ascii() {
                    return parser.error(at, Problem::NonAsciiBytes);
                }
                content.push(c);
            }
        }
    }
    parser.advance(close.len());
    Ok(if prefix.bytes {
        Literal::Bytes(content.bytes)
    } else {
        Literal::Str(content.text)
    })
}

fn unclosed<T>(parser: &Parser<'_>, start: u32, quote: char) -> Result<T> {
    parser.error(start, Problem::UnclosedString(quote))
}

struct Content {
    text: String,
    bytes: Vec<u8>,
    prefix: Prefix,
}

impl Content {
    /// Appends a character; in a bytes literal one below 256 is that byte.
    fn push(&mut self, c: char) {
        if self.prefix.bytes {
            self.bytes.push(u8::try_from(u32::from(c)).unwrap_or(b'?'));
        } else {
            self.text.push(c);
        }
    }
}

fn escape(parser: &mut Parser<'_>, content: &mut Content) -> Result<()> {
    let start = parser.offset();
    parser.advance(1);
    let Some(c) = parser.peek() else {
        content.push('\\');
        return Ok(());
    };
    if content.prefix.raw {
        content.push('\\');
        content.push(c);
        parser.advance(c.len_utf8());
        return Ok(());
    }
    parser.advance(c.len_utf8());
    let simple = match c {
        '\n' => return Ok(()),
        '\\' | '\'' | '"' => c,
        'n' => '\n',
        't' => '\t',
        'r' => '\r',
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'v' => '\u{b}',
        '0'..='7' => return octal(parser, c, content),
        'x' => return hexadecimal(parser, start, 2, content),
        'u' if !content.prefix.bytes => return hexadecimal(parser, start, 4, content),
        'U' if !content.prefix.bytes => return hexadecimal(parser, start, 8, content),
        'N' if !content.prefix.bytes => return named(parser, start, content),
        // Python keeps the backslash of an escape that it does not know.
        other => {
            content.push('\\');
            other
        }
    };
    content.push(simple);
    Ok(())
}

fn refuse<T>(parser: &Parser<'_>, start: u32) -> Result<T> {
    let found = parser.text_from(start).to_owned();
    parser.error(start, Problem::BadEscape(found))
}

/// Reads `{NAME}` behind `\N`.
fn named(parser: &mut Parser<'_>, start: u32, content: &mut Content) -> Result<()> {
    let inner = parser.rest().strip_prefix('{');
    // A name has no quote and no line end, so that an unclosed brace does not swallow the text.
    let end = inner.and_then(|inner| {
        inner
            .find(['}', '\'', '"', '\n'])
            .filter(|end| inner[*end..].starts_with('}'))
    });
    let (Some(inner), Some(end)) = (inner, end) else {
        return refuse(parser, start);
    };
    let name = &inner[..end];
    parser.advance(name.len() + 2);
    let Some(names) = parser.names else {
        return parser.error(start, Problem::NamesNotAtHand);
    };
    match names.find(name) {
        Some(c) => content.push(c),
        None => return parser.error(start, Problem::UnknownCharacter(name.to_owned())),
    }
    Ok(())
}

fn octal(parser: &mut Parser<'_>, first: char, content: &mut Content) -> Result<()> {
    let mut code = first.to_digit(8).unwrap_or(0);
    for _ in 0..2 {
        let Some(digit) = parser.peek().and_then(|c| c.to_digit(8)) else {
            break;
        };
        code = code * 8 + digit;
        parser.advance(1);
    }
    let code = if content.prefix.bytes {
        code & 0xff
    } else {
        code
    };
    content.push(char::from_u32(code).unwrap_or('?'));
    Ok(())
}

fn hexadecimal(
    parser: &mut Parser<'_>,
    start: u32,
    digits: usize,
    content: &mut Content,
) -> Result<()> {
    let mut code = 0_u32;
    for _ in 0..digits {
        let Some(digit) = parser.peek().and_then(|c| c.to_digit(16)) else {
            return refuse(parser, start);
        };
        code = code * 16 + digit;
        parser.advance(1);
    }
    // Python's strings may hold surrogates, yet no program can be passed one.
    match char::from_u32(code) {
        Some(c) => content.push(c),
        None => return refuse(parser, start),
    }
    Ok(())
}
