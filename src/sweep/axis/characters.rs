//! Values with characters that only look like Python's, such as typographic quotes.

use super::Reader;
use crate::sweep::diagnostic::{CharacterProblem, Kind};
use crate::sweep::literal::{CharacterNames, Items, Problem};
use crate::sweep::value::{self, Value};
use crate::sweep::words;

impl Reader<'_> {
    /// Reads the argument's value, with Python's own characters in place of those that only look like
    /// them where that makes a sweep of it. `None` where it cannot be read, which is reported.
    pub(super) fn value(&mut self, names: Option<&CharacterNames>) -> Option<Value> {
        let argument = self.argument;
        let typed = value::read_with(argument.value(), names);
        // `certain`: the value begins like a sweep, so that it cannot be meant as text as it stands.
        let certain = match &typed {
            Value::Plain | Value::UnknownCall { .. } => false,
            Value::Unreadable(_) => true,
            Value::List(_) | Value::Call(_) => return Some(typed),
        };
        if let Value::Unreadable(error) = &typed
            && matches!(error.problem, Problem::BadEscape(_))
            && let Some((start, end)) = words::path_around(argument.value(), error.start)
        {
            self.report(start, end, Kind::Character(CharacterProblem::PathEscape));
            return None;
        }
        let Some(plain) = words::plain_sweep(argument.value()) else {
            return Some(typed);
        };
        let read = value::read_with(&plain.text, names);
        let sweeps = matches!(read, Value::List(_) | Value::Call(_));
        if !certain && !sweeps {
            return Some(typed);
        }
        let (start, end) = plain.place();
        let place = argument.value_place();
        let problem = plain.problem(certain, place, |start, end| argument.locate(start, end));
        self.report(start, end, Kind::Character(problem));
        if certain {
            Some(read).filter(|_| sweeps)
        } else {
            Some(typed)
        }
    }

    /// Reports the values of a list that hold invisible or control characters; `passed` are the texts that
    /// the script is passed.
    pub(super) fn check_values(&mut self, items: &Items, passed: &[Box<str>]) {
        let argument = self.argument;
        for (item, passed) in items.items.iter().zip(passed) {
            let source = argument.value().get(item.start as usize..item.end as usize);
            if let Some(problem) = words::value_problem(passed, source.unwrap_or("")) {
                self.report(item.start, item.end, Kind::Character(problem));
            }
        }
    }
}
