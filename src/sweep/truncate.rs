//! Texts cut to a length, for messages.

/// The most characters of what came from outside that a message quotes.
pub const QUOTED_MAX: usize = 100;

/// The first `most` characters of a text, with `…` behind them where it has more. O(most).
pub fn truncate_chars(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => [&text[..end], "…"].concat(),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn whole_characters_are_kept_and_what_is_cut_shows() {
        for (text, cut) in [
            ("", ""),
            ("aé€", "aé€"),
            ("aé€😀", "aé€…"),
            ("😀😀😀😀", "😀😀😀…"),
        ] {
            assert_eq!(truncate_chars(text, 3), cut);
        }
        assert_eq!(truncate_chars("a", 0), "…");
    }
}
