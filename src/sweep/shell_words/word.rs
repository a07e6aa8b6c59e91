//! One word, and where each of its bytes stands in the command text.

use super::to_offset;
use crate::sweep::span::Span;
use compact_str::CompactString;

/// One word: what a program would be passed, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Word {
    /// The whole word in the command text, quotes included.
    pub span: Span,
    /// The word with quotes and escapes removed.
    pub text: CompactString,
    /// Whether any of it was quoted or escaped.
    pub(crate) quoted: bool,
    /// Where `text` corresponds with the command text.
    source_map: SourceMap,
}

impl Word {
    /// An empty word at `span`.
    pub(super) fn empty(span: Span, quoted: bool) -> Word {
        Word {
            span,
            quoted,
            ..Word::default()
        }
    }

    /// The place in the command text of `start..end` of [`Word::text`]; the whole word where it does
    /// not stand there as it is.
    pub(crate) fn locate(&self, start: u32, end: u32) -> Span {
        if self.source_map.first.is_none() {
            return self.span;
        }
        let first = self
            .locate_byte(start)
            .clamp(self.span.start, self.span.end);
        let last = if end > start {
            self.locate_byte(end - 1).saturating_add(1)
        } else {
            first
        };
        Span::new(first, last.clamp(first, self.span.end))
    }

    /// The word with its places moved by `by` bytes, for a text that stands inside a larger one.
    pub(crate) fn shifted_by(mut self, by: u32) -> Word {
        self.span = Span::new(self.span.start + by, self.span.end + by);
        let SourceMap { first, more } = &mut self.source_map;
        let sources = first
            .iter_mut()
            .chain(more.iter_mut().flat_map(|more| more.iter_mut()));
        sources.for_each(|(_, source)| *source += by);
        self
    }

    /// The word with all of it placed at `span`, for a text that does not stand there byte by byte.
    pub(crate) fn placed_at(self, span: Span) -> Word {
        Word {
            span,
            source_map: SourceMap::default(),
            ..self
        }
    }

    pub(super) fn locate_byte(&self, offset: u32) -> u32 {
        match self.source_map.find_run(offset) {
            Some((cooked, source)) => source + (offset - cooked),
            None => self.span.start,
        }
    }

    /// Appends `c`, which stands at `source` in the command text.
    pub(super) fn push(&mut self, c: char, source: u32) {
        self.source_map.push(to_offset(self.text.len()), source);
        self.text.push(c);
    }
}

/// The runs in which a word and the command text correspond byte by byte: (offset in the word,
/// offset in the command text) of each one's first byte. Most words have one.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
struct SourceMap {
    first: Option<(u32, u32)>,
    #[allow(
        clippy::box_collection,
        reason = "hardly a word has more, and a text may have half a million words"
    )]
    more: Option<Box<Vec<(u32, u32)>>>,
}

impl SourceMap {
    /// The run that holds the byte at `offset` of the word.
    fn find_run(&self, offset: u32) -> Option<(u32, u32)> {
        let more = self.more.as_deref().map_or(&[][..], Vec::as_slice);
        let after = more.partition_point(|(cooked, _)| *cooked <= offset);
        let last = after.checked_sub(1).and_then(|at| more.get(at)).copied();
        last.or(self.first.filter(|(cooked, _)| *cooked <= offset))
    }

    fn push(&mut self, cooked: u32, source: u32) {
        let last = self.more.as_ref().and_then(|more| more.last().copied());
        let last = last.or(self.first);
        let continues = last.is_some_and(|(c0, s0)| cooked - c0 == source.wrapping_sub(s0));
        match self.first {
            _ if continues => {}
            None => self.first = Some((cooked, source)),
            Some(_) => self.more.get_or_insert_default().push((cooked, source)),
        }
    }
}

/// `--name` or `-n`, and no negative number.
pub(in crate::sweep) fn begins_flag(text: &str) -> bool {
    let name = text.trim_start_matches('-');
    let dashes = text.len() - name.len();
    (1..=2).contains(&dashes) && name.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// Whether a word looks like a script that `grid run` takes.
pub(crate) fn is_script(word: &str) -> bool {
    let name = word.rsplit('/').next().unwrap_or(word);
    [".py", ".sh", ".jl"]
        .iter()
        .any(|end| name.ends_with(end) && name.len() > end.len())
}
