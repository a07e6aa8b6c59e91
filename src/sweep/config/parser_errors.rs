//! Errors of the YAML parser as ours, of which a person can act on each.

use crate::sweep::diagnostic::config::YamlSyntaxError;
use granit_parser::ErrorKind;

/// The kind of a parser's error that a person can act on.
pub(super) fn to_syntax_error(kind: &ErrorKind) -> YamlSyntaxError {
    match kind {
        ErrorKind::UnclosedQuotedScalar | ErrorKind::DocumentIndicatorInQuotedScalar => {
            YamlSyntaxError::UnclosedQuote
        }
        ErrorKind::UnclosedFlowCollection { open } => YamlSyntaxError::UnclosedBracket(*open),
        ErrorKind::MismatchedFlowCollectionEnd { .. }
        | ErrorKind::MisplacedFlowCollectionEnd
        | ErrorKind::ExpectedFlowMappingSeparator
        | ErrorKind::ExpectedFlowSequenceSeparator => YamlSyntaxError::Flow,
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar
        | ErrorKind::TabAtBlockScalarStart => YamlSyntaxError::Tab,
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => {
            YamlSyntaxError::Colon
        }
        ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::ExpectedBlockSequenceEntry
        | ErrorKind::BlockSequenceEntryNotAllowed
        | ErrorKind::InvalidIndentation
        | ErrorKind::InvalidBlockScalarIndent
        | ErrorKind::InvalidQuotedScalarIndent
        | ErrorKind::SimpleKeyExpected
        | ErrorKind::InvalidSimpleKey => YamlSyntaxError::Indentation,
        ErrorKind::UnknownAnchor => YamlSyntaxError::UnknownAnchor,
        ErrorKind::UnexpectedCharacter { character } => YamlSyntaxError::Reserved(*character),
        ErrorKind::UnknownQuotedScalarEscape
        | ErrorKind::InvalidQuotedScalarHexEscape
        | ErrorKind::InvalidUnicodeEscape => YamlSyntaxError::Escape,
        ErrorKind::RecursionLimitExceeded => YamlSyntaxError::TooDeep,
        ErrorKind::CommentNotSeparated => YamlSyntaxError::Comment,
        _ => YamlSyntaxError::Other,
    }
}
