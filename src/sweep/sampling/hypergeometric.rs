//! Counts of good items in a sample: for samples of up to 10 one item after the other (NumPy's HYP),
//! above that HRUA, the ratio of uniforms (Stadlober, Journal of Computational and Applied
//! Mathematics 31, 1990).
//!
//! HYP takes up to one double per item, HRUA two per try.

use super::arguments::BoundArguments;
use super::distribution::int_distribution;
use super::draw_spec::DrawSpec;
use super::error::{BindError, BindErrorKind, Consequence, Rule};
use super::loggam::loggam;
use super::stream::{Stream, to_c_long};
use crate::sweep::math::log;

pub(super) fn hypergeometric(bound: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    let good = bound.read_i64(0)?;
    let bad = bound.read_i64(1)?;
    let sample = bound.read_i64(2)?;
    // NumPy's checks in NumPy's order, the sum wrapping as there: of several errors the same one is
    // reported.
    if good.wrapping_add(bad) < sample {
        let fault = BindErrorKind::Domain {
            rule: Rule::SampleFromPopulation,
            found: String::new(),
        };
        return Err(bound.error(2, fault));
    }
    for (index, count) in [good, bad].into_iter().enumerate() {
        if count < 0 {
            return Err(bound.rule_error(index, Rule::NotNegative(bound.name(index))));
        }
    }
    if sample < 1 {
        return Err(bound.rule_error(2, Rule::FromOne(bound.name(2))));
    }
    // Two more than the population must fit in 64 bits: HRUA's mode is computed with it, and where it
    // wraps NumPy never accepts a count.
    if sample > 10
        && good
            .checked_add(bad)
            .and_then(|all| all.checked_add(2))
            .is_none()
    {
        let index = usize::from(good < bad);
        let (parameter, found) = (bound.name(index), bound.found_text(index));
        let consequence = Consequence::Endless;
        return Err(bound.error(
            index,
            BindErrorKind::Degenerate {
                parameter,
                found,
                consequence,
            },
        ));
    }
    if sample <= 10 {
        return Ok(DrawSpec::sized(int_distribution(move |stream| {
            draw_one_by_one(stream, good, bad, sample)
        })));
    }
    // The same bound once more, for `RatioOfUniforms::new`: wrapped round, the mode makes the logarithm
    // of a factorial a loop of 10^18 steps.
    if good + bad > i64::MAX - 2 {
        return Err(bound.degenerate_error(1, Consequence::Overflow));
    }
    let ratio = RatioOfUniforms::new(good, bad, sample);
    let tries = bound.expected_tries(2, ratio.acceptance_rate())?;
    let law = int_distribution(move |stream| ratio.draw(stream));
    Ok(DrawSpec::sized(law).with_min_cost(tries))
}

/// Draws one item of the sample after the other: one double each, none once the rarer kind is used up.
fn draw_one_by_one(stream: &mut Stream, good: i64, bad: i64, sample: i64) -> i64 {
    // `y` counts what is left of the rarer kind, `rest + k` what is left of all. u + y/(rest + k) is 1
    // or more with the probability y/(rest + k), so its floor takes one item or none. NumPy writes it
    // so; comparing u with the quotient would decide some doubles otherwise.
    let rest = bad + good - sample;
    let rarer = good.min(bad) as f64;
    let mut y = rarer;
    let mut k = sample;
    while y > 0.0 {
        let u = stream.next_double();
        y -= (u + y / (rest + k) as f64).floor();
        k -= 1;
        if k == 0 {
            break;
        }
    }
    // Ending at y = 0 leaves the remaining doubles in the stream for what is drawn next.
    let count = to_c_long(rarer - y);
    if good > bad { sample - count } else { count }
}

/// HRUA's constants, with the names of the paper and of NumPy. It draws a sample of `m` items, the
/// smaller of the sample and of what it leaves, and counts the rarer kind in it.
struct RatioOfUniforms {
    good: i64,
    sample: i64,
    rarer: i64,
    commoner: i64,
    m: i64,
    d6: f64,
    d8: f64,
    d10: f64,
    d11: f64,
    swapped: bool,
    /// The standard deviation that sets the hat's width.
    d7: f64,
    /// The standard deviation of what is drawn, a sample of `m`.
    deviation: f64,
}

impl RatioOfUniforms {
    fn new(good: i64, bad: i64, sample: i64) -> RatioOfUniforms {
        const D1: f64 = 1.7155277699214135;
        const D2: f64 = 0.8989161620588988;
        let rarer = good.min(bad);
        let commoner = good.max(bad);
        let population = good + bad;
        let m = sample.min(population - sample);
        let d4 = rarer as f64 / population as f64;
        let d5 = 1.0 - d4;
        let d6 = m as f64 * d4 + 0.5;
        // NumPy's legacy generator takes the variance of the whole sample here, not of `m`, so that the
        // hat is wider than need be. Tries are rejected that a right hat would save; the stream counts
        // them.
        let deviation = |sample: i64| {
            let spread = (population - m) as f64 * sample as f64 * d4 * d5;
            (spread / (population - 1) as f64 + 0.5).sqrt()
        };
        let d7 = deviation(sample);
        // `d10` is minus the logarithm of the probability at the mode `d9`, which tries are measured
        // by; `d11` bounds the counts, by what there is and by 16 deviations above the mean.
        let mode = (m.wrapping_add(1)) as f64 * rarer.wrapping_add(1) as f64;
        let d9 = to_c_long((mode / population.wrapping_add(2) as f64).floor());
        let d11 = (m.min(rarer) as f64 + 1.0).min((d6 + 16.0 * d7).floor());
        let mut constants = RatioOfUniforms {
            good,
            sample,
            rarer,
            commoner,
            m,
            d6,
            d8: D1 * d7 + D2,
            d10: 0.0,
            d11,
            swapped: good > bad,
            d7,
            deviation: deviation(m),
        };
        constants.d10 = constants.log_factorials(d9);
        constants
    }

    /// The share of tries that is accepted, up to a small factor: how much wider the hat is than what
    /// is drawn.
    fn acceptance_rate(&self) -> f64 {
        self.deviation / self.d7
    }

    /// The sum of the logarithms of the factorials that depend on the count: minus the logarithm of its
    /// probability, up to a constant.
    fn log_factorials(&self, count: i64) -> f64 {
        let log_factorial = |k: i64| loggam(k.wrapping_add(1) as f64);
        log_factorial(count)
            + log_factorial(self.rarer.wrapping_sub(count))
            + log_factorial(self.m.wrapping_sub(count))
            + log_factorial((self.commoner - self.m).wrapping_add(count))
    }

    fn draw(&self, stream: &mut Stream) -> i64 {
        // Of `m` items drawn, so many are of the rarer kind. Where the good items are the commoner
        // kind, they are the rest of the `m`; where the `m` are those that the sample leaves out, the
        // sample has the other good items.
        let mut count = self.draw_rarer_count(stream);
        if self.swapped {
            count = self.m - count;
        }
        if self.m < self.sample {
            self.good - count
        } else {
            count
        }
    }

    fn draw_rarer_count(&self, stream: &mut Stream) -> i64 {
        // Two doubles for every try, also for one that is out of range at once. The tests after that go
        // from cheap to exact: a bound that accepts, a bound that rejects, and the logarithm itself.
        loop {
            let x = stream.next_double();
            let y = stream.next_double();
            let w = self.d6 + self.d8 * (y - 0.5) / x;
            if w < 0.0 || w >= self.d11 {
                continue;
            }
            let count = to_c_long(w.floor());
            let t = self.d10 - self.log_factorials(count);
            if x * (4.0 - x) - 3.0 <= t {
                return count;
            }
            if x * (x - t) >= 1.0 {
                continue;
            }
            if 2.0 * log(x) <= t {
                return count;
            }
        }
    }
}
