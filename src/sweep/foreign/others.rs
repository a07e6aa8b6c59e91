//! Lines beside commands of `grid run` that are none: other commands, a terminal's answer, prose.
//! They are reported together, since one click leaves them all out.

use super::{Region, drop_within};
use crate::sweep::command::{is_python, runner};
use crate::sweep::diagnostic::foreign::{Foreign, OtherLines};
use crate::sweep::diagnostic::{Diagnostic, Kind, Preamble, ShellProblem};
use crate::sweep::span::Span;
use crate::sweep::suggest::nearest;
use crate::sweep::words::{Words, begins_flag, is_script};

/// What a command is beside those of `grid run`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Run,
    Python,
    Other,
    /// What may be meant as a part of a command of `grid run`.
    Unclear,
}

fn sort(words: &Words) -> Sort {
    let text = |at: usize| words.words.get(at).map_or("", |word| word.text.as_str());
    let (first, second) = (text(0), text(1));
    if first == "grid" && matches!(second, "run" | "train") {
        return Sort::Run;
    }
    if is_python(first) && is_script(second) {
        return Sort::Python;
    }
    let slip = |word: &str, meant: &'static str| {
        word == meant || nearest(&word.to_lowercase(), [meant]).is_some()
    };
    let is_slip = slip(first, "grid") && (slip(second, "run") || slip(second, "train"));
    let glued = first.starts_with("grid") && first.contains("run");
    let runs_script = runner(words).is_some();
    let unclear = is_slip
        || runs_script
        || glued
        || first.is_empty()
        || begins_flag(first)
        || is_script(first);
    if unclear || first.contains('\n') || is_python(first) {
        Sort::Unclear
    } else {
        Sort::Other
    }
}

/// Takes the lines beside commands of `grid run` out of `commands` and reports them. What the lexer
/// reported of them is dropped: they are not run. Returns whether there were some. O(length of the
/// text).
pub(in crate::sweep) fn take_others(
    text: &str,
    commands: &mut Vec<Words>,
    diagnostics: &mut Vec<Diagnostic>,
) -> bool {
    let sorts: Vec<Sort> = commands.iter().map(sort).collect();
    let has_runs = sorts.contains(&Sort::Run);
    // Behind a quote that is never closed words are guesses: commands there are left as they are.
    let unclosed = |d: &Diagnostic| matches!(d.kind, Kind::UnclosedQuote { .. });
    let unclosed = diagnostics
        .iter()
        .find(|d| unclosed(d))
        .map(|d| d.span.start);
    let is_whole = |words: &Words| unclosed.is_none_or(|quote| words.span.end <= quote);
    let of_sort = |sort: Sort| {
        let all = commands.iter().zip(&sorts);
        all.filter(move |(words, other)| **other == sort && is_whole(words))
    };
    let others = of_sort(Sort::Other).map(|(words, _)| Region::of(text, words.span));
    let mut others: Vec<Region> = others.collect();
    // A single unknown command, with nothing of `grid run` beside it, has its own error.
    if !has_runs && others.len() < 2 {
        others.clear();
    }
    let pythons: Vec<(Region, Span)> = of_sort(Sort::Python)
        .filter_map(|(words, _)| Some((Region::of(text, words.span), words.words.first()?.span)))
        .collect();
    let script = |words: &Words| {
        let script = words.words.iter().find(|word| is_script(&word.text));
        script.map(|word| word.text.clone())
    };
    let python_script = of_sort(Sort::Python)
        .next()
        .and_then(|(words, _)| script(words));
    let is_repeated = python_script.is_some()
        && of_sort(Sort::Run).any(|(words, _)| script(words) == python_script);

    // Other commands and `python` lines are two problems: one is left out, the other rewritten.
    let others = with_own_lines(text, others, has_runs, diagnostics);
    let is_all = !has_runs && pythons.is_empty();
    let mut found = Vec::new();
    if !others.is_empty() {
        let (place, mut others, regions) = lines(text, &others, Vec::new(), false);
        others.is_all = is_all;
        found.push((place, others, regions));
    }
    if pythons.len() > 1 || is_repeated && !pythons.is_empty() {
        let (regions, words): (Vec<Region>, Vec<Span>) = pythons.into_iter().unzip();
        found.push(lines(text, &regions, words, is_repeated));
    }
    // The regions of both problems in order, since those that hold a command are searched for in halves.
    let mut regions: Vec<Region> = Vec::new();
    for (_, _, of) in &found {
        regions.extend(of.iter().copied());
    }
    regions.sort_by_key(|region| region.line.start);
    drop_within(&regions, commands, diagnostics);
    let has_others = !found.is_empty();
    for (place, lines, _) in found {
        let foreign = Foreign::OtherLines(lines);
        diagnostics.push(Diagnostic::new(place, Kind::Foreign(foreign)));
    }
    has_others
}

/// The lines, and those that the lexer reported before as lines of their own.
fn with_own_lines(
    text: &str,
    mut others: Vec<Region>,
    has_runs: bool,
    diagnostics: &[Diagnostic],
) -> Vec<Region> {
    let own_line = |diagnostic: &&Diagnostic| {
        let kind = match &diagnostic.kind {
            Kind::Shell(ShellProblem::Preamble { preamble, .. }) => preamble,
            _ => return false,
        };
        let rest = text.get(diagnostic.span.end as usize..).unwrap_or("");
        let rest = rest.trim_start_matches([' ', '\t']);
        let ends = rest.is_empty() || rest.starts_with(['\n', '\r']);
        ends && matches!(kind, Preamble::Other | Preamble::Directory)
    };
    if !has_runs {
        return others;
    }
    let own = diagnostics.iter().filter(own_line);
    let own: Vec<Region> = own.map(|d| Region::of(text, d.span)).collect();
    if others.is_empty() && own.len() < 2 {
        return others;
    }
    others.extend(own);
    others.sort_by_key(|region| region.line.start);
    others
}

/// All of `regions` as one problem, at the first.
fn lines(
    text: &str,
    regions: &[Region],
    pythons: Vec<Span>,
    is_repeated: bool,
) -> (Span, OtherLines, Vec<Region>) {
    let first = regions.first().map_or(Span::at(0), |region| region.line);
    let first_line = first.slice(text).lines().next().unwrap_or("").trim_end();
    let place = Span::new(
        first.start,
        first.start + crate::sweep::words::offset(first_line.len()),
    );
    let changes = |region: &Region| region.line.slice(text).starts_with("cd ");
    let other = OtherLines {
        first: super::excerpt(first_line),
        changes_directory: regions.iter().any(changes),
        lines: regions.iter().map(|region| region.whole).collect(),
        pythons,
        is_repeated,
        is_all: false,
    };
    (place, other, regions.to_vec())
}
