//! Loops, conditions, functions and arrays of a shell: none is run.

use crate::sweep::diagnostic::Fix;
use crate::sweep::span::Span;
use std::fmt;

/// What of a shell's language cannot be run here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Construct {
    /// `for`, `while`, `until`, `select`.
    Loop,
    /// `if`, `case`.
    Condition,
    /// `f() { … }`.
    Function,
    /// `A=(1 2)`.
    Array,
}

/// A part of a shell's script.
#[derive(Clone, Debug, PartialEq)]
pub struct ShellScript {
    /// Which construct the part begins with.
    pub(crate) construct: Construct,
    /// Its first line, cut to 60 characters.
    pub(crate) first: String,
    /// The edits that write it as a sweep, or for an array take it out.
    pub(in crate::sweep) edits: Vec<(Span, String)>,
    /// Whether a loop runs the same command each time.
    pub(in crate::sweep) is_same: bool,
}

impl fmt::Display for ShellScript {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.construct {
            Construct::Loop => "a shell's loop, which is not run",
            Construct::Condition => "a shell's condition, which is not run",
            Construct::Function => "a shell's function, which is not run",
            Construct::Array => "a shell's array, which is not read",
        };
        write!(f, "`{}` is {what}", self.first)
    }
}

impl ShellScript {
    pub(super) fn help(&self) -> Option<String> {
        Some(
            match self.construct {
                Construct::Loop => {
                    "what a loop runs through is written as a sweep: `--lr \"[0.1, 0.01]\"`, \
                 `--seed \"range(10)\"`, `--lr \"uniform(0, 1, 10)\"`"
                }
                Construct::Array => "a sweep over it is written `--x \"['a', 'b']\"`",
                Construct::Condition | Construct::Function => {
                    "write out the commands that are to run, each on a line of its own"
                }
            }
            .into(),
        )
    }

    pub(super) fn fixes(&self) -> Vec<Fix> {
        if self.edits.is_empty() {
            return Vec::new();
        }
        let label = match self.construct {
            Construct::Array => "Remove it",
            _ if self.is_same => "Write its command once",
            _ => "Write it as a sweep",
        };
        vec![Fix {
            label: label.into(),
            edits: self.edits.clone(),
        }]
    }
}
