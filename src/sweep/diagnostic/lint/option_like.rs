//! Values that begin with `-`, which a script's argparse takes for options.

use super::pluralize;
use crate::sweep::diagnostic::Fix;
use crate::sweep::span::Span;
use std::fmt;

/// The Pythons whose argparse takes a value for an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RefusingPythons {
    /// Up to 3.12.6: a number with underscores.
    Before3_12_7,
    /// Up to 3.13: a number with an exponent, or a complex one.
    Before3_14,
    /// All.
    All,
}

/// A value, or some of an axis, that the script takes for an option.
#[derive(Clone, Debug, PartialEq)]
pub struct OptionLike {
    /// The first such value, which the message names.
    pub(crate) value: String,
    /// How many of the axis there are.
    pub(crate) count: usize,
    /// The flag that it is for; `None` for a positional one.
    pub(crate) flag: Option<String>,
    /// The Pythons that refuse one of them.
    pub(crate) refusing: RefusingPythons,
    /// Whether it stands in the config file.
    pub(in crate::sweep) in_config: bool,
    /// The edit that mends it, where there is one.
    pub(in crate::sweep) edit: Option<(Span, &'static str)>,
}

impl fmt::Display for OptionLike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.refusing {
            RefusingPythons::All => write!(f, "Python's argparse")?,
            RefusingPythons::Before3_14 => write!(f, "argparse takes, up to Python 3.13,")?,
            RefusingPythons::Before3_12_7 => write!(f, "argparse takes, up to Python 3.12.6,")?,
        }
        let takes = if self.refusing == RefusingPythons::All {
            " takes"
        } else {
            ""
        };
        write!(f, "{takes} `{}` for an option", self.value)?;
        match &self.flag {
            Some(flag) => write!(f, ", not for the value of `{flag}`")?,
            None => write!(f, ", not for an argument")?,
        }
        if self.count > 1 {
            write!(f, ", and {} more", pluralize(self.count - 1, "value"))?;
        }
        Ok(())
    }
}

impl OptionLike {
    pub(super) fn help(&self) -> String {
        if self.in_config {
            return "a config file cannot write `--flag=value`: write this one in the command"
                .into();
        }
        let long = self.flag.as_ref().is_some_and(|flag| flag.len() > 2);
        let equals = if long { "=" } else { "" };
        match &self.flag {
            Some(flag) if flag.starts_with("--") => format!(
                "`{flag}=` before the value passes it to every parser; click and typer take it as it is"
            ),
            Some(flag) => format!(
                "argparse takes `{flag}{equals}{}`, in one word; click and typer take it as it is",
                self.value
            ),
            None => "behind `--` all words are arguments; click and typer refuse one that begins \
                     with `-` too, any number included"
                .into(),
        }
    }

    pub(super) fn fix(&self) -> Option<Fix> {
        let (span, text) = self.edit?;
        let label = if text == "=" {
            format!("Write {}=", self.flag.as_deref().unwrap_or_default())
        } else {
            "Put -- before it".into()
        };
        let edits = vec![(span, text.to_owned())];
        Some(Fix { label, edits })
    }
}
