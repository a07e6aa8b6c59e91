//! Commands that stand in something as a whole: a code view's line numbers, a mail's quote marks,
//! Markdown's backquotes, a notebook's strings, a comment. It is one problem, and one click.

use crate::sweep::diagnostic::Fix;
use crate::sweep::span::Span;
use std::fmt;

/// The kind of text around a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrapping {
    /// `12  --lr 1`.
    LineNumbers,
    /// `> ` before each line, of a mail or of a shell that waits for the rest.
    QuoteMarks,
    /// `` `grid run …` ``.
    Backquotes,
    /// `"grid run …\n",` as a notebook's file has it.
    Strings,
    /// `# grid run …`.
    Comment,
}

/// A command inside other text.
#[derive(Clone, Debug, PartialEq)]
pub struct WrappedCommand {
    /// Which wrapping has to be taken away.
    pub(crate) wrapping: Wrapping,
    pub(in crate::sweep) edits: Vec<(Span, String)>,
}

impl fmt::Display for WrappedCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.wrapping {
            Wrapping::LineNumbers => "the lines stand here with their numbers, no part of the text",
            Wrapping::QuoteMarks => "the lines begin with `>`, no part of the command",
            Wrapping::Backquotes => "the command stands in Markdown's backquotes",
            Wrapping::Strings => "the command stands in a string, as a notebook's file has it",
            Wrapping::Comment => "the command is commented out",
        })
    }
}

impl WrappedCommand {
    pub(super) fn help(&self) -> Option<String> {
        let comment = self.wrapping == Wrapping::Comment;
        comment.then(|| "what stands behind `#` is not read".into())
    }

    pub(super) fn fixes(&self) -> Vec<Fix> {
        let label = match self.wrapping {
            Wrapping::LineNumbers => "Remove the numbers",
            Wrapping::QuoteMarks => "Remove the marks",
            Wrapping::Backquotes => "Remove the backquotes",
            Wrapping::Strings => "Write the command alone",
            Wrapping::Comment => "Take the # away",
        };
        vec![Fix {
            label: label.into(),
            edits: self.edits.clone(),
        }]
    }
}
