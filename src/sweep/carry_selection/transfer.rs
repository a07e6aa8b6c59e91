//! Carries the chosen trials of one part over to its counterpart.

use super::LossCause;
use super::matching::Matching;
use crate::sweep::part::Part;
use crate::sweep::trial_set::Ranges;

/// What becomes of the chosen trials of one part.
#[derive(Default)]
pub(super) struct Transferred {
    /// Positions in the new part.
    pub(super) chosen: Ranges,
    /// How many chosen trials have a counterpart.
    pub(super) surviving: u128,
    /// How many different indices of the common space those fall on: fewer where an axis is gone.
    pub(super) distinct: u128,
    pub(super) causes: Vec<LossCause>,
    /// The axes of several values that the new part no longer has.
    pub(super) dropped: Vec<String>,
}

/// `chosen` holds positions of `old`. The last argument is how many ranges the choice may still take, from
/// which those used here are subtracted; `None` where there are not enough.
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
            causes: vec![LossCause::NothingInCommon],
            ..Transferred::default()
        });
    }
    let projection = matching.project(chosen, left)?;
    let (chosen, surviving, distinct) = match new.drawn_indices() {
        Some(proposed) => matching.scan_proposed(proposed, &projection),
        None => matching.map_to_positions(&projection, left)?,
    };
    let mut causes = matching.causes();
    if surviving < projection.mapped {
        causes.push(LossCause::NotProposed);
    }
    Some(Transferred {
        chosen,
        surviving,
        distinct,
        causes,
        dropped: matching.dropped_axes(),
    })
}
