//! `lr="[0.1, 0.2]"` without dashes: to Hydra one list, to a person who leaves the dashes out a sweep.
//! It is passed as typed, and each item as an argument of its own is one click away.

use crate::sweep::command::{Argument, Command};
use crate::sweep::diagnostic::hydra::{Multirun, comma_list, mended};
use crate::sweep::diagnostic::{Doubt, OverrideList, Place, with_blanks};
use crate::sweep::options::Strategy;
use crate::sweep::span::{Origin, Span};
use crate::sweep::words;

/// Reports words such as `lr=[0.1, 0.2]` and `lr=0.1,0.01`. O(length).
pub(super) fn check(command: &Command, text: &str, report: &mut impl FnMut(Origin, Span, Doubt)) {
    if command.options.strategy == Strategy::None {
        return;
    }
    let is_multirun = |argument: &&Argument| {
        let flag = matches!(argument.word.text.as_str(), "-m" | "--multirun");
        flag && argument.origin == Origin::Command
    };
    let multirun = command.arguments.iter().find(is_multirun);
    let mut lists: Vec<(Span, OverrideList)> = Vec::new();
    for argument in &command.arguments {
        let word = argument.word.text.as_str();
        if argument.is_flag || !argument.prefix().is_empty() || argument.origin != Origin::Command {
            continue;
        }
        let Some(name) = override_name(word) else {
            continue;
        };
        let (name, value) = word.split_at(name.len());
        let torn = torn_list(argument, name.len(), text);
        let (value, place) = match torn {
            Some((value, span)) => (value, Place::at(span)),
            None => (value, Place::of(argument)),
        };
        if mended(value).is_some() || comma_list(value).is_some() {
            let list = OverrideList {
                name: name.to_owned(),
                value: value.to_owned(),
                torn: torn.is_some(),
                place,
                multirun: multirun.map(|flag| Multirun {
                    flag: flag.word.text.to_string(),
                    edits: Vec::new(),
                }),
            };
            lists.push((argument.word.span, list));
        }
    }
    if let Some(flag) = multirun {
        let edits = sweeps_of_all(&lists, flag.word.span, text);
        let first = lists
            .first_mut()
            .and_then(|(_, list)| list.multirun.as_mut());
        first
            .into_iter()
            .for_each(|first| first.edits.clone_from(&edits));
    }
    for (span, list) in lists {
        report(Origin::Command, span, Doubt::OverrideList(list));
    }
}

/// The edits that write each list as a sweep and take `flag` out; none where one of them cannot be.
fn sweeps_of_all(lists: &[(Span, OverrideList)], flag: Span, text: &str) -> Vec<(Span, String)> {
    let mut edits = vec![(with_blanks(text, flag), String::new())];
    for (_, list) in lists {
        let sweep = list.own_fixes().into_iter().next();
        match sweep.filter(|_| list.values().is_some()) {
            Some(sweep) => edits.extend(sweep.edits),
            None => return Vec::new(),
        }
    }
    edits.sort_by_key(|(span, _)| *span);
    edits
}

/// The list that a shell takes apart at its blanks, `lr=[0.1, 0.2]`, and the place of the whole. Looked
/// for in 4 KiB.
fn torn_list<'t>(argument: &Argument, name: usize, text: &'t str) -> Option<(&'t str, Span)> {
    let (word, span) = (&argument.word, argument.word.span);
    let open = word.text[name..].starts_with('[') && !word.text.ends_with(']');
    if !open || span.slice(text) != word.text {
        return None;
    }
    let rest = text.get(span.start as usize..)?;
    let line = rest[..rest.floor_char_boundary(1 << 12)].lines().next()?;
    let end = line.find(']')? + 1;
    let list = line.get(name..end)?;
    let end = span.start + words::offset(end);
    let whole = !list.contains([
        '"', '\'', '(', ')', '{', '$', '`', ';', '&', '|', '<', '>', '#', '\\',
    ]);
    (end > span.end && whole).then_some((list, Span::new(span.start, end)))
}

/// `lr=`, `+model.hidden=`, `optimizer@opt=`: the name of an override with its `=`.
fn override_name(word: &str) -> Option<&str> {
    let name = word.trim_start_matches(['+', '~']);
    let at = name.find('=')?;
    let first = name.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let plain = |c: char| c.is_alphanumeric() || "_.-/@:".contains(c);
    let end = word.len() - name.len() + at + 1;
    (first && name[..at].chars().all(plain)).then(|| &word[..end])
}
