//! CSV and TSV with a header and a column that says where each row stands: Lightning's
//! `metrics.csv`, Keras' `CSVLogger`, Ultralytics' `results.csv`, fastai's `history.csv`, CatBoost's
//! `learn_error.tsv`.
//!
//! A line is a row, and its cells are the crate `csv-core`'s: RFC 4180, and what that forbids is read
//! somehow. A quote within a cell that does not begin with one is a letter like any other; one that
//! is never closed ends with its line.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use super::curve::{CurveCheck, NotACurve};
use super::lines::complete_lines;
use super::vocabulary::{
    is_batch, is_measured, is_part, is_part_key, parse_number, step_rank, with_part,
};
use crate::model::metric::NewMetricPoint;

/// A table with more columns is a data set.
const COLUMNS_MAX: usize = 512;

/// What a column is for.
#[derive(Clone, Debug, PartialEq)]
enum Column {
    Step(usize),
    Metric(String),
    /// A text says which part of the data the row measures.
    Part,
    Other,
}

/// Reads the lines of a table one after the other.
#[derive(Debug)]
pub struct TableParser {
    cells: Cells,
    columns: Option<Vec<Column>>,
    /// A table without a step is read too.
    step_optional: bool,
    has_step: bool,
    check: CurveCheck,
}

impl TableParser {
    /// With `step_optional` a table without a column for the step is a curve too.
    pub fn new(step_optional: bool) -> Self {
        Self {
            cells: Cells::new(b','),
            columns: None,
            step_optional,
            has_step: false,
            check: CurveCheck::default(),
        }
    }

    /// Reads the complete lines of `bytes`, and answers with their length. O(length).
    ///
    /// # Errors
    /// Where this is no curve.
    pub fn read(
        &mut self,
        bytes: &[u8],
        points: &mut Vec<NewMetricPoint>,
    ) -> Result<usize, NotACurve> {
        let (lines, length) = complete_lines(bytes);
        for line in lines {
            if line.trim_ascii().is_empty() {
                continue;
            }
            match self.columns.take() {
                None => self.columns = Some(self.read_header(line)?),
                Some(columns) => {
                    let read = self.read_row(&columns, line, points);
                    self.columns = Some(columns);
                    read?;
                }
            }
        }
        Ok(length)
    }

    /// Lets through a single row: nothing follows it.
    pub fn finish(&mut self, points: &mut Vec<NewMetricPoint>) {
        self.check.release(points);
    }

    fn read_header(&mut self, line: &[u8]) -> Result<Vec<Column>, NotACurve> {
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        for delimiter in [b'\t', b';', b','] {
            self.cells = Cells::new(delimiter);
            let columns = self.read_columns(line)?;
            self.has_step = columns.iter().any(|one| matches!(one, Column::Step(_)));
            let measures = columns.iter().any(|one| matches!(one, Column::Metric(_)));
            let is_last = delimiter == b',';
            if measures && (self.has_step || is_last && self.step_optional) {
                return Ok(columns);
            }
        }
        Err(NotACurve)
    }

    fn read_columns(&mut self, line: &[u8]) -> Result<Vec<Column>, NotACurve> {
        let count = self.cells.split(line)?;
        let mut columns = Vec::with_capacity(count);
        for at in 0..count {
            let name = self.cells.get(at).ok_or(NotACurve)?.trim();
            // A row of numbers is no header.
            if parse_number(name).is_some() {
                return Err(NotACurve);
            }
            self.check.has_batches |= is_batch(name);
            columns.push(match step_rank(name) {
                Some(rank) => Column::Step(rank),
                None if is_part_key(name) => Column::Part,
                None if is_measured(name) => Column::Metric(name.to_owned()),
                None => Column::Other,
            });
        }
        Ok(columns)
    }

    fn read_row(
        &mut self,
        columns: &[Column],
        line: &[u8],
        points: &mut Vec<NewMetricPoint>,
    ) -> Result<(), NotACurve> {
        let count = self.cells.split(line)?;
        // `1,234` in a cell without quotes is two cells: nobody can tell what stands where.
        let is_empty = |at| {
            self.cells
                .get(at)
                .is_some_and(|cell| cell.trim().is_empty())
        };
        if !(columns.len()..count).all(is_empty) {
            return Ok(());
        }
        let count = count.min(columns.len());
        let (mut step, mut best, mut part) = (None, usize::MAX, None);
        for (at, column) in columns[..count].iter().enumerate() {
            let Some(cell) = self.cells.get(at) else {
                continue;
            };
            match column {
                Column::Step(rank) if *rank < best => {
                    let value = parse_number(cell).filter(|value| value.is_finite());
                    if value.is_some() {
                        (step, best) = (value, *rank);
                    }
                }
                Column::Part if is_part(cell.trim()) => part = Some(cell.trim()),
                _ => {}
            }
        }
        if self.has_step && step.is_none() {
            return Ok(());
        }
        for (at, column) in columns[..count].iter().enumerate() {
            let Column::Metric(name) = column else {
                continue;
            };
            let Some(value) = self.cells.get(at).and_then(parse_number) else {
                continue;
            };
            let name = part.map_or_else(|| name.clone(), |part| with_part(part, name));
            let point = NewMetricPoint { name, step, value };
            if self.has_step {
                self.check.add(point, 0, points)?;
            } else {
                points.push(point);
            }
        }
        Ok(())
    }
}

/// Splits lines into cells, without allocating for each.
struct Cells {
    reader: Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
    count: usize,
}

impl std::fmt::Debug for Cells {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cells").finish_non_exhaustive()
    }
}

impl Cells {
    fn new(delimiter: u8) -> Self {
        Self {
            reader: ReaderBuilder::new().delimiter(delimiter).build(),
            text: Vec::new(),
            ends: vec![0; COLUMNS_MAX],
            count: 0,
        }
    }

    /// How many cells the line has.
    fn split(&mut self, line: &[u8]) -> Result<usize, NotACurve> {
        self.reader.reset();
        self.text.resize(line.len() + 1, 0);
        let (mut read, mut written, mut ended) = (0, 0, 0);
        loop {
            // An empty input is the end of the file, and so of the line.
            let (result, taken, put, ends) = self.reader.read_record(
                &line[read..],
                &mut self.text[written..],
                &mut self.ends[ended..],
            );
            (read, written, ended) = (read + taken, written + put, ended + ends);
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::Record | ReadRecordResult::End => break,
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    return Err(NotACurve);
                }
            }
        }
        self.count = ended;
        Ok(ended)
    }

    /// A cell; `None` if it is no UTF-8.
    fn get(&self, at: usize) -> Option<&str> {
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        let end = *self.ends[..self.count].get(at)?;
        str::from_utf8(self.text.get(start..end)?).ok()
    }
}

#[cfg(test)]
mod tests;
