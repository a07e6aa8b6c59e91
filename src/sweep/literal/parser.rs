//! Reads Python literals by the rules of `ast.literal_eval` (CPython 3.8 to 3.13).
//!
//! ```text
//! value   = number | string+ | "True" | "False" | "None" | list | tuple | set | dict | "(" value ")"
//! number  = ["+" | "-"] digits… [("+" | "-") imaginary]
//! list    = "[" [value ("," value)* [","]] "]"
//! call    = name "(" [argument ("," argument)* [","]] ")"      argument = [name "="] value
//! ```

use super::error::{LiteralError, LiteralErrorKind};
use super::names::{leading_dotted_path, leading_identifier};
use super::{CharacterNames, Literal, number, string};

/// A value and its place: byte offsets in the literal's own text.
#[derive(Clone, Debug, PartialEq)]
pub struct Spanned {
    /// What it is in Python.
    pub value: Literal,
    /// Offset of its first byte.
    pub start: u32,
    /// Offset behind its last byte.
    pub end: u32,
}

/// The items of an outermost list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListItems {
    /// The items, in the order written.
    pub items: Vec<Spanned>,
    /// Indices of items that follow their neighbour without a comma (string literals only, which
    /// Python would join).
    pub(crate) missing_commas: Vec<u32>,
}

/// How deep brackets may nest: the parser recurses, and a page's stack is small. Python's own limit is
/// 200.
const MAX_DEPTH: u32 = 100;

/// Reads one value's text from left to right. O(length) over all its calls.
pub struct Parser<'a> {
    text: &'a str,
    position: usize,
    pub(super) depth: u32,
    pub(super) names: Option<&'a CharacterNames>,
}

type Result<T> = std::result::Result<T, LiteralError>;

impl<'a> Parser<'a> {
    /// A parser at the start of `text`.
    pub fn new(text: &'a str) -> Parser<'a> {
        Parser {
            text,
            position: 0,
            depth: 0,
            names: None,
        }
    }

    /// The same parser, with the names that `\N{NAME}` may have.
    pub(crate) fn with_names(self, names: Option<&'a CharacterNames>) -> Parser<'a> {
        Parser { names, ..self }
    }

    /// Goes to byte `offset` of the text.
    pub(crate) fn seek(&mut self, offset: usize) {
        self.position = if self.text.is_char_boundary(offset) {
            offset
        } else {
            self.text.len()
        };
    }

    /// Byte offset of what is read next.
    pub(crate) fn offset(&self) -> u32 {
        u32::try_from(self.position).unwrap_or(u32::MAX)
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.position..]
    }

    /// The text read since `start`.
    pub(super) fn text_from(&self, start: u32) -> &'a str {
        self.text.get(start as usize..self.position).unwrap_or("")
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn advance(&mut self, bytes: usize) {
        self.position = (self.position + bytes).min(self.text.len());
    }

    pub(super) fn error<T>(&self, start: u32, problem: LiteralErrorKind) -> Result<T> {
        Err(LiteralError {
            start,
            end: self.offset().max(start),
            kind: problem,
        })
    }

    /// Skips blanks, line ends, escaped line ends and comments.
    pub(crate) fn skip_blanks(&mut self) {
        loop {
            let next = self.text.as_bytes().get(self.position);
            if !matches!(
                next,
                Some(b' ' | b'\t' | b'\n' | b'\r' | 0xc | b'#' | b'\\')
            ) {
                return;
            }
            let rest = self.rest();
            let blank = rest.len()
                - rest
                    .trim_start_matches([' ', '\t', '\n', '\r', '\u{c}'])
                    .len();
            self.advance(blank);
            if self.rest().starts_with('#') {
                self.advance(self.rest().find('\n').unwrap_or(self.rest().len()));
            } else if self.rest().starts_with("\\\n") {
                self.advance(2);
            } else if blank == 0 {
                return;
            }
        }
    }

    /// Reads `c` and the blanks around it, if it stands next; returns whether it does.
    pub(crate) fn eat(&mut self, c: char) -> bool {
        self.skip_blanks();
        let eaten = self.peek() == Some(c);
        if eaten {
            self.advance(c.len_utf8());
            self.skip_blanks();
        }
        eaten
    }

    /// An error that something else than the next token is expected.
    pub(crate) fn unexpected<T>(&mut self, expected: &'static str) -> Result<T> {
        let start = self.offset();
        let problem = self.classify_token(expected);
        self.error(start, problem)
    }

    /// Names the next token, which cannot stand here, and moves past it so that the error spans it.
    fn classify_token(&mut self, expected: &'static str) -> LiteralErrorKind {
        let rest = self.rest();
        let Some(c) = rest.chars().next() else {
            return LiteralErrorKind::Unexpected {
                found: String::new(),
                expected,
            };
        };
        let operators = ["**", "//", "<<", ">>", "==", "!=", "<=", ">="];
        if let Some(operator) = operators.iter().find(|o| rest.starts_with(**o)) {
            self.advance(operator.len());
            return LiteralErrorKind::Arithmetic((*operator).into());
        }
        if "+-*/%@<>&|^~".contains(c) {
            self.advance(1);
            return LiteralErrorKind::Arithmetic(c.into());
        }
        if matches!(c, '\u{2018}'..='\u{201f}') {
            self.advance(c.len_utf8());
            return LiteralErrorKind::TypographicQuote;
        }
        let word = leading_identifier(rest);
        if word.is_empty() {
            self.advance(c.len_utf8());
            return LiteralErrorKind::Unexpected {
                found: c.into(),
                expected,
            };
        }
        self.advance(word.len());
        match word {
            "for" | "async" => LiteralErrorKind::Comprehension,
            "if" | "else" | "or" | "and" | "not" | "in" | "is" | "lambda" => {
                LiteralErrorKind::Arithmetic(word.into())
            }
            _ => LiteralErrorKind::Unexpected {
                found: word.into(),
                expected,
            },
        }
    }

    /// Reads one value and the blanks around it.
    ///
    /// # Errors
    /// What Python refuses, with its place.
    pub fn parse_value(&mut self) -> Result<Spanned> {
        self.skip_blanks();
        let start = self.offset();
        let value = self.parse_bare_value()?;
        let end = self.offset();
        self.skip_blanks();
        Ok(Spanned { value, start, end })
    }

    fn parse_bare_value(&mut self) -> Result<Literal> {
        match self.peek() {
            Some('[') => Ok(Literal::List(self.parse_sequence('[', ']')?)),
            Some('(') => self.parse_parenthesised(),
            Some('{') => self.parse_braced(),
            Some('0'..='9' | '.' | '+' | '-') => number::parse_number(self),
            Some('\'' | '"') => string::parse_strings(self),
            Some(c) if c.is_alphabetic() || c == '_' => self.parse_named(),
            Some('*') => {
                let start = self.offset();
                self.advance(1);
                self.error(start, LiteralErrorKind::Unpacking)
            }
            _ => self.unexpected("a value"),
        }
    }

    /// Reads what begins like a name: a prefixed string or a constant. Everything else is refused.
    fn parse_named(&mut self) -> Result<Literal> {
        if string::parse_prefix(self.rest()).is_some() {
            return string::parse_strings(self);
        }
        let start = self.offset();
        let path = leading_dotted_path(self.rest());
        self.advance(path.len());
        match path {
            "None" => return Ok(Literal::None),
            "True" => return Ok(Literal::Bool(true)),
            "False" => return Ok(Literal::Bool(false)),
            _ => {}
        }
        if self.rest().trim_start().starts_with('(') {
            return self.error(start, LiteralErrorKind::Call(path.into()));
        }
        if self.rest().trim_start().starts_with("for ") {
            return self.error(start, LiteralErrorKind::Comprehension);
        }
        let operator = matches!(path, "not" | "lambda" | "await" | "yield");
        // A name of the shell's world is longer than one of Python's: `bert-base`, `data/a.csv`.
        let ends = |c: char| c.is_whitespace() || ",[](){}'\"".contains(c);
        let rest = self.rest();
        let more = rest.find(ends).unwrap_or(rest.len());
        self.advance(if operator { 0 } else { more });
        let word = self.text_from(start).to_owned();
        self.error(
            start,
            if operator {
                LiteralErrorKind::Arithmetic(word)
            } else {
                LiteralErrorKind::BareName(word)
            },
        )
    }

    pub(super) fn enter_bracket(&mut self) -> Result<()> {
        self.depth += 1;
        let start = self.offset();
        if self.depth > MAX_DEPTH {
            self.error(start, LiteralErrorKind::TooDeep)
        } else {
            Ok(())
        }
    }

    /// Reads `[…]` or `(…)` from its bracket on: the items, with or without a last comma.
    fn parse_sequence(&mut self, open: char, close: char) -> Result<Vec<Literal>> {
        let start = self.offset();
        self.enter_bracket()?;
        self.eat(open);
        let mut items = Vec::new();
        while !self.eat(close) {
            items.push(self.parse_value()?.value);
            if !self.eat(',') && self.peek() != Some(close) {
                return self.missing_separator(start, open);
            }
        }
        self.unread_blanks();
        self.depth -= 1;
        Ok(items)
    }

    /// The error for neither a comma nor the closing bracket behind an item.
    pub(super) fn missing_separator<T>(&mut self, start: u32, open: char) -> Result<T> {
        if self.rest().is_empty() {
            return Err(LiteralError {
                start,
                end: start + 1,
                kind: LiteralErrorKind::UnclosedBracket(open),
            });
        }
        self.unexpected(match open {
            '[' => "`,` or `]`",
            '{' => "`,` or `}`",
            _ => "`,` or `)`",
        })
    }

    /// Moves back over blanks behind a closing bracket, so that a value's place ends with it.
    fn unread_blanks(&mut self) {
        self.position = self.text[..self.position]
            .trim_end_matches([' ', '\t', '\n', '\r'])
            .len();
    }

    fn parse_parenthesised(&mut self) -> Result<Literal> {
        let start = self.offset();
        self.enter_bracket()?;
        self.eat('(');
        let mut items = Vec::new();
        let mut commas = false;
        while !self.eat(')') {
            items.push(self.parse_value()?.value);
            let comma = self.eat(',');
            commas |= comma;
            if !comma && self.peek() != Some(')') {
                return self.missing_separator(start, '(');
            }
        }
        self.unread_blanks();
        self.depth -= 1;
        match items.pop() {
            Some(only) if items.is_empty() && !commas => Ok(only),
            last => {
                items.extend(last);
                Ok(Literal::Tuple(items))
            }
        }
    }

    fn parse_braced(&mut self) -> Result<Literal> {
        let start = self.offset();
        self.enter_bracket()?;
        self.eat('{');
        let (mut items, mut entries) = (Vec::new(), Vec::new());
        while !self.eat('}') {
            let key = self.parse_value()?;
            if !is_hashable(&key.value) {
                return Err(LiteralError {
                    start: key.start,
                    end: key.end,
                    kind: LiteralErrorKind::Unhashable,
                });
            }
            if items.is_empty() && self.eat(':') {
                entries.push((key.value, self.parse_value()?.value));
            } else if entries.is_empty() {
                items.push(key.value);
            } else {
                return self.unexpected("`:` and a value");
            }
            if !self.eat(',') && self.peek() != Some('}') {
                return self.missing_separator(start, '{');
            }
        }
        self.unread_blanks();
        self.depth -= 1;
        Ok(if items.is_empty() {
            Literal::Dict(entries)
        } else {
            Literal::Set(items)
        })
    }

    /// Reads an outermost list, from its bracket on. Python would join adjacent string literals; here
    /// they are separate items, and the missing comma is reported, since `['a' 'b']` in a sweep is
    /// nearly always one that was forgotten.
    ///
    /// # Errors
    /// What Python refuses, with its place.
    pub(crate) fn parse_outermost_list(&mut self) -> Result<ListItems> {
        let start = self.offset();
        self.enter_bracket()?;
        self.eat('[');
        let mut list = ListItems::default();
        while !self.eat(']') {
            self.skip_blanks();
            let begins = self.offset();
            if string::begins_with_string(self.rest()) {
                self.parse_adjacent_strings(&mut list)?;
            } else if self.rest().is_empty() {
                return self.missing_separator(start, '[');
            } else {
                let item = self.parse_value()?;
                debug_assert!(item.start == begins);
                list.items.push(item);
            }
            if !self.eat(',') && self.peek() != Some(']') {
                return self.missing_separator(start, '[');
            }
        }
        self.depth -= 1;
        Ok(list)
    }

    fn parse_adjacent_strings(&mut self, list: &mut ListItems) -> Result<()> {
        let mut first = true;
        while string::begins_with_string(self.rest()) {
            let start = self.offset();
            let value = string::parse_one_string(self)?;
            if !first {
                list.missing_commas
                    .push(u32::try_from(list.items.len()).unwrap_or(u32::MAX));
            }
            list.items.push(Spanned {
                value,
                start,
                end: self.offset(),
            });
            self.skip_blanks();
            first = false;
        }
        Ok(())
    }

    /// Checks that nothing but blanks is left of the text.
    ///
    /// # Errors
    /// What stands there instead.
    pub fn expect_end(&mut self) -> Result<()> {
        self.skip_blanks();
        if self.rest().is_empty() {
            return Ok(());
        }
        let start = self.offset();
        let found: String = self.rest().chars().take(20).collect();
        self.position = self.text.len();
        self.error(start, LiteralErrorKind::Trailing(found))
    }
}

fn is_hashable(value: &Literal) -> bool {
    match value {
        Literal::List(_) | Literal::Set(_) | Literal::Dict(_) => false,
        Literal::Tuple(items) => items.iter().all(is_hashable),
        _ => true,
    }
}
