//! Fixes of problems of characters: each edits all places of the text that have the same problem.

use super::{Source, split_reporting};
use crate::sweep::diagnostic::{CharacterProblem, Diagnostic, Fix, Kind};
use crate::sweep::span::Span;
use crate::sweep::unicode::hidden::{self, Class};
use crate::sweep::unicode::lookalike;

impl CharacterProblem {
    /// The fix of this problem at `span` and at all places of `text` that have the same one.
    pub(crate) fn fix(&self, text: &str, span: Span) -> Option<Fix> {
        let fix = |label: String, edits| Some(Fix { label, edits });
        match self {
            CharacterProblem::Hidden {
                character, class, ..
            } => hidden_fix(text, *character, *class),
            CharacterProblem::BehindBackslash { character } => {
                let what = match character {
                    ' ' => "the blank",
                    '\t' => "the tab",
                    _ => "what stands",
                };
                let edits = everywhere(text, |diagnostic| match diagnostic.kind {
                    Kind::Character(CharacterProblem::BehindBackslash { .. }) => {
                        Some(vec![(diagnostic.span, String::new())])
                    }
                    _ => None,
                });
                fix(format!("Remove {what} behind \\"), edits)
            }
            CharacterProblem::LastBackslash => {
                fix("Remove the \\".into(), vec![(span, String::new())])
            }
            CharacterProblem::ContinuationMark { mark } => {
                let same = |kind: &Kind| match kind {
                    Kind::Character(CharacterProblem::ContinuationMark { mark: other }) => {
                        other == mark
                    }
                    _ => false,
                };
                let edits = everywhere(text, |d| {
                    same(&d.kind).then(|| vec![(d.span, "\\".to_owned())])
                });
                fix("Write \\".into(), edits)
            }
            CharacterProblem::LookAlike { plain, .. } => {
                let edits = everywhere(text, |diagnostic| match &diagnostic.kind {
                    Kind::Character(CharacterProblem::LookAlike { edits, .. }) => Some(
                        edits
                            .iter()
                            .map(|(span, plain)| (*span, plain.to_string()))
                            .collect(),
                    ),
                    _ => None,
                });
                fix(format!("Write {plain}"), edits)
            }
            CharacterProblem::Entity { shown, .. } => {
                let (edits, is_single) = entities(text);
                let label = match shown {
                    _ if !is_single => format!("Write all {} characters", edits.len()),
                    ' ' => "Write a blank".into(),
                    shown => format!("Write {shown}"),
                };
                fix(label, edits)
            }
            CharacterProblem::InSweep {
                plain,
                edits,
                value_place,
                ..
            } => {
                if edits.is_empty() {
                    return None;
                }
                let single = value_place.slice(text).starts_with('\'');
                let edits = edits.iter().map(|(span, written)| match written.as_str() {
                    "'" if single => (*span, "\"".to_owned()),
                    _ => (*span, written.clone()),
                });
                let label = match plain {
                    Some(' ') => "Use a plain blank".into(),
                    Some('\'' | '"') => "Use plain quotes".into(),
                    Some(plain) => format!("Write {plain}"),
                    None => "Remove it".into(),
                };
                fix(label, edits.collect())
            }
            CharacterProblem::ControlInValue { path: true, .. } | CharacterProblem::PathEscape => {
                let literal = span.slice(text);
                let raw = match literal.chars().next()? {
                    // Double quotes are around it then, in which a shell makes one of two.
                    '\'' => literal.replace("\\\\", "\\\\\\\\"),
                    '"' => literal.to_owned(),
                    _ => return None,
                };
                fix(
                    "Keep the backslashes".into(),
                    vec![(span, format!("r{raw}"))],
                )
            }
            CharacterProblem::BlankArgument
            | CharacterProblem::ControlInValue { .. }
            | CharacterProblem::BlankValue => None,
        }
    }
}

/// Each HTML entity of the text as what a page shows for it, and whether they are all the same. They come
/// together: with one kind of quote mended the other would be another problem.
fn entities(text: &str) -> (Vec<(Span, String)>, bool) {
    let mut edits: Vec<(Span, String)> = Vec::new();
    let mut end = 0;
    for (at, _) in text.match_indices('&').take(MOST_ENTITIES) {
        let Some((entity, shown)) = lookalike::entity(&text[at..]).filter(|_| at >= end) else {
            continue;
        };
        end = at + entity.len();
        edits.push((
            Span::new(super::offset(at), super::offset(end)),
            shown.to_string(),
        ));
    }
    let is_single = edits.windows(2).all(|pair| pair[0].1 == pair[1].1);
    (edits, is_single)
}

/// The most that are written at once.
const MOST_ENTITIES: usize = 100_000;

/// All of the same class at once: nobody clicks for each of fifty.
fn hidden_fix(text: &str, character: char, class: Class) -> Option<Fix> {
    let same = hidden::all(text, 0, text.len()).filter(|found| found.class == class);
    let edits: Option<Vec<_>> = same
        .map(|found| found.replacement(text).map(|plain| (found.span, plain)))
        .collect();
    let edits = edits.filter(|edits| !edits.is_empty())?;
    let count = edits.len();
    let label = match (class, count) {
        (Class::Blank, 1) if edits[0].1.is_empty() => "Remove it".into(),
        (Class::Blank, 1) if edits[0].1 == "\n" => "Use a line end".into(),
        (Class::Blank, 1) => "Use a plain blank".into(),
        (Class::Blank, _) => format!("Use plain blanks ({count})"),
        (Class::Mojibake, 1) => "Repair it".into(),
        (Class::Mojibake, _) => format!("Repair all {count}"),
        (_, 1) => {
            let called = hidden::called(character);
            let name = called.split_once(' ').map_or("", |(_, name)| name);
            format!("Remove the {name}")
        }
        _ => format!("Remove all {count} such characters"),
    };
    Some(Fix { label, edits })
}

/// The edits that `of` gives for the diagnostics of the whole text. O(length of the text).
pub(super) fn everywhere(
    text: &str,
    of: impl Fn(&Diagnostic) -> Option<Vec<(Span, String)>>,
) -> Vec<(Span, String)> {
    let (_, diagnostics) = split_reporting(text, Source::Person, u32::MAX);
    let mut edits: Vec<_> = diagnostics.iter().filter_map(of).flatten().collect();
    edits.sort_by_key(|(span, _)| *span);
    edits.dedup_by(|next, before| next.0.start < before.0.end);
    edits
}

/// How far a list is followed for its quotes, in bytes.
const LIST: usize = 4096;

/// Plain quotes for the backticks of a list's items, one of which is at `span`.
pub(crate) fn backticks_fix(text: &str, span: Span) -> Option<Fix> {
    let before = text.get(..span.start as usize)?;
    if !before.trim_end_matches([' ', '\t']).ends_with(['[', ',']) {
        return None;
    }
    let near = before.ceil_char_boundary(before.len().saturating_sub(LIST));
    let open = near + before.get(near..)?.rfind('[')?;
    let list = text.get(open..)?;
    let list = &list[..list.floor_char_boundary(2 * LIST)];
    let list = &list[..list.find(']')?];
    let places = list
        .match_indices('`')
        .map(|(at, _)| super::offset(open + at));
    let edits: Vec<_> = places
        .map(|at| (Span::new(at, at + 1), "'".to_owned()))
        .collect();
    let label = "Use plain quotes".into();
    edits
        .len()
        .is_multiple_of(2)
        .then_some(Fix { label, edits })
}

/// Each typographic dash that begins a flag as `--`.
pub(crate) fn dashes_fix(text: &str) -> Fix {
    let dash = |d: &Diagnostic| (d.kind == Kind::Dash).then(|| vec![(d.span, "--".to_owned())]);
    Fix {
        label: "Write --".into(),
        edits: everywhere(text, dash),
    }
}

/// Each pair of typographic quotes as plain ones.
pub(crate) fn quotes_fix(text: &str) -> Fix {
    let quoted = |diagnostic: &Diagnostic| match &diagnostic.kind {
        Kind::TypographicQuote {
            content: Some(content),
        } => {
            let plain = match (content.contains('"'), content.contains('\'')) {
                (true, true) => crate::sweep::quote::shell(content).into_owned(),
                (true, false) => format!("'{content}'"),
                _ => format!("\"{content}\""),
            };
            Some(vec![(diagnostic.span, plain)])
        }
        _ => None,
    };
    Fix {
        label: "Use plain quotes".into(),
        edits: everywhere(text, quoted),
    }
}
