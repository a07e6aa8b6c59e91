//! Formulas and conditions: parses whole texts and evaluates them on one trial.

use super::error::{Error, ErrorKind, Fault};
use super::parser::Parser;
use super::syntax::{Comparison, Expression, Function, Kind, Node, NodeId, Operator};
use super::token::{TokenKind, tokens};
use crate::sweep::{Span, math};

/// The value of an argument on one trial.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// A number.
    Number(f64),
    /// Any other text, exactly as the script is passed it.
    Text(&'a str),
}

/// The unit on the left side of a formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// 1 s.
    Seconds,
    /// 60 s.
    Minutes,
    /// 3,600 s.
    Hours,
}

impl Unit {
    fn named(name: &str) -> Option<Unit> {
        match name {
            "seconds" => Some(Unit::Seconds),
            "minutes" => Some(Unit::Minutes),
            "hours" => Some(Unit::Hours),
            _ => None,
        }
    }

    /// The unit's length in seconds.
    pub fn seconds(self) -> f64 {
        match self {
            Unit::Seconds => 1.0,
            Unit::Minutes => 60.0,
            Unit::Hours => 3600.0,
        }
    }
}

/// A run time as a function of a trial's arguments.
#[derive(Clone, Debug, PartialEq)]
pub struct Formula {
    text: String,
    unit: Unit,
    expression: Expression,
}

impl Formula {
    /// Parses `seconds|minutes|hours = expression`. O(length); errors carry spans in `text`.
    pub fn parse(text: &str) -> Result<Formula, Error> {
        let tokens = tokens(text)?;
        let mut parser = Parser::new(text, &tokens);
        let left = parser.peek();
        let second = tokens.get(1).map(|token| token.kind);
        if left.kind != TokenKind::Name || second != Some(TokenKind::Assign) {
            return Err(
                match tokens.iter().find(|token| token.kind == TokenKind::Assign) {
                    None => Error::new(left.span, ErrorKind::NoUnit),
                    Some(assign) => {
                        let before = Span {
                            start: 0,
                            end: assign.span.start,
                        };
                        let found = before.slice(text).trim().to_owned();
                        Error::new(before, ErrorKind::Unit { found })
                    }
                },
            );
        }
        let name = left.span.slice(text);
        let Some(unit) = Unit::named(name) else {
            return Err(Error::new(
                left.span,
                ErrorKind::Unit {
                    found: name.to_owned(),
                },
            ));
        };
        parser.advance();
        parser.advance();
        let (expression, span) = parser.finish()?;
        Parser::check_root(&expression, span, Kind::Number)?;
        Ok(Formula {
            text: text.trim().to_owned(),
            unit,
            expression,
        })
    }

    /// The text as typed, without blanks around it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The unit on the left side.
    pub fn unit(&self) -> Unit {
        self.unit
    }

    /// The right side.
    pub fn expression(&self) -> &Expression {
        &self.expression
    }

    /// The arguments that it reads, each once, in the order of first use.
    pub fn names(&self) -> &[String] {
        self.expression.names()
    }

    /// The run time in seconds where `lookup` gives the arguments: finite and above zero, else an
    /// error. It asks for each of [`Formula::names`] once, in that order. O(nodes).
    pub fn seconds<'a>(&self, lookup: impl FnMut(&str) -> Option<Value<'a>>) -> Result<f64, Fault> {
        match self.expression.evaluate(lookup) {
            Slot::Number(value) => {
                let seconds = value * self.unit.seconds();
                if !seconds.is_finite() {
                    Err(Fault::NotFinite)
                } else if seconds <= 0.0 {
                    Err(Fault::NotPositive(seconds))
                } else {
                    Ok(seconds)
                }
            }
            other => Err(self.expression.fault(other)),
        }
    }
}

/// A condition on a trial's arguments.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    expression: Expression,
}

impl Condition {
    /// Parses a condition such as `batch_size * layers <= 64`. O(length).
    pub fn parse(text: &str) -> Result<Condition, Error> {
        let tokens = tokens(text)?;
        let (expression, span) = Parser::new(text, &tokens).finish()?;
        Parser::check_root(&expression, span, Kind::Truth)?;
        Ok(Condition { expression })
    }

    pub(super) fn new(expression: Expression) -> Condition {
        Condition { expression }
    }

    /// The parsed condition.
    pub fn expression(&self) -> &Expression {
        &self.expression
    }

    /// Whether the condition holds where `lookup` gives the arguments, each asked for once.
    /// O(nodes).
    ///
    /// `==` and `!=` compare two numbers as numbers and anything else as text; the other
    /// comparisons want two numbers or two texts.
    pub fn holds<'a>(&self, lookup: impl FnMut(&str) -> Option<Value<'a>>) -> Result<bool, Fault> {
        match self.expression.evaluate(lookup) {
            Slot::Truth(holds) => Ok(holds),
            other => Err(self.expression.fault(other)),
        }
    }
}

/// A node's value, or the reason why it has none. A reason is no error yet: `and` and `or` may
/// never use the node.
#[derive(Clone, Copy)]
enum Slot<'v> {
    Number(f64),
    Text(&'v str),
    Truth(bool),
    /// The index of a name that the trial lacks.
    Missing(u32),
    /// The index of a name whose value should be a number.
    NotANumber(u32),
    Incomparable,
}

impl Expression {
    fn evaluate<'v, 'a: 'v>(
        &'v self,
        mut lookup: impl FnMut(&str) -> Option<Value<'a>>,
    ) -> Slot<'v> {
        let names: Vec<Slot<'v>> = (0u32..)
            .zip(&self.names)
            .map(|(index, name)| match lookup(name) {
                Some(Value::Number(value)) => Slot::Number(value),
                Some(Value::Text(text)) => Slot::Text(text),
                None => Slot::Missing(index),
            })
            .collect();
        // Operands stand before their operator, so that one pass computes every node.
        let mut slots: Vec<Slot<'v>> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let slot = self.step(node, &slots, &names);
            slots.push(slot);
        }
        slots.last().copied().unwrap_or(Slot::Incomparable)
    }

    fn step<'v>(&self, node: &'v Node, slots: &[Slot<'v>], names: &[Slot<'v>]) -> Slot<'v> {
        // Operands stand before their operator, so every index is in range.
        let slot = |id: NodeId| {
            slots
                .get(id as usize)
                .copied()
                .unwrap_or(Slot::Incomparable)
        };
        let number = |id: NodeId| match slot(id) {
            Slot::Number(value) => Ok(value),
            Slot::Text(_) => Err(self.not_a_number(id)),
            other => Err(other),
        };
        match node {
            Node::Number(value) => Slot::Number(*value),
            Node::Text(text) => Slot::Text(text),
            Node::Name(index) => names
                .get(*index as usize)
                .copied()
                .unwrap_or(Slot::Missing(*index)),
            Node::Negate(inner) => number(*inner).map_or_else(|e| e, |x| Slot::Number(-x)),
            Node::Not(inner) => match slot(*inner) {
                Slot::Truth(holds) => Slot::Truth(!holds),
                other => other,
            },
            Node::Arithmetic(operator, left, right) => match (number(*left), number(*right)) {
                (Ok(x), Ok(y)) => Slot::Number(arithmetic(*operator, x, y)),
                (Err(fault), _) | (_, Err(fault)) => fault,
            },
            Node::Compare(comparison, left, right) => {
                compare(*comparison, slot(*left), slot(*right))
            }
            Node::And(left, right) => match slot(*left) {
                Slot::Truth(true) => slot(*right),
                other => other,
            },
            Node::Or(left, right) => match slot(*left) {
                Slot::Truth(false) => slot(*right),
                other => other,
            },
            Node::Call(function, arguments) => {
                let values: Result<Vec<f64>, Slot<'v>> =
                    arguments.iter().map(|argument| number(*argument)).collect();
                values.map_or_else(|e| e, |values| Slot::Number(call(*function, &values)))
            }
        }
    }

    /// Only an argument can turn out to be a text where a number is needed: the parser refuses
    /// string literals there.
    fn not_a_number<'v>(&self, node: NodeId) -> Slot<'v> {
        match self.nodes.get(node as usize) {
            Some(Node::Name(index)) => Slot::NotANumber(*index),
            _ => Slot::Incomparable,
        }
    }

    fn fault(&self, slot: Slot<'_>) -> Fault {
        let name = |index: u32| self.names.get(index as usize).cloned().unwrap_or_default();
        match slot {
            Slot::Missing(index) => Fault::Missing { name: name(index) },
            Slot::NotANumber(index) => Fault::NotANumber { name: name(index) },
            // A formula that is a name alone, whose value is a text.
            Slot::Text(_) => self.fault(self.not_a_number(self.root())),
            Slot::Number(_) | Slot::Truth(_) | Slot::Incomparable => Fault::Incomparable,
        }
    }

    fn root(&self) -> NodeId {
        // Bounded by `MAX_TOKENS`.
        (self.nodes.len().saturating_sub(1)) as NodeId
    }
}

fn arithmetic(operator: Operator, x: f64, y: f64) -> f64 {
    match operator {
        Operator::Add => x + y,
        Operator::Subtract => x - y,
        Operator::Multiply => x * y,
        Operator::Divide => x / y,
        Operator::Power => math::pow(x, y),
    }
}

fn call(function: Function, values: &[f64]) -> f64 {
    let first = values.first().copied().unwrap_or(f64::NAN);
    // Rust's `min` and `max` skip a NaN; a formula must not hide one.
    let pick = |better: fn(f64, f64) -> bool| {
        values.iter().copied().fold(first, |best, x| {
            if best.is_nan() || (!x.is_nan() && !better(x, best)) {
                best
            } else {
                x
            }
        })
    };
    match function {
        Function::Min => pick(|x, best| x < best),
        Function::Max => pick(|x, best| x > best),
        Function::Ceil => first.ceil(),
        Function::Floor => first.floor(),
        Function::Sqrt => first.sqrt(),
        Function::Log => math::log(first),
        Function::Exp => math::exp(first),
    }
}

fn compare<'v>(comparison: Comparison, left: Slot<'v>, right: Slot<'v>) -> Slot<'v> {
    use std::cmp::Ordering;
    let order = match (left, right) {
        (Slot::Number(x), Slot::Number(y)) => x.partial_cmp(&y),
        (Slot::Text(x), Slot::Text(y)) => Some(x.cmp(y)),
        (Slot::Number(_), Slot::Text(_)) | (Slot::Text(_), Slot::Number(_)) => {
            return match comparison {
                Comparison::Equal => Slot::Truth(false),
                Comparison::NotEqual => Slot::Truth(true),
                _ => Slot::Incomparable,
            };
        }
        (Slot::Number(_) | Slot::Text(_), fault) | (fault, _) => return fault,
    };
    Slot::Truth(match comparison {
        Comparison::Equal => order == Some(Ordering::Equal),
        Comparison::NotEqual => order != Some(Ordering::Equal),
        Comparison::Less => order == Some(Ordering::Less),
        Comparison::LessEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        Comparison::Greater => order == Some(Ordering::Greater),
        Comparison::GreaterEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    })
}
