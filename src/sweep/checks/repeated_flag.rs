//! `--lr "[1, 2]" --lr 5`: argparse, click and typer take the last use, so that all trials compute 5.

use super::{Doubt, excerpt};
use crate::sweep::command::Argument;
use crate::sweep::diagnostic::Fix;
use crate::sweep::part::Part;
use crate::sweep::span::{Origin, Span};
use std::collections::HashMap;
use std::fmt;

/// More uses of one flag than are offered to be removed.
const MOST_USES: usize = 20;

/// A swept flag that is given again.
#[derive(Clone, Debug, PartialEq)]
pub struct RepeatedFlag {
    /// With its dashes.
    pub flag: String,
    /// Its last value, where that is not swept.
    pub last: Option<String>,
    /// For each use the words of it, with what stands before them, and whether it is swept; empty where
    /// none is to be removed.
    uses: Vec<(Span, bool)>,
}

impl fmt::Display for RepeatedFlag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flag = &self.flag;
        match &self.last {
            Some(last) => write!(
                f,
                "`{flag}` is swept and given again: where the last one counts, as for argparse, \
                 all trials compute with `{}`",
                excerpt(last)
            ),
            None => write!(
                f,
                "`{flag}` is swept twice, as two columns: where the last one counts, as for \
                 argparse, trials are paid that compute the same"
            ),
        }
    }
}

impl RepeatedFlag {
    pub(super) fn help(&self) -> String {
        format!(
            "keep one; a script that gathers each `{}` (`action=\"append\"`) gets them all",
            self.flag
        )
    }

    /// Keeps the first sweep, or keeps the last use, which counts.
    pub(super) fn fixes(&self, text: &str) -> Vec<Fix> {
        let swept = self.uses.iter().position(|(_, swept)| *swept);
        let last = self.uses.len().checked_sub(1);
        let mut kept: Vec<usize> = swept.into_iter().chain(last).collect();
        let typed = |at: usize| {
            let typed = self.uses.get(at).map_or("", |(span, _)| span.slice(text));
            typed.trim_start_matches(|c: char| c == '\\' || c.is_whitespace())
        };
        kept.dedup_by_key(|at| typed(*at));
        let keep = |kept: usize| {
            let others = self.uses.iter().enumerate().filter(|(at, _)| *at != kept);
            Fix {
                label: format!("Keep only {}", excerpt(typed(kept))),
                edits: others
                    .map(|(_, (span, _))| (*span, String::new()))
                    .collect(),
            }
        };
        kept.into_iter().map(keep).collect()
    }
}

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
