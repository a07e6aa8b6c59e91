//! Numbers as programs print them, with what is attached to them.

/// What begins with a digit, a sign before one, or stands for no finite number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    /// A number alone, or with a `%`.
    Value { value: f64, percent: bool },
    /// `3/10`, also with blanks around the slash.
    Fraction { part: f64, whole: f64 },
    /// With a unit (`12ms`, `2413M`, `9.5it/s`), or a time of day (`0:01:02`): no measurement.
    Quantity,
    /// What cannot be read for certain: `0,5`, `1.2.3`, `0x10`, `2024-01-01`.
    Unclear,
}

/// Scans the number that a text begins with, and tells how many bytes it has. `None` if the text
/// begins with something else. O(length of the number).
pub(super) fn scan(text: &str) -> Option<(Number, usize)> {
    let bytes = text.as_bytes();
    let sign = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    if let Some(length) = not_finite_len(&text[sign..]) {
        let value = text[..sign + length].parse().ok()?;
        return Some(finish(bytes, sign + length, value, false));
    }
    let digits = scan_digits(bytes, sign);
    let (mut at, mut grouped, mut clear) = (digits, false, true);
    // Groups of three, as `1,234,567`, `1_000` and `1'234`.
    while let Some(separator @ (b',' | b'_' | b'\'')) = bytes.get(at).copied() {
        let end = scan_digits(bytes, at + 1);
        if end == at + 1 {
            break;
        }
        let first_fits = grouped || (digits - sign <= 3 && bytes[sign] != b'0');
        clear &= end - at == 4 && first_fits && digits > sign;
        clear &= !grouped || bytes[digits] == separator;
        (grouped, at) = (true, end);
    }
    let mut whole = at;
    if bytes.get(at) == Some(&b'.') {
        let end = scan_digits(bytes, at + 1);
        // The full stop of a sentence is no decimal point.
        let stop = end == at + 1 && begins_sentence(&text[end..]);
        if end == at + 1 && at == sign {
            return None;
        }
        if !stop || at == sign {
            at = end;
        }
    }
    if at == sign {
        return None;
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        let exponent = at + 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let end = scan_digits(bytes, exponent);
        if end > exponent {
            at = end;
            whole = 0;
        }
    }
    if !clear {
        return Some((Number::Unclear, rest_of_word(bytes, at)));
    }
    let value = if grouped {
        let plain: String = text[..at]
            .chars()
            .filter(|letter| !matches!(letter, ',' | '_' | '\''))
            .collect();
        plain.parse().ok()?
    } else {
        text[..at].parse().ok()?
    };
    Some(finish(bytes, at, value, whole == at))
}

/// Whether blanks and a capital letter follow.
fn begins_sentence(rest: &str) -> bool {
    rest.starts_with(' ') && rest.trim_start().starts_with(char::is_uppercase)
}

fn scan_digits(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let digits = rest.iter().position(|byte| !byte.is_ascii_digit());
    from + digits.unwrap_or(rest.len())
}

/// The length of `nan`, `inf` or `infinity` in any case, with nothing of a word after it.
fn not_finite_len(text: &str) -> Option<usize> {
    if !text.starts_with(['n', 'N', 'i', 'I']) {
        return None;
    }
    let length = text
        .find(|letter: char| !letter.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let fits = ["nan", "inf", "infinity"]
        .iter()
        .any(|word| word.eq_ignore_ascii_case(&text[..length]));
    let next = text.as_bytes().get(length);
    let ends = next.is_none_or(|byte| !matches!(byte, b'_' | b'/' | b'0'..=b'9' | b'\'' | b'('));
    (fits && ends).then_some(length)
}

/// What follows the digits decides what they are.
fn finish(bytes: &[u8], at: usize, value: f64, is_whole: bool) -> (Number, usize) {
    let plain = Number::Value {
        value,
        percent: false,
    };
    let next = bytes.get(at).copied();
    let after = bytes.get(at + 1).copied();
    let digit_after = after.is_some_and(|byte| byte.is_ascii_digit());
    match next {
        None => (plain, at),
        Some(b'%') => {
            let percent = true;
            (Number::Value { value, percent }, at + 1)
        }
        // `94.6 %`.
        Some(b' ') if after == Some(b'%') && ends_word(bytes, at + 2) => {
            let percent = true;
            (Number::Value { value, percent }, at + 2)
        }
        // Two full stops part fields.
        Some(b'.') if after == Some(b'.') => (plain, at),
        Some(b' ' | b'\t' | b'/') => match scan_whole(bytes, at).filter(|_| is_whole) {
            Some((whole, end)) => (Number::Fraction { part: value, whole }, end),
            None if next == Some(b'/') => (Number::Quantity, rest_of_word(bytes, at)),
            None => (plain, at),
        },
        Some(b':') if digit_after => (Number::Quantity, rest_of_word(bytes, at)),
        // A spread, as `0.43963+0.00451`.
        Some(b'+') if digit_after || after == Some(b'/') => (plain, rest_of_word(bytes, at)),
        Some(0xC2) if after == Some(0xB1) => (plain, rest_of_word(bytes, at)),
        Some(b',' | b';' | b'|' | b')' | b']' | b'}' | b'>' | b'<' | b':' | b'"' | b'\'') => {
            (plain, at)
        }
        Some(b'.') if after.is_none_or(|byte| byte.is_ascii_whitespace()) => (plain, at),
        Some(b'x' | b'X' | b'_' | b'.' | b'-') => (Number::Unclear, rest_of_word(bytes, at)),
        Some(byte) if byte.is_ascii_alphabetic() || byte >= 0x80 => {
            (Number::Quantity, rest_of_word(bytes, at))
        }
        Some(byte) if byte.is_ascii_whitespace() => (plain, at),
        Some(_) => (Number::Unclear, rest_of_word(bytes, at)),
    }
}

/// The whole of a fraction: a slash, blanks around it or not, and digits.
fn scan_whole(bytes: &[u8], at: usize) -> Option<(f64, usize)> {
    let skip = |mut at: usize| {
        while matches!(bytes.get(at), Some(b' ' | b'\t')) {
            at += 1;
        }
        at
    };
    let slash = skip(at);
    (bytes.get(slash) == Some(&b'/')).then_some(())?;
    let start = skip(slash + 1);
    let end = scan_digits(bytes, start);
    let stop = bytes.get(end) == Some(&b'.')
        && bytes.get(end + 1).is_none_or(|next| !next.is_ascii_digit());
    let ends = bytes
        .get(end)
        .is_none_or(|byte| !byte.is_ascii_alphanumeric() && !matches!(byte, b'/' | b'.'))
        || stop;
    let digits = std::str::from_utf8(&bytes[start..end]).ok()?;
    ends.then(|| Some((digits.parse().ok()?, end)))?
}

/// Whether a word ends before `at`.
fn ends_word(bytes: &[u8], at: usize) -> bool {
    bytes
        .get(at)
        .is_none_or(|byte| !byte.is_ascii_alphanumeric())
}

/// Where the word ends that `at` is in.
fn rest_of_word(bytes: &[u8], at: usize) -> usize {
    let ends = |from: usize| match bytes[from] {
        b',' | b';' | b'|' | b')' | b']' | b'}' => true,
        b':' => ends_word(bytes, from + 1),
        byte => byte.is_ascii_whitespace(),
    };
    (at..bytes.len())
        .find(|from| ends(*from))
        .unwrap_or(bytes.len())
}

/// A text that is one number and nothing else, as in a cell of a table or in quotes.
pub(super) fn parse_whole(text: &str) -> Option<Number> {
    let (number, length) = scan(text)?;
    (length == text.len()).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(value: f64) -> Number {
        let percent = false;
        Number::Value { value, percent }
    }

    #[test]
    fn numbers_with_what_is_attached() {
        for (text, expected, length) in [
            ("0.5", value(0.5), 3),
            ("-1e-3,", value(-1e-3), 5),
            (".5 ", value(0.5), 2),
            ("2. Best", value(2.0), 1),
            ("-2.", value(-2.0), 3),
            ("1,234,567", value(1_234_567.0), 9),
            ("1,234.5", value(1234.5), 7),
            ("1_000", value(1000.0), 5),
            ("1'234", value(1234.0), 5),
            ("1,a=2", value(1.0), 1),
            ("0.43963+0.00451", value(0.43963), 15),
            ("0,5", Number::Unclear, 3),
            ("0,500", Number::Unclear, 5),
            ("1,23", Number::Unclear, 4),
            ("1.2.3", Number::Unclear, 5),
            ("0x10", Number::Unclear, 4),
            ("2024-01-01", Number::Unclear, 10),
            ("12ms,", Number::Quantity, 4),
            ("9.5it/s]", Number::Quantity, 7),
            ("0:01:02", Number::Quantity, 7),
            ("0:\tlearn", value(0.0), 1),
            ("inf", value(f64::INFINITY), 3),
            ("-Infinity}", value(f64::NEG_INFINITY), 9),
        ] {
            assert_eq!(scan(text), Some((expected, length)), "{text}");
        }
        let percent = true;
        let value = 57.0;
        assert_eq!(scan("57%)"), Some((Number::Value { value, percent }, 3)));
        let fraction = |part, whole| Number::Fraction { part, whole };
        assert_eq!(scan("3/10:"), Some((fraction(3.0, 10.0), 4)));
        assert_eq!(scan("0/   22 b"), Some((fraction(0.0, 22.0), 7)));
        assert!(matches!(scan("nan"), Some((Number::Value { value, .. }, 3)) if value.is_nan()));
        for text in [
            "",
            "-",
            ".",
            "-.",
            "a",
            "+-1",
            "nano",
            "information",
            "n",
            "é",
        ] {
            assert_eq!(scan(text), None, "{text}");
        }
    }
}
