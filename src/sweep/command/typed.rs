//! The values of arguments as what may be written anew.

use super::Argument;
use crate::sweep::diagnostic::{TypedValue, ValuePlace};

impl ValuePlace {
    /// The place of an argument's value: the whole word where its quotes hold its name too.
    pub(in crate::sweep) fn from_argument(argument: &Argument) -> ValuePlace {
        let (word, value) = (argument.word.span, argument.value_span());
        let prefix = argument.prefix();
        let plain = argument.locate(0, 0).start;
        let typed = plain.min(value.start).saturating_sub(word.start);
        if prefix.is_empty() || typed as usize == prefix.len() {
            let prefix = String::new();
            return ValuePlace {
                span: value,
                prefix,
            };
        }
        ValuePlace {
            span: word,
            prefix: prefix.to_owned(),
        }
    }
}

impl TypedValue {
    /// The value of an argument.
    pub(in crate::sweep) fn from_argument(argument: &Argument) -> Box<TypedValue> {
        Box::new(TypedValue {
            value: argument.value().to_owned(),
            place: ValuePlace::from_argument(argument),
        })
    }
}
