//! Formulas and conditions: parses whole texts and evaluates them on one trial.

use super::error::{Error, ErrorKind, EvalError};
use super::parser::Parser;
use super::syntax::{Comparison, Expression, Function, Node, NodeId, Operator, ValueKind};
use super::token::{TokenKind, tokenize};
use crate::sweep::{Span, math};

/// The value of an argument on one trial.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ArgumentValue<'a> {
    /// A number.
    Number(f64),
    /// Any other text, exactly as the script is passed it.
    Text(&'a str),
}

/// The unit on the left side of a formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeUnit {
    /// 1 s.
    Seconds,
    /// 60 s.
    Minutes,
    /// 3,600 s.
    Hours,
}

impl TimeUnit {
    fn from_name(name: &str) -> Option<TimeUnit> {
        match name {
            "seconds" => Some(TimeUnit::Seconds),
            "minutes" => Some(TimeUnit::Minutes),
            "hours" => Some(TimeUnit::Hours),
            _ => None,
        }
    }

    /// The unit's length in seconds.
    pub(crate) fn seconds(self) -> f64 {
        match self {
            TimeUnit::Seconds => 1.0,
            TimeUnit::Minutes => 60.0,
            TimeUnit::Hours => 3600.0,
        }
    }
}

/// A run time as a function of a trial's arguments.
#[derive(Clone, Debug, PartialEq)]
pub struct Formula {
    text: String,
    unit: TimeUnit,
    expression: Expression,
}

impl Formula {
    /// Parses `seconds|minutes|hours = expression`. O(length); errors carry spans in `text`.
    pub fn parse(text: &str) -> Result<Formula, Error> {
        let tokens = tokenize(text)?;
        let mut parser = Parser::new(text, &tokens);
        let left = parser.peek();
        let second = tokens.get(1).map(|token| token.kind);
        if left.kind != TokenKind::Name || second != Some(TokenKind::Assign) {
            return Err(
                match tokens.iter().find(|token| token.kind == TokenKind::Assign) {
                    None => Error::new(left.span, ErrorKind::NoLeftSide),
                    Some(assign) => {
                        let before = Span {
                            start: 0,
                            end: assign.span.start,
                        };
                        let found = before.slice(text).trim().to_owned();
                        Error::new(before, ErrorKind::UnknownLeftSide { found })
                    }
                },
            );
        }
        let name = left.span.slice(text);
        let Some(unit) = TimeUnit::from_name(name) else {
            return Err(Error::new(
                left.span,
                ErrorKind::UnknownLeftSide {
                    found: name.to_owned(),
                },
            ));
        };
        parser.advance();
        parser.advance();
        let (expression, span) = parser.parse_to_end()?;
        Parser::check_root(&expression, span, ValueKind::Number)?;
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

    /// The right side.
    #[cfg(feature = "internals")]
    pub fn expression(&self) -> &Expression {
        &self.expression
    }

    /// The arguments that it reads, each once, in the order of first use.
    pub(crate) fn names(&self) -> &[String] {
        self.expression.names()
    }

    /// Each of [`Formula::names`] with the place in the text where it stands first.
    pub(crate) fn placed_names(&self) -> impl Iterator<Item = (&str, Span)> {
        let nodes = self.expression.nodes();
        (0u32..)
            .zip(self.names())
            .filter_map(move |(number, name)| {
                let at = nodes
                    .iter()
                    .position(|node| matches!(node, Node::Name(found) if *found == number))?;
                let span = self.expression.span(u32::try_from(at).ok()?)?;
                Some((name.as_str(), span))
            })
    }

    /// The run time in seconds where `lookup` gives the arguments: finite and above zero, else an
    /// error. It asks for each of [`Formula::names`] once, in that order. O(nodes).
    pub fn evaluate_seconds<'a>(
        &self,
        lookup: impl FnMut(&str) -> Option<ArgumentValue<'a>>,
    ) -> Result<f64, EvalError> {
        match self.expression.evaluate(lookup) {
            NodeValue::Number(value) => {
                let seconds = value * self.unit.seconds();
                if !seconds.is_finite() {
                    Err(EvalError::NotFinite)
                } else if seconds <= 0.0 {
                    Err(EvalError::NotPositive(seconds))
                } else {
                    Ok(seconds)
                }
            }
            other => Err(self.expression.to_eval_error(other)),
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
    #[cfg_attr(
        not(feature = "internals"),
        expect(dead_code, reason = "issue 14 wires it to the page")
    )]
    pub fn parse(text: &str) -> Result<Condition, Error> {
        let tokens = tokenize(text)?;
        let (expression, span) = Parser::new(text, &tokens).parse_to_end()?;
        Parser::check_root(&expression, span, ValueKind::Truth)?;
        Ok(Condition { expression })
    }

    pub(super) fn new(expression: Expression) -> Condition {
        Condition { expression }
    }

    /// The parsed condition.
    pub(crate) fn expression(&self) -> &Expression {
        &self.expression
    }

    /// Whether the condition holds where `lookup` gives the arguments, each asked for once.
    /// O(nodes).
    ///
    /// `==` and `!=` compare two numbers as numbers and anything else as text; the other
    /// comparisons want two numbers or two texts.
    pub fn holds<'a>(
        &self,
        lookup: impl FnMut(&str) -> Option<ArgumentValue<'a>>,
    ) -> Result<bool, EvalError> {
        match self.expression.evaluate(lookup) {
            NodeValue::Truth(holds) => Ok(holds),
            other => Err(self.expression.to_eval_error(other)),
        }
    }
}

/// A node's value, or the reason why it has none. A reason is no error yet: `and` and `or` may
/// never use the node.
#[derive(Clone, Copy)]
enum NodeValue<'v> {
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
        mut lookup: impl FnMut(&str) -> Option<ArgumentValue<'a>>,
    ) -> NodeValue<'v> {
        let names: Vec<NodeValue<'v>> = (0u32..)
            .zip(&self.names)
            .map(|(index, name)| match lookup(name) {
                Some(ArgumentValue::Number(value)) => NodeValue::Number(value),
                Some(ArgumentValue::Text(text)) => NodeValue::Text(text),
                None => NodeValue::Missing(index),
            })
            .collect();
        // Operands stand before their operator, so that one pass computes every node.
        let mut slots: Vec<NodeValue<'v>> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let slot = self.evaluate_node(node, &slots, &names);
            slots.push(slot);
        }
        slots.last().copied().unwrap_or(NodeValue::Incomparable)
    }

    fn evaluate_node<'v>(
        &self,
        node: &'v Node,
        slots: &[NodeValue<'v>],
        names: &[NodeValue<'v>],
    ) -> NodeValue<'v> {
        // Operands stand before their operator, so every index is in range.
        let slot = |id: NodeId| {
            slots
                .get(id as usize)
                .copied()
                .unwrap_or(NodeValue::Incomparable)
        };
        let number = |id: NodeId| match slot(id) {
            NodeValue::Number(value) => Ok(value),
            NodeValue::Text(_) => Err(self.not_a_number(id)),
            other => Err(other),
        };
        match node {
            Node::Number(value) => NodeValue::Number(*value),
            Node::Text(text) => NodeValue::Text(text),
            Node::Name(index) => names
                .get(*index as usize)
                .copied()
                .unwrap_or(NodeValue::Missing(*index)),
            Node::Negate(inner) => number(*inner).map_or_else(|e| e, |x| NodeValue::Number(-x)),
            Node::Not(inner) => match slot(*inner) {
                NodeValue::Truth(holds) => NodeValue::Truth(!holds),
                other => other,
            },
            Node::Arithmetic(operator, left, right) => match (number(*left), number(*right)) {
                (Ok(x), Ok(y)) => NodeValue::Number(apply_arithmetic(*operator, x, y)),
                (Err(fault), _) | (_, Err(fault)) => fault,
            },
            Node::Compare(comparison, left, right) => {
                compare_values(*comparison, slot(*left), slot(*right))
            }
            Node::And(left, right) => match slot(*left) {
                NodeValue::Truth(true) => slot(*right),
                other => other,
            },
            Node::Or(left, right) => match slot(*left) {
                NodeValue::Truth(false) => slot(*right),
                other => other,
            },
            Node::Call(function, arguments) => {
                let values: Result<Vec<f64>, NodeValue<'v>> =
                    arguments.iter().map(|argument| number(*argument)).collect();
                values.map_or_else(
                    |e| e,
                    |values| NodeValue::Number(call_function(*function, &values)),
                )
            }
        }
    }

    /// Only an argument can turn out to be a text where a number is needed: the parser refuses
    /// string literals there.
    fn not_a_number<'v>(&self, node: NodeId) -> NodeValue<'v> {
        match self.nodes.get(node as usize) {
            Some(Node::Name(index)) => NodeValue::NotANumber(*index),
            _ => NodeValue::Incomparable,
        }
    }

    fn to_eval_error(&self, slot: NodeValue<'_>) -> EvalError {
        let name = |index: u32| self.names.get(index as usize).cloned().unwrap_or_default();
        match slot {
            NodeValue::Missing(index) => EvalError::Missing { name: name(index) },
            NodeValue::NotANumber(index) => EvalError::NotANumber { name: name(index) },
            // A formula that is a name alone, whose value is a text.
            NodeValue::Text(_) => self.to_eval_error(self.not_a_number(self.root())),
            NodeValue::Number(_) | NodeValue::Truth(_) | NodeValue::Incomparable => {
                EvalError::Incomparable
            }
        }
    }

    fn root(&self) -> NodeId {
        // Bounded by `MAX_TOKENS`.
        (self.nodes.len().saturating_sub(1)) as NodeId
    }
}

fn apply_arithmetic(operator: Operator, x: f64, y: f64) -> f64 {
    match operator {
        Operator::Add => x + y,
        Operator::Subtract => x - y,
        Operator::Multiply => x * y,
        Operator::Divide => x / y,
        Operator::Power => math::pow(x, y),
    }
}

fn call_function(function: Function, values: &[f64]) -> f64 {
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

fn compare_values<'v>(
    comparison: Comparison,
    left: NodeValue<'v>,
    right: NodeValue<'v>,
) -> NodeValue<'v> {
    use std::cmp::Ordering;
    let order = match (left, right) {
        (NodeValue::Number(x), NodeValue::Number(y)) => x.partial_cmp(&y),
        (NodeValue::Text(x), NodeValue::Text(y)) => Some(x.cmp(y)),
        (NodeValue::Number(_), NodeValue::Text(_)) | (NodeValue::Text(_), NodeValue::Number(_)) => {
            return match comparison {
                Comparison::Equal => NodeValue::Truth(false),
                Comparison::NotEqual => NodeValue::Truth(true),
                _ => NodeValue::Incomparable,
            };
        }
        (NodeValue::Number(_) | NodeValue::Text(_), fault) | (fault, _) => return fault,
    };
    NodeValue::Truth(match comparison {
        Comparison::Equal => order == Some(Ordering::Equal),
        Comparison::NotEqual => order != Some(Ordering::Equal),
        Comparison::Less => order == Some(Ordering::Less),
        Comparison::LessEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        Comparison::Greater => order == Some(Ordering::Greater),
        Comparison::GreaterEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    })
}
