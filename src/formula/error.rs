//! Errors of a formula's text, and errors of its evaluation on one trial.

use crate::sweep::Span;
use std::fmt;

/// Why a text is no formula, condition or run time, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The bytes at fault; empty at the end of the text.
    pub span: Span,
    /// What is wrong there.
    pub(crate) kind: ErrorKind,
}

impl Error {
    pub(crate) fn new(span: Span, kind: ErrorKind) -> Error {
        Error { span, kind }
    }
}

/// What is wrong with a text. `Display` gives the message for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    /// A token that does not fit here.
    Unexpected {
        /// What would fit, as a noun phrase.
        expected: &'static str,
        /// The text found; empty at the end.
        found: String,
    },
    /// The left side is none of the three units.
    UnknownLeftSide {
        /// The left side as typed.
        found: String,
    },
    /// There is no `=`, hence no left side.
    NoLeftSide,
    /// A name before `(` that is no function.
    UnknownFunction {
        /// The name as typed.
        name: String,
        /// A function of a similar name.
        suggestion: Option<String>,
    },
    /// A function of one argument with another number of them.
    ArgumentCount {
        /// The function's name.
        function: &'static str,
        /// Arguments given.
        found: usize,
    },
    /// A value of the wrong kind, such as a comparison where a number belongs.
    WrongKind {
        /// The kind that fits here, as a noun phrase.
        expected: &'static str,
        /// The kind found, as a noun phrase.
        found: &'static str,
    },
    /// A character that the language does not have.
    UnknownCharacter(char),
    /// A quote without its partner.
    UnclosedString,
    /// A number beyond the range of a double.
    NumberTooLarge,
    /// Nested deeper than [`super::MAX_DEPTH`].
    TooDeep,
    /// Longer than [`super::MAX_TOKENS`].
    TooLong,
    /// A number without a unit of time after it.
    NoTimeUnit {
        /// The number as typed.
        number: String,
    },
    /// `1:30`, which may be hours and minutes or minutes and seconds.
    AmbiguousClock,
    /// A word that is no unit of time.
    UnknownTimeUnit {
        /// The word as typed.
        found: String,
    },
    /// A unit of time that is not smaller than the one before it.
    TimeUnitOrder {
        /// The unit as typed.
        found: String,
    },
    /// Minutes or seconds of `1:30:00` that are not two digits below 60.
    ClockField {
        /// The field as typed.
        found: String,
    },
    /// A range whose first time is longer than its second.
    RangeOrder,
    /// A name that is no argument of any trial.
    UnknownArgument {
        /// The name as typed.
        name: String,
        /// An argument of a similar name.
        suggestion: Option<String>,
        /// The arguments that there are, as a formula calls them.
        known: Vec<String>,
    },
    /// A run time of zero.
    ZeroTime,
    /// A run time above [`crate::estimate::Seconds::MAX`].
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
            UnknownLeftSide { found } => write!(
                f,
                "expected `seconds`, `minutes` or `hours` before `=`, found `{found}`"
            ),
            NoLeftSide => write!(
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
            UnknownCharacter(c) => write!(f, "`{c}` has no meaning in a formula"),
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
            RangeOrder => write!(f, "the second time of a range is the longer one"),
            UnknownArgument {
                name,
                suggestion,
                known,
            } => {
                write!(f, "no trial has an argument `{name}`")?;
                match (suggestion, known.as_slice()) {
                    (Some(similar), _) => write!(f, "; did you mean `{similar}`?"),
                    (None, []) => write!(f, "; the script is given none"),
                    (None, known) => write!(f, "; there are {}", join_names(known)),
                }
            }
            ZeroTime => write!(f, "a run time must be above zero"),
            TimeTooLong => write!(f, "a run time may be at most {MAX_SECONDS_TEXT} seconds"),
        }
    }
}

/// Names that a message lists, at most.
const MAX_NAMES: usize = 8;

/// `` `a`, `b` and `c` ``, with `…` for more than [`MAX_NAMES`].
fn join_names(names: &[String]) -> String {
    let quoted: Vec<String> = names
        .iter()
        .take(MAX_NAMES)
        .map(|name| format!("`{name}`"))
        .collect();
    match quoted.as_slice() {
        all if names.len() > MAX_NAMES => format!("{}, …", all.join(", ")),
        [most @ .., last] if !most.is_empty() => format!("{} and {last}", most.join(", ")),
        all => all.join(", "),
    }
}

/// [`crate::estimate::Seconds::MAX`] as text; a constant, since formulas do not depend on
/// estimates.
const MAX_SECONDS_TEXT: &str = "1,000,000,000,000";

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl std::error::Error for Error {}

/// Why a formula has no value on one trial.
#[derive(Clone, Debug, PartialEq)]
pub enum EvalError {
    /// The trial lacks an argument.
    Missing {
        /// Its name in the formula.
        name: String,
    },
    /// An argument that must be a number is a text.
    NotANumber {
        /// Its name in the formula.
        name: String,
    },
    /// Two values that cannot be compared, such as a number and a text by `<`.
    Incomparable,
    /// The result is infinite or NaN (division by zero, the root of a negative number, …).
    NotFinite,
    /// A run time of zero or below, in seconds.
    NotPositive(f64),
    /// A run time above [`crate::estimate::Seconds::MAX`], in seconds.
    TooLong(f64),
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EvalError::Missing { name } => write!(f, "this trial has no argument `{name}`"),
            EvalError::NotANumber { name } => write!(f, "`{name}` is not a number in this trial"),
            EvalError::Incomparable => write!(f, "a number and a text have no order"),
            EvalError::NotFinite => write!(f, "the result is not a finite number"),
            EvalError::NotPositive(value) => {
                write!(f, "the result is {value} seconds, not above zero")
            }
            EvalError::TooLong(value) => write!(
                f,
                "the result is {value:e} seconds; at most {MAX_SECONDS_TEXT} can be counted"
            ),
        }
    }
}

impl std::error::Error for EvalError {}
