//! Splits a text into tokens, each with its span.

use super::error::{Error, ErrorKind};
use crate::sweep::Span;

/// The kind of a token. The text of a name or string is found through the token's span.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum TokenKind {
    Number(f64),
    Text,
    Name,
    And,
    Or,
    Not,
    Plus,
    Minus,
    Star,
    Slash,
    Caret,
    Open,
    Close,
    Comma,
    Assign,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    End,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) span: Span,
}

/// All tokens of `text`, the last one [`TokenKind::End`]. O(length).
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Error> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    loop {
        let token = lexer.next()?;
        tokens.push(token);
        if token.kind == TokenKind::End {
            return Ok(tokens);
        }
        if tokens.len() > super::MAX_TOKENS {
            return Err(Error::new(token.span, ErrorKind::TooLong));
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn span_from(&self, start: usize) -> Span {
        let offset = |at| u32::try_from(at).unwrap_or(u32::MAX);
        Span {
            start: offset(start),
            end: offset(self.at),
        }
    }

    /// Moves past the longest run of characters that satisfy `wanted`.
    fn skip(&mut self, wanted: impl Fn(char) -> bool) {
        let rest = self.rest();
        let length = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.at += length;
    }

    fn next(&mut self) -> Result<Token, Error> {
        self.skip(char::is_whitespace);
        let start = self.at;
        let Some(first) = self.rest().chars().next() else {
            return Ok(Token {
                kind: TokenKind::End,
                span: self.span_from(start),
            });
        };
        let second = self.rest().chars().nth(1);
        let kind = if first.is_ascii_digit()
            || (first == '.' && second.is_some_and(|c| c.is_ascii_digit()))
        {
            self.number()?
        } else if first.is_alphabetic() || first == '_' {
            self.word()
        } else if first == '"' || first == '\'' {
            self.string(first)?
        } else {
            self.symbol(first, second)?
        };
        Ok(Token {
            kind,
            span: self.span_from(start),
        })
    }

    /// Digits with an optional point and exponent. An `e` without digits after it is no exponent,
    /// so that the parser reports `2epochs` as two tokens side by side.
    fn number(&mut self) -> Result<TokenKind, Error> {
        let start = self.at;
        self.skip(|c| c.is_ascii_digit());
        if self.rest().starts_with('.') {
            self.at += 1;
            self.skip(|c| c.is_ascii_digit());
        }
        let exponent = self.rest().strip_prefix(['e', 'E']).map(|rest| {
            let signed = rest.strip_prefix(['+', '-']);
            (1 + usize::from(signed.is_some()), signed.unwrap_or(rest))
        });
        if let Some((length, digits)) = exponent
            && digits.starts_with(|c: char| c.is_ascii_digit())
        {
            self.at += length;
            self.skip(|c| c.is_ascii_digit());
        }
        let span = self.span_from(start);
        match span.slice(self.text).parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(TokenKind::Number(value)),
            _ => Err(Error::new(span, ErrorKind::NumberTooLarge)),
        }
    }

    /// A name: letters, digits and `_`, with `.` and `#` inside (`--optimizer.lr`, `--x#2`).
    fn word(&mut self) -> TokenKind {
        let start = self.at;
        self.skip(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '#'));
        match self.span_from(start).slice(self.text) {
            "and" => TokenKind::And,
            "or" => TokenKind::Or,
            "not" => TokenKind::Not,
            _ => TokenKind::Name,
        }
    }

    fn string(&mut self, quote: char) -> Result<TokenKind, Error> {
        let start = self.at;
        self.at += 1;
        self.skip(|c| c != quote);
        if self.rest().is_empty() {
            return Err(Error::new(self.span_from(start), ErrorKind::UnclosedString));
        }
        self.at += 1;
        Ok(TokenKind::Text)
    }

    fn symbol(&mut self, first: char, second: Option<char>) -> Result<TokenKind, Error> {
        let (kind, length) = match (first, second) {
            ('=', Some('=')) => (TokenKind::Equal, 2),
            ('!', Some('=')) => (TokenKind::NotEqual, 2),
            ('<', Some('=')) => (TokenKind::LessEqual, 2),
            ('>', Some('=')) => (TokenKind::GreaterEqual, 2),
            ('=', _) => (TokenKind::Assign, 1),
            ('<', _) => (TokenKind::Less, 1),
            ('>', _) => (TokenKind::Greater, 1),
            ('*', Some('*')) => (TokenKind::Caret, 2),
            ('+', _) => (TokenKind::Plus, 1),
            ('-', _) => (TokenKind::Minus, 1),
            ('*', _) => (TokenKind::Star, 1),
            ('/', _) => (TokenKind::Slash, 1),
            ('^', _) => (TokenKind::Caret, 1),
            ('(', _) => (TokenKind::Open, 1),
            (')', _) => (TokenKind::Close, 1),
            (',', _) => (TokenKind::Comma, 1),
            _ => {
                let start = self.at;
                self.at += first.len_utf8();
                return Err(Error::new(
                    self.span_from(start),
                    ErrorKind::Character(first),
                ));
            }
        };
        self.at += length;
        Ok(kind)
    }
}
