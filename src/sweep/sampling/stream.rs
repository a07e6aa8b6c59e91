//! One part's stream of random numbers, and the elementary draws that every distribution is made of.
//!
//! How many words each of them takes is fixed by NumPy: a double two, a normal a pair of doubles for
//! every try and none where one is left over, a bounded integer one word (or two) for every try.

use super::twister::Twister;
use crate::sweep::math::log;

/// NumPy's legacy generator after `np.random.seed(seed)`: the words, and the second normal of the last
/// pair, which the next normal takes, whatever distribution asks for it.
#[derive(Clone)]
pub struct Stream {
    words: Twister,
    stored_normal: Option<f64>,
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream")
            .field("stored_normal", &self.stored_normal)
            .finish_non_exhaustive()
    }
}

impl Stream {
    /// The stream of a seed, nothing drawn yet. O(1).
    pub fn new(seed: u32) -> Stream {
        Stream {
            words: Twister::new(seed),
            stored_normal: None,
        }
    }

    /// The stream of seed 0 with its first words replaced.
    #[cfg(test)]
    pub(super) fn beginning_with(words: &[u32]) -> Stream {
        Stream {
            words: Twister::beginning_with(words),
            stored_normal: None,
        }
    }

    pub(super) fn word(&mut self) -> u32 {
        self.words.next()
    }

    /// Two words as 64 bits; the first is the high half.
    pub(super) fn long_word(&mut self) -> u64 {
        let high = u64::from(self.word());
        (high << 32) | u64::from(self.word())
    }

    /// A double in [0, 1) with 53 random bits: two words, of which 27 and 26 bits are used.
    pub(super) fn double(&mut self) -> f64 {
        let high = f64::from(self.word() >> 5);
        let low = f64::from(self.word() >> 6);
        (high * 67_108_864.0 + low) / 9_007_199_254_740_992.0
    }

    /// A standard normal by the polar method (Marsaglia and Bray, SIAM Review 6, 1964): it makes two at
    /// a time, and the second is stored.
    pub(super) fn normal(&mut self) -> f64 {
        if let Some(value) = self.stored_normal.take() {
            return value;
        }
        loop {
            let x1 = 2.0 * self.double() - 1.0;
            let x2 = 2.0 * self.double() - 1.0;
            let r2 = x1 * x1 + x2 * x2;
            if r2 < 1.0 && r2 != 0.0 {
                let factor = (-2.0 * log(r2) / r2).sqrt();
                self.stored_normal = Some(factor * x1);
                return factor * x2;
            }
        }
    }

    /// A standard exponential by inversion: one double.
    pub(super) fn exponential(&mut self) -> f64 {
        -log(1.0 - self.double())
    }

    /// A whole number from 0 to `most`, both included, by masking and rejecting: less than two tries
    /// are expected. Takes nothing where 0 is the only possibility, one word for every try up to
    /// 2^32 - 1, two above.
    pub(super) fn bounded(&mut self, most: u64) -> u64 {
        if most == 0 {
            return 0;
        }
        let mask = u64::MAX >> most.leading_zeros();
        loop {
            let word = if most <= u64::from(u32::MAX) {
                u64::from(self.word())
            } else {
                self.long_word()
            };
            if word & mask <= most {
                return word & mask;
            }
        }
    }
}

/// A whole number as C on x86-64 converts it to 64 bits: what does not fit becomes -2^63. Rust's `as`
/// would saturate, and NumPy's overflowing draws would come out otherwise.
pub(super) fn to_long(value: f64) -> i64 {
    const TWO_63: f64 = 9_223_372_036_854_775_808.0;
    if (-TWO_63..TWO_63).contains(&value) {
        value as i64
    } else {
        i64::MIN
    }
}
