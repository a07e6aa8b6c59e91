//! Texts that are no command, each named for what it is, with all its wording and fixes.

use super::Fix;
use crate::sweep::span::Span;
use std::fmt;

mod other_lines;
mod runner;
mod shell_script;
mod wrapped;

pub(crate) use other_lines::OtherLines;
pub(crate) use runner::Runner;
pub(crate) use shell_script::{Construct, ShellScript};
pub(crate) use wrapped::{WrappedCommand, Wrapping};

/// What a text is that is no command.
#[derive(Clone, Debug, PartialEq)]
pub enum ForeignText {
    /// YAML of another tool, or of none that is known.
    Yaml {
        /// What it is, in words.
        what: &'static str,
        /// What to do with it.
        help: &'static str,
    },
    /// A part of a config file of Grid's.
    ConfigPart {
        /// The key that the text begins with.
        key: String,
        /// The key that it stands under.
        section: &'static str,
    },
    /// A link that starts a run of Grid's.
    GridRun {
        /// The command that it stands for, in today's options.
        command: Option<String>,
        /// The repository of the script, with the commit.
        repository: Option<String>,
    },
    /// A link that starts no run.
    Link {
        /// What it leads to, in words.
        what: &'static str,
        /// The command to write instead, in words.
        help: String,
    },
    /// Other commands, a terminal's answer or prose beside commands.
    OtherLines(OtherLines),
    /// A shell's loop, condition, function or array.
    ShellScript(ShellScript),
    /// A command inside Markdown, a notebook, a mail or a comment.
    Wrapped(WrappedCommand),
    /// Another program that starts a script.
    Runner(Runner),
}

impl ForeignText {
    /// What would be right.
    pub(crate) fn help(&self) -> Option<String> {
        Some(match self {
            ForeignText::Yaml { help, .. } => (*help).into(),
            ForeignText::ConfigPart { key, section } => {
                format!("in a config file `{key}` stands under `{section}`")
            }
            ForeignText::GridRun { repository, .. } => {
                let code = repository.as_ref()?;
                format!("its code is {code}: launch it from a checkout of that")
            }
            ForeignText::Link { help, .. } => help.clone(),
            ForeignText::OtherLines(lines) => lines.help(),
            ForeignText::ShellScript(script) => return script.help(),
            ForeignText::Wrapped(wrapped) => return wrapped.help(),
            ForeignText::Runner(runner) => runner.help(),
        })
    }

    /// The edits that may be meant for what stands at `span`.
    pub(in crate::sweep) fn fixes(&self, span: Span, text: &str) -> Vec<Fix> {
        match self {
            ForeignText::GridRun {
                command: Some(command),
                ..
            } => vec![Fix {
                label: "Write its command".into(),
                edits: vec![(span, command.clone())],
            }],
            ForeignText::OtherLines(lines) => lines.fixes(),
            ForeignText::ShellScript(script) => script.fixes(),
            ForeignText::Wrapped(wrapped) => wrapped.fixes(),
            ForeignText::Runner(runner) => runner.fixes(span, text),
            _ => Vec::new(),
        }
    }
}

impl fmt::Display for ForeignText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ForeignText::Yaml { what, .. } => write!(f, "this is {what}, not a `grid run` command"),
            ForeignText::ConfigPart { .. } => write!(
                f,
                "this is a part of a config file of `grid run --config`, not a command"
            ),
            ForeignText::GridRun { .. } => {
                write!(f, "this is a link to a run of Grid's, not a command")
            }
            ForeignText::Link { what, .. } => write!(f, "this is a link to {what}, not a command"),
            ForeignText::OtherLines(lines) => lines.fmt(f),
            ForeignText::ShellScript(script) => script.fmt(f),
            ForeignText::Wrapped(wrapped) => wrapped.fmt(f),
            ForeignText::Runner(runner) => runner.fmt(f),
        }
    }
}
