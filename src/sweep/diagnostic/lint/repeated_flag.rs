//! `--lr "[1, 2]" --lr 5`: argparse, click and typer take the last use, so that all trials compute 5.

use super::excerpt;
use crate::sweep::diagnostic::Fix;
use crate::sweep::span::Span;
use std::fmt;

/// A swept flag that is given again.
#[derive(Clone, Debug, PartialEq)]
pub struct RepeatedFlag {
    /// With its dashes.
    pub(crate) flag: String,
    /// Its last value, where that is not swept.
    pub(crate) last: Option<String>,
    /// For each use the words of it, with what stands before them, and whether it is swept; empty where
    /// none is to be removed.
    pub(in crate::sweep) uses: Vec<(Span, bool)>,
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
