//! Why a text is no Python literal.

use std::fmt;

/// What is wrong and where, as byte offsets in the literal's own text.
#[derive(Clone, Debug, PartialEq)]
pub struct LiteralError {
    /// Offset of the first byte concerned.
    pub start: u32,
    /// Offset behind the last byte concerned.
    pub end: u32,
    /// What is wrong there.
    pub(crate) kind: LiteralErrorKind,
}

/// What is wrong with a literal. `Display` gives the message.
#[derive(Clone, Debug, PartialEq)]
pub enum LiteralErrorKind {
    /// An opening bracket that is never closed.
    UnclosedBracket(char),
    /// Something else stands where one of `expected` should.
    Unexpected {
        /// What stands there; empty at the end of the text.
        found: String,
        /// What would be right.
        expected: &'static str,
    },
    /// A string without its closing quote on the same line.
    UnclosedString(char),
    /// A backslash escape that is cut short or names nothing.
    BadEscape(String),
    /// `\N{NAME}` with a name that no character has.
    UnknownCharacter(String),
    /// `\N{NAME}` before the table of names is loaded: the page fetches it when a command asks for it.
    NamesNotLoaded,
    /// A number that Python does not read: `1__0`, `0x`, `5px`, `1.2.3`.
    BadNumber(String),
    /// A decimal integer that begins with zero.
    LeadingZero(String),
    /// More digits than Python's own limit for integers (4300).
    TooManyDigits,
    /// A name without quotes: `adam`, `true`, `nan`.
    BareName(String),
    /// `+`, `*`, `**`, … between values, or a sign before what is no number.
    Arithmetic(String),
    /// `… for … in …`.
    Comprehension,
    /// A call inside a value.
    Call(String),
    /// `f'…'`.
    FString,
    /// `*items` or `**items`.
    Unpacking,
    /// More than 100 brackets inside each other.
    TooDeep,
    /// A list, set or dict as an item of a set or the key of a dict.
    Unhashable,
    /// Something behind the closing bracket.
    Trailing(String),
    /// A quote that a text editor made typographic.
    TypographicQuote,
    /// Characters outside ASCII in a bytes literal.
    NonAsciiBytes,
}

impl fmt::Display for LiteralErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LiteralErrorKind::UnclosedBracket(open) => {
                write!(
                    f,
                    "`{open}` is never closed; expected `{}`",
                    closing_bracket(*open)
                )
            }
            LiteralErrorKind::Unexpected { found, expected } if found.is_empty() => {
                write!(f, "expected {expected}, found the end of the value")
            }
            LiteralErrorKind::Unexpected { found, expected } => {
                write!(f, "expected {expected}, found `{found}`")
            }
            LiteralErrorKind::UnclosedString(quote) => {
                write!(
                    f,
                    "this string is never closed; expected {quote} on the same line"
                )
            }
            LiteralErrorKind::BadEscape(found) => {
                write!(f, "`{found}` is not a complete escape sequence")
            }
            LiteralErrorKind::UnknownCharacter(name) => {
                write!(f, "no character has the name `{name}`")
            }
            LiteralErrorKind::NamesNotLoaded => {
                write!(f, "the names of Unicode's characters are not loaded yet")
            }
            LiteralErrorKind::BadNumber(found) => {
                write!(f, "`{found}` is not a number that Python reads")
            }
            LiteralErrorKind::LeadingZero(found) => {
                write!(
                    f,
                    "`{found}` begins with zero, which Python refuses for integers"
                )
            }
            LiteralErrorKind::TooManyDigits => write!(f, "an integer may have at most 4300 digits"),
            LiteralErrorKind::BareName(name) => {
                write!(f, "expected a literal, found the bare name `{name}`")
            }
            LiteralErrorKind::Arithmetic(found) => {
                write!(f, "expected a literal, found the operator `{found}`")
            }
            LiteralErrorKind::Comprehension => write!(f, "comprehensions are not evaluated"),
            LiteralErrorKind::Call(name) => {
                write!(f, "`{name}(…)` is not evaluated inside a value")
            }
            LiteralErrorKind::FString => write!(f, "f-strings are not evaluated"),
            LiteralErrorKind::Unpacking => write!(f, "`*` unpacking is not evaluated"),
            LiteralErrorKind::TooDeep => write!(f, "more than 100 brackets inside each other"),
            LiteralErrorKind::Unhashable => {
                write!(
                    f,
                    "a list, set or dict can be neither in a set nor the key of a dict"
                )
            }
            LiteralErrorKind::Trailing(found) => {
                write!(f, "expected the end of the value, found `{found}`")
            }
            LiteralErrorKind::TypographicQuote => {
                write!(f, "a typographic quote is not a quote; expected ' or \"")
            }
            LiteralErrorKind::NonAsciiBytes => write!(f, "bytes can hold ASCII characters only"),
        }
    }
}

impl LiteralErrorKind {
    /// What to write instead, where there is something to suggest.
    pub(crate) fn help(&self) -> Option<String> {
        Some(match self {
            LiteralErrorKind::BareName(name) => match name.to_ascii_lowercase().as_str() {
                "true" => "write `True`, or `'true'` for the text".into(),
                "false" => "write `False`, or `'false'` for the text".into(),
                "null" | "none" => "write `None`, or quote it for the text".into(),
                _ => format!("text needs quotes: `'{name}'`"),
            },
            LiteralErrorKind::Arithmetic(_)
            | LiteralErrorKind::Comprehension
            | LiteralErrorKind::Call(_)
            | LiteralErrorKind::FString
            | LiteralErrorKind::Unpacking => {
                "values are numbers, quoted text, True, False, None, and lists \
                                     of these; `range(…)` and NumPy's distributions stand alone"
                    .into()
            }
            LiteralErrorKind::LeadingZero(found) => {
                format!(
                    "write `{}`, or `'{found}'` for the text",
                    found.trim_start_matches('0')
                )
            }
            LiteralErrorKind::BadNumber(found) => format!("for text write `'{found}'`"),
            _ => return None,
        })
    }
}

fn closing_bracket(open: char) -> char {
    match open {
        '[' => ']',
        '{' => '}',
        _ => ')',
    }
}
