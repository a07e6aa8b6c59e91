//! What a shell would have changed in a word, and what belongs to a shell around a command, with the
//! wording.

use super::Severity;
use crate::sweep::span::Span;
use std::fmt;

/// What a shell would do with a word, and nothing does here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// `~`, `~/x`, `~user`: a home directory.
    Home,
    /// `*`, `?`, `[ab]`: the names of files that match.
    Pattern,
    /// `$$`, `$!`, `$-`: a number of the shell's own.
    Parameter,
    /// `!x`, `!!`: an earlier command, where the shell is interactive.
    History,
    /// `\d`: the backslash is removed.
    Backslash,
    /// The same in a Windows path.
    WindowsPath,
    /// `%NAME%`: a variable of cmd.
    CmdVariable,
    /// `/data/[version]`: a document's word for what is to be put in.
    Placeholder,
}

/// A word that a shell would change, or text around a command that belongs to a shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ShellProblem {
    /// A word that a shell would have changed is passed as typed.
    Unexpanded {
        /// The first change in the word.
        change: Change,
        /// The word's value as it stands, cut to 60 characters.
        typed: String,
        /// The value in single quotes, and its place.
        quoted: (Span, String),
    },
    /// Something that stands before a command, or on a line of its own, and is no part of one.
    Preamble {
        /// Which kind, by which its fix removes all alike.
        preamble: Preamble,
        /// As it stands.
        typed: String,
    },
    /// `<name>` or `[name]`, where something is to be put in.
    Placeholder {
        /// As it stands.
        typed: String,
    },
    /// The usage line of the client's help.
    Usage,
    /// A link where its text is meant: `[train.py](http://train.py)`.
    ShownLink {
        /// The link's text, which the fix leaves in its place.
        shown: String,
    },
}

impl ShellProblem {
    /// Whether it blocks the launch.
    pub(crate) fn severity(&self) -> Severity {
        match self {
            ShellProblem::Unexpanded { .. } => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// What would be right.
    pub(crate) fn help(&self) -> Option<String> {
        match self {
            ShellProblem::Unexpanded {
                change: Change::Backslash | Change::WindowsPath,
                ..
            } => Some("single quotes keep it".into()),
            ShellProblem::Placeholder { .. }
            | ShellProblem::Unexpanded {
                change: Change::Placeholder,
                ..
            } => Some("write what stands for it".into()),
            ShellProblem::Usage => {
                Some("for example: grid run train.py --lr \"[0.1, 0.01]\"".into())
            }
            ShellProblem::ShownLink { .. } => None,
            ShellProblem::Unexpanded { .. } => Some(
                "write the value itself, or put it in single quotes to pass it as typed".into(),
            ),
            ShellProblem::Preamble { preamble, .. } => preamble.help(),
        }
    }
}

impl fmt::Display for ShellProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (change, typed) = match self {
            ShellProblem::Unexpanded { change, typed, .. } => (change, typed),
            ShellProblem::Preamble { preamble, typed } => return preamble.message(f, typed),
            ShellProblem::Placeholder { typed } => {
                return write!(
                    f,
                    "`{typed}` is a placeholder: something is to be put in here"
                );
            }
            ShellProblem::Usage => {
                return write!(
                    f,
                    "this is the help's usage line: a script is to be put in here"
                );
            }
            ShellProblem::ShownLink { shown } => {
                return write!(f, "expected `{shown}`, found a link with that text");
            }
        };
        let does = match change {
            Change::Home => "a shell would put a home directory here",
            Change::Pattern => "a shell would put the names of matching files here",
            Change::Parameter => "a shell would put a number of its own here",
            Change::History => "an interactive shell would put an earlier command here",
            Change::Placeholder => {
                "it looks like a placeholder, for which something is to be put in"
            }
            Change::CmdVariable => "cmd would put a variable's value here",
            Change::Backslash => {
                return write!(f, "a shell removes this backslash, and so it is not passed");
            }
            Change::WindowsPath => {
                return write!(
                    f,
                    "a shell removes the backslashes of this Windows path, and so they are not passed"
                );
            }
        };
        write!(f, "`{typed}` is passed as typed; {does}")
    }
}

/// What people copy along with a command and a shell would not read as part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preamble {
    /// `>>> `, `In [1]: `.
    PythonPrompt,
    /// `user@host:~$ `, `(venv) $ `, `PS C:\> `.
    Prompt,
    /// `!grid run`, `%%bash`.
    Notebook,
    /// A fence of Markdown.
    Fence,
    /// `1  grid run`, `- grid run`.
    Number,
    /// `NAME=value`, `export NAME=value`.
    Variable,
    /// `cd dir`.
    Directory,
    /// `time`, `nohup`, `sudo`.
    Wrapper,
    /// Another command before this one.
    Other,
}

impl Preamble {
    fn message(self, f: &mut fmt::Formatter<'_>, typed: &str) -> fmt::Result {
        let what = match self {
            Preamble::PythonPrompt => "a Python prompt, no part of the command",
            Preamble::Prompt if typed == ">" => {
                "a mark of a quoted mail or of Markdown, no part of the command"
            }
            Preamble::Prompt => "a terminal's prompt, no part of the command",
            Preamble::Notebook => "a notebook's mark for a shell, no part of the command",
            Preamble::Fence => "Markdown, no part of the command",
            Preamble::Number => "a line's number or a list's bullet, no part of the command",
            Preamble::Variable => "a shell's variable, which is not set for the trials",
            Preamble::Directory => "a change of directory, which is not made",
            Preamble::Wrapper => "another program around the command, which is not run",
            Preamble::Other => "another command, which is not run",
        };
        write!(f, "`{typed}` is {what}")
    }

    fn help(self) -> Option<String> {
        let help = match self {
            Preamble::Variable => {
                "a config file's `environment` sets variables for the trials; else remove it"
            }
            Preamble::Directory => "paths are those of the source's top folder",
            _ => return None,
        };
        Some(help.into())
    }
}
