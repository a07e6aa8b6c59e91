//! The name that a misspelled one may mean ("did you mean").

/// The candidate nearest to `word`, where one alone is near enough to be meant: at most a third of its
/// letters changed, added, dropped or swapped. Of two that are as near either would be a guess, and
/// names that differ in a number are two things.
/// O(candidates × length²), and far less for those that are nothing like it.
pub fn nearest_name<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let allowed = word.chars().count().min(MAX_LETTERS).div_ceil(3).min(4);
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).collect::<Vec<_>>();
    let own = digits(word);
    let candidates = candidates.into_iter().filter(|other| digits(other) == own);
    match all_nearest_names(word, candidates, allowed).as_slice() {
        [only] => Some((*only).to_owned()),
        _ => None,
    }
}

/// The most letters of a word that are compared, so that the cost is bounded.
const MAX_LETTERS: usize = 64;

/// The candidates nearest to `word`, all as near as one another and within `allowed` slips.
pub(super) fn all_nearest_names<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
    allowed: usize,
) -> Vec<&'a str> {
    let word: Vec<char> = word.to_lowercase().chars().take(MAX_LETTERS).collect();
    let mut letters = Vec::new();
    let mut least = allowed;
    let mut found: Vec<&str> = Vec::new();
    for candidate in candidates {
        letters.clear();
        letters.extend(candidate.chars());
        let near = edit_distance(&word, &letters, least + 1);
        let Some(distance) = near else { continue };
        if distance < least {
            least = distance;
            found.clear();
        }
        if !found.contains(&candidate) {
            found.push(candidate);
        }
    }
    found
}

/// Optimal string alignment distance (Levenshtein's with swaps of neighbours), where it is below
/// `limit`.
fn edit_distance(a: &[char], b: &[char], limit: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) >= limit {
        return None;
    }
    let mut before: Vec<usize> = vec![0; b.len() + 1];
    let mut previous: Vec<usize> = (0..=b.len()).collect();
    let mut row = before.clone();
    let mut least_before = 0;
    for i in 1..=a.len() {
        row[0] = i;
        let mut least = i;
        for j in 1..=b.len() {
            let changed = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (previous[j] + 1)
                .min(row[j - 1] + 1)
                .min(previous[j - 1] + changed);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
            least = least.min(row[j]);
        }
        // A row grows from one of the two before it only.
        if least >= limit && least_before >= limit {
            return None;
        }
        least_before = least;
        std::mem::swap(&mut before, &mut previous);
        std::mem::swap(&mut previous, &mut row);
    }
    Some(previous[b.len()]).filter(|distance| *distance < limit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn suggests_what_is_near() {
        let names = ["--strategy", "--num_trials", "--seed"];
        assert_eq!(
            nearest_name("--stratgey", names).as_deref(),
            Some("--strategy")
        );
        assert_eq!(
            nearest_name("--num-trials", names).as_deref(),
            Some("--num_trials")
        );
        assert_eq!(nearest_name("--batch_size", names), None);
        assert_eq!(nearest_name("", names), None);
        // Either may be meant, and a number is no slip.
        assert_eq!(nearest_name("--tpus", ["--gpus", "--cpus"]), None);
        assert_eq!(
            nearest_name("p2.4xlarge", ["p2.8xlarge", "p2.xlarge"]),
            None
        );
    }
}
