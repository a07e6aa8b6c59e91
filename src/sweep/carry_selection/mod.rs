//! Carries a choice of trials over to another plan: finds what is chosen there, and what is lost.
//!
//! A trial of the new plan is chosen where some chosen trial of the old one has the same value of
//! every argument that both have and at least one of them sweeps (an argument that is not swept is
//! an axis of one value). So with a new axis a chosen trial becomes one for each of its values, and
//! chosen trials that differ only in an axis that is gone become one. Values are compared by the text
//! that the script is passed, equal ones in order of occurrence; values drawn with another seed are
//! other values.
//!
//! ```
//! use sweep_planner::internals::sweep::{Ranges, Settings, carry, read};
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
//! The work is done on ranges, in three steps: `pairing.rs` finds each part's counterpart;
//! `projection.rs` maps the chosen trials, box by box of the old space, to the *common space* of the axes
//! that both parts sweep; `image.rs` maps that to the new part's trials. No trial is listed but those
//! that random search proposes, whatever the size. A choice that takes more than [`MAX_RANGES`] ranges
//! on the way is lost as a whole.

// Which command, argument and value is which.
mod digit_map;
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
use super::trial_set::Ranges;
use transfer::{Transferred, transfer};

/// The most ranges that one choice may take on the way, which bounds time and memory.
pub(crate) const MAX_RANGES: usize = 1_000_000;

/// A choice, carried to another plan than the one it was made on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Carried {
    /// The chosen positions of the new plan.
    pub chosen: Ranges,
    /// What was lost; `None` where every chosen trial has a counterpart and no two share one.
    pub lost: Option<CarryLoss>,
}

/// What a choice lost. `Display` gives a sentence or two for the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CarryLoss {
    /// How many trials were chosen.
    pub chosen: u128,
    /// How many of them the new plan does not have.
    pub lost: u128,
    /// How many different combinations the others are there, where several became one.
    pub merged: Option<u128>,
    /// Why some are lost: the first few reasons, at most one more than the sentence names.
    pub causes: Vec<LossCause>,
    /// The axes that are no longer swept, so that trials became one.
    pub dropped: Vec<String>,
}

/// Why chosen trials are lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LossCause {
    /// Values that an axis no longer has.
    Values {
        /// The argument's name.
        axis: String,
        /// The first few of them, as the script was passed them.
        examples: Vec<String>,
        /// Whether there are more than the examples.
        more: bool,
    },
    /// The values of an axis come from another seed or call.
    DrawnAnew {
        /// The argument's name.
        axis: String,
    },
    /// Random search proposes other trials.
    NotProposed,
    /// A whole command is gone: its number in the old text, from 1.
    Command(u64),
    /// No axis is left that tells the chosen trials from the others.
    NothingInCommon,
    /// The choice takes more than [`MAX_RANGES`] ranges.
    TooManyRanges,
}

/// Carries `chosen`, positions in the plan `before`, over to the plan `now`.
///
/// O(text + listed values + ranges · axes), at most [`MAX_RANGES`] of them. Where either plan is
/// empty (its text cannot be read) nothing is chosen and nothing reported as lost.
pub fn carry(before: &Plan, chosen: &Ranges, now: &Plan) -> Carried {
    let chosen = chosen.clip(before.len());
    if chosen.is_empty() || now.is_empty() {
        return Carried::default();
    }
    let count = chosen.len();
    carry_parts(before, &chosen, now).unwrap_or_else(|| Carried {
        chosen: Ranges::empty(),
        lost: Some(CarryLoss {
            chosen: count,
            lost: count,
            merged: None,
            causes: vec![LossCause::TooManyRanges],
            dropped: Vec::new(),
        }),
    })
}

fn carry_parts(before: &Plan, chosen: &Ranges, now: &Plan) -> Option<Carried> {
    let (mut pieces, mut left) = (Vec::new(), MAX_RANGES);
    let (mut surviving, mut distinct) = (0, 0);
    let (mut causes, mut dropped) = (Vec::new(), Vec::new());
    let parts = before.parts().iter().zip(pairing::pair_parts(before, now));
    for (number, (old, counterpart)) in (0..).zip(parts) {
        let start = before.part_start(number);
        let inside = chosen
            .between(start, start + (old.len() - 1))
            .shift_down(start);
        if inside.is_empty() {
            continue;
        }
        let new = counterpart.and_then(|at| Some((u32::try_from(at).ok()?, now.parts().get(at)?)));
        let Some((at, new)) = new else {
            add_causes(&mut causes, [LossCause::Command(u64::from(number) + 1)]);
            continue;
        };
        let Transferred {
            chosen,
            surviving: here,
            distinct: different,
            causes: why,
            dropped: axes,
        } = transfer(old, new, &inside, &mut left)?;
        let start = now.part_start(at);
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
    let lost = CarryLoss {
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

/// Adds each cause once, up to one more than a sentence names: a list of all causes would be searched
/// again for each of thousands of commands.
fn add_causes(causes: &mut Vec<LossCause>, why: impl IntoIterator<Item = LossCause>) {
    for cause in why {
        if causes.len() <= wording::MAX_CAUSES && !causes.contains(&cause) {
            causes.push(cause);
        }
    }
}
