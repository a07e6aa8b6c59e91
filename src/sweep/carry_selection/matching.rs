//! Matches the arguments of one part with those of another, and lays out the space of the axes that
//! both sweep.

use super::LossCause;
use super::digit_map::{DigitMap, ValueSet};
use crate::sweep::part::Part;
use crate::sweep::trial_set::Ranges;
use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

/// How many values of an axis a [`LossCause`] names.
const MAX_EXAMPLES: usize = 3;

/// What becomes of an old axis in the new part.
pub(super) enum Role {
    /// The new part has the argument: the number of its [`MatchedAxis`].
    Matched(usize),
    /// The new part does not have the argument.
    Dropped,
}

/// An axis of the old part that the new one has, as an axis or at one value.
pub(super) struct MatchedAxis {
    /// Its number in the old part.
    pub(super) axis: usize,
    pub(super) len: u128,
    pub(super) map: DigitMap,
    /// Whether the new part does not sweep it but has it at one value: then it is no axis of the common
    /// space.
    pub(super) is_fixed: bool,
    /// Its number among the axes of the common space: those that both parts sweep, in the old order.
    pub(super) common: usize,
    /// How far apart neighbouring digits are in the common space's indices.
    pub(super) stride: u128,
    /// The first few digits of chosen trials that have no counterpart.
    pub(super) missing: Vec<u128>,
    /// The counterparts of all digits as ranges, worked out once; `None` where they are too many.
    pub(super) image: OnceCell<Option<Vec<(u128, u128)>>>,
}

/// Where a new axis takes its digits from.
pub(super) enum DigitSource {
    /// The number of a [`MatchedAxis`].
    Matched(usize),
    /// The old part has the argument at one value: its digit, `None` where the new axis lacks it.
    Digit(Option<u128>),
    /// The old part does not have the argument: all digits are chosen.
    Free,
}

pub(super) struct Matching<'a> {
    pub(super) old: &'a Part,
    pub(super) roles: Vec<Role>,
    pub(super) matched: Vec<MatchedAxis>,
    pub(super) new: &'a Part,
    pub(super) sources: Vec<DigitSource>,
    /// Arguments, with their values, that the old part has at one value which the new axis lacks.
    pub(super) missing_fixed: Vec<(String, String)>,
}

impl<'a> Matching<'a> {
    /// Matches arguments by name, and one renamed axis by its values. O(arguments + listed values).
    pub(super) fn new(old: &'a Part, new: &'a Part) -> Matching<'a> {
        let old_arguments: HashMap<&str, (Option<u32>, &str)> = old
            .valued_arguments()
            .map(|(name, axis, value)| (name, (axis, value)))
            .collect();
        let new_names: HashSet<&str> = new.valued_arguments().map(|(name, _, _)| name).collect();
        let renamed = renamed_axis(old, new, &old_arguments, &new_names);
        let mut matching = Matching {
            old,
            roles: old.axes().iter().map(|_| Role::Dropped).collect(),
            matched: Vec::new(),
            new,
            sources: new.axes().iter().map(|_| DigitSource::Free).collect(),
            missing_fixed: Vec::new(),
        };
        for (name, axis, value) in new.valued_arguments() {
            let before = match axis {
                Some(axis) if renamed == Some(axis as usize) => Some((Some(axis), "")),
                _ => old_arguments.get(name).copied(),
            };
            matching.match_argument(name, before, (axis, value));
        }
        matching.matched.sort_by_key(|matched| matched.axis);
        matching.lay_out_common_space();
        matching
    }

    /// Matches an argument of the new part with what it was in the old one. Not swept in both, it tells no
    /// trials apart and is left out.
    fn match_argument(
        &mut self,
        name: &str,
        before: Option<(Option<u32>, &str)>,
        (now, now_value): (Option<u32>, &str),
    ) {
        let Some((before, before_value)) = before else {
            return;
        };
        let new_axis = now.and_then(|axis| self.new.axes().get(axis as usize));
        let to = new_axis.map_or(ValueSet::Fixed(now_value), |axis| {
            ValueSet::Axis(axis.values())
        });
        match before {
            Some(axis) => {
                let Some(old_axis) = self.old.axes().get(axis as usize) else {
                    return;
                };
                self.matched.push(MatchedAxis {
                    axis: axis as usize,
                    len: old_axis.len(),
                    map: DigitMap::between(ValueSet::Axis(old_axis.values()), to),
                    is_fixed: now.is_none(),
                    common: 0,
                    stride: 0,
                    missing: Vec::new(),
                    image: OnceCell::new(),
                });
                if let Some(source) = now.and_then(|axis| self.sources.get_mut(axis as usize)) {
                    // The old axis's number for now; the match's own is known once all are sorted.
                    *source = DigitSource::Matched(axis as usize);
                }
            }
            None => {
                let digit = DigitMap::between(ValueSet::Fixed(before_value), to).get(0);
                let Some(source) = now.and_then(|axis| self.sources.get_mut(axis as usize)) else {
                    return;
                };
                *source = DigitSource::Digit(digit);
                if digit.is_none() {
                    self.missing_fixed
                        .push((name.to_owned(), before_value.to_owned()));
                }
            }
        }
    }

    /// Numbers the matches in the old order, and gives each axis of the common space its stride.
    fn lay_out_common_space(&mut self) {
        let (mut stride, mut common) = (1, 0);
        for (number, matched) in self.matched.iter_mut().enumerate() {
            if let Some(role) = self.roles.get_mut(matched.axis) {
                *role = Role::Matched(number);
            }
            if !matched.is_fixed {
                (matched.common, matched.stride) = (common, stride);
                common += 1;
                // Cannot overflow: it divides the size of the old space.
                stride *= matched.len;
            }
        }
        for source in &mut self.sources {
            if let DigitSource::Matched(axis) = source
                && let Some(Role::Matched(number)) = self.roles.get(*axis)
            {
                *source = DigitSource::Matched(*number);
            }
        }
    }

    /// Whether some of several trials are chosen, no axis is left that tells them apart, and the new part
    /// has several trials as well: any choice there would be a guess.
    pub(super) fn has_nothing_in_common(&self, chosen: &Ranges) -> bool {
        let is_swept = |matched: &MatchedAxis| matched.len > 1;
        chosen.len() < self.old.len()
            && self.new.space_len() > 1
            && !self.matched.iter().any(is_swept)
    }

    pub(super) fn causes(&self) -> Vec<LossCause> {
        let fixed = self
            .missing_fixed
            .iter()
            .map(|(axis, value)| LossCause::Values {
                axis: axis.clone(),
                examples: vec![value.clone()],
                more: false,
            });
        let missing = self.matched.iter().filter(|m| !m.missing.is_empty());
        let swept = missing.filter_map(|matched| {
            let axis = self.old.axes().get(matched.axis)?;
            let name = axis.name().to_owned();
            if axis.is_drawn() {
                return Some(LossCause::DrawnAnew { axis: name });
            }
            let values = matched.missing.iter().take(MAX_EXAMPLES);
            let values = values.filter_map(|digit| axis.value(*digit));
            Some(LossCause::Values {
                axis: name,
                examples: values.map(std::borrow::Cow::into_owned).collect(),
                more: matched.missing.len() > MAX_EXAMPLES,
            })
        });
        fixed.chain(swept).collect()
    }

    pub(super) fn dropped_axes(&self) -> Vec<String> {
        let axes = self.old.axes().iter().zip(&self.roles);
        axes.filter(|(axis, role)| matches!(role, Role::Dropped) && axis.len() > 1)
            .map(|(axis, _)| axis.name().to_owned())
            .collect()
    }
}

/// The number, the same in both parts, of an axis that has only got another name: it is the only one that
/// the new part lacks and the only one that the old part lacks, at the same place with the same values.
fn renamed_axis(
    old: &Part,
    new: &Part,
    old_arguments: &HashMap<&str, (Option<u32>, &str)>,
    new_names: &HashSet<&str>,
) -> Option<usize> {
    let mut missing = old.axes().iter().enumerate();
    let mut missing = missing
        .by_ref()
        .filter(|(_, axis)| !new_names.contains(axis.name()));
    let mut added = new.axes().iter().enumerate();
    let mut added = added
        .by_ref()
        .filter(|(_, axis)| !old_arguments.contains_key(axis.name()));
    let ((at, before), (now_at, now)) = (missing.next()?, added.next()?);
    let only = missing.next().is_none() && added.next().is_none();
    (only && at == now_at && before.values() == now.values()).then_some(at)
}

impl MatchedAxis {
    /// Notes the digits of a box that have no counterpart, until there are examples enough.
    pub(super) fn note_missing(&mut self, low: u128, high: u128) {
        let mut from = low;
        while self.missing.len() <= MAX_EXAMPLES
            && let Some(digit) = self.map.first_without(from, high)
        {
            if !self.missing.contains(&digit) {
                self.missing.push(digit);
            }
            from = digit + 1;
        }
    }
}
