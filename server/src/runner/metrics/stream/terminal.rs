//! What a terminal would do with the bytes of a line before it shows them.

use memchr::{memchr2, memchr3};

/// Removes escape sequences (colours, cursor moves, titles and links) and the letters that
/// backspaces delete. O(length).
pub(super) fn strip_control(line: &mut Vec<u8>) {
    if memchr3(0x1B, 0x08, 0x9B, line).is_none() {
        return;
    }
    let (mut read, mut kept) = (0, 0_usize);
    while let Some(byte) = line.get(read).copied() {
        match byte {
            0x1B => read = sequence_end(line, read),
            0x08 => {
                // Programs go back to write over what follows, which the carriage return does too.
                kept = kept.saturating_sub(1);
                read += 1;
            }
            _ => {
                line[kept] = byte;
                kept += 1;
                read += 1;
            }
        }
    }
    line.truncate(kept);
}

/// The place behind an escape sequence (ECMA-48: CSI, OSC and the like, or two bytes).
fn sequence_end(line: &[u8], escape: usize) -> usize {
    let rest = &line[escape + 1..];
    let length = match rest.first() {
        Some(b'[') => rest[1..]
            .iter()
            .position(|byte| (0x40..=0x7E).contains(byte))
            .map_or(rest.len(), |at| at + 2),
        Some(b']' | b'P' | b'X' | b'^' | b'_') => {
            memchr2(0x07, 0x1B, &rest[1..]).map_or(rest.len(), |at| {
                let closed = rest.get(at + 1) == Some(&0x1B) && rest.get(at + 2) == Some(&b'\\');
                at + 2 + usize::from(closed)
            })
        }
        Some(_) => 1,
        None => 0,
    };
    (escape + 1 + length).min(line.len())
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
                "a\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\b",
                "alinkb",
            ),
            ("abc\u{8}\u{8}d", "ad"),
            ("\u{8}\u{8}x", "x"),
            ("\u{1b}", ""),
            ("\u{1b}[", ""),
            ("a\u{1b}[12", "a"),
            ("a\u{1b}]b", "a"),
            ("a\u{1b}(Bb", "aBb"),
        ] {
            let mut bytes = line.as_bytes().to_vec();
            strip_control(&mut bytes);
            assert_eq!(String::from_utf8_lossy(&bytes), expected, "{line:?}");
        }
    }
}
