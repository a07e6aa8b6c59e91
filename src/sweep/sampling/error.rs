//! What can be wrong with a call of a distribution: the facts as types, the messages in their
//! `Display` below.

use std::fmt;

/// The argument that an error is about, by which the caller finds its place in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ArgumentRef {
    /// The positional argument with this index, from 0.
    Positional(u32),
    /// The argument given by this keyword.
    Keyword(String),
}

/// Why a call cannot be drawn, and which argument causes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BindError {
    pub(super) argument: Option<ArgumentRef>,
    pub(super) kind: BindErrorKind,
}

impl BindError {
    /// The argument that causes the error; `None` where it is the call as a whole.
    pub(crate) fn argument(&self) -> Option<ArgumentRef> {
        self.argument.clone()
    }

    /// What is wrong, with what was expected and found.
    #[cfg(feature = "internals")]
    pub fn kind(&self) -> &BindErrorKind {
        &self.kind
    }
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl std::error::Error for BindError {}

/// What an argument should have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// An integer or a float.
    Number,
    /// An integer (a float is cut, as NumPy does).
    WholeNumber,
    /// A number of values: an integer from 0.
    Size,
    /// An integer from 1, or a list.
    ListOrCount,
    /// A list without lists in it.
    FlatList,
    /// A list whose inner lists all have the same length.
    EvenLists,
    /// A list of one probability per item.
    Probabilities,
}

/// What is wrong with a call; `Display` gives the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BindErrorKind {
    /// No distribution has this name.
    UnknownName {
        /// The name as typed.
        name: String,
    },
    /// More positional arguments than parameters; the error is placed at the first one too many.
    TooManyArguments {
        /// How many the distribution takes.
        most: u32,
        /// How many the call gives.
        given: u32,
    },
    /// `rand(2, 3)`: an array of several dimensions, which is no list of values.
    SeveralDimensions,
    /// A parameter without a default has no value.
    Missing {
        /// The parameter's name.
        parameter: &'static str,
    },
    /// A keyword that is no parameter.
    UnknownKeyword {
        /// The keyword as typed.
        keyword: String,
        /// The parameters that can be given by name.
        known: Vec<&'static str>,
    },
    /// The parameter has a value already.
    GivenTwice {
        /// The parameter's name.
        parameter: &'static str,
    },
    /// A value of the wrong type.
    WrongType {
        /// The parameter's name.
        parameter: &'static str,
        /// What the parameter takes.
        expected: Expected,
        /// The value as Python's `repr` prints it, shortened.
        found: String,
    },
    /// An integer too large for what the distribution computes with: a double, or 64 bits.
    TooLarge {
        /// The parameter's name.
        parameter: &'static str,
        /// The value, shortened.
        found: String,
    },
    /// A value that one of NumPy's rules refuses.
    Domain {
        /// The broken rule.
        rule: Rule,
        /// The value, shortened; empty where the rule is about several.
        found: String,
    },
    /// More values than one axis may have.
    TooManyValues {
        /// How many would be listed.
        asked: String,
        /// How many are allowed.
        limit: u32,
    },
    /// The number of values is negative.
    NegativeSize {
        /// The size, shortened.
        found: String,
    },
    /// NumPy would practically never finish drawing, or its numbers would overflow.
    Degenerate {
        /// The parameter that causes it.
        parameter: &'static str,
        /// The value, shortened.
        found: String,
        /// What NumPy would do.
        consequence: Consequence,
    },
    /// A parameter of `steps` with more than 15 digits, beyond which doubles do not keep decimals apart.
    TooManyDigits,
}

/// What would happen if a degenerate call were drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consequence {
    /// Rejection sampling that accepts nothing, or almost nothing.
    Endless,
    /// NumPy's 64-bit integers overflow and it prints -9223372036854775808.
    Overflow,
}

/// NumPy's rules about values; `Display` gives NumPy's own message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// `scale < 0`
    NotNegative(&'static str),
    /// `a <= 0`
    Positive(&'static str),
    /// `p < 0, p > 1 or p is NaN`
    Probability(&'static str),
    /// `p <= 0, p > 1 or p contains NaNs`
    PositiveProbability(&'static str),
    /// `p < 0, p >= 1 or p is NaN`
    ProbabilityBelowOne(&'static str),
    /// `a <= 1 or a is NaN`
    AboveOne(&'static str),
    /// `nsample < 1 or nsample is NaN`
    FromOne(&'static str),
    /// `lam < 0 or lam is NaN`
    Rate(&'static str),
    /// `lam value too large`
    RateLimit(&'static str),
    /// `Range exceeds valid bounds`
    FiniteRange,
    /// `left > mode`
    LeftUpToMode,
    /// `mode > right`
    ModeUpToRight,
    /// `left == right`
    LeftNotRight,
    /// `low is out of bounds for int64` or `high …`
    Int64(&'static str),
    /// `low >= high`
    LowBelowHigh,
    /// `high <= 0`
    HighAboveZero,
    /// `ngood + nbad < nsample`
    SampleFromPopulation,
    /// `a must be greater than 0 unless no samples are taken`
    PositivePopulation,
    /// `'a' cannot be empty unless no samples are taken`
    ItemsToChooseFrom,
    /// `Cannot take a larger sample than population when 'replace=False'`
    SampleWithinPopulation,
    /// `'a' and 'p' must have same size`
    OneProbabilityEach,
    /// `probabilities are not non-negative`
    ProbabilitiesNotNegative,
    /// `probabilities do not sum to 1`
    ProbabilitiesSumToOne,
    /// `Fewer non-zero entries in p than size`
    EnoughProbabilities,
    /// `p <= 0` of `negative_binomial`, which NumPy lets through and then overflows on.
    SuccessPossible,
    /// Ours: with a step of zero `steps` never reaches its stop.
    StepNotZero,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fixed = match self {
            Rule::NotNegative(name) => return write!(f, "{name} < 0"),
            Rule::Positive(name) => return write!(f, "{name} <= 0"),
            Rule::Probability(p) => return write!(f, "{p} < 0, {p} > 1 or {p} is NaN"),
            Rule::PositiveProbability(p) => {
                return write!(f, "{p} <= 0, {p} > 1 or {p} contains NaNs");
            }
            Rule::ProbabilityBelowOne(p) => return write!(f, "{p} < 0, {p} >= 1 or {p} is NaN"),
            Rule::AboveOne(name) => return write!(f, "{name} <= 1 or {name} is NaN"),
            Rule::FromOne(name) => return write!(f, "{name} < 1 or {name} is NaN"),
            Rule::Rate(name) => return write!(f, "{name} < 0 or {name} is NaN"),
            Rule::RateLimit(name) => return write!(f, "{name} value too large"),
            Rule::Int64(name) => return write!(f, "{name} is out of bounds for int64"),
            Rule::FiniteRange => "Range exceeds valid bounds",
            Rule::LeftUpToMode => "left > mode",
            Rule::ModeUpToRight => "mode > right",
            Rule::LeftNotRight => "left == right",
            Rule::LowBelowHigh => "low >= high",
            Rule::HighAboveZero => "high <= 0",
            Rule::SampleFromPopulation => "ngood + nbad < nsample",
            Rule::PositivePopulation => "a must be greater than 0 unless no samples are taken",
            Rule::ItemsToChooseFrom => "'a' cannot be empty unless no samples are taken",
            Rule::SampleWithinPopulation => {
                "Cannot take a larger sample than population when 'replace=False'"
            }
            Rule::OneProbabilityEach => "'a' and 'p' must have same size",
            Rule::ProbabilitiesNotNegative => "probabilities are not non-negative",
            Rule::ProbabilitiesSumToOne => "probabilities do not sum to 1",
            Rule::EnoughProbabilities => "Fewer non-zero entries in p than size",
            Rule::SuccessPossible => "p <= 0: no success would ever come",
            Rule::StepNotZero => "step == 0",
        };
        f.write_str(fixed)
    }
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Expected::Number => "a number",
            Expected::WholeNumber => "a whole number",
            Expected::Size => "the number of values, a whole number from 0,",
            Expected::ListOrCount => "a list, or a whole number",
            Expected::FlatList => "a list without lists in it",
            Expected::EvenLists => "a list whose inner lists are all of one length",
            Expected::Probabilities => "a list with one probability for each item",
        })
    }
}

impl fmt::Display for BindErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BindErrorKind::UnknownName { name } => write!(f, "there is no distribution `{name}`"),
            BindErrorKind::TooManyArguments { most, given } => {
                let s = if *most == 1 { "" } else { "s" };
                write!(f, "expected at most {most} argument{s}, found {given}")
            }
            BindErrorKind::SeveralDimensions => {
                f.write_str("expected one number of values: a sweep has no dimensions")
            }
            BindErrorKind::Missing { parameter } => write!(f, "`{parameter}` is missing"),
            BindErrorKind::UnknownKeyword { keyword, known } if known.is_empty() => {
                write!(
                    f,
                    "expected no `{keyword}=`: the arguments have no names here"
                )
            }
            BindErrorKind::UnknownKeyword { keyword, known } => {
                write!(
                    f,
                    "there is no parameter `{keyword}`; expected {}",
                    join_alternatives(known)
                )
            }
            BindErrorKind::GivenTwice { parameter } => write!(f, "`{parameter}` is given twice"),
            BindErrorKind::WrongType {
                parameter,
                expected,
                found,
            } => {
                write!(f, "expected {expected} for `{parameter}`, found {found}")
            }
            BindErrorKind::TooLarge { parameter, found } => {
                write!(f, "`{parameter}` is too large: {found}")
            }
            BindErrorKind::Domain { rule, found } if found.is_empty() => rule.fmt(f),
            BindErrorKind::Domain { rule, found } => write!(f, "{rule} (found {found})"),
            BindErrorKind::TooManyValues { asked, limit } => {
                write!(
                    f,
                    "{asked} values are too many for one argument; at most {limit}"
                )
            }
            BindErrorKind::NegativeSize { found } => {
                write!(f, "the number of values cannot be negative: {found}")
            }
            BindErrorKind::Degenerate {
                parameter,
                found,
                consequence,
            } => {
                let what = match consequence {
                    Consequence::Endless => "drawing would take minutes, or never end,",
                    Consequence::Overflow => "NumPy's 64-bit integers would overflow",
                };
                write!(f, "{what} with `{parameter}` = {found}")
            }
            BindErrorKind::TooManyDigits => {
                f.write_str("the steps need more than 15 digits, more than a float keeps apart")
            }
        }
    }
}

/// The names as alternatives: `a`, `b` or `c`.
fn join_alternatives(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        None => "none".into(),
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
    }
}
