//! Texts that are no command of `grid run`, each reported as what it is: links, files of other tools,
//! lines beside commands, a shell's loops, and commands inside Markdown, a notebook or a comment.

use super::diagnostic::{Diagnostic, Kind, MAX_PROBLEMS};
use super::shell_words::{self, CommandWords};
use super::span::Span;
use super::truncate::truncate_chars;

mod link;
mod loop_to_sweep;
mod other_lines;
mod shell_script;
mod wrapped;
mod yaml;

pub(super) use other_lines::extract_other_lines;
pub(super) use shell_script::extract_shell_scripts;
pub(super) use wrapped::{check_commented, check_wrapped};
pub(super) use yaml::check_yaml;

/// Takes the lines that begin with a link out of `commands` and reports what each is. What the lexer
/// reported of such a line is dropped: its `&` and `?` are the link's. Returns whether there was one.
/// O(length of the text).
pub(super) fn extract_links(
    text: &str,
    commands: &mut Vec<CommandWords>,
    diagnostics: &mut Vec<Diagnostic>,
) -> bool {
    let first_word = |words: &CommandWords| words.words.first().map(|word| word.span);
    let mut lines: Vec<Span> = Vec::new();
    for words in commands.iter() {
        let Some(first) = first_word(words) else {
            continue;
        };
        let covered = lines.last().is_some_and(|line| first.start < line.end);
        if !covered && link::begins_link(first.slice(text)) {
            let line = text.get(first.start as usize..).unwrap_or("");
            let line = line.lines().next().unwrap_or("").trim_end();
            let end = first
                .start
                .saturating_add(shell_words::to_offset(line.len()));
            lines.push(Span::new(first.start, end));
        }
    }
    if lines.is_empty() {
        return false;
    }
    // The line that begins last at or before it; both are in the order of the text.
    let is_within = |at: u32| {
        let line = lines
            .partition_point(|line| line.start <= at)
            .checked_sub(1);
        line.and_then(|line| lines.get(line))
            .is_some_and(|line| at <= line.end)
    };
    commands.retain(|words| !is_within(words.span.start));
    diagnostics.retain(|diagnostic| !is_within(diagnostic.span.start));
    for (number, line) in lines.into_iter().enumerate() {
        // Nobody reads the thousandth.
        let few = number < MAX_PROBLEMS;
        let foreign = link::read(if few { line.slice(text) } else { "" });
        diagnostics.push(Diagnostic::new(line, Kind::Foreign(foreign)));
    }
    true
}

/// A command in the text that is reported as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Region {
    /// The command to its end, its operators and redirections included.
    line: Span,
    /// The same with the separator beside it, so that the text without it has no empty command there.
    with_separator: Span,
}

impl Region {
    /// Of the command whose words stand at `span`. O(the blanks before it, the line behind it).
    fn of(text: &str, span: Span) -> Region {
        let before = text.get(..span.start as usize).unwrap_or("");
        let behind = text.get(span.end as usize..).unwrap_or("");
        let comment = behind.starts_with(" #") || behind.starts_with("\t#");
        let parts = |at: usize| {
            let rest = &behind[at..];
            let separator = rest.starts_with("&&") || rest.starts_with(';');
            rest.starts_with(['\n', '\r']) || separator && !comment
        };
        // No further than the next of them: a line may hold any number of commands.
        let mut stops = behind.match_indices(['\n', '\r', ';', '&']);
        let end = stops.find(|(at, _)| parts(*at));
        let end = end.map_or(behind.len(), |(at, _)| at);
        let blanks = before.trim_end_matches([' ', '\t']);
        let begins_line = blanks.is_empty() || blanks.ends_with(['\n', '\r']);
        let rest = &behind[end..];
        let separator = rest.strip_prefix("&&").or_else(|| rest.strip_prefix(';'));
        let (start, whole_end) = match separator {
            Some(rest) if begins_line => {
                let next = rest.trim_start_matches([' ', '\t']);
                (span.start as usize, text.len() - next.len())
            }
            _ if begins_line => {
                let rest = rest.strip_prefix('\r').unwrap_or(rest);
                let rest = rest.strip_prefix('\n').unwrap_or(rest);
                (blanks.len(), text.len() - rest.len())
            }
            _ => {
                let before = blanks.trim_end_matches(['&', ';']);
                let before = before.trim_end_matches([' ', '\t']);
                (before.len(), span.end as usize + end)
            }
        };
        let line_end = span.end as usize + behind[..end].trim_end_matches([' ', '\t']).len();
        Region {
            line: Span::new(span.start, shell_words::to_offset(line_end)),
            with_separator: Span::new(
                shell_words::to_offset(start),
                shell_words::to_offset(whole_end),
            ),
        }
    }
}

/// Removes the commands that begin in `regions`, which are in order, and their diagnostics.
/// O(n log n).
fn remove_within(
    regions: &[Region],
    commands: &mut Vec<CommandWords>,
    diagnostics: &mut Vec<Diagnostic>,
) {
    if regions.is_empty() {
        return;
    }
    let is_within = |at: u32| {
        let last = regions
            .partition_point(|region| region.line.start <= at)
            .checked_sub(1);
        let region = last.and_then(|last| regions.get(last));
        region.is_some_and(|region| at <= region.line.end)
    };
    commands.retain(|words| !is_within(words.span.start));
    diagnostics.retain(|diagnostic| !is_within(diagnostic.span.start));
}

/// A line as a message can hold it.
fn excerpt(text: &str) -> String {
    const LENGTH: usize = 60;
    truncate_chars(text, LENGTH)
}
