//! Checks the characters of words that a person cannot see, or takes for others.

use super::Lexer;
use super::reported::MAX_REPORTED;
use super::word::{Word, begins_flag, is_script};
use crate::sweep::diagnostic::{CharacterProblem, Diagnostic, Kind};
use crate::sweep::span::{Origin, Span};
use crate::sweep::unicode::hidden::{self, Class, Found};
use crate::sweep::unicode::lookalike;

/// What the unquoted characters of a word can be part of.
struct WordRole {
    /// Where the name of a flag ends in the text: at the start of the word, where it is none.
    name_end: u32,
    /// Whether the word is a script, a number or a list: no character of it can then be meant to be another
    /// than it looks like.
    exact: bool,
}

impl Lexer<'_> {
    fn report_hidden(&mut self, span: Span, found: Found, certain: bool) {
        let Found {
            character, class, ..
        } = found;
        let problem = CharacterProblem::Hidden {
            character,
            class,
            certain,
        };
        self.report_at(span, Kind::Character(problem));
    }

    /// A request's words are passed as they are, but a NUL cannot be passed to any program.
    pub(super) fn refuse_nul(&mut self) {
        let nul = self.cursor.text().find('\0');
        if let Some(found) = nul.and_then(|at| hidden::at(self.cursor.text(), at)) {
            self.report_hidden(found.span, found, true);
        }
    }

    /// Skips and reports invisible characters of one class where a word could begin.
    pub(super) fn eat_hidden(&mut self) -> bool {
        let begins = self.cursor.offset();
        let mut first: Option<Found> = None;
        while let Some(found) = self.hidden_here() {
            let other = first.is_some_and(|first| first.class != found.class);
            if other || matches!(found.class, Class::Lost | Class::Mojibake) {
                break;
            }
            first.get_or_insert(found);
            self.cursor
                .skip((found.span.end - found.span.start) as usize);
        }
        if let Some(first) = first {
            let span = Span::new(begins, self.cursor.offset());
            self.report_hidden(span, first, true);
        }
        first.is_some()
    }

    /// The invisible character at the cursor. A look-alike blank counts whatever stands around it.
    fn hidden_here(&self) -> Option<Found> {
        let c = self
            .cursor
            .peek()
            .filter(|c| !c.is_ascii() || c.is_ascii_control())?;
        let at = self.cursor.offset();
        let found = hidden::at(self.cursor.text(), at as usize);
        let blank = (hidden::class(c) == Some(Class::Blank)).then(|| Found {
            span: Span::new(at, at + super::offset(c.len_utf8())),
            character: c,
            class: Class::Blank,
        });
        found.or(blank)
    }

    /// A character outside printable ASCII in a word, not quoted. Control characters are left out of
    /// the word: they cannot be meant.
    pub(super) fn unquoted_character(&mut self, word: &mut Word) {
        let begins = self.cursor.offset();
        let found = hidden::at(self.cursor.text(), begins as usize);
        match found {
            Some(found) if matches!(found.class, Class::Control | Class::Nul) => {
                self.unquoted_characters.push(begins);
                self.cursor
                    .skip((found.span.end - found.span.start) as usize);
                self.report_hidden(found.span, found, true);
            }
            found => {
                self.unquoted_characters.push(begins);
                let end = found.map_or(begins + 1, |found| found.span.end);
                while self.cursor.offset() < end {
                    let at = self.cursor.offset();
                    match self.cursor.bump() {
                        Some(c) => word.push(c, at),
                        None => break,
                    }
                }
            }
        }
    }

    pub(super) fn is_entity(&self) -> bool {
        lookalike::entity(self.cursor.rest()).is_some()
    }

    /// `&quot;` in a word: a shell would end the command there, twice.
    pub(super) fn eat_entity(&mut self, word: &mut Word) -> bool {
        let rest = self.cursor.rest();
        let Some((entity, shown)) = lookalike::entity(rest).filter(|_| !self.is_client()) else {
            return false;
        };
        let begins = self.cursor.offset();
        for c in entity.chars() {
            let at = self.cursor.offset();
            self.cursor.bump();
            word.push(c, at);
        }
        let problem = CharacterProblem::Entity {
            entity: entity.to_owned(),
            shown,
            certain: true,
        };
        self.report_counted(begins, Kind::Character(problem));
        true
    }

    /// Checks the characters of a whole word, and takes out the invisible ones that cannot be meant.
    pub(super) fn check_characters(&mut self, word: &mut Word) {
        let blanks = word.text.bytes().any(|byte| byte <= b' ');
        if word.text.is_ascii() && !blanks && !word.text.bytes().any(|b| b == b'&' || b == 0x7f) {
            return;
        }
        if word.quoted && is_blank_argument(&word.text) {
            let kind = Kind::Character(CharacterProblem::BlankArgument);
            self.diagnostics.push(Diagnostic::new(word.span, kind));
        }
        if word.quoted {
            self.check_quoted_entities(word);
        }
        let role = self.role_of(word);
        let mut certain_places: Vec<u32> = Vec::new();
        self.check_hidden(word, &role, &mut certain_places);
        if !word.text.is_ascii() {
            self.check_look_alikes(word, &role);
        }
        if !certain_places.is_empty() {
            *word = mended(word, &certain_places);
        }
    }

    /// What the word is decides which of its characters cannot be meant. O(length of the word).
    fn role_of(&self, word: &Word) -> WordRole {
        let start = word.span.start;
        let none = WordRole {
            name_end: start,
            exact: false,
        };
        if self.unquoted_characters.is_empty() {
            return none;
        }
        let seen = |c: &char| !matches!(hidden::class(*c), Some(class) if class != Class::Lost);
        let plain: String = lookalike::in_ascii(&word.text)
            .chars()
            .filter(seen)
            .collect();
        let equals = plain.find('=');
        let value = equals.map_or(plain.as_str(), |at| &plain[at + 1..]);
        let number = value.parse::<f64>().is_ok() && value.contains(|c: char| c.is_ascii_digit());
        let name_end = match begins_flag(&plain) {
            false => start,
            true => word
                .text
                .find(['=', '\u{ff1d}'])
                .map_or(word.span.end, |at| {
                    let at = super::offset(at);
                    word.locate(at, at + 1).end.max(word.locate_one(at) + 1)
                }),
        };
        let bracket = word.text.starts_with(['\u{ff3b}', '\u{3010}']);
        WordRole {
            name_end,
            exact: number || is_script(&plain) || bracket,
        }
    }

    fn check_hidden(&mut self, word: &Word, role: &WordRole, certain_places: &mut Vec<u32>) {
        let text = self.cursor.text();
        // One report for each class, quoted and unquoted: a word may have hundreds of them.
        let mut reported: Vec<(Class, bool)> = Vec::new();
        let (start, end) = (word.span.start as usize, word.span.end as usize);
        let mut all = hidden::all(text, start, end).peekable();
        while let Some(found) = all.next() {
            let at = found.span.start;
            let unquoted = self.unquoted_characters.binary_search(&at).is_ok();
            let certain = match found.class {
                // Reported where it was left out.
                Class::Control | Class::Nul if unquoted => continue,
                Class::Nul => true,
                Class::Mojibake => unquoted,
                _ => unquoted && (role.exact || at < role.name_end),
            };
            let removed = certain && matches!(found.class, Class::Unseen | Class::Direction);
            certain_places.extend(removed.then_some(at));
            // Neighbours of one class are one place.
            let mut span = found.span;
            while let Some(next) = all.peek() {
                let same = next.class == found.class && next.span.start == span.end;
                let next_unquoted = self
                    .unquoted_characters
                    .binary_search(&next.span.start)
                    .is_ok();
                if !same || next_unquoted != unquoted {
                    break;
                }
                certain_places.extend(removed.then_some(next.span.start));
                span.end = next.span.end;
                all.next();
            }
            if !reported.contains(&(found.class, certain)) {
                reported.push((found.class, certain));
                self.report_hidden(span, found, certain);
            }
        }
    }

    /// `&quot;` in quotes, where it may be meant.
    fn check_quoted_entities(&mut self, word: &Word) {
        let found = word.text.match_indices('&').find_map(|(at, _)| {
            let (entity, shown) = lookalike::entity(&word.text[at..])?;
            Some((at, entity.to_owned(), shown))
        });
        let Some((at, entity, shown)) = found else {
            return;
        };
        let span = word.locate(super::offset(at), super::offset(at + entity.len()));
        // One that is not quoted was reported before.
        if span.slice(self.cursor.text()) == entity && !self.is_reported_at(span) {
            let certain = false;
            let problem = CharacterProblem::Entity {
                entity,
                shown,
                certain,
            };
            self.report_at(span, Kind::Character(problem));
        }
    }

    fn is_reported_at(&self, span: Span) -> bool {
        let last = self.diagnostics.iter().rev().take(8);
        last.map(|d| d.span).any(|other| other == span)
    }

    /// What looks like ASCII in a name or a number.
    fn check_look_alikes(&mut self, word: &Word, role: &WordRole) {
        let place = |(at, c): (usize, char)| {
            let plain = lookalike::ascii(c)?;
            let start = word.locate_one(super::offset(at));
            let unquoted = self.unquoted_characters.binary_search(&start).is_ok();
            let certain = unquoted && (role.exact || start < role.name_end);
            let span = Span::new(start, start + super::offset(c.len_utf8()));
            certain.then_some((span, plain))
        };
        let edits: Vec<_> = word.text.char_indices().filter_map(place).collect();
        if !edits.is_empty() {
            self.report_look_alike(&edits, true);
        } else if let Some(edits) = self.number_in_disguise(word) {
            self.report_look_alike(&edits, false);
        }
    }

    fn report_look_alike(&mut self, edits: &[(Span, char)], certain: bool) {
        let Some((span, plain)) = edits.first().copied() else {
            return;
        };
        let character = span
            .slice(self.cursor.text())
            .chars()
            .next()
            .unwrap_or(plain);
        let edits = edits.to_vec();
        let problem = CharacterProblem::LookAlike {
            character,
            plain,
            certain,
            edits,
        };
        self.report_at(span, Kind::Character(problem));
    }

    /// A quoted value that would be a number in ASCII: `"1e‐3"`.
    fn number_in_disguise(&self, word: &Word) -> Option<Vec<(Span, char)>> {
        let value = word.text.rsplit('=').next().unwrap_or("");
        if !word.quoted || value.len() > 64 || value.is_ascii() {
            return None;
        }
        let plain = lookalike::in_ascii(value);
        let number = plain.parse::<f64>().is_ok() && plain.contains(|c: char| c.is_ascii_digit());
        let from = word.text.len() - value.len();
        let places = value.char_indices().filter_map(|(at, c)| {
            let plain = lookalike::ascii(c)?;
            let start = word.locate_one(super::offset(from + at));
            Some((Span::new(start, start + super::offset(c.len_utf8())), plain))
        });
        number.then(|| places.collect())
    }
}

/// The invisible characters of a config file's text, outside of comments that have a line of their own:
/// of each class the first few. The text may begin with a byte-order mark. O(length).
pub(crate) fn hidden_in_config(text: &str) -> Vec<Diagnostic> {
    let mut counts: Vec<(Class, u32)> = Vec::new();
    let mut diagnostics = Vec::new();
    let from = text.len() - text.trim_start_matches('\u{feff}').len();
    let is_comment = |line: &str| line.trim_start_matches([' ', '\t']).starts_with('#');
    let (mut looked_at, mut comment) = (from, is_comment(&text[from..]));
    for found in hidden::all(text, from, text.len()) {
        let at = found.span.start as usize;
        if let Some(end) = text.get(looked_at..at).and_then(|since| since.rfind('\n')) {
            comment = is_comment(&text[looked_at + end + 1..]);
        }
        looked_at = at;
        let Found {
            character, class, ..
        } = found;
        let reported = counts.iter().find(|(other, _)| *other == class);
        if comment || reported.is_some_and(|(_, count)| *count >= MAX_REPORTED) {
            continue;
        }
        match counts.iter_mut().find(|(other, _)| *other == class) {
            Some((_, count)) => *count += 1,
            None => counts.push((class, 1)),
        }
        let problem = CharacterProblem::Hidden {
            character,
            class,
            certain: false,
        };
        let diagnostic = Diagnostic::new(found.span, Kind::Character(problem));
        diagnostics.push(diagnostic.of(Origin::Config));
    }
    diagnostics
}

/// Whether all that a word passes, or all behind its `=`, is blank.
fn is_blank_argument(text: &str) -> bool {
    let value = text.split_once('=').filter(|(name, _)| begins_flag(name));
    let value = value.map_or(text, |(_, value)| value);
    !value.is_empty() && super::in_sweep::is_blank(value)
}

/// The word without the characters at `removed`, which are in order.
fn mended(word: &Word, removed: &[u32]) -> Word {
    let mut plain = Word::empty(word.span, word.quoted);
    for (at, c) in word.text.char_indices() {
        let source = word.locate_one(super::offset(at));
        if removed.binary_search(&source).is_err() {
            plain.push(c, source);
        }
    }
    plain
}
