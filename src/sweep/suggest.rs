//! The name that a misspelled one may mean ("did you mean").

/// The candidate nearest to `word`, where one alone is near enough to be meant: at most a third of its
/// letters changed, added, dropped or swapped. Of two that are as near either would be a guess, and
/// names that differ in a number are two things.
/// O(candidates × length²), and O(length) for those that are much shorter or longer.
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

/// The candidates nearest to `word`, all as near as one another and within `allowed` slips: letters
/// changed, added, dropped, or swapped with their neighbour (the optimal string alignment distance).
pub(super) fn all_nearest_names<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
    allowed: usize,
) -> Vec<&'a str> {
    let word: String = word.to_lowercase().chars().take(MAX_LETTERS).collect();
    let length = word.chars().count();
    let mut least = allowed;
    let mut found: Vec<&str> = Vec::new();
    for candidate in candidates {
        // The difference of their lengths is the least distance, and bounds what `strsim` compares.
        if candidate.chars().count().abs_diff(length) > least {
            continue;
        }
        let distance = strsim::osa_distance(&word, candidate);
        if distance > least {
            continue;
        }
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

    #[test]
    fn a_swap_is_one_slip_and_long_words_are_cut() {
        let near = |word: &str, name| all_nearest_names(word, [name], 1);
        for word in ["tirals", "TRIAL", "trialss", "trIels"] {
            assert_eq!(near(word, "trials"), ["trials"], "{word}");
        }
        assert!(near("tarils", "trials").is_empty());
        let long = "a".repeat(MAX_LETTERS);
        let longer = "a".repeat(1_000_000);
        assert_eq!(near(&longer, &long), [&long]);
        assert!(near(&long, &longer).is_empty());
    }
}
