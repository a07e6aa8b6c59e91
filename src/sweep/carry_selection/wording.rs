//! The sentences about what a choice lost, with names in backticks as in every message.

use super::{CarryLoss, LossCause, MAX_RANGES};
use crate::sweep::diagnostic::format_count;
use crate::sweep::shell_quote;
use std::fmt;

/// How many causes one sentence names.
pub(super) const MAX_CAUSES: usize = 3;

impl fmt::Display for CarryLoss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CarryLoss { chosen, lost, .. } = self;
        let left = chosen - lost;
        if *lost > 0 {
            let (all, those) = (format_count(*chosen), format_count(*lost));
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
            let before = format_count(left);
            let whose = match lost {
                0 => ["Your ", &before, " chosen trials"].concat(),
                _ => [" The other ", &before].concat(),
            };
            write!(f, "{whose} are now {}", format_count(merged))?;
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

impl CarryLoss {
    fn write_causes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, cause) in self.causes.iter().take(MAX_CAUSES).enumerate() {
            f.write_str(if number == 0 { ": " } else { "; " })?;
            write!(f, "{cause}")?;
        }
        if self.causes.len() > MAX_CAUSES {
            f.write_str("; and more")?;
        }
        f.write_str(".")
    }
}

impl fmt::Display for LossCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LossCause::Values {
                axis,
                examples,
                more,
            } => {
                let values: Vec<_> = examples
                    .iter()
                    .map(|text| shell_quote::quote_readably(text))
                    .collect();
                let (more, verb) = match (more, values.len()) {
                    (true, _) => (" and others", "are"),
                    (false, 1) => ("", "is"),
                    (false, _) => ("", "are"),
                };
                write!(f, "`{axis}` {}{more} {verb} gone", values.join(", "))
            }
            LossCause::DrawnAnew { axis } => write!(f, "`{axis}` was drawn anew"),
            LossCause::NotProposed => f.write_str("the random search proposes others"),
            LossCause::Command(number) => write!(f, "command {number} is gone"),
            LossCause::NothingInCommon => {
                f.write_str("the arguments that told them apart are no longer swept")
            }
            LossCause::TooManyRanges => write!(
                f,
                "in the new order they would be more than {} ranges",
                format_count(MAX_RANGES as u128)
            ),
        }
    }
}
