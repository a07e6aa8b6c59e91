//! Days, for the age of prices.

use std::fmt;

use crate::calendar::{civil_from_days, days_from_civil};

/// A day of the Gregorian calendar, as days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date(i64);

/// A price is old after so many days.
const OLD_AFTER: i64 = 90;

const SECONDS_PER_DAY: i64 = 86_400;

impl Date {
    /// The day in UTC of a moment in seconds since 1970-01-01.
    pub fn from_unix_seconds(seconds: i64) -> Date {
        Date(seconds.div_euclid(SECONDS_PER_DAY))
    }

    fn of(year: i64, month: i64, day: i64) -> Date {
        Date(days_from_civil(year, month, day))
    }

    /// The days that `2026-07-20`, `2026-07` or `2026` name: the first and the last. None where the
    /// text is no such date.
    pub(crate) fn parse_span(text: &str) -> Option<(Date, Date)> {
        let fields: Vec<&str> = text.split('-').collect();
        let number = |text: &str, digits: usize| {
            let is_plain = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
            is_plain.then(|| text.parse::<i64>().ok()).flatten()
        };
        let year = number(fields.first()?, 4)?;
        let month = match fields.get(1) {
            Some(month) => Some(number(month, 2).filter(|month| (1..=12).contains(month))?),
            None => None,
        };
        let first_of_next = match month {
            Some(month) if month < 12 => Date::of(year, month + 1, 1),
            _ => Date::of(year + 1, 1, 1),
        };
        let (first, last) = (
            Date::of(year, month.unwrap_or(1), 1),
            Date(first_of_next.0 - 1),
        );
        match fields.as_slice() {
            [_] | [_, _] => Some((first, last)),
            [_, _, day] => {
                let day = number(day, 2)?;
                let named = Date(first.0 + day - 1);
                (day >= 1 && named <= last).then_some((named, named))
            }
            _ => None,
        }
    }
}

/// `2026-11-28`.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.0);
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// Whether a price is of use today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceAge {
    /// At most 90 days.
    Current,
    /// More than 90 days.
    Old,
    /// Its date does not say: it names a month or a year, or there is none.
    Unclear,
}

impl PriceAge {
    /// The age today of a price as of `text`.
    pub fn of(text: &str, today: Date) -> PriceAge {
        let Some((first, last)) = Date::parse_span(text) else {
            return PriceAge::Unclear;
        };
        let is_old = |day: Date| today.0.saturating_sub(day.0) > OLD_AFTER;
        match (is_old(first), is_old(last)) {
            (_, true) => PriceAge::Old,
            (true, false) => PriceAge::Unclear,
            (false, false) => PriceAge::Current,
        }
    }

    /// For after the date of a price: nothing, or the age.
    pub fn remark(self) -> &'static str {
        match self {
            PriceAge::Current => "",
            PriceAge::Old => ", more than 90 days ago",
            PriceAge::Unclear => ", perhaps more than 90 days ago",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn days_count_from_1970() {
        for (text, days) in [
            ("1970-01-01", 0),
            ("1969-12-31", -1),
            ("2000-02-29", 11_016),
            ("2000-03-01", 11_017),
            ("2026-11-28", 20_785),
            ("0000-01-01", -719_528),
        ] {
            assert_eq!(Date::parse_span(text).unwrap().0, Date(days), "{text}");
            assert_eq!(Date(days).to_string(), text);
        }
        for days in (-800_000..800_000).step_by(97) {
            let text = Date(days).to_string();
            if days > -719_528 {
                assert_eq!(
                    Date::parse_span(&text),
                    Some((Date(days), Date(days))),
                    "{text}"
                );
            }
        }
        assert_eq!(
            Date::parse_span("2024-02"),
            Some((Date(19_754), Date(19_782)))
        );
        assert_eq!(Date::parse_span("2026").map(|(a, b)| b.0 - a.0), Some(364));
        assert_eq!(Date::from_unix_seconds(-1), Date(-1));
        for bad in [
            "",
            "2026-",
            "26-01-01",
            "2026-13",
            "2026-00",
            "2026-02-29",
            "2026-01-00",
            "2026-1-1",
            "2026-01-01-01",
            "soon",
            "+026",
        ] {
            assert_eq!(Date::parse_span(bad), None, "{bad}");
        }
    }

    #[test]
    fn ninety_days() {
        let today = Date::parse_span("2026-11-28").unwrap().0;
        for (text, age) in [
            ("2026-11-28", PriceAge::Current),
            ("2026-08-30", PriceAge::Current),
            ("2026-08-29", PriceAge::Old),
            ("2026-09", PriceAge::Current),
            ("2026-08", PriceAge::Unclear),
            ("2026-07", PriceAge::Old),
            ("2026", PriceAge::Unclear),
            ("2025", PriceAge::Old),
            ("", PriceAge::Unclear),
            ("2027-01-01", PriceAge::Current),
        ] {
            assert_eq!(PriceAge::of(text, today), age, "{text}");
        }
    }
}
