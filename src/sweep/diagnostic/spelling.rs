//! What is wrong with an option's spelling or place, with its wording and fixes.

use super::{Fix, Severity, extend_over_blanks};
use crate::sweep::span::Span;
use std::fmt;

/// A problem with an option's spelling or place.
#[derive(Clone, Debug, PartialEq)]
pub enum Problem {
    /// An option before the script that `grid run` never had.
    Unknown {
        /// As typed.
        found: String,
        /// What may be meant, each as near as the others.
        candidates: Vec<String>,
        /// The option and what was taken for its value.
        place: Span,
        /// The end of the script, behind which it may belong.
        script_end: Option<u32>,
    },
    /// Another name of an option: a former one, or one with `-` for `_`.
    Renamed {
        /// As typed.
        found: String,
        /// Its name today.
        today: &'static str,
        /// What else is worth knowing of it, or "".
        note: &'static str,
    },
    /// An option that nothing stands for today.
    Gone {
        /// As typed.
        found: String,
        /// Why, and what serves instead.
        why: &'static str,
        /// Whether the same trials run on the same machines without it.
        is_removable: bool,
    },
    /// A flag with a boolean behind it.
    FlagValue {
        /// By its name today, with the dashes.
        option: &'static str,
        /// Whether the boolean is true.
        is_on: bool,
    },
    /// A flag with any other value behind `=`.
    UnexpectedValue {
        /// By its name today, with the dashes.
        option: &'static str,
    },
    /// `grid train`, the name of `grid run` until June 2021.
    Train,
    /// A former name behind the script, which earlier clients obeyed there.
    FormerBehindScript {
        /// As typed.
        found: String,
        /// Its name today.
        today: &'static str,
        /// The name as typed.
        name: Span,
        /// It and its value, where that could stand before the script too.
        movable: Option<Span>,
        /// Whether it stands before the script already.
        is_given: bool,
        /// Where it would stand then.
        options_at: u32,
    },
    /// An option of `grid run` behind the script.
    BehindScript {
        /// The long name, with its dashes.
        option: &'static str,
        /// It and its value, where that could stand before the script too.
        movable: Option<Span>,
        /// Where it would stand then.
        options_at: u32,
    },
}

impl Problem {
    /// Whether it blocks the launch.
    pub(crate) fn severity(&self) -> Severity {
        match self {
            Problem::Train | Problem::BehindScript { .. } | Problem::FormerBehindScript { .. } => {
                Severity::Warning
            }
            _ => Severity::Error,
        }
    }

    /// What would be right, where saying so helps.
    pub(crate) fn help(&self) -> Option<String> {
        Some(match self {
            Problem::Unknown { candidates, .. } => match candidates.as_slice() {
                [] => "the script's own arguments stand behind the script".into(),
                names => {
                    let quoted: Vec<String> = names.iter().map(|n| format!("`{n}`")).collect();
                    format!("did you mean {}?", quoted.join(" or "))
                }
            },
            Problem::Renamed { note: "", .. } => return None,
            Problem::Renamed { note, .. } => (*note).into(),
            Problem::Gone { why, .. } => (*why).into(),
            Problem::FlagValue { is_on: true, .. } => "write the option alone".into(),
            Problem::FlagValue { is_on: false, .. } => "leave the option out".into(),
            Problem::BehindScript { .. } | Problem::FormerBehindScript { .. } => {
                "to set it for the run, write it before the script".into()
            }
            Problem::UnexpectedValue { .. } | Problem::Train => return None,
        })
    }

    /// The edits that may be meant, the likeliest first, for the problem at `span` of `text`.
    pub(in crate::sweep) fn fixes(&self, span: Span, text: &str) -> Vec<Fix> {
        let fix = |label: String, edits| Fix { label, edits };
        let write = |name: &str| vec![fix(format!("Change to {name}"), vec![(span, name.into())])];
        let remove = || {
            fix(
                "Take it out".into(),
                vec![(extend_over_blanks(text, span), String::new())],
            )
        };
        match self {
            Problem::Unknown {
                candidates,
                place,
                script_end,
                ..
            } => {
                let mut fixes = match candidates.as_slice() {
                    [name] => write(name),
                    _ => Vec::new(),
                };
                fixes.extend(script_end.map(|end| {
                    let moved = format!(" {}", place.slice(text));
                    let edits = vec![
                        (extend_over_blanks(text, *place), String::new()),
                        (Span::at(end), moved),
                    ];
                    fix("Move it behind the script".into(), edits)
                }));
                fixes
            }
            Problem::Renamed { today, .. } => write(today),
            Problem::Gone {
                is_removable: true, ..
            }
            | Problem::FlagValue { is_on: false, .. } => {
                vec![remove()]
            }
            Problem::FlagValue { option, .. } => write(option),
            Problem::Train => write("run"),
            Problem::BehindScript {
                option,
                movable: Some(place),
                options_at,
            } => {
                if stands_behind_operator(place.slice(text).trim_start_matches(option)) {
                    return Vec::new();
                }
                let copy = (Span::at(*options_at), format!(" {}", place.slice(text)));
                let taken = (extend_over_blanks(text, *place), String::new());
                vec![
                    // What Grid's published client does with it.
                    fix("Set it for the run too".into(), vec![copy.clone()]),
                    fix("Move it before the script".into(), vec![copy, taken]),
                ]
            }
            Problem::FormerBehindScript {
                today,
                name,
                movable: Some(place),
                is_given,
                options_at,
                ..
            } => {
                if *is_given {
                    let edits = vec![(extend_over_blanks(text, *place), String::new())];
                    return vec![fix("Take it out".into(), edits)];
                }
                let value = Span::new(name.end, place.end.max(name.end)).slice(text);
                if stands_behind_operator(value) {
                    return Vec::new();
                }
                let written = (Span::at(*options_at), format!(" {today}{value}"));
                let taken = (extend_over_blanks(text, *place), String::new());
                vec![fix(
                    "Move it before the script".into(),
                    vec![written, taken],
                )]
            }
            Problem::Gone { .. }
            | Problem::UnexpectedValue { .. }
            | Problem::FormerBehindScript { .. }
            | Problem::BehindScript { .. } => Vec::new(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Unknown { found, .. } => write!(f, "`grid run` has no option `{found}`"),
            Problem::Renamed { found, today, .. } if is_respelled(found, today) => {
                write!(f, "the option `{found}` is written `{today}`")
            }
            Problem::Renamed { found, today, .. } => {
                write!(f, "the option `{found}` is called `{today}` today")
            }
            Problem::Gone { found, .. } => {
                write!(f, "`grid run` has no option `{found}` today")
            }
            Problem::FlagValue {
                option,
                is_on: true,
            }
            | Problem::UnexpectedValue { option } => {
                write!(f, "`{option}` takes no value")
            }
            Problem::FlagValue { option, .. } => {
                write!(
                    f,
                    "`{option}` takes no value, and is off where it does not stand"
                )
            }
            Problem::Train => write!(f, "`grid train` is called `grid run` today"),
            Problem::FormerBehindScript { found, today, .. } => write!(
                f,
                "behind the script `{found}` goes to the script; the option is called `{today}` today"
            ),
            Problem::BehindScript { option, .. } => write!(
                f,
                "behind the script `{option}` goes to the script, not to `grid run`"
            ),
        }
    }
}

/// Whether the value that follows an option's name stands behind a shell's operator: `&0` in `--cpus&0`.
/// The words before and behind an operator are read as if it were a blank, but cannot be moved together.
fn stands_behind_operator(behind_name: &str) -> bool {
    let gap = |c: char| c.is_whitespace() || c == '\\' || c == '=';
    behind_name
        .trim_start_matches(gap)
        .starts_with(['&', '|', ';', '<', '>', '(', ')'])
}

/// Whether the two differ in dashes and case alone.
fn is_respelled(found: &str, today: &str) -> bool {
    let plain = |name: &str| {
        name.trim_start_matches('-')
            .to_lowercase()
            .replace('-', "_")
    };
    plain(found) == plain(today)
}
