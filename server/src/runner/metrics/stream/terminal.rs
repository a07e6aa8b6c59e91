//! What a terminal would do with the bytes of a line before it shows them.

use std::borrow::Cow;

use anstyle_parse::{DefaultCharAccumulator, Parser, Perform};
use memchr::memchr2;

const ESCAPE: u8 = 0x1B;
const BACKSPACE: u8 = 0x08;

/// The text of a line without escape sequences (colours, cursor moves, titles and links) and
/// without the letters that backspaces delete. Bytes that are no UTF-8 read as U+FFFD. O(length).
pub(super) fn plain_text(line: &[u8]) -> Cow<'_, str> {
    if memchr2(ESCAPE, BACKSPACE, line).is_none() {
        return String::from_utf8_lossy(line);
    }
    let (mut parser, mut text) = (
        Parser::<DefaultCharAccumulator>::new(),
        PlainText::default(),
    );
    for byte in line {
        parser.advance(&mut text, *byte);
    }
    Cow::Owned(text.0)
}

#[derive(Default)]
struct PlainText(String);

impl Perform for PlainText {
    fn print(&mut self, letter: char) {
        self.0.push(letter);
    }

    fn execute(&mut self, byte: u8) {
        if byte == BACKSPACE {
            // Programs go back to write over what follows, which a carriage return does too.
            self.0.pop();
        } else if byte == b'\t' {
            self.0.push('\t');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_is_removed() {
        for (line, expected) in [
            ("plain", "plain"),
            ("\u{1b}[1m 1/22\u{1b}[0m x", " 1/22 x"),
            ("\u{1b}[38;5;2m✔ Saved\u{1b}[0m", "✔ Saved"),
            ("a\u{1b}]0;title\u{7}b", "ab"),
            (
                "a\u{1b}]8;id=1;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\b",
                "alinkb",
            ),
            ("abc\u{8}\u{8}d", "ad"),
            ("é\u{8}x\ty\u{1b}[0m", "x\ty"),
            ("\u{8}\u{8}x", "x"),
            ("\u{1b}", ""),
            ("\u{1b}[", ""),
            ("a\u{1b}[12", "a"),
            ("a\u{1b}]b", "a"),
            ("a\u{1b}(Bb", "ab"),
        ] {
            assert_eq!(plain_text(line.as_bytes()), expected, "{line:?}");
        }
    }
}
