//! Which rows of a list of any length are in view: pure arithmetic, no browser.
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

/// The measures of a list and of the window that it is seen through.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Geometry {
    /// Number of rows.
    pub(crate) rows: u128,
    /// Height of every row in CSS pixels, above 0.
    pub(crate) row_height: f64,
    /// Height of the window in CSS pixels, header excluded.
    pub(crate) viewport: f64,
}

/// Where the reader is: a row, how much of it is hidden above, and the scroll offset it belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Position {
    /// First row that is at least partly in view.
    pub(crate) row: u128,
    /// Pixels of that row hidden above the window, 0 up to the row's height.
    pub(crate) px: f64,
    /// The scroller's offset.
    pub(crate) top: f64,
}

/// The rows to draw.
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

    /// Whole rows that fit in the window, at least 1.
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

    /// The last position: the last row touches the window's lower edge.
    fn end(&self) -> Position {
        self.from_end(0.0)
    }

    /// The position whose window ends `px` pixels above the end of the list.
    fn from_end(&self, px: f64) -> Position {
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

    fn from_start(&self, px: f64, top: f64) -> Position {
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
        let zone = self.exact_px();
        if !self.is_scaled() || top <= zone {
            return self.from_start(top, top);
        }
        let below = self.max_top() - top;
        if below <= zone {
            return self.from_end(below);
        }
        let first = self.exact_rows();
        let span = self.end_zone() - first;
        let share = (top - zone) / (self.max_top() - 2.0 * zone);
        let row = first + ((share * span as f64) as u128).min(span);
        Position { row, px: 0.0, top }
    }

    /// The scroll offset that belongs to a row at the window's upper edge.
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

    /// The position itself, or the end where the list has become shorter than that.
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
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    const HUGE: u128 = 1_000_000_000_000_000_000;

    fn list(rows: u128) -> Geometry {
        Geometry {
            rows,
            row_height: 36.0,
            viewport: 360.0,
        }
    }

    fn shown(list: &Geometry, at: Position) -> (u128, u128) {
        let drawn = list.drawn(at);
        (drawn.first, drawn.first + u128::from(drawn.count))
    }

    #[test]
    fn a_short_list_is_drawn_whole() {
        assert_eq!(
            list(3).drawn(list(3).at(0.0)),
            Drawn {
                first: 0,
                count: 3,
                y: 0.0
            }
        );
        assert_eq!(
            list(0).drawn(list(0).at(0.0)),
            Drawn {
                first: 0,
                count: 0,
                y: 0.0
            }
        );
        assert_eq!(list(3).height(), 108.0);
    }

    #[test]
    fn a_list_to_scale_follows_the_offset() {
        let list = list(1000);
        assert_eq!(
            list.at(3600.0),
            Position {
                row: 100,
                px: 0.0,
                top: 3600.0
            }
        );
        let at = list.scrolled(Position::default(), 3610.0);
        assert_eq!(
            at,
            Position {
                row: 100,
                px: 10.0,
                top: 3610.0
            }
        );
        assert_eq!(
            list.drawn(at),
            Drawn {
                first: 92,
                count: 27,
                y: 92.0 * 36.0
            }
        );
        assert_eq!(shown(&list, list.at(f64::MAX)).1, 1000);
    }

    #[test]
    fn both_ends_of_a_huge_list_are_reached() {
        for rows in [HUGE, u128::MAX, 300_000] {
            let list = list(rows);
            assert_eq!(list.at(0.0).row, 0);
            assert_eq!(list.at(list.max_top()), list.end());
            assert_eq!(list.end().row, rows - 10);
            assert_eq!(shown(&list, list.end()).1, rows);
        }
    }

    #[test]
    fn offset_and_row_agree_at_every_place() {
        let list = list(HUGE);
        for top in [
            0.0,
            36.0,
            999_000.0,
            2e6,
            4e6,
            6.5e6,
            7_400_000.0,
            list.max_top() - 360.0,
        ] {
            let at = list.at(top);
            let back = list.top_of(at.row) + at.px;
            assert!((back - top).abs() < 72.0, "{top} became {back}");
        }
        let mut before = list.at(0.0);
        for step in 1..=8000 {
            let at = list.at(f64::from(step) * 1000.0);
            assert!(at.row >= before.row);
            before = at;
        }
    }

    #[test]
    fn small_steps_are_exact_in_the_middle_of_a_huge_list() {
        let list = list(HUGE);
        let start = list.jump(HUGE / 2);
        assert_eq!(start.row, HUGE / 2);
        let down = list.scrolled(start, start.top + 100.0);
        assert_eq!((down.row, down.px), (HUGE / 2 + 2, 28.0));
        let up = list.scrolled(down, start.top - 8.0);
        assert_eq!((up.row, up.px), (HUGE / 2 - 1, 28.0));
        let drawn = list.drawn(up);
        assert_eq!(drawn.first, HUGE / 2 - 9);
        assert_eq!(drawn.y + 8.0 * 36.0 + 28.0, up.top);
    }

    #[test]
    fn any_row_can_be_gone_to() {
        let list = list(HUGE);
        for row in [
            0,
            1,
            27_776,
            27_779,
            HUGE / 3,
            HUGE - 40_000,
            HUGE - 11,
            HUGE - 10,
        ] {
            let at = list.jump(row);
            assert_eq!((at.row, at.px), (row, 0.0));
            assert!((0.0..=list.max_top()).contains(&at.top));
            // The event that setting the offset causes must not move the reader.
            assert_eq!(list.scrolled(at, at.top).row, row);
        }
        assert_eq!(list.jump(HUGE - 1), list.end());
    }

    #[test]
    fn revealing_moves_no_further_than_needed() {
        let list = list(HUGE);
        let at = list.jump(500);
        assert_eq!(list.reveal(at, 505), at);
        assert_eq!(list.reveal(at, 499).row, 499);
        assert_eq!(list.reveal(at, 510).row, 501);
        assert_eq!(list.reveal(at, HUGE).row, HUGE - 10);
        let odd = Geometry {
            viewport: 350.0,
            ..list
        };
        let revealed = odd.reveal(odd.jump(500), 510);
        assert_eq!((revealed.row, revealed.px), (501, 10.0));
    }

    #[test]
    fn steps_stop_at_the_ends() {
        let list = list(HUGE);
        let near = list.jump(1);
        let start = list.scrolled(Position { top: 500.0, ..near }, 100.0);
        assert_eq!((start.row, start.px), (0, 0.0));
        let end = list.end();
        let beyond = list.scrolled(
            Position {
                top: end.top - 600.0,
                ..end
            },
            end.top - 400.0,
        );
        assert_eq!((beyond.row, beyond.px), (end.row, end.px));
    }
}
