//! Which pieces of a text to underline, and the excerpt that shows a problem's place: pure functions.

use crate::sweep::unicode::hidden::escape_hidden;
use crate::sweep::{Severity, Span, truncate_chars};

/// A piece of the text and the worst problem in it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mark {
    pub(super) text: String,
    /// Of the worst problem there; `None`: no problem.
    pub(super) severity: Option<Severity>,
}

/// Cuts the text where problems begin and end. Where an error and a warning overlap, the error counts.
/// A problem between two characters marks the one before it (or the first), so that it is visible.
/// O(text + problems · log problems).
pub(super) fn mark_problems(text: &str, problems: &[(Span, Severity)]) -> Vec<Mark> {
    let mut edges: Vec<(usize, Severity, i32)> = Vec::with_capacity(problems.len() * 2);
    for (span, severity) in problems {
        let (start, end) = visible_span(text, *span);
        if start < end {
            edges.extend([(start, *severity, 1), (end, *severity, -1)]);
        }
    }
    // A sweep over the edges: between two of them the counts of open errors and warnings are constant.
    edges.sort_unstable_by_key(|(at, ..)| *at);
    let (mut found, mut from, mut errors, mut warnings) = (Vec::new(), 0, 0, 0);
    let mut cut = |from: usize, to: usize, errors: i32, warnings: i32| {
        if from < to {
            let severity = match (errors, warnings) {
                (1.., _) => Some(Severity::Error),
                (_, 1..) => Some(Severity::Warning),
                _ => None,
            };
            found.push(Mark {
                text: text[from..to].to_owned(),
                severity,
            });
        }
    };
    for (at, severity, step) in edges {
        cut(from, at, errors, warnings);
        from = from.max(at);
        match severity {
            Severity::Error => errors += step,
            Severity::Warning => warnings += step,
        }
    }
    cut(from, text.len(), 0, 0);
    found
}

/// The span on character boundaries, widened to one character where it is empty.
fn visible_span(text: &str, span: Span) -> (usize, usize) {
    let start = text.floor_char_boundary((span.start as usize).min(text.len()));
    let end = text.ceil_char_boundary((span.end as usize).min(text.len()));
    if start < end {
        return (start, end);
    }
    match text[..start].char_indices().next_back() {
        Some((before, character)) if character != '\n' => (before, start),
        _ => (
            start,
            text[start..]
                .chars()
                .next()
                .map_or(start, |next| start + next.len_utf8()),
        ),
    }
}

/// A problem's place and the text around it on its line.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Excerpt {
    /// Counted from 1.
    pub(super) line: usize,
    /// The text before the place; if it is cut, it begins with an ellipsis.
    pub(super) before: String,
    /// The place itself, up to the end of its line.
    pub(super) place: String,
    /// The text behind it, up to the end of the line or cut with an ellipsis.
    pub(super) after: String,
}

/// Most characters of the text before and behind, and of the place.
const AROUND: usize = 24;
const PLACE: usize = 60;

/// The excerpt of a place. O(text).
pub(super) fn excerpt(text: &str, span: Span) -> Excerpt {
    let start = text.floor_char_boundary((span.start as usize).min(text.len()));
    let end = text.ceil_char_boundary((span.end as usize).clamp(start, text.len()));
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let end = end.min(line_end).max(start);
    let (before, after) = (&text[line_start..start], &text[end..line_end]);
    let kept: Vec<char> = before.chars().rev().take(AROUND).collect();
    let cut = before.chars().nth(AROUND).is_some();
    Excerpt {
        line: text[..start].matches('\n').count() + 1,
        before: reveal_hidden(
            &cut.then_some('…')
                .into_iter()
                .chain(kept.into_iter().rev())
                .collect::<String>(),
        ),
        place: reveal_hidden(&truncate_chars(&text[start..end], PLACE)),
        after: reveal_hidden(&truncate_chars(after, AROUND)),
    }
}

/// Replaces each invisible character by its code, `<U+00AD>`.
fn reveal_hidden(text: &str) -> String {
    escape_hidden(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;
    use Severity::{Error, Warning};

    fn check(text: &str, problems: &[(u32, u32, Severity)], expected: &[(&str, Option<Severity>)]) {
        let problems: Vec<_> = problems
            .iter()
            .map(|(start, end, severity)| (Span::new(*start, *end), *severity))
            .collect();
        let found = mark_problems(text, &problems);
        let found: Vec<_> = found
            .iter()
            .map(|mark| (mark.text.as_str(), mark.severity))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn text_is_cut_at_problems() {
        check("abc", &[], &[("abc", None)]);
        check("", &[(0, 0, Error)], &[]);
        check(
            "abcdef",
            &[(1, 3, Warning)],
            &[("a", None), ("bc", Some(Warning)), ("def", None)],
        );
        check("abcdef", &[(0, 6, Error)], &[("abcdef", Some(Error))]);
    }

    #[test]
    fn errors_lie_over_warnings() {
        check(
            "abcdef",
            &[(0, 4, Warning), (2, 5, Error)],
            &[
                ("ab", Some(Warning)),
                ("cd", Some(Error)),
                ("e", Some(Error)),
                ("f", None),
            ],
        );
    }

    #[test]
    fn a_place_between_characters_marks_one() {
        check("abc", &[(3, 3, Error)], &[("ab", None), ("c", Some(Error))]);
        check("abc", &[(0, 0, Error)], &[("a", Some(Error)), ("bc", None)]);
        check("é", &[(1, 1, Error)], &[("é", Some(Error))]);
        check(
            "abc",
            &[(90, 99, Error)],
            &[("ab", None), ("c", Some(Error))],
        );
    }

    #[test]
    fn places_are_quoted_with_their_line() {
        let text = "grid run a.py\ngrid run b.py --a_long_argument_name value --x [1 --y 2\nend";
        let at = text.find("[1").unwrap_or(0) as u32;
        let quote = excerpt(text, Span::new(at, at + 2));
        assert_eq!(quote.line, 2);
        assert_eq!(quote.before, "…argument_name value --x ");
        assert_eq!(quote.place, "[1");
        assert_eq!(quote.after, " --y 2");
    }

    #[test]
    fn what_nobody_sees_is_quoted_by_its_code() {
        let quote = excerpt("--a\u{ad}b \u{1b}", Span::new(3, 5));
        let parts = (
            quote.before.as_str(),
            quote.place.as_str(),
            quote.after.as_str(),
        );
        assert_eq!(parts, ("--a", "<U+00AD>", "b <U+001B>"));
    }
}
