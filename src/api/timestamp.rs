//! Points in time: microseconds since 1970, RFC 3339 on the wire.
//!
//! Written by hand, since this one format in UTC is all that page and server need; a date library
//! would bring calendars and time zones into the page.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::calendar::{civil_from_days, days_from_civil};

const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;
/// 0000-01-01T00:00:00Z and 9999-12-31T23:59:59.999999Z: what RFC 3339 can write.
const MIN_MICROS: i64 = -62_167_219_200 * MICROS_PER_SECOND;
const MAX_MICROS: i64 = 253_402_300_800 * MICROS_PER_SECOND - 1;

/// A point in time with microseconds, between the years 0000 and 9999, always shown in UTC
/// (`2026-11-23T18:49:05.187395Z`). Parsing accepts any zone and drops decimals past the sixth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since 1970-01-01T00:00:00Z, clamped to the years 0000 to 9999.
    pub fn from_micros(micros: i64) -> Self {
        Self(micros.clamp(MIN_MICROS, MAX_MICROS))
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub fn micros(self) -> i64 {
        self.0
    }

    /// Seconds from `earlier` to `self`, negative if `earlier` is later.
    pub fn seconds_since(self, earlier: Self) -> f64 {
        (self.0 - earlier.0) as f64 / MICROS_PER_SECOND as f64
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.div_euclid(MICROS_PER_SECOND);
        let micros = self.0.rem_euclid(MICROS_PER_SECOND);
        let (year, month, day) = civil_from_days(seconds.div_euclid(SECONDS_PER_DAY));
        let second = seconds.rem_euclid(SECONDS_PER_DAY);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z"
        )
    }
}

/// The error for a text that is no RFC 3339 time with a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidTimestamp;

impl fmt::Display for InvalidTimestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a time with a zone, as in 2026-11-23T18:49:05Z")
    }
}

impl std::error::Error for InvalidTimestamp {}

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, InvalidTimestamp> {
        parse_rfc3339(text.as_bytes()).ok_or(InvalidTimestamp)
    }
}

fn parse_rfc3339(text: &[u8]) -> Option<Timestamp> {
    let (date, rest) = text.split_at_checked(19)?;
    let separators = (date[4], date[7], date[10], date[13], date[16]);
    if !matches!(separators, (b'-', b'-', b'T' | b't' | b' ', b':', b':')) {
        return None;
    }
    let (year, month, day) = (
        parse_digits(&date[..4])?,
        parse_digits(&date[5..7])?,
        parse_digits(&date[8..10])?,
    );
    let (hour, minute, second) = (
        parse_digits(&date[11..13])?,
        parse_digits(&date[14..16])?,
        parse_digits(&date[17..19])?,
    );
    // A leap second (60) counts as the first second of the next minute, as Unix time has it.
    if !(1..=12).contains(&month) || day < 1 || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let days = days_from_civil(year, month, day);
    // Refuses days that their month does not have: February 30 would be March 1 or 2.
    if civil_from_days(days) != (year, month, day) {
        return None;
    }
    let (micros, zone) = parse_fraction(rest)?;
    let seconds =
        days * SECONDS_PER_DAY + hour * 3600 + minute * 60 + second - parse_zone_offset(zone)?;
    let micros = seconds * MICROS_PER_SECOND + micros;
    (MIN_MICROS..=MAX_MICROS)
        .contains(&micros)
        .then_some(Timestamp(micros))
}

fn parse_digits(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |sum, byte| {
        byte.is_ascii_digit()
            .then(|| sum * 10 + i64::from(byte - b'0'))
    })
}

/// Splits `.187395Z` into microseconds and the zone after the decimals.
fn parse_fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let Some(decimals) = text.strip_prefix(b".") else {
        return Some((0, text));
    };
    let length = decimals
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    if length == 0 {
        return None;
    }
    let (kept, zone) = (&decimals[..length.min(6)], &decimals[length..]);
    let scale = 10_i64.pow(6 - kept.len() as u32);
    Some((parse_digits(kept)? * scale, zone))
}

/// Seconds east of UTC of `Z` or `+02:00`.
fn parse_zone_offset(zone: &[u8]) -> Option<i64> {
    match zone {
        b"Z" | b"z" => Some(0),
        [
            sign @ (b'+' | b'-'),
            hour @ ..,
            b':',
            minute_tens,
            minute_ones,
        ] if hour.len() == 2 => {
            let (hour, minute) = (
                parse_digits(hour)?,
                parse_digits(&[*minute_tens, *minute_ones])?,
            );
            let seconds = hour * 3600 + minute * 60;
            (hour < 24 && minute < 60).then_some(if *sign == b'-' { -seconds } else { seconds })
        }
        _ => None,
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}
