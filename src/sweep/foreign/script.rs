//! Loops, conditions, functions and arrays of a shell: none is run. A loop is offered as a sweep where its
//! list stands in the text and each of its variables is one whole argument.

use super::sweep_of_loop::LoopReader;
use super::{Region, drop_within};
use crate::sweep::command::is_python;
use crate::sweep::diagnostic::foreign::{Construct, Foreign, ShellScript};
use crate::sweep::diagnostic::{Diagnostic, Kind, Preamble, Shell, ShellProblem};
use crate::sweep::span::Span;
use crate::sweep::words::{Word, Words};

/// What a command's first word opens.
fn opens(text: &str, words: &[Word]) -> Option<Construct> {
    let first = words.first()?;
    let second = words.get(1).map_or("", |word| word.text.as_str());
    Some(match first.span.slice(text) {
        "for" | "while" | "until" | "select" => Construct::Loop,
        "if" | "case" => Construct::Condition,
        "function" => Construct::Function,
        raw if raw.ends_with("()") && second == "{" => Construct::Function,
        _ => return None,
    })
}

/// The words behind `do`, `then`, `else` and `{`, which stand before a command of its own.
pub(super) fn body<'w>(text: &str, words: &'w [Word]) -> &'w [Word] {
    let mut rest = words;
    while let [first, behind @ ..] = rest {
        if !matches!(first.span.slice(text), "do" | "then" | "else" | "{") {
            break;
        }
        rest = behind;
    }
    rest
}

/// A construct from its first command to its last, by their numbers.
struct Found {
    construct: Construct,
    first: usize,
    last: usize,
}

/// The outermost constructs. O(words).
fn find(text: &str, commands: &[Words]) -> Vec<Found> {
    let mut open: Vec<(Construct, usize)> = Vec::new();
    let mut found: Vec<Found> = Vec::new();
    for (number, words) in commands.iter().enumerate() {
        let words = body(text, &words.words);
        if let Some(construct) = opens(text, words) {
            open.push((construct, number));
            continue;
        }
        let closes = words.first().map_or("", |word| word.span.slice(text));
        if !matches!(closes, "done" | "fi" | "esac" | "}") {
            continue;
        }
        let Some((construct, first)) = open.pop() else {
            continue;
        };
        while found.last().is_some_and(|inner| inner.first > first) {
            found.pop();
        }
        let last = number;
        found.push(Found {
            construct,
            first,
            last,
        });
    }
    // A `for x in` without `done` is a loop all the same; a lone `if` or `while` may be anything.
    let begins_loop = |number: usize| {
        let words = commands.get(number).map_or(&[][..], |words| &words.words);
        let text = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
        text(0) == "for" && text(2) == "in"
    };
    let unclosed = open.into_iter().find(|(_, number)| begins_loop(*number));
    if let Some((construct, first)) = unclosed {
        found.retain(|inner| inner.first < first);
        let last = commands.len().saturating_sub(1);
        found.push(Found {
            construct,
            first,
            last,
        });
    }
    found
}

/// Whether a command is `NAME=(…)`.
pub(super) fn array_name<'t>(text: &'t str, words: &Words) -> Option<&'t str> {
    let raw = words.words.first()?.span.slice(text);
    let (name, list) = raw.split_once('=')?;
    let name = name.trim_end_matches('+');
    let letters = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let named = !name.is_empty() && name.bytes().all(letters);
    (named && list.starts_with('(') && list.ends_with(')')).then_some(name)
}

/// Takes the shell's constructs out of `commands` and reports each: what stands in them is no command of
/// its own. Returns whether there was one. O(length of the text).
pub(in crate::sweep) fn take_scripts(
    text: &str,
    commands: &mut Vec<Words>,
    diagnostics: &mut Vec<Diagnostic>,
) -> bool {
    let found = find(text, commands);
    let is_array = |words: &&Words| array_name(text, words).is_some();
    let arrays = commands.iter().filter(is_array).take(MOST_ARRAYS);
    let arrays: Vec<Words> = arrays.cloned().collect();
    if found.is_empty() && arrays.is_empty() {
        return false;
    }
    let operators = operators(diagnostics);
    let settings = settings(diagnostics);
    let mut told: Vec<Diagnostic> = Vec::new();
    let mut regions: Vec<Region> = Vec::new();
    let mut used_arrays: Vec<u32> = Vec::new();
    for Found {
        construct,
        first,
        last,
    } in found
    {
        let inside = commands.get(first..=last).unwrap_or_default();
        let (Some(begin), Some(end)) = (inside.first(), inside.last()) else {
            continue;
        };
        let region = Region::of(text, begin.span.to(end.span));
        let header = Region::of(text, begin.span).line;
        let reader = LoopReader {
            text,
            arrays: &arrays,
            operators: &operators,
        };
        // What is set or run around the command may depend on the loop's variable too: then no sweep gives
        // the same trials.
        let next = settings.partition_point(|at| *at < begin.span.start);
        let sets = settings.get(next).is_some_and(|at| *at < end.span.end);
        let is_plain = construct == Construct::Loop && !sets;
        let sweep = is_plain.then(|| reader.read(inside));
        let mut edits = Vec::new();
        let mut is_same = false;
        if let Some(sweep) = sweep.flatten() {
            is_same = sweep.is_same;
            for array in sweep.arrays {
                edits.push((Region::of(text, array).whole, String::new()));
                used_arrays.push(array.start);
            }
            edits.push((region.line, sweep.command));
        }
        edits.sort_by_key(|(span, _)| *span);
        let first = super::excerpt(header.slice(text).lines().next().unwrap_or(""));
        let script = ShellScript {
            construct,
            first,
            edits,
            is_same,
        };
        let kind = Kind::Foreign(Foreign::ShellScript(script));
        told.push(Diagnostic::new(header, kind));
        regions.push(region);
    }
    // Arrays outside of loops are reported on their own, but for those that a loop's fix removes.
    let inside = |span: Span| {
        let holds = |region: &Region| (region.line.start..region.line.end).contains(&span.start);
        regions.iter().any(holds)
    };
    let apart: Vec<&Words> = arrays.iter().filter(|array| !inside(array.span)).collect();
    let mut array_regions = Vec::new();
    for array in apart {
        let region = Region::of(text, array.span);
        array_regions.push(region);
        // The fix of the loop that runs through it removes it.
        if used_arrays.contains(&array.span.start) {
            continue;
        }
        let script = ShellScript {
            construct: Construct::Array,
            first: super::excerpt(region.line.slice(text).lines().next().unwrap_or("")),
            edits: vec![(region.whole, String::new())],
            is_same: false,
        };
        let kind = Kind::Foreign(Foreign::ShellScript(script));
        told.push(Diagnostic::new(region.line, kind));
    }
    regions.extend(array_regions);
    regions.sort_by_key(|region| region.line.start);
    drop_within(&regions, commands, diagnostics);
    diagnostics.extend(told);
    true
}

/// The most arrays that are reported and read.
const MOST_ARRAYS: usize = 32;

/// Where pipes, redirections and `&` stand, in order.
fn operators(diagnostics: &[Diagnostic]) -> Vec<u32> {
    let is_operator = |d: &&Diagnostic| {
        let operators = [Shell::Pipe, Shell::Redirection, Shell::Background];
        matches!(&d.kind, Kind::ShellSyntax(shell) if operators.contains(shell))
    };
    let all = diagnostics.iter().filter(is_operator);
    let mut places: Vec<u32> = all.map(|d| d.span.start).collect();
    places.sort_unstable();
    places
}

/// Where variables are set before a command, and other programs stand around one, in order.
fn settings(diagnostics: &[Diagnostic]) -> Vec<u32> {
    let is_setting = |d: &&Diagnostic| match &d.kind {
        Kind::Shell(ShellProblem::Preamble { preamble, typed }) => match preamble {
            Preamble::Wrapper => !matches!(typed.as_str(), "do" | "then"),
            Preamble::Variable | Preamble::Directory | Preamble::Other => true,
            _ => false,
        },
        _ => false,
    };
    let all = diagnostics.iter().filter(is_setting);
    let mut places: Vec<u32> = all.map(|d| d.span.start).collect();
    places.sort_unstable();
    places
}

/// Commands in a loop that print or wait, and run nothing.
const IDLE: &[&str] = &["echo", "printf", "sleep", "wait", "date", ":", "true"];

/// Whether a command in a loop can be left out.
pub(super) fn is_idle(words: &[Word]) -> bool {
    let first = words.first().map(|word| word.text.as_str());
    first.is_none_or(|first| IDLE.contains(&first))
}

/// The words that begin a run: `grid run`, `python`.
pub(super) fn run_words(words: &[Word]) -> Option<usize> {
    let text = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    match text(0) {
        "grid" if matches!(text(1), "run" | "train") => Some(2),
        first if is_python(first) => Some(1),
        _ => None,
    }
}
