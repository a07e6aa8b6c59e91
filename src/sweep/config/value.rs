//! Nodes as the Python values that PyYAML's safe loader makes of them, and how Python prints those.

use super::resolve::{ImplicitTag, resolve};
use super::scalar;
use super::timestamp::Timestamp;
use super::tree::{MAX_DEPTH, NodeContent, NodeRef, Tree};
use crate::sweep::diagnostic::Diagnostic;
use crate::sweep::diagnostic::config::ConfigProblem;
use crate::sweep::literal::Literal;
use crate::sweep::span::Span;
use num_bigint::BigInt;
use std::collections::HashMap;

/// Most nodes that are visited, aliases counted as often as they stand: no few lines of aliases
/// to aliases make the reader list a billion values.
const MAX_VISITS: u32 = 500_000;

/// A value as PyYAML loads it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum YamlValue {
    /// Null, a boolean, a number or a text.
    Scalar(Literal),
    Timestamp(Timestamp),
    List(Vec<YamlValue>),
    Dict(Vec<(YamlValue, YamlValue)>),
}

impl YamlValue {
    /// Python's `str`.
    pub(super) fn to_str(&self) -> String {
        match self {
            YamlValue::Scalar(literal) => literal.to_str(),
            YamlValue::Timestamp(timestamp) => timestamp.to_str(),
            _ => self.repr(),
        }
    }

    /// Python's `repr`.
    pub(super) fn repr(&self) -> String {
        match self {
            YamlValue::Scalar(literal) => literal.repr(),
            YamlValue::Timestamp(timestamp) => timestamp.repr(),
            YamlValue::List(items) => {
                let items: Vec<String> = items.iter().map(YamlValue::repr).collect();
                format!("[{}]", items.join(", "))
            }
            YamlValue::Dict(entries) => {
                let entry = |(key, value): &(YamlValue, YamlValue)| {
                    format!("{}: {}", key.repr(), value.repr())
                };
                let entries: Vec<String> = entries.iter().map(entry).collect();
                format!("{{{}}}", entries.join(", "))
            }
        }
    }

    /// The value in a sentence.
    pub(super) fn describe(&self) -> String {
        match self {
            YamlValue::Scalar(Literal::None) => "nothing".into(),
            YamlValue::Scalar(Literal::Str(text)) => format!("the text `{text}`"),
            YamlValue::Scalar(Literal::Bool(true)) => "true".into(),
            YamlValue::Scalar(Literal::Bool(false)) => "false".into(),
            YamlValue::Scalar(literal) => format!("`{}`", literal.repr()),
            YamlValue::Timestamp(timestamp) => format!("the date `{}`", timestamp.to_str()),
            YamlValue::List(_) => "a list".into(),
            YamlValue::Dict(_) => "a mapping".into(),
        }
    }

    /// Whether Python's dict takes the two for one key: 1, 1.0 and True are.
    pub(super) fn is_same_key(&self, other: &YamlValue) -> bool {
        let (YamlValue::Scalar(a), YamlValue::Scalar(b)) = (self, other) else {
            return self == other;
        };
        match (to_integer(a), to_integer(b)) {
            (Some(a), Some(b)) => a == b,
            _ => a == b,
        }
    }
}

/// The integer that a number equals.
fn to_integer(value: &Literal) -> Option<BigInt> {
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
    pub(super) key: YamlValue,
    pub(super) key_place: NodeRef,
    pub(super) value: NodeRef,
    /// Whether it stands in the mapping itself, not in a merged one.
    own: bool,
}

impl Entry {
    /// The place of the value, or of the key where nothing stands behind it.
    pub(super) fn visible_span(&self) -> Span {
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
    pub(super) warnings: Vec<Diagnostic>,
}

impl<'a> Loader<'a> {
    pub(super) fn new(tree: &'a Tree) -> Loader<'a> {
        Loader {
            tree,
            visits: 0,
            warnings: Vec::new(),
        }
    }

    pub(super) fn content(&self, child: NodeRef) -> &'a NodeContent {
        &self.tree.node(child).content
    }

    fn count_visit(&mut self, at: NodeRef, depth: usize) -> Result<(), Diagnostic> {
        self.visits += 1;
        if self.visits > MAX_VISITS || depth > MAX_DEPTH {
            return Err(Diagnostic::in_config(at.span, ConfigProblem::TooLarge));
        }
        Ok(())
    }

    /// The value of a node.
    ///
    /// # Errors
    /// What PyYAML's safe loader refuses.
    pub(super) fn load(&mut self, at: NodeRef) -> Result<YamlValue, Diagnostic> {
        self.load_at(at, 0)
    }

    fn load_at(&mut self, at: NodeRef, depth: usize) -> Result<YamlValue, Diagnostic> {
        self.count_visit(at, depth)?;
        let node = self.tree.node(at);
        match &node.content {
            NodeContent::Scalar { text, plain, .. } => {
                scalar::load_scalar(at.span, node.tag.as_deref(), text, *plain)
            }
            NodeContent::Sequence(items) => {
                check_tag(at.span, node.tag.as_deref(), "seq")?;
                let items = items.iter().map(|item| self.load_at(*item, depth + 1));
                Ok(YamlValue::List(items.collect::<Result<_, _>>()?))
            }
            NodeContent::Mapping(_) => {
                let mut dict = Vec::new();
                for entry in self.load_entries_at(at, depth)? {
                    dict.push((entry.key, self.load_at(entry.value, depth + 1)?));
                }
                Ok(YamlValue::Dict(dict))
            }
        }
    }

    /// The entries of a mapping as Python's dict keeps them: merged ones first, the last of equal
    /// keys at the place of the first. O(entries); keys that are no texts are compared one by one.
    ///
    /// # Errors
    /// What PyYAML's safe loader refuses.
    pub(super) fn load_entries(&mut self, at: NodeRef) -> Result<Vec<Entry>, Diagnostic> {
        self.load_entries_at(at, 0)
    }

    fn load_entries_at(&mut self, at: NodeRef, depth: usize) -> Result<Vec<Entry>, Diagnostic> {
        check_tag(at.span, self.tree.node(at).tag.as_deref(), "map")?;
        let mut entries: Vec<Entry> = Vec::new();
        let mut texts: HashMap<String, usize> = HashMap::new();
        for pair in self.flatten_merges(at, depth)? {
            let key = self.load_key(pair.key, depth)?;
            let known = match &key {
                YamlValue::Scalar(Literal::Str(text)) => texts.get(text).copied(),
                other => entries.iter().position(|e| e.key.is_same_key(other)),
            };
            if let Some(known) = known {
                let entry = &mut entries[known];
                if entry.own && pair.own {
                    let key = key.to_str();
                    let problem = ConfigProblem::RepeatedKey { key };
                    self.warnings
                        .push(Diagnostic::in_config(pair.key.span, problem));
                }
                (entry.value, entry.key_place, entry.own) = (pair.value, pair.key, pair.own);
                continue;
            }
            if let YamlValue::Scalar(Literal::Str(text)) = &key {
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
    fn load_key(&mut self, at: NodeRef, depth: usize) -> Result<YamlValue, Diagnostic> {
        if let NodeContent::Scalar {
            text, plain: true, ..
        } = self.content(at)
            && text == "="
            && self.tree.node(at).tag.is_none()
        {
            return Ok(YamlValue::Scalar(Literal::Str("=".into())));
        }
        match self.load_at(at, depth + 1)? {
            YamlValue::List(_) | YamlValue::Dict(_) => Err(Diagnostic::in_config(
                at.span,
                ConfigProblem::BadMapping("a list or a mapping can be no key"),
            )),
            key => Ok(key),
        }
    }

    /// The pairs of a mapping, those of its `<<` before its own, since a later pair replaces an earlier one.
    /// Of a list of mappings the first one wins, so that it comes last.
    fn flatten_merges(&mut self, at: NodeRef, depth: usize) -> Result<Vec<Pair>, Diagnostic> {
        let NodeContent::Mapping(pairs) = self.content(at) else {
            return Ok(Vec::new());
        };
        let (mut merged, mut own) = (Vec::new(), Vec::new());
        for &(key, value) in pairs {
            self.count_visit(key, depth)?;
            if !self.is_merge(key) {
                own.push(Pair {
                    key,
                    value,
                    own: true,
                });
                continue;
            }
            match self.content(value) {
                NodeContent::Mapping(_) => merged.extend(self.merged_pairs(value, depth)?),
                NodeContent::Sequence(items) => {
                    for item in items.iter().rev() {
                        merged.extend(self.merged_pairs(*item, depth)?);
                    }
                }
                NodeContent::Scalar { .. } => return Err(merge_error(value.span)),
            }
        }
        merged.extend(own);
        Ok(merged)
    }

    fn merged_pairs(&mut self, at: NodeRef, depth: usize) -> Result<Vec<Pair>, Diagnostic> {
        self.count_visit(at, depth)?;
        if !matches!(self.content(at), NodeContent::Mapping(_)) {
            return Err(merge_error(at.span));
        }
        let mut pairs = self.flatten_merges(at, depth + 1)?;
        for pair in &mut pairs {
            self.count_visit(pair.key, depth)?;
            pair.own = false;
        }
        Ok(pairs)
    }

    /// Whether a key is a plain `<<`, or has its tag.
    fn is_merge(&self, key: NodeRef) -> bool {
        let node = self.tree.node(key);
        match (&node.tag, &node.content) {
            (Some(tag), _) => tag == "tag:yaml.org,2002:merge",
            (None, NodeContent::Scalar { text, plain, .. }) => {
                *plain && resolve(text) == ImplicitTag::Merge
            }
            _ => false,
        }
    }
}

/// A key and its value before equal keys are found.
struct Pair {
    key: NodeRef,
    value: NodeRef,
    own: bool,
}

fn merge_error(span: Span) -> Diagnostic {
    let what = "`<<` takes a mapping, or a list of mappings";
    Diagnostic::in_config(span, ConfigProblem::BadMapping(what))
}

/// A collection's tag: none, or the one it has anyway.
fn check_tag(span: Span, tag: Option<&str>, own: &str) -> Result<(), Diagnostic> {
    match tag {
        None | Some("!") => Ok(()),
        Some(tag) if tag.strip_prefix(scalar::TAG_PREFIX) == Some(own) => Ok(()),
        Some(tag) => Err(scalar::tag_error(span, tag, "this")),
    }
}
