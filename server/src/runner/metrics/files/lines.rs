//! Lines of a file that is still being written.

/// The complete lines of `bytes`, without their ends, and their length with them. What follows the
/// last line end is still being written.
pub(super) fn complete_lines(bytes: &[u8]) -> (impl Iterator<Item = &[u8]>, usize) {
    let length = bytes
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |end| end + 1);
    let lines = bytes[..length]
        .split_inclusive(|byte| *byte == b'\n')
        .map(|line| {
            let line = line.strip_suffix(b"\n").unwrap_or(line);
            line.strip_suffix(b"\r").unwrap_or(line)
        });
    (lines, length)
}
