//! The names of characters, for `\N{NAME}` in a string.
//!
//! The table is a megabyte of text. Programs contain it ([`CharacterNames::embedded`]); the page loads it
//! ([`CharacterNames::from_table`]) only when a command asks for it, which hardly any does. Made by `scripts/unicode_names.py` from CPython 3.13's
//! database (Unicode 15.1; later versions only add names).
//!
//! Made from CPython's own table instead of taken from a crate, so that what Python knows is known, of
//! the same Unicode version.

use std::sync::Arc;

/// A table of characters by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CharacterNames(Table);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Table {
    Embedded(&'static str),
    Loaded(Arc<str>),
}

/// The unified ideographs, which are named by their number: first and last of each block.
const IDEOGRAPHS: [(u32, u32); 10] = [
    (0x3400, 0x4dbf),
    (0x4e00, 0x9fff),
    (0x20000, 0x2a6df),
    (0x2a700, 0x2b739),
    (0x2b740, 0x2b81d),
    (0x2b820, 0x2cea1),
    (0x2ceb0, 0x2ebe0),
    (0x2ebf0, 0x2ee5d),
    (0x30000, 0x3134a),
    (0x31350, 0x323af),
];

/// The sounds that Hangul syllables are named and composed of (The Unicode Standard, 3.12).
const LEADING: [&str; 19] = [
    "G", "GG", "N", "D", "DD", "R", "M", "B", "BB", "S", "SS", "", "J", "JJ", "C", "K", "T", "P",
    "H",
];
const VOWELS: [&str; 21] = [
    "A", "AE", "YA", "YAE", "EO", "E", "YEO", "YE", "O", "WA", "WAE", "OE", "YO", "U", "WEO", "WE",
    "WI", "YU", "EU", "YI", "I",
];
const TRAILING: [&str; 28] = [
    "", "G", "GG", "GS", "N", "NJ", "NH", "D", "L", "LG", "LM", "LB", "LS", "LT", "LP", "LH", "M",
    "B", "BS", "S", "SS", "NG", "J", "C", "K", "T", "P", "H",
];

impl CharacterNames {
    /// The table as part of the program. The linker leaves the megabyte out where this is never called.
    pub fn embedded() -> CharacterNames {
        CharacterNames(Table::Embedded(include_str!("unicode-names.txt")))
    }

    /// A table of lines `NAME;CODE`, sorted by name; `None` where the text is something else, such as
    /// an error page. O(length).
    pub(crate) fn from_table(text: &str) -> Option<CharacterNames> {
        let entries = || text.lines().map(parse_entry);
        let sorted = entries().zip(entries().skip(1)).all(|pair| match pair {
            (Some((name, _)), Some((next, _))) => name < next,
            _ => false,
        });
        let is_complete = sorted && entries().count() > 1 && text.ends_with('\n');
        is_complete.then(|| CharacterNames(Table::Loaded(Arc::from(text))))
    }

    /// The character of a name, as CPython's `\N` finds it: in upper or lower case, but only in upper
    /// case for ideographs and Hangul syllables, whose names follow a rule. O(log names).
    pub(crate) fn find(&self, name: &str) -> Option<char> {
        if let Some(number) = name.strip_prefix("CJK UNIFIED IDEOGRAPH-") {
            return find_ideograph(number);
        }
        if let Some(sounds) = name.strip_prefix("HANGUL SYLLABLE ") {
            return compose_syllable(sounds);
        }
        self.find_listed(&name.to_ascii_uppercase())
    }

    /// Looks the name up by bisection of the text, which moves to the start of a line at each step.
    fn find_listed(&self, name: &str) -> Option<char> {
        let text: &str = match &self.0 {
            Table::Embedded(text) => text,
            Table::Loaded(text) => text,
        };
        let mut rest = text;
        while !rest.is_empty() {
            let middle = rest.floor_char_boundary(rest.len() / 2);
            let start = rest[..middle].rfind('\n').map_or(0, |end| end + 1);
            let end = rest[start..]
                .find('\n')
                .map_or(rest.len(), |end| start + end + 1);
            let (found, code) = parse_entry(rest[start..end].trim_end())?;
            match name.cmp(found) {
                std::cmp::Ordering::Equal => return char::from_u32(code),
                std::cmp::Ordering::Less => rest = &rest[..start],
                std::cmp::Ordering::Greater => rest = &rest[end..],
            }
        }
        None
    }
}

fn parse_entry(line: &str) -> Option<(&str, u32)> {
    let (name, code) = line.split_once(';')?;
    Some((name, u32::from_str_radix(code, 16).ok()?))
}

/// The ideograph whose name ends with this hexadecimal number.
fn find_ideograph(number: &str) -> Option<char> {
    let digits = |c: u8| c.is_ascii_digit() || (b'A'..=b'F').contains(&c);
    if !matches!(number.len(), 4 | 5) || !number.bytes().all(digits) {
        return None;
    }
    let code = u32::from_str_radix(number, 16).ok()?;
    let known = IDEOGRAPHS
        .iter()
        .any(|(first, last)| (*first..=*last).contains(&code));
    char::from_u32(code).filter(|_| known)
}

/// The Hangul syllable composed of these sounds, by the arithmetic of its block.
fn compose_syllable(sounds: &str) -> Option<char> {
    let (leading, rest) = longest_sound(sounds, &LEADING)?;
    let (vowel, rest) = longest_sound(rest, &VOWELS)?;
    let (trailing, rest) = longest_sound(rest, &TRAILING)?;
    let code = 0xac00 + (leading * VOWELS.len() as u32 + vowel) * TRAILING.len() as u32 + trailing;
    char::from_u32(code).filter(|_| rest.is_empty())
}

/// The number of the longest sound that `text` begins with, and what follows it.
fn longest_sound<'a>(text: &'a str, sounds: &[&str]) -> Option<(u32, &'a str)> {
    let begins = (0..)
        .zip(sounds)
        .filter(|(_, sound)| text.starts_with(**sound));
    let (place, sound) = begins.max_by_key(|(_, sound)| sound.len())?;
    Some((place, &text[sound.len()..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn names_are_found_as_python_finds_them() {
        let names = CharacterNames::embedded();
        for (name, found) in [
            ("BULLET", Some('•')),
            ("bullet", Some('•')),
            ("GREEK SMALL LETTER ALPHA", Some('α')),
            ("NBSP", Some('\u{a0}')),
            ("LINE FEED", Some('\n')),
            ("ABACUS", Some('\u{1f9ee}')),
            ("HANGUL SYLLABLE GAG", Some('각')),
            ("HANGUL SYLLABLE A", Some('아')),
            ("HANGUL SYLLABLE GYAELH", Some('걣')),
            ("HANGUL SYLLABLE", None),
            ("Hangul Syllable GAG", None),
            ("CJK UNIFIED IDEOGRAPH-4E00", Some('一')),
            ("CJK UNIFIED IDEOGRAPH-04E00", Some('一')),
            ("CJK UNIFIED IDEOGRAPH-4e00", None),
            ("CJK UNIFIED IDEOGRAPH-00041", None),
            ("KEYCAP DIGIT ONE", None),
            ("BULLET ", None),
            ("", None),
        ] {
            assert_eq!(names.find(name), found, "{name}");
        }
    }

    #[test]
    fn every_line_is_found() {
        let names = CharacterNames::embedded();
        let text = include_str!("unicode-names.txt");
        assert!(text.lines().count() > 35_000);
        for line in text.lines() {
            let (name, code) = parse_entry(line).unwrap();
            assert_eq!(names.find(name), char::from_u32(code), "{name}");
        }
    }

    #[test]
    fn only_a_table_is_taken() {
        let text = include_str!("unicode-names.txt");
        let names = CharacterNames::from_table(text).unwrap();
        assert_eq!(names.find("BULLET"), Some('•'));
        for wrong in [
            "",
            "<!doctype html>\n",
            "B;1\nA;2\n",
            "A;1\nB;x\n",
            "A;1\nB;2",
        ] {
            assert_eq!(CharacterNames::from_table(wrong), None, "{wrong}");
        }
    }
}
