//! What a plain scalar stands for, by YAML 1.1's rules as PyYAML 5.4.1 has them.
//!
//! PyYAML tries the regular expressions of its `resolver.py` (`Resolver.add_implicit_resolver`, after
//! the types of <https://yaml.org/type/>) in the order of the functions below; each is quoted at its
//! function, blanks removed. Where PyYAML differs from YAML 1.1's own pages, PyYAML counts: `1e-5` and
//! `1.0e5` are text (an exponent needs a dot before it and a sign in it), and so are `y` and `n`.

/// What a plain scalar resolves to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ImplicitTag {
    Null,
    Bool,
    Int,
    Float,
    Timestamp,
    /// `<<`, the key of a merge.
    Merge,
    /// `=`, for which PyYAML's safe loader has no constructor.
    Value,
    Str,
}

/// The type of the plain scalar `text`. O(length).
pub(super) fn resolve(text: &str) -> ImplicitTag {
    match text {
        "<<" => ImplicitTag::Merge,
        "=" => ImplicitTag::Value,
        _ if is_bool(text) => ImplicitTag::Bool,
        _ if is_float(text) => ImplicitTag::Float,
        _ if is_int(text) => ImplicitTag::Int,
        _ if is_null(text) => ImplicitTag::Null,
        _ if is_timestamp(text) => ImplicitTag::Timestamp,
        _ => ImplicitTag::Str,
    }
}

/// `^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$`
fn is_bool(text: &str) -> bool {
    in_three_cases(text, &["yes", "no", "true", "false", "on", "off"])
}

/// `^(?:~|null|Null|NULL|)$`
fn is_null(text: &str) -> bool {
    text.is_empty() || text == "~" || in_three_cases(text, &["null"])
}

/// Whether `text` is one of the words in lower case, in upper case or with a capital.
fn in_three_cases(text: &str, words: &[&str]) -> bool {
    let rest = text.get(1..).unwrap_or("");
    let lower = |part: &str| part.bytes().all(|b| b.is_ascii_lowercase());
    let upper = |part: &str| part.bytes().all(|b| b.is_ascii_uppercase());
    words.iter().any(|word| text.eq_ignore_ascii_case(word))
        && (lower(text) || upper(text) || lower(rest))
}

/// `^(?:[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9_]+(?:[eE][-+][0-9]+)?
/// |[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$`
fn is_float(text: &str) -> bool {
    let unsigned = without_sign(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let Some((whole, rest)) = unsigned.split_once('.') else {
        return false;
    };
    if whole.contains(':') {
        return is_sexagesimal(whole, |b| b.is_ascii_digit())
            && all_bytes(rest, digit_or_underscore);
    }
    let (fraction, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    let exponent = exponent.is_none_or(|text| {
        let digits = text.strip_prefix(['-', '+']).unwrap_or("");
        !digits.is_empty() && all_bytes(digits, |b| b.is_ascii_digit())
    });
    // Without digits before the dot there must be some behind it, and no sign.
    let whole = match whole {
        "" => unsigned == text && !fraction.is_empty(),
        digits => digits.as_bytes()[0].is_ascii_digit() && all_bytes(digits, digit_or_underscore),
    };
    whole && all_bytes(fraction, digit_or_underscore) && exponent
}

/// `^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+
/// |[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$`
fn is_int(text: &str) -> bool {
    let text = without_sign(text);
    let some = |digits: &str, good: fn(u8) -> bool| !digits.is_empty() && all_bytes(digits, good);
    match text.as_bytes() {
        b"0" => true,
        [b'0', b'b', ..] => some(&text[2..], |b| matches!(b, b'0' | b'1' | b'_')),
        [b'0', b'x', ..] => some(&text[2..], |b| b.is_ascii_hexdigit() || b == b'_'),
        [b'0', ..] => some(&text[1..], |b| matches!(b, b'0'..=b'7' | b'_')),
        [b'1'..=b'9', ..] => {
            all_bytes(text, digit_or_underscore)
                || is_sexagesimal(text, |b| matches!(b, b'1'..=b'9'))
        }
        _ => false,
    }
}

/// `[0-9][0-9_]*(?::[0-5]?[0-9])+`, the very first digit as `first` says.
fn is_sexagesimal(text: &str, first: fn(u8) -> bool) -> bool {
    let mut parts = text.split(':');
    let head = parts.next().unwrap_or("");
    let mut count = 0_u32;
    let good = parts.all(|part| {
        count += 1;
        matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9'])
    });
    good && count > 0
        && head.bytes().next().is_some_and(first)
        && all_bytes(head, digit_or_underscore)
}

/// `^(?:[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]|[0-9][0-9][0-9][0-9]-[0-9][0-9]?-[0-9][0-9]?
/// (?:[Tt]|[ \t]+)[0-9][0-9]?:[0-9][0-9]:[0-9][0-9](?:\.[0-9]*)?
/// (?:[ \t]*(?:Z|[-+][0-9][0-9]?(?::[0-9][0-9])?))?)$`
fn is_timestamp(text: &str) -> bool {
    let date_only = text.len() == 10;
    super::timestamp::split_fields(text).is_some_and(|fields| fields.time.is_some() || date_only)
}

fn without_sign(text: &str) -> &str {
    text.strip_prefix(['-', '+']).unwrap_or(text)
}

fn digit_or_underscore(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == b'_'
}

fn all_bytes(text: &str, good: fn(u8) -> bool) -> bool {
    text.bytes().all(good)
}
