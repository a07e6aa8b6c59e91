//! Commands below one another, and lines that continue the command above although no `\` ends it.

use super::{Command, parse};
use crate::sweep::diagnostic::{Diagnostic, Kind};
use crate::sweep::span::Span;
use crate::sweep::words::{Words, is_script};

/// The commands that can be read. A line that begins with a flag, or with a script where the command above
/// has none, is no command but the rest of that one: a `\` is missing between them.
pub(in crate::sweep) fn parse_all(
    commands: Vec<Words>,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Command> {
    let mut read = Vec::new();
    let mut above: Option<Above> = None;
    for words in commands {
        let end = words.span.end;
        let first = words.words.first().map_or("", |word| word.text.as_str());
        let goes_on =
            |above: &Above| first.starts_with('-') || above.has_no_script && is_script(first);
        let Some(above) = above.as_mut().filter(|above| goes_on(above)) else {
            let told = diagnostics.len();
            read.extend(parse(words, diagnostics));
            let no_script = |d: &Diagnostic| d.kind == Kind::NoScript;
            let has_no_script = diagnostics
                .get(told..)
                .is_some_and(|d| d.iter().any(no_script));
            let lines = None;
            above = Some(Above {
                end,
                has_no_script,
                lines,
            });
            continue;
        };
        // The missing `\` is the error to report; that the command above has no script follows from it.
        if above.has_no_script {
            if above.lines.is_none() {
                let last = diagnostics.iter().rposition(|d| d.kind == Kind::NoScript);
                last.map(|last| diagnostics.remove(last));
            }
            above.has_no_script = !words.words.iter().any(|word| is_script(&word.text));
        }
        // All lines that continue one command are one problem, whose fix joins them.
        let gap = Span::new(above.end, words.span.start.max(above.end));
        above.end = end;
        match above.lines.and_then(|at| diagnostics.get_mut(at)) {
            Some(Diagnostic {
                span,
                kind: Kind::DanglingLine { gaps },
                ..
            }) => {
                *span = span.to(words.span);
                gaps.push(gap);
            }
            _ => {
                above.lines = Some(diagnostics.len());
                let kind = Kind::DanglingLine { gaps: vec![gap] };
                diagnostics.push(Diagnostic::new(words.span, kind));
            }
        }
    }
    read
}

/// The command above a line.
struct Above {
    end: u32,
    has_no_script: bool,
    /// The index of the diagnostic that reports the lines that continue this command.
    lines: Option<usize>,
}
