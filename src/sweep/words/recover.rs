//! Recovery: what a shell would refuse or change is reported, then read as it is most likely meant.

use super::{Lexer, Source, Word};
use crate::sweep::diagnostic::{Change, Doubt, HiddenWords, Kind, Shell, excerpt};
use crate::sweep::unicode::lookalike;

impl Lexer<'_> {
    /// En- or em-dashes where a word begins, which a text editor made of `--` (or of `-`).
    pub(super) fn dash(&mut self, word: &mut Word) {
        let typographic = lookalike::is_dash;
        let rest = self.cursor.rest();
        let name = rest.trim_start_matches(|c| c == '-' || typographic(c));
        let dashes = &rest[..rest.len() - name.len()];
        if self.is_client()
            || !dashes.contains(typographic)
            || !name.starts_with(char::is_alphabetic)
        {
            return;
        }
        let at = self.cursor.offset();
        self.cursor.eat_while(|c| c == '-' || typographic(c));
        self.report_counted(at, Kind::Dash);
        word.push('-', at);
        word.push('-', at);
    }

    /// `“…”` and the like, read as quotes.
    pub(super) fn typographic(&mut self, word: &mut Word) {
        let start = self.cursor.offset();
        let Some(quote) = self.cursor.bump() else {
            return;
        };
        let closes = typographic_close(quote).unwrap_or("");
        let line = self.cursor.line();
        let key = closes.chars().next().unwrap_or(' ');
        let found = self.search(key, line.len(), || line.find(|c| closes.contains(c)));
        let Some(length) = found else {
            // A lone one is part of the word, as a shell has it; inside a word it is an apostrophe.
            if word.text.is_empty() {
                self.report(start, Kind::TypographicQuote { content: None });
            }
            word.push(quote, start);
            return;
        };
        let content = line[..length].to_owned();
        word.quoted = true;
        for c in content.chars() {
            let at = self.cursor.offset();
            self.cursor.bump();
            word.push(c, at);
        }
        self.cursor.bump();
        self.report_counted(
            start,
            Kind::TypographicQuote {
                content: Some(content),
            },
        );
    }

    /// An unquoted `[…]`: one word as typed, an error where a shell would have changed it.
    /// False where it does not close on this line: the value's own parser reports that.
    pub(super) fn bracketed(&mut self, word: &mut Word) -> bool {
        let line = match self.source {
            Source::Person => self.cursor.line(),
            Source::Client => self.cursor.rest(),
        };
        let Some(length) = self.search(']', line.len(), || closing(line)) else {
            return false;
        };
        let start = self.cursor.offset();
        let typed = self.take(length, word);
        if self.source == Source::Person {
            let changed = typed.contains([' ', '\t', '\'', '"', '\\', '$', '`', '\n']);
            let next = self.cursor.peek();
            if next.is_none_or(|c| matches!(c, ' ' | '\n' | '\t' | '\r' | ';')) {
                self.report(start, Kind::UnquotedSweep { typed, changed });
            }
        }
        true
    }

    /// An unquoted `(…)`, a syntax error to a shell: read as part of the word, and reported once a word.
    /// False where it does not close and is no error either.
    pub(super) fn parenthesised(&mut self, word: &mut Word) -> bool {
        if self.is_client() {
            let rest = self.cursor.rest();
            let found = self.search(')', rest.len(), || closing(rest));
            found.map(|length| self.take(length, word));
            return found.is_some();
        }
        let line = self.cursor.line();
        let length = closing(line).unwrap_or(open_line(line).len());
        word.span.end = self.cursor.offset();
        if self.unquoted == Some(word.span.start) {
            self.take(length, word);
            return true;
        }
        self.unquoted = Some(word.span.start);
        // A name inside quotes is written anew with its value: they would end in the middle.
        let value = if word.quoted { 0 } else { value_start(word) };
        let start = match value.checked_sub(1) {
            None => word.span.start,
            Some(before) => word.locate(super::offset(before), super::offset(value)).end,
        };
        self.take(length, word);
        let typed = word.text[value..].to_owned();
        let changed = true;
        self.report(start, Kind::UnquotedSweep { typed, changed });
        true
    }

    /// `{8,16}` and `{1..4}`: a shell makes several words of it. False for other braces.
    pub(super) fn braces(&mut self, word: &mut Word) -> bool {
        let rest = self.cursor.rest();
        let ends = |c: char| matches!(c, '{' | '}' | '"' | '\'') || super::ends_word(c);
        let end = rest[1..].find(ends).map(|end| end + 1);
        let Some(length) = end.filter(|end| rest[*end..].starts_with('}')) else {
            return false;
        };
        let inside = &rest[1..length];
        if self.source == Source::Client || !(inside.contains(',') || inside.contains("..")) {
            return false;
        }
        let start = self.cursor.offset();
        let list = inside
            .contains(',')
            .then(|| format!("[{}]", inside.replace(',', ", ")));
        self.take(length + 1, word);
        self.report(start, Kind::ShellSyntax(Shell::Braces { list }));
        true
    }

    /// `$NAME`, `${…}`, `$(…)` and backticks, which are never expanded. A lone `$` is itself.
    pub(super) fn expansion(&mut self, word: &mut Word) {
        let start = self.cursor.offset();
        // Of a person's text no further than this line: a quote that is added there has to close.
        let rest = match self.source {
            Source::Person => self.cursor.line(),
            Source::Client => self.cursor.rest(),
        };
        let length = match rest.as_bytes() {
            [b'`', ..] => rest[1..].find('`').map_or(1, |end| end + 2),
            [b'$', b'(', ..] => self
                .search(')', rest.len(), || rest.find(')'))
                .map_or(2, |end| end + 1),
            [b'$', b'{', ..] => self
                .search('}', rest.len(), || rest.find('}'))
                .map_or(2, |end| end + 1),
            [b'$', b'\'' | b'"', ..] => 1,
            [
                b'$',
                b'_' | b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'?' | b'@' | b'*' | b'#',
                ..,
            ] => {
                let name = |c: char| c == '_' || c.is_ascii_alphanumeric();
                2 + rest[2..].find(|c| !name(c)).unwrap_or(rest.len() - 2)
            }
            [b'$', b'$' | b'!' | b'-', ..] if self.source == Source::Person => {
                self.take(2, word);
                self.note(start, Change::Parameter);
                return;
            }
            _ => {
                self.take(1, word);
                return;
            }
        };
        let typed = self.take(length, word);
        if self.source == Source::Person {
            self.report(start, Kind::ShellSyntax(Shell::Expansion { typed }));
        }
    }

    /// A comment up to the line's end, which behind words may be one of them: `--color #f00`.
    pub(super) fn comment(&mut self, start: u32) {
        let hidden = hidden_words(self.cursor.line());
        self.cursor.eat_while(|c| !matches!(c, '\n' | '\r'));
        if let Some(hidden) = hidden.filter(|_| self.in_command) {
            self.report(start, Kind::Doubt(Box::new(Doubt::HiddenWords(hidden))));
        }
    }

    /// The result of `find` over the next `length` bytes. Where the search for `key` failed before up to the
    /// same end it is not repeated, so that the lexer stays linear in the text's length.
    fn search(
        &mut self,
        key: char,
        length: usize,
        find: impl Fn() -> Option<usize>,
    ) -> Option<usize> {
        let until = self.cursor.offset().saturating_add(super::offset(length));
        if self.missing.contains(&(key, until)) {
            return None;
        }
        let found = find();
        if found.is_none() {
            self.missing.retain(|(other, _)| *other != key);
            self.missing.push((key, until));
        }
        found
    }

    /// Moves `length` bytes of the text into the word as they are.
    pub(super) fn take(&mut self, length: usize, word: &mut Word) -> String {
        let taken = self.cursor.rest().get(..length).unwrap_or("").to_owned();
        for c in taken.chars() {
            let at = self.cursor.offset();
            self.cursor.bump();
            word.push(c, at);
        }
        taken
    }
}

/// Whether `c` begins a quoted value: of what is an apostrophe or a prime behind a letter, only where the
/// value begins.
pub(super) fn opens_typographic(c: char, word: &Word) -> bool {
    let begins = word.text.is_empty() || word.text.ends_with('=');
    let always = !matches!(
        c,
        '\u{2019}' | '\u{b4}' | '\u{2032}' | '\u{2033}' | '\u{ff02}' | '\u{ff07}'
    );
    typographic_close(c).is_some() && (begins || always)
}

/// What closes a quote that a text editor made typographic, or one that looks like a quote.
fn typographic_close(c: char) -> Option<&'static str> {
    match c {
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{201f}' | '\u{ab}' | '\u{bb}' => {
            Some("\u{201c}\u{201d}\u{201e}\u{201f}\u{ab}\u{bb}")
        }
        '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}' => Some("\u{2018}\u{2019}\u{201b}"),
        '\u{2039}' | '\u{203a}' => Some("\u{2039}\u{203a}"),
        '\u{b4}' => Some("\u{b4}"),
        '\u{2032}' => Some("\u{2032}\u{2019}"),
        '\u{2033}' => Some("\u{2033}\u{201d}"),
        '\u{ff02}' => Some("\u{ff02}"),
        '\u{ff07}' => Some("\u{ff07}"),
        _ => None,
    }
}

/// Where the value begins in an unfinished word: at its start, or behind `--name=`; behind a flag
/// without `=` at its end.
fn value_start(word: &Word) -> usize {
    let text = &word.text;
    if text.starts_with('-') {
        text.find('=').map_or(text.len(), |at| at + 1)
    } else {
        0
    }
}

/// A line without the `\` by which it goes on.
fn open_line(line: &str) -> &str {
    line.trim_end().trim_end_matches('\\').trim_end()
}

/// Length of the bracketed text at the start of `rest`, up to the bracket that closes the first
/// one. Brackets in quotes do not count.
fn closing(rest: &str) -> Option<usize> {
    let mut depth = 0_u32;
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in rest.char_indices() {
        match (quote, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '[' | '(') => depth += 1,
            (None, ']' | ')') => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// What a comment may hide: words, where it goes on without a blank. `comment` is all of it from `#` on.
fn hidden_words(comment: &str) -> Option<HiddenWords> {
    let next = comment.chars().nth(1)?;
    (next.is_alphanumeric()).then(|| HiddenWords {
        comment: excerpt(comment.trim_end()),
    })
}
