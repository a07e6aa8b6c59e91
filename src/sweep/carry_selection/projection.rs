//! Projects chosen trials onto the axes that the other part has as well: the common space.

use super::boxes::{cost_of_box, visit_boxes};
use super::matching::{MatchedAxis, Matching, Role};
use crate::sweep::axis::Axis;
use crate::sweep::trial_set::Ranges;

/// The chosen trials in the common space: some may fall on one index, where an axis is gone.
pub(super) struct Projection {
    /// Ranges of indices, first and last, each with the number of chosen trials that fall on every index
    /// of it. Ranges may overlap.
    pub(super) pieces: Vec<(u128, u128, u128)>,
    /// The union of the ranges.
    pub(super) union: Ranges,
    /// How many chosen trials have all their values in the new part.
    pub(super) mapped: u128,
}

impl Matching<'_> {
    /// Projects the chosen trials; `None` where that takes more ranges than are left. O(ranges · axes).
    pub(super) fn project(&mut self, chosen: &Ranges, left: &mut usize) -> Option<Projection> {
        let (mut pieces, mut mapped) = (Vec::new(), 0);
        let lens: Vec<u128> = self.old.axes().iter().map(Axis::len).collect();
        let mut digits = Vec::new();
        let old = self.old;
        let mut visit = |digits: &[(u128, u128)]| {
            *left = left.checked_sub(cost_of_box(lens.len()))?;
            if let Some((piece, count)) = self.project_box(digits) {
                pieces.push(piece);
                mapped += count;
            }
            Some(())
        };
        match old.drawn_indices() {
            None => {
                for range in chosen.ranges() {
                    visit_boxes(&lens, *range, &mut digits, &mut visit)?;
                }
            }
            Some(_) => {
                for position in chosen.iter() {
                    let Some(index) = old.index_at(position) else {
                        break;
                    };
                    digits.clear();
                    digits.extend(old.digits(index).map(|digit| (digit, digit)));
                    visit(&digits)?;
                }
            }
        }
        if !self.missing_fixed.is_empty() {
            (pieces, mapped) = (Vec::new(), 0);
        }
        let union = pieces.iter().map(|(first, last, _)| (*first, *last));
        Some(Projection {
            union: union.collect(),
            pieces,
            mapped,
        })
    }

    /// Projects a box of the old space: to a range of the common space with the number of its trials for
    /// each index, and the number of its trials whose values are all in the new part. `None` where an
    /// axis that the new part has at one value stands at other values in all of the box.
    fn project_box(&mut self, digits: &[(u128, u128)]) -> Option<((u128, u128, u128), u128)> {
        let (mut first, mut last, mut weight, mut mapped) = (0, 0, 1, 1);
        for (role, (low, high)) in self.roles.iter().zip(digits) {
            // Trials that differ in a dropped axis alone fall on one index.
            let Role::Matched(number) = role else {
                weight *= high - low + 1;
                continue;
            };
            let Some(matched) = self.matched.get_mut(*number) else {
                continue;
            };
            let count = matched.map.count_between(*low, *high);
            mapped *= count;
            if count < high - low + 1 {
                matched.note_missing(*low, *high);
            }
            if !matched.is_fixed {
                first += matched.stride * low;
                last += matched.stride * high;
            }
        }
        let stands_elsewhere = |matched: &MatchedAxis| {
            let (low, high) = digits.get(matched.axis).copied().unwrap_or_default();
            matched.is_fixed && matched.map.count_between(low, high) == 0
        };
        if self.matched.iter().any(stands_elsewhere) {
            return None;
        }
        Some(((first, last, weight), mapped * weight))
    }
}
