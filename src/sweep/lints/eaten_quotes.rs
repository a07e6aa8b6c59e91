//! `'['pear', 'apple']'`: to a shell the quote ends behind the bracket, and the quotes inside are gone.

use crate::sweep::diagnostic::eaten_quotes::read_items;
use crate::sweep::diagnostic::{Diagnostic, EatenQuotes, Kind, Lint, TypedValue};
use crate::sweep::literal::ListItems;
use crate::sweep::part::Part;
use crate::sweep::span::{Origin, Span};
use crate::sweep::value::{self, ParsedValue};
use std::cell::OnceCell;

/// Longest list that is looked for, in bytes.
const MAX_LENGTH: usize = 1 << 12;

/// Ends of a list that are tried.
const MAX_ENDS: usize = 4;

/// Where a list in quotes may end in a text. Found in one pass, and only where a list is looked for:
/// else each of a thousand problems would search the [`MAX_LENGTH`] bytes behind it.
pub(in crate::sweep) struct ListEnds<'a> {
    text: &'a str,
    found: OnceCell<QuotePlaces>,
}

#[derive(Default)]
struct QuotePlaces {
    single: Vec<usize>,
    double: Vec<usize>,
}

impl QuotePlaces {
    /// The quotes behind a closing bracket and before a blank, in the order of `text`. O(length).
    fn find(text: &str) -> QuotePlaces {
        let mut places = QuotePlaces::default();
        let mut closed = false;
        let mut characters = text.char_indices().peekable();
        while let Some((at, c)) = characters.next() {
            let next = characters.peek().map(|(_, next)| *next);
            if closed && next.is_none_or(|c| c.is_whitespace() || matches!(c, ';' | '&')) {
                match c {
                    '\'' => places.single.push(at),
                    '"' => places.double.push(at),
                    _ => {}
                }
            }
            closed = matches!(c, ']' | ')') || closed && c.is_whitespace();
        }
        places
    }

    fn of(&self, quote: char) -> &[usize] {
        if quote == '"' {
            &self.double
        } else {
            &self.single
        }
    }
}

impl<'a> ListEnds<'a> {
    pub(in crate::sweep) fn new(text: &'a str) -> ListEnds<'a> {
        ListEnds {
            text,
            found: OnceCell::new(),
        }
    }

    pub(in crate::sweep) fn text(&self) -> &'a str {
        self.text
    }

    /// Those of `quote` that end a list beginning at `start`, the nearest first.
    fn behind(&self, start: usize, quote: char) -> impl Iterator<Item = usize> {
        let places = self.found.get_or_init(|| QuotePlaces::find(self.text));
        let places = places.of(quote);
        let first = places.partition_point(|at| *at <= start);
        let near = places[first..].iter().copied();
        near.take_while(move |at| *at - start <= MAX_LENGTH)
            .take(MAX_ENDS)
    }
}

/// The list that begins at `start` of the text and has the quotes around it inside too.
/// O(log length + [`MAX_ENDS`] · [`MAX_LENGTH`]).
fn find_eaten_quotes(ends: &ListEnds, start: u32) -> Option<(char, Span, ListItems)> {
    let from = start as usize;
    let rest = ends.text.get(from..)?;
    let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    if !rest[1..].trim_start_matches([' ', '(']).starts_with('[') {
        return None;
    }
    ends.behind(from, quote).find_map(|end| {
        let list = ends.text[from + 1..end].trim();
        // `'"'"'` is how one `'` is written inside single quotes: those quotes are meant.
        let escaped = list.contains("'\"'") || list.contains("\"'\"");
        let items = read_items(list).filter(|_| list.contains(quote) && !escaped)?;
        let end = u32::try_from(end + 1).ok()?;
        Some((quote, Span::new(start, end), items))
    })
}

/// Replaces the error of a list that cannot be read by the reason, where the shell took its quotes.
pub(in crate::sweep) fn explain_eaten_quotes(ends: &ListEnds, diagnostic: &mut Diagnostic) {
    let Kind::Literal { typed, .. } = &diagnostic.kind else {
        return;
    };
    if diagnostic.origin != Origin::Command {
        return;
    }
    let TypedValue { value, place } = &**typed;
    if let Some((quote, span, _)) =
        find_eaten_quotes(ends, place.span.start + name_length(ends.text, place.span))
    {
        let left = value.clone();
        diagnostic.kind = Kind::Lint(Box::new(Lint::EatenQuotes(EatenQuotes {
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
pub(super) fn check(part: &Part, ends: &ListEnds, report: &mut impl FnMut(Origin, Span, Lint)) {
    for (argument, swept) in part.arguments() {
        let place = argument.value_span();
        if !swept || argument.origin != Origin::Command || !argument.value().starts_with('[') {
            continue;
        }
        let typed = place.slice(ends.text);
        let inner = typed.get(1..typed.len().saturating_sub(1)).unwrap_or("");
        // Hardly any list has its own quotes inside.
        if !typed.starts_with(['"', '\'']) || !inner.contains(&typed[..1]) {
            continue;
        }
        let Some((quote, span, items)) = find_eaten_quotes(ends, place.start) else {
            continue;
        };
        let passed = items.items.iter().map(|item| item.value.to_str());
        let same = match value::read(argument.value()) {
            ParsedValue::List(read) => passed.eq(read.items.iter().map(|item| item.value.to_str())),
            _ => true,
        };
        if !same {
            let quotes = EatenQuotes {
                quote,
                left: argument.value().to_owned(),
                unreadable: false,
                span,
            };
            report(argument.origin, place, Lint::EatenQuotes(quotes));
        }
    }
}
