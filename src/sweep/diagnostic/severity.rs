//! Which problems block the launch, and which of two warnings at one place is kept.

use super::{Diagnostic, Kind, Severity};

impl Diagnostic {
    /// Whether it blocks the launch.
    pub fn severity(&self) -> Severity {
        match self.kind {
            Kind::Config(ref problem) => problem.severity(),
            Kind::Spelling(ref problem) => problem.severity(),
            Kind::Character(ref problem) => problem.severity(),
            Kind::Shell(ref problem) => problem.severity(),
            Kind::Lint(ref lint) => lint.severity(),
            Kind::UnquotedSweep { changed: false, .. }
            | Kind::AmbiguousMachine { .. }
            | Kind::RepeatedOption { .. }
            | Kind::RepeatedRunName { .. }
            | Kind::UnusedOption { .. }
            | Kind::NumTrialsOverSpace { .. }
            | Kind::ConfigNotRead
            | Kind::OverriddenByConfig { .. }
            | Kind::TooManyUnits {
                option: "--cpus",
                counts_gpus: true,
                ..
            }
            | Kind::NoGpu { .. }
            | Kind::ScriptTextRepeated { .. }
            | Kind::MissingComma { .. }
            | Kind::NoSize { .. }
            | Kind::Truncated { .. }
            | Kind::UnknownCall { .. }
            | Kind::RepeatedValues { .. }
            | Kind::LargePlan { .. }
            | Kind::MoreProblems { error: false, .. }
            | Kind::RepeatedTrials { .. } => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// Which of two warnings at one place is kept: the other one is reported once this one is fixed.
    pub(in crate::sweep) fn precedence(&self) -> Precedence {
        match &self.kind {
            // All errors have to be fixed, in whichever order.
            _ if self.severity() == Severity::Error => Precedence::Other,
            Kind::Character(problem) if problem.is_never_meant() => Precedence::NeverMeant,
            Kind::Lint(_) => Precedence::AllTrials,
            Kind::LargePlan { .. } | Kind::RepeatedTrials { .. } | Kind::RepeatedValues { .. } => {
                Precedence::SomeTrials
            }
            _ => Precedence::Other,
        }
    }
}

/// What a warning is kept for, where two are at one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::sweep) enum Precedence {
    /// One click fixes it for good, so that the other warning follows soon.
    NeverMeant,
    /// All trials of a launch may fail, compute the same or be none that were meant.
    AllTrials,
    /// Some trials are repeated, or there are more than were meant.
    SomeTrials,
    /// No cost is known.
    Other,
}
