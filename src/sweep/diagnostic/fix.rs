//! An edit that mends a text.

use crate::sweep::span::Span;

/// An edit that makes a problem go away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// The text of its button.
    pub label: String,
    /// The places to replace and what to write there; in order, not overlapping.
    pub edits: Vec<(Span, String)>,
}

impl Fix {
    /// `text` with the edits made.
    pub fn apply(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + 16);
        let mut done = 0;
        for (span, replacement) in &self.edits {
            out.push_str(text.get(done..span.start as usize).unwrap_or(""));
            out.push_str(replacement);
            done = span.end as usize;
        }
        out.push_str(text.get(done..).unwrap_or(""));
        out
    }
}

/// The span with the blanks and escaped line ends before it.
pub(in crate::sweep) fn with_blanks(text: &str, span: Span) -> Span {
    let before = text.get(..span.start as usize).unwrap_or("");
    let mut kept = before;
    loop {
        let blanks = kept.trim_end_matches([' ', '\t']);
        let line = blanks
            .strip_suffix("\\\n")
            .or_else(|| blanks.strip_suffix("\\\r\n"));
        match line {
            Some(line) => kept = line,
            None => {
                let start = u32::try_from(blanks.len()).unwrap_or(span.start);
                return Span::new(start, span.end);
            }
        }
    }
}
