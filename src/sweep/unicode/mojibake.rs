//! UTF-8 that was read as Windows-1252 or Latin-1.

use super::hidden::{HiddenClass, class_of};

/// Windows-1252's characters for the bytes 0x80 to 0x9f, where it has any.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// The byte that Windows-1252, or Latin-1, shows as `c`.
fn windows_1252_byte(c: char) -> Option<u8> {
    match c {
        '\u{80}'..='\u{ff}' => u8::try_from(u32::from(c)).ok(),
        _ => {
            let at = WINDOWS_1252.iter().position(|other| *other == c)?;
            u8::try_from(at + 0x80).ok()
        }
    }
}

/// UTF-8 that was read as Windows-1252, at the start of `rest`: its length, and what it was. Only where
/// the letters in question stand together in no language.
pub(super) fn detect_mojibake(rest: &str) -> Option<(usize, char)> {
    let lead = rest
        .chars()
        .next()
        .filter(|c| matches!(c, 'Â' | 'Ã' | 'â' | 'ã' | 'ï' | 'ð'))?;
    let count = match lead {
        'Â' | 'Ã' => 2,
        'ð' => 4,
        _ => 3,
    };
    let mut bytes = [0_u8; 4];
    let mut length = 0;
    let mut characters = rest.chars();
    for slot in bytes.iter_mut().take(count) {
        let c = characters.next()?;
        *slot = windows_1252_byte(c)?;
        length += c.len_utf8();
    }
    let was = std::str::from_utf8(bytes.get(..count)?)
        .ok()?
        .chars()
        .next()?;
    let likely = match lead {
        'â' => ('\u{2000}'..='\u{2bff}').contains(&was),
        'ã' => ('\u{3000}'..='\u{30ff}').contains(&was),
        'ï' => was == '\u{feff}' || ('\u{ff00}'..='\u{fffd}').contains(&was),
        _ => true,
    };
    likely.then_some((length, was))
}

/// What the mojibake was; a blank for blanks of another kind, nothing for what nobody sees.
pub(super) fn repair_mojibake(found: &str) -> String {
    let was = detect_mojibake(found).map_or('\u{fffd}', |(_, was)| was);
    match class_of(was) {
        Some(HiddenClass::Blank) => " ".into(),
        Some(_) => String::new(),
        None => was.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn mojibake_is_repaired() {
        for (text, was) in [
            ("â€œ", "“"),
            ("â€\u{9d}", "”"),
            ("â€™", "’"),
            ("â€“", "–"),
            ("Â\u{a0}", " "),
            ("Ã©", "é"),
            ("ï»¿", ""),
            ("ðŸš€", "🚀"),
        ] {
            assert_eq!(
                detect_mojibake(text).map(|(length, _)| length),
                Some(text.len())
            );
            assert_eq!(repair_mojibake(text), was);
        }
    }
}
