//! Splits lists that Python does not read, by brackets and separators outside of quotes.

/// The inside of a list and what stands around it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct BracketBody<'t> {
    /// Between the brackets.
    pub(super) inner: &'t str,
    /// What closes it; `None` where nothing does.
    pub(super) close: Option<char>,
    /// Behind the close.
    pub(super) tail: &'t str,
}

/// Reads from the opening bracket on. O(length).
pub(super) fn split_brackets(text: &str) -> Option<BracketBody<'_>> {
    let open = text
        .chars()
        .next()
        .filter(|c| matches!(c, '[' | '(' | '{'))?;
    let inside = &text[open.len_utf8()..];
    let mut found = None;
    scan_outside_quotes(inside, |at, c, depth| {
        if depth == 0 && matches!(c, ']' | ')' | '}') {
            found = Some((at, c));
        }
        found.is_none()
    });
    Some(match found {
        Some((at, c)) => BracketBody {
            inner: &inside[..at],
            close: Some(c),
            tail: &inside[at + 1..],
        },
        None => BracketBody {
            inner: inside,
            close: None,
            tail: "",
        },
    })
}

/// The pieces of `text` between the `separators` that stand in no bracket and no quotes, trimmed;
/// one piece where there is none. O(length).
pub(super) fn split_top_level<'t>(text: &'t str, separators: &[char]) -> Vec<&'t str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    scan_outside_quotes(text, |at, c, depth| {
        if depth == 0 && separators.contains(&c) {
            pieces.push(text[start..at].trim());
            start = at + c.len_utf8();
        }
        true
    });
    pieces.push(text[start..].trim());
    pieces
}

/// Calls `see` with each character outside of quotes, its place and how many brackets are open before
/// it, until it returns false.
fn scan_outside_quotes(text: &str, mut see: impl FnMut(usize, char, u32) -> bool) {
    let mut depth = 0_u32;
    let (mut closed, mut word) = (0, 0);
    // Up to where a quote is known not to close, so that none is searched for twice.
    let mut lone = [0; 2];
    for (at, c) in text.char_indices() {
        if at < closed {
            continue;
        }
        let which = usize::from(c == '"');
        if matches!(c, '\'' | '"') && at >= lone[which] && may_prefix_string(&text[word..at]) {
            match string_end(&text[at + 1..], c) {
                Ok(end) => {
                    closed = at + 1 + end;
                    word = closed;
                    continue;
                }
                Err(end) => lone[which] = at + 1 + end,
            }
        }
        if !see(at, c, depth) {
            return;
        }
        match c {
            '[' | '(' | '{' => depth += 1,
            ']' | ')' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if !c.is_alphanumeric() && c != '_' {
            word = at + c.len_utf8();
        }
    }
}

/// Whether a quote behind this opens a string; behind a word it is an apostrophe.
fn may_prefix_string(word: &str) -> bool {
    word.len() <= 2
        && matches!(
            word.to_ascii_lowercase().as_str(),
            "" | "b" | "r" | "u" | "f" | "br" | "rb"
        )
}

/// Behind the quote that closes a string, counted from behind the one that opens it; where none does
/// on its line, the line's end.
fn string_end(text: &str, quote: char) -> Result<usize, usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\n' => return Err(at),
            c if c == quote => return Ok(at + 1),
            _ => {}
        }
    }
    Err(text.len())
}
