//! Chosen trials of one part as trials of another.

use super::boxes::visit_boxes;
use super::digits::{DigitMap, Side};
use super::{Cause, MOST_RANGES};
use crate::sweep::axis::Axis;
use crate::sweep::part::Part;
use crate::sweep::ranges::Ranges;
use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

/// How many values of an axis a [`Cause`] names.
const EXAMPLES: usize = 3;

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
    let mut transfer = Transfer::new(old, new);
    if transfer.has_nothing_in_common(chosen) {
        return Some(Transferred {
            causes: vec![Cause::NothingInCommon],
            ..Transferred::default()
        });
    }
    let projection = transfer.project(chosen, left)?;
    let (chosen, surviving, distinct) = match new.drawn_indices() {
        Some(proposed) => transfer.scan(proposed, &projection),
        None => transfer.map(&projection, left)?,
    };
    let mut causes = transfer.causes();
    if surviving < projection.mapped {
        causes.push(Cause::NotProposed);
    }
    Some(Transferred {
        chosen,
        surviving,
        distinct,
        causes,
        dropped: transfer.dropped_axes(),
    })
}

/// What an old axis is in the new part.
enum Role {
    /// The number of its [`Matched`].
    Matched(usize),
    Dropped,
}

/// An axis of the old part that the new one has, as an axis or at one value.
struct Matched {
    /// Its number in the old part.
    axis: usize,
    len: u128,
    map: DigitMap,
    /// Whether the new part has it at one value: it is then no axis of the common space.
    fixed: bool,
    /// Its number among the axes of the common space: those that both parts sweep, in the old order.
    common: usize,
    /// How many indices of the common space one digit takes.
    stride: u128,
    /// Digits of chosen trials that have no counterpart, some of them.
    missing: Vec<u128>,
    /// The counterparts of all digits as ranges; `None` where they are too many.
    image: OnceCell<Option<Vec<(u128, u128)>>>,
}

/// Where a new axis takes its digits from.
enum Source {
    /// The number of a [`Matched`].
    Matched(usize),
    /// The old part has the argument at this one value; `None` where the axis does not have it.
    Digit(Option<u128>),
    /// The old part does not have the argument.
    Free,
}

struct Transfer<'a> {
    old: &'a Part,
    roles: Vec<Role>,
    matched: Vec<Matched>,
    new: &'a Part,
    sources: Vec<Source>,
    /// Arguments that the old part has at one value which the new axis lacks.
    missing_fixed: Vec<(String, String)>,
}

/// The chosen trials in the common space.
struct Projection {
    /// Each range with the number of chosen trials that fall on each of its indices. Ranges may overlap.
    pieces: Vec<(u128, u128, u128)>,
    /// The union of the ranges.
    union: Ranges,
    /// Chosen trials whose values are all in the new part.
    mapped: u128,
}

impl<'a> Transfer<'a> {
    /// O(arguments + listed values).
    fn new(old: &'a Part, new: &'a Part) -> Transfer<'a> {
        let old_arguments: HashMap<&str, (Option<u32>, &str)> = old
            .valued_arguments()
            .map(|(name, axis, value)| (name, (axis, value)))
            .collect();
        let new_names: HashSet<&str> = new.valued_arguments().map(|(name, _, _)| name).collect();
        let renamed = renamed_axis(old, new, &old_arguments, &new_names);
        let mut transfer = Transfer {
            old,
            roles: old.axes().iter().map(|_| Role::Dropped).collect(),
            matched: Vec::new(),
            new,
            sources: new.axes().iter().map(|_| Source::Free).collect(),
            missing_fixed: Vec::new(),
        };
        for (name, axis, value) in new.valued_arguments() {
            let before = match axis {
                Some(axis) if renamed == Some(axis as usize) => Some((Some(axis), "")),
                _ => old_arguments.get(name).copied(),
            };
            transfer.join(name, before, (axis, value));
        }
        transfer.matched.sort_by_key(|matched| matched.axis);
        transfer.number();
        transfer
    }

    /// Takes in an argument of the new part, and what it was in the old one.
    fn join(
        &mut self,
        name: &str,
        before: Option<(Option<u32>, &str)>,
        (now, now_value): (Option<u32>, &str),
    ) {
        let Some((before, before_value)) = before else {
            return;
        };
        let new_axis = now.and_then(|axis| self.new.axes().get(axis as usize));
        let to = new_axis.map_or(Side::Fixed(now_value), |axis| Side::Axis(axis.values()));
        match before {
            Some(axis) => {
                let Some(old_axis) = self.old.axes().get(axis as usize) else {
                    return;
                };
                self.matched.push(Matched {
                    axis: axis as usize,
                    len: old_axis.len(),
                    map: DigitMap::between(Side::Axis(old_axis.values()), to),
                    fixed: now.is_none(),
                    common: 0,
                    stride: 0,
                    missing: Vec::new(),
                    image: OnceCell::new(),
                });
                if let Some(source) = now.and_then(|axis| self.sources.get_mut(axis as usize)) {
                    // The old axis for now: `number` puts the number of the match in its place.
                    *source = Source::Matched(axis as usize);
                }
            }
            None => {
                let digit = DigitMap::between(Side::Fixed(before_value), to).get(0);
                let Some(source) = now.and_then(|axis| self.sources.get_mut(axis as usize)) else {
                    return;
                };
                *source = Source::Digit(digit);
                if digit.is_none() {
                    self.missing_fixed
                        .push((name.to_owned(), before_value.to_owned()));
                }
            }
        }
    }

    /// Numbers the matches in the old order and lays out the common space.
    fn number(&mut self) {
        let (mut stride, mut common) = (1, 0);
        for (number, matched) in self.matched.iter_mut().enumerate() {
            if let Some(role) = self.roles.get_mut(matched.axis) {
                *role = Role::Matched(number);
            }
            if !matched.fixed {
                (matched.common, matched.stride) = (common, stride);
                common += 1;
                // A divisor of the old space.
                stride *= matched.len;
            }
        }
        for source in &mut self.sources {
            if let Source::Matched(axis) = source
                && let Some(Role::Matched(number)) = self.roles.get(*axis)
            {
                *source = Source::Matched(*number);
            }
        }
    }

    /// Whether some trials were chosen among several, and no axis is left that tells them apart,
    /// while the new part has several as well: whichever were chosen there would be a guess.
    fn has_nothing_in_common(&self, chosen: &Ranges) -> bool {
        let is_swept = |matched: &Matched| matched.len > 1;
        chosen.len() < self.old.len()
            && self.new.space_len() > 1
            && !self.matched.iter().any(is_swept)
    }

    /// The chosen trials on the axes that are left. O(ranges · axes).
    fn project(&mut self, chosen: &Ranges, left: &mut usize) -> Option<Projection> {
        let (mut pieces, mut mapped) = (Vec::new(), 0);
        let lens: Vec<u128> = self.old.axes().iter().map(Axis::len).collect();
        let mut digits = Vec::new();
        let old = self.old;
        let mut visit = |digits: &[(u128, u128)]| {
            *left = left.checked_sub(1)?;
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

    /// A box of the old space as a range of the common one, with the chosen trials for each index of
    /// it, and the number of its trials whose values are all in the new part. `None` where an axis
    /// that is now at one value stands at another in all of the box.
    fn project_box(&mut self, digits: &[(u128, u128)]) -> Option<((u128, u128, u128), u128)> {
        let (mut first, mut last, mut weight, mut mapped) = (0, 0, 1, 1);
        for (role, (low, high)) in self.roles.iter().zip(digits) {
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
            if !matched.fixed {
                first += matched.stride * low;
                last += matched.stride * high;
            }
        }
        let stands_elsewhere = |matched: &Matched| {
            let (low, high) = digits.get(matched.axis).copied().unwrap_or_default();
            matched.fixed && matched.map.count_between(low, high) == 0
        };
        if self.matched.iter().any(stands_elsewhere) {
            return None;
        }
        Some(((first, last, weight), mapped * weight))
    }

    /// The chosen positions where all of the new space is proposed, with the trials that survive and
    /// their combinations. O(ranges of the result + ranges of the projection · axes).
    fn map(&self, projection: &Projection, left: &mut usize) -> Option<(Ranges, u128, u128)> {
        let union = &projection.union;
        if projection.mapped == 0 {
            return Some((Ranges::empty(), 0, 0));
        }
        let direct = self.count_ranges(union);
        let lens = self.common_lens();
        let whole = Ranges::full(lens.iter().product());
        let rest = whole.difference(union);
        // All but a few: fewer ranges are taken away from all than would be put together.
        let around = self
            .count_ranges(&rest)
            .zip(self.count_ranges(&whole))
            .map(|(rest, whole)| rest.saturating_add(whole));
        let chosen = match (direct, around) {
            (Some(direct), around) if around.is_none_or(|around| direct <= around) => {
                *left = left.checked_sub(direct)?;
                self.image(union)?
            }
            (_, Some(around)) => {
                *left = left.checked_sub(around)?;
                self.image(&whole)?.difference(&self.image(&rest)?)
            }
            (_, None) => return None,
        };
        let distinct = self.count_mapped(union)?;
        Some((chosen, projection.mapped, distinct))
    }

    fn common_lens(&self) -> Vec<u128> {
        let axes = self.matched.iter().filter(|matched| !matched.fixed);
        axes.map(|matched| matched.len).collect()
    }

    /// How many indices of the common space have all their values in the new part.
    fn count_mapped(&self, of: &Ranges) -> Option<u128> {
        let lens = self.common_lens();
        let (mut digits, mut count) = (Vec::new(), 0);
        for range in of.ranges() {
            visit_boxes(&lens, *range, &mut digits, &mut |digits| {
                let axes = self.matched.iter().filter(|matched| !matched.fixed);
                let mapped = axes
                    .zip(digits)
                    .map(|(matched, (low, high))| matched.map.count_between(*low, *high));
                count += mapped.product::<u128>();
                Some(())
            })?;
        }
        Some(count)
    }

    /// Calls `visit` with the digits of each new axis, for each box of `of` in the common space.
    fn visit_products(
        &self,
        of: &Ranges,
        visit: &mut impl FnMut(&[Vec<(u128, u128)>]) -> Option<()>,
    ) -> Option<()> {
        let lens = self.common_lens();
        let mut sets: Vec<Vec<(u128, u128)>> = vec![Vec::new(); self.sources.len()];
        let (mut digits, mut work) = (Vec::new(), MOST_RANGES);
        for range in of.ranges() {
            visit_boxes(&lens, *range, &mut digits, &mut |digits| {
                for ((source, axis), set) in self.sources.iter().zip(self.new.axes()).zip(&mut sets)
                {
                    set.clear();
                    match source {
                        Source::Free => set.push((0, axis.len() - 1)),
                        Source::Digit(digit) => set.extend(digit.map(|digit| (digit, digit))),
                        Source::Matched(number) => {
                            let matched = self.matched.get(*number)?;
                            let range = *digits.get(matched.common)?;
                            matched.append_image(range, &mut work, set)?;
                        }
                    }
                }
                visit(&sets)
            })?;
        }
        Some(())
    }

    /// How many ranges the image of `of` is put together from; `None` beyond [`MOST_RANGES`].
    fn count_ranges(&self, of: &Ranges) -> Option<usize> {
        let mut count = 0_usize;
        self.visit_products(of, &mut |sets| {
            let (mut runs, mut whole) = (1_u128, true);
            for (set, axis) in sets.iter().zip(self.new.axes()) {
                let factor = if whole { set.len() as u128 } else { size(set) };
                runs = runs.saturating_mul(factor);
                whole &= is_whole(set, axis);
            }
            count = count.checked_add(usize::try_from(runs).ok()?)?;
            (count <= MOST_RANGES).then_some(())
        })?;
        Some(count)
    }

    /// The indices of the new space whose values those of `of` are.
    fn image(&self, of: &Ranges) -> Option<Ranges> {
        let mut pieces = Vec::new();
        self.visit_products(of, &mut |sets| {
            let mut runs = vec![(0_u128, 0_u128)];
            let (mut stride, mut whole) = (1_u128, true);
            for (set, axis) in sets.iter().zip(self.new.axes()) {
                runs = if whole {
                    let scaled = set
                        .iter()
                        .map(|(a, b)| (a * stride, b * stride + (stride - 1)));
                    scaled.collect()
                } else {
                    let digits = set.iter().flat_map(|(a, b)| *a..=*b);
                    let shifted = digits.flat_map(|digit| {
                        let runs = runs.iter();
                        runs.map(move |(a, b)| (a + digit * stride, b + digit * stride))
                    });
                    shifted.collect()
                };
                whole &= is_whole(set, axis);
                stride *= axis.len();
            }
            pieces.append(&mut runs);
            Some(())
        })?;
        Some(pieces.into_iter().collect())
    }

    /// The chosen positions where a random search proposes some trials, as [`Transfer::map`]. O(proposed · axes).
    fn scan(&self, proposed: &[u128], projection: &Projection) -> (Ranges, u128, u128) {
        let backwards: Vec<DigitMap> = self.matched.iter().map(|m| m.map.reversed()).collect();
        let (mut positions, mut hits) = (Vec::new(), Vec::new());
        for (position, index) in (0_u128..).zip(proposed) {
            let common = self.common_index(*index, &backwards);
            if let Some(common) = common.filter(|common| projection.union.contains(*common)) {
                positions.push(position);
                hits.push(common);
            }
        }
        hits.sort_unstable();
        hits.dedup();
        let hits_between = |first, last| {
            let begin = hits.partition_point(|hit| *hit < first);
            (hits.partition_point(|hit| *hit <= last) - begin) as u128
        };
        let pieces = projection.pieces.iter();
        let surviving = pieces.map(|(first, last, weight)| weight * hits_between(*first, *last));
        (
            Ranges::from_ascending(positions),
            surviving.sum(),
            hits.len() as u128,
        )
    }

    /// The index in the common space of a new trial; `None` where a value is not in the old part.
    fn common_index(&self, index: u128, backwards: &[DigitMap]) -> Option<u128> {
        let mut common = 0;
        for (source, digit) in self.sources.iter().zip(self.new.digits(index)) {
            match source {
                Source::Free => {}
                Source::Digit(only) => {
                    only.filter(|only| *only == digit)?;
                }
                Source::Matched(number) => {
                    let before = backwards.get(*number)?.get(digit)?;
                    common += self.matched.get(*number)?.stride * before;
                }
            }
        }
        Some(common)
    }

    fn causes(&self) -> Vec<Cause> {
        let fixed = self
            .missing_fixed
            .iter()
            .map(|(axis, value)| Cause::Values {
                axis: axis.clone(),
                examples: vec![value.clone()],
                more: false,
            });
        let missing = self.matched.iter().filter(|m| !m.missing.is_empty());
        let swept = missing.filter_map(|matched| {
            let axis = self.old.axes().get(matched.axis)?;
            let name = axis.name().to_owned();
            if axis.is_drawn() {
                return Some(Cause::DrawnAnew { axis: name });
            }
            let values = matched.missing.iter().take(EXAMPLES);
            let values = values.filter_map(|digit| axis.value(*digit));
            Some(Cause::Values {
                axis: name,
                examples: values.map(std::borrow::Cow::into_owned).collect(),
                more: matched.missing.len() > EXAMPLES,
            })
        });
        fixed.chain(swept).collect()
    }

    fn dropped_axes(&self) -> Vec<String> {
        let axes = self.old.axes().iter().zip(&self.roles);
        axes.filter(|(axis, role)| matches!(role, Role::Dropped) && axis.len() > 1)
            .map(|(axis, _)| axis.name().to_owned())
            .collect()
    }
}

impl Matched {
    /// Appends the counterparts of a range of digits, as [`DigitMap::image`] does.
    fn append_image(
        &self,
        range: (u128, u128),
        work: &mut usize,
        out: &mut Vec<(u128, u128)>,
    ) -> Option<()> {
        if range != (0, self.len - 1) {
            return self.map.image(range, work, out);
        }
        let whole = self.image.get_or_init(|| {
            let mut whole = Vec::new();
            let mut work = MOST_RANGES;
            self.map.image(range, &mut work, &mut whole)?;
            Some(whole)
        });
        out.extend(whole.as_ref()?);
        Some(())
    }

    /// Notes the digits of a box that have no counterpart, until there are examples enough.
    fn note_missing(&mut self, low: u128, high: u128) {
        let mut from = low;
        while self.missing.len() <= EXAMPLES
            && let Some(digit) = self.map.first_without(from, high)
        {
            if !self.missing.contains(&digit) {
                self.missing.push(digit);
            }
            from = digit + 1;
        }
    }
}

/// The number, in both parts, of the one axis that has another name: it stands at the same place with
/// the same values, and is the only one that is missing there and new here.
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

fn size(set: &[(u128, u128)]) -> u128 {
    set.iter().map(|(first, last)| last - first + 1).sum()
}

fn is_whole(set: &[(u128, u128)], axis: &Axis) -> bool {
    matches!(set, [(0, last)] if last + 1 == axis.len())
}
