//! The arguments of a call, as in `uniform(0, 1, size=3)`.

use super::error::LiteralError;
use super::names::leading_identifier;
use super::parser::{Parser, Spanned};

type Result<T> = std::result::Result<T, LiteralError>;

/// One argument of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct CallArgument {
    /// The keyword, for `name=value`.
    pub keyword: Option<String>,
    /// The value, with its place in the text.
    pub value: Spanned,
}

impl Parser<'_> {
    /// Reads the arguments of a call, from its `(` to its `)`.
    ///
    /// # Errors
    /// What Python refuses, with its place.
    pub(crate) fn parse_call_arguments(&mut self) -> Result<Vec<CallArgument>> {
        let start = self.offset();
        self.enter_bracket()?;
        self.eat('(');
        let mut arguments: Vec<CallArgument> = Vec::new();
        while !self.eat(')') {
            if self.rest().is_empty() {
                return self.missing_separator(start, '(');
            }
            let keyword = self.parse_keyword();
            if keyword.is_none() && arguments.last().is_some_and(|a| a.keyword.is_some()) {
                return self.unexpected("`name=value` (positional arguments come first)");
            }
            let value = self.parse_value()?;
            arguments.push(CallArgument { keyword, value });
            if !self.eat(',') && self.peek() != Some(')') {
                return self.missing_separator(start, '(');
            }
        }
        self.depth -= 1;
        Ok(arguments)
    }

    /// Reads `name =` where it stands next; otherwise reads nothing.
    fn parse_keyword(&mut self) -> Option<String> {
        let rest = self.rest();
        let name = leading_identifier(rest);
        let behind = rest[name.len()..].trim_start();
        if name.is_empty() || !behind.starts_with('=') || behind.starts_with("==") {
            return None;
        }
        let name = name.to_owned();
        self.advance(name.len());
        self.eat('=');
        Some(name)
    }
}
