//! What is wrong or doubtful in a config file, with all its wording.

use super::Severity;
use std::fmt;

/// A problem of the config file. Keys are named as they stand in the file.
#[derive(Clone, Debug, PartialEq)]
pub enum ConfigProblem {
    /// More text than is read.
    TooLong,
    /// Not YAML as PyYAML reads it.
    Syntax(YamlSyntaxError),
    /// A tag that Grid's client cannot read, or a text that does not fit it.
    Tag {
        /// The tag, `!!name` for those of YAML.
        tag: String,
        /// The scalar's text, cut to 100 characters.
        found: String,
    },
    /// More values than are read, aliases counted as often as they stand.
    TooLarge,
    /// A mapping that cannot be a key, or a merge of what is no mapping.
    BadMapping(&'static str),
    /// A value of another type than the key takes.
    Expected {
        /// The key, "" for the whole file.
        key: String,
        /// The type, in words.
        expected: &'static str,
        /// The value that stands there, in words.
        found: String,
    },
    /// A key that the client does not read.
    UnknownKey {
        /// The key as written.
        found: String,
        /// The key it is in, "" at the top.
        section: &'static str,
        /// The key that may be meant.
        suggestion: Option<String>,
    },
    /// A key that the client reads and drops, or does not look for here.
    Ignored {
        /// As it stands in the file.
        key: &'static str,
        /// What to write instead, or why.
        help: &'static str,
    },
    /// A key that stands twice in one mapping; the last one counts.
    RepeatedKey {
        /// As Python prints it.
        key: String,
    },
    /// A plain scalar that YAML 1.1 takes for something else than it looks like.
    Retyped {
        /// Without quotes in the file.
        written: String,
        /// What is passed for it, as Python prints it.
        read: String,
    },
    /// A date in a list, which Python prints as a call.
    DateInList {
        /// Without quotes in the file.
        written: String,
        /// As it would stand in the list.
        repr: String,
    },
    /// A machine's nickname, which the client passes on from a config file as it is.
    Nickname {
        /// In the file's spelling.
        typed: String,
        /// The machine that Grid's documents mean by it.
        machine: String,
    },
    /// A parameter without a value, which is passed as `None`.
    NullParameter {
        /// As Python prints it.
        key: String,
    },
    /// A parameter's key without dashes: passed as a positional argument.
    BareKey {
        /// As Python prints it.
        key: String,
    },
    /// A value that the shell rules take apart, since the client does not quote it.
    Split {
        /// How many arguments the value becomes.
        words: u32,
        /// Whether the value is a YAML mapping.
        mapping: bool,
        /// The value, where one word of it can be made by quoting.
        text: Option<String>,
    },
    /// A value that leaves a bracket or an escape open, and so takes the next one in.
    RunsOn,
    /// One of two keys that only count together.
    MissingPartner {
        /// The one that is there.
        given: &'static str,
        /// The one that is not.
        missing: &'static str,
    },
    /// More than one key under `scratch`.
    TwoScratches,
    /// A key that another one makes useless.
    Unused {
        /// By the client's spelling.
        key: &'static str,
        /// What has to be set too, in words.
        needs: &'static str,
    },
    /// `random_search` without a number of trials in the file.
    NumTrials {
        /// `--num_trials` of the command, which the client does not pass on then.
        typed: Option<u32>,
    },
    /// A name that no environment variable can have.
    VariableName {
        /// The name as JSON would carry it.
        found: String,
    },
    /// A config file is given, but no command has `--config`.
    FileNotNamed,
}

/// Why the text is no YAML that PyYAML reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum YamlSyntaxError {
    /// A quote that is never closed.
    UnclosedQuote,
    /// A bracket that is never closed.
    UnclosedBracket(char),
    /// Something else than `,` or the closing bracket.
    Flow,
    /// A tab between values.
    Tab,
    /// A `: ` inside an unquoted text.
    Colon,
    /// A line that is no `key: value` at this indentation.
    Indentation,
    /// An alias whose anchor does not stand before it.
    UnknownAnchor,
    /// An alias to the value that holds it.
    Recursive,
    /// A character that no unquoted text begins with.
    Reserved(char),
    /// A `?` or a leading `:` in an unquoted text between brackets.
    InBrackets,
    /// A `\` escape that YAML does not have.
    Escape,
    /// More than 64 levels of nesting.
    TooDeep,
    /// A `#` right behind a value.
    Comment,
    /// A character that YAML does not allow.
    Unprintable,
    /// U+0085, U+2028 and U+2029, line breaks to YAML 1.1 alone.
    UnicodeLineBreak,
    /// `: value` without a key.
    NoKey,
    /// A second document: the client reads one.
    OneDocument,
    /// An error for which there are no words of ours.
    Other,
}

impl ConfigProblem {
    /// Whether it blocks the launch.
    pub(crate) fn severity(&self) -> Severity {
        match self {
            ConfigProblem::UnknownKey { .. }
            | ConfigProblem::Ignored { .. }
            | ConfigProblem::RepeatedKey { .. }
            | ConfigProblem::Retyped { .. }
            | ConfigProblem::Nickname { .. }
            | ConfigProblem::NullParameter { .. }
            | ConfigProblem::BareKey { .. }
            | ConfigProblem::Split { .. }
            | ConfigProblem::Unused { .. }
            | ConfigProblem::FileNotNamed => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// What would be right, where saying so helps.
    pub(crate) fn help(&self) -> Option<String> {
        Some(match self {
            ConfigProblem::Syntax(syntax) => return syntax.help().map(Into::into),
            ConfigProblem::UnknownKey {
                suggestion: Some(key),
                ..
            } => format!("did you mean `{key}`?"),
            ConfigProblem::Ignored { help, .. } => (*help).into(),
            ConfigProblem::Retyped { written, .. } | ConfigProblem::DateInList { written, .. } => {
                format!("to pass it as it stands, write it in quotes: \"{written}\"")
            }
            ConfigProblem::NullParameter { key } => {
                format!("for a flag without a value write `{key}: \"\"`")
            }
            ConfigProblem::BareKey { key } => format!("did you mean `--{key}`?"),
            ConfigProblem::Split {
                text: Some(text), ..
            } => {
                format!("to pass one argument, quote it for a shell too: \"'{text}'\"")
            }
            ConfigProblem::NumTrials { typed } => {
                let number = typed.unwrap_or(10);
                format!("write `strategy_options: {{num_trials: {number}}}` under `settings`")
            }
            ConfigProblem::RunsOn => {
                "close its brackets, or quote it for a shell too: \"'…'\"".into()
            }
            ConfigProblem::TwoScratches => "write either `size_gb` or `mount_path`".into(),
            ConfigProblem::FileNotNamed => "write `--config FILE` before the script".into(),
            _ => return None,
        })
    }

    /// What a one-click fix would write in the problem's place, and the fix's label.
    pub(crate) fn replacement(&self) -> Option<(String, String)> {
        let quoted = |text: &str| ("Put it in quotes".to_owned(), text.to_owned());
        match self {
            ConfigProblem::UnknownKey {
                suggestion: Some(key),
                ..
            } => Some((format!("Change to {key}"), key.clone())),
            ConfigProblem::BareKey { key } => {
                Some((format!("Change to --{key}"), format!("--{key}")))
            }
            ConfigProblem::Retyped { written, .. } | ConfigProblem::DateInList { written, .. } => {
                Some(quoted(&format!("\"{written}\"")))
            }
            ConfigProblem::Split {
                text: Some(text), ..
            } => Some(quoted(&format!("\"'{text}'\""))),
            _ => None,
        }
    }
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConfigProblem::TooLong => write!(f, "expected at most 1 MiB of YAML"),
            ConfigProblem::Syntax(syntax) => syntax.fmt(f),
            ConfigProblem::Tag { tag, found } => {
                write!(f, "Grid's client cannot read `{found}` as {tag}")
            }
            ConfigProblem::TooLarge => write!(f, "more values than a config file may hold"),
            ConfigProblem::BadMapping(what) => f.write_str(what),
            ConfigProblem::Expected {
                key,
                expected,
                found,
            } if key.is_empty() => write!(f, "expected {expected}, found {found}"),
            ConfigProblem::Expected {
                key,
                expected,
                found,
            } => write!(f, "`{key}` takes {expected}, found {found}"),
            ConfigProblem::UnknownKey { found, section, .. } => {
                let place = if section.is_empty() {
                    "at the top of a config file".into()
                } else {
                    format!("under `{section}`")
                };
                write!(
                    f,
                    "Grid's client reads no `{found}` {place}; it has no effect"
                )
            }
            ConfigProblem::Ignored { key, .. } => {
                write!(f, "`{key}` has no effect here: Grid's client drops it")
            }
            ConfigProblem::RepeatedKey { key } => {
                write!(f, "`{key}` stands above already; this one counts")
            }
            ConfigProblem::Retyped { written, read } => {
                write!(
                    f,
                    "YAML reads `{written}` as {read}, and that is what is passed"
                )
            }
            ConfigProblem::DateInList { written, repr } => {
                write!(
                    f,
                    "YAML reads `{written}` as a date, which is `{repr}` in a list"
                )
            }
            ConfigProblem::Nickname { typed, machine } => write!(
                f,
                "`{typed}` is {machine} here; from a config file Grid's client sends the nickname"
            ),
            ConfigProblem::NullParameter { key } => {
                write!(f, "`{key}` has no value, so `None` is passed")
            }
            ConfigProblem::BareKey { key } => write!(
                f,
                "`{key}` has no dashes: it and its value are passed as positional arguments"
            ),
            ConfigProblem::Split {
                words,
                mapping: true,
                ..
            } => write!(
                f,
                "a mapping is no value of an argument; this passes {words} words"
            ),
            ConfigProblem::Split { words, .. } => write!(
                f,
                "Grid's client does not quote this value: it is passed as {words} arguments"
            ),
            ConfigProblem::RunsOn => write!(
                f,
                "Grid's client does not quote this value, and it runs on into the next parameter"
            ),
            ConfigProblem::MissingPartner { given, missing } => {
                write!(f, "`{given}` needs `{missing}` beside it, found none")
            }
            ConfigProblem::TwoScratches => write!(f, "`scratch` takes one key, found two or more"),
            ConfigProblem::Unused { key, needs } => {
                write!(f, "`{key}` has no effect without {needs}")
            }
            ConfigProblem::NumTrials { typed: None } => {
                write!(
                    f,
                    "random_search needs `num_trials` under `strategy_options`"
                )
            }
            ConfigProblem::NumTrials { typed: Some(_) } => write!(
                f,
                "random_search needs `num_trials` under `strategy_options`: where the config file \
                 sets the strategy, Grid's client does not pass `--num_trials` on"
            ),
            ConfigProblem::VariableName { found } => write!(
                f,
                "expected the name of an environment variable, found `{found}`"
            ),
            ConfigProblem::FileNotNamed => {
                write!(
                    f,
                    "no command has `--config`, so this file is not in the plan"
                )
            }
        }
    }
}

impl YamlSyntaxError {
    fn help(self) -> Option<&'static str> {
        Some(match self {
            YamlSyntaxError::Tab => "indent and separate with blanks",
            YamlSyntaxError::Colon => "write a text that holds `: ` in quotes",
            YamlSyntaxError::Indentation => {
                "keys of one mapping stand below each other, each as `key: value`"
            }
            YamlSyntaxError::InBrackets => "write the text in quotes",
            YamlSyntaxError::Reserved(_) => "write the text in quotes",
            YamlSyntaxError::Escape => "between single quotes a backslash is itself",
            YamlSyntaxError::Comment => "a comment has a blank before its #",
            YamlSyntaxError::UnicodeLineBreak => "use a plain line end",
            _ => return None,
        })
    }
}

impl fmt::Display for YamlSyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            YamlSyntaxError::UnclosedQuote => "this quote is never closed",
            YamlSyntaxError::UnclosedBracket(open) => {
                return write!(f, "this {open} is never closed");
            }
            YamlSyntaxError::Flow => "expected `,` or the closing bracket",
            YamlSyntaxError::Tab => "YAML takes no tab here",
            YamlSyntaxError::Colon => "expected no `: ` in an unquoted text",
            YamlSyntaxError::Indentation => "expected a `key: value` at this indentation",
            YamlSyntaxError::UnknownAnchor => "this alias has no anchor before it",
            YamlSyntaxError::Recursive => "this alias stands in its own anchor",
            YamlSyntaxError::Reserved(c) => return write!(f, "no unquoted text begins with `{c}`"),
            YamlSyntaxError::InBrackets => {
                "between brackets an unquoted text holds no `?` and begins with no `:`"
            }
            YamlSyntaxError::Escape => "YAML knows no such escape",
            YamlSyntaxError::TooDeep => "expected at most 64 levels of nesting",
            YamlSyntaxError::Comment => "expected a blank before a comment",
            YamlSyntaxError::Unprintable => "YAML does not allow this character",
            YamlSyntaxError::UnicodeLineBreak => {
                "YAML 1.1 takes this invisible character for a line end"
            }
            YamlSyntaxError::NoKey => "expected a key before the colon",
            YamlSyntaxError::OneDocument => "expected one document, found a second",
            YamlSyntaxError::Other => "this is no YAML",
        })
    }
}
