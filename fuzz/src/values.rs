//! An argument's value, a Python literal, and a selection, each parsed from text.

use sweep_planner::internals::sweep::Ranges;
use sweep_planner::internals::sweep::literal::Parser;
use sweep_planner::internals::sweep::value::{self, ParsedValue};

/// Parses `text` as each of the three.
pub fn values(text: &str) {
    check_value(text);
    check_literal(text);
    check_ranges(text);
}

fn check_value(text: &str) {
    let place = |start: u32, end: u32| {
        assert!(
            text.get(start as usize..end as usize).is_some(),
            "{start}..{end}"
        );
    };
    match value::read(text) {
        ParsedValue::Plain => {}
        ParsedValue::UnknownCall { name, start, .. } => place(start, start + name.len() as u32),
        ParsedValue::List(items) => items
            .items
            .iter()
            .for_each(|item| place(item.start, item.end)),
        ParsedValue::Call(call) => {
            place(call.start, call.end);
            call.arguments
                .iter()
                .for_each(|a| place(a.value.start, a.value.end));
        }
        ParsedValue::Unreadable(error) => place(error.start, error.end),
    }
}

/// A literal's printed form parses as the same literal.
fn check_literal(text: &str) {
    let mut parser = Parser::new(text);
    let Ok(read) = parser.parse_value() else {
        return;
    };
    let printed = read.value.repr();
    read.value.to_str();
    // Python has no literal for an infinity or an empty set, and `-2j` is no literal but a
    // negation.
    if ["inf", "set()", "j"]
        .iter()
        .any(|word| printed.contains(word))
    {
        return;
    }
    let mut parser = Parser::new(&printed);
    let again = parser
        .parse_value()
        .unwrap_or_else(|error| panic!("{text:?} as {printed:?}: {error:?}"));
    parser
        .expect_end()
        .unwrap_or_else(|error| panic!("{text:?} as {printed:?}: {error:?}"));
    assert_eq!(again.value.repr(), printed, "{text:?}");
}

fn check_ranges(text: &str) {
    let Ok(set) = text.parse::<Ranges>() else {
        return;
    };
    let mut above: Option<u128> = None;
    for (first, last) in set.ranges() {
        assert!(
            first <= last && above.is_none_or(|above| above < *first - 1),
            "{set}"
        );
        above = Some(*last);
    }
    assert_eq!(set.to_string().parse::<Ranges>().as_ref(), Ok(&set));
    let len = set.len();
    for n in [0, len / 2, len.wrapping_sub(1)] {
        let number = set.nth(n);
        assert_eq!(number.is_some(), n < len);
        assert!(number.is_none_or(|number| set.contains(number)));
    }
    for bound in [0, 1, 1000, u128::MAX] {
        let clipped = set.clip(bound);
        assert_eq!(clipped.invert(bound).invert(bound), clipped);
        assert_eq!(clipped.invert(bound).len(), bound - clipped.len());
    }
}
