//! All wording of diagnostics: what was expected and what was found.

use super::{Diagnostic, Kind, ShellSyntax};
use crate::sweep::MAX_LISTED;
use crate::sweep::range::RangeError;
use crate::sweep::run_names::MAX_RUN_NAME;
use std::fmt;

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Kind::TooLong => write!(f, "expected at most 16 MiB of text"),
            Kind::UnclosedQuote { quote } => write!(f, "this {quote} is never closed"),
            Kind::TypographicQuote { .. } => {
                write!(f, "expected a plain quote, found a typographic one")
            }
            Kind::Character(problem) => problem.fmt(f),
            Kind::Shell(problem) => problem.fmt(f),
            Kind::Dash => write!(f, "expected `--`, found a typographic dash"),
            Kind::UnquotedSweep {
                typed,
                changed: true,
            } => {
                write!(
                    f,
                    "expected quotes around `{typed}`: a shell would change it"
                )
            }
            Kind::UnquotedSweep {
                typed,
                changed: false,
            } => {
                write!(
                    f,
                    "without quotes a shell may take `{typed}` for a file pattern"
                )
            }
            Kind::ShellSyntax(shell) => shell.fmt(f),
            Kind::NoCommand => write!(f, "expected a `grid run` command, found nothing"),
            Kind::ConfigPasted => write!(
                f,
                "this is a config file of `grid run --config`, not a command"
            ),
            Kind::Foreign(foreign) => foreign.fmt(f),
            Kind::NotGridRun { found } => write!(f, "expected `grid run`, found `{found}`"),
            Kind::DanglingLine { .. } => {
                write!(
                    f,
                    "expected `grid run`, found what looks like the rest of the line above"
                )
            }
            Kind::NoScript => write!(f, "expected a script such as `train.py`, found none"),
            Kind::ScriptExtension { found, .. } => {
                write!(
                    f,
                    "expected a script that ends in .py, .sh or .jl, found `{found}`"
                )
            }
            Kind::Spelling(problem) => problem.fmt(f),
            Kind::MissingValue { option } => write!(f, "expected a value behind `{option}`"),
            Kind::NotAnInteger {
                option,
                found,
                least,
                greatest,
            } => {
                // The end is worth saying where it was passed, or where every number below it is used.
                let digits = found.bytes().filter(u8::is_ascii_digit).count();
                let end = if option.trim_start_matches('-') == "seed" || digits >= 10 {
                    format!("to {greatest}")
                } else {
                    "up".into()
                };
                write!(
                    f,
                    "`{option}` takes a whole number from {least} {end}, found `{found}`"
                )
            }
            Kind::NotAChoice {
                option,
                found,
                choices,
            } => {
                write!(
                    f,
                    "`{option}` takes {}, found `{found}`",
                    choices.join(", ")
                )
            }
            Kind::BadRunName { found, .. } if found.chars().count() > MAX_RUN_NAME => {
                write!(f, "a run's name has at most {MAX_RUN_NAME} characters")
            }
            Kind::BadRunName { found, .. } => write!(
                f,
                "a run's name takes lower-case letters, digits and inner `-`, found `{found}`"
            ),
            Kind::RepeatedRunName { found, name } => write!(
                f,
                "a command above is called `{found}` too, so this run will be called `{name}`"
            ),
            Kind::BadClusterName { found } => write!(
                f,
                "a cluster's name takes 1 to 63 of a-z, 0-9 and inner `-`, found `{found}`"
            ),
            Kind::UnknownMachine { found, .. } => {
                write!(f, "Grid knows no machine called `{found}`")
            }
            Kind::TooManyUnits {
                option,
                found,
                machine,
                has,
                counts_gpus,
                ..
            } => {
                if *option == "--gpus" && !*counts_gpus {
                    return write!(f, "{machine} has no GPU, but `--gpus` asks for {found}");
                }
                if *counts_gpus && *option == "--cpus" {
                    return write!(
                        f,
                        "Grid's published client takes `{option}` up to {has} on {machine}, found {found}"
                    );
                }
                let unit = if *counts_gpus { "GPU" } else { "CPU" };
                let s = if *has == 1 { "" } else { "s" };
                write!(
                    f,
                    "{machine} has {has} {unit}{s}, but `{option}` asks for {found}"
                )
            }
            Kind::NoGpu { found, machine, .. } => {
                write!(f, "{machine} has no GPU, but `--gpus` asks for {found}")
            }
            Kind::AmbiguousMachine {
                typed,
                machine,
                client: "",
            } => {
                write!(
                    f,
                    "`{typed}` is {machine}; Grid's published client does not know the name"
                )
            }
            Kind::AmbiguousMachine {
                typed,
                machine,
                client,
            } => {
                write!(
                    f,
                    "`{typed}` is {machine} here; Grid's published client asks for {client}"
                )
            }
            Kind::RepeatedOption { option } => {
                write!(f, "`{option}` was given before; this one counts")
            }
            Kind::UnusedOption { option, needs } => {
                write!(f, "`{option}` has no effect without {needs}")
            }
            Kind::NumTrialsMissing => {
                write!(f, "random_search needs `--num_trials`, found none")
            }
            Kind::NumTrialsOverSpace { asked, space } => {
                write!(
                    f,
                    "{asked} trials asked for, but there are only {space}: all will run"
                )
            }
            Kind::TooManyToDraw { asked } => {
                write!(
                    f,
                    "a random search lists at most 1,000,000 trials, found {asked}"
                )
            }
            Kind::ConfigNotRead => {
                write!(
                    f,
                    "the config file is not read here; what stands in it is not in the plan"
                )
            }
            Kind::OtherConfig => write!(
                f,
                "one config file can be read here, and a command above names another one"
            ),
            Kind::OverriddenByConfig { option } => {
                write!(
                    f,
                    "the config file decides this, so `{option}` has no effect"
                )
            }
            Kind::Config(problem) => problem.fmt(f),
            Kind::ScriptTextRepeated { script, count: 2 } => write!(
                f,
                "`{script}` stands twice in the command, which Grid's published client refuses"
            ),
            Kind::ScriptTextRepeated { script, count } => write!(
                f,
                "`{script}` stands {count} times in the command, which Grid's published client refuses"
            ),
            Kind::Literal { problem, .. } => problem.fmt(f),
            Kind::Lint(lint) => lint.fmt(f),
            Kind::MissingComma { .. } => {
                write!(f, "no comma between two texts; they are read as two values")
            }
            Kind::EmptyAxis { axis } => write!(f, "`{axis}` has no values, so there are no trials"),
            Kind::RangeArguments { found } => {
                write!(f, "range takes 1 to 3 integers, found {found} arguments")
            }
            Kind::RangeKeyword => write!(f, "range takes no keyword arguments"),
            Kind::RangeNotInteger { found, .. } => {
                write!(f, "range takes integers, found `{found}`")
            }
            Kind::Range(RangeError::ZeroStep) => write!(f, "the step of a range must not be zero"),
            Kind::Range(RangeError::TooLong) => {
                write!(f, "a range may have at most 2^128 − 1 values")
            }
            Kind::Distribution(error) => error.fmt(f),
            Kind::NoSize { name } => {
                write!(
                    f,
                    "`{name}` without a size gives one value; its size is the last argument"
                )
            }
            Kind::Truncated { parameter } => {
                write!(
                    f,
                    "`{parameter}` takes a whole number: NumPy cuts the fraction off"
                )
            }
            Kind::UnknownCall { found, .. } => {
                write!(
                    f,
                    "`{found}` is no distribution: passed to the script as typed"
                )
            }
            Kind::RepeatedValues {
                example, count: 1, ..
            } => {
                write!(
                    f,
                    "the value {example} stands twice; its trials will run twice"
                )
            }
            Kind::RepeatedValues { example, count, .. } => {
                write!(
                    f,
                    "{count} values repeat an earlier one (first: {example}); all will run"
                )
            }
            Kind::MoreProblems { count, .. } => write!(
                f,
                "{} more {} from here on",
                format_count((*count).into()),
                if *count == 1 { "problem" } else { "problems" }
            ),
            Kind::TooMuchListed => write!(
                f,
                "one text lists at most {} values and trials of random searches, the longer ones \
                 counting more",
                format_count(MAX_LISTED.into())
            ),
            Kind::SpaceTooLarge => write!(f, "more than 2^128 − 1 trials"),
            Kind::LargePlan { trials } => write!(f, "this is {} trials", count_in_words(*trials)),
            Kind::RepeatedTrials { count: 1 } => {
                write!(
                    f,
                    "this trial is in an earlier command too; it will run twice"
                )
            }
            Kind::RepeatedTrials { count } => {
                write!(
                    f,
                    "{count} of these trials are in earlier commands too; they will run twice"
                )
            }
        }
    }
}

impl fmt::Display for ShellSyntax {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ShellSyntax::Pipe => write!(f, "pipes are not run"),
            ShellSyntax::Background => write!(f, "`&` is not run; trials run side by side anyway"),
            ShellSyntax::Redirection => {
                write!(f, "redirections are not run; each trial's output is kept")
            }
            ShellSyntax::Parenthesis => write!(f, "expected a word, found `)`"),
            ShellSyntax::Braces { .. } => write!(f, "braces are not expanded"),
            ShellSyntax::Expansion { typed } => write!(f, "`{typed}` is not expanded"),
        }
    }
}

/// Names of 10^6, 10^9, … 10^39.
pub(crate) const MAGNITUDE_NAMES: [&str; 12] = [
    "million",
    "billion",
    "trillion",
    "quadrillion",
    "quintillion",
    "sextillion",
    "septillion",
    "octillion",
    "nonillion",
    "decillion",
    "undecillion",
    "duodecillion",
];

/// A count with its digits grouped and, from a million on, in words.
pub(crate) fn count_in_words(count: u128) -> String {
    let grouped = format_count(count);
    let mut scale = 0_usize;
    let mut scaled = count / 1_000_000;
    while scaled >= 1000 {
        scaled /= 1000;
        scale += 1;
    }
    match (scaled, MAGNITUDE_NAMES.get(scale)) {
        (1.., Some(name)) => {
            let unit = 1_000_000 * 1000_u128.pow(u32::try_from(scale).unwrap_or(0));
            let tenths = count % unit / (unit / 10);
            let exact = count.is_multiple_of(unit);
            let about = if exact { "" } else { "about " };
            let fraction = if exact || tenths == 0 {
                String::new()
            } else {
                format!(".{tenths}")
            };
            format!("{grouped} ({about}{scaled}{fraction} {name})")
        }
        _ => grouped,
    }
}

/// A count with its digits grouped by commas.
pub fn format_count(count: u128) -> String {
    group_digits(&count.to_string())
}

/// Digits of any number in groups of three: `1,000,000`.
pub(crate) fn group_digits(digits: &str) -> String {
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
