//! `'['pear', 'apple']'`: to a shell the quote ends behind the bracket, and the quotes inside are gone.

use crate::sweep::diagnostic::eaten_quotes::items;
use crate::sweep::diagnostic::{Diagnostic, Doubt, EatenQuotes, Kind, Typed};
use crate::sweep::literal::Items;
use crate::sweep::part::Part;
use crate::sweep::span::{Origin, Span};
use crate::sweep::value::{self, Value};

/// Longest list that is looked for, in bytes.
const MAX_LENGTH: usize = 1 << 12;

/// Ends of a list that are tried.
const MAX_ENDS: usize = 4;

/// The list that begins at `start` of the text and has the quotes around it inside too.
/// O([`MAX_LENGTH`]).
fn find(text: &str, start: u32) -> Option<(char, Span, Items)> {
    let rest = text.get(start as usize..)?;
    let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let inside = &rest[1..];
    if !inside.trim_start_matches([' ', '(']).starts_with('[') {
        return None;
    }
    let inside = &inside[..inside.floor_char_boundary(MAX_LENGTH)];
    let ends = inside.match_indices(quote).filter(|(at, _)| {
        let next = inside[at + 1..].chars().next();
        let closes = inside[..*at].trim_end().ends_with([']', ')']);
        closes && next.is_none_or(|c| c.is_whitespace() || matches!(c, ';' | '&'))
    });
    ends.take(MAX_ENDS).find_map(|(at, _)| {
        let list = inside[..at].trim();
        // `'"'"'` is how one `'` is written inside single quotes: those quotes are meant.
        let escaped = list.contains("'\"'") || list.contains("\"'\"");
        let items = items(list).filter(|_| list.contains(quote) && !escaped)?;
        let end = start + 2 + u32::try_from(at).ok()?;
        Some((quote, Span::new(start, end), items))
    })
}

/// Replaces the error of a list that cannot be read by the reason, where the shell took its quotes.
pub(in crate::sweep) fn explain(text: &str, diagnostic: &mut Diagnostic) {
    let Kind::Literal { typed, .. } = &diagnostic.kind else {
        return;
    };
    if diagnostic.origin != Origin::Command {
        return;
    }
    let Typed { value, place } = &**typed;
    if let Some((quote, span, _)) = find(text, place.span.start + name_length(text, place.span)) {
        let left = value.clone();
        diagnostic.kind = Kind::Doubt(Box::new(Doubt::EatenQuotes(EatenQuotes {
            quote,
            left,
            unreadable: true,
            span,
        })));
    }
}

/// Bytes of `--name=` where a place begins with it.
fn name_length(text: &str, place: Span) -> u32 {
    let typed = place.slice(text);
    let name = typed.find('=').filter(|_| typed.starts_with('-'));
    name.and_then(|at| u32::try_from(at + 1).ok()).unwrap_or(0)
}

/// Reports lists that can be read without their quotes and then pass something else. O(length).
pub(super) fn check(part: &Part, text: &str, report: &mut impl FnMut(Origin, Span, Doubt)) {
    for (argument, swept) in part.arguments() {
        let place = argument.value_place();
        if !swept || argument.origin != Origin::Command || !argument.value().starts_with('[') {
            continue;
        }
        let typed = place.slice(text);
        let inner = typed.get(1..typed.len().saturating_sub(1)).unwrap_or("");
        // Hardly any list has its own quotes inside.
        if !typed.starts_with(['"', '\'']) || !inner.contains(&typed[..1]) {
            continue;
        }
        let Some((quote, span, items)) = find(text, place.start) else {
            continue;
        };
        let passed = items.items.iter().map(|item| item.value.to_str());
        let same = match value::read(argument.value()) {
            Value::List(read) => passed.eq(read.items.iter().map(|item| item.value.to_str())),
            _ => true,
        };
        if !same {
            let quotes = EatenQuotes {
                quote,
                left: argument.value().to_owned(),
                unreadable: false,
                span,
            };
            report(argument.origin, place, Doubt::EatenQuotes(quotes));
        }
    }
}
