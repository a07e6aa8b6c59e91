//! `--lr "[1, 2]" --lr 5`: argparse, click and typer take the last use, so that all trials compute 5.

use crate::sweep::command::Argument;
use crate::sweep::diagnostic::{Doubt, RepeatedFlag};
use crate::sweep::part::Part;
use crate::sweep::span::{Origin, Span};
use std::collections::HashMap;

/// More uses of one flag than are offered to be removed.
const MOST_USES: usize = 20;

struct Use<'a> {
    /// The word of the value, and that of the flag where it is another one.
    value: &'a Argument,
    span: Span,
    swept: bool,
}

/// Reports flags of `part` that are swept before their last use. O(arguments).
pub(super) fn check(part: &Part, report: &mut impl FnMut(Origin, Span, Doubt)) {
    let mut by_flag: HashMap<&str, Vec<Use<'_>>> = HashMap::new();
    let mut order: Vec<&str> = Vec::new();
    let mut flag: Option<(&Argument, u32)> = None;
    let mut previous_end = part.command().script_span.end;
    for (argument, swept) in part.arguments() {
        let before = std::mem::replace(&mut previous_end, argument.word.span.end);
        if argument.is_flag {
            flag = Some((argument, before));
            continue;
        }
        let (name, start) = match flag.take() {
            Some((flag, start)) if flag.name == argument.name => (flag.word.text.as_str(), start),
            _ if !argument.prefix().is_empty() => (argument.prefix().trim_end_matches('='), before),
            _ => continue,
        };
        let end = argument.word.span.end;
        let span = Span::new(start.min(end), end);
        let uses = by_flag.entry(name).or_insert_with(|| {
            order.push(name);
            Vec::new()
        });
        uses.push(Use {
            value: argument,
            span,
            swept,
        });
    }
    // Only a sweep before the last use is lost: a swept last use decides, as the script's parser has it.
    for name in order {
        let Some((last, earlier)) = by_flag.get(name).and_then(|uses| uses.split_last()) else {
            continue;
        };
        if !earlier.iter().any(|other| other.swept) {
            continue;
        }
        let all = || earlier.iter().chain([last]);
        let removable =
            earlier.len() < MOST_USES && all().all(|one| one.value.origin == Origin::Command);
        let uses = all().map(|one| (one.span, one.swept));
        let repeated = RepeatedFlag {
            flag: name.to_owned(),
            last: (!last.swept).then(|| last.value.value().to_owned()),
            uses: if removable {
                uses.collect()
            } else {
                Vec::new()
            },
        };
        report(
            last.value.origin,
            last.value.value_place(),
            Doubt::RepeatedFlag(repeated),
        );
    }
}
