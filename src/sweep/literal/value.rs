//! The value of a Python literal and how Python prints it.

use num_bigint::BigInt;
use num_traits::ToPrimitive;
use std::fmt::Write;

/// The value of a Python literal, as `ast.literal_eval` would build it.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An integer of any size.
    Int(BigInt),
    /// A double; infinities arise from literals such as `1e999`.
    Float(f64),
    /// A complex number: real and imaginary part.
    Complex(f64, f64),
    /// A string.
    Str(String),
    /// A bytes literal.
    Bytes(Vec<u8>),
    /// `[…]`.
    List(Vec<Literal>),
    /// `(…)`.
    Tuple(Vec<Literal>),
    /// `{…}` without colons, in the order written.
    Set(Vec<Literal>),
    /// `{key: value, …}`, in the order written.
    Dict(Vec<(Literal, Literal)>),
}

/// Python's `repr` of a float: the shortest digits that read back as the same double, with an
/// exponent below 1e-4 and from 1e16 up (CPython's `float_repr_style = 'short'`, format `'r'`).
pub(crate) fn float_repr(value: f64) -> String {
    if value.is_nan() {
        return "nan".into();
    }
    if value.is_infinite() {
        return if value < 0.0 { "-inf" } else { "inf" }.into();
    }
    let scientific = shortest_digits(value);
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        return format_positional(mantissa, exponent);
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
}

/// The shortest digits that read back as `value`, nearest to it, the even last digit where two are
/// equally near, as CPython's dtoa chooses (mode 0).
fn shortest_digits(value: f64) -> String {
    // Rust's shortest digits are equally many, but of two equally near it takes the upper. Formatting
    // with that many digits rounds to nearest, ties to even.
    let shortest = format!("{value:e}");
    let digits = shortest
        .bytes()
        .take_while(|b| *b != b'e')
        .filter(u8::is_ascii_digit)
        .count();
    let nearest = format!("{value:.*e}", digits - 1);
    let same = nearest
        .parse::<f64>()
        .is_ok_and(|read| read.to_bits() == value.to_bits());
    if same { nearest } else { shortest }
}

/// `d.ddd` times ten to the `exponent`, written without one.
fn format_positional(mantissa: &str, exponent: i32) -> String {
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let digits = mantissa.replace('.', "");
    let Ok(whole) = usize::try_from(exponent + 1) else {
        return format!(
            "{sign}0.{}{digits}",
            "0".repeat(exponent.unsigned_abs() as usize - 1)
        );
    };
    match digits.get(whole..) {
        _ if whole == 0 => format!("{sign}0.{digits}"),
        None | Some("") => format!("{sign}{digits}{}.0", "0".repeat(whole - digits.len())),
        Some(fraction) => format!("{sign}{}.{fraction}", &digits[..whole]),
    }
}

impl Literal {
    /// [`Literal::to_str`] in exactly the memory that it needs: an axis holds up to a million of them.
    pub(crate) fn to_boxed_str(&self) -> Box<str> {
        match self {
            Literal::Str(text) => text.as_str().into(),
            Literal::Int(value) => match value.to_i64() {
                Some(value) => itoa::Buffer::new().format(value).into(),
                None => self.repr().into(),
            },
            other => other.repr().into(),
        }
    }

    /// Python's `str` of the value: strings bare, everything else as [`Literal::repr`].
    pub fn to_str(&self) -> String {
        match self {
            Literal::Str(text) => text.clone(),
            other => other.repr(),
        }
    }
}

impl Literal {
    /// Python's `repr` of the value.
    pub fn repr(&self) -> String {
        let mut out = String::new();
        self.write_repr(&mut out);
        out
    }

    fn write_repr(&self, out: &mut String) {
        match self {
            Literal::None => out.push_str("None"),
            Literal::Bool(value) => out.push_str(if *value { "True" } else { "False" }),
            // Writing to a string cannot fail.
            Literal::Int(value) => drop(write!(out, "{value}")),
            Literal::Float(value) => out.push_str(&float_repr(*value)),
            Literal::Complex(real, imaginary) => out.push_str(&complex_repr(*real, *imaginary)),
            Literal::Str(text) => write_str_repr(text, out),
            Literal::Bytes(bytes) => write_bytes_repr(bytes, out),
            Literal::List(items) => write_items("[", items, "]", out),
            Literal::Tuple(items) if items.len() == 1 => write_items("(", items, ",)", out),
            Literal::Tuple(items) => write_items("(", items, ")", out),
            Literal::Set(items) => write_items("{", items, "}", out),
            Literal::Dict(entries) => write_entries(entries, out),
        }
    }
}

fn write_items(open: &str, items: &[Literal], close: &str, out: &mut String) {
    out.push_str(open);
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        item.write_repr(out);
    }
    out.push_str(close);
}

fn write_entries(entries: &[(Literal, Literal)], out: &mut String) {
    out.push('{');
    for (index, (key, value)) in entries.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        key.write_repr(out);
        out.push_str(": ");
        value.write_repr(out);
    }
    out.push('}');
}

/// `complex.__repr__`: the real part is left out when it is +0.0, and parts drop a trailing `.0`.
fn complex_repr(real: f64, imaginary: f64) -> String {
    let part = |value: f64| {
        let text = float_repr(value);
        text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
    };
    if real == 0.0 && real.is_sign_positive() {
        return format!("{}j", part(imaginary));
    }
    let sign = if imaginary.is_sign_negative() {
        ""
    } else {
        "+"
    };
    format!("({}{sign}{}j)", part(real), part(imaginary))
}

fn write_str_repr(text: &str, out: &mut String) {
    let quote = if text.contains('\'') && !text.contains('"') {
        '"'
    } else {
        '\''
    };
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if is_printable(c) => out.push(c),
            c => drop(match u32::from(c) {
                code @ ..=0xff => write!(out, "\\x{code:02x}"),
                code @ ..=0xffff => write!(out, "\\u{code:04x}"),
                code => write!(out, "\\U{code:08x}"),
            }),
        }
    }
    out.push(quote);
}

/// Python's `str.isprintable`, by way of Rust's own debug escaping, which follows the same Unicode
/// categories (other and separator, the blank excepted); combining marks stay as they are.
fn is_printable(c: char) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_control();
    }
    let mut escaped = c.escape_debug();
    escaped.len() == 1 || {
        // `escape_debug` also escapes grapheme extenders, which Python prints.
        escaped.next() == Some('\\') && is_combining(c)
    }
}

fn is_combining(c: char) -> bool {
    unicode_width::UnicodeWidthChar::width(c) == Some(0)
        && !matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

fn write_bytes_repr(bytes: &[u8], out: &mut String) {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') {
        b'"'
    } else {
        b'\''
    };
    out.push('b');
    out.push(char::from(quote));
    for &byte in bytes {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            byte if byte == quote => {
                out.push('\\');
                out.push(char::from(byte));
            }
            b' '..=b'~' => out.push(char::from(byte)),
            byte => drop(write!(out, "\\x{byte:02x}")),
        }
    }
    out.push(char::from(quote));
}
