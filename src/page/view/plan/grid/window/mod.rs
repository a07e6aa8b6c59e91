//! Virtual scrolling: which rows of a list of any length are in view. Pure arithmetic, no browser.
//!
//! A browser clamps the height of an element (Firefox near 17.8 million pixels, Chromium near 33
//! million), and a plan may have 10^38 rows. So a long list gets a scroller of [`TALLEST`] pixels
//! and the scroll offset is *mapped* to rows: exactly within [`EXACT`] pixels of either end,
//! proportionally between. Small steps (wheel, touch, keys) move by exact pixels from where the
//! reader is, whatever the scale; only a drag of the scroll bar jumps.

/// Height in CSS pixels of the scroller of a list that is too long to be drawn to scale.
const TALLEST: f64 = 8_000_000.0;
/// Within this many pixels of either end, scroll offset and rows agree exactly.
const EXACT: f64 = 1_000_000.0;
/// A scroll of at most this many viewports is a step, not a jump.
const STEP: f64 = 4.0;
/// Rows drawn beyond the view on each side, so that a fast scroll does not show a gap.
const OVERSCAN: u32 = 8;

/// The sizes of a list and of the viewport that it is seen through.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Geometry {
    /// Number of rows.
    pub(crate) rows: u128,
    /// Height of every row in CSS pixels, above 0.
    pub(crate) row_height: f64,
    /// Height of the viewport in CSS pixels, header excluded.
    pub(crate) viewport: f64,
}

/// Where the reader is: a row, how much of it is hidden above, and the scroll offset it belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Position {
    /// First row that is at least partly in view.
    pub(crate) row: u128,
    /// Pixels of that row hidden above the viewport, 0 up to the row's height.
    pub(crate) px: f64,
    /// The scroller's offset.
    pub(crate) top: f64,
}

/// The rows to render.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Drawn {
    /// First row.
    pub(crate) first: u128,
    /// How many.
    pub(crate) count: u32,
    /// Top edge of the first row in the scroller, in CSS pixels.
    pub(crate) y: f64,
}

impl Geometry {
    /// Height of the scroller's content.
    pub(crate) fn height(&self) -> f64 {
        if self.is_scaled() {
            TALLEST
        } else {
            self.rows as f64 * self.row_height
        }
    }

    /// Whole rows that fit in the viewport, at least 1.
    pub(crate) fn page(&self) -> u128 {
        ((self.viewport / self.row_height).floor() as u128).max(1)
    }

    fn is_scaled(&self) -> bool {
        self.rows > (TALLEST / self.row_height) as u128
    }

    fn max_top(&self) -> f64 {
        (self.height() - self.viewport).max(0.0)
    }

    /// The rows of the exact zone at the beginning of a scaled list.
    fn exact_rows(&self) -> u128 {
        (EXACT / self.row_height) as u128
    }

    fn exact_px(&self) -> f64 {
        self.exact_rows() as f64 * self.row_height
    }

    /// First row of the exact zone at the end of a scaled list.
    fn end_zone(&self) -> u128 {
        let rows = ((self.exact_px() + self.viewport) / self.row_height).ceil() as u128;
        self.rows.saturating_sub(rows)
    }

    /// The last position: the last row touches the viewport's lower edge.
    fn end(&self) -> Position {
        self.above_end(0.0)
    }

    /// The position whose viewport ends `px` pixels above the end of the list.
    fn above_end(&self, px: f64) -> Position {
        let rows = (px + self.viewport) / self.row_height;
        let whole = rows.ceil();
        let top = self.max_top() - px;
        if whole as u128 >= self.rows {
            return Position {
                row: 0,
                px: 0.0,
                top: top.max(0.0),
            };
        }
        Position {
            row: self.rows - whole as u128,
            px: (whole - rows) * self.row_height,
            top,
        }
    }

    fn below_start(&self, px: f64, top: f64) -> Position {
        let rows = (px / self.row_height).floor();
        Position {
            row: rows as u128,
            px: px - rows * self.row_height,
            top,
        }
    }

    /// The position of a scroll offset, wherever the reader was before.
    pub(crate) fn at(&self, top: f64) -> Position {
        let top = top.clamp(0.0, self.max_top());
        // To scale at the beginning, and counted back from the end, so that both ends are exact.
        let zone = self.exact_px();
        if !self.is_scaled() || top <= zone {
            return self.below_start(top, top);
        }
        let below = self.max_top() - top;
        if below <= zone {
            return self.above_end(below);
        }
        // In between a pixel stands for many rows: the share of the way decides the row.
        let first = self.exact_rows();
        let span = self.end_zone() - first;
        let share = (top - zone) / (self.max_top() - 2.0 * zone);
        let row = first + ((share * span as f64) as u128).min(span);
        Position { row, px: 0.0, top }
    }

    /// The scroll offset that belongs to a row at the viewport's upper edge.
    fn top_of(&self, row: u128) -> f64 {
        let first = self.exact_rows();
        if !self.is_scaled() || row <= first {
            return (row as f64 * self.row_height).min(self.max_top());
        }
        let last = self.end_zone();
        if row >= last {
            let below = (self.rows - row.min(self.rows)) as f64 * self.row_height - self.viewport;
            return self.max_top() - below.max(0.0);
        }
        let zone = self.exact_px();
        let share = (row - first) as f64 / (last - first) as f64;
        zone + share * (self.max_top() - 2.0 * zone)
    }

    /// The position after the scroller moved to `top`.
    pub(crate) fn scrolled(&self, from: Position, top: f64) -> Position {
        if !self.is_scaled() || top <= 0.0 || top >= self.max_top() {
            return self.at(top);
        }
        // A wheel or a key moves by pixels from the last position, since at this scale the offset alone
        // would skip rows. A drag of the scroll bar goes by the offset.
        let step = top - from.top;
        if step.abs() > STEP * self.viewport {
            self.at(top)
        } else {
            self.stepped(from, step, top)
        }
    }

    fn stepped(&self, from: Position, step: f64, top: f64) -> Position {
        let px = from.px + step;
        let rows = (px / self.row_height).floor();
        let row = if rows < 0.0 {
            from.row.checked_sub(-rows as u128)
        } else {
            from.row.checked_add(rows as u128)
        };
        let Some(row) = row else {
            return Position {
                row: 0,
                px: 0.0,
                top,
            };
        };
        let moved = Position {
            row,
            px: px - rows * self.row_height,
            top,
        };
        self.clamped(moved)
    }

    /// The position itself, or the last one if the list has become shorter than that.
    pub(crate) fn clamped(&self, at: Position) -> Position {
        let end = self.end();
        if (at.row, at.px) > (end.row, end.px) {
            Position { top: at.top, ..end }
        } else {
            at
        }
    }

    /// The position with `row` (from 0) at the upper edge, or as near to it as the end allows.
    pub(crate) fn jump(&self, row: u128) -> Position {
        let end = self.end();
        if row > end.row || (row == end.row && end.px > 0.0) {
            return end;
        }
        Position {
            row,
            px: 0.0,
            top: self.top_of(row),
        }
    }

    /// The nearest position that shows `row` whole.
    pub(crate) fn reveal(&self, from: Position, row: u128) -> Position {
        let row = row.min(self.rows.saturating_sub(1));
        if row < from.row || (row == from.row && from.px > 0.0) {
            return self.jump(row);
        }
        let below = (row - from.row + 1) as f64 * self.row_height - from.px;
        if below <= self.viewport {
            return from;
        }
        // One row below the upper edge that puts `row` on the lower one.
        let rows = (self.viewport / self.row_height).ceil();
        let first = (row + 1).saturating_sub(rows as u128);
        let px = rows * self.row_height - self.viewport;
        let top = self.top_of(first) + if self.is_scaled() { 0.0 } else { px };
        Position {
            row: first,
            px,
            top: top.min(self.max_top()),
        }
    }

    /// The rows to draw at a position.
    pub(crate) fn drawn(&self, at: Position) -> Drawn {
        let row = at.row.min(self.rows.saturating_sub(1));
        let above = row.min(u128::from(OVERSCAN)) as u32;
        let first = row - u128::from(above);
        let inside = ((self.viewport.max(0.0) + at.px) / self.row_height).ceil() as u32;
        let wanted = above.saturating_add(inside).saturating_add(OVERSCAN);
        let count = u128::from(wanted).min(self.rows - first) as u32;
        Drawn {
            first,
            count,
            y: at.top - at.px - f64::from(above) * self.row_height,
        }
    }
}

#[cfg(test)]
mod tests;
