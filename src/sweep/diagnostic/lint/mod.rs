//! What is no error in a text and yet may cost money for nothing, with all its wording and fixes:
//! values that the script will refuse, sweeps that are none, and sweeps that are paid twice.

use super::{Fix, Severity};
use crate::sweep::repair::Repair;
use crate::sweep::shell_quote;
use crate::sweep::span::Span;
use crate::sweep::truncate::truncate_chars;
use crate::sweep::value::{self, ParsedValue};
use std::fmt;

mod comment;
pub(in crate::sweep) mod eaten_quotes;
pub(in crate::sweep) mod hydra;
pub(in crate::sweep) mod lost_sweep;
mod option_like;
mod repeated_flag;

pub(crate) use comment::HiddenWords;
pub(crate) use eaten_quotes::EatenQuotes;
pub(crate) use hydra::OverrideList;
pub(crate) use lost_sweep::LostSweep;
pub(crate) use option_like::{OptionLike, RefusingPythons};
pub(crate) use repeated_flag::RepeatedFlag;

/// Something that may not be meant.
#[derive(Clone, Debug, PartialEq)]
pub enum Lint {
    /// A value that the script takes for an option.
    OptionLike(OptionLike),
    /// A text that looks like a sweep and is passed as one value.
    LostSweep(LostSweep),
    /// `lr=[0.1, 0.2]`, which Hydra and fire may take as one list.
    OverrideList(OverrideList),
    /// A swept flag that is given again.
    RepeatedFlag(RepeatedFlag),
    /// A comment that hides words: `--color #f00`.
    HiddenWords(HiddenWords),
    /// Quotes that the shell takes away: `'['a', 'b']'`.
    EatenQuotes(EatenQuotes),
}

impl Lint {
    pub(super) fn severity(&self) -> Severity {
        match self {
            Lint::EatenQuotes(quotes) if quotes.unreadable => Severity::Error,
            Lint::OverrideList(list) if list.torn => Severity::Error,
            _ => Severity::Warning,
        }
    }

    pub(super) fn help(&self) -> Option<String> {
        Some(match self {
            Lint::OptionLike(option) => option.help(),
            Lint::LostSweep(sweep) => return sweep.help(),
            Lint::OverrideList(list) => list.help(),
            Lint::RepeatedFlag(flag) => flag.help(),
            Lint::HiddenWords(_) => HiddenWords::help(),
            Lint::EatenQuotes(quotes) => quotes.help(),
        })
    }

    pub(in crate::sweep) fn fixes(&self, span: Span, text: &str) -> Vec<Fix> {
        match self {
            Lint::OptionLike(option) => option.fix().into_iter().collect(),
            Lint::LostSweep(sweep) => sweep.fixes(),
            Lint::OverrideList(list) => list.fixes(),
            Lint::RepeatedFlag(flag) => flag.fixes(text),
            Lint::HiddenWords(_) => comment::fixes(span, text),
            Lint::EatenQuotes(quotes) => quotes.fixes(text),
        }
    }
}

impl fmt::Display for Lint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Lint::OptionLike(option) => option.fmt(f),
            Lint::LostSweep(sweep) => sweep.fmt(f),
            Lint::OverrideList(list) => list.fmt(f),
            Lint::RepeatedFlag(flag) => flag.fmt(f),
            Lint::HiddenWords(hidden) => hidden.fmt(f),
            Lint::EatenQuotes(quotes) => quotes.fmt(f),
        }
    }
}

/// Where a value stands, and what is to be written before another one in its place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ValuePlace {
    /// What a new value replaces, quotes included.
    pub(crate) span: Span,
    /// `--name=`, where the quotes begin before it.
    pub(crate) prefix: String,
}

impl ValuePlace {
    /// All of what stands at `span`.
    pub(in crate::sweep) fn at(span: Span) -> ValuePlace {
        let prefix = String::new();
        ValuePlace { span, prefix }
    }

    /// The edit that writes `meaning` here, in quotes.
    pub(in crate::sweep) fn to_fix(&self, meaning: Repair) -> Fix {
        let value = quote_value(&self.prefix, &meaning.value);
        Fix {
            label: meaning.label,
            edits: vec![(self.span, value)],
        }
    }
}

/// A value that may be written anew.
#[derive(Clone, Debug, PartialEq)]
pub struct TypedValue {
    /// Without the shell's quotes.
    pub(crate) value: String,
    /// What a new value replaces.
    pub(crate) place: ValuePlace,
}

/// A new value in quotes: those inside are exchanged where that reads better and gives the same values.
fn quote_value(prefix: &str, value: &str) -> String {
    if value.contains(['$', '`', '\\', '!']) && !value.contains('"') {
        let exchanged = value.replace('\'', "\"");
        let items = |value: &str| match value::read(value) {
            ParsedValue::List(list) => list.items.into_iter().map(|item| item.value).collect(),
            _ => Vec::new(),
        };
        if items(value) == items(&exchanged) {
            return shell_quote::quote_for_shell(&format!("{prefix}{exchanged}")).into_owned();
        }
    }
    shell_quote::quote_readably(&format!("{prefix}{value}")).into_owned()
}

/// `count` things: "1 value", "3 values".
fn pluralize(count: usize, thing: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{s}")
}

/// A text as a message can hold it.
pub(in crate::sweep) fn excerpt(text: &str) -> String {
    const LENGTH: usize = 40;
    truncate_chars(text, LENGTH)
}
