//! Lines beside commands of `grid run` that are none. They are told of together, since one click leaves
//! them all out.

use crate::sweep::diagnostic::Fix;
use crate::sweep::span::Span;
use std::fmt;

/// Lines that are no commands of `grid run`.
#[derive(Clone, Debug, PartialEq)]
pub struct OtherLines {
    /// The first of them, cut to 60 characters.
    pub(crate) first: String,
    /// Whether `cd` is one of them.
    pub(in crate::sweep) changes_directory: bool,
    /// Each with what parts it from the next.
    pub(in crate::sweep) lines: Vec<Span>,
    /// Where `python` stands in each, if all of them begin with it.
    pub(in crate::sweep) pythons: Vec<Span>,
    /// Whether a command of `grid run` runs the same script.
    pub(in crate::sweep) is_repeated: bool,
    /// Whether there is no other line.
    pub(in crate::sweep) is_all: bool,
}

impl fmt::Display for OtherLines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = &self.first;
        match (self.lines.len(), self.pythons.is_empty()) {
            (1, _) => write!(
                f,
                "`{first}` is another command than `grid run`, and is not run"
            ),
            (count, true) => write!(
                f,
                "{count} lines are no commands of `grid run`, and are not run (the first: `{first}`)"
            ),
            (count, false) => write!(
                f,
                "{count} lines begin `python`, not `grid run` (the first: `{first}`)"
            ),
        }
    }
}

impl OtherLines {
    pub(super) fn help(&self) -> String {
        if self.changes_directory {
            return "paths are those of the source's top folder".into();
        }
        "each line is a command of its own and begins `grid run`".into()
    }

    pub(super) fn fixes(&self) -> Vec<Fix> {
        if self.is_all {
            return Vec::new();
        }
        let mut end = 0;
        let lines = self.lines.iter().map(|line| {
            let start = line.start.max(end);
            end = line.end.max(start);
            (Span::new(start, end), String::new())
        });
        let them = if self.lines.len() == 1 { "it" } else { "them" };
        let leave_out = Fix {
            label: format!("Leave {them} out"),
            edits: lines.collect(),
        };
        if self.pythons.is_empty() {
            return vec![leave_out];
        }
        let written = self
            .pythons
            .iter()
            .map(|span| (*span, "grid run".to_owned()));
        let write = Fix {
            label: "Write grid run".into(),
            edits: written.collect(),
        };
        if self.is_repeated {
            vec![leave_out, write]
        } else {
            vec![write, leave_out]
        }
    }
}
