//! The largest number that fits, found with few tries.

/// What `attempt` gives for the largest of 1 to `most` that fits, by doubling steps from `guess` and
/// then halving. Where larger numbers may fit again (random subsets of different trials) it is one that
/// fits while the next does not, or `most`. O(log most) attempts, few where the guess is good.
pub(super) fn largest_fitting<T>(
    most: u64,
    guess: u64,
    mut attempt: impl FnMut(u64) -> Option<T>,
) -> Option<T> {
    let mut best: Option<(u64, T)> = None;
    // The smallest known not to fit.
    let mut above = most.saturating_add(1);
    let mut next = guess.clamp(1, most.max(1));
    let mut step = 1u64;
    while next >= 1 && next < above {
        match attempt(next) {
            Some(found) => {
                let was_falling = best.is_none() && above <= most;
                best = Some((next, found));
                if was_falling {
                    break;
                }
                next = next
                    .saturating_add(step)
                    .min(above.saturating_sub(1).max(next));
            }
            None => {
                above = next;
                if best.is_some() {
                    break;
                }
                next = next.saturating_sub(step);
            }
        }
        let fits = best.as_ref().map_or(0, |(fits, _)| *fits);
        if next <= fits {
            break;
        }
        step = step.saturating_mul(2);
    }
    let mut fits = best.as_ref().map_or(0, |(fits, _)| *fits);
    while above - fits > 1 {
        let middle = fits + (above - fits) / 2;
        match attempt(middle) {
            Some(found) => {
                fits = middle;
                best = Some((middle, found));
            }
            None => above = middle,
        }
    }
    best.map(|(_, found)| found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn every_limit_from_every_guess() {
        for most in 0..40 {
            for limit in 0..=most {
                for guess in 0..45 {
                    let mut tries = 0;
                    let found = largest_fitting(most, guess, |size| {
                        tries += 1;
                        assert!(size >= 1 && size <= most, "{size} of {most}");
                        (size <= limit).then_some(size)
                    });
                    assert_eq!(found.unwrap_or(0), limit, "{most} {limit} {guess}");
                    assert!(tries <= 14, "{tries}");
                }
            }
        }
    }

    #[test]
    fn few_tries_from_a_good_guess() {
        for limit in [499_998, 500_000, 500_002] {
            let mut tries = 0;
            let found = largest_fitting(1_000_000, 500_000, |size| {
                tries += 1;
                (size <= limit).then_some(size)
            });
            assert_eq!(found, Some(limit));
            assert!(tries <= 5, "{tries}");
        }
    }

    #[test]
    fn what_is_not_ordered_ends_where_one_fits_and_the_next_does_not() {
        let fits = |size: u64| size % 7 < 3 && size < 400;
        for guess in 1..600 {
            let found = largest_fitting(600, guess, |size| fits(size).then_some(size));
            assert!(found.is_none_or(|found| fits(found) && !fits(found + 1)));
        }
    }
}
