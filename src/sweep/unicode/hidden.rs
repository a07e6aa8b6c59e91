//! Invisible characters with their names, and text that was decoded in a wrong encoding.
//!
//! Names and classes are Unicode's (version 16). Where such a character has an effect that is meant, it is
//! not found: a joiner between letters or pictures that join, a selector behind what it selects.

use super::mojibake::{detect_mojibake, repair_mojibake};
use crate::sweep::span::{self, Span};
use std::borrow::Cow;

/// What a character does, by which message and fix are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HiddenClass {
    /// Looks like a blank or a line end, yet is another character.
    Blank,
    /// Shows nothing.
    Unseen,
    /// Changes the order in which text is shown ("Trojan source").
    Direction,
    /// A control character, or a terminal's whole escape sequence.
    Control,
    /// U+0000, which ends every argument of a program.
    Nul,
    /// U+FFFD: a decoder lost the character that stood here.
    Lost,
    /// UTF-8 that was decoded as Windows-1252.
    Mojibake,
}

/// A character, or several that belong together, and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HiddenCharacter {
    pub(crate) span: Span,
    pub(crate) character: char,
    pub(crate) class: HiddenClass,
}

impl HiddenCharacter {
    /// What was most likely meant; `None` where it is lost.
    pub(crate) fn replacement(&self, text: &str) -> Option<String> {
        match self.class {
            HiddenClass::Blank if self.groups_digits(text) => Some(String::new()),
            HiddenClass::Blank if self.ends_line(text) => Some("\n".into()),
            HiddenClass::Blank => Some(" ".into()),
            HiddenClass::Unseen
            | HiddenClass::Direction
            | HiddenClass::Control
            | HiddenClass::Nul => Some(String::new()),
            HiddenClass::Lost => None,
            HiddenClass::Mojibake => Some(repair_mojibake(self.span.slice(text))),
        }
    }
}

/// Blanks between a line's end and the command behind it that are looked past.
const MAX_BLANKS: usize = 16;

impl HiddenCharacter {
    /// Whether it ends a line, as a word processor writes it, and a command follows.
    fn ends_line(&self, text: &str) -> bool {
        if !matches!(self.character, '\u{2028}' | '\u{2029}' | '\u{b}' | '\u{85}') {
            return false;
        }
        // Each character of a long run looks ahead, which the bound keeps linear; only the last few end the
        // line then.
        let behind = text.get(self.span.end as usize..).unwrap_or("");
        let blank = |(_, c): &(usize, char)| *c == ' ' || class_of(*c) == Some(HiddenClass::Blank);
        let word = behind.char_indices().take(MAX_BLANKS).find(|c| !blank(c));
        word.is_some_and(|(at, _)| behind[at..].starts_with("grid "))
    }

    /// Whether it is a narrow blank that groups digits: `5 000`.
    fn groups_digits(&self, text: &str) -> bool {
        let before = text.get(..self.span.start as usize).unwrap_or("");
        let behind = text.get(self.span.end as usize..).unwrap_or("");
        let digits = behind
            .bytes()
            .take(4)
            .take_while(u8::is_ascii_digit)
            .count();
        matches!(self.character, '\u{2007}' | '\u{2009}' | '\u{202f}')
            && before.ends_with(|c: char| c.is_ascii_digit())
            && digits == 3
    }
}

/// All that is found in bytes `start..end` of `text`. O(end − start), little for plain ASCII.
pub(crate) fn find_all(
    text: &str,
    start: usize,
    end: usize,
) -> impl Iterator<Item = HiddenCharacter> + '_ {
    let mut position = start;
    std::iter::from_fn(move || {
        loop {
            let rest = text.as_bytes().get(position..end)?;
            position += rest.iter().position(|byte| is_suspect(*byte))?;
            if let Some(found) = find_at(text, position) {
                position = found.span.end as usize;
                return Some(found);
            }
            position += text.get(position..)?.chars().next()?.len_utf8();
        }
    })
}

/// Whether a character whose first byte is this may be one of them.
pub(crate) fn is_suspect(byte: u8) -> bool {
    byte >= 0x7f || byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r')
}

/// What begins at byte `offset` of `text`. O(1), but for a terminal's escape sequence.
pub(crate) fn find_at(text: &str, offset: usize) -> Option<HiddenCharacter> {
    let rest = text.get(offset..)?;
    let character = rest.chars().next()?;
    let (class, length) = match detect_mojibake(rest) {
        Some((length, _)) => (HiddenClass::Mojibake, length),
        None => {
            let class = class_of(character)?;
            let before = text[..offset].chars().next_back();
            let after = rest[character.len_utf8()..].chars().next();
            if is_functional(character, before, after) {
                return None;
            }
            (class, sequence_length(rest, character))
        }
    };
    let start = span::to_offset(offset);
    let span = Span::new(start, start.saturating_add(span::to_offset(length)));
    Some(HiddenCharacter {
        span,
        character,
        class,
    })
}

/// The class of a character that nobody sees, wherever it stands.
pub(crate) fn class_of(c: char) -> Option<HiddenClass> {
    Some(match c {
        '\t' | '\n' | '\r' | ' '..='~' => return None,
        '\0' => HiddenClass::Nul,
        '\u{b}' | '\u{c}' | '\u{85}' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' => {
            HiddenClass::Blank
        }
        '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}' | '\u{2800}' => {
            HiddenClass::Blank
        }
        c if c.is_control() => HiddenClass::Control,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' => HiddenClass::Direction,
        '\u{2066}'..='\u{2069}' => HiddenClass::Direction,
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' => {
            HiddenClass::Unseen
        }
        '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200d}' => HiddenClass::Unseen,
        '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' => HiddenClass::Unseen,
        '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' => HiddenClass::Unseen,
        '\u{fff0}'..='\u{fffc}' | '\u{1d173}'..='\u{1d17a}' => HiddenClass::Unseen,
        '\u{e0000}'..='\u{e0fff}' => HiddenClass::Unseen,
        '\u{fffd}' => HiddenClass::Lost,
        _ => return None,
    })
}

/// What a message calls it: `a soft hyphen (U+00AD)`.
pub(crate) fn describe(c: char) -> String {
    format!("{} (U+{:04X})", name_of(c), u32::from(c))
}

fn name_of(c: char) -> &'static str {
    match c {
        ' ' => "a blank",
        '\t' => "a tab",
        '\n' => "a line end",
        '\r' => "a carriage return",
        '\0' => "a NUL",
        '\u{7}' => "a bell",
        '\u{8}' => "a backspace",
        '\u{b}' => "a vertical tab",
        '\u{c}' => "a form feed",
        '\u{1b}' => "an escape character",
        '\u{7f}' => "a delete character",
        '\u{85}' => "a next-line character",
        '\u{a0}' => "a no-break space",
        '\u{ad}' => "a soft hyphen",
        '\u{34f}' => "a combining grapheme joiner",
        '\u{61c}' => "an Arabic letter mark",
        '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' => "a Hangul filler",
        '\u{1680}' => "an Ogham space mark",
        '\u{17b4}' | '\u{17b5}' => "an inherent Khmer vowel",
        '\u{180e}' => "a Mongolian vowel separator",
        '\u{180b}'..='\u{180f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => {
            "a variation selector"
        }
        '\u{2003}' => "an em space",
        '\u{2002}' => "an en space",
        '\u{2007}' => "a figure space",
        '\u{2009}' => "a thin space",
        '\u{200a}' => "a hair space",
        '\u{2000}'..='\u{200a}' => "a typographic space",
        '\u{200b}' => "a zero-width space",
        '\u{200c}' => "a zero-width non-joiner",
        '\u{200d}' => "a zero-width joiner",
        '\u{200e}' => "a left-to-right mark",
        '\u{200f}' => "a right-to-left mark",
        '\u{2028}' => "a line separator",
        '\u{2029}' => "a paragraph separator",
        '\u{202a}' => "a left-to-right embedding",
        '\u{202b}' => "a right-to-left embedding",
        '\u{202c}' => "a pop directional formatting",
        '\u{202d}' => "a left-to-right override",
        '\u{202e}' => "a right-to-left override",
        '\u{202f}' => "a narrow no-break space",
        '\u{205f}' => "a mathematical space",
        '\u{2060}' => "a word joiner",
        '\u{2061}'..='\u{2064}' => "an invisible operator",
        '\u{2066}'..='\u{2069}' => "a directional isolate",
        '\u{2800}' => "a blank Braille pattern",
        '\u{3000}' => "an ideographic space",
        '\u{feff}' => "a byte-order mark",
        '\u{fff9}'..='\u{fffb}' => "an interlinear annotation mark",
        '\u{fffc}' => "an object replacement character",
        '\u{fffd}' => "a replacement character",
        '\u{e0000}'..='\u{e007f}' => "a tag character",
        c if c.is_control() => "a control character",
        _ => "an invisible character",
    }
}

/// `text` with `<U+001B>` in the place of each invisible character: never shorter, and without effect on a
/// terminal. O(length).
pub(crate) fn escape_hidden(text: &str) -> Cow<'_, str> {
    let coded = |(offset, c): &(usize, char)| match c {
        '\t' | '\n' => false,
        c if c.is_control() => true,
        c => {
            matches!(class_of(*c), Some(class) if class != HiddenClass::Lost)
                && find_at(text, *offset).is_some()
        }
    };
    let mut found = text.char_indices().filter(coded);
    let Some(first) = found.next() else {
        return Cow::Borrowed(text);
    };
    let mut out = String::with_capacity(text.len() + 16);
    let mut copied = 0;
    for (at, c) in std::iter::once(first).chain(found) {
        out.push_str(&text[copied..at]);
        out.push_str(&format!("<U+{:04X}>", u32::from(c)));
        copied = at + c.len_utf8();
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// Bytes of what begins with `c`: of an escape sequence all that a terminal takes for it.
fn sequence_length(rest: &str, c: char) -> usize {
    let bytes = rest.as_bytes();
    let parameters = match bytes {
        [0x1b, b'[', ..] => 2,
        [0xc2, 0x9b, ..] => 2,
        [0x1b, b']', ..] => {
            // A title or a link: up to the bell, or to the escape sequence that ends it.
            let most = rest.floor_char_boundary(256);
            let end = rest[2..most.max(2)].find(['\u{7}', '\u{1b}']);
            return match end.map(|end| end + 2) {
                Some(end) if rest[end..].starts_with("\u{1b}\\") => end + 2,
                Some(end) if rest[end..].starts_with('\u{7}') => end + 1,
                _ => 1,
            };
        }
        _ => return c.len_utf8(),
    };
    let digits = bytes.iter().skip(parameters);
    let count = digits
        .take(32)
        .take_while(|b| matches!(b, 0x30..=0x3f))
        .count();
    match bytes.get(parameters + count) {
        Some(0x40..=0x7e) => parameters + count + 1,
        _ => c.len_utf8(),
    }
}

/// Whether `c` has its intended effect between its neighbours, so that the text needs it.
fn is_functional(c: char, before: Option<char>, after: Option<char>) -> bool {
    let Some(before) = before else {
        return false;
    };
    match c {
        '\u{200d}' if is_picture(before) => after.is_some_and(is_picture),
        '\u{200c}' | '\u{200d}' => is_joining_letter(before),
        '\u{fe0f}' if matches!(before, '0'..='9' | '#' | '*') => after == Some('\u{20e3}'),
        '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => {
            !before.is_ascii() && class_of(before).is_none()
        }
        '\u{180b}'..='\u{180f}' => ('\u{1800}'..='\u{18af}').contains(&before),
        '\u{e0020}'..='\u{e007f}' => {
            before == '\u{1f3f4}' || ('\u{e0020}'..='\u{e007e}').contains(&before)
        }
        '\u{3000}' => is_ideographic(before) && after.is_some_and(is_ideographic),
        _ => false,
    }
}

fn is_picture(c: char) -> bool {
    matches!(c, '\u{1f000}'..='\u{1faff}' | '\u{2190}'..='\u{27ff}' | '\u{2900}'..='\u{2bff}' | '\u{fe0f}')
}

/// Letters of scripts that join: Arabic, Syriac, N'Ko, those of India, Khmer, Mongolian and their like.
fn is_joining_letter(c: char) -> bool {
    matches!(c, '\u{620}'..='\u{8ff}' | '\u{900}'..='\u{dff}' | '\u{f00}'..='\u{109f}' | '\u{1780}'..='\u{17b3}' | '\u{17b6}'..='\u{17ff}' | '\u{1800}'..='\u{180a}' | '\u{1810}'..='\u{18af}')
}

fn is_ideographic(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{2fff}' | '\u{3001}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}' | '\u{ff01}'..='\u{ff60}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    fn found(text: &str) -> Vec<(&str, HiddenClass)> {
        let all = find_all(text, 0, text.len());
        all.map(|found| (found.span.slice(text), found.class))
            .collect()
    }

    #[test]
    fn what_does_its_work_is_not_found() {
        for text in [
            "plain ~ text\t\r\n",
            "👩\u{200d}💻 ❤\u{fe0f}\u{200d}🔥 1\u{fe0f}\u{20e3}",
            "می\u{200c}خواهم क्\u{200d}ष",
            "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
            "日本\u{3000}東京",
            "Âge café» NÃO",
        ] {
            assert_eq!(found(text), [], "{text:?}");
        }
    }

    #[test]
    fn what_nobody_sees_is_found_where_it_stands() {
        assert_eq!(found("a\u{ad}b"), [("\u{ad}", HiddenClass::Unseen)]);
        assert_eq!(
            found("a\u{200d}b \u{fe0f}"),
            [
                ("\u{200d}", HiddenClass::Unseen),
                ("\u{fe0f}", HiddenClass::Unseen)
            ]
        );
        assert_eq!(
            found("\u{1b}[1;31mred\u{1b}[0m \u{1b}[1, 2]"),
            [
                ("\u{1b}[1;31m", HiddenClass::Control),
                ("\u{1b}[0m", HiddenClass::Control),
                ("\u{1b}", HiddenClass::Control)
            ]
        );
        assert_eq!(
            found("\u{1b}]0;title\u{7}x\u{9b}1mx"),
            [
                ("\u{1b}]0;title\u{7}", HiddenClass::Control),
                ("\u{9b}1m", HiddenClass::Control)
            ]
        );
        assert_eq!(
            found("x\0\u{7f}\u{85}"),
            [
                ("\0", HiddenClass::Nul),
                ("\u{7f}", HiddenClass::Control),
                ("\u{85}", HiddenClass::Blank)
            ]
        );
    }

    #[test]
    fn codes_stand_in_their_place() {
        assert_eq!(
            escape_hidden("a\u{1b}[0mb\u{202e}"),
            "a<U+001B>[0mb<U+202E>"
        );
        assert_eq!(escape_hidden("👩\u{200d}💻"), "👩\u{200d}💻");
    }
}
