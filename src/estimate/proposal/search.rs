//! The largest number that fits, found with few tries.

/// Looks for the largest of 1 to `most` that fits, by doubling steps from a guess and then halving.
/// Where larger numbers may fit again (random subsets of different trials) it is one that fits while
/// the next does not, or `most`. O(log most) tries, few where the guess is good.
pub(super) struct Search<T> {
    /// The largest known to fit, with what came of it.
    best: Option<(u64, T)>,
    /// The smallest known not to fit.
    above: u64,
    /// What is tried next.
    next: u64,
    /// How far the next try is from this one; 0 once the number is between two that are known.
    step: u64,
}

impl<T> Search<T> {
    pub(super) fn new(most: u64, guess: u64) -> Search<T> {
        Search {
            best: None,
            above: most.saturating_add(1),
            next: guess.clamp(1, most.max(1)),
            step: 1,
        }
    }

    fn fits(&self) -> u64 {
        self.best.as_ref().map_or(0, |(size, _)| *size)
    }

    /// The number to try; None once the largest is found.
    pub(super) fn next_size(&self) -> Option<u64> {
        (self.above - self.fits() > 1).then_some(self.next)
    }

    /// What came of the try of [`Search::next_size`]; None: it does not fit.
    pub(super) fn record(&mut self, found: Option<T>) {
        let is_first = self.best.is_none();
        match found {
            Some(found) => {
                // A step down that fits ends the steps.
                let was_falling = is_first && self.step > 1;
                self.best = Some((self.next, found));
                self.continue_after(!was_falling);
            }
            None => {
                self.above = self.next;
                self.continue_after(is_first);
            }
        }
    }

    /// Chooses the next number: a step further, else halfway between what fits and what does not.
    fn continue_after(&mut self, is_stepping: bool) {
        let fits = self.fits();
        let stepped = if self.best.is_some() {
            fits.saturating_add(self.step)
        } else {
            self.above.saturating_sub(self.step)
        };
        if is_stepping && self.step > 0 && stepped > fits && stepped < self.above {
            self.next = stepped;
            self.step = self.step.saturating_mul(2);
        } else {
            self.next = fits + (self.above - fits) / 2;
            self.step = 0;
        }
    }

    /// What came of the largest number that fits.
    pub(super) fn into_largest(self) -> Option<T> {
        self.best.map(|(_, found)| found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    fn largest_fitting<T>(
        most: u64,
        guess: u64,
        mut attempt: impl FnMut(u64) -> Option<T>,
    ) -> Option<T> {
        let mut search = Search::new(most, guess);
        while let Some(size) = search.next_size() {
            search.record(attempt(size));
        }
        search.into_largest()
    }

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
