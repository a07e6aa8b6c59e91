//! How the app writes numbers, spans of time and money: pure functions.

use crate::estimate::{Money, format_seconds};
pub(crate) use crate::sweep::diagnostic::format_count;

/// The groups of three of a number of five digits or more, else the whole number in one.
/// Drawn with space between them, they read well and still copy as plain digits.
pub(crate) fn digit_groups(number: u128) -> Vec<String> {
    let digits = number.to_string();
    if digits.len() < 5 {
        return vec![digits];
    }
    let head = match digits.len() % 3 {
        0 => 3,
        rest => rest,
    };
    let mut groups = vec![digits[..head].to_owned()];
    let mut rest = &digits[head..];
    while !rest.is_empty() {
        let (group, tail) = rest.split_at(3);
        groups.push(group.to_owned());
        rest = tail;
    }
    groups
}

/// A count and its noun: `1 trial`, `2,000 trials`.
pub(crate) fn format_quantity(number: u128, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    [format_count(number).as_str(), " ", noun, plural].concat()
}

/// A span of time as at the terminal: [`format_seconds`]. Not a number, or below 0, is a dash.
pub(crate) fn format_duration(seconds: f64) -> String {
    if seconds.is_finite() && seconds >= 0.0 {
        format_seconds(seconds)
    } else {
        "–".to_owned()
    }
}

/// Dollars that the server reports, rounded half up to cents, as [`Money`] is. Less than half a cent
/// is `<$0.01`, and an unknown amount (not a number) is a dash.
pub(crate) fn format_dollars(usd: f64) -> String {
    if !usd.is_finite() {
        return "–".to_owned();
    }
    if usd <= 0.0 {
        return "$0.00".to_owned();
    }
    if usd < 0.005 {
        return "<$0.01".to_owned();
    }
    Money::from_f64(usd).map_or_else(|| "–".to_owned(), |amount| amount.to_string())
}

/// Dollars that the server reports, as [`Money::to_figure`]: with two significant digits below $0.10. An
/// unknown amount (not a number) is a dash.
pub(crate) fn format_exact_dollars(usd: f64) -> String {
    match Money::from_f64(usd) {
        None => "–".to_owned(),
        Some(_) if usd > 0.0 && usd < 1e-6 => "<$0.000001".to_owned(),
        Some(amount) => amount.to_figure(),
    }
}

/// A measured value: whole numbers as they are, others with four decimals, very small and very
/// large ones with a power of ten.
pub(crate) fn format_metric(value: f64) -> String {
    let size = value.abs();
    match value {
        _ if value.is_nan() => "NaN".to_owned(),
        _ if value.is_infinite() => if value > 0.0 { "∞" } else { "−∞" }.to_owned(),
        _ if value.fract() == 0.0 && size < 1e15 => (value as i64).to_string(),
        _ if (1e-3..1e6).contains(&size) => format!("{value:.4}"),
        _ => format!("{value:.3e}"),
    }
}

/// How long ago something was: `now`, `5 min ago`.
pub(crate) fn format_ago(seconds: f64) -> String {
    let whole = seconds.max(0.0) as u64;
    let (count, unit) = match whole {
        0..10 => return "now".to_owned(),
        10..60 => (whole, " s"),
        60..3600 => (whole / 60, " min"),
        3600..86_400 => (whole / 3600, " h"),
        _ => (whole / 86_400, " d"),
    };
    [count.to_string().as_str(), unit, " ago"].concat()
}

/// A count of trials as a person may type it: digits, with commas, blanks or underscores between.
pub(crate) fn parse_count(text: &str) -> Option<u128> {
    let digits: String = text
        .chars()
        .filter(|c| !matches!(c, ',' | '_' | ' ' | '\u{202f}'))
        .collect();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(format_count(0), "0");
        assert_eq!(format_count(999), "999");
        assert_eq!(format_count(1000), "1,000");
        assert_eq!(
            format_count(u128::MAX),
            "340,282,366,920,938,463,463,374,607,431,768,211,455"
        );
        assert_eq!(digit_groups(9999), ["9999"]);
        assert_eq!(digit_groups(12345), ["12", "345"]);
        assert_eq!(digit_groups(123_456), ["123", "456"]);
        assert_eq!(format_quantity(1, "trial"), "1 trial");
        assert_eq!(format_quantity(1_000_000, "trial"), "1,000,000 trials");
    }

    #[test]
    fn a_time_that_is_none_is_a_dash() {
        let times = [8.42, f64::NAN, f64::INFINITY, -1.0];
        assert_eq!(times.map(format_duration), ["8.4 s", "–", "–", "–"]);
    }

    #[test]
    fn money_is_rounded_once_and_never_to_nothing() {
        let cases = [
            (0.0, "$0.00"),
            (0.0001, "<$0.01"),
            (0.005, "$0.01"),
            (1.004, "$1.00"),
            // Half a cent: the doubles nearest to these lie a little below.
            (1.005, "$1.01"),
            (8.575, "$8.58"),
            (12.34, "$12.34"),
            (1_234_567.0, "$1,234,567.00"),
            (f64::NAN, "–"),
        ];
        for (usd, text) in cases {
            assert_eq!(format_dollars(usd), text);
        }
    }

    #[test]
    fn small_amounts_can_be_told_apart() {
        assert_eq!(
            [0.0, 1e-7, 0.000_26, 0.0123, 12.3].map(format_exact_dollars),
            ["$0.00", "<$0.000001", "$0.00026", "$0.012", "$12.30"]
        );
    }

    #[test]
    fn metrics_are_written_alike() {
        let cases = [
            (0.0, "0"),
            (3.0, "3"),
            (0.93441, "0.9344"),
            (-0.5, "-0.5000"),
            (1234.5, "1234.5000"),
            (1e-5, "1.000e-5"),
            (2.5e7, "25000000"),
            (1.5e20, "1.500e20"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "∞"),
            (f64::NEG_INFINITY, "−∞"),
        ];
        for (value, text) in cases {
            assert_eq!(format_metric(value), text);
        }
        assert_eq!(
            [format_ago(-1.0), format_ago(12.0), format_ago(7300.0)],
            ["now", "12 s ago", "2 h ago"]
        );
    }

    #[test]
    fn counts_are_read_as_people_type_them() {
        assert_eq!(parse_count("1,000 000"), Some(1_000_000));
        assert_eq!(
            parse_count("340282366920938463463374607431768211455"),
            Some(u128::MAX)
        );
        assert_eq!(parse_count("340282366920938463463374607431768211456"), None);
        assert_eq!(parse_count("-1"), None);
        assert_eq!(parse_count(""), None);
    }
}
