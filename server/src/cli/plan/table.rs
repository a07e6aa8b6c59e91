//! Aligned columns.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

/// Writes rows of as many cells each, two blanks between columns, the first `left` columns aligned on
/// the left and the others on the right.
pub(super) fn write_aligned(
    rows: &[Vec<String>],
    left: usize,
    out: &mut impl Write,
) -> io::Result<()> {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.width()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for cells in rows {
        let padded = cells
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(column, (cell, width))| {
                let blanks = " ".repeat(width.saturating_sub(cell.width()));
                match column < left {
                    true => format!("{cell}{blanks}"),
                    false => format!("{blanks}{cell}"),
                }
            });
        let line = padded.collect::<Vec<_>>().join("  ");
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}
