//! What is no error in a text and yet may cost money for nothing, with all its wording and fixes:
//! values that the script will refuse, sweeps that are none, and sweeps that are paid twice.

use super::{Fix, Severity};
use crate::sweep::mend::Meaning;
use crate::sweep::quote;
use crate::sweep::span::Span;
use crate::sweep::value::{self, Value};
use std::fmt;

mod comment;
pub(in crate::sweep) mod eaten_quotes;
pub(in crate::sweep) mod hydra;
pub(in crate::sweep) mod lost_sweep;
mod option_like;
mod repeated_flag;

pub use comment::HiddenWords;
pub use eaten_quotes::EatenQuotes;
pub use hydra::OverrideList;
pub use lost_sweep::LostSweep;
pub use option_like::{OptionLike, Refusing};
pub use repeated_flag::RepeatedFlag;

/// Something that may not be meant.
#[derive(Clone, Debug, PartialEq)]
pub enum Doubt {
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

impl Doubt {
    pub(super) fn severity(&self) -> Severity {
        match self {
            Doubt::EatenQuotes(quotes) if quotes.unreadable => Severity::Error,
            Doubt::OverrideList(list) if list.torn => Severity::Error,
            _ => Severity::Warning,
        }
    }

    pub(super) fn help(&self) -> Option<String> {
        Some(match self {
            Doubt::OptionLike(option) => option.help(),
            Doubt::LostSweep(sweep) => return sweep.help(),
            Doubt::OverrideList(list) => list.help(),
            Doubt::RepeatedFlag(flag) => flag.help(),
            Doubt::HiddenWords(_) => HiddenWords::help(),
            Doubt::EatenQuotes(quotes) => quotes.help(),
        })
    }

    pub(in crate::sweep) fn fixes(&self, span: Span, text: &str) -> Vec<Fix> {
        match self {
            Doubt::OptionLike(option) => option.fix().into_iter().collect(),
            Doubt::LostSweep(sweep) => sweep.fixes(),
            Doubt::OverrideList(list) => list.fixes(),
            Doubt::RepeatedFlag(flag) => flag.fixes(text),
            Doubt::HiddenWords(_) => comment::fixes(span, text),
            Doubt::EatenQuotes(quotes) => quotes.fixes(text),
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Doubt::OptionLike(option) => option.fmt(f),
            Doubt::LostSweep(sweep) => sweep.fmt(f),
            Doubt::OverrideList(list) => list.fmt(f),
            Doubt::RepeatedFlag(flag) => flag.fmt(f),
            Doubt::HiddenWords(hidden) => hidden.fmt(f),
            Doubt::EatenQuotes(quotes) => quotes.fmt(f),
        }
    }
}

/// Where a value stands, and what is to be written before another one in its place.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Place {
    /// What a new value replaces, quotes included.
    pub span: Span,
    /// `--name=`, where the quotes begin before it.
    pub prefix: String,
}

impl Place {
    /// All of what stands at `span`.
    pub(in crate::sweep) fn at(span: Span) -> Place {
        let prefix = String::new();
        Place { span, prefix }
    }

    /// The edit that writes `meaning` here, in quotes.
    pub(in crate::sweep) fn write(&self, meaning: Meaning) -> Fix {
        let value = quoted(&self.prefix, &meaning.value);
        Fix {
            label: meaning.label,
            edits: vec![(self.span, value)],
        }
    }
}

/// A value that may be written anew.
#[derive(Clone, Debug, PartialEq)]
pub struct Typed {
    /// Without the shell's quotes.
    pub value: String,
    /// What a new value replaces.
    pub place: Place,
}

/// A new value in quotes: those inside are exchanged where that reads better and gives the same values.
fn quoted(prefix: &str, value: &str) -> String {
    if value.contains(['$', '`', '\\', '!']) && !value.contains('"') {
        let exchanged = value.replace('\'', "\"");
        let items = |value: &str| match value::read(value) {
            Value::List(list) => list.items.into_iter().map(|item| item.value).collect(),
            _ => Vec::new(),
        };
        if items(value) == items(&exchanged) {
            return quote::shell(&format!("{prefix}{exchanged}")).into_owned();
        }
    }
    quote::readable(&format!("{prefix}{value}")).into_owned()
}

/// `count` things: "1 value", "3 values".
fn counted(count: usize, thing: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{s}")
}

/// A text as a message can hold it.
pub(in crate::sweep) fn excerpt(text: &str) -> String {
    const LENGTH: usize = 40;
    let mut shown: String = text.chars().take(LENGTH).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}
