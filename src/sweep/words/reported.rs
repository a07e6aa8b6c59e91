//! The limit on reports of one problem: only the first few are reported where one fix mends all of them.

use super::Lexer;
use crate::sweep::diagnostic::{CharacterProblem, Diagnostic, Kind, Preamble, ShellProblem};
use crate::sweep::span::Span;
use crate::sweep::unicode::Class;

/// Problems that one fix mends wherever they stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    Hidden(Class, bool),
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

impl Group {
    fn of(kind: &Kind) -> Option<Group> {
        Some(match kind {
            Kind::Character(CharacterProblem::Hidden { class, certain, .. }) => {
                Group::Hidden(*class, *certain)
            }
            Kind::Character(CharacterProblem::LookAlike { certain, .. }) => {
                Group::LookAlike(*certain)
            }
            Kind::Character(CharacterProblem::Entity { certain, .. }) => Group::Entity(*certain),
            Kind::Shell(ShellProblem::Preamble { preamble, .. }) => Group::Preamble(*preamble),
            Kind::Shell(ShellProblem::ShownLink { .. }) => Group::ShownLink,
            Kind::Character(
                CharacterProblem::BehindBackslash { .. }
                | CharacterProblem::ContinuationMark { .. },
            ) => Group::Continuation,
            Kind::Dash => Group::Dash,
            Kind::TypographicQuote { content: Some(_) } => Group::Quote,
            _ => return None,
        })
    }
}

impl Lexer<'_> {
    /// Reports from `start` to the cursor, unless enough of the group were reported.
    pub(super) fn report_counted(&mut self, start: u32, kind: Kind) {
        self.report_at(Span::new(start, self.cursor.offset()), kind);
    }

    pub(super) fn report_at(&mut self, span: Span, kind: Kind) {
        if let Some(group) = Group::of(&kind) {
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
