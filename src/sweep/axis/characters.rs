//! Values with characters that only look like Python's, such as typographic quotes.

use super::argument_reader::ArgumentReader;
use crate::sweep::diagnostic::{CharacterProblem, Kind};
use crate::sweep::literal::{CallArgument, CharacterNames, ListItems, LiteralErrorKind};
use crate::sweep::shell_words::{self, NormalizedSweep};
use crate::sweep::value::{self, ParsedValue};

impl ArgumentReader<'_> {
    /// Reads the argument's value, with Python's own characters in place of those that only look like
    /// them where that makes a sweep of it. `None` where it cannot be read, which is reported.
    pub(super) fn read_value(&mut self, names: Option<&CharacterNames>) -> Option<ParsedValue> {
        let argument = self.argument;
        let typed = value::read_with_names(argument.value(), names);
        // `certain`: the value begins like a sweep, so that it cannot be meant as text as it stands.
        let certain = match &typed {
            ParsedValue::Plain | ParsedValue::UnknownCall { .. } => false,
            ParsedValue::Unreadable(_) => true,
            ParsedValue::List(_) | ParsedValue::Call(_) => return Some(typed),
        };
        if let ParsedValue::Unreadable(error) = &typed
            && matches!(error.kind, LiteralErrorKind::BadEscape(_))
            && let Some((start, end)) =
                shell_words::windows_path_around(argument.value(), error.start)
        {
            self.report(start, end, Kind::Character(CharacterProblem::PathEscape));
            return None;
        }
        let Some(plain) = shell_words::normalize_sweep(argument.value()) else {
            return Some(typed);
        };
        let read = to_typed_places(value::read_with_names(&plain.text, names), &plain);
        let sweeps = matches!(read, ParsedValue::List(_) | ParsedValue::Call(_));
        if !certain && !sweeps {
            return Some(typed);
        }
        let (start, end) = plain.place();
        let place = argument.value_span();
        let problem = plain.into_problem(certain, place, |start, end| argument.locate(start, end));
        self.report(start, end, Kind::Character(problem));
        if certain {
            Some(read).filter(|_| sweeps)
        } else {
            Some(typed)
        }
    }

    /// Reports the values of a list that hold invisible or control characters; `passed` are the texts that
    /// the script is passed.
    pub(super) fn check_values(&mut self, items: &ListItems, passed: &[Box<str>]) {
        let argument = self.argument;
        for (item, passed) in items.items.iter().zip(passed) {
            let source = argument.value().get(item.start as usize..item.end as usize);
            if let Some(problem) = shell_words::check_listed_value(passed, source.unwrap_or("")) {
                self.report(item.start, item.end, Kind::Character(problem));
            }
        }
    }
}

/// `read`, which `plain` was read as, with its places as places of the typed value.
fn to_typed_places(mut read: ParsedValue, plain: &NormalizedSweep) -> ParsedValue {
    match &mut read {
        ParsedValue::List(items) => {
            for item in &mut items.items {
                (item.start, item.end) = plain.typed_place(item.start, item.end);
            }
        }
        ParsedValue::Call(call) => {
            (call.start, call.end) = plain.typed_place(call.start, call.end);
            for CallArgument { value, .. } in &mut call.arguments {
                (value.start, value.end) = plain.typed_place(value.start, value.end);
            }
        }
        ParsedValue::Plain | ParsedValue::UnknownCall { .. } | ParsedValue::Unreadable(_) => {}
    }
    read
}

#[cfg(test)]
mod tests {
    use crate::sweep::{Options, Settings, read_request};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    /// Found by the fuzz target `wire`.
    #[test]
    fn values_of_a_request_between_look_alike_quotes_lie_on_characters() {
        for quote in ["´", "’", "&quot;", "`"] {
            let item = format!("{quote}b\u{1}{quote}");
            let text = format!("f.py --a \"[{quote}a{quote}, {item}, {quote}b{quote}]\"");
            let found = read_request(&text, Options::default(), &Settings::default());
            let places: Vec<&str> = found
                .diagnostics
                .iter()
                .map(|d| d.span.slice(&text))
                .collect();
            assert_eq!(places, [quote, item.as_str()], "{text}");
        }
    }
}
