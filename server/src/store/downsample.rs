//! Thinning a long series so that its shape stays.

use sweep_planner::api::MetricPoint;

/// What each stretch keeps at most: its smallest value, its largest, its first NaN.
const POINTS_PER_BUCKET: u64 = 3;

/// Takes the points of a series in order and keeps some: all if they fit, else the first, the
/// last and, of each of equal stretches between, the smallest, the largest and the first NaN. So
/// no peak and no odd value is lost from sight. O(1) for a point.
pub(super) struct Downsampler {
    total: u64,
    /// 0: all fit.
    buckets: u64,
    seen: u64,
    kept: Vec<MetricPoint>,
    bucket: Bucket,
}

#[derive(Default)]
struct Bucket {
    number: u64,
    lowest: Option<(u64, MetricPoint)>,
    highest: Option<(u64, MetricPoint)>,
    nan: Option<(u64, MetricPoint)>,
}

impl Downsampler {
    /// For a series of `total` points, of which at most `most` are kept (at least 5 may be).
    pub(super) fn new(total: u64, most: u64) -> Self {
        let buckets = if total <= most {
            0
        } else {
            (most.saturating_sub(2) / POINTS_PER_BUCKET).max(1)
        };
        Self {
            total,
            buckets,
            seen: 0,
            kept: Vec::new(),
            bucket: Bucket::default(),
        }
    }

    pub(super) fn add(&mut self, point: MetricPoint) {
        let place = self.seen;
        self.seen += 1;
        if self.buckets == 0 {
            return self.kept.push(point);
        }
        if place == 0 || place + 1 == self.total {
            self.bucket.flush_into(&mut self.kept);
            return self.kept.push(point);
        }
        let share = u128::from(place) * u128::from(self.buckets) / u128::from(self.total);
        let number = u64::try_from(share).unwrap_or(u64::MAX);
        if number != self.bucket.number {
            self.bucket.flush_into(&mut self.kept);
            self.bucket.number = number;
        }
        self.bucket.add(place, point);
    }

    pub(super) fn finish(mut self) -> Vec<MetricPoint> {
        self.bucket.flush_into(&mut self.kept);
        self.kept
    }
}

impl Bucket {
    fn add(&mut self, place: u64, point: MetricPoint) {
        let value = point.value.0;
        let here = Some((place, point));
        if value.is_nan() {
            self.nan = self.nan.or(here);
            return;
        }
        if self.lowest.is_none_or(|(_, lowest)| value < lowest.value.0) {
            self.lowest = here;
        }
        if self
            .highest
            .is_none_or(|(_, highest)| value > highest.value.0)
        {
            self.highest = here;
        }
    }

    fn flush_into(&mut self, kept: &mut Vec<MetricPoint>) {
        let Self {
            lowest,
            highest,
            nan,
            ..
        } = std::mem::take(self);
        let mut found: Vec<_> = [lowest, highest, nan].into_iter().flatten().collect();
        found.sort_by_key(|(place, _)| *place);
        found.dedup_by_key(|(place, _)| *place);
        kept.extend(found.into_iter().map(|(_, point)| point));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sweep_planner::api::MetricValue;

    fn thin(values: &[f64], most: u64) -> Vec<(f64, f64)> {
        let mut thinner = Downsampler::new(values.len() as u64, most);
        for (step, value) in values.iter().enumerate() {
            thinner.add(MetricPoint {
                step: Some(step as f64),
                value: MetricValue(*value),
            });
        }
        let kept = thinner.finish();
        kept.iter()
            .map(|one| (one.step.unwrap(), one.value.0))
            .collect()
    }

    #[test]
    fn what_fits_is_kept_whole() {
        let kept = thin(&[1.0, f64::NAN, 3.0], 3);
        assert_eq!(kept.len(), 3);
        assert!(thin(&[], 3).is_empty());
    }

    #[test]
    fn peaks_ends_and_odd_values_stay() {
        let mut values: Vec<f64> = (0..100_000).map(|n| f64::from(n % 7)).collect();
        values[77_777] = 1e9;
        values[33_333] = -1e9;
        values[50_000] = f64::NAN;
        values[50_001] = f64::INFINITY;
        values[50_002] = f64::NEG_INFINITY;
        let kept = thin(&values, 1000);
        assert!(kept.len() <= 1000 && kept.len() > 600, "{}", kept.len());
        for place in [0, 33_333, 50_001, 50_002, 77_777, 99_999] {
            assert!(kept.contains(&(place as f64, values[place])), "{place}");
        }
        assert!(
            kept.iter()
                .any(|(step, value)| *step == 50_000.0 && value.is_nan())
        );
        assert!(kept.is_sorted_by(|a, b| a.0 < b.0), "in order, none twice");
    }

    #[test]
    fn the_bound_holds_for_every_length() {
        for total in 0..200 {
            let values: Vec<f64> = (0..total).map(f64::from).collect();
            for most in 5..60 {
                assert!(thin(&values, most).len() as u64 <= most, "{total} {most}");
            }
        }
    }
}
