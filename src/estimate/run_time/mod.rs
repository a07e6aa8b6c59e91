//! Parses the run time of a trial as a person types it.
//!
//! A length (`10 minutes`, `10min`, `1h 30m`, `90 s`, `1.5 h`, `2 days`, `1:30:00`), a range of two
//! (`5 to 10 minutes`, `5-10 min`, `30s to 2m`), or a [`Formula`] over the trial's arguments
//! (`minutes = 40 * epochs / batch_size`). A number alone is minutes.

mod measured;

pub use measured::{MeasuredRunTime, PilotTrial};

use super::Seconds;
use super::fitted::FittedRunTime;
use super::uncertainty::Noise;
use crate::formula::{ArgumentValue, Error, ErrorKind, EvalError, Formula};
use crate::sweep::Span;

/// Where the run time of a trial comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum RunTime {
    /// The same for every trial.
    Constant(Seconds),
    /// The same for every trial, and not sure.
    Range(TimeRange),
    /// Computed from each trial's arguments.
    Formula(Formula),
    /// Calibrated by pilot trials.
    Measured(MeasuredRunTime),
    /// Fitted to finished trials of the same script.
    Fitted(FittedRunTime),
}

impl RunTime {
    /// The run time of a trial whose arguments `lookup` gives, asked once for each of
    /// [`RunTime::names`] in that order. O(nodes of the formula).
    pub fn evaluate<'a>(
        &self,
        mut lookup: impl FnMut(&str) -> Option<ArgumentValue<'a>>,
    ) -> Result<Seconds, EvalError> {
        self.evaluate_with(&mut lookup)
    }

    fn evaluate_with<'a>(
        &self,
        lookup: &mut dyn FnMut(&str) -> Option<ArgumentValue<'a>>,
    ) -> Result<Seconds, EvalError> {
        match self {
            RunTime::Constant(seconds) => Ok(*seconds),
            RunTime::Range(range) => Ok(range.median()),
            RunTime::Formula(formula) => {
                let seconds = formula.evaluate_seconds(lookup)?;
                Seconds::from_f64(seconds).ok_or(EvalError::TooLong(seconds))
            }
            RunTime::Measured(measured) => match measured.scaled() {
                Some((stated, factor)) => {
                    Ok(stated.evaluate_with(lookup)?.scale_unless_one(factor))
                }
                None => Ok(measured.mean()),
            },
            RunTime::Fitted(fitted) => {
                let value = |name: &String| {
                    let name = name.clone();
                    lookup(&name).ok_or(EvalError::Missing { name })
                };
                let values: Vec<_> = fitted.names().iter().map(value).collect::<Result<_, _>>()?;
                fitted.predict(&values)
            }
        }
    }

    /// Whether it reads texts as what they are, and not only numbers.
    pub(super) fn reads_texts(&self) -> bool {
        matches!(self, RunTime::Fitted(_))
    }

    /// The arguments that it depends on, each once; none for a constant.
    pub(crate) fn names(&self) -> &[String] {
        match self {
            RunTime::Constant(_) | RunTime::Range(_) => &[],
            RunTime::Formula(formula) => formula.names(),
            RunTime::Measured(measured) => {
                measured.scaled().map_or(&[], |(stated, _)| stated.names())
            }
            RunTime::Fitted(fitted) => fitted.names(),
        }
    }

    /// How sure it is of itself; None where a person typed it and did not say.
    pub(crate) fn noise(&self) -> Option<Noise> {
        match self {
            RunTime::Range(range) => Noise::from_range(range.low.as_f64(), range.high.as_f64()),
            RunTime::Measured(measured) => Some(measured.noise()),
            RunTime::Fitted(fitted) => Some(fitted.noise()),
            RunTime::Constant(_) | RunTime::Formula(_) => None,
        }
    }
}

/// A run time between two, which are its 10th and 90th percentile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeRange {
    low: Seconds,
    high: Seconds,
}

impl TimeRange {
    /// The 10th percentile, above zero.
    pub fn low(&self) -> Seconds {
        self.low
    }

    /// The 90th percentile.
    pub fn high(&self) -> Seconds {
        self.high
    }

    /// The median of the log-normal distribution between the two: their geometric mean.
    pub fn median(&self) -> Seconds {
        let seconds = (self.low.as_f64() * self.high.as_f64()).sqrt();
        Seconds::from_f64(seconds).unwrap_or(self.high)
    }
}

/// Parses a run time of 1 µs to [`Seconds::MAX`]. O(length); errors carry spans in `text`.
pub fn parse_run_time(text: &str) -> Result<RunTime, Error> {
    if text.contains('=') {
        return Formula::parse(text).map(RunTime::Formula);
    }
    let Some(separator) = find_range_separator(text) else {
        return parse_length(text, 0, text.len(), Some(MINUTE)).map(RunTime::Constant);
    };
    let range = parse_range(text, separator);
    range.map_err(|error| match error.kind {
        // `40 * epochs - 3` is no range: only its left side is missing.
        ErrorKind::Unexpected { .. }
        | ErrorKind::NoTimeUnit { .. }
        | ErrorKind::UnknownTimeUnit { .. }
            if is_expression(text) =>
        {
            Error::new(to_span(0, text.len()), ErrorKind::NoLeftSide)
        }
        _ => error,
    })
}

/// Microseconds of a minute: the unit of a number alone.
const MINUTE: u128 = 60_000_000;

/// Where `to` or a dash stands between two lengths, as the bytes of both sides' limits.
fn find_range_separator(text: &str) -> Option<(usize, usize)> {
    let lower = text.to_ascii_lowercase();
    if let Some(at) = lower.find(" to ") {
        return Some((at, at + " to ".len()));
    }
    let dash = text
        .char_indices()
        .find(|(_, c)| matches!(c, '-' | '\u{2013}' | '\u{2014}' | '\u{2212}'))?;
    let has_left = text
        .get(..dash.0)
        .is_some_and(|left| !left.trim().is_empty());
    has_left.then(|| (dash.0, dash.0 + dash.1.len_utf8()))
}

/// Two lengths; a number alone has the other's unit, or minutes where both are alone.
fn parse_range(text: &str, (left_end, right_start): (usize, usize)) -> Result<RunTime, Error> {
    let left_unit = single_unit(text, 0, left_end);
    let right_unit = single_unit(text, right_start, text.len());
    let (left_bare, right_bare) = match (left_unit, right_unit) {
        (None, None) if is_number(text.get(..left_end)) && is_number(text.get(right_start..)) => {
            (Some(MINUTE), Some(MINUTE))
        }
        (left, right) => (right, left),
    };
    // A right side that is no time is the likelier mistake than a left one without a unit.
    let high = parse_length(text, right_start, text.len(), right_bare)?;
    let low = parse_length(text, 0, left_end, left_bare)?;
    match low.cmp(&high) {
        std::cmp::Ordering::Less => Ok(RunTime::Range(TimeRange { low, high })),
        std::cmp::Ordering::Equal => Ok(RunTime::Constant(low)),
        std::cmp::Ordering::Greater => {
            Err(Error::new(to_span(0, text.len()), ErrorKind::RangeOrder))
        }
    }
}

fn is_number(text: Option<&str>) -> bool {
    let digits = text.unwrap_or("").trim();
    !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit() || c == '.')
}

/// The unit of a length of one number and one unit.
fn single_unit(text: &str, start: usize, end: usize) -> Option<u128> {
    let length = text.get(start..end)?.trim();
    let name = length.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let number = length
        .strip_suffix(name)
        .filter(|number| !number.is_empty());
    number?;
    let name = name.trim().to_lowercase();
    let known = UNITS
        .iter()
        .find(|(_, names)| names.contains(&name.as_str()));
    known.map(|(micros, _)| *micros)
}

/// The length in bytes `start..end` of the text. `bare` is the unit of a number alone.
fn parse_length(
    text: &str,
    start: usize,
    end: usize,
    bare: Option<u128>,
) -> Result<Seconds, Error> {
    // What follows is not looked at, and places stay those of the whole text.
    let before = text.get(..end).unwrap_or(text);
    let micros = if before
        .get(start..)
        .is_some_and(|length| length.contains(':'))
    {
        parse_clock(before, start)?
    } else {
        parse_units(before, start, bare)?
    };
    let whole = to_span(start, end);
    match u64::try_from(micros) {
        Ok(0) => Err(Error::new(whole, ErrorKind::ZeroTime)),
        Ok(micros) if micros <= Seconds::MAX.micros() => Ok(Seconds::from_micros(micros)),
        _ => Err(Error::new(whole, ErrorKind::TimeTooLong)),
    }
}

/// The units of a length, largest first, with their microseconds.
const UNITS: [(u128, &[&str]); 5] = [
    (86_400_000_000, &["d", "day", "days"]),
    (3_600_000_000, &["h", "hr", "hrs", "hour", "hours"]),
    (60_000_000, &["m", "min", "mins", "minute", "minutes"]),
    (1_000_000, &["s", "sec", "secs", "second", "seconds"]),
    (1_000, &["ms", "millisecond", "milliseconds"]),
];

/// `1h 30m` from `start` on, in microseconds: numbers with ever smaller units, blanks or commas between
/// them, or one number of the unit `bare`.
fn parse_units(text: &str, start: usize, bare: Option<u128>) -> Result<u128, Error> {
    let mut total = 0u128;
    let mut largest = u128::MAX;
    let mut at = skip_while(text, start, char::is_whitespace);
    if at == text.len() {
        return Err(unexpected(text, at, "a run time such as `10 minutes`"));
    }
    while at < text.len() {
        let number_end = skip_while(text, at, |c| c.is_ascii_digit() || c == '.');
        if number_end == at {
            return Err(not_a_length(text, at));
        }
        let number = to_span(at, number_end);
        let unit_start = skip_while(text, number_end, char::is_whitespace);
        let unit_end = skip_while(text, unit_start, char::is_alphabetic);
        let name = text.get(unit_start..unit_end).unwrap_or("");
        if name.is_empty() && unit_start < text.len() {
            return Err(not_a_length(text, unit_start));
        }
        if let Some(unit) = bare.filter(|_| name.is_empty() && largest == u128::MAX) {
            return parse_decimal(text, number, unit);
        }
        if name.is_empty() {
            let number_text = number.slice(text).to_owned();
            return Err(Error::new(
                number,
                ErrorKind::NoTimeUnit {
                    number: number_text,
                },
            ));
        }
        let unit = parse_unit(text, unit_start, unit_end)?;
        if unit >= largest {
            let found = name.to_owned();
            let place = to_span(unit_start, unit_end);
            return Err(Error::new(place, ErrorKind::TimeUnitOrder { found }));
        }
        largest = unit;
        total = total.saturating_add(parse_decimal(text, number, unit)?);
        at = skip_while(text, unit_end, |c| c.is_whitespace() || c == ',');
    }
    Ok(total)
}

fn parse_unit(text: &str, start: usize, end: usize) -> Result<u128, Error> {
    let name = text.get(start..end).unwrap_or("").to_lowercase();
    let known = UNITS
        .iter()
        .find(|(_, names)| names.contains(&name.as_str()));
    known.map(|(micros, _)| *micros).ok_or_else(|| {
        let found = text.get(start..end).unwrap_or("").to_owned();
        Error::new(to_span(start, end), ErrorKind::UnknownTimeUnit { found })
    })
}

/// `1:30:00` or `1:30:00.5` from `from` on: hours, minutes and seconds, in microseconds.
fn parse_clock(text: &str, from: usize) -> Result<u128, Error> {
    let start = skip_while(text, from, char::is_whitespace);
    let trimmed = text.get(start..).unwrap_or("").trim_end();
    let fields: Vec<&str> = trimmed.split(':').collect();
    let &[hours, minutes, seconds] = fields.as_slice() else {
        let place = to_span(start, start + trimmed.len());
        if fields.len() == 2 {
            return Err(Error::new(place, ErrorKind::AmbiguousClock));
        }
        return Err(not_a_length(text, start));
    };
    let minutes_at = start + hours.len() + 1;
    let seconds_at = minutes_at + minutes.len() + 1;
    let whole_digits = seconds.split('.').next().unwrap_or("");
    for (at, field, digits) in [
        (minutes_at, minutes, minutes),
        (seconds_at, seconds, whole_digits),
    ] {
        if digits.len() != 2 || !digits.parse::<u8>().is_ok_and(|value| value < 60) {
            let found = field.to_owned();
            let place = to_span(at, at + field.len());
            return Err(Error::new(place, ErrorKind::ClockField { found }));
        }
    }
    let mut total = 0u128;
    for (at, field, unit) in [
        (start, hours, 3_600_000_000),
        (minutes_at, minutes, 60_000_000),
        (seconds_at, seconds, 1_000_000),
    ] {
        total = total.saturating_add(parse_decimal(text, to_span(at, at + field.len()), unit)?);
    }
    Ok(total)
}

/// A decimal number of `unit` microseconds, exact; digits below a microsecond round half up.
fn parse_decimal(text: &str, place: Span, unit: u128) -> Result<u128, Error> {
    let digits = place.slice(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let is_number = !(whole.is_empty() && fraction.is_empty())
        && [whole, fraction]
            .iter()
            .all(|part| part.chars().all(|c| c.is_ascii_digit()));
    if !is_number {
        return Err(unexpected_at(text, place, "a number"));
    }
    let too_long = || Error::new(place, ErrorKind::TimeTooLong);
    let whole: u128 = match whole {
        "" => 0,
        digits => digits.parse().map_err(|_| too_long())?,
    };
    // A day has 8.64e10 microseconds, so digits after the 18th change nothing.
    let kept = fraction.get(..fraction.len().min(18)).unwrap_or("");
    let scale = 10u128.pow(kept.len() as u32);
    let part: u128 = if kept.is_empty() {
        0
    } else {
        kept.parse().map_err(|_| too_long())?
    };
    let below = (part * unit + scale / 2) / scale;
    whole
        .checked_mul(unit)
        .and_then(|micros| micros.checked_add(below))
        .ok_or_else(too_long)
}

fn skip_while(text: &str, from: usize, wanted: impl Fn(char) -> bool) -> usize {
    let rest = text.get(from..).unwrap_or("");
    from + rest.find(|c| !wanted(c)).unwrap_or(rest.len())
}

fn to_span(start: usize, end: usize) -> Span {
    let offset = |at| u32::try_from(at).unwrap_or(u32::MAX);
    Span {
        start: offset(start),
        end: offset(end),
    }
}

fn unexpected(text: &str, at: usize, expected: &'static str) -> Error {
    unexpected_at(text, to_span(at, text.len()), expected)
}

fn unexpected_at(text: &str, place: Span, expected: &'static str) -> Error {
    let found = place.slice(text).trim_end().to_owned();
    Error::new(place, ErrorKind::Unexpected { expected, found })
}

/// The error for a text that is no length and has no `=`: where it parses as an expression, only
/// its left side is missing.
fn not_a_length(text: &str, at: usize) -> Error {
    match is_expression(text) {
        true => Error::new(to_span(0, text.len()), ErrorKind::NoLeftSide),
        false => unexpected(text, at, "a run time such as `10 minutes`"),
    }
}

fn is_expression(text: &str) -> bool {
    Formula::parse(&format!("seconds = {text}")).is_ok()
}

#[cfg(test)]
mod tests;
