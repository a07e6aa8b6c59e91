//! Parses tokens into an expression by binding powers (Pratt's method).

use super::error::{Error, ErrorKind};
use super::syntax::{Comparison, Expression, Function, Kind, Node, NodeId, Operator};
use super::token::{Token, TokenKind};
use crate::sweep::Span;
use crate::sweep::suggest::nearest;

const VALUE: &str = "a number, a name or `(`";

/// What an infix operator builds.
#[derive(Clone, Copy)]
enum Infix {
    Arithmetic(Operator),
    Compare(Comparison),
    And,
    Or,
}

/// The table of binding powers: what an infix operator builds, and how strongly it binds the
/// operand on its left and on its right. A lower power on the left groups from the left.
fn infix(kind: TokenKind) -> Option<(Infix, u8, u8)> {
    use TokenKind::*;
    Some(match kind {
        Or => (Infix::Or, 1, 2),
        And => (Infix::And, 3, 4),
        Equal => (Infix::Compare(Comparison::Equal), 7, 8),
        NotEqual => (Infix::Compare(Comparison::NotEqual), 7, 8),
        Less => (Infix::Compare(Comparison::Less), 7, 8),
        LessEqual => (Infix::Compare(Comparison::LessEqual), 7, 8),
        Greater => (Infix::Compare(Comparison::Greater), 7, 8),
        GreaterEqual => (Infix::Compare(Comparison::GreaterEqual), 7, 8),
        Plus => (Infix::Arithmetic(Operator::Add), 9, 10),
        Minus => (Infix::Arithmetic(Operator::Subtract), 9, 10),
        Star => (Infix::Arithmetic(Operator::Multiply), 11, 12),
        Slash => (Infix::Arithmetic(Operator::Divide), 11, 12),
        Caret => (Infix::Arithmetic(Operator::Power), 16, 15),
        _ => return None,
    })
}

/// How strongly `not` binds its operand: weaker than a comparison.
const NOT_POWER: u8 = 5;
/// How strongly a sign binds its operand: weaker than `^`, so that `-x ^ 2` is `-(x ^ 2)`.
const SIGN_POWER: u8 = 13;

pub(super) struct Parser<'a> {
    text: &'a str,
    tokens: &'a [Token],
    at: usize,
    depth: u32,
    out: Expression,
}

impl<'a> Parser<'a> {
    /// `tokens` ends with [`TokenKind::End`].
    pub(super) fn new(text: &'a str, tokens: &'a [Token]) -> Parser<'a> {
        let out = Expression {
            nodes: Vec::new(),
            spans: Vec::new(),
            names: Vec::new(),
        };
        Parser {
            text,
            tokens,
            at: 0,
            depth: 0,
            out,
        }
    }

    pub(super) fn peek(&self) -> Token {
        let end = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        let none = Token {
            kind: TokenKind::End,
            span: Span { start: end, end },
        };
        self.tokens.get(self.at).copied().unwrap_or(none)
    }

    pub(super) fn advance(&mut self) -> Token {
        let token = self.peek();
        self.at += 1;
        token
    }

    pub(super) fn unexpected(&self, token: Token, expected: &'static str) -> Error {
        let found = token.span.slice(self.text).to_owned();
        Error::new(token.span, ErrorKind::Unexpected { expected, found })
    }

    /// Parses the rest of the text as one expression, and returns its span as well.
    pub(super) fn finish(mut self) -> Result<(Expression, Span), Error> {
        let root = self.expression(0)?;
        let token = self.peek();
        if token.kind != TokenKind::End {
            return Err(self.unexpected(token, "an operator or the end"));
        }
        let span = self.span(root);
        Ok((self.out, span))
    }

    fn expression(&mut self, power: u8) -> Result<NodeId, Error> {
        self.depth += 1;
        if self.depth > super::MAX_DEPTH {
            return Err(Error::new(self.peek().span, ErrorKind::TooDeep));
        }
        let mut left = self.operand()?;
        while let Some((operator, left_power, right_power)) = infix(self.peek().kind) {
            if left_power < power {
                break;
            }
            self.advance();
            let right = self.expression(right_power)?;
            left = self.join(operator, left, right)?;
        }
        self.depth -= 1;
        Ok(left)
    }

    fn operand(&mut self) -> Result<NodeId, Error> {
        let token = self.advance();
        match token.kind {
            TokenKind::Number(value) => Ok(self.push(Node::Number(value), token.span)),
            TokenKind::Text => {
                let inner = Span {
                    start: token.span.start + 1,
                    end: token.span.end - 1,
                };
                let text = inner.slice(self.text).to_owned();
                Ok(self.push(Node::Text(text), token.span))
            }
            TokenKind::Name if self.peek().kind == TokenKind::Open => self.call(token),
            TokenKind::Name => Ok(self.name(token)),
            TokenKind::Open => self.group(token),
            TokenKind::Minus | TokenKind::Plus => {
                let inner = self.expression(SIGN_POWER)?;
                self.expect_kind(inner, Kind::Number)?;
                let span = token.span.to(self.span(inner));
                // A plus sign changes nothing but requires a number: `+x` becomes `0 + x`.
                if token.kind == TokenKind::Minus {
                    Ok(self.push(Node::Negate(inner), span))
                } else {
                    let zero = self.push(Node::Number(0.0), token.span);
                    Ok(self.push(Node::Arithmetic(Operator::Add, zero, inner), span))
                }
            }
            TokenKind::Not => {
                let inner = self.expression(NOT_POWER)?;
                self.expect_kind(inner, Kind::Truth)?;
                let span = token.span.to(self.span(inner));
                Ok(self.push(Node::Not(inner), span))
            }
            _ => Err(self.unexpected(token, VALUE)),
        }
    }

    fn name(&mut self, token: Token) -> NodeId {
        let name = token.span.slice(self.text);
        let known = self.out.names.iter().position(|known| known == name);
        let index = known.unwrap_or_else(|| {
            self.out.names.push(name.to_owned());
            self.out.names.len() - 1
        });
        // Bounded by `MAX_TOKENS`.
        self.push(Node::Name(index as u32), token.span)
    }

    fn group(&mut self, open: Token) -> Result<NodeId, Error> {
        let inner = self.expression(0)?;
        let close = self.advance();
        if close.kind != TokenKind::Close {
            return Err(self.unexpected(close, "an operator or `)`"));
        }
        // An error about the whole group then covers its parentheses too.
        if let Some(span) = self.out.spans.get_mut(inner as usize) {
            *span = open.span.to(close.span);
        }
        Ok(inner)
    }

    fn call(&mut self, name: Token) -> Result<NodeId, Error> {
        let text = name.span.slice(self.text);
        let Some(&(function_name, function)) =
            Function::ALL.iter().find(|(known, _)| *known == text)
        else {
            let suggestion = nearest(text, Function::ALL.iter().map(|(known, _)| *known));
            let kind = ErrorKind::UnknownFunction {
                name: text.to_owned(),
                suggestion,
            };
            return Err(Error::new(name.span, kind));
        };
        self.advance();
        let mut arguments = Vec::new();
        let close = loop {
            let argument = self.expression(0)?;
            self.expect_kind(argument, Kind::Number)?;
            arguments.push(argument);
            let token = self.advance();
            match token.kind {
                TokenKind::Comma => {}
                TokenKind::Close => break token,
                _ => return Err(self.unexpected(token, "an operator, `,` or `)`")),
            }
        };
        let span = name.span.to(close.span);
        if !function.is_variadic() && arguments.len() != 1 {
            let found = arguments.len();
            let kind = ErrorKind::ArgumentCount {
                function: function_name,
                found,
            };
            return Err(Error::new(span, kind));
        }
        Ok(self.push(Node::Call(function, arguments), span))
    }

    fn join(&mut self, operator: Infix, left: NodeId, right: NodeId) -> Result<NodeId, Error> {
        let span = self.span(left).to(self.span(right));
        let node = match operator {
            Infix::Arithmetic(operator) => {
                self.expect_kind(left, Kind::Number)?;
                self.expect_kind(right, Kind::Number)?;
                Node::Arithmetic(operator, left, right)
            }
            Infix::Compare(comparison) => {
                self.expect_comparable(left)?;
                self.expect_comparable(right)?;
                Node::Compare(comparison, left, right)
            }
            Infix::And | Infix::Or => {
                self.expect_kind(left, Kind::Truth)?;
                self.expect_kind(right, Kind::Truth)?;
                if matches!(operator, Infix::And) {
                    Node::And(left, right)
                } else {
                    Node::Or(left, right)
                }
            }
        };
        Ok(self.push(node, span))
    }

    fn push(&mut self, node: Node, span: Span) -> NodeId {
        self.out.nodes.push(node);
        self.out.spans.push(span);
        // Bounded by `MAX_TOKENS`.
        (self.out.nodes.len() - 1) as NodeId
    }

    fn span(&self, node: NodeId) -> Span {
        self.out.span(node).unwrap_or(Span { start: 0, end: 0 })
    }

    fn kind(&self, node: NodeId) -> Kind {
        self.out
            .nodes
            .get(node as usize)
            .map_or(Kind::Argument, Node::kind)
    }

    fn expect_kind(&self, node: NodeId, wanted: Kind) -> Result<(), Error> {
        let kind = self.kind(node);
        // An argument may turn out to be a number, but never a truth value.
        if kind == wanted || (kind == Kind::Argument && wanted == Kind::Number) {
            return Ok(());
        }
        let expected = if wanted == Kind::Truth {
            "a condition"
        } else {
            "a number"
        };
        Err(self.wrong_kind(node, expected))
    }

    fn expect_comparable(&self, node: NodeId) -> Result<(), Error> {
        if self.kind(node) == Kind::Truth {
            return Err(self.wrong_kind(node, "a value (join comparisons by `and`)"));
        }
        Ok(())
    }

    fn wrong_kind(&self, node: NodeId, expected: &'static str) -> Error {
        let found = self.kind(node).words();
        Error::new(self.span(node), ErrorKind::WrongKind { expected, found })
    }

    /// Refuses an `expression`, parsed from `span`, that does not yield `wanted`.
    pub(super) fn check_root(
        expression: &Expression,
        span: Span,
        wanted: Kind,
    ) -> Result<(), Error> {
        let kind = expression.nodes.last().map_or(Kind::Argument, Node::kind);
        if kind == wanted || (kind == Kind::Argument && wanted == Kind::Number) {
            return Ok(());
        }
        let expected = if wanted == Kind::Truth {
            "a condition"
        } else {
            "a number"
        };
        Err(Error::new(
            span,
            ErrorKind::WrongKind {
                expected,
                found: kind.words(),
            },
        ))
    }
}

impl Kind {
    fn words(self) -> &'static str {
        match self {
            Kind::Number => "a number",
            Kind::Text => "a text",
            Kind::Truth => "a condition",
            Kind::Argument => "an argument's value",
        }
    }
}
