//! `'['pear', 'apple']'`: to a shell the quote ends behind the bracket, and the quotes inside are gone.

use super::excerpt;
use crate::sweep::diagnostic::Fix;
use crate::sweep::literal::ListItems;
use crate::sweep::shell_quote;
use crate::sweep::span::Span;
use crate::sweep::value::{self, ParsedValue};
use std::fmt;

/// A list whose quotes are the ones around it.
#[derive(Clone, Debug, PartialEq)]
pub struct EatenQuotes {
    /// `'` or `"`: it stands around the list and in it.
    pub(crate) quote: char,
    /// What is left of it for the script.
    pub(crate) left: String,
    /// Whether that is no list that can be read.
    pub(crate) unreadable: bool,
    /// From the first quote to the last one.
    pub(in crate::sweep) span: Span,
}

impl fmt::Display for EatenQuotes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the shell ends the quote at the next {} and takes the inner quotes away, which \
             leaves `{}`",
            self.quote,
            excerpt(&self.left)
        )
    }
}

impl EatenQuotes {
    pub(super) fn help(&self) -> String {
        let (around, inside) = if self.quote == '"' {
            ('\'', '"')
        } else {
            ('"', '\'')
        };
        format!("write {around} around the list where {inside} stands inside")
    }

    pub(super) fn fixes(&self, text: &str) -> Vec<Fix> {
        let typed = self.span.slice(text);
        let inside = typed.get(1..typed.len().saturating_sub(1)).unwrap_or("");
        let requoted = requote(inside).map(|quoted| Fix {
            label: "Quote the list with the other quote".into(),
            edits: vec![(self.span, quoted)],
        });
        requoted.into_iter().collect()
    }
}

/// `list` in quotes that it does not hold itself; its items written anew where it holds both.
fn requote(list: &str) -> Option<String> {
    let plain = |c: char| !matches!(c, '$' | '`' | '\\' | '!');
    if !list.contains('"') && list.chars().all(plain) {
        return Some(format!("\"{list}\""));
    }
    if !list.contains('\'') {
        return Some(format!("'{list}'"));
    }
    let items: Vec<String> = read_items(list)?
        .items
        .iter()
        .map(|item| item.value.repr())
        .collect();
    Some(shell_quote::quote_readably(&format!("[{}]", items.join(", "))).into_owned())
}

/// The items of a list that has some.
pub(in crate::sweep) fn read_items(list: &str) -> Option<ListItems> {
    match value::read(list) {
        ParsedValue::List(items) if !items.items.is_empty() => Some(items),
        _ => None,
    }
}
