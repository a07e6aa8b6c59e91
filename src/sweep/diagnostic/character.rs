//! What is wrong with single characters, with all its wording.

use super::Severity;
use crate::sweep::span::Span;
use crate::sweep::unicode::hidden::{self, Class};
use crate::sweep::unicode::lookalike;
use std::fmt;

/// What is wrong with single characters, with the facts that message and fix need.
#[derive(Clone, Debug, PartialEq)]
pub enum CharacterProblem {
    /// One that nobody sees, or that was read in a wrong encoding.
    Hidden {
        /// The character, the first of several that belong together.
        character: char,
        /// Decides message and fix.
        class: Class,
        /// Whether it cannot be meant: in a name, in a number, between words.
        certain: bool,
    },
    /// Something between the `\` and the line's end, where the line was to go on.
    BehindBackslash {
        /// What stands first there; `#` for a comment.
        character: char,
    },
    /// A `\` behind which there is no more to go on with.
    LastBackslash,
    /// Another shell's mark for a line that goes on.
    ContinuationMark {
        /// `^` of cmd, a backtick of PowerShell.
        mark: char,
    },
    /// Characters that look like what the language reads.
    LookAlike {
        /// The first of them, which the message names.
        character: char,
        /// The ASCII character that the first one looks like.
        plain: char,
        /// Whether they cannot be meant.
        certain: bool,
        /// Each and what to write for it.
        edits: Vec<(Span, char)>,
    },
    /// `&quot;` and its like, copied from a page's source.
    Entity {
        /// With its `&` and `;`.
        entity: String,
        /// What a page shows for it.
        shown: char,
        /// Whether a shell would take the command apart there.
        certain: bool,
    },
    /// An argument of blanks alone.
    BlankArgument,
    /// What is no Python between the items of a sweep.
    InSweep {
        /// The first character of it.
        character: char,
        /// What it looks like; `None` where nobody sees it.
        plain: Option<char>,
        /// Whether the value is a sweep as it stands; else it becomes one by the edits.
        certain: bool,
        /// The whole value, its quotes included.
        value_place: Span,
        /// What to write instead; empty where the value does not stand in the text as it is.
        edits: Vec<(Span, String)>,
    },
    /// A control character in a value of a list.
    ControlInValue {
        /// The first of them, which the message names.
        character: char,
        /// Whether it comes of a Windows path's backslashes.
        path: bool,
    },
    /// A Windows path whose backslashes are no Python.
    PathEscape,
    /// A value of a list that nobody sees.
    BlankValue,
}

impl CharacterProblem {
    /// Whether it blocks the launch.
    pub(crate) fn severity(&self) -> Severity {
        let certain = match self {
            CharacterProblem::Hidden { class, certain, .. } => *certain || *class == Class::Nul,
            CharacterProblem::LookAlike { certain, .. }
            | CharacterProblem::Entity { certain, .. }
            | CharacterProblem::InSweep { certain, .. } => *certain,
            CharacterProblem::BehindBackslash { .. }
            | CharacterProblem::LastBackslash
            | CharacterProblem::PathEscape
            | CharacterProblem::ContinuationMark { .. } => true,
            CharacterProblem::ControlInValue { character, .. } => *character == '\0',
            CharacterProblem::BlankArgument | CharacterProblem::BlankValue => false,
        };
        if certain {
            Severity::Error
        } else {
            Severity::Warning
        }
    }

    /// Whether it is a slip wherever it stands, and not a character that a value may be about.
    pub(crate) fn is_never_meant(&self) -> bool {
        matches!(
            self,
            CharacterProblem::Hidden { .. }
                | CharacterProblem::LookAlike { .. }
                | CharacterProblem::Entity { .. }
                | CharacterProblem::InSweep { .. }
                | CharacterProblem::BlankArgument
        )
    }

    /// What would be right, where saying so helps.
    pub(crate) fn help(&self) -> Option<String> {
        Some(match self {
            CharacterProblem::Hidden {
                class: Class::Direction,
                ..
            } => "what is shown may not be what runs".into(),
            CharacterProblem::Hidden {
                class: Class::Lost, ..
            } => "write the character that stood here".into(),
            CharacterProblem::BehindBackslash { .. } | CharacterProblem::LastBackslash => {
                "a line goes on only where `\\` is its last character".into()
            }
            CharacterProblem::ContinuationMark { .. } => "write `\\` at the line's end".into(),
            CharacterProblem::ControlInValue { path: true, .. } | CharacterProblem::PathEscape => {
                "in quotes `\\n`, `\\t` and their like are single characters; `r'…'` keeps the \
                 backslashes"
                    .into()
            }
            CharacterProblem::BlankArgument => "write `\"\"` for an empty argument".into(),
            CharacterProblem::InSweep { certain: false, .. } => {
                "it is passed as typed, not swept".into()
            }
            _ => return None,
        })
    }
}

impl fmt::Display for CharacterProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CharacterProblem::Hidden {
                character,
                class,
                certain,
            } => hidden_message(f, &hidden::called(*character), *class, *certain),
            CharacterProblem::BehindBackslash { character: '#' } => {
                write!(
                    f,
                    "expected the line's end behind `\\`, found a comment: the line does not go on"
                )
            }
            CharacterProblem::BehindBackslash { character } => write!(
                f,
                "expected the line's end behind `\\`, found {}: the line does not go on",
                hidden::called(*character)
            ),
            CharacterProblem::LastBackslash => {
                write!(
                    f,
                    "this `\\` says that the line goes on, yet nothing of it follows"
                )
            }
            CharacterProblem::ContinuationMark { mark } => {
                let shell = if *mark == '^' { "cmd" } else { "PowerShell" };
                let code = u32::from(*mark);
                let name = if *mark == '^' { "`^`" } else { "a backtick" };
                write!(
                    f,
                    "expected `\\` where the line goes on, found {name} (U+{code:04X}) as in {shell}"
                )
            }
            CharacterProblem::LookAlike {
                character, plain, ..
            }
            | CharacterProblem::InSweep {
                character,
                plain: Some(plain),
                ..
            } if lookalike::ascii(*character).is_some() => {
                let code = u32::from(*character);
                write!(f, "expected `{plain}`, found `{character}` (U+{code:04X})")
            }
            CharacterProblem::LookAlike {
                character, plain, ..
            }
            | CharacterProblem::InSweep {
                character,
                plain: Some(plain),
                ..
            } => {
                let plain = if *plain == ' ' {
                    "a plain blank".into()
                } else {
                    format!("`{plain}`")
                };
                let found = match character {
                    '&' => "an HTML entity".into(),
                    '`' => "a backtick".into(),
                    character => hidden::called(*character),
                };
                write!(f, "expected {plain}, found {found}")
            }
            CharacterProblem::InSweep { character, .. } => write!(
                f,
                "found {}, which nobody sees, between the values",
                hidden::called(*character)
            ),
            CharacterProblem::Entity {
                entity, shown: ' ', ..
            } => {
                write!(f, "expected a blank, found its HTML spelling `{entity}`")
            }
            CharacterProblem::Entity { entity, shown, .. } => {
                write!(f, "expected `{shown}`, found its HTML spelling `{entity}`")
            }
            CharacterProblem::BlankArgument => write!(f, "this argument is nothing but blanks"),
            CharacterProblem::BlankValue => write!(f, "this value is nothing but blanks"),
            CharacterProblem::PathEscape => {
                write!(f, "Python refuses the backslashes of this Windows path")
            }
            CharacterProblem::ControlInValue {
                character: '\0', ..
            } => {
                write!(f, "no program can be passed {}", hidden::called('\0'))
            }
            CharacterProblem::ControlInValue { character, .. } => {
                write!(f, "this value contains {}", hidden::called(*character))
            }
        }
    }
}

fn hidden_message(
    f: &mut fmt::Formatter<'_>,
    called: &str,
    class: Class,
    certain: bool,
) -> fmt::Result {
    match class {
        Class::Blank if certain => write!(
            f,
            "expected a plain blank, found {called}, which a shell takes for a letter"
        ),
        Class::Blank => write!(f, "{called} looks like a blank; it is passed as it is"),
        Class::Nul => write!(f, "no program can be passed {called}"),
        Class::Lost => write!(f, "found {called}: what stood here was lost before"),
        Class::Mojibake => write!(
            f,
            "this was read in a wrong encoding: UTF-8 as Windows-1252"
        ),
        Class::Direction => {
            write!(
                f,
                "found {called}, which changes the order that text is shown in"
            )
        }
        Class::Unseen | Class::Control if certain => write!(f, "found {called}, which nobody sees"),
        Class::Unseen | Class::Control => {
            write!(
                f,
                "found {called}, which nobody sees; it is passed as it is"
            )
        }
    }
}
