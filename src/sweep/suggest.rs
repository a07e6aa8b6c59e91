//! Did-you-mean.

/// The candidate nearest to `word`, where one is near enough to be meant: at most a third of its
/// letters changed, added, dropped or swapped. O(candidates × length²).
pub(crate) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    let word: Vec<char> = word.to_lowercase().chars().take(64).collect();
    let allowed = word.len().div_ceil(3).min(4);
    candidates
        .into_iter()
        .map(|candidate| {
            (
                distance(&word, &candidate.chars().collect::<Vec<_>>()),
                candidate,
            )
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate.to_owned())
}

/// Optimal string alignment distance (Levenshtein's with swaps of neighbours).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut previous: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let changed = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (previous[j] + 1)
                .min(row[j - 1] + 1)
                .min(previous[j - 1] + changed);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut previous, row);
    }
    previous[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn suggests_what_is_near() {
        let names = ["--strategy", "--num_trials", "--seed"];
        assert_eq!(nearest("--stratgey", names).as_deref(), Some("--strategy"));
        assert_eq!(
            nearest("--num-trials", names).as_deref(),
            Some("--num_trials")
        );
        assert_eq!(nearest("--batch_size", names), None);
        assert_eq!(nearest("", names), None);
    }
}
