//! Stage 1: the command text as the words a POSIX shell would make of it, places kept.
//!
//! Quotes, escapes, `\` line ends and comments follow the Shell Command Language of POSIX.1-2024,
//! section 2.2; a leading `$ ` or `% ` prompt is skipped. Line ends, `;` and `&&` separate
//! commands. Nothing is ever expanded or run: other shell syntax is a [`Kind::ShellSyntax`].
//!
//! Every text gives words: what is wrong becomes a diagnostic, and the reading goes on with what
//! was most likely meant, so that one mistake does not hide the rest.

use super::diagnostic::{Diagnostic, Kind, Shell};
use super::span::Span;
use compact_str::CompactString;

mod cursor;
mod recover;

use cursor::Cursor;

/// One word: what a program would be passed, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Word {
    /// The whole word in the command text, quotes included.
    pub span: Span,
    /// The word with quotes and escapes removed.
    pub text: CompactString,
    /// Whether any of it was quoted or escaped.
    pub quoted: bool,
    /// Where `text` corresponds with the command text.
    runs: Runs,
}

impl Word {
    /// The place in the command text of `start..end` of [`Word::text`]; the whole word where it does
    /// not stand there as it is.
    pub fn locate(&self, start: u32, end: u32) -> Span {
        if self.runs.first.is_none() {
            return self.span;
        }
        let first = self.locate_one(start).clamp(self.span.start, self.span.end);
        let last = if end > start {
            self.locate_one(end - 1).saturating_add(1)
        } else {
            first
        };
        Span::new(first, last.clamp(first, self.span.end))
    }

    /// The same word of a text that stands at `by` in a larger one.
    pub(crate) fn moved(mut self, by: u32) -> Word {
        self.span = Span::new(self.span.start + by, self.span.end + by);
        let Runs { first, more } = &mut self.runs;
        let sources = first
            .iter_mut()
            .chain(more.iter_mut().flat_map(|more| more.iter_mut()));
        sources.for_each(|(_, source)| *source += by);
        self
    }

    /// The same word of a text that stands for what is at `span`.
    pub(crate) fn covering(self, span: Span) -> Word {
        Word {
            span,
            runs: Runs::default(),
            ..self
        }
    }

    fn locate_one(&self, offset: u32) -> u32 {
        match self.runs.at(offset) {
            Some((cooked, source)) => source + (offset - cooked),
            None => self.span.start,
        }
    }

    /// Appends `c`, which stands at `source` in the command text.
    fn push(&mut self, c: char, source: u32) {
        self.runs.push(offset(self.text.len()), source);
        self.text.push(c);
    }
}

/// The runs in which a word and the command text correspond byte by byte: (offset in the word,
/// offset in the command text) of each one's first byte. Most words have one.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
struct Runs {
    first: Option<(u32, u32)>,
    #[allow(
        clippy::box_collection,
        reason = "hardly a word has more, and a text may have half a million words"
    )]
    more: Option<Box<Vec<(u32, u32)>>>,
}

impl Runs {
    /// The run that holds the byte at `offset` of the word.
    fn at(&self, offset: u32) -> Option<(u32, u32)> {
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

/// The words of one command.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Words {
    /// From the first word to the last.
    pub span: Span,
    /// The words; never empty.
    pub words: Vec<Word>,
}

/// Who wrote the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A person, for a shell: every shell rule is checked.
    Person,
    /// Grid's client, in a request. It quotes what was typed, but puts the parameters of a config file
    /// in as they are: of the shell's rules only quotes and escapes count (as for Python's
    /// `shlex.split`), every line is part of the one command, and an open bracket is joined to its
    /// close.
    Client,
}

/// Splits `text` into commands and words. O(length of the text).
pub fn split(text: &str, source: Source) -> (Vec<Words>, Vec<Diagnostic>) {
    let mut lexer = Lexer {
        cursor: Cursor::new(text),
        source,
        diagnostics: Vec::new(),
        missing: Vec::new(),
        unquoted: None,
        in_command: false,
    };
    let mut commands = Vec::new();
    let mut words: Vec<Word> = Vec::new();
    lexer.skip_prompt();
    loop {
        match lexer.next() {
            Token::Word(word) => {
                words.push(word);
                lexer.in_command = true;
            }
            token => {
                lexer.in_command = false;
                if let (Some(first), Some(last)) = (words.first(), words.last()) {
                    let span = first.span.to(last.span);
                    commands.push(Words {
                        span,
                        words: std::mem::take(&mut words),
                    });
                }
                if token == Token::End {
                    return (commands, lexer.diagnostics);
                }
                lexer.skip_prompt();
            }
        }
    }
}

#[derive(Debug, PartialEq)]
enum Token {
    Word(Word),
    Separator,
    End,
}

struct Lexer<'a> {
    cursor: Cursor<'a>,
    source: Source,
    diagnostics: Vec<Diagnostic>,
    /// Closing characters known to be missing up to an offset, so that no text makes the search
    /// for them cost more than its length.
    missing: Vec<(char, u32)>,
    /// Where the last word begins that was said to need quotes.
    unquoted: Option<u32>,
    /// Whether the command has words already.
    in_command: bool,
}

impl Lexer<'_> {
    fn report(&mut self, start: u32, kind: Kind) {
        self.diagnostics.push(Diagnostic::new(
            Span::new(start, self.cursor.offset()),
            kind,
        ));
    }

    /// `$ ` or `% ` where a command begins, as copied from a terminal.
    fn skip_prompt(&mut self) {
        if self.is_client() {
            return;
        }
        self.skip_blanks();
        if matches!(self.cursor.peek(), Some('$' | '%')) && self.cursor.peek_second() == Some(' ') {
            self.cursor.bump();
        }
    }

    /// Blanks, escaped line ends and look-alike blanks between words.
    fn skip_blanks(&mut self) {
        loop {
            let start = self.cursor.offset();
            if self.cursor.eat(' ') || self.cursor.eat('\t') || self.cursor.eat_escaped_line_end() {
                continue;
            }
            if self.is_client() {
                if self.cursor.eat('\n') || self.cursor.eat('\r') {
                    continue;
                }
                return;
            }
            if self.cursor.eat_if(is_invisible) {
                while self.cursor.eat_if(is_invisible) {}
                self.report(start, Kind::InvisibleSpace);
                continue;
            }
            return;
        }
    }

    fn next(&mut self) -> Token {
        loop {
            self.skip_blanks();
            let start = self.cursor.offset();
            return match self.cursor.peek() {
                None => Token::End,
                Some(_) if self.is_client() => Token::Word(self.word()),
                Some('\n' | '\r' | ';') => self.separator(1),
                Some('&') if self.cursor.peek_second() == Some('&') => self.separator(2),
                Some('#') => {
                    self.comment(start);
                    continue;
                }
                Some('|' | '>' | '<' | '&' | ')') => {
                    self.shell_operator(start);
                    continue;
                }
                Some(_) => Token::Word(self.word()),
            };
        }
    }

    fn separator(&mut self, characters: u32) -> Token {
        for _ in 0..characters {
            self.cursor.bump();
        }
        Token::Separator
    }

    /// `|`, `>`, `<`, `&` and a stray `)`: reported and passed over; so is a redirection's target.
    fn shell_operator(&mut self, start: u32) {
        let shell = match self.cursor.bump() {
            Some('|') => Shell::Pipe,
            Some('&') => Shell::Background,
            Some('>' | '<') => Shell::Redirection,
            _ => Shell::Parenthesis,
        };
        self.cursor
            .eat_while(|c| matches!(c, '|' | '>' | '<' | '&'));
        if shell == Shell::Redirection {
            self.cursor.eat_while(|c| c == ' ');
            self.cursor.eat_while(|c| !ends_word(c));
        }
        self.report(start, Kind::ShellSyntax(shell));
    }

    fn word(&mut self) -> Word {
        let mut word = Word {
            span: Span::at(self.cursor.offset()),
            ..Word::default()
        };
        self.dash(&mut word);
        while let Some(c) = self.cursor.peek() {
            let at = self.cursor.offset();
            match c {
                '\'' => self.single_quoted(&mut word),
                '"' => self.double_quoted(&mut word),
                '\\' if self.cursor.eat_escaped_line_end() => {}
                '\\' => self.escape(&mut word),
                '[' if may_open_sweep(&word) && self.bracketed(&mut word) => {}
                '(' if self.parenthesised(&mut word) => {}
                '{' if self.braces(&mut word) => {}
                '$' | '`' => self.expansion(&mut word),
                c if self.ends_word(c) => break,
                c if recover::typographic_close(c).is_some() && !self.is_client() => {
                    self.typographic(&mut word);
                }
                c => {
                    self.cursor.bump();
                    word.push(c, at);
                }
            }
        }
        word.span.end = self.cursor.offset();
        word
    }

    fn is_client(&self) -> bool {
        self.source == Source::Client
    }

    fn ends_word(&self, c: char) -> bool {
        match self.source {
            Source::Person => ends_word(c) || is_invisible(c),
            Source::Client => matches!(c, ' ' | '\t' | '\n' | '\r'),
        }
    }

    fn single_quoted(&mut self, word: &mut Word) {
        let start = self.cursor.offset();
        word.quoted = true;
        self.cursor.bump();
        loop {
            let at = self.cursor.offset();
            match self.cursor.bump() {
                Some('\'') => return,
                Some(c) => word.push(c, at),
                None => return self.unclosed_quote(start, '\''),
            }
        }
    }

    fn double_quoted(&mut self, word: &mut Word) {
        let start = self.cursor.offset();
        word.quoted = true;
        self.cursor.bump();
        loop {
            let at = self.cursor.offset();
            match self.cursor.peek() {
                Some('"') => {
                    self.cursor.bump();
                    return;
                }
                Some('\\') if self.cursor.eat_escaped_line_end() => {}
                Some('\\') => {
                    self.cursor.bump();
                    // Inside double quotes a backslash escapes only these.
                    match self.cursor.peek() {
                        Some(c @ ('$' | '`' | '"' | '\\')) => {
                            let at = self.cursor.offset();
                            self.cursor.bump();
                            word.push(c, at);
                        }
                        _ => word.push('\\', at),
                    }
                }
                Some('$' | '`') => self.expansion(word),
                Some(c) => {
                    self.cursor.bump();
                    word.push(c, at);
                }
                None => return self.unclosed_quote(start, '"'),
            }
        }
    }

    /// The place is the quote itself: what follows it is the whole rest of the text.
    fn unclosed_quote(&mut self, start: u32, quote: char) {
        let place = Span::new(start, start + 1);
        self.diagnostics
            .push(Diagnostic::new(place, Kind::UnclosedQuote { quote }));
    }

    fn escape(&mut self, word: &mut Word) {
        word.quoted = true;
        let backslash = self.cursor.offset();
        self.cursor.bump();
        let at = self.cursor.offset();
        match self.cursor.bump() {
            Some(c) => word.push(c, at),
            // A backslash at the very end stays, as in a shell that gets no more input.
            None => word.push('\\', backslash),
        }
    }
}

/// A character that ends an unquoted word.
fn ends_word(c: char) -> bool {
    matches!(
        c,
        ' ' | '\t' | '\n' | '\r' | ';' | '&' | '|' | '<' | '>' | ')'
    )
}

/// Blanks that look like one, or like nothing, and that a shell takes for part of a word.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{a0}' | '\u{1680}' | '\u{2000}'
            ..='\u{200b}' | '\u{202f}' | '\u{205f}' | '\u{2060}' | '\u{3000}' | '\u{feff}'
    )
}

/// Whether a bracket here begins a value: at the word's start, or behind `--name=`.
fn may_open_sweep(word: &Word) -> bool {
    word.text.is_empty() && !word.quoted || word.text.starts_with('-') && word.text.ends_with('=')
}

/// A byte offset as the 32 bits that spans hold; `read` refuses longer texts.
pub(super) fn offset(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
