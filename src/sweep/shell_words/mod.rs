//! Stage 1: the command text as the words a POSIX shell would make of it, places kept.
//!
//! Quotes, escapes, `\` line ends and comments follow the Shell Command Language of POSIX.1-2024,
//! section 2.2; a leading `$ ` or `% ` prompt is skipped. Line ends, `;` and `&&` separate
//! commands. Nothing is ever expanded or run: other shell syntax is a [`Kind::ShellSyntax`].
//!
//! `characters` checks the characters of words, `shell` what a shell would have changed in them,
//! `continuation` lines that go on, `preamble` what stands before a command, `placeholder` placeholders
//! and links; `recover` reads what a shell would refuse.
//!
//! Every text gives words: what is wrong becomes a diagnostic, and the lexer continues with what was most
//! likely meant, so that one mistake does not hide the rest.

use super::diagnostic::{Diagnostic, Kind, ShellChange, ShellSyntax};
use super::span::Span;
use super::unicode::{HiddenClass, hidden};

// The lexer's ground.
mod cursor;
mod word;

// What it reads beside plain words.
mod continuation;
mod preamble;

// What it judges in them.
mod characters;
mod placeholder;
mod recover;
mod shell;
mod sweep_characters;

// How many of a kind are reported, and the edits that mend them.
mod fixes;
mod operators;
mod report_limit;

pub(super) use super::span::to_offset;
pub(crate) use characters::check_hidden_in_config;
pub(crate) use fixes::{backticks_fix, dashes_fix, quotes_fix};
pub(crate) use operators::{operator_fix, run_name_fix};
pub(crate) use placeholder::is_placeholder;
pub(crate) use sweep_characters::{
    NormalizedSweep, check_listed_value, normalize_sweep, windows_path_around,
};
pub(super) use word::begins_flag;
pub(crate) use word::{Word, is_script};

use continuation::BackslashContext;
use cursor::Cursor;

/// The words of one command.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct CommandWords {
    /// From the first word to the last.
    pub(crate) span: Span,
    /// Never empty.
    pub words: Vec<Word>,
}

/// Who wrote the text, which decides how much of a shell's syntax counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextSource {
    /// A person, for a shell: every shell rule is checked.
    Person,
    /// Grid's client, in a request. It quotes what was typed, but puts the parameters of a config file
    /// in as they are: of the shell's rules only quotes and escapes count (as for Python's
    /// `shlex.split`), every line is part of the one command, and an open bracket is joined to its
    /// close.
    Client,
}

/// Splits `text` into commands and words. O(length of the text).
pub fn split(text: &str, source: TextSource) -> (Vec<CommandWords>, Vec<Diagnostic>) {
    split_with_limit(text, source, report_limit::MAX_REPORTED)
}

/// As [`split`]; of each problem that one fix mends everywhere only the first `max_reported` are reported.
fn split_with_limit(
    text: &str,
    source: TextSource,
    max_reported: u32,
) -> (Vec<CommandWords>, Vec<Diagnostic>) {
    let mut lexer = Lexer {
        cursor: Cursor::new(text),
        source,
        diagnostics: Vec::new(),
        missing_closers: Vec::new(),
        last_unquoted_word: None,
        unquoted_characters: Vec::new(),
        first_change: None,
        counts: Vec::new(),
        max_reported,
        in_command: false,
    };
    if source == TextSource::Client {
        lexer.refuse_nul();
    }
    let mut commands = Vec::new();
    let mut words: Vec<Word> = Vec::new();
    lexer.begin_command();
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
                    commands.push(CommandWords {
                        span,
                        words: std::mem::take(&mut words),
                    });
                }
                if token == Token::End {
                    return (commands, lexer.diagnostics);
                }
                lexer.begin_command();
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
    source: TextSource,
    diagnostics: Vec<Diagnostic>,
    /// Closing characters that were searched for in vain, and up to which offset: with it the search costs
    /// no more than the text's length, whatever the text.
    missing_closers: Vec<(char, u32)>,
    /// Where the last word begins that was reported for its missing quotes.
    last_unquoted_word: Option<u32>,
    /// Where characters outside ASCII stand in the present word, not quoted.
    unquoted_characters: Vec<u32>,
    /// What a shell would change first in the present word.
    first_change: Option<(Span, ShellChange)>,
    /// How often each problem was reported that one fix mends everywhere.
    counts: Vec<(report_limit::ReportGroup, u32)>,
    /// The most reports of each such problem.
    max_reported: u32,
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

    /// Skips what stands before a command and is no part of it: a prompt, as copied from a terminal.
    fn begin_command(&mut self) {
        if self.is_client() {
            return;
        }
        self.skip_blanks();
        if matches!(self.cursor.peek(), Some('$' | '%')) && self.cursor.peek_second() == Some(' ') {
            self.cursor.bump();
            self.skip_blanks();
        }
        self.skip_preamble();
    }

    /// Skips blanks, escaped line ends and look-alike blanks between words.
    fn skip_blanks(&mut self) {
        loop {
            if self.cursor.eat(' ')
                || self.cursor.eat('\t')
                || self.eat_continuation(BackslashContext::Between)
            {
                continue;
            }
            if self.is_client() {
                if self.cursor.eat('\n') || self.cursor.eat('\r') {
                    continue;
                }
                return;
            }
            if self.eat_hidden() {
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
                Some(_) if self.is_client() => Token::Word(self.lex_word()),
                Some('\n' | '\r' | ';') => self.lex_separator(1),
                Some('&') if self.cursor.peek_second() == Some('&') => self.lex_separator(2),
                Some('#') => {
                    self.lex_comment(start);
                    continue;
                }
                Some('^' | '`') if self.eat_foreign_continuation() => continue,
                Some('&') if self.is_entity() => Token::Word(self.lex_word()),
                Some('<') if self.placeholder_length().is_some() => Token::Word(self.lex_word()),
                Some('<') if self.is_shown_link() => Token::Word(self.lex_word()),
                Some('|' | '>' | '<' | '&' | ')') => {
                    self.skip_shell_operator(start);
                    continue;
                }
                Some(_) => Token::Word(self.lex_word()),
            };
        }
    }

    fn lex_separator(&mut self, characters: u32) -> Token {
        for _ in 0..characters {
            self.cursor.bump();
        }
        Token::Separator
    }

    /// `|`, `>`, `<`, `&` and a stray `)`: reported and passed over; so is a redirection's target.
    fn skip_shell_operator(&mut self, start: u32) {
        let shell = match self.cursor.bump() {
            Some('|') => ShellSyntax::Pipe,
            Some('&') => ShellSyntax::Background,
            Some('>' | '<') => ShellSyntax::Redirection,
            _ => ShellSyntax::Parenthesis,
        };
        self.cursor
            .eat_while(|c| matches!(c, '|' | '>' | '<' | '&'));
        if shell == ShellSyntax::Redirection {
            self.cursor.eat_while(|c| c == ' ');
            self.cursor.eat_while(|c| !ends_word(c));
        }
        self.report(start, Kind::ShellSyntax(shell));
    }

    fn lex_word(&mut self) -> Word {
        let mut word = Word::empty(Span::at(self.cursor.offset()), false);
        self.unquoted_characters.clear();
        self.first_change = None;
        self.lex_dashes(&mut word);
        while let Some(c) = self.cursor.peek() {
            match c {
                '\'' => self.lex_single_quoted(&mut word),
                '"' => self.lex_double_quoted(&mut word),
                '\\' if !self.ends_path(&word) && self.eat_continuation(BackslashContext::Word) => {
                }
                '\\' => self.lex_escape(&mut word),
                '<' if self.eat_placeholder(&mut word) => {}
                '[' | '<' if may_open_sweep(&word) && self.eat_shown_link(&mut word) => {}
                '[' if may_open_sweep(&word) && self.lex_brackets(&mut word) => {}
                '(' if self.lex_parentheses(&mut word) => {}
                '{' if self.lex_braces(&mut word) => {}
                '$' | '`' => self.lex_expansion(&mut word),
                '&' if self.eat_entity(&mut word) => {}
                c if self.ends_word(c) => break,
                c if !self.is_client() && recover::opens_typographic(c, &word) => {
                    self.lex_typographic_quote(&mut word);
                }
                c => self.push_plain(c, &mut word),
            }
        }
        word.span.end = self.cursor.offset();
        debug_assert!(word.span.start < word.span.end, "a word takes a character");
        if !self.is_client() {
            self.check_characters(&mut word);
            self.report_change(&word);
        }
        word
    }

    /// A character that stands for itself.
    fn push_plain(&mut self, c: char, word: &mut Word) {
        if !self.is_client() && (!c.is_ascii() || c.is_ascii_control()) {
            return self.lex_unquoted_character(word);
        }
        let at = self.cursor.offset();
        self.note_pattern(c, at);
        self.cursor.bump();
        word.push(c, at);
    }

    fn is_client(&self) -> bool {
        self.source == TextSource::Client
    }

    fn ends_word(&self, c: char) -> bool {
        match self.source {
            TextSource::Person => ends_word(c) || hidden::class_of(c) == Some(HiddenClass::Blank),
            TextSource::Client => matches!(c, ' ' | '\t' | '\n' | '\r'),
        }
    }

    fn lex_single_quoted(&mut self, word: &mut Word) {
        let start = self.cursor.offset();
        word.quoted = true;
        self.cursor.bump();
        loop {
            let at = self.cursor.offset();
            match self.cursor.bump() {
                Some('\'') => return,
                Some(c) => word.push(c, at),
                None => return self.report_unclosed_quote(start, '\''),
            }
        }
    }

    fn lex_double_quoted(&mut self, word: &mut Word) {
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
                Some('\\') if self.eat_continuation(BackslashContext::Quotes) => {}
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
                Some('$' | '`') => self.lex_expansion(word),
                Some(c) => {
                    self.note_history(c, at);
                    self.cursor.bump();
                    word.push(c, at);
                }
                None => return self.report_unclosed_quote(start, '"'),
            }
        }
    }

    /// The place is the quote itself: what follows it is the whole rest of the text.
    fn report_unclosed_quote(&mut self, start: u32, quote: char) {
        let place = Span::new(start, start + 1);
        self.diagnostics
            .push(Diagnostic::new(place, Kind::UnclosedQuote { quote }));
    }

    fn lex_escape(&mut self, word: &mut Word) {
        word.quoted = true;
        let backslash = self.cursor.offset();
        self.cursor.bump();
        let at = self.cursor.offset();
        self.note_backslash(backslash);
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

/// Whether a bracket here begins a value: at the word's start, or behind `--name=`.
fn may_open_sweep(word: &Word) -> bool {
    word.text.is_empty() && !word.quoted || word.text.starts_with('-') && word.text.ends_with('=')
}

#[cfg(test)]
mod tests;
