//! Commands one below the other, and lines that go on with the one above though no `\` says so.

use super::{Command, parse};
use crate::sweep::diagnostic::{Diagnostic, Kind};
use crate::sweep::span::Span;
use crate::sweep::words::{Words, is_script};

/// The commands that can be read. A line that begins like the rest of the command above it is none: a `\`
/// is missing there.
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
        if above.has_no_script {
            if above.lines.is_none() {
                let last = diagnostics.iter().rposition(|d| d.kind == Kind::NoScript);
                last.map(|last| diagnostics.remove(last));
            }
            above.has_no_script = !words.words.iter().any(|word| is_script(&word.text));
        }
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
    /// Which diagnostic tells of the lines that go on behind it.
    lines: Option<usize>,
}
