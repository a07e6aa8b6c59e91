//! The limit on reports of one problem: only the first few are reported where one fix mends all of them.

use super::Lexer;
use crate::sweep::diagnostic::{CharacterProblem, Diagnostic, Kind, Preamble, ShellProblem};
use crate::sweep::span::Span;
use crate::sweep::unicode::HiddenClass;

/// Problems that one fix mends wherever they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReportGroup {
    Hidden(HiddenClass, bool),
    LookAlike(bool),
    Entity(bool),
    Dash,
    Quote,
    Preamble(Preamble),
    ShownLink,
    Continuation,
}

/// How many of a group are reported.
pub(super) const MAX_REPORTED: u32 = 20;

impl ReportGroup {
    fn from_kind(kind: &Kind) -> Option<ReportGroup> {
        Some(match kind {
            Kind::Character(CharacterProblem::Hidden { class, certain, .. }) => {
                ReportGroup::Hidden(*class, *certain)
            }
            Kind::Character(CharacterProblem::LookAlike { certain, .. }) => {
                ReportGroup::LookAlike(*certain)
            }
            Kind::Character(CharacterProblem::Entity { certain, .. }) => {
                ReportGroup::Entity(*certain)
            }
            Kind::Shell(ShellProblem::Preamble { preamble, .. }) => {
                ReportGroup::Preamble(*preamble)
            }
            Kind::Shell(ShellProblem::ShownLink { .. }) => ReportGroup::ShownLink,
            Kind::Character(
                CharacterProblem::BehindBackslash { .. }
                | CharacterProblem::ContinuationMark { .. },
            ) => ReportGroup::Continuation,
            Kind::Dash => ReportGroup::Dash,
            Kind::TypographicQuote { content: Some(_) } => ReportGroup::Quote,
            _ => return None,
        })
    }
}

impl Lexer<'_> {
    /// Reports from `start` to the cursor, unless enough of the group were reported.
    pub(super) fn report_limited(&mut self, start: u32, kind: Kind) {
        self.report_limited_at(Span::new(start, self.cursor.offset()), kind);
    }

    pub(super) fn report_limited_at(&mut self, span: Span, kind: Kind) {
        if let Some(group) = ReportGroup::from_kind(&kind) {
            let reported = self.counts.iter_mut().find(|(other, _)| *other == group);
            match reported {
                Some((_, count)) if *count >= self.max_reported => return,
                Some((_, count)) => *count += 1,
                None => self.counts.push((group, 1)),
            }
        }
        self.diagnostics.push(Diagnostic::new(span, kind));
    }
}
