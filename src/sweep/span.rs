//! Places in the command text and in the config file.

/// The text that a span is a place of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The command text, of one command or several.
    #[default]
    Command,
    /// The YAML text of the file that `--config` names.
    Config,
}

/// A half-open range of UTF-8 byte offsets of the command text, or of the config file's text where an
/// [`Origin`] beside it names that one.
///
/// Offsets are 32-bit on every target; [`crate::sweep::read`] refuses texts that are longer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
}

impl Span {
    /// The span from `start` up to, not including, `end`.
    pub(crate) fn new(start: u32, end: u32) -> Span {
        debug_assert!(start <= end, "span {start}..{end}");
        Span { start, end }
    }

    /// The empty span at `offset`.
    pub(crate) fn at(offset: u32) -> Span {
        Span {
            start: offset,
            end: offset,
        }
    }

    /// The smallest span that covers both.
    pub(crate) fn to(self, other: Span) -> Span {
        Span {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// Whether the two have a byte in common, or one is empty and touches the other.
    pub(crate) fn overlaps(self, other: Span) -> bool {
        if self.start == self.end || other.start == other.end {
            return self.start <= other.end && other.start <= self.end;
        }
        self.start < other.end && other.start < self.end
    }

    /// The text at this place; empty where the span does not fit the text.
    pub fn slice(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize)
            .unwrap_or("")
    }

    /// The same place counted in UTF-16 code units, as a browser's text box counts:
    /// (start, end). O(length of the text).
    pub fn to_utf16(self, text: &str) -> (u32, u32) {
        let start = utf16_length(text.get(..self.start as usize).unwrap_or(text));
        (start, start + utf16_length(self.slice(text)))
    }
}

/// Length in UTF-16 code units.
fn utf16_length(text: &str) -> u32 {
    u32::try_from(text.encode_utf16().count()).unwrap_or(u32::MAX)
}

/// A byte offset as the 32 bits that spans hold; `read` refuses longer texts.
pub(super) fn to_offset(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn utf16_counts_code_units() {
        let text = "a é 🚀 b";
        let rocket = text.find('🚀').unwrap() as u32;
        assert_eq!(Span::new(rocket, rocket + 4).to_utf16(text), (4, 6));
    }
}
