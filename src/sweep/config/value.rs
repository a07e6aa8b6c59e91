//! Nodes as the Python values that PyYAML's safe loader makes of them, and how Python prints those.

use super::resolve::{Implicit, resolve};
use super::scalar;
use super::timestamp::Timestamp;
use super::tree::{Child, Content, MAX_DEPTH, Tree};
use crate::sweep::diagnostic::Diagnostic;
use crate::sweep::diagnostic::config::Problem;
use crate::sweep::literal::Literal;
use crate::sweep::span::Span;
use num_bigint::BigInt;
use std::collections::HashMap;

/// Most nodes that are visited, aliases counted as often as they stand: no few lines of aliases
/// to aliases make the reader list a billion values.
const MAX_VISITS: u32 = 500_000;

/// A value as PyYAML loads it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// Null, a boolean, a number or a text.
    Scalar(Literal),
    Timestamp(Timestamp),
    List(Vec<Value>),
    Dict(Vec<(Value, Value)>),
}

impl Value {
    /// Python's `str`.
    pub(super) fn to_str(&self) -> String {
        match self {
            Value::Scalar(literal) => literal.to_str(),
            Value::Timestamp(timestamp) => timestamp.to_str(),
            _ => self.repr(),
        }
    }

    /// Python's `repr`.
    pub(super) fn repr(&self) -> String {
        match self {
            Value::Scalar(literal) => literal.repr(),
            Value::Timestamp(timestamp) => timestamp.repr(),
            Value::List(items) => {
                let items: Vec<String> = items.iter().map(Value::repr).collect();
                format!("[{}]", items.join(", "))
            }
            Value::Dict(entries) => {
                let entry =
                    |(key, value): &(Value, Value)| format!("{}: {}", key.repr(), value.repr());
                let entries: Vec<String> = entries.iter().map(entry).collect();
                format!("{{{}}}", entries.join(", "))
            }
        }
    }

    /// The value in a sentence.
    pub(super) fn describe(&self) -> String {
        match self {
            Value::Scalar(Literal::None) => "nothing".into(),
            Value::Scalar(Literal::Str(text)) => format!("the text `{text}`"),
            Value::Scalar(Literal::Bool(true)) => "true".into(),
            Value::Scalar(Literal::Bool(false)) => "false".into(),
            Value::Scalar(literal) => format!("`{}`", literal.repr()),
            Value::Timestamp(timestamp) => format!("the date `{}`", timestamp.to_str()),
            Value::List(_) => "a list".into(),
            Value::Dict(_) => "a mapping".into(),
        }
    }

    /// Whether Python's dict takes the two for one key: 1, 1.0 and True are.
    pub(super) fn is_same_key(&self, other: &Value) -> bool {
        let (Value::Scalar(a), Value::Scalar(b)) = (self, other) else {
            return self == other;
        };
        match (integral(a), integral(b)) {
            (Some(a), Some(b)) => a == b,
            _ => a == b,
        }
    }
}

/// The integer that a number equals.
fn integral(value: &Literal) -> Option<BigInt> {
    match value {
        Literal::Bool(value) => Some(BigInt::from(u8::from(*value))),
        Literal::Int(value) => Some(value.clone()),
        // An integral double's digits are exact.
        Literal::Float(value) if value.is_finite() && value.floor() == *value => {
            format!("{value:.0}").parse().ok()
        }
        _ => None,
    }
}

/// One entry of a mapping, merges done.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: Value,
    pub(super) key_place: Child,
    pub(super) value: Child,
    /// Whether it stands in the mapping itself, not in a merged one.
    own: bool,
}

impl Entry {
    /// The place of the value, or of the key where nothing stands behind it.
    pub(super) fn visible(&self) -> Span {
        let value = self.value.span;
        if value.start < value.end {
            value
        } else {
            self.key_place.span
        }
    }
}

/// Loads nodes as values and counts the visits, aliases as often as they stand, up to [`MAX_VISITS`].
pub(super) struct Loader<'a> {
    tree: &'a Tree,
    visits: u32,
    /// What may not be meant: warnings.
    pub(super) notes: Vec<Diagnostic>,
}

impl<'a> Loader<'a> {
    pub(super) fn new(tree: &'a Tree) -> Loader<'a> {
        Loader {
            tree,
            visits: 0,
            notes: Vec::new(),
        }
    }

    pub(super) fn content(&self, child: Child) -> &'a Content {
        &self.tree.node(child).content
    }

    fn visit(&mut self, at: Child, depth: usize) -> Result<(), Diagnostic> {
        self.visits += 1;
        if self.visits > MAX_VISITS || depth > MAX_DEPTH {
            return Err(Diagnostic::in_config(at.span, Problem::TooLarge));
        }
        Ok(())
    }

    /// The value of a node.
    ///
    /// # Errors
    /// What PyYAML's safe loader refuses.
    pub(super) fn load(&mut self, at: Child) -> Result<Value, Diagnostic> {
        self.load_at(at, 0)
    }

    fn load_at(&mut self, at: Child, depth: usize) -> Result<Value, Diagnostic> {
        self.visit(at, depth)?;
        let node = self.tree.node(at);
        match &node.content {
            Content::Scalar { text, plain, .. } => {
                scalar::load(at.span, node.tag.as_deref(), text, *plain)
            }
            Content::Sequence(items) => {
                check_tag(at.span, node.tag.as_deref(), "seq")?;
                let items = items.iter().map(|item| self.load_at(*item, depth + 1));
                Ok(Value::List(items.collect::<Result<_, _>>()?))
            }
            Content::Mapping(_) => {
                let mut dict = Vec::new();
                for entry in self.entries_at(at, depth)? {
                    dict.push((entry.key, self.load_at(entry.value, depth + 1)?));
                }
                Ok(Value::Dict(dict))
            }
        }
    }

    /// The entries of a mapping as Python's dict keeps them: merged ones first, the last of equal
    /// keys at the place of the first. O(entries); keys that are no texts are compared one by one.
    ///
    /// # Errors
    /// What PyYAML's safe loader refuses.
    pub(super) fn entries(&mut self, at: Child) -> Result<Vec<Entry>, Diagnostic> {
        self.entries_at(at, 0)
    }

    fn entries_at(&mut self, at: Child, depth: usize) -> Result<Vec<Entry>, Diagnostic> {
        check_tag(at.span, self.tree.node(at).tag.as_deref(), "map")?;
        let mut entries: Vec<Entry> = Vec::new();
        let mut texts: HashMap<String, usize> = HashMap::new();
        for pair in self.flat(at, depth)? {
            let key = self.key(pair.key, depth)?;
            let known = match &key {
                Value::Scalar(Literal::Str(text)) => texts.get(text).copied(),
                other => entries.iter().position(|e| e.key.is_same_key(other)),
            };
            if let Some(known) = known {
                let entry = &mut entries[known];
                if entry.own && pair.own {
                    let key = key.to_str();
                    let problem = Problem::RepeatedKey { key };
                    self.notes
                        .push(Diagnostic::in_config(pair.key.span, problem));
                }
                (entry.value, entry.key_place, entry.own) = (pair.value, pair.key, pair.own);
                continue;
            }
            if let Value::Scalar(Literal::Str(text)) = &key {
                texts.insert(text.clone(), entries.len());
            }
            entries.push(Entry {
                key,
                key_place: pair.key,
                value: pair.value,
                own: pair.own,
            });
        }
        Ok(entries)
    }

    /// A key's value; `=` is text there.
    fn key(&mut self, at: Child, depth: usize) -> Result<Value, Diagnostic> {
        if let Content::Scalar {
            text, plain: true, ..
        } = self.content(at)
            && text == "="
            && self.tree.node(at).tag.is_none()
        {
            return Ok(Value::Scalar(Literal::Str("=".into())));
        }
        match self.load_at(at, depth + 1)? {
            Value::List(_) | Value::Dict(_) => Err(Diagnostic::in_config(
                at.span,
                Problem::BadMapping("a list or a mapping can be no key"),
            )),
            key => Ok(key),
        }
    }

    /// The pairs of a mapping, those of its `<<` before its own, since a later pair replaces an earlier one.
    /// Of a list of mappings the first one wins, so that it comes last.
    fn flat(&mut self, at: Child, depth: usize) -> Result<Vec<Pair>, Diagnostic> {
        let Content::Mapping(pairs) = self.content(at) else {
            return Ok(Vec::new());
        };
        let (mut merged, mut own) = (Vec::new(), Vec::new());
        for &(key, value) in pairs {
            self.visit(key, depth)?;
            if !self.is_merge(key) {
                own.push(Pair {
                    key,
                    value,
                    own: true,
                });
                continue;
            }
            match self.content(value) {
                Content::Mapping(_) => merged.extend(self.merged(value, depth)?),
                Content::Sequence(items) => {
                    for item in items.iter().rev() {
                        merged.extend(self.merged(*item, depth)?);
                    }
                }
                Content::Scalar { .. } => return Err(not_merged(value.span)),
            }
        }
        merged.extend(own);
        Ok(merged)
    }

    fn merged(&mut self, at: Child, depth: usize) -> Result<Vec<Pair>, Diagnostic> {
        self.visit(at, depth)?;
        if !matches!(self.content(at), Content::Mapping(_)) {
            return Err(not_merged(at.span));
        }
        let mut pairs = self.flat(at, depth + 1)?;
        for pair in &mut pairs {
            self.visit(pair.key, depth)?;
            pair.own = false;
        }
        Ok(pairs)
    }

    /// Whether a key is a plain `<<`, or has its tag.
    fn is_merge(&self, key: Child) -> bool {
        let node = self.tree.node(key);
        match (&node.tag, &node.content) {
            (Some(tag), _) => tag == "tag:yaml.org,2002:merge",
            (None, Content::Scalar { text, plain, .. }) => {
                *plain && resolve(text) == Implicit::Merge
            }
            _ => false,
        }
    }
}

/// A key and its value before equal keys are found.
struct Pair {
    key: Child,
    value: Child,
    own: bool,
}

fn not_merged(span: Span) -> Diagnostic {
    let what = "`<<` takes a mapping, or a list of mappings";
    Diagnostic::in_config(span, Problem::BadMapping(what))
}

/// A collection's tag: none, or the one it has anyway.
fn check_tag(span: Span, tag: Option<&str>, own: &str) -> Result<(), Diagnostic> {
    match tag {
        None | Some("!") => Ok(()),
        Some(tag) if tag.strip_prefix(scalar::PREFIX) == Some(own) => Ok(()),
        Some(tag) => Err(scalar::bad(span, tag, "this")),
    }
}
