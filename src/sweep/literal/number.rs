//! Python's numeric literals.

use super::Literal;
use super::error::{LiteralError, Problem};
use super::parser::Parser;
use num_bigint::BigInt;

/// Python's limit on the digits of a decimal integer (`sys.int_info.default_max_str_digits`).
const MAX_DIGITS: usize = 4300;

/// Reads a number with its sign, and an imaginary part behind a real one.
pub(super) fn number(parser: &mut Parser<'_>) -> Result<Literal, LiteralError> {
    let value = signed(parser)?;
    let before = parser.offset();
    let rest = parser.rest().trim_start_matches([' ', '\t', '\n']);
    let Some(sign @ ('+' | '-')) = rest.chars().next() else {
        return Ok(value);
    };
    // `1+2j` is a literal, `1+2` is arithmetic.
    let start = before + u32::try_from(parser.rest().len() - rest.len()).unwrap_or(0);
    parser.skip_blanks();
    parser.advance(1);
    let end_of_sign = parser.offset();
    parser.skip_blanks();
    match (value, parser.peek()) {
        (Literal::Int(_) | Literal::Float(_), None) | (Literal::Complex(..), _) => {}
        (real, Some('0'..='9' | '.')) => {
            if let (Some(real), Literal::Complex(_, imaginary)) =
                (as_float(&real), unsigned(parser)?)
            {
                let imaginary = if sign == '-' { -imaginary } else { imaginary };
                return Ok(Literal::Complex(real, imaginary));
            }
        }
        _ => {}
    }
    Err(LiteralError {
        start,
        end: end_of_sign,
        problem: Problem::Arithmetic(sign.into()),
    })
}

fn as_float(value: &Literal) -> Option<f64> {
    match value {
        // An integer's decimal digits read as a double are its nearest double.
        Literal::Int(value) => value.to_string().parse().ok(),
        Literal::Float(value) => Some(*value),
        _ => None,
    }
}

fn signed(parser: &mut Parser<'_>) -> Result<Literal, LiteralError> {
    let start = parser.offset();
    let sign = parser.peek().filter(|c| matches!(c, '+' | '-'));
    if let Some(sign) = sign {
        parser.advance(1);
        parser.skip_blanks();
        if !matches!(parser.peek(), Some('0'..='9' | '.')) {
            let name = super::names::identifier(parser.rest()).to_owned();
            if name.is_empty() || matches!(name.as_str(), "True" | "False" | "None") {
                return parser.error(start, Problem::Arithmetic(sign.into()));
            }
            parser.advance(name.len());
            return parser.error(start, Problem::Name(format!("{sign}{name}")));
        }
    }
    let value = unsigned(parser)?;
    if sign != Some('-') {
        return Ok(value);
    }
    Ok(match value {
        Literal::Int(value) => Literal::Int(-value),
        Literal::Float(value) => Literal::Float(-value),
        Literal::Complex(real, imaginary) => Literal::Complex(-real, -imaginary),
        other => other,
    })
}

/// The number that begins here, without a sign.
fn unsigned(parser: &mut Parser<'_>) -> Result<Literal, LiteralError> {
    let start = parser.offset();
    let text = extent(parser.rest());
    parser.advance(text.len());
    if let Some(value) = plain(text) {
        return Ok(value);
    }
    match read(text) {
        Ok(value) => Ok(value),
        Err(problem) => parser.error(start, problem),
    }
}

/// All that could belong to the number, right or wrong, so that an error shows the whole of it:
/// digits, letters, dots, and a sign behind an exponent.
fn extent(text: &str) -> &str {
    let hexadecimal = text.starts_with("0x") || text.starts_with("0X");
    let mut previous = ' ';
    let end = text.find(|c: char| {
        let exponent_sign = matches!(c, '+' | '-') && matches!(previous, 'e' | 'E') && !hexadecimal;
        previous = c;
        !(c.is_alphanumeric() || matches!(c, '_' | '.') || exponent_sign)
    });
    &text[..end.unwrap_or(text.len())]
}

/// Reads the numbers that most lists hold, `16`, `0.001`, `1e-3`, without a copy; `None` for others.
fn plain(text: &str) -> Option<Literal> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    if digits && text.len() <= 18 && (!text.starts_with('0') || text == "0") {
        return text
            .parse()
            .ok()
            .map(|value: i64| Literal::Int(value.into()));
    }
    let float = |b: u8| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-');
    if digits || !text.bytes().all(float) {
        return None;
    }
    // Of these characters Rust makes the same numbers as Python, and refuses the same.
    text.parse().ok().map(Literal::Float)
}

/// Reads every form of a number: prefixes, underscores, `j`.
fn read(text: &str) -> Result<Literal, Problem> {
    let bad = || Problem::BadNumber(text.into());
    let lower = text.to_ascii_lowercase();
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(digits) = lower.strip_prefix(prefix) {
            let digits = digits.strip_prefix('_').unwrap_or(digits);
            let digits = plain_digits(digits, radix).ok_or_else(bad)?;
            let value = BigInt::parse_bytes(digits.as_bytes(), radix).ok_or_else(bad)?;
            // 10^4300 has 14,284 bits: Python could not print more in decimal, so nothing could be passed.
            return if value.bits() > 14_284 {
                Err(Problem::TooManyDigits)
            } else {
                Ok(Literal::Int(value))
            };
        }
    }
    if let Some(real) = lower.strip_suffix('j') {
        return Ok(Literal::Complex(0.0, float(real).ok_or_else(bad)?));
    }
    if lower.contains(['.', 'e']) {
        return float(&lower).map(Literal::Float).ok_or_else(bad);
    }
    let digits = plain_digits(&lower, 10).ok_or_else(bad)?;
    if digits.len() > MAX_DIGITS {
        return Err(Problem::TooManyDigits);
    }
    if digits.starts_with('0') && digits.bytes().any(|b| b != b'0') {
        return Err(Problem::LeadingZero(text.into()));
    }
    BigInt::parse_bytes(digits.as_bytes(), 10)
        .map(Literal::Int)
        .ok_or_else(bad)
}

/// The digits without the single underscores between them; `None` where another character or two
/// underscores in a row stand there.
fn plain_digits(text: &str, radix: u32) -> Option<String> {
    let good = |piece: &str| !piece.is_empty() && piece.chars().all(|c| c.is_digit(radix));
    text.split('_').all(good).then(|| text.replace('_', ""))
}

/// Reads `digits [. digits] [e [sign] digits]`, with digits on at least one side of the dot.
fn float(text: &str) -> Option<f64> {
    let (mantissa, exponent) = match text.split_once('e') {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let part = |digits: &str| {
        if digits.is_empty() {
            Some(String::new())
        } else {
            plain_digits(digits, 10)
        }
    };
    let (whole, fraction) = (part(whole)?, part(fraction)?);
    let exponent = match exponent {
        None => String::new(),
        Some(text) => {
            let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
            let sign = if text.starts_with('-') { "-" } else { "" };
            format!("e{sign}{}", plain_digits(digits, 10)?)
        }
    };
    format!("{whole}.{fraction}0{exponent}").parse().ok()
}
