//! The plan that is displayed while the text may have errors.

use std::sync::Arc;

use leptos::prelude::*;

use crate::sweep::diagnostic::Kind;
use crate::sweep::{Diagnostic, Plan, Reading, Severity};

/// The plan of the text, or, while the text has errors, of the last readable one: a half-typed word
/// must not empty the grid.
#[derive(Clone, Copy)]
pub(crate) struct InView {
    /// Empty while the Command box is.
    pub(crate) plan: Memo<Arc<Plan>>,
    /// Whether `plan` is an earlier text's: it cannot be launched, nor its selection changed.
    pub(crate) is_stale: Memo<bool>,
    /// Whether the text holds no command (nothing, blanks or comments), which is not shown as an error.
    pub(crate) is_blank: Memo<bool>,
}

impl InView {
    pub(super) fn new(reading: Memo<Reading>) -> InView {
        let is_blank = Memo::new(move |_| reading.with(is_blank));
        let last_readable = Memo::new(move |before: Option<&Arc<Plan>>| {
            reading.with(|reading| match before {
                Some(before) if reading.has_errors() => Arc::clone(before),
                _ => Arc::clone(&reading.plan),
            })
        });
        let plan = Memo::new(move |_| {
            let last = last_readable.get();
            if is_blank.get() { Arc::default() } else { last }
        });
        let is_stale = Memo::new(move |_| !is_blank.get() && reading.with(Reading::has_errors));
        InView {
            plan,
            is_stale,
            is_blank,
        }
    }
}

/// The problems to display: all but `NoCommand`, since an empty box is no mistake.
pub(crate) fn problems_to_show(reading: &Reading) -> impl Iterator<Item = &Diagnostic> {
    reading.all_diagnostics().filter(|d| !is_no_command(d))
}

fn is_no_command(problem: &Diagnostic) -> bool {
    problem.kind == Kind::NoCommand
}

fn is_blank(reading: &Reading) -> bool {
    let is_error = |problem: &&Diagnostic| problem.severity() == Severity::Error;
    let mut errors = reading.diagnostics.iter().filter(is_error).peekable();
    errors.peek().is_some() && errors.all(is_no_command)
}
