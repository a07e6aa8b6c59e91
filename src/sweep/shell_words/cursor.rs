//! All character handling of the shell-word lexer.

use super::to_offset;

/// A place in the text, moving forward only.
pub(super) struct Cursor<'a> {
    text: &'a str,
    position: usize,
    /// The end of the line that [`Cursor::rest_of_line`] last looked at.
    line_end: Option<usize>,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Cursor<'a> {
        Cursor {
            text,
            position: 0,
            line_end: None,
        }
    }

    /// Byte offset of the next character.
    pub(super) fn offset(&self) -> u32 {
        to_offset(self.position)
    }

    /// What has not been read yet.
    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.position..]
    }

    /// The rest of this line, without its end. O(length of the text) over all calls.
    pub(super) fn rest_of_line(&mut self) -> &'a str {
        let known = self.line_end.filter(|end| *end >= self.position);
        let end = known.unwrap_or_else(|| {
            let rest = self.rest();
            self.position + rest.find('\n').unwrap_or(rest.len())
        });
        self.line_end = Some(end);
        &self.text[self.position..end]
    }

    pub(super) fn text(&self) -> &'a str {
        self.text
    }

    /// Goes `bytes` on, at most to the end; `bytes` has to end at a character's boundary.
    pub(super) fn skip(&mut self, bytes: usize) {
        self.position = (self.position + bytes).min(self.text.len());
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn peek_second(&self) -> Option<char> {
        self.rest().chars().nth(1)
    }

    pub(super) fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.position += c.len_utf8();
        Some(c)
    }

    pub(super) fn eat(&mut self, c: char) -> bool {
        self.eat_if(|next| next == c)
    }

    pub(super) fn eat_if(&mut self, accept: impl Fn(char) -> bool) -> bool {
        let eaten = self.peek().is_some_and(accept);
        if eaten {
            self.bump();
        }
        eaten
    }

    pub(super) fn eat_while(&mut self, accept: impl Fn(char) -> bool) {
        while self.eat_if(&accept) {}
    }

    /// `\` and a line end, which a shell removes.
    pub(super) fn eat_escaped_line_end(&mut self) -> bool {
        for end in ["\\\n", "\\\r\n"] {
            if self.rest().starts_with(end) {
                self.position += end.len();
                return true;
            }
        }
        false
    }
}
