//! `--color #f00 --lr 1`: to a shell a comment begins there, and the words behind it are not passed.

use super::excerpt;
use crate::sweep::diagnostic::Fix;
use crate::sweep::shell_quote;
use crate::sweep::span::Span;
use std::fmt;

/// A comment that may be words.
#[derive(Clone, Debug, PartialEq)]
pub struct HiddenWords {
    /// The comment from its `#` on, cut to 40 characters.
    pub(crate) comment: String,
}

impl fmt::Display for HiddenWords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a shell takes `{}` for a comment: none of it is passed",
            self.comment
        )
    }
}

impl HiddenWords {
    pub(super) fn help() -> String {
        "in quotes it is a value; a blank behind `#` says that it is a comment".into()
    }
}

/// Quotes around the word that begins with `#`, where what follows is no syntax of a shell; and a blank
/// that makes the comment plain. `span` is the comment's.
pub(super) fn fixes(span: Span, text: &str) -> Vec<Fix> {
    let comment = span.slice(text);
    let word = comment
        .split([' ', '\t', ';', '\r'])
        .next()
        .unwrap_or(comment);
    let Ok(length) = u32::try_from(word.len()) else {
        return Vec::new();
    };
    let comment_fix = Fix {
        label: "It is a comment".into(),
        edits: vec![(Span::at(span.start + 1), " ".into())],
    };
    // What no command would hold is a comment's.
    let quotes = |quote: char| comment.matches(quote).count() % 2 == 1;
    let words = !comment.contains([';', '&', '|', '<', '>', '(', ')', '$', '`', '{', '\\'])
        && !quotes('"')
        && !quotes('\'');
    if !words {
        return vec![comment_fix];
    }
    let word_span = Span::new(span.start, span.start + length);
    let quoted = shell_quote::quote_readably(word).into_owned();
    vec![
        Fix {
            label: format!("Put {} in quotes", excerpt(word)),
            edits: vec![(word_span, quoted)],
        },
        comment_fix,
    ]
}
