//! A line as cells, so that a program can write over it.

use std::ops::Range;

use super::style::Style;
use super::{Piece, push_text};

/// Stands in the cells that a wide character or a tab takes beside its first.
const TAKEN: char = '\0';
/// Most accents and the like on one character.
const MARKS_MAX: usize = 16;

#[derive(Clone, Copy, Debug, PartialEq)]
struct Cell {
    character: char,
    style: Style,
}

const BLANK: Cell = Cell {
    character: ' ',
    style: Style::DEFAULT,
};

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Line {
    cells: Vec<Cell>,
    /// Characters without a width, each with the column of the character before it, in this order.
    marks: Vec<(usize, char)>,
}

impl Line {
    /// In columns.
    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    /// Writes a character that is `width` columns wide, over whatever stands there.
    pub(super) fn put(&mut self, column: usize, character: char, width: usize, style: Style) {
        let end = column + width;
        if self.cells.len() < column {
            self.cells.resize(column, BLANK);
        }
        self.split_at(column);
        self.split_at(end);
        if self.cells.len() < end {
            self.cells.resize(end, BLANK);
        }
        let taken = Cell {
            character: TAKEN,
            style,
        };
        self.cells[column..end].fill(taken);
        self.cells[column].character = character;
        self.remove_marks(column, end);
    }

    /// Puts an accent, a variation selector or the like on the character before a column.
    pub(super) fn mark(&mut self, column: usize, mark: char) {
        let before = column.min(self.cells.len());
        let base = self.cells[..before]
            .iter()
            .rposition(|cell| cell.character != TAKEN);
        let Some(base) = base else { return };
        let own = self.marks_between(base, base + 1);
        if own.len() < MARKS_MAX {
            self.marks.insert(own.end, (base, mark));
        }
    }

    /// Takes away everything from a column on.
    pub(super) fn truncate(&mut self, column: usize) {
        self.split_at(column);
        self.cells.truncate(column);
        self.remove_marks(column, usize::MAX);
    }

    /// Makes everything before a column blank.
    pub(super) fn blank(&mut self, column: usize) {
        let end = column.min(self.cells.len());
        self.split_at(end);
        self.cells[..end].fill(BLANK);
        self.remove_marks(0, end);
    }

    /// Makes a character blank of which a part stands before the column and a part behind.
    fn split_at(&mut self, column: usize) {
        let is_taken = |cell: &Cell| cell.character == TAKEN;
        if !self.cells.get(column).is_some_and(is_taken) {
            return;
        }
        let before = &self.cells[..column];
        let first = before.iter().rposition(|cell| !is_taken(cell)).unwrap_or(0);
        let behind = self.cells[column..]
            .iter()
            .take_while(|cell| is_taken(cell));
        let end = column + behind.count();
        for cell in &mut self.cells[first..end] {
            cell.character = ' ';
        }
        self.remove_marks(first, end);
    }

    fn remove_marks(&mut self, start: usize, end: usize) {
        let between = self.marks_between(start, end);
        self.marks.drain(between);
    }

    /// The places of the marks on the characters of some columns.
    fn marks_between(&self, start: usize, end: usize) -> Range<usize> {
        let before = |end| self.marks.partition_point(|(column, _)| *column < end);
        before(start)..before(end)
    }

    /// Adds the line's text, without blanks at its end that nobody can see. Returns how many bytes.
    pub(super) fn append_to(&self, pieces: &mut Vec<Piece>) -> usize {
        let is_visible = |cell: &Cell| {
            !matches!(cell.character, ' ' | '\t' | TAKEN) || cell.style.shows_blanks()
        };
        let end = self
            .cells
            .iter()
            .rposition(is_visible)
            .map_or(0, |at| at + 1);
        let (mut buffer, mut bytes) = ([0; 4], 0);
        for (column, cell) in self.cells[..end].iter().enumerate() {
            if cell.character == TAKEN {
                continue;
            }
            let mut push = |character: char| {
                let text = character.encode_utf8(&mut buffer);
                push_text(pieces, text, cell.style);
                bytes += text.len();
            };
            push(cell.character);
            let marks = self.marks_between(column, column + 1);
            self.marks[marks].iter().for_each(|(_, mark)| push(*mark));
        }
        bytes
    }
}
