//! A choice of trials carried over to another plan: what of it is chosen there, and what was lost.
//!
//! A trial of the new plan is chosen where some chosen trial of the old one has the same value of
//! every argument that both have and at least one of them sweeps (an argument that is not swept is
//! an axis of one value). So a new axis takes all of each chosen trial's, and the trials that fall
//! together on the axes that are left are one. Values are compared by the text that the script is
//! passed, equal ones in order of occurrence: drawn anew, they are others.
//!
//! ```
//! use sweep_planner::sweep::{Ranges, Settings, carry, read};
//!
//! let plan = |text: &str| read(text, &Settings::default()).plan;
//! let before = plan(r#"grid run f.py --lr "[0.1, 0.2, 0.3]""#);
//! let chosen: Ranges = "1-2".parse().unwrap();
//!
//! let wider = carry(&before, &chosen, &plan(r#"grid run f.py --lr "[0.1, 0.2, 0.3]" --n "[1, 2]""#));
//! assert_eq!((wider.chosen.to_string().as_str(), wider.lost), ("1-2,4-5", None));
//!
//! let fewer = carry(&before, &chosen, &plan(r#"grid run f.py --lr "[0.1, 0.2]""#));
//! assert_eq!(fewer.chosen.to_string(), "1");
//! assert_eq!(fewer.lost.unwrap().to_string(), "1 of your 2 chosen trials is no longer in the plan: `--lr` 0.3 is gone.");
//! ```
//!
//! Worked out on ranges, box by box of the old space, whatever the size: nothing is listed but what
//! random search proposes. Where it takes more than [`MOST_RANGES`] ranges the choice is lost whole.

// Which command, argument and value is which.
mod digits;
mod matching;
mod pairing;

// Indices of one as indices of the other.
mod boxes;
mod image;
mod projection;
mod transfer;

// What was lost.
mod wording;

#[cfg(test)]
mod tests;

use super::plan::Plan;
use super::ranges::Ranges;
use transfer::{Transferred, transfer};

/// The most ranges that one choice may take on the way.
pub const MOST_RANGES: usize = 1_000_000;

/// A choice in another plan than the one it was made on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Carried {
    /// The chosen positions of the new plan.
    pub chosen: Ranges,
    /// What did not come along; none where all did.
    pub lost: Option<Lost>,
}

/// What a choice lost. Displays as a sentence or two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Trials that were chosen.
    pub chosen: u128,
    /// Those of them that the new plan does not have.
    pub lost: u128,
    /// How many different ones the others are there, where those are fewer.
    pub merged: Option<u128>,
    /// Why some are lost: the first few reasons.
    pub causes: Vec<Cause>,
    /// The axes without which trials fall together.
    pub dropped: Vec<String>,
}

/// Why chosen trials are lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Values that an axis has no more, some of them.
    Values {
        /// The argument's name.
        axis: String,
        /// What the script was passed.
        examples: Vec<String>,
        /// Whether there are more of them.
        more: bool,
    },
    /// The values of an axis come from another seed or call.
    DrawnAnew {
        /// The argument's name.
        axis: String,
    },
    /// Random search proposes others.
    NotProposed,
    /// A whole command is gone: its number, from 1.
    Command(u64),
    /// No axis is left that told the chosen trials from the others.
    NothingInCommon,
    /// More than [`MOST_RANGES`] ranges.
    TooManyRanges,
}

/// What of `chosen`, positions of the plan `before`, is chosen in the plan `now`.
///
/// O(text + listed values + ranges · axes), at most [`MOST_RANGES`] of them. A plan that is empty
/// (the text cannot be read) takes nothing and loses nothing.
pub fn carry(before: &Plan, chosen: &Ranges, now: &Plan) -> Carried {
    let chosen = chosen.clip(before.len());
    if chosen.is_empty() || now.is_empty() {
        return Carried::default();
    }
    let count = chosen.len();
    carry_parts(before, &chosen, now).unwrap_or_else(|| Carried {
        chosen: Ranges::empty(),
        lost: Some(Lost {
            chosen: count,
            lost: count,
            merged: None,
            causes: vec![Cause::TooManyRanges],
            dropped: Vec::new(),
        }),
    })
}

fn carry_parts(before: &Plan, chosen: &Ranges, now: &Plan) -> Option<Carried> {
    let (mut pieces, mut left) = (Vec::new(), MOST_RANGES);
    let (mut surviving, mut distinct) = (0, 0);
    let (mut causes, mut dropped) = (Vec::new(), Vec::new());
    let parts = before.parts().iter().zip(pairing::pair(before, now));
    for (number, (old, counterpart)) in (0..).zip(parts) {
        let start = before.start(number);
        let inside = chosen
            .between(start, start + (old.len() - 1))
            .shift_down(start);
        if inside.is_empty() {
            continue;
        }
        let new = counterpart.and_then(|at| Some((u32::try_from(at).ok()?, now.parts().get(at)?)));
        let Some((at, new)) = new else {
            add_causes(&mut causes, [Cause::Command(u64::from(number) + 1)]);
            continue;
        };
        let Transferred {
            chosen,
            surviving: here,
            distinct: different,
            causes: why,
            dropped: axes,
        } = transfer(old, new, &inside, &mut left)?;
        let start = now.start(at);
        let ranges = chosen.ranges().iter();
        pieces.extend(ranges.map(|(first, last)| (first + start, last + start)));
        (surviving, distinct) = (surviving + here, distinct + different);
        if here < inside.len() {
            add_causes(&mut causes, why);
        }
        if different < here {
            dropped.extend(
                axes.into_iter()
                    .filter(|axis| !dropped.contains(axis))
                    .collect::<Vec<_>>(),
            );
        }
    }
    let count = chosen.len();
    let lost = Lost {
        chosen: count,
        lost: count - surviving,
        merged: (distinct < surviving).then_some(distinct),
        causes,
        dropped,
    };
    Some(Carried {
        chosen: pieces.into_iter().collect(),
        lost: (surviving < count || lost.merged.is_some()).then_some(lost),
    })
}

/// Adds each once, up to one more than a sentence names: a list of them all would be searched for each
/// of thousands of commands.
fn add_causes(causes: &mut Vec<Cause>, why: impl IntoIterator<Item = Cause>) {
    for cause in why {
        if causes.len() <= wording::MOST_CAUSES && !causes.contains(&cause) {
            causes.push(cause);
        }
    }
}
