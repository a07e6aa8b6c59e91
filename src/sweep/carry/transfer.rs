//! Chosen trials of one part as trials of another.

use super::Cause;
use super::matching::Matching;
use crate::sweep::part::Part;
use crate::sweep::ranges::Ranges;

/// What became of the chosen trials of one part.
#[derive(Default)]
pub(super) struct Transferred {
    /// Positions in the new part.
    pub(super) chosen: Ranges,
    /// Chosen trials that have a counterpart.
    pub(super) surviving: u128,
    /// How many combinations of the values that both parts have those are.
    pub(super) distinct: u128,
    pub(super) causes: Vec<Cause>,
    /// The axes of several values that the new part has no more.
    pub(super) dropped: Vec<String>,
}

/// `chosen` holds positions of `old`; `None` where it takes more than `left` ranges, which is what
/// is left of them after that.
pub(super) fn transfer(
    old: &Part,
    new: &Part,
    chosen: &Ranges,
    left: &mut usize,
) -> Option<Transferred> {
    if old.axes() == new.axes() && old.drawn_indices() == new.drawn_indices() {
        let count = chosen.len();
        return Some(Transferred {
            chosen: chosen.clone(),
            surviving: count,
            distinct: count,
            ..Transferred::default()
        });
    }
    let mut matching = Matching::new(old, new);
    if matching.has_nothing_in_common(chosen) {
        return Some(Transferred {
            causes: vec![Cause::NothingInCommon],
            ..Transferred::default()
        });
    }
    let projection = matching.project(chosen, left)?;
    let (chosen, surviving, distinct) = match new.drawn_indices() {
        Some(proposed) => matching.scan(proposed, &projection),
        None => matching.map(&projection, left)?,
    };
    let mut causes = matching.causes();
    if surviving < projection.mapped {
        causes.push(Cause::NotProposed);
    }
    Some(Transferred {
        chosen,
        surviving,
        distinct,
        causes,
        dropped: matching.dropped_axes(),
    })
}
