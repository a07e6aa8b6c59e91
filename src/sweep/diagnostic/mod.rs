//! Diagnostics: what is wrong with a command text, or may not be meant. Each is a place and a kind that
//! holds facts.
//!
//! A group of problems has an enum of its own here, with its words; the stages above report them. The words
//! of the others live in `wording`, the plain-text rendering with carets in `render`. The edits that mend a
//! problem ([`Diagnostic::fixes`]) are in `sweep/fixes`, since some read the text again.

use super::literal::LiteralErrorKind;
use super::range::RangeError;
use super::sampling::BindError;
use super::span::{Origin, Span};

// The groups of problems, each with its facts and words.
mod character;
pub(crate) mod config;
pub(crate) mod foreign;
mod lint;
mod shell;
pub(crate) mod spelling;

// What holds for all of them.
mod help;
mod render;
mod severity;
mod wording;

// An edit; `fixes` has those that mend each.
mod fix;

pub(crate) use character::CharacterProblem;
pub use fix::Fix;
pub(in crate::sweep) use fix::extend_over_blanks;
pub use lint::Lint;
pub(crate) use lint::{
    EatenQuotes, HiddenWords, LostSweep, OptionLike, OverrideList, RefusingPythons, RepeatedFlag,
    TypedValue, ValuePlace,
};
pub(in crate::sweep) use lint::{eaten_quotes, excerpt, hydra, lost_sweep};
pub use render::render_with_carets;
pub(crate) use shell::{Preamble, ShellChange, ShellProblem};
pub use wording::format_count;
pub(crate) use wording::{MAGNITUDE_NAMES, group_digits};

/// The most problems of one text that are reported one by one.
pub(super) const MAX_PROBLEMS: usize = 1000;

/// Whether the plan can be launched all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Blocks the launch.
    Error,
    /// Leaves the launch possible.
    Warning,
}

/// One problem of the command text.
///
/// `Display` gives the message; [`Diagnostic::help`] what would be right; [`Diagnostic::fixes`] the
/// edits that make it so, where some are likely; [`Diagnostic::render`] all of it for a terminal.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// The place that carets or marks show.
    pub span: Span,
    /// The facts, from which message, help, severity and fixes follow.
    pub kind: Kind,
    /// The text that the place is in.
    pub origin: Origin,
}

impl Diagnostic {
    /// The problem `kind` at `span`.
    pub(crate) fn new(span: Span, kind: Kind) -> Diagnostic {
        Diagnostic {
            span,
            kind,
            origin: Origin::Command,
        }
    }

    /// The problem at `span` of the config file.
    pub(crate) fn in_config(span: Span, problem: config::ConfigProblem) -> Diagnostic {
        Diagnostic::new(span, Kind::Config(problem)).with_origin(Origin::Config)
    }

    /// The same problem, its place in the text of `origin`.
    #[must_use]
    pub(crate) fn with_origin(self, origin: Origin) -> Diagnostic {
        Diagnostic { origin, ..self }
    }
}

/// Shell syntax that is never run here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShellSyntax {
    /// `|`
    Pipe,
    /// A lone `&`.
    Background,
    /// `>`, `<`.
    Redirection,
    /// A stray `)`.
    Parenthesis,
    /// `{8,16}`; the list that was meant, where it is one.
    Braces {
        /// The same values as a sweep list.
        list: Option<String>,
    },
    /// `$X`, `$(…)`, backticks.
    Expansion {
        /// As it stands in the text.
        typed: String,
    },
}

/// Where the text gives the number of GPUs, and the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GpuPlaces {
    /// The value of `--gpus`.
    pub(crate) gpus: Span,
    /// The machine; `None` where the command names none.
    pub(crate) machine: Option<Span>,
    /// Where an option can be put in.
    pub(crate) options_at: u32,
}

/// What is wrong, with the facts that its message needs.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    // Words.
    /// The text is longer than spans can hold.
    TooLong,
    /// A quote that is never closed.
    UnclosedQuote {
        /// `'` or `"`.
        quote: char,
    },
    /// A typographic quote; what it and its partner enclose.
    TypographicQuote {
        /// The text between the two; `None` for one without a partner.
        content: Option<String>,
    },
    /// What is wrong with single characters.
    Character(CharacterProblem),
    /// What a shell would have changed or run.
    Shell(ShellProblem),
    /// A typographic dash for `--`.
    Dash,
    /// A sweep that a shell would change, or might take for a file pattern.
    UnquotedSweep {
        /// The sweep as it stands.
        typed: String,
        /// Whether a shell surely changes it (an error) or only may (a warning).
        changed: bool,
    },
    /// Shell syntax that is not run.
    ShellSyntax(ShellSyntax),

    // Commands.
    /// No command in the text.
    NoCommand,
    /// A config file where a command belongs: [`crate::sweep::config::split_pasted`] takes it apart.
    ConfigPasted,
    /// A link, or a file of another tool.
    Foreign(foreign::ForeignText),
    /// A command that is not `grid run`.
    NotGridRun {
        /// Its first word, or the first two where that is `grid`.
        found: String,
    },
    /// Lines that begin like the rest of the command above them.
    DanglingLine {
        /// What parts each from the line above.
        gaps: Vec<Span>,
    },
    /// A command that ends before its script.
    NoScript,
    /// A script that is no .py, .sh or .jl file.
    ScriptExtension {
        /// The word that stands where the script should.
        found: String,
        /// Where the next word begins, if that is a script.
        script_at: Option<u32>,
    },
    /// An option that is spelled otherwise than today's client spells it, or stands elsewhere.
    Spelling(spelling::Problem),
    /// An option without its value.
    MissingValue {
        /// The long name with its dashes, or the config file's key.
        option: &'static str,
    },
    /// A value that should be a whole number from `least` up.
    NotAnInteger {
        /// The long name with its dashes, or the config file's key.
        option: &'static str,
        /// As typed.
        found: String,
        /// The least that the option takes.
        least: u32,
        /// The greatest allowed.
        greatest: u32,
    },
    /// A value that should be one of a few words.
    NotAChoice {
        /// The long name with its dashes, or the config file's key.
        option: &'static str,
        /// As typed.
        found: String,
        /// All that the option takes.
        choices: &'static [&'static str],
    },
    /// A run name against the client's rule.
    BadRunName {
        /// As typed.
        found: String,
        /// The nearest name that follows the rule, where there is one.
        suggestion: Option<String>,
    },
    /// A run name that an earlier command has.
    RepeatedRunName {
        /// As typed.
        found: String,
        /// What the run is called instead.
        name: String,
    },
    /// A cluster name against the client's rule.
    BadClusterName {
        /// As typed.
        found: String,
    },
    /// A nickname of a machine that Grid's client does not know.
    UnknownMachine {
        /// As typed.
        found: String,
        /// The nickname that may be meant.
        suggestion: Option<String>,
    },
    /// More GPUs or CPUs than the machine has, or than the client lets a command ask for.
    TooManyUnits {
        /// `--gpus` or `--cpus`.
        option: &'static str,
        /// How many were asked for.
        found: u32,
        /// The instance type, nicknames resolved.
        machine: String,
        /// How many it has, or the client takes.
        has: u32,
        /// Whether these are GPUs. CPUs beyond them may well be there: the client alone refuses these.
        counts_gpus: bool,
        /// Where the numbers stand, for GPUs asked for in the command.
        places: Option<GpuPlaces>,
    },
    /// GPUs asked of a machine that has none, as many as the client takes for CPUs.
    NoGpu {
        /// How many were asked for.
        found: u32,
        /// The instance type, nicknames resolved.
        machine: String,
        /// Where the numbers stand, where a fix can change them.
        places: Option<GpuPlaces>,
    },
    /// A nickname that the published client resolves to another machine.
    AmbiguousMachine {
        /// As typed.
        typed: String,
        /// What Grid's documents mean by it, which counts.
        machine: String,
        /// What the client asks for; "" where it refuses the nickname.
        client: &'static str,
    },
    /// An option given twice; the last one counts.
    RepeatedOption {
        /// The long name, with its dashes.
        option: &'static str,
    },
    /// An option that another one makes useless.
    UnusedOption {
        /// The long name, with its dashes.
        option: &'static str,
        /// What has to be set too, in words.
        needs: &'static str,
    },
    /// `random_search` without `--num_trials`.
    NumTrialsMissing,
    /// More trials than the space has; all are run.
    NumTrialsOverSpace {
        /// The value of `--num_trials`.
        asked: u32,
        /// The product of the axes' lengths.
        space: u128,
    },
    /// More trials than a random search can list.
    TooManyToDraw {
        /// The value of `--num_trials`.
        asked: u32,
    },
    /// `--config` is not read from the text; its YAML has to be pasted.
    ConfigNotRead,
    /// A second config file; only the first one's text can be given.
    OtherConfig,
    /// An option that the config file sets too, which counts.
    OverriddenByConfig {
        /// The long name, with its dashes.
        option: &'static str,
    },
    /// What is wrong in the config file itself.
    Config(config::ConfigProblem),
    /// The script's text somewhere else in the command, which Grid's published client refuses.
    ScriptTextRepeated {
        /// Its path as typed.
        script: String,
        /// How often its text stands in the command.
        count: u32,
    },

    // Values.
    /// A list or call that is no Python literal.
    Literal {
        /// What is wrong with it.
        problem: LiteralErrorKind,
        /// The value, for fixes that write it anew.
        typed: Box<TypedValue>,
    },
    /// Two string literals without a comma, read as two items.
    MissingComma {
        /// End of the first of the two in the text.
        previous_end: u32,
    },
    /// An axis without values.
    EmptyAxis {
        /// The argument's name, which is the column's.
        axis: String,
    },
    /// `range` with another number of arguments than 1 to 3.
    RangeArguments {
        /// The number of arguments.
        found: u32,
    },
    /// A keyword argument to `range`.
    RangeKeyword,
    /// An argument of `range` that is no integer.
    RangeNotInteger {
        /// The argument as Python prints it.
        found: String,
        /// The value, for fixes that write it anew.
        typed: Box<TypedValue>,
    },
    /// A step of zero, or too many values.
    Range(RangeError),
    /// Arguments of a distribution that NumPy would refuse.
    Distribution(BindError),
    /// A distribution without a size: one value.
    NoSize {
        /// The distribution's name.
        name: String,
    },
    /// A fraction that NumPy cuts off.
    Truncated {
        /// NumPy's name of the parameter.
        parameter: &'static str,
    },
    /// A call of something that is no distribution, passed as it is.
    UnknownCall {
        /// The dotted name as typed.
        found: String,
        /// The distribution with the most similar name, if one is similar.
        suggestion: Option<String>,
        /// The value, for fixes that write it anew.
        typed: Box<TypedValue>,
    },
    /// Values that stand more than once in one axis.
    RepeatedValues {
        /// The first value that stands twice.
        example: String,
        /// How many values repeat an earlier one.
        count: u32,
        /// The whole list, where all its values are the same: it may be meant as one.
        whole: Option<Box<TypedValue>>,
    },

    /// Something valid that may not be meant: a lint.
    Lint(Box<Lint>),

    /// The problems beyond the first thousand, which are counted only.
    MoreProblems {
        /// How many there are beyond.
        count: u64,
        /// Whether one of them is an error.
        error: bool,
    },

    // Plans.
    /// More values drawn and trials chosen than one text may list; see [`crate::sweep::MAX_LISTED`].
    TooMuchListed,
    /// More trials than 2^128 − 1.
    SpaceTooLarge,
    /// A plan that may be larger than was meant.
    LargePlan {
        /// How many trials the plan has.
        trials: u128,
    },
    /// A command whose trials an earlier command has already.
    RepeatedTrials {
        /// How many of its trials are repeated.
        count: u128,
    },
}
