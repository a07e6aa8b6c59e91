//! Fingerprints of trials, to find those that are in a text twice.

use super::options::Options;
use super::part::Part;
use std::hash::{DefaultHasher, Hash, Hasher};

/// A trial's options and words as 128 bits, equal for equal trials of any two parts.
pub(super) type Fingerprint = u128;

/// The fingerprints of one part's trials.
///
/// A fingerprint is the sum of the hashes of its words, each hashed with its place, so that words that
/// stay the same over the part are hashed once, however many trials there are.
pub(super) struct Fingerprints<'a> {
    part: &'a Part,
    /// The sum over the options and the words that stay the same.
    fixed: Fingerprint,
    /// The place, the prefix and the axis of each word that changes.
    swept: Vec<(usize, &'a str, usize)>,
}

impl<'a> Fingerprints<'a> {
    /// O(words of the part).
    pub(super) fn new(part: &'a Part) -> Fingerprints<'a> {
        let mut swept = Vec::new();
        let mut fixed = hash((0_usize, trial_options(part.options()), part.script()));
        let mut axis = 0;
        for (place, (argument, is_swept)) in (1..).zip(part.arguments()) {
            let prefix = argument.prefix();
            if !is_swept {
                fixed = fixed.wrapping_add(word_fingerprint(place, prefix, argument.value()));
                continue;
            }
            match part.axes().get(axis) {
                Some(single) if single.len() == 1 => {
                    let value = single.value(0).unwrap_or_default();
                    fixed = fixed.wrapping_add(word_fingerprint(place, prefix, &value));
                }
                _ => swept.push((place, prefix, axis)),
            }
            axis += 1;
        }
        Fingerprints { part, fixed, swept }
    }

    /// The fingerprint of the trial at `index`. O(words that change).
    pub(super) fn of(&self, index: u128) -> Fingerprint {
        let changing = self.swept.iter().map(|(place, prefix, axis)| {
            let value = self.part.axis_value(*axis, index).unwrap_or_default();
            word_fingerprint(*place, prefix, &value)
        });
        changing.fold(self.fixed, Fingerprint::wrapping_add)
    }
}

/// The options without those that only choose trials: the same trial may be chosen in several ways.
fn trial_options(options: &Options) -> String {
    let mut options = options.clone();
    (options.strategy, options.num_trials, options.seed) = Default::default();
    format!("{options:?}")
}

/// A word at its place. The same word may be a flag's value in one part and swept in another.
fn word_fingerprint(place: usize, prefix: &str, value: &str) -> Fingerprint {
    hash((place, [prefix, value].concat()))
}

fn hash(what: impl Hash) -> Fingerprint {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        salt.hash(&mut hasher);
        what.hash(&mut hasher);
        u128::from(hasher.finish())
    };
    half(0) << 64 | half(1)
}
