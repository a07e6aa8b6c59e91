//! Numbers of twice a double's precision: the unevaluated sum of two doubles (Dekker, Numerische
//! Mathematik 18, 1971; Knuth, TAOCP 2, 4.2.2). Multiplication splits its factors instead of using
//! FMA, which is slow where it is done in software; for magnitudes below 2^996 both are exact.

/// `high + low`, with |low| at most half a unit in the last place of `high`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Double2 {
    pub(super) high: f64,
    pub(super) low: f64,
}

/// a + b exactly.
pub(super) fn sum(a: f64, b: f64) -> Double2 {
    let high = a + b;
    let from_b = high - a;
    Double2 {
        high,
        low: (a - (high - from_b)) + (b - from_b),
    }
}

/// a + b exactly, for |a| ≥ |b| or a = 0.
fn quick_sum(a: f64, b: f64) -> Double2 {
    let high = a + b;
    Double2 {
        high,
        low: b - (high - a),
    }
}

/// The upper 26 bits of a, and the rest.
fn split(a: f64) -> (f64, f64) {
    const SPLITTER: f64 = 134_217_729.0;
    let scaled = SPLITTER * a;
    let high = scaled - (scaled - a);
    (high, a - high)
}

/// a·b exactly.
fn product(a: f64, b: f64) -> Double2 {
    let high = a * b;
    let (a_high, a_low) = split(a);
    let (b_high, b_low) = split(b);
    let low = ((a_high * b_high - high) + a_high * b_low + a_low * b_high) + a_low * b_low;
    Double2 { high, low }
}

impl Double2 {
    /// The number whose two parts have these bits.
    pub(super) const fn from_bits(high: u64, low: u64) -> Double2 {
        Double2 {
            high: f64::from_bits(high),
            low: f64::from_bits(low),
        }
    }

    /// The sum, to about 2^-104.
    pub(super) fn plus(self, other: Double2) -> Double2 {
        let high = sum(self.high, other.high);
        let low = sum(self.low, other.low);
        let partial = quick_sum(high.high, high.low + low.high);
        quick_sum(partial.high, partial.low + low.low)
    }

    /// The sum with a double.
    pub(super) fn plus_double(self, other: f64) -> Double2 {
        let high = sum(self.high, other);
        quick_sum(high.high, high.low + self.low)
    }

    /// The product, to about 2^-102.
    pub(super) fn times(self, other: Double2) -> Double2 {
        let high = product(self.high, other.high);
        let cross = self.high * other.low + self.low * other.high;
        quick_sum(high.high, high.low + cross)
    }

    /// The number with the other sign.
    pub(super) fn negated(self) -> Double2 {
        Double2 {
            high: -self.high,
            low: -self.low,
        }
    }
}
