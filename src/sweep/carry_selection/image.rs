//! Maps a projection to trials of the new part: its image.

use super::MAX_RANGES;
use super::boxes::{cost_of_box, visit_boxes};
use super::digit_map::DigitMap;
use super::matching::{DigitSource, MatchedAxis, Matching};
use super::projection::Projection;
use crate::sweep::axis::Axis;
use crate::sweep::trial_set::Ranges;

impl Matching<'_> {
    /// For a new part that proposes all of its space: the chosen positions, how many old trials survive,
    /// and how many indices of the common space those are; `None` where that takes more ranges
    /// than are left. O(ranges of the result + ranges of the projection · axes).
    pub(super) fn map_to_positions(
        &self,
        projection: &Projection,
        range_budget: &mut usize,
    ) -> Option<(Ranges, u128, u128)> {
        let union = &projection.union;
        if projection.mapped == 0 {
            return Some((Ranges::empty(), 0, 0));
        }
        // Where the image is about as fragmented as the choice it is put together directly. Otherwise the
        // complement may take fewer ranges.
        let chosen = match self.count_ranges(union) {
            Some(direct) if direct <= 2 * union.ranges().len() => {
                *range_budget = range_budget.checked_sub(direct)?;
                self.image_of(union)?
            }
            direct => self.image_with_fewest_ranges(union, direct, range_budget)?,
        };
        let distinct = self.count_mapped(union)?;
        Some((chosen, projection.mapped, distinct))
    }

    /// The image of `of` by the cheaper of two ways: put together from `direct` ranges, or the image of the
    /// whole space less that of the rest, which is cheaper where all but a few trials are chosen.
    fn image_with_fewest_ranges(
        &self,
        of: &Ranges,
        direct: Option<usize>,
        left: &mut usize,
    ) -> Option<Ranges> {
        let whole = Ranges::full(self.common_lens().iter().product());
        let rest = whole.difference(of);
        let around = self
            .count_ranges(&rest)
            .zip(self.count_ranges(&whole))
            .map(|(rest, whole)| rest.saturating_add(whole));
        match (direct, around) {
            (Some(direct), around) if around.is_none_or(|around| direct <= around) => {
                *left = left.checked_sub(direct)?;
                self.image_of(of)
            }
            (_, around) => {
                *left = left.checked_sub(around?)?;
                Some(self.image_of(&whole)?.difference(&self.image_of(&rest)?))
            }
        }
    }

    fn common_lens(&self) -> Vec<u128> {
        let axes = self.matched.iter().filter(|matched| !matched.is_fixed);
        axes.map(|matched| matched.len).collect()
    }

    /// How many indices of the common space have all their values in the new part.
    fn count_mapped(&self, of: &Ranges) -> Option<u128> {
        let lens = self.common_lens();
        let (mut digits, mut count) = (Vec::new(), 0);
        for range in of.ranges() {
            visit_boxes(&lens, *range, &mut digits, &mut |digits| {
                let axes = self.matched.iter().filter(|matched| !matched.is_fixed);
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
        let (mut digits, mut work) = (Vec::new(), MAX_RANGES);
        for range in of.ranges() {
            visit_boxes(&lens, *range, &mut digits, &mut |digits| {
                work = work.checked_sub(cost_of_box(sets.len()))?;
                for ((source, axis), set) in self.sources.iter().zip(self.new.axes()).zip(&mut sets)
                {
                    set.clear();
                    match source {
                        DigitSource::Free => set.push((0, axis.len() - 1)),
                        DigitSource::Digit(digit) => set.extend(digit.map(|digit| (digit, digit))),
                        DigitSource::Matched(number) => {
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

    /// How many ranges the image of `of` is put together from, counted without making them; `None` beyond
    /// [`MAX_RANGES`].
    fn count_ranges(&self, of: &Ranges) -> Option<usize> {
        let mut count = 0_usize;
        self.visit_products(of, &mut |sets| {
            let (mut runs, mut whole) = (1_u128, true);
            for (set, axis) in sets.iter().zip(self.new.axes()) {
                let factor = if whole {
                    set.len() as u128
                } else {
                    count_digits(set)
                };
                runs = runs.saturating_mul(factor);
                whole &= is_whole(set, axis);
            }
            count = count.checked_add(usize::try_from(runs).ok()?)?;
            (count <= MAX_RANGES).then_some(())
        })?;
        Some(count)
    }

    /// The indices of the new space that have the values of an index in `of`.
    fn image_of(&self, of: &Ranges) -> Option<Ranges> {
        let mut pieces = Vec::new();
        self.visit_products(of, &mut |sets| {
            let mut runs = vec![(0_u128, 0_u128)];
            // Axis by axis, the fastest first. While all faster axes are whole the runs are the axis's own
            // ranges, scaled; from the first gap on, every digit of a slower axis repeats the runs.
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

    /// The same as [`Matching::map_to_positions`] for a new part of which random search proposes some trials: looks each
    /// of them up in the projection. O(proposed · axes).
    pub(super) fn scan_proposed(
        &self,
        proposed: &[u128],
        projection: &Projection,
    ) -> (Ranges, u128, u128) {
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
                DigitSource::Free => {}
                DigitSource::Digit(only) => {
                    only.filter(|only| *only == digit)?;
                }
                DigitSource::Matched(number) => {
                    let before = backwards.get(*number)?.get(digit)?;
                    common += self.matched.get(*number)?.stride * before;
                }
            }
        }
        Some(common)
    }
}

impl MatchedAxis {
    /// Appends the counterparts of a range of digits, as [`DigitMap::append_counterparts`] does; those of all digits
    /// are worked out only once, since most boxes have most axes whole.
    fn append_image(
        &self,
        range: (u128, u128),
        work: &mut usize,
        out: &mut Vec<(u128, u128)>,
    ) -> Option<()> {
        if range != (0, self.len - 1) {
            return self.map.append_counterparts(range, work, out);
        }
        let whole = self.image.get_or_init(|| {
            let mut whole = Vec::new();
            let mut work = MAX_RANGES;
            self.map.append_counterparts(range, &mut work, &mut whole)?;
            Some(whole)
        });
        out.extend(whole.as_ref()?);
        Some(())
    }
}

fn count_digits(set: &[(u128, u128)]) -> u128 {
    set.iter().map(|(first, last)| last - first + 1).sum()
}

fn is_whole(set: &[(u128, u128)], axis: &Axis) -> bool {
    matches!(set, [(0, last)] if last + 1 == axis.len())
}
