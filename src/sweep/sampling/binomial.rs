//! Binomial counts: inversion for up to 30 expected successes, BTPE (Kachitvichyanukul and Schmeiser,
//! Communications of the ACM 31, 1988) for more.
//!
//! Inversion takes one double per value, BTPE two per try; where one ends and the other begins, and
//! how sums are ordered, decides how the stream goes on, so all of it is NumPy's.

use super::arguments::BoundArguments;
use super::distribution::int_distribution;
use super::draw_spec::DrawSpec;
use super::error::{BindError, Rule};
use super::stream::{Stream, to_c_long};
use crate::sweep::math::{exp, log, log1p};

pub(super) fn binomial(bound: &mut BoundArguments<'_>) -> Result<DrawSpec, BindError> {
    let p = bound.read_probability(1)?;
    let n = bound.read_i64(0)?;
    if n < 0 {
        return Err(bound.rule_error(0, Rule::NotNegative(bound.name(0))));
    }
    // The rarer outcome is counted, and for p above 1/2 subtracted from n. `1.0 - p` rounds, so the
    // test is on p itself, as in NumPy.
    let rarer = if p <= 0.5 { p } else { 1.0 - p };
    let counted = move |count: i64| {
        if p <= 0.5 {
            count
        } else {
            // Wraps as C does: for an n near 2^63 BTPE's count may be out of range.
            n.wrapping_sub(count)
        }
    };
    if rarer * n as f64 <= 30.0 {
        let inversion = Inversion::new(n, rarer);
        let tries = bound.expected_tries(1, inversion.total_probability())?;
        let law = int_distribution(move |stream| counted(inversion.draw(stream)));
        return Ok(DrawSpec::sized(law).with_min_cost(tries));
    }
    let btpe = Btpe::new(n, rarer);
    Ok(DrawSpec::sized(int_distribution(move |stream| {
        counted(btpe.draw(stream))
    })))
}

/// Inversion: subtracts the probabilities of 0, 1, 2, … from one double until it is used up.
struct Inversion {
    n: i64,
    p: f64,
    q: f64,
    /// The probability of zero.
    probability_of_zero: f64,
    /// Ten standard deviations above the mean, or n: counts beyond it start again.
    max_count: i64,
}

impl Inversion {
    fn new(n: i64, p: f64) -> Inversion {
        let trials = n as f64;
        let q = 1.0 - p;
        let mean = trials * p;
        let far = mean + 10.0 * (mean * q + 1.0).sqrt();
        Inversion {
            n,
            p,
            q,
            probability_of_zero: exp(trials * log(q)),
            max_count: to_c_long(if trials < far { trials } else { far }),
        }
    }

    /// The sum of the probabilities as computed, at most 1. It is 1 but for p below 10^-15 and a huge
    /// n: there q is rounded so coarsely that hardly any double lies below the sum, and nearly every
    /// try starts again.
    fn total_probability(&self) -> f64 {
        let trials = self.n as f64;
        exp(trials * (log(self.q) + log1p(self.p / self.q))).min(1.0)
    }

    fn draw(&self, stream: &mut Stream) -> i64 {
        // One double decides, by the recurrence from the probability of x - 1 to that of x. Rounding
        // may leave something of it beyond the last count: then NumPy takes another double and starts
        // again from zero, and so the stream moves on by one more.
        let mut x: i64 = 0;
        let mut probability = self.probability_of_zero;
        let mut u = stream.next_double();
        while u > probability {
            x += 1;
            if x > self.max_count {
                x = 0;
                probability = self.probability_of_zero;
                u = stream.next_double();
            } else {
                u -= probability;
                probability =
                    ((self.n - x + 1) as f64 * self.p * probability) / (x as f64 * self.q);
            }
        }
        x
    }
}

/// BTPE: rejection under a hat of a triangle, a parallelogram beside it and two exponential tails,
/// around the probabilities scaled to 1 at the mode `m`. The names are the paper's and NumPy's: `p1` to
/// `p4` are the areas up to the end of each region, `xl` and `xr` the ends of the triangle, `laml` and
/// `lamr` the rates of the tails, `nrq` the variance.
struct Btpe {
    n: i64,
    r: f64,
    q: f64,
    m: i64,
    p1: f64,
    xm: f64,
    xl: f64,
    xr: f64,
    c: f64,
    laml: f64,
    lamr: f64,
    p2: f64,
    p3: f64,
    p4: f64,
    nrq: f64,
}

/// A count that one try proposes.
enum Candidate {
    /// From the triangle, which lies below the probabilities: no comparison is needed.
    Accepted(i64),
    /// Accepted where `v` is at most the probability of `y` over that of the mode.
    Undecided {
        y: i64,
        v: f64,
    },
    Rejected,
}

impl Btpe {
    fn new(n: i64, p: f64) -> Btpe {
        let trials = n as f64;
        let r = if p < 1.0 - p { p } else { 1.0 - p };
        let q = 1.0 - r;
        let fm = trials * r + r;
        let m = to_c_long(fm.floor());
        let p1 = (2.195 * (trials * r * q).sqrt() - 4.6 * q).floor() + 0.5;
        let xm = m as f64 + 0.5;
        let xl = xm - p1;
        let xr = xm + p1;
        let c = 0.134 + 20.5 / (15.3 + m as f64);
        let a = (fm - xl) / (fm - xl * r);
        let laml = a * (1.0 + a / 2.0);
        let a = (xr - fm) / (xr * q);
        let lamr = a * (1.0 + a / 2.0);
        let p2 = p1 * (1.0 + 2.0 * c);
        let p3 = p2 + c / laml;
        let p4 = p3 + c / lamr;
        let nrq = trials * r * q;
        Btpe {
            n,
            r,
            q,
            m,
            p1,
            xm,
            xl,
            xr,
            c,
            laml,
            lamr,
            p2,
            p3,
            p4,
            nrq,
        }
    }

    fn draw(&self, stream: &mut Stream) -> i64 {
        // Both doubles are taken before the region is known, also where u alone decides: every try
        // costs two, whatever becomes of it.
        loop {
            let u = stream.next_double() * self.p4;
            let v = stream.next_double();
            match self.propose(u, v) {
                Candidate::Accepted(y) => return y,
                Candidate::Undecided { y, v } if self.accepts(y, v) => return y,
                _ => {}
            }
        }
    }

    fn propose(&self, u: f64, v: f64) -> Candidate {
        // The triangle.
        if u <= self.p1 {
            return Candidate::Accepted(to_c_long((self.xm - self.p1 * v + u).floor()));
        }
        // The parallelogram: v becomes the height under the hat, measured from the triangle's side.
        if u <= self.p2 {
            let x = self.xl + (u - self.p1) / self.c;
            let v = v * self.c + 1.0 - (self.m as f64 - x + 0.5).abs() / self.p1;
            return if v > 1.0 {
                Candidate::Rejected
            } else {
                Candidate::Undecided {
                    y: to_c_long(x.floor()),
                    v,
                }
            };
        }
        // The tails: v sets how far out the candidate lies, then its height. The logarithm of v = 0 is
        // minus infinity; NumPy refuses such a candidate after converting it.
        let left = u <= self.p3;
        let y = if left {
            self.xl + log(v) / self.laml
        } else {
            self.xr - log(v) / self.lamr
        };
        let y = to_c_long(y.floor());
        if v == 0.0 || left && y < 0 || !left && y > self.n {
            return Candidate::Rejected;
        }
        let v = if left {
            v * (u - self.p2) * self.laml
        } else {
            v * (u - self.p3) * self.lamr
        };
        Candidate::Undecided { y, v }
    }

    fn accepts(&self, y: i64, v: f64) -> bool {
        // Near the mode, and beyond the range of the squeeze, the probability itself is cheaper or
        // safer than its bounds. The two ways differ in the last bits: which one is asked decides
        // close calls, hence the stream.
        let k = y.wrapping_sub(self.m).wrapping_abs();
        if k <= 20 || k as f64 >= self.nrq / 2.0 - 1.0 {
            return v <= self.probability_ratio(y);
        }
        // The squeeze: ln of the probability lies within `rho` of `t`, so that most candidates need
        // no Stirling.
        let distance = k as f64;
        let rho = (distance / self.nrq)
            * ((distance * (distance / 3.0 + 0.625) + 0.16666666666666666) / self.nrq + 0.5);
        // -k·k is a product of integers in NumPy too, and wraps there.
        let t = k.wrapping_neg().wrapping_mul(k) as f64 / (2.0 * self.nrq);
        let a = log(v);
        if a < t - rho {
            return true;
        }
        a <= t + rho && a <= self.log_probability_ratio(y)
    }

    /// The probability of y over that of the mode, by the recurrence between neighbours. O(|y - m|).
    fn probability_ratio(&self, y: i64) -> f64 {
        let s = self.r / self.q;
        let a = s * self.n.wrapping_add(1) as f64;
        let mut f = 1.0;
        for i in self.m..y {
            f *= a / (i + 1) as f64 - s;
        }
        for i in y..self.m {
            f /= a / (i + 1) as f64 - s;
        }
        f
    }

    /// The logarithm of that ratio by Stirling's formula, with the signs and the coefficient that
    /// NumPy's legacy generator keeps, wrong or not, so that seeds keep their draws.
    fn log_probability_ratio(&self, y: i64) -> f64 {
        let n = self.n as f64;
        let x1 = y as f64 + 1.0;
        let f1 = self.m as f64 + 1.0;
        let z = n + 1.0 - self.m as f64;
        let w = n - y as f64 + 1.0;
        self.xm * log(f1 / x1)
            + ((self.n - self.m) as f64 + 0.5) * log(z / w)
            + y.wrapping_sub(self.m) as f64 * log(w * self.r / (x1 * self.q))
            + stirling(f1)
            + stirling(z)
            + stirling(x1)
            + stirling(w)
    }
}

/// The correction of Stirling's formula, 1/(12x) - 1/(360x³) + …, over a common denominator; with 13680
/// where 13860 = 166320/12 is meant, as in NumPy's legacy generator.
fn stirling(x: f64) -> f64 {
    let square = x * x;
    (13680.0 - (462.0 - (132.0 - (99.0 - 140.0 / square) / square) / square) / square)
        / x
        / 166320.0
}
