//! Lints: what is no error in a text and yet may waste money, such as values that the script will refuse,
//! texts that only look like sweeps, and sweeps that are paid twice.
//!
//! Only a person's text is checked: a request carries what a person decided before.

use super::command::Command;
use super::diagnostic::{Diagnostic, Kind};
use super::part::Part;

mod eaten_quotes;
mod hydra;
mod lost_sweep;
mod option_like;
mod repeated_flag;

pub(super) use eaten_quotes::{ListEnds, explain_eaten_quotes};

/// Checks a command; `part` is what it stands for, where it could be read. `ends` are of the
/// text that the command stands in.
/// O(length + values that are listed).
pub(super) fn check_command(
    command: &Command,
    part: Option<&Part>,
    ends: &ListEnds,
    diagnostics: &mut Vec<Diagnostic>,
) {
    let mut report = |origin, span, lint| {
        diagnostics.push(Diagnostic::new(span, Kind::Lint(Box::new(lint))).with_origin(origin));
    };
    lost_sweep::check(command, &mut report);
    hydra::check(command, ends.text(), &mut report);
    if let Some(part) = part {
        option_like::check(part, ends.text(), &mut report);
        repeated_flag::check(part, &mut report);
        eaten_quotes::check(part, ends, &mut report);
    }
}
