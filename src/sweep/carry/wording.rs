//! The sentences about what a choice lost, with names in backticks as in every message.

use super::{Cause, Lost, MOST_RANGES};
use crate::sweep::diagnostic::grouped;
use crate::sweep::quote;
use std::fmt;

/// How many causes one sentence names.
pub(super) const MOST_CAUSES: usize = 3;

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Lost { chosen, lost, .. } = self;
        let left = chosen - lost;
        if *lost > 0 {
            let (all, those) = (grouped(*chosen), grouped(*lost));
            match (chosen, lost, left) {
                (1, _, _) => write!(f, "Your chosen trial is no longer in the plan")?,
                (_, _, 0) => write!(
                    f,
                    "None of your {all} chosen trials is in the plan any more"
                )?,
                (_, 1, _) => write!(f, "1 of your {all} chosen trials is no longer in the plan")?,
                _ => write!(
                    f,
                    "{those} of your {all} chosen trials are no longer in the plan"
                )?,
            }
            self.write_causes(f)?;
        }
        if let Some(merged) = self.merged {
            let before = grouped(left);
            let whose = match lost {
                0 => ["Your ", &before, " chosen trials"].concat(),
                _ => [" The other ", &before].concat(),
            };
            write!(f, "{whose} are now {}", grouped(merged))?;
            let axes: Vec<_> = self
                .dropped
                .iter()
                .map(|axis| format!("`{axis}`"))
                .collect();
            let axes = axes.join(", ");
            let verb = if self.dropped.len() == 1 { "is" } else { "are" };
            write!(f, ": {axes} {verb} no longer swept.")?;
        }
        Ok(())
    }
}

impl Lost {
    fn write_causes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, cause) in self.causes.iter().take(MOST_CAUSES).enumerate() {
            f.write_str(if number == 0 { ": " } else { "; " })?;
            write!(f, "{cause}")?;
        }
        if self.causes.len() > MOST_CAUSES {
            f.write_str("; and more")?;
        }
        f.write_str(".")
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Values {
                axis,
                examples,
                more,
            } => {
                let values: Vec<_> = examples.iter().map(|text| quote::readable(text)).collect();
                let (more, verb) = match (more, values.len()) {
                    (true, _) => (" and others", "are"),
                    (false, 1) => ("", "is"),
                    (false, _) => ("", "are"),
                };
                write!(f, "`{axis}` {}{more} {verb} gone", values.join(", "))
            }
            Cause::DrawnAnew { axis } => write!(f, "`{axis}` was drawn anew"),
            Cause::NotProposed => f.write_str("the random search proposes others"),
            Cause::Command(number) => write!(f, "command {number} is gone"),
            Cause::NothingInCommon => {
                f.write_str("the arguments that told them apart are no longer swept")
            }
            Cause::TooManyRanges => write!(
                f,
                "in the new order they would be more than {} ranges",
                grouped(MOST_RANGES as u128)
            ),
        }
    }
}
