//! Stage 4: tells an argument's value that stands for several from one that stands for itself.
//!
//! A value is a sweep when it begins with `[`, or with `range(` or a distribution's name and `(`;
//! parentheses, blanks and line ends around the whole are allowed. Everything else passes through
//! exactly as typed.

use super::literal::{
    CallArgument, CharacterNames, ListItems, LiteralError, Parser, leading_dotted_path,
};
use super::sampling;

/// What an argument's value stands for. Places are byte offsets in the value.
#[derive(Clone, Debug, PartialEq)]
pub enum ParsedValue {
    /// Itself: it is passed exactly as typed.
    Plain,
    /// Itself, though it looks like a call, of a name that is no distribution: worth a warning.
    UnknownCall {
        /// The name as typed.
        name: String,
        /// Where the name begins.
        start: u32,
    },
    /// The items of a list.
    List(ListItems),
    /// `range(…)` or a distribution.
    Call(Call),
    /// A sweep, by how it begins, that cannot be read.
    Unreadable(LiteralError),
}

/// `name(arguments)` with a name that is `range` or a distribution; the arguments are not checked yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// `range`, or a distribution's name without prefix.
    pub name: String,
    /// The arguments and their places.
    pub arguments: Vec<CallArgument>,
    /// Where the name begins.
    pub start: u32,
    /// Where the text behind the closing parenthesis begins.
    pub end: u32,
}

/// Reads a value without a table of character names: `\N{NAME}` in a string makes it unreadable.
/// O(length).
pub fn read(text: &str) -> ParsedValue {
    read_with_names(text, None)
}

/// Reads a value, with the table of names that `\N{NAME}` in a string refers to. O(length).
pub fn read_with_names(text: &str, names: Option<&CharacterNames>) -> ParsedValue {
    let parser = Parser::new(text).with_names(names);
    let (inner, opens) = unwrap_parentheses(text);
    let skipped = text.len() - inner.len();
    if inner.starts_with('[') {
        return match parse_wrapped(parser, skipped, opens, Parser::parse_outermost_list) {
            Ok(Some((items, _))) => ParsedValue::List(items),
            Ok(None) => ParsedValue::Plain,
            Err(error) => ParsedValue::Unreadable(error),
        };
    }
    let path = leading_dotted_path(inner);
    if path.is_empty() || !inner[path.len()..].trim_start().starts_with('(') {
        return ParsedValue::Plain;
    }
    let name = sweep_name(path);
    let start = u32::try_from(skipped).unwrap_or(u32::MAX);
    let Some(name) = name else {
        // Only where all of the value is a call is it worth a warning; `f(x) + 1` or `a (b` is text.
        let whole = opens == 0 && inner.trim_end().ends_with(')');
        return if whole {
            ParsedValue::UnknownCall {
                name: path.into(),
                start,
            }
        } else {
            ParsedValue::Plain
        };
    };
    let call = parse_wrapped(
        parser,
        skipped + path.len(),
        opens,
        Parser::parse_call_arguments,
    );
    match call {
        Ok(Some((arguments, end))) => ParsedValue::Call(Call {
            name: name.into(),
            arguments,
            start,
            end,
        }),
        Ok(None) => ParsedValue::Plain,
        Err(error) => ParsedValue::Unreadable(error),
    }
}

/// `path` without `np.random.`, `numpy.random.` or `random.`, where it is `range` or a distribution.
fn sweep_name(path: &str) -> Option<&str> {
    if path == "range" {
        return Some(path);
    }
    let prefixes = ["np.random.", "numpy.random.", "random."];
    let name = prefixes
        .iter()
        .find_map(|prefix| path.strip_prefix(prefix))
        .unwrap_or(path);
    sampling::is_distribution(name).then_some(name)
}

/// The value from behind its leading parentheses on, and how many of these there are. Whether they are
/// closed behind the sweep, or are a tuple's, is seen after reading it. O(length).
fn unwrap_parentheses(text: &str) -> (&str, usize) {
    let inner = text.trim_start_matches(|c: char| c == '(' || c.is_ascii_whitespace());
    let opens = text[..text.len() - inner.len()].matches('(').count();
    (inner, opens)
}

/// Reads a sweep at `from`, then as many closing parentheses as `closes` says, then the end. Also returns
/// where the sweep ends. `None` where a comma shows that the parentheses are a tuple's.
fn parse_wrapped<'t, T>(
    mut parser: Parser<'t>,
    from: usize,
    closes: usize,
    read: impl FnOnce(&mut Parser<'t>) -> Result<T, LiteralError>,
) -> Result<Option<(T, u32)>, LiteralError> {
    parser.seek(from);
    let value = read(&mut parser)?;
    let end = parser.offset();
    for _ in 0..closes {
        if parser.eat(',') {
            return Ok(None);
        }
        if !parser.eat(')') {
            return parser.unexpected("`)`");
        }
    }
    parser.expect_end()?;
    Ok(Some((value, end)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn tells_sweeps_from_text() {
        for plain in [
            "8",
            "",
            "a",
            "(1, 2)",
            "([1], 2)x",
            "ranger",
            "uniform",
            "range",
            "x[1]",
            "f(x) + 1",
            "(",
            "uniform.pt",
        ] {
            assert!(
                matches!(read(plain), ParsedValue::Plain | ParsedValue::Unreadable(_)),
                "{plain}: {:?}",
                read(plain)
            );
        }
        for list in ["[1]", " [1] ", "([1])", "( ( [1, 2] ) )", "\n[1,\n2]\n"] {
            assert!(
                matches!(read(list), ParsedValue::List(_)),
                "{list}: {:?}",
                read(list)
            );
        }
        for call in [
            "range(3)",
            "range (3)",
            "np.random.uniform(0, 1, 2)",
            "(uniform(0, 1))",
        ] {
            assert!(
                matches!(read(call), ParsedValue::Call(_)),
                "{call}: {:?}",
                read(call)
            );
        }
        for unreadable in ["[a-z]+", "[1", "range(1", "([1]", "[1] x"] {
            assert!(
                matches!(read(unreadable), ParsedValue::Unreadable(_)),
                "{unreadable}"
            );
        }
        assert!(
            matches!(read("unifrom(0, 1, 2)"), ParsedValue::UnknownCall { name, start: 0 } if name == "unifrom")
        );
    }
}
