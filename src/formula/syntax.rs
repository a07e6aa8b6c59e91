//! The syntax tree as a flat list of nodes, children before parents.

use crate::sweep::Span;

/// The index of a node in [`Expression::nodes`].
pub(crate) type NodeId = u32;

/// A parsed expression. Each node stands after its operands and the root is the last, so that one
/// pass from front to back evaluates it and neither that nor dropping it recurses.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    pub(super) nodes: Vec<Node>,
    pub(super) spans: Vec<Span>,
    pub(super) names: Vec<String>,
}

impl Expression {
    /// The nodes, operands before operators; never empty.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The arguments that it reads, each once, in the order of first use.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The node `root` and all below it as an expression of its own. O(nodes).
    pub(super) fn subtree(&self, root: NodeId) -> Expression {
        let mut first = root;
        // Operands stand directly before their operator, so that a subtree is a contiguous range.
        for at in (0..=root).rev() {
            let Some(node) = self.nodes.get(at as usize).filter(|_| at >= first) else {
                break;
            };
            node.operands()
                .for_each(|operand| first = first.min(operand));
        }
        let (begin, end) = (first as usize, root as usize + 1);
        let mut names: Vec<String> = Vec::new();
        let mut nodes = self.nodes.get(begin..end).unwrap_or_default().to_vec();
        for node in &mut nodes {
            node.rebase_operands(first);
            if let Node::Name(name) = node
                && let Some(text) = self.names.get(*name as usize)
            {
                let known = names.iter().position(|known| known == text);
                let at = known.unwrap_or_else(|| {
                    names.push(text.clone());
                    names.len() - 1
                });
                *name = u32::try_from(at).unwrap_or(u32::MAX);
            }
        }
        let spans = self.spans.get(begin..end).unwrap_or_default().to_vec();
        Expression {
            nodes,
            spans,
            names,
        }
    }

    /// The span of the text that a node was parsed from.
    pub(crate) fn span(&self, node: NodeId) -> Option<Span> {
        self.spans.get(node as usize).copied()
    }
}

/// An operation of an expression, and the nodes of its operands.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// A number literal.
    Number(f64),
    /// A string literal, without its quotes.
    Text(String),
    /// The value of an argument: an index into [`Expression::names`].
    Name(u32),
    /// `-x`.
    Negate(NodeId),
    /// `not x`.
    Not(NodeId),
    /// An arithmetic operator on two numbers.
    Arithmetic(Operator, NodeId, NodeId),
    /// A comparison of two values.
    Compare(Comparison, NodeId, NodeId),
    /// Both hold; where the left one does not, the right one need not have a value.
    And(NodeId, NodeId),
    /// One holds; where the left one does, the right one need not have a value.
    Or(NodeId, NodeId),
    /// A function of numbers.
    Call(Function, Vec<NodeId>),
}

/// An arithmetic operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `^`
    Power,
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
}

/// A function of the language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// The least of one or more.
    Min,
    /// The greatest of one or more.
    Max,
    /// Up to a whole number.
    Ceil,
    /// Down to a whole number.
    Floor,
    /// Square root.
    Sqrt,
    /// Natural logarithm.
    Log,
    /// e to a power.
    Exp,
}

impl Function {
    /// All functions with their names in a formula.
    pub(crate) const ALL: [(&'static str, Function); 7] = [
        ("min", Function::Min),
        ("max", Function::Max),
        ("ceil", Function::Ceil),
        ("floor", Function::Floor),
        ("sqrt", Function::Sqrt),
        ("log", Function::Log),
        ("exp", Function::Exp),
    ];

    /// Whether it takes any number of arguments, not just one.
    pub(crate) fn is_variadic(self) -> bool {
        matches!(self, Function::Min | Function::Max)
    }
}

/// The kind of value that a node yields, as far as the text alone decides it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ValueKind {
    Number,
    Text,
    Truth,
    /// An argument: a number or a text, known only per trial.
    Argument,
}

impl Node {
    /// The nodes of its operands, left to right.
    pub(super) fn operands(&self) -> impl Iterator<Item = NodeId> + '_ {
        let (two, many): ([Option<NodeId>; 2], &[NodeId]) = match self {
            Node::Number(_) | Node::Text(_) | Node::Name(_) => ([None; 2], &[]),
            Node::Negate(a) | Node::Not(a) => ([Some(*a), None], &[]),
            Node::Arithmetic(_, a, b)
            | Node::Compare(_, a, b)
            | Node::And(a, b)
            | Node::Or(a, b) => ([Some(*a), Some(*b)], &[]),
            Node::Call(_, operands) => ([None; 2], operands),
        };
        two.into_iter().flatten().chain(many.iter().copied())
    }

    /// Makes its operands relative to node `first`.
    fn rebase_operands(&mut self, first: NodeId) {
        match self {
            Node::Number(_) | Node::Text(_) | Node::Name(_) => {}
            Node::Negate(a) | Node::Not(a) => *a -= first,
            Node::Arithmetic(_, a, b)
            | Node::Compare(_, a, b)
            | Node::And(a, b)
            | Node::Or(a, b) => {
                *a -= first;
                *b -= first;
            }
            Node::Call(_, operands) => operands.iter_mut().for_each(|operand| *operand -= first),
        }
    }

    pub(super) fn kind(&self) -> ValueKind {
        match self {
            Node::Number(_) | Node::Negate(_) | Node::Arithmetic(..) | Node::Call(..) => {
                ValueKind::Number
            }
            Node::Text(_) => ValueKind::Text,
            Node::Name(_) => ValueKind::Argument,
            Node::Not(_) | Node::Compare(..) | Node::And(..) | Node::Or(..) => ValueKind::Truth,
        }
    }
}
