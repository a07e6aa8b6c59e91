//! Lists that Python does not read.

use super::item::{Item, ItemKind, is_code, is_literal};
use super::sequence;
use super::split::{BracketBody, split_brackets, split_top_level};
use super::{MAX_ENUMERATED, Repair, is_sweep};
use crate::sweep::literal::as_integer;
use crate::sweep::range;
use crate::sweep::shell_quote;
use crate::sweep::value::{self, ParsedValue};

/// What separates items.
#[derive(Clone, Copy, PartialEq)]
enum Separation {
    ByCommas,
    ByOther,
    /// One item, or none.
    Not,
}

/// The meanings of a bracketed text, the likeliest first; unchecked. O(length).
pub(in crate::sweep) fn list_repairs(text: &str) -> Vec<Repair> {
    let Some(body) = split_brackets(text) else {
        return Vec::new();
    };
    match body
        .tail
        .trim_matches(|c: char| c.is_whitespace() || "])},;.".contains(c))
    {
        "" => body_repairs(body),
        tail if tail.starts_with(['[', '(']) && body.tail.trim_start().starts_with(',') => {
            // `[1, 2],[3, 4]`: each list is a value.
            list_of_lists(text)
        }
        _ => Vec::new(),
    }
}

fn list_of_lists(text: &str) -> Vec<Repair> {
    let lists = split_top_level(text, &[',']).into_iter();
    let lists: Vec<String> = lists.map(|list| Item::read(list).literal).collect();
    vec![Repair::new(
        "Pass each list as a value",
        format!("[{}]", lists.join(", ")),
    )]
}

fn body_repairs(body: BracketBody<'_>) -> Vec<Repair> {
    let inner = body.inner.trim();
    let mut meanings = sequence::repairs(inner);
    meanings.extend(unwrap_sweep(inner));
    meanings.extend(decimal_commas(inner));
    let dict = format!("{{{inner}}}");
    let dict =
        (inner.contains(':') && is_literal(&dict)).then(|| Repair::from_value(format!("[{dict}]")));
    // `['a': 1]` is one value; `[10:30, 11:00]` is times of day, or ratios, rather than numbers by number.
    if inner.contains(['\'', '"']) {
        meanings.extend(dict);
        meanings.extend(item_repairs(inner, body));
    } else {
        meanings.extend(item_repairs(inner, body));
        meanings.extend(dict);
    }
    meanings
}

/// `[range(3)]`, `[*range(3)]`, `[uniform(0, 1, 3)]`: the sweep itself.
fn unwrap_sweep(inner: &str) -> Option<Repair> {
    let sweep = inner.strip_prefix('*').unwrap_or(inner).trim();
    let list = sweep
        .strip_prefix("list(")
        .and_then(|rest| rest.strip_suffix(')'));
    let sweep = list.unwrap_or(sweep).trim();
    is_sweep(sweep).then(|| Repair::from_value(sweep))
}

/// `[0,1; 0,2]`: commas as decimal points.
fn decimal_commas(inner: &str) -> Option<Repair> {
    let numbers = split_top_level(inner, &[';']);
    let number = |piece: &&str| {
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let unsigned = piece.strip_prefix('-').unwrap_or(piece);
        unsigned
            .split_once(',')
            .is_some_and(|(whole, fraction)| digits(whole) && digits(fraction))
    };
    let all = numbers.len() > 1 && numbers.iter().all(number);
    all.then(|| {
        let points: Vec<String> = numbers
            .iter()
            .map(|piece| piece.replace(',', "."))
            .collect();
        Repair::new(
            "Read the commas as decimal points",
            format!("[{}]", points.join(", ")),
        )
    })
}

fn item_repairs(inner: &str, body: BracketBody<'_>) -> Vec<Repair> {
    let (typed, separated) = split_items(inner);
    let inner_pieces = typed.split_last().map_or(&[][..], |(_, pieces)| pieces);
    let gaps = inner_pieces.iter().any(|piece| piece.is_empty());
    let items: Vec<Item> = typed
        .into_iter()
        .filter(|piece| !piece.is_empty())
        .map(Item::read)
        .collect();
    if items.is_empty() {
        return Vec::new();
    }
    let has = |nature| items.iter().any(|item| item.kind == nature);
    // Beside text a `none` is text too: `[none, adam]`.
    let beside_text = has(ItemKind::Text);
    let likely = join_literals(&items, |item| match (&item.other, item.kind) {
        (Some(text), ItemKind::Constant) if beside_text && item.literal == "None" => text.clone(),
        _ => item.literal.clone(),
    });
    let label = if separated == Separation::ByOther {
        "Write commas".to_owned()
    } else {
        repair_label(&items, body, gaps)
    };
    let first = Repair::new(label, likely);
    let other = join_literals(&items, |item| {
        item.other.clone().unwrap_or_else(|| item.literal.clone())
    });
    let other = Repair::new(other_label(&items), other);
    let one = if separated == Separation::ByCommas {
        None
    } else {
        let text = shell_quote::quote_for_python(inner);
        (!is_literal(inner)).then(|| Repair::new("Pass it as one text", format!("[{text}]")))
    };
    let code = items.len() == 1 && has(ItemKind::Code);
    if code {
        // A program's text is as likely meant as it is.
        return [Repair::pass_verbatim(&format!("[{inner}]")), first].into();
    }
    [first, other].into_iter().chain(one).collect()
}

fn join_literals(items: &[Item], literal: impl Fn(&Item) -> String) -> String {
    let literals: Vec<String> = items.iter().map(literal).collect();
    format!("[{}]", literals.join(", "))
}

fn repair_label(items: &[Item], body: BracketBody<'_>, gaps: bool) -> String {
    let count = |nature| items.iter().filter(|item| item.kind == nature).count();
    let quoted = count(ItemKind::Text)
        + count(ItemKind::Padded)
        + count(ItemKind::Code)
        + count(ItemKind::Fraction);
    let constants: Vec<&str> = items
        .iter()
        .filter(|item| item.kind == ItemKind::Constant)
        .map(|item| item.literal.as_str())
        .collect();
    match (quoted, constants.first()) {
        (1, _) if items.len() == 1 => "Put it in quotes".into(),
        (1.., _) if count(ItemKind::Fraction) > 0 => "Put each in quotes: passed as text".into(),
        (1.., _) => "Put each text in quotes".into(),
        (0, Some(_)) => {
            let mut distinct: Vec<&str> = Vec::new();
            for constant in constants {
                if !distinct.contains(&constant) {
                    distinct.push(constant);
                }
            }
            format!("Write {}", distinct.join(", "))
        }
        _ if count(ItemKind::Sum) > 0 => "Write what it comes to".into(),
        _ if gaps => "Leave the gap out".into(),
        _ if body.close.is_none() => "Add ]".into(),
        _ if body.close != Some(']') => "Close it with ]".into(),
        _ => "Leave out what stands behind it".into(),
    }
}

fn other_label(items: &[Item]) -> String {
    let has = |nature| items.iter().any(|item| item.kind == nature);
    if has(ItemKind::Padded) {
        "Write it without the zeros".into()
    } else if has(ItemKind::Fraction) {
        "Write what it comes to".into()
    } else if has(ItemKind::Sum) {
        "Put it in quotes".into()
    } else {
        "Put all in quotes".into()
    }
}

/// The items of a list: between commas, else between semicolons or bars, else between blanks.
fn split_items(inner: &str) -> (Vec<&str>, Separation) {
    for (separators, separated) in [
        (&[','][..], Separation::ByCommas),
        (&[';'], Separation::ByOther),
        (&['|'], Separation::ByOther),
    ] {
        let items = split_top_level(inner, separators);
        if items.len() > 1 && !(separators == ['|'] && items.iter().any(|item| item.is_empty())) {
            return numbers_between_blanks(inner, items, separated);
        }
    }
    if is_code(inner) {
        return (vec![inner], Separation::Not);
    }
    let words = split_top_level(inner, &[' ', '\t', '\n']);
    let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
    let word = |word: &&str| {
        is_literal(word)
            || word
                .chars()
                .all(|c| c.is_alphanumeric() || "_-./:".contains(c))
    };
    let signs = words
        .iter()
        .any(|word| matches!(*word, "-" | "/" | "." | ":"));
    if words.len() > 1 && !signs && words.iter().all(word) {
        return (words, Separation::ByOther);
    }
    (vec![inner], Separation::Not)
}

/// `[1 2, 3]`: a blank between numbers is a comma that was left out.
fn numbers_between_blanks<'t>(
    inner: &'t str,
    items: Vec<&'t str>,
    separated: Separation,
) -> (Vec<&'t str>, Separation) {
    let numbers = |item: &&str| {
        let mut words = item.split_whitespace();
        words.all(|word| {
            word.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) && is_literal(word)
        })
    };
    let sums = inner.contains(" - ") || inner.contains(" + ");
    if separated != Separation::ByCommas || sums || !items.iter().all(numbers) {
        return (items, separated);
    }
    let words: Vec<&str> = items
        .iter()
        .flat_map(|item| item.split_whitespace())
        .collect();
    if words.len() > items.len() {
        (words, Separation::ByOther)
    } else {
        (items, separated)
    }
}

/// What a list or a `range` of at most [`MAX_ENUMERATED`] values passes; `None` for anything else, draws
/// and `range`s that are longer above all.
pub(in crate::sweep) fn enumerate_values(text: &str) -> Option<Vec<String>> {
    match value::read(text) {
        ParsedValue::List(list) => {
            let few = list.items.len() as u128 <= MAX_ENUMERATED * 10;
            few.then(|| list.items.iter().map(|item| item.value.to_str()).collect())
        }
        ParsedValue::Call(call) if call.name == "range" => {
            let numbers = call.arguments.iter();
            let numbers: Option<Vec<_>> = numbers
                .map(|argument| as_integer(&argument.value.value))
                .collect();
            let range = range::from_arguments(numbers?)?.ok()?;
            (range.len() <= MAX_ENUMERATED).then(|| {
                let value = |index| {
                    let mut text = String::new();
                    range.write(index, &mut text);
                    text
                };
                (0..range.len()).map(value).collect()
            })
        }
        _ => None,
    }
}
