//! Characters that look like others which the language reads, and HTML's spellings of those.

/// The ASCII character that `c` looks like: dashes, quotes, and the full-width forms of East Asian
/// keyboards.
pub(crate) fn to_ascii(c: char) -> Option<char> {
    Some(match c {
        c if is_dash(c) => '-',
        '\u{2018}'..='\u{201b}' | '\u{b4}' | '\u{2032}' | '\u{2035}' | '\u{2039}' | '\u{203a}' => {
            '\''
        }
        '\u{201c}'..='\u{201f}' | '\u{2033}' | '\u{2036}' | '\u{ab}' | '\u{bb}' => '"',
        '\u{3010}' | '\u{3014}' => '[',
        '\u{3011}' | '\u{3015}' => ']',
        '\u{3001}' | '\u{60c}' => ',',
        '\u{3002}' => '.',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0)?,
        _ => return None,
    })
}

/// Dashes, hyphens and minus signs that are not ASCII's.
pub(crate) fn is_dash(c: char) -> bool {
    matches!(
        c,
        '\u{2010}'
            ..='\u{2015}'
                | '\u{2212}'
                | '\u{fe58}'
                | '\u{fe63}'
                | '\u{ff0d}'
                | '\u{2e3a}'
                | '\u{2e3b}'
    )
}

/// Whether `c` looks like a quote and is none.
pub(crate) fn is_quote(c: char) -> bool {
    matches!(to_ascii(c), Some('\'' | '"'))
}

/// `text` in ASCII, where what it has beside it looks like ASCII.
pub(crate) fn text_to_ascii(text: &str) -> String {
    text.chars().map(|c| to_ascii(c).unwrap_or(c)).collect()
}

/// The longest entity that is looked for.
const MAX_ENTITY_LENGTH: usize = 10;

/// The HTML entity at the start of `rest`, and what a page shows for it. O(1).
pub(crate) fn parse_entity(rest: &str) -> Option<(&str, char)> {
    let inner = rest.strip_prefix('&')?;
    let end = inner
        .bytes()
        .take(MAX_ENTITY_LENGTH)
        .position(|byte| byte == b';')?;
    let name = inner.get(..end)?;
    let shown = match name {
        "quot" | "QUOT" => '"',
        "apos" => '\'',
        "amp" | "AMP" => '&',
        "lt" | "LT" => '<',
        "gt" | "GT" => '>',
        "nbsp" | "ensp" | "emsp" | "thinsp" | "NewLine" | "Tab" => ' ',
        "lsquo" | "rsquo" | "sbquo" | "prime" => '\'',
        "ldquo" | "rdquo" | "bdquo" | "Prime" | "laquo" | "raquo" => '"',
        "ndash" | "mdash" | "minus" | "hyphen" | "dash" => '-',
        "lbrack" | "lsqb" => '[',
        "rbrack" | "rsqb" => ']',
        "lpar" => '(',
        "rpar" => ')',
        "comma" => ',',
        "equals" => '=',
        "lowbar" => '_',
        "period" => '.',
        "bsol" => '\\',
        "sol" => '/',
        "grave" => '`',
        "dollar" => '$',
        _ => decode_numeric_entity(name)?,
    };
    Some((rest.get(..end + 2)?, shown))
}

/// `#39`, `#x27`.
fn decode_numeric_entity(name: &str) -> Option<char> {
    let digits = name.strip_prefix('#')?;
    let code = match digits.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16).ok()?,
        None => digits.parse().ok()?,
    };
    match char::from_u32(code)? {
        '\u{a0}' => Some(' '),
        c if c.is_control() => None,
        c => Some(to_ascii(c).unwrap_or(c)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn entities_are_known_by_name_and_number() {
        for (text, shown) in [
            ("&quot;x", '"'),
            ("&#39;", '\''),
            ("&#x27;", '\''),
            ("&nbsp;", ' '),
            ("&#8220;", '"'),
        ] {
            assert_eq!(
                parse_entity(text).map(|(_, shown)| shown),
                Some(shown),
                "{text}"
            );
        }
        for text in ["& ;", "&&", "&", "&nothing;", "&#;", "&#0;", "&éé;"] {
            assert_eq!(parse_entity(text), None, "{text}");
        }
    }

    #[test]
    fn what_looks_like_ascii_is_put_in_ascii() {
        assert_eq!(
            text_to_ascii("1e‐3 −5 （１，２） ［＂a＂］"),
            "1e-3 -5 (1,2) [\"a\"]"
        );
    }
}
