//! `lr="[0.1, 0.2]"` without dashes: to Hydra one list, to a person who leaves the dashes out a sweep.
//! It is passed as typed, and each item as an argument of its own is one click away.

use super::{ValuePlace, excerpt};
use crate::sweep::diagnostic::Fix;
use crate::sweep::repair::{self, Repair};
use crate::sweep::shell_quote;
use crate::sweep::span::Span;
use std::fmt;

/// An override whose value is a sweep.
#[derive(Clone, Debug, PartialEq)]
pub struct OverrideList {
    /// `lr=`, `+model.hidden=`.
    pub(crate) name: String,
    /// The list or draw behind the `=`, without the shell's quotes.
    pub(crate) value: String,
    /// Whether the shell takes it apart at its blanks.
    pub(crate) torn: bool,
    pub(in crate::sweep) place: ValuePlace,
    /// Hydra's flag for its own sweeps, where the command has it.
    pub(in crate::sweep) multirun: Option<Multirun>,
}

/// `-m` or `--multirun`, beside which each comma list is a sweep of Hydra's.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::sweep) struct Multirun {
    pub(in crate::sweep) flag: String,
    /// The edits that make all the lists sweeps and take the flag out, with the first list.
    pub(in crate::sweep) edits: Vec<(Span, String)>,
}

impl fmt::Display for OverrideList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.torn {
            let (name, value) = (&self.name, excerpt(&self.value));
            return write!(f, "a shell takes `{name}{value}` apart at its blanks");
        }
        write!(
            f,
            "`{}{}` is passed as typed, as one argument: only a value behind a flag, or a whole \
             argument, is a sweep",
            self.name,
            excerpt(&self.value)
        )
    }
}

impl OverrideList {
    pub(super) fn help(&self) -> String {
        if let Some(Multirun { flag, .. }) = &self.multirun {
            return format!(
                "Hydra's `{flag}` would run all of them in one trial; to have trials of their own, \
                 list whole arguments and leave `{flag}` out"
            );
        }
        if self.values().is_some() {
            "leave it where the script takes a list; to sweep it, list whole arguments".into()
        } else {
            "leave it where the script reads it; drawn values cannot be written as whole \
             arguments here: sweep a flag, or list the values"
                .into()
        }
    }

    /// The values that the items are, where they can be written out.
    pub(in crate::sweep) fn values(&self) -> Option<Vec<String>> {
        let read = to_sweep(&self.value);
        let listed = read.and_then(|sweep| repair::enumerate_values(&sweep));
        listed.or_else(|| comma_list(&self.value))
    }

    pub(super) fn fixes(&self) -> Vec<Fix> {
        let all = self.multirun.as_ref().filter(|all| !all.edits.is_empty());
        let all = all.map(|Multirun { flag, edits }| Fix {
            label: format!("Sweep over all of them, without {flag}"),
            edits: edits.clone(),
        });
        all.into_iter().chain(self.own_fixes()).collect()
    }

    pub(in crate::sweep) fn own_fixes(&self) -> Vec<Fix> {
        let whole = format!("{}{}", self.name, self.value);
        let sweep = self.values().map(|values| {
            let arguments: Vec<String> = values
                .iter()
                .map(|value| shell_quote::quote_for_python(&format!("{}{value}", self.name)))
                .collect();
            Repair::new(
                "Sweep over its items",
                format!("[{}]", arguments.join(", ")),
            )
        });
        let meanings = sweep.into_iter().chain([Repair::pass_verbatim(&whole)]);
        repair::keep_valid(meanings.collect())
            .into_iter()
            .map(|meaning| self.place.to_fix(meaning))
            .collect()
    }
}

/// The sweep that a value is, or a list whose texts have no quotes: Hydra's own `[a, b]`.
pub(in crate::sweep) fn to_sweep(value: &str) -> Option<String> {
    if repair::is_sweep(value) {
        return Some(value.to_owned());
    }
    let closed = value.starts_with('[') && value.ends_with(']');
    let list = closed.then(|| repair::list_repairs(value))?;
    repair::keep_valid(list)
        .into_iter()
        .next()
        .map(|list| list.value)
}

/// Hydra's own sweep, `lr=0.1,0.01`.
pub(in crate::sweep) fn comma_list(value: &str) -> Option<Vec<String>> {
    let plain = |c: char| c.is_alphanumeric() || "+-._/,".contains(c);
    let items: Vec<String> = value.split(',').map(str::to_owned).collect();
    let whole = items.len() > 1 && items.iter().all(|item| !item.is_empty());
    (whole && value.chars().all(plain)).then_some(items)
}
