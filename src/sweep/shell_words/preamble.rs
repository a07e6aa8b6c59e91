//! What stands before `grid run` and is no part of it: a prompt, a variable, another command.

use super::{Lexer, to_offset};
use crate::sweep::diagnostic::{Kind, Preamble, ShellProblem};
use crate::sweep::span::Span;

/// How far into a line `grid run` is looked for, in bytes.
const MAX_LINE_SCAN: usize = 256;

/// Commands that people type before `grid run`.
const OTHER_COMMANDS: &[(&str, Preamble)] = &[
    ("cd", Preamble::Directory),
    ("pushd", Preamble::Directory),
    ("export", Preamble::Variable),
    ("setenv", Preamble::Variable),
    ("set", Preamble::Other),
    ("unset", Preamble::Variable),
    ("source", Preamble::Other),
    (".", Preamble::Other),
    ("conda", Preamble::Other),
    ("module", Preamble::Other),
    ("pip", Preamble::Other),
    ("pip3", Preamble::Other),
    ("git", Preamble::Other),
    ("mkdir", Preamble::Other),
    ("echo", Preamble::Other),
    ("sleep", Preamble::Other),
    ("clear", Preamble::Other),
];

/// Programs that run the command that follows them.
const WRAPPERS: &[&str] = &[
    "srun",
    "time",
    "nohup",
    "sudo",
    "env",
    "exec",
    "nice",
    "command",
    "caffeinate",
    "setsid",
    "unbuffer",
    "winpty",
    "poetry",
    "pipenv",
    "uv",
    "run",
    "eval",
    "then",
    "do",
];

impl Lexer<'_> {
    /// Skips and reports what stands before `grid run` on this line, and lines that are no command but
    /// usually stand above one. O(1) for each line: at most [`MAX_LINE_SCAN`] bytes of it are read.
    pub(super) fn skip_preamble(&mut self) {
        loop {
            let rest = self.cursor.rest();
            if rest.is_empty()
                || rest.starts_with([';', '&', '\n', '\r'])
                || rest.starts_with("grid ")
            {
                return;
            }
            let near = &rest[..rest.floor_char_boundary(MAX_LINE_SCAN)];
            let line = near.split(['\n', '\r']).next().unwrap_or("");
            let whole = line.len() < near.len() || near.len() == rest.len();
            let found = match command_start(line) {
                Some(0) => return,
                Some(at) => classify_before_command(&line[..at]).map(|preamble| (at, preamble)),
                None if whole => classify_own_line(line).map(|preamble| (line.len(), preamble)),
                None => None,
            };
            let Some((length, preamble)) = found else {
                return;
            };
            let typed = line[..length].trim_end().to_owned();
            let start = self.cursor.offset();
            let span = Span::new(start, start + to_offset(typed.len()));
            let problem = ShellProblem::Preamble { preamble, typed };
            self.report_limited_at(span, Kind::Shell(problem));
            self.cursor.skip(length);
            if command_start(self.cursor.rest().lines().next().unwrap_or("")) == Some(0) {
                return;
            }
            self.cursor
                .eat_while(|c| matches!(c, '\n' | '\r' | ' ' | '\t'));
        }
    }
}

/// Where on a line `grid run` begins; with none `python`, which one click turns into it.
fn command_start(line: &str) -> Option<usize> {
    let near = &line[..line.floor_char_boundary(MAX_LINE_SCAN)];
    let grid = near.find("grid run").or_else(|| near.find("grid train"));
    let python = || {
        let mut all = near.match_indices("python");
        let is_word = |at: usize| {
            let behind = near[at + "python".len()..].trim_start_matches(['3', '.', '1', '2', '0']);
            let before = near[..at].chars().next_back();
            behind.starts_with(' ') && before.is_none_or(|c| matches!(c, ' ' | '\t' | '!' | '&'))
        };
        all.find(|(at, _)| is_word(*at)).map(|(at, _)| at)
    };
    grid.or_else(python)
}

/// What stands before `grid run` on its line.
fn classify_before_command(text: &str) -> Option<Preamble> {
    let trimmed = text.trim();
    if let Some(prompt) = classify_prompt(trimmed) {
        return Some(prompt);
    }
    if !text.ends_with([' ', '\t', ';', '&']) {
        return None;
    }
    let mut first = None;
    for piece in trimmed
        .split([';', '&'])
        .filter(|piece| !piece.trim().is_empty())
    {
        let last = trimmed.ends_with(piece);
        let preamble = classify_other_command(piece.trim(), last)?;
        first.get_or_insert(preamble);
    }
    first
}

/// A prompt, or another mark at the start of a line.
fn classify_prompt(text: &str) -> Option<Preamble> {
    if let Some(prompt) = text
        .strip_suffix('!')
        .and_then(|text| classify_prompt(text.trim_end()))
    {
        return Some(prompt);
    }
    let last = text.chars().next_back()?;
    let number = text.trim_end_matches(['.', ')', ':', '|']);
    let bracketed = text.starts_with('(') && text.ends_with(')') && !text.contains(' ');
    Some(match text {
        ">>>" | "..." => Preamble::PythonPrompt,
        _ if text.starts_with("In [") && text.ends_with("]:") => Preamble::PythonPrompt,
        "!" | "%" | "%sx" | "!!" | "%%bash" | "%%sh" => Preamble::Notebook,
        "-" | "*" | "+" | "•" => Preamble::Number,
        _ if !number.is_empty()
            && number.len() < 7
            && number.bytes().all(|b| b.is_ascii_digit()) =>
        {
            Preamble::Number
        }
        "$" | ">" | "❯" | "➜" | "λ" => Preamble::Prompt,
        // Themes of zsh put the branch behind their arrow.
        _ if text.contains(['➜', '❯']) && !text.contains(['"', '\'', '=', '|', ';', '&']) => {
            Preamble::Prompt
        }
        _ if text.starts_with("PS ") && last == '>' => Preamble::Prompt,
        _ if bracketed => Preamble::Prompt,
        _ if matches!(last, '$' | '%' | '#' | '>' | '❯' | '➜') && !text.starts_with('#') => {
            let marked = text.contains(['@', '~', ':', '(', '[', '\\', '/']);
            let quoted = text.contains(['"', '\'', '=', '|', ';', '&']);
            (marked && !quoted).then_some(Preamble::Prompt)?
        }
        _ => return None,
    })
}

/// A command before this one, or, for the `last`, what runs this one.
fn classify_other_command(piece: &str, last: bool) -> Option<Preamble> {
    let mut words = piece.split_whitespace();
    let first = words.next()?;
    if let Some((_, preamble)) = OTHER_COMMANDS.iter().find(|(name, _)| *name == first) {
        return Some(*preamble);
    }
    let mut found = None;
    for word in piece.split_whitespace() {
        let preamble = if is_assignment(word) {
            Preamble::Variable
        } else if last && WRAPPERS.contains(&word) {
            Preamble::Wrapper
        } else if word.starts_with('-') && found == Some(Preamble::Wrapper) {
            continue;
        } else {
            return None;
        };
        found.get_or_insert(preamble);
    }
    found
}

/// `NAME=value`.
fn is_assignment(word: &str) -> bool {
    let Some((name, _)) = word.split_once('=') else {
        return false;
    };
    let letters = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    !name.is_empty() && name.bytes().all(letters) && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// A line that is no command, but stands above one where people copy it from.
fn classify_own_line(line: &str) -> Option<Preamble> {
    let line = line.trim();
    if line.starts_with("```") || line.starts_with("~~~") {
        return Some(Preamble::Fence);
    }
    if line.starts_with("%%") && line[2..].starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Some(Preamble::Notebook);
    }
    let first = line.split_whitespace().next()?;
    let line = line.strip_suffix('\\').unwrap_or(line);
    if is_assignment(first) && line.split_whitespace().all(is_assignment) {
        return Some(Preamble::Variable);
    }
    let (_, preamble) = OTHER_COMMANDS
        .iter()
        .find(|(name, _)| *name == first && line != first)?;
    let more = ['\'', '"', '`', '\\', '(', '[', ';', '&', '|'];
    (!line.contains(more)).then_some(*preamble)
}
