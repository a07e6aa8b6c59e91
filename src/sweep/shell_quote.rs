//! Quoting for a POSIX shell, as Python's `shlex.quote` does it.

use std::borrow::Cow;

/// `text` so that a shell reads it as one word: itself where that is safe, else in single quotes.
pub fn quote_for_shell(text: &str) -> Cow<'_, str> {
    let safe = |b: u8| b.is_ascii_alphanumeric() || b"@%+=:,./-_".contains(&b);
    if !text.is_empty() && text.bytes().all(safe) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("'{}'", text.replace('\'', "'\"'\"'")))
}

/// `text` in the quotes a person would choose: double ones where nothing in it needs escaping.
pub fn quote_readably(text: &str) -> Cow<'_, str> {
    match quote_for_shell(text) {
        Cow::Borrowed(plain) => Cow::Borrowed(plain),
        Cow::Owned(_) if !text.contains(['"', '$', '`', '\\', '!']) => {
            Cow::Owned(format!("\"{text}\""))
        }
        single => single,
    }
}

/// `text` as a Python string literal in single quotes.
pub fn quote_for_python(text: &str) -> String {
    super::literal::Literal::Str(text.into()).repr()
}
