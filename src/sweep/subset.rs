//! Stage 6: draws the trials that random search proposes, distinct indices of a space of any size.

use rand::RngExt;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeSet;

/// The most trials that a random search lists.
pub(crate) const MAX_DRAWN: u64 = 1_000_000;

/// `count` distinct numbers below `len`, each set equally likely, ascending; all of them where
/// `count` is `len` or more.
///
/// ChaCha8 seeded by `seed_from_u64(seed)`, and Floyd's algorithm (Bentley and Floyd, "A sample of
/// brilliance", CACM 30(9), 1987): O(count · log count), whatever `len`. Which numbers a seed
/// gives is part of what a command means, so tests pin them.
pub fn draw(len: u128, count: u64, seed: u32) -> Vec<u128> {
    let count = u128::from(count.min(MAX_DRAWN)).min(len);
    let mut random = ChaCha8Rng::seed_from_u64(u64::from(seed));
    let mut chosen = BTreeSet::new();
    // Floyd: draws from a range that grows by one each time; where the candidate is taken already, the
    // range's new number is not, and takes its place. All sets come out equally likely.
    for last in len - count..len {
        let candidate = draw_up_to(&mut random, last);
        if !chosen.insert(candidate) {
            chosen.insert(last);
        }
    }
    chosen.into_iter().collect()
}

/// A number from 0 to `last`, each equally likely: masked words, drawn again while too large.
///
/// Our own code, since a library may change its method between versions, and with it the trials that a
/// seed gives.
fn draw_up_to(random: &mut ChaCha8Rng, last: u128) -> u128 {
    if last == 0 {
        return 0;
    }
    let mask = u128::MAX >> last.leading_zeros();
    loop {
        let word: u128 = if mask <= u128::from(u64::MAX) {
            u128::from(random.random::<u64>())
        } else {
            let high = u128::from(random.random::<u64>());
            high << 64 | u128::from(random.random::<u64>())
        };
        if word & mask <= last {
            return word & mask;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn distinct_ascending_and_in_range() {
        for len in [1_u128, 2, 3, 10, 1000, 1 << 64, u128::MAX] {
            for count in [0_u64, 1, 2, 9, 10, 1000] {
                let drawn = draw(len, count, 7);
                assert_eq!(drawn.len() as u128, u128::from(count).min(len));
                assert!(drawn.windows(2).all(|pair| pair[0] < pair[1]));
                assert!(drawn.iter().all(|index| *index < len));
            }
        }
    }

    /// Chi-square over the 45 pairs of 10, 45,000 seeds: 44 degrees of freedom, 99.9 % is 78.7.
    #[test]
    fn every_pair_is_equally_likely() {
        let mut counts = [[0_u32; 10]; 10];
        for seed in 0..45_000 {
            let pair = draw(10, 2, seed);
            counts[pair[0] as usize][pair[1] as usize] += 1;
        }
        let pairs = counts
            .iter()
            .enumerate()
            .flat_map(|(first, row)| &row[first + 1..]);
        let term =
            |count: &u32| (f64::from(*count) - 1000.0) * (f64::from(*count) - 1000.0) / 1000.0;
        let chi_square: f64 = pairs.map(term).sum();
        assert!(chi_square < 78.7, "chi-square {chi_square}");
    }

    /// What a seed means, for ever: recorded when the method was chosen.
    #[test]
    fn golden_vectors() {
        for (len, count, seed, expected) in [
            (4, 2, 0, vec![0, 3]),
            (4, 2, 1, vec![1, 3]),
            (100, 5, 42, vec![8, 12, 33, 48, 82]),
            (
                1_000_000_000_000,
                4,
                7,
                vec![223939609531, 781839121123, 795728975153, 907020020026],
            ),
            (
                1 << 64,
                3,
                4_294_967_295,
                vec![
                    6577213724677293509,
                    13544169017841613314,
                    18400997007382224112,
                ],
            ),
            (
                u128::MAX,
                3,
                9,
                vec![
                    38833960164945601884931743038366445330,
                    117135022091784542579157067682732385277,
                    199377146940970497951193388836308105863,
                ],
            ),
        ] as [(u128, u64, u32, Vec<u128>); 6]
        {
            assert_eq!(draw(len, count, seed), expected, "{len} {count} {seed}");
        }
        let thousand = draw(1_000_000_000_000, 1000, 1);
        let sum = thousand.iter().fold(0_u128, |sum, index| {
            sum.wrapping_mul(31).wrapping_add(*index)
        });
        assert_eq!(sum, 297288553369161620731432194416422933199);
    }
}
