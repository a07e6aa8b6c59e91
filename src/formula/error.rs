//! What can be wrong with a formula's text, and with its value on one trial.

use crate::sweep::Span;
use std::fmt;

/// A place in the text and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Where.
    pub span: Span,
    /// What.
    pub kind: ErrorKind,
}

impl Error {
    pub(crate) fn new(span: Span, kind: ErrorKind) -> Error {
        Error { span, kind }
    }
}

/// What is wrong; the words are in its `Display`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Another token than those that fit here.
    Unexpected {
        /// What would fit.
        expected: &'static str,
        /// The text found; empty at the end.
        found: String,
    },
    /// The left side is none of the three units.
    Unit {
        /// What stands there.
        found: String,
    },
    /// There is no left side.
    NoUnit,
    /// A name before `(` that is no function.
    UnknownFunction {
        /// The name.
        name: String,
        /// A function of a similar name.
        suggestion: Option<String>,
    },
    /// A function of one argument with another number of them.
    ArgumentCount {
        /// The function's name.
        function: &'static str,
        /// How many were given.
        found: usize,
    },
    /// A value of the wrong kind, such as a comparison where a number belongs.
    WrongKind {
        /// What belongs here.
        expected: &'static str,
        /// What is here.
        found: &'static str,
    },
    /// A character that the language does not have.
    Character(char),
    /// A quote without its partner.
    UnclosedString,
    /// A number beyond the range of a double.
    NumberTooLarge,
    /// Nested deeper than [`super::MAX_DEPTH`].
    TooDeep,
    /// Longer than [`super::MAX_TOKENS`].
    TooLong,
    /// A run time without a unit.
    NoTimeUnit {
        /// The number.
        number: String,
    },
    /// `1:30`, which may be hours and minutes or minutes and seconds.
    AmbiguousClock,
    /// A unit of time that is not known.
    UnknownTimeUnit {
        /// What stands there.
        found: String,
    },
    /// A unit of time that is repeated or larger than the one before it.
    TimeUnitOrder {
        /// What stands there.
        found: String,
    },
    /// Minutes or seconds of a clock time of 60 and more.
    ClockField {
        /// What stands there.
        found: String,
    },
    /// A run time of zero.
    ZeroTime,
    /// A run time beyond the longest that can be counted.
    TimeTooLong,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use ErrorKind::*;
        match self {
            Unexpected { expected, found } if found.is_empty() => {
                write!(f, "expected {expected}, found the end")
            }
            Unexpected { expected, found } => write!(f, "expected {expected}, found `{found}`"),
            Unit { found } => write!(
                f,
                "expected `seconds`, `minutes` or `hours` before `=`, found `{found}`"
            ),
            NoUnit => write!(
                f,
                "a formula begins with `seconds =`, `minutes =` or `hours =`"
            ),
            UnknownFunction { name, suggestion } => {
                write!(f, "there is no function `{name}`")?;
                match suggestion {
                    Some(known) => write!(f, "; did you mean `{known}`?"),
                    None => write!(f, "; there are min, max, ceil, floor, sqrt, log and exp"),
                }
            }
            ArgumentCount { function, found } => {
                write!(f, "`{function}` takes one argument, found {found}")
            }
            WrongKind { expected, found } => write!(f, "expected {expected}, found {found}"),
            Character(c) => write!(f, "`{c}` has no meaning in a formula"),
            UnclosedString => write!(f, "this quote is never closed"),
            NumberTooLarge => write!(f, "this number is too large"),
            TooDeep => write!(f, "nested more than {} deep", super::MAX_DEPTH),
            TooLong => write!(f, "longer than {} words and symbols", super::MAX_TOKENS),
            NoTimeUnit { number } => write!(
                f,
                "expected a unit after `{number}`: `{number} seconds`, `{number} minutes` or \
                 `{number} hours`"
            ),
            AmbiguousClock => write!(
                f,
                "hours and minutes, or minutes and seconds? Write `1h 30m`, `1m 30s` or `1:30:00`"
            ),
            UnknownTimeUnit { found } => write!(
                f,
                "expected a unit of time (seconds, minutes, hours, days), found `{found}`"
            ),
            TimeUnitOrder { found } => {
                write!(
                    f,
                    "expected a smaller unit than the one before, found `{found}`"
                )
            }
            ClockField { found } => {
                write!(f, "expected two digits from 00 to 59, found `{found}`")
            }
            ZeroTime => write!(f, "a run time must be above zero"),
            TimeTooLong => write!(f, "a run time may be at most {MAX_SECONDS_WORDS} seconds"),
        }
    }
}

/// [`crate::estimate::Seconds::MAX`] as a person writes it.
const MAX_SECONDS_WORDS: &str = "1,000,000,000,000";

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl std::error::Error for Error {}

/// Why a formula has no value on one trial.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// The trial lacks an argument.
    Missing {
        /// Its name in the formula.
        name: String,
    },
    /// An argument that must be a number is none.
    NotANumber {
        /// Its name in the formula.
        name: String,
    },
    /// Two values that cannot be compared, such as a number and a text by `<`.
    Incomparable,
    /// Infinite, or no number at all (division by zero, the root of a negative number, …).
    NotFinite,
    /// Zero or below.
    NotPositive(f64),
    /// Longer than can be counted.
    TooLong(f64),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Missing { name } => write!(f, "this trial has no argument `{name}`"),
            Fault::NotANumber { name } => write!(f, "`{name}` is not a number in this trial"),
            Fault::Incomparable => write!(f, "a number and a text have no order"),
            Fault::NotFinite => write!(f, "the result is not a finite number"),
            Fault::NotPositive(value) => {
                write!(f, "the result is {value} seconds, not above zero")
            }
            Fault::TooLong(value) => write!(
                f,
                "the result is {value:e} seconds; at most {MAX_SECONDS_WORDS} can be counted"
            ),
        }
    }
}

impl std::error::Error for Fault {}
