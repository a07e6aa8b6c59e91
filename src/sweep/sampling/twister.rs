//! The Mersenne Twister MT19937 (Matsumoto and Nishimura, ACM TOMACS 8, 1998), seeded by one
//! 32-bit integer as `np.random.seed` does.

const WORDS: usize = 624;
const MIDDLE: usize = 397;
const MATRIX: u32 = 0x9908_b0df;
const UPPER: u32 = 0x8000_0000;
const LOWER: u32 = 0x7fff_ffff;

/// The generator's state: 624 words, and how many of them are used up.
#[derive(Clone)]
pub(super) struct Twister {
    words: [u32; WORDS],
    used: usize,
}

impl Twister {
    /// The classic initialisation from one integer, not the one from an array. O(1).
    pub(super) fn new(seed: u32) -> Twister {
        let mut words = [0; WORDS];
        let mut word = seed;
        for (place, index) in words.iter_mut().zip(1u32..) {
            *place = word;
            word = (word ^ (word >> 30))
                .wrapping_mul(1_812_433_253)
                .wrapping_add(index);
        }
        Twister { words, used: WORDS }
    }

    /// The next tempered word. Amortised O(1).
    pub(super) fn next(&mut self) -> u32 {
        if self.used >= WORDS {
            self.twist();
        }
        let mut word = self.words[self.used];
        self.used += 1;
        word ^= word >> 11;
        word ^= (word << 7) & 0x9d2c_5680;
        word ^= (word << 15) & 0xefc6_0000;
        word ^ (word >> 18)
    }

    /// The generator of seed 0 whose first words, before any twist, are replaced by these outputs.
    #[cfg(test)]
    pub(super) fn beginning_with(outputs: &[u32]) -> Twister {
        let mut twister = Twister::new(0);
        for (word, output) in twister.words.iter_mut().zip(outputs) {
            *word = untemper(*output);
        }
        twister.used = 0;
        twister
    }

    /// Replaces all words by the next 624 of the recurrence. O(words).
    fn twist(&mut self) {
        for i in 0..WORDS {
            let next = self.words[(i + 1) % WORDS];
            let joined = (self.words[i] & UPPER) | (next & LOWER);
            let odd = if next & 1 == 1 { MATRIX } else { 0 };
            self.words[i] = self.words[(i + MIDDLE) % WORDS] ^ (joined >> 1) ^ odd;
        }
        self.used = 0;
    }
}

/// The word that tempering turns into `output`: undoes its steps from the last to the first.
#[cfg(test)]
fn untemper(output: u32) -> u32 {
    let word = output ^ (output >> 18);
    let word = word ^ ((word << 15) & 0xefc6_0000);
    let shifted = (0..5).fold(word, |value, _| word ^ ((value << 7) & 0x9d2c_5680));
    (0..3).fold(shifted, |value, _| shifted ^ (value >> 11))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    /// The generator's published check: the 10,000th word from the default seed, 5489.
    #[test]
    fn the_ten_thousandth_word() {
        let mut twister = Twister::new(5489);
        let last = (0..10_000).map(|_| twister.next()).last();
        assert_eq!(last, Some(4_123_659_995));
    }

    #[test]
    fn tempering_is_undone() {
        let outputs = [0, 1, u32::MAX, 0x8000_0000, 0x1234_5678];
        let mut twister = Twister::beginning_with(&outputs);
        assert_eq!(outputs.map(|_| twister.next()), outputs);
    }
}
