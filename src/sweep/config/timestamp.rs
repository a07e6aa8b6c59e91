//! YAML's timestamps as Python's `datetime.date` and `datetime.datetime`, and how Python prints them.

use std::fmt::Write;

/// A date, with the time of day where there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Timestamp {
    year: u32,
    month: u32,
    day: u32,
    time: Option<Time>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Time {
    hour: u32,
    minute: u32,
    second: u32,
    microsecond: u32,
    /// Minutes east of Greenwich.
    offset: Option<i32>,
}

/// The digits of a timestamp as they stand.
pub(super) struct Fields<'a> {
    year: &'a str,
    month: &'a str,
    day: &'a str,
    /// What stands behind the date.
    pub(super) time: Option<TimeFields<'a>>,
}

pub(super) struct TimeFields<'a> {
    hour: &'a str,
    minute: &'a str,
    second: &'a str,
    fraction: &'a str,
    /// `Z`, or sign, hours and minutes.
    zone: Option<(char, &'a str, &'a str)>,
}

/// The parts of a timestamp, by the pattern `timestamp_regexp` of PyYAML's `constructor.py`: month, day
/// and hour may have one digit.
pub(super) fn split_fields(text: &str) -> Option<Fields<'_>> {
    let mut rest = text;
    let year = take_digits(&mut rest, 4, 4)?;
    eat(&mut rest, '-')?;
    let month = take_digits(&mut rest, 1, 2)?;
    eat(&mut rest, '-')?;
    let day = take_digits(&mut rest, 1, 2)?;
    let time = if rest.is_empty() {
        None
    } else {
        Some(split_time_fields(rest)?)
    };
    Some(Fields {
        year,
        month,
        day,
        time,
    })
}

fn split_time_fields(text: &str) -> Option<TimeFields<'_>> {
    let blanks = text.trim_start_matches([' ', '\t']);
    let mut rest = match text.strip_prefix(['T', 't']) {
        Some(rest) => rest,
        None if blanks.len() < text.len() => blanks,
        None => return None,
    };
    let hour = take_digits(&mut rest, 1, 2)?;
    eat(&mut rest, ':')?;
    let minute = take_digits(&mut rest, 2, 2)?;
    eat(&mut rest, ':')?;
    let second = take_digits(&mut rest, 2, 2)?;
    let fraction = match eat(&mut rest, '.') {
        Some(()) => take_digits(&mut rest, 0, usize::MAX)?,
        None => "",
    };
    let mut time = TimeFields {
        hour,
        minute,
        second,
        fraction,
        zone: None,
    };
    if rest.is_empty() {
        return Some(time);
    }
    let mut rest = rest.trim_start_matches([' ', '\t']);
    if rest == "Z" {
        time.zone = Some(('Z', "0", "0"));
        return Some(time);
    }
    let sign = rest.chars().next().filter(|c| matches!(c, '-' | '+'))?;
    rest = &rest[1..];
    let hours = take_digits(&mut rest, 1, 2)?;
    let minutes = match eat(&mut rest, ':') {
        Some(()) => take_digits(&mut rest, 2, 2)?,
        None => "0",
    };
    time.zone = Some((sign, hours, minutes));
    rest.is_empty().then_some(time)
}

/// Between `least` and `most` digits from the start of `rest`, as many as there are.
fn take_digits<'a>(rest: &mut &'a str, least: usize, most: usize) -> Option<&'a str> {
    let found = rest
        .bytes()
        .take(most)
        .take_while(u8::is_ascii_digit)
        .count();
    let (digits, after) = rest.split_at(found);
    *rest = after;
    (found >= least).then_some(digits)
}

fn eat(rest: &mut &str, c: char) -> Option<()> {
    *rest = rest.strip_prefix(c)?;
    Some(())
}

impl Timestamp {
    /// Reads a timestamp; `None` for what is none, or what Python's `datetime` refuses (a month 13).
    pub(super) fn parse(text: &str) -> Option<Timestamp> {
        let fields = split_fields(text)?;
        let number = |digits: &str| digits.parse::<u32>().ok();
        let (year, month) = (number(fields.year)?, number(fields.month)?);
        let day = number(fields.day)?;
        let exists = year >= 1 && (1..=days_in_month(year, month)).contains(&day);
        let time = match fields.time {
            None => None,
            Some(time) => {
                let (hour, minute) = (number(time.hour)?, number(time.minute)?);
                let second = number(time.second)?;
                let fraction = &time.fraction[..time.fraction.len().min(6)];
                let offset = match time.zone {
                    None => None,
                    Some((sign, hours, minutes)) => {
                        let minutes = number(hours)? * 60 + number(minutes)?;
                        let minutes = i32::try_from(minutes).ok().filter(|m| *m < 24 * 60)?;
                        Some(if sign == '-' { -minutes } else { minutes })
                    }
                };
                let valid = hour < 24 && minute < 60 && second < 60;
                valid.then_some(())?;
                Some(Time {
                    hour,
                    minute,
                    second,
                    microsecond: number(&format!("{fraction:0<6}"))?,
                    offset,
                })
            }
        };
        exists.then_some(Timestamp {
            year,
            month,
            day,
            time,
        })
    }

    /// Python's `str`.
    pub(super) fn to_str(&self) -> String {
        self.format_with_separator(' ')
    }

    /// Python's `isoformat()`, which is how Grid's client sends one.
    pub(super) fn to_iso(&self) -> String {
        self.format_with_separator('T')
    }

    fn format_with_separator(&self, separator: char) -> String {
        let mut out = format!("{:04}-{:02}-{:02}", self.year, self.month, self.day);
        let Some(time) = &self.time else { return out };
        let (hour, minute, second) = (time.hour, time.minute, time.second);
        // Writing to a string cannot fail.
        let _ = write!(out, "{separator}{hour:02}:{minute:02}:{second:02}");
        if time.microsecond > 0 {
            let _ = write!(out, ".{:06}", time.microsecond);
        }
        if let Some(offset) = time.offset {
            let sign = if offset < 0 { '-' } else { '+' };
            let minutes = offset.unsigned_abs();
            let _ = write!(out, "{sign}{:02}:{:02}", minutes / 60, minutes % 60);
        }
        out
    }

    /// Python's `repr`, as it stands in the text of a list.
    pub(super) fn repr(&self) -> String {
        let (year, month, day) = (self.year, self.month, self.day);
        let Some(time) = &self.time else {
            return format!("datetime.date({year}, {month}, {day})");
        };
        let mut out = format!(
            "datetime.datetime({year}, {month}, {day}, {}, {}",
            time.hour, time.minute
        );
        if time.second > 0 || time.microsecond > 0 {
            let _ = write!(out, ", {}", time.second);
        }
        if time.microsecond > 0 {
            let _ = write!(out, ", {}", time.microsecond);
        }
        if let Some(offset) = time.offset {
            let _ = write!(out, ", tzinfo={}", zone_repr(offset));
        }
        out.push(')');
        out
    }
}

/// `repr` of a `datetime.timezone`; a `timedelta` has its sign in the days alone.
fn zone_repr(offset: i32) -> String {
    if offset == 0 {
        return "datetime.timezone.utc".into();
    }
    let seconds = offset.rem_euclid(24 * 60) * 60;
    let days = if offset < 0 { "days=-1, " } else { "" };
    format!("datetime.timezone(datetime.timedelta({days}seconds={seconds}))")
}

/// Days of a month of the Gregorian calendar; 0 for no month.
fn days_in_month(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(leap),
        _ => 0,
    }
}
