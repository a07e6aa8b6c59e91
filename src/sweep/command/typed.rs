//! The values of arguments as what may be written anew.

use super::Argument;
use crate::sweep::diagnostic::{Place, Typed};

impl Place {
    /// The place of an argument's value: the whole word where its quotes hold its name too.
    pub(in crate::sweep) fn of(argument: &Argument) -> Place {
        let (word, value) = (argument.word.span, argument.value_place());
        let prefix = argument.prefix();
        let plain = argument.locate(0, 0).start;
        let typed = plain.min(value.start).saturating_sub(word.start);
        if prefix.is_empty() || typed as usize == prefix.len() {
            let prefix = String::new();
            return Place {
                span: value,
                prefix,
            };
        }
        Place {
            span: word,
            prefix: prefix.to_owned(),
        }
    }
}

impl Typed {
    /// The value of an argument.
    pub(in crate::sweep) fn of(argument: &Argument) -> Box<Typed> {
        Box::new(Typed {
            value: argument.value().to_owned(),
            place: Place::of(argument),
        })
    }
}
