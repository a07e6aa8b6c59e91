//! Errors of the YAML parser as ours, of which a person can act on each.

use crate::sweep::diagnostic::config::Syntax;
use granit_parser::ErrorKind;

/// The kind of a parser's error that a person can act on.
pub(super) fn describe(kind: &ErrorKind) -> Syntax {
    match kind {
        ErrorKind::UnclosedQuotedScalar | ErrorKind::DocumentIndicatorInQuotedScalar => {
            Syntax::UnclosedQuote
        }
        ErrorKind::UnclosedFlowCollection { open } => Syntax::UnclosedBracket(*open),
        ErrorKind::MismatchedFlowCollectionEnd { .. }
        | ErrorKind::MisplacedFlowCollectionEnd
        | ErrorKind::ExpectedFlowMappingSeparator
        | ErrorKind::ExpectedFlowSequenceSeparator => Syntax::Flow,
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar
        | ErrorKind::TabAtBlockScalarStart => Syntax::Tab,
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => Syntax::Colon,
        ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::ExpectedBlockSequenceEntry
        | ErrorKind::BlockSequenceEntryNotAllowed
        | ErrorKind::InvalidIndentation
        | ErrorKind::InvalidBlockScalarIndent
        | ErrorKind::InvalidQuotedScalarIndent
        | ErrorKind::SimpleKeyExpected
        | ErrorKind::InvalidSimpleKey => Syntax::Indentation,
        ErrorKind::UnknownAnchor => Syntax::UnknownAnchor,
        ErrorKind::UnexpectedCharacter { character } => Syntax::Reserved(*character),
        ErrorKind::UnknownQuotedScalarEscape
        | ErrorKind::InvalidQuotedScalarHexEscape
        | ErrorKind::InvalidUnicodeEscape => Syntax::Escape,
        ErrorKind::RecursionLimitExceeded => Syntax::TooDeep,
        ErrorKind::CommentNotSeparated => Syntax::Comment,
        _ => Syntax::Other,
    }
}
