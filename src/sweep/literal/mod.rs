//! Python literals: a parser by the rules of `ast.literal_eval`, and what Python's `str` and `repr`
//! print for their values.

// Names, numbers and strings.
mod character_names;
mod names;
mod number;
mod string;

// Whole literals and calls.
mod call;
mod parser;
mod value;

// Whatever is wrong.
mod error;

pub use call::CallArgument;
pub use character_names::CharacterNames;
pub(crate) use error::{LiteralError, LiteralErrorKind};
pub(crate) use names::{as_integer, leading_dotted_path, leading_identifier};
pub(crate) use parser::ListItems;
pub use parser::Parser;
pub use value::Literal;
pub(crate) use value::float_repr;
