//! Did-you-mean.

/// The candidate nearest to `word`, where one is near enough to be meant: at most a third of its
/// letters changed, added, dropped or swapped. O(candidates × length²), and far less for those that
/// are nothing like it.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let word: Vec<char> = word.to_lowercase().chars().take(64).collect();
    let allowed = word.len().div_ceil(3).min(4);
    let mut letters = Vec::new();
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        // One has to be nearer than the best before it.
        let limit = best.map_or(allowed + 1, |(distance, _)| distance);
        letters.clear();
        letters.extend(candidate.chars());
        if let Some(distance) = distance(&word, &letters, limit) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate.to_owned())
}

/// Optimal string alignment distance (Levenshtein's with swaps of neighbours), where it is below
/// `limit`.
fn distance(a: &[char], b: &[char], limit: usize) -> Option<usize> {
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
