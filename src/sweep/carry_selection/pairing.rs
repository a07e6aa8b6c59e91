//! Pairs the parts of one plan with those of another.

use crate::sweep::part::Part;
use crate::sweep::plan::Plan;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

/// Up to so many pairs of changed commands with one script are compared by their words; more are paired
/// in order.
const MAX_COMPARED: usize = 4096;

/// For each part of `before` the number of its counterpart in `now`.
///
/// First come parts with the same words, those at the same place before others. Then, script by script,
/// the parts that are left: in order where both plans have equally many, else each with the one that
/// shares most words. Last, parts whose script changed, in order, where both plans have equally many
/// left. O(words), apart from up to [`MAX_COMPARED`] comparisons.
pub(super) fn pair_parts(before: &Plan, now: &Plan) -> Vec<Option<usize>> {
    let (before, now) = (before.parts(), now.parts());
    if let ([_], [_]) = (before, now) {
        return vec![Some(0)];
    }
    let mut pairs = Pairs {
        counterparts: vec![None; before.len()],
        taken: vec![false; now.len()],
    };
    let before_words: Vec<Vec<&str>> = before.iter().map(words_of).collect();
    let now_words: Vec<Vec<&str>> = now.iter().map(words_of).collect();
    pairs.pair_same_words(&before_words, &now_words);
    pairs.pair_same_script(&before_words, &now_words);
    let (left, free) = (pairs.unpaired_before(), pairs.unpaired_now());
    if left.len() == free.len() {
        pairs.pair_in_order(&left, &free);
    }
    pairs.counterparts
}

/// The script and the arguments as typed; never empty.
fn words_of(part: &Part) -> Vec<&str> {
    let arguments = part.arguments().map(|(argument, _)| &*argument.word.text);
    std::iter::once(part.script()).chain(arguments).collect()
}

struct Pairs {
    counterparts: Vec<Option<usize>>,
    taken: Vec<bool>,
}

impl Pairs {
    fn pair(&mut self, before: usize, now: usize) {
        if let (Some(of), Some(taken)) =
            (self.counterparts.get_mut(before), self.taken.get_mut(now))
        {
            (*of, *taken) = (Some(now), true);
        }
    }

    fn pair_in_order(&mut self, before: &[usize], now: &[usize]) {
        for (before, now) in before.iter().zip(now) {
            self.pair(*before, *now);
        }
    }

    fn unpaired_before(&self) -> Vec<usize> {
        let of = self.counterparts.iter().enumerate();
        of.filter(|(_, of)| of.is_none())
            .map(|(at, _)| at)
            .collect()
    }

    fn unpaired_now(&self) -> Vec<usize> {
        let taken = self.taken.iter().enumerate();
        taken
            .filter(|(_, taken)| !**taken)
            .map(|(at, _)| at)
            .collect()
    }

    fn pair_same_words(&mut self, before: &[Vec<&str>], now: &[Vec<&str>]) {
        for (at, (a, b)) in before.iter().zip(now).enumerate() {
            if a == b {
                self.pair(at, at);
            }
        }
        let mut places: HashMap<&[&str], VecDeque<usize>> = HashMap::new();
        for at in self.unpaired_now() {
            places.entry(&now[at]).or_default().push_back(at);
        }
        for at in self.unpaired_before() {
            let same = places.get_mut(before[at].as_slice());
            if let Some(place) = same.and_then(VecDeque::pop_front) {
                self.pair(at, place);
            }
        }
    }

    fn pair_same_script(&mut self, before: &[Vec<&str>], now: &[Vec<&str>]) {
        let mut scripts: BTreeMap<&str, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
        for at in self.unpaired_before() {
            scripts.entry(before[at][0]).or_default().0.push(at);
        }
        for at in self.unpaired_now() {
            scripts.entry(now[at][0]).or_default().1.push(at);
        }
        for (left, free) in scripts.values() {
            let compared = left.len().saturating_mul(free.len());
            if left.len() == free.len() || compared > MAX_COMPARED {
                self.pair_in_order(left, free);
                continue;
            }
            let mut candidates = Vec::with_capacity(compared);
            for &at in left {
                let words: HashSet<&str> = before[at].iter().copied().collect();
                candidates.extend(free.iter().map(|place| {
                    let common = now[*place].iter().filter(|word| words.contains(**word));
                    (std::cmp::Reverse(common.count()), at, *place)
                }));
            }
            candidates.sort_unstable();
            for (_, at, place) in candidates {
                if self.counterparts[at].is_none() && !self.taken[place] {
                    self.pair(at, place);
                }
            }
        }
    }
}
