//! What a terminal leaves standing of a program's output: bars as their last state, colours as styles.
//!
//! The terminal has no width but [`COLUMNS_MAX`], since a program that writes to a file knows none, and
//! programs can go back by [`LIVE_LINES_MAX`] lines. Memory is bounded by constants; work is O(bytes written),
//! where an erased line counts as all its columns.

mod cause;
mod color;
mod line;
mod style;

use std::collections::VecDeque;
use std::ops::Range;

use anstyle_parse::{Params, Parser, Perform};
use unicode_width::UnicodeWidthChar;

pub(crate) use cause::find_error;
use line::Line;
pub(crate) use style::Style;

/// Columns after which a line goes on in the next.
const COLUMNS_MAX: usize = 4096;
/// Lines at the end that the cursor can go back to, so that they can still change.
const LIVE_LINES_MAX: usize = 100;
/// A block of settled lines is complete at so many lines, or bytes.
const BLOCK_LINES: usize = 200;
const BLOCK_BYTES: usize = 32 << 10;
/// Settled lines are kept up to so many bytes; then the oldest block goes.
const KEPT_BYTES_MAX: usize = 1 << 20;
/// What a piece counts beside its text: a page makes an element of it.
const PIECE_BYTES: usize = 32;
const TAB_STOP: usize = 8;

/// Some text in one style. Line breaks are `\n`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Piece {
    pub(crate) text: String,
    pub(crate) style: Style,
}

/// Lines that no longer change, each with its line break.
#[derive(Clone, Debug, Default, PartialEq)]
struct Block {
    pieces: Vec<Piece>,
    lines: usize,
    bytes: usize,
}

impl Block {
    fn push(&mut self, line: &Line) {
        let before = self.pieces.len();
        let bytes = line.append_to(&mut self.pieces);
        push_text(&mut self.pieces, "\n", Style::default());
        self.lines += 1;
        self.bytes += bytes + 1 + (self.pieces.len() - before) * PIECE_BYTES;
    }

    fn is_complete(&self) -> bool {
        self.lines >= BLOCK_LINES || self.bytes >= BLOCK_BYTES
    }
}

/// Adds text, to the last piece if that has the same style.
fn push_text(pieces: &mut Vec<Piece>, text: &str, style: Style) {
    match pieces.last_mut() {
        Some(last) if last.style == style => last.text.push_str(text),
        _ => pieces.push(Piece {
            text: text.to_owned(),
            style,
        }),
    }
}

/// Takes output in pieces of any size and keeps its end as a terminal would show it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Terminal {
    parser: Parser,
    screen: Screen,
}

impl Terminal {
    /// Takes the next piece, which may begin and end within an escape sequence.
    pub(crate) fn write(&mut self, text: &str) {
        for byte in text.bytes() {
            self.parser.advance(&mut self.screen, byte);
        }
    }

    /// The numbers of the complete blocks that are kept, oldest first.
    pub(crate) fn block_numbers(&self) -> Range<u32> {
        let first = self.screen.dropped_blocks;
        first..first + u32::try_from(self.screen.blocks.len()).unwrap_or(u32::MAX)
    }

    /// A complete block: whole lines, each with its line break. Empty where it is not kept.
    pub(crate) fn block(&self, number: u32) -> &[Piece] {
        let place = number.checked_sub(self.screen.dropped_blocks);
        let block = place.and_then(|place| self.screen.blocks.get(place as usize));
        block.map_or(&[], |block| &block.pieces)
    }

    /// What stands behind the complete blocks. All but its first lines may change.
    pub(crate) fn rest(&self) -> Vec<Piece> {
        let mut pieces = self.screen.open.pieces.clone();
        for (at, line) in self.screen.live.iter().enumerate() {
            if at > 0 {
                push_text(&mut pieces, "\n", Style::default());
            }
            line.append_to(&mut pieces);
        }
        pieces
    }

    /// Whether lines at the beginning are gone, since there were too many.
    pub(crate) fn has_dropped(&self) -> bool {
        self.screen.dropped_blocks > 0
    }

    /// The text of the last complete block and of what follows.
    pub(crate) fn last_text(&self) -> String {
        let last = self.screen.blocks.back();
        let complete = last.into_iter().flat_map(|block| block.pieces.iter());
        let text = |pieces: &mut dyn Iterator<Item = &Piece>| {
            pieces.map(|piece| piece.text.as_str()).collect::<String>()
        };
        text(&mut complete.chain(&self.rest()))
    }
}

/// The lines, the cursor and the style to write in.
#[derive(Clone, Debug, PartialEq)]
struct Screen {
    blocks: VecDeque<Block>,
    dropped_blocks: u32,
    kept_bytes: usize,
    /// Settled lines of the block that is not complete yet.
    open: Block,
    /// Never empty.
    live: VecDeque<Line>,
    /// The cursor: a place in `live`, and a column.
    row: usize,
    column: usize,
    /// The place in `live` that the program takes for the top of the window; `None` where it never
    /// named it, or where it is settled.
    top: Option<usize>,
    style: Style,
}

impl Default for Screen {
    fn default() -> Self {
        Self {
            blocks: VecDeque::new(),
            dropped_blocks: 0,
            kept_bytes: 0,
            open: Block::default(),
            live: VecDeque::from([Line::default()]),
            row: 0,
            column: 0,
            top: None,
            style: Style::default(),
        }
    }
}

impl Screen {
    fn line(&mut self) -> &mut Line {
        if self.row >= self.live.len() {
            self.live.resize(self.row + 1, Line::default());
        }
        &mut self.live[self.row]
    }

    /// Goes to a place in `live`, with new lines at the end where there are none yet.
    fn go_to_row(&mut self, row: usize) {
        self.row = row;
        self.line();
        while self.live.len() > LIVE_LINES_MAX && self.row > 0 {
            self.settle_first();
        }
    }

    fn settle_first(&mut self) {
        let Some(line) = self.live.pop_front() else {
            return;
        };
        self.row -= 1;
        self.top = self.top.and_then(|top| top.checked_sub(1));
        self.open.push(&line);
        if self.open.is_complete() {
            let block = std::mem::take(&mut self.open);
            self.kept_bytes += block.bytes;
            self.blocks.push_back(block);
        }
        while self.kept_bytes > KEPT_BYTES_MAX
            && let Some(oldest) = self.blocks.pop_front()
        {
            self.kept_bytes -= oldest.bytes;
            self.dropped_blocks += 1;
        }
    }

    fn feed_line(&mut self) {
        self.column = 0;
        self.go_to_row(self.row + 1);
    }

    fn tabulate(&mut self) {
        let stop = (self.column / TAB_STOP + 1) * TAB_STOP;
        let (column, style) = (self.column, self.style);
        let line = self.line();
        // Over text, a tab only moves.
        if column >= line.len() && stop <= COLUMNS_MAX {
            line.put(column, '\t', stop - column, style);
        }
        self.go_to_column(stop);
    }

    fn go_to_column(&mut self, column: usize) {
        self.column = column.min(COLUMNS_MAX - 1);
    }

    /// The top of the window. How high the window is, a file does not say: a program that first goes
    /// to its top starts a new one below all that it wrote before, which stays.
    fn top_row(&mut self) -> usize {
        if let Some(top) = self.top {
            return top;
        }
        if self.live.back().is_some_and(|line| line.len() > 0) {
            self.go_to_row(self.live.len());
        }
        let top = self.live.len() - 1;
        self.top = Some(top);
        top
    }

    fn go_to(&mut self, row: usize) {
        let top = self.top_row();
        self.go_to_row(top + row.min(LIVE_LINES_MAX - 1));
    }

    fn erase_in_line(&mut self, mode: u16) {
        let column = self.column;
        let line = self.line();
        match mode {
            0 => line.truncate(column),
            1 => line.blank(column + 1),
            2 => line.truncate(0),
            _ => {}
        }
    }

    fn erase_in_window(&mut self, mode: u16) {
        match mode {
            0 => {
                self.erase_in_line(0);
                self.live.truncate(self.row + 1);
            }
            2 => {
                let top = self.top_row();
                self.live.truncate(top);
                self.go_to_row(top);
            }
            // 1, up to the cursor, is not used by programs that write lines; 3 would take away lines
            // that have left the window.
            _ => {}
        }
    }
}

impl Perform for Screen {
    fn print(&mut self, c: char) {
        // `None`: a control character.
        let Some(width) = c.width() else { return };
        if self.column + width > COLUMNS_MAX {
            self.feed_line();
        }
        let (column, style) = (self.column, self.style);
        let line = self.line();
        if width == 0 {
            line.mark(column, c);
        } else {
            line.put(column, c, width, style);
            self.column += width;
        }
    }

    fn execute(&mut self, byte: u8) {
        match byte {
            b'\n' | 0x0B | 0x0C => self.feed_line(),
            b'\r' => self.column = 0,
            0x08 => self.column = self.column.saturating_sub(1),
            b'\t' => self.tabulate(),
            _ => {}
        }
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], ignore: bool, action: u8) {
        if ignore || !intermediates.is_empty() {
            return;
        }
        if action == b'm' {
            self.style.apply(params);
            return;
        }
        let mut given = params.iter().map(|param| param.first().copied());
        let [first, second] = [(); 2].map(|()| given.next().flatten().unwrap_or(0));
        // Where a count or a place is absent or 0, 1 is meant.
        let count = usize::from(first.max(1));
        match action {
            b'A' => self.row = self.row.saturating_sub(count),
            b'B' => self.go_to_row(self.row + count.min(LIVE_LINES_MAX)),
            b'C' => self.go_to_column(self.column + count),
            b'D' => self.column = self.column.saturating_sub(count),
            b'E' => {
                self.column = 0;
                self.go_to_row(self.row + count.min(LIVE_LINES_MAX));
            }
            b'F' => {
                self.column = 0;
                self.row = self.row.saturating_sub(count);
            }
            b'G' | b'`' => self.go_to_column(count - 1),
            b'H' | b'f' => {
                self.go_to(count - 1);
                self.go_to_column(usize::from(second.max(1)) - 1);
            }
            b'd' => self.go_to(count - 1),
            b'J' => self.erase_in_window(first),
            b'K' => self.erase_in_line(first),
            _ => {}
        }
    }

    fn esc_dispatch(&mut self, intermediates: &[u8], ignore: bool, byte: u8) {
        if ignore || !intermediates.is_empty() {
            return;
        }
        match byte {
            b'E' => self.feed_line(),
            b'M' => self.row = self.row.saturating_sub(1),
            b'c' => self.style = Style::default(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
