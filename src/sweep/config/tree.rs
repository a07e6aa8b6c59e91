//! The YAML text as a tree of nodes with their places.
//!
//! The parser is granit-parser: of those compared with PyYAML on tens of thousands of broken and whole
//! config files (libyaml-safer, saphyr-parser and this one) the nearest that never panicked. It takes
//! what PyYAML takes of indentation, and the options below make it end block scalars as PyYAML does.
//! It reads YAML 1.2; what YAML 1.1 reads otherwise is refused here rather than read in another way.
//! tests/data/pyyaml.json holds documents with what PyYAML makes of them.

use super::syntax;
use crate::sweep::diagnostic::Diagnostic;
use crate::sweep::diagnostic::config::{Problem, Syntax};
use crate::sweep::span::Span;
use granit_parser::{Event, Parser, ScalarStyle, StructureStyle, Tag};
use std::borrow::Cow;
use std::collections::HashMap;

/// Deepest nesting that is read.
pub(super) const MAX_DEPTH: usize = 64;

/// Where the node of a value is, and where the value stands: an alias stands elsewhere.
#[derive(Clone, Copy, Debug)]
pub(super) struct Child {
    pub(super) id: usize,
    pub(super) span: Span,
    /// Whether it is an alias.
    pub(super) alias: bool,
}

#[derive(Debug)]
pub(super) struct Node {
    /// The explicit tag, in full; `!` for the one that makes a scalar text.
    pub(super) tag: Option<String>,
    pub(super) content: Content,
}

#[derive(Debug)]
pub(super) enum Content {
    Scalar {
        text: String,
        /// Neither quoted nor a block.
        plain: bool,
        /// Where `text` stands byte by byte, if anywhere.
        verbatim: Option<Span>,
    },
    Sequence(Vec<Child>),
    Mapping(Vec<(Child, Child)>),
}

#[derive(Debug, Default)]
pub(super) struct Tree {
    nodes: Vec<Node>,
}

impl Tree {
    pub(super) fn node(&self, child: Child) -> &Node {
        &self.nodes[child.id]
    }
}

/// A collection that has not ended yet.
struct Open {
    id: usize,
    start: Span,
    children: Vec<Child>,
    is_mapping: bool,
    /// Whether it stands in brackets, or in something that does.
    in_brackets: bool,
}

/// The tree of the one document in `text`; no root where there is no document.
/// O(length of the text).
pub(super) fn parse(text: &str) -> Result<(Tree, Option<Child>), Diagnostic> {
    check_characters(text)?;
    let options = granit_parser::options! {
        block_nesting_limit: MAX_DEPTH,
        flow_nesting_limit: MAX_DEPTH,
        block_scalar_eof_without_line_feed: true,
        bom_inside_document_as_content: true,
    };
    let mut builder = Builder {
        text,
        tree: Tree::default(),
        open: Vec::new(),
        anchors: HashMap::new(),
        root: None,
        scalars: Vec::new(),
    };
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((event, span)) => builder.event(event, place(text, span))?,
            Err(error) => {
                let at = offset(error.marker().byte_offset().unwrap_or(0));
                let span = one_character(text, at);
                let problem = Problem::Syntax(syntax::describe(error.kind()));
                return Err(Diagnostic::in_config(span, problem));
            }
        }
    }
    builder.check_tabs()?;
    Ok((builder.tree, builder.root))
}

struct Builder<'a> {
    text: &'a str,
    tree: Tree,
    open: Vec<Open>,
    anchors: HashMap<usize, usize>,
    root: Option<Child>,
    /// Where the scalars stand, in order, and whether a tab in them is part of their text.
    scalars: Vec<(Span, bool)>,
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Diagnostic> {
        match event {
            Event::DocumentStart(..) if self.root.is_some() => {
                return Err(Diagnostic::in_config(
                    one_character(self.text, span.start),
                    Problem::Syntax(Syntax::OneDocument),
                ));
            }
            Event::Scalar(value, style, anchor, tag) => {
                if style == ScalarStyle::Plain && self.in_brackets() {
                    self.check_in_brackets(&value, span)?;
                }
                self.scalar(&value, style, anchor, tag, span);
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.begin(false, style, (anchor, tag), span);
            }
            Event::MappingStart(style, anchor, tag) => {
                self.begin(true, style, (anchor, tag), span);
            }
            Event::SequenceEnd | Event::MappingEnd => return self.end(span),
            Event::Alias(anchor) => return self.alias(anchor, span),
            _ => {}
        }
        Ok(())
    }

    fn add(&mut self, content: Content, anchor: usize, tag: Option<String>) -> usize {
        let id = self.tree.nodes.len();
        self.tree.nodes.push(Node { tag, content });
        if anchor > 0 {
            self.anchors.insert(anchor, id);
        }
        id
    }

    fn scalar(
        &mut self,
        value: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<Cow<'_, Tag>>,
        span: Span,
    ) {
        let plain = style == ScalarStyle::Plain;
        // What is left out is `~` to the parser and nothing to PyYAML; both are null.
        let value = if span.start == span.end { "" } else { value };
        self.scalars.push((span, !plain));
        let inner = match style {
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted if span.end >= span.start + 2 => {
                Span::new(span.start + 1, span.end - 1)
            }
            _ => span,
        };
        let verbatim = (inner.slice(self.text) == value).then_some(inner);
        let content = Content::Scalar {
            text: value.to_owned(),
            plain,
            verbatim,
        };
        let id = self.add(content, anchor, full_tag(tag));
        self.place(id, span, false);
    }

    fn begin(
        &mut self,
        is_mapping: bool,
        style: StructureStyle,
        (anchor, tag): (usize, Option<Cow<'_, Tag>>),
        start: Span,
    ) {
        let in_brackets = style == StructureStyle::Flow || self.in_brackets();
        let id = self.add(Content::Sequence(Vec::new()), anchor, full_tag(tag));
        self.open.push(Open {
            id,
            start,
            children: Vec::new(),
            is_mapping,
            in_brackets,
        });
    }

    fn in_brackets(&self) -> bool {
        self.open.last().is_some_and(|open| open.in_brackets)
    }

    /// Between brackets PyYAML ends an unquoted text at each `?`, and begins none with `:`.
    fn check_in_brackets(&self, value: &str, span: Span) -> Result<(), Diagnostic> {
        let bad = value.contains('?') || value.starts_with(':');
        if bad && span.start < span.end {
            return Err(Diagnostic::in_config(
                span,
                Problem::Syntax(Syntax::InBrackets),
            ));
        }
        Ok(())
    }

    fn end(&mut self, span: Span) -> Result<(), Diagnostic> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        // A block's end is only noticed at what follows it, a flow's is its bracket.
        let last = open.children.last().map_or(open.start, |last| last.span);
        let end = if span.start < span.end {
            span.end
        } else {
            last.end
        };
        let whole = Span::new(open.start.start, end.max(open.start.end));
        let content = if open.is_mapping {
            let mut pairs = Vec::with_capacity(open.children.len() / 2);
            for pair in open.children.chunks_exact(2) {
                self.check_key(pair[0])?;
                pairs.push((pair[0], pair[1]));
            }
            Content::Mapping(pairs)
        } else {
            Content::Sequence(open.children)
        };
        self.tree.nodes[open.id].content = content;
        self.place(open.id, whole, false);
        Ok(())
    }

    /// `: value` without a key, which YAML 1.2 reads and PyYAML refuses.
    fn check_key(&self, key: Child) -> Result<(), Diagnostic> {
        if key.span.start < key.span.end {
            return Ok(());
        }
        let span = one_character(self.text, key.span.start);
        Err(Diagnostic::in_config(span, Problem::Syntax(Syntax::NoKey)))
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Diagnostic> {
        let known = self.anchors.get(&anchor).copied();
        match known.filter(|id| self.open.iter().all(|open| open.id != *id)) {
            Some(id) => {
                self.place(id, span, true);
                Ok(())
            }
            // The parser knows the anchor, so that the node must be one that holds the alias.
            None => Err(Diagnostic::in_config(
                span,
                Problem::Syntax(Syntax::Recursive),
            )),
        }
    }

    fn place(&mut self, id: usize, span: Span, alias: bool) {
        let child = Child { id, span, alias };
        match self.open.last_mut() {
            Some(open) => open.children.push(child),
            None => self.root = Some(child),
        }
    }

    /// PyYAML takes a tab only where it is part of a quoted text, a block or a comment.
    fn check_tabs(&self) -> Result<(), Diagnostic> {
        if !self.text.contains('\t') {
            return Ok(());
        }
        let end = Span::at(offset(self.text.len()));
        let mut done = 0;
        for (scalar, takes_tabs) in self.scalars.iter().chain([&(end, true)]) {
            let between = Span::new(done, scalar.start.max(done));
            let in_text = scalar.slice(self.text).find('\t').filter(|_| !takes_tabs);
            let found = tab_outside_comments(self.text, between)
                .or_else(|| Some(scalar.start + offset(in_text?)));
            if let Some(at) = found {
                let problem = Problem::Syntax(Syntax::Tab);
                return Err(Diagnostic::in_config(Span::new(at, at + 1), problem));
            }
            done = scalar.end.max(done);
        }
        Ok(())
    }
}

/// The first tab of what stands between two scalars, but for comments: from a `#` behind a blank or
/// a line end to the end of its line.
fn tab_outside_comments(text: &str, between: Span) -> Option<u32> {
    let mut previous = text
        .get(..between.start as usize)
        .and_then(|before| before.chars().next_back())
        .unwrap_or('\n');
    let mut in_comment = false;
    for (at, c) in between.slice(text).char_indices() {
        match c {
            '\n' | '\r' => in_comment = false,
            '#' if matches!(previous, ' ' | '\t' | '\n' | '\r') => in_comment = true,
            '\t' if !in_comment => return Some(between.start + offset(at)),
            _ => {}
        }
        previous = c;
    }
    None
}

/// The characters that PyYAML's reader refuses, and the line breaks that only YAML 1.1 has.
fn check_characters(text: &str) -> Result<(), Diagnostic> {
    let refused = |c: char| match c {
        '\t' | '\n' | '\r' | ' '..='~' => None,
        '\u{85}' | '\u{2028}' | '\u{2029}' => Some(Syntax::UnicodeLineBreak),
        '\u{a0}'..='\u{fffd}' | '\u{10000}'.. => None,
        _ => Some(Syntax::Unprintable),
    };
    for (at, c) in text.char_indices() {
        if let Some(syntax) = refused(c) {
            let span = one_character(text, offset(at));
            return Err(Diagnostic::in_config(span, Problem::Syntax(syntax)));
        }
    }
    Ok(())
}

/// The whole tag: `tag:yaml.org,2002:int` for `!!int`, `!x` for `!x`, `!` for the lone `!`.
fn full_tag(tag: Option<Cow<'_, Tag>>) -> Option<String> {
    tag.map(|tag| format!("{}{}", tag.handle(), tag.suffix()))
}

fn place(text: &str, span: granit_parser::Span) -> Span {
    let end = |marker: granit_parser::Marker| {
        let at = marker.byte_offset().unwrap_or(text.len());
        offset(at.min(text.len()))
    };
    let start = end(span.start);
    Span::new(start, end(span.end).max(start))
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// The character at `at`, or the nothing at the end of the text.
fn one_character(text: &str, at: u32) -> Span {
    let rest = text.get(at as usize..).unwrap_or("");
    let length = rest.chars().next().map_or(0, char::len_utf8);
    Span::new(at, at + offset(length))
}
