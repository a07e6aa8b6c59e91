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
    pub problem: Problem,
}

/// What is wrong with a literal. `Display` gives the message.
#[derive(Clone, Debug, PartialEq)]
pub enum Problem {
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
    NamesNotAtHand,
    /// A number that Python does not read: `1__0`, `0x`, `5px`, `1.2.3`.
    BadNumber(String),
    /// A decimal integer that begins with zero.
    LeadingZero(String),
    /// More digits than Python's own limit for integers (4300).
    TooManyDigits,
    /// A name without quotes: `adam`, `true`, `nan`.
    Name(String),
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

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::UnclosedBracket(open) => {
                write!(f, "`{open}` is never closed; expected `{}`", closing(*open))
            }
            Problem::Unexpected { found, expected } if found.is_empty() => {
                write!(f, "expected {expected}, found the end of the value")
            }
            Problem::Unexpected { found, expected } => {
                write!(f, "expected {expected}, found `{found}`")
            }
            Problem::UnclosedString(quote) => {
                write!(
                    f,
                    "this string is never closed; expected {quote} on the same line"
                )
            }
            Problem::BadEscape(found) => write!(f, "`{found}` is not a complete escape sequence"),
            Problem::UnknownCharacter(name) => {
                write!(f, "no character has the name `{name}`")
            }
            Problem::NamesNotAtHand => {
                write!(f, "the names of Unicode's characters are not loaded yet")
            }
            Problem::BadNumber(found) => write!(f, "`{found}` is not a number that Python reads"),
            Problem::LeadingZero(found) => {
                write!(
                    f,
                    "`{found}` begins with zero, which Python refuses for integers"
                )
            }
            Problem::TooManyDigits => write!(f, "an integer may have at most 4300 digits"),
            Problem::Name(name) => write!(f, "expected a literal, found the bare name `{name}`"),
            Problem::Arithmetic(found) => {
                write!(f, "expected a literal, found the operator `{found}`")
            }
            Problem::Comprehension => write!(f, "comprehensions are not evaluated"),
            Problem::Call(name) => write!(f, "`{name}(…)` is not evaluated inside a value"),
            Problem::FString => write!(f, "f-strings are not evaluated"),
            Problem::Unpacking => write!(f, "`*` unpacking is not evaluated"),
            Problem::TooDeep => write!(f, "more than 100 brackets inside each other"),
            Problem::Unhashable => {
                write!(
                    f,
                    "a list, set or dict can be neither in a set nor the key of a dict"
                )
            }
            Problem::Trailing(found) => write!(f, "expected the end of the value, found `{found}`"),
            Problem::TypographicQuote => {
                write!(f, "a typographic quote is not a quote; expected ' or \"")
            }
            Problem::NonAsciiBytes => write!(f, "bytes can hold ASCII characters only"),
        }
    }
}

impl Problem {
    /// What to write instead, where there is something to suggest.
    pub fn help(&self) -> Option<String> {
        Some(match self {
            Problem::Name(name) => match name.to_ascii_lowercase().as_str() {
                "true" => "write `True`, or `'true'` for the text".into(),
                "false" => "write `False`, or `'false'` for the text".into(),
                "null" | "none" => "write `None`, or quote it for the text".into(),
                _ => format!("text needs quotes: `'{name}'`"),
            },
            Problem::Arithmetic(_)
            | Problem::Comprehension
            | Problem::Call(_)
            | Problem::FString
            | Problem::Unpacking => {
                "values are numbers, quoted text, True, False, None, and lists \
                                     of these; `range(…)` and NumPy's distributions stand alone"
                    .into()
            }
            Problem::LeadingZero(found) => {
                format!(
                    "write `{}`, or `'{found}'` for the text",
                    found.trim_start_matches('0')
                )
            }
            Problem::BadNumber(found) => format!("for text write `'{found}'`"),
            _ => return None,
        })
    }
}

fn closing(open: char) -> char {
    match open {
        '[' => ']',
        '{' => '}',
        _ => ')',
    }
}
