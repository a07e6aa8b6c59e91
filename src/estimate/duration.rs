//! Lengths of time as page and terminal show them.

use crate::sweep::diagnostic::format_count;

/// A span of time in its two largest units: `8.4 s`, `52 s`, `4 min 10 s`, `1 h 5 min`, `2 d 3 h`.
/// Not a number,
/// or below 0, is `unknown`. Years are 365 days. For people: JSON and CSV have the whole number.
pub fn format_seconds(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "unknown".to_owned();
    }
    if seconds < 9.95 && seconds.fract() != 0.0 {
        return tenths(seconds) + " s";
    }
    const YEAR: u128 = 365 * 86_400;
    let whole = (seconds + 0.5).floor() as u128;
    let (large, small) = match whole {
        0..60 => return [whole.to_string().as_str(), " s"].concat(),
        60..3600 => ((whole / 60, " min"), (whole % 60, " s")),
        3600..86_400 => ((whole / 3600, " h"), (whole % 3600 / 60, " min")),
        86_400..YEAR => ((whole / 86_400, " d"), (whole % 86_400 / 3600, " h")),
        _ => return format_years(whole / YEAR),
    };
    let mut text = format_count(large.0) + large.1;
    if small.0 > 0 {
        text.push(' ');
        text.push_str(&small.0.to_string());
        text.push_str(small.1);
    }
    text
}

/// `31 years`, `31.7 thousand years`, `159 billion years`: three digits and a word.
fn format_years(years: u128) -> String {
    const WORDS: [&str; 6] = [
        "thousand",
        "million",
        "billion",
        "trillion",
        "quadrillion",
        "quintillion",
    ];
    let (mut scaled, mut word) = (years as f64, "");
    for name in WORDS {
        if scaled < 1000.0 || (word.is_empty() && years < 10_000) {
            break;
        }
        (scaled, word) = (scaled / 1000.0, name);
    }
    let number = if scaled < 100.0 && !word.is_empty() {
        tenths(scaled)
    } else {
        format_count(scaled.floor() as u128)
    };
    [
        number.as_str(),
        if word.is_empty() { "" } else { " " },
        word,
        " years",
    ]
    .concat()
}

fn tenths(number: f64) -> String {
    let tenths = (number * 10.0 + 0.5).floor() as u64;
    [
        (tenths / 10).to_string().as_str(),
        ".",
        (tenths % 10).to_string().as_str(),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn times_take_two_units() {
        let cases = [
            (0.0, "0 s"),
            (0.04, "0.0 s"),
            (4.084_887, "4.1 s"),
            (8.42, "8.4 s"),
            (9.96, "10 s"),
            (22.345_678, "22 s"),
            (59.4, "59 s"),
            (59.6, "1 min"),
            (250.0, "4 min 10 s"),
            (3600.0, "1 h"),
            (3900.0, "1 h 5 min"),
            (183_600.0, "2 d 3 h"),
            (1e9, "31 years"),
            (1e11, "3,170 years"),
            (1e12, "31.7 thousand years"),
            (5e18, "158 billion years"),
            (f64::NAN, "unknown"),
            (-1.0, "unknown"),
        ];
        for (seconds, text) in cases {
            assert_eq!(format_seconds(seconds), text);
        }
    }
}
