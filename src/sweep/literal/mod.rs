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
pub use error::{LiteralError, Problem};
pub use names::{dotted_path, identifier, integer};
pub use parser::{Items, Parser, Spanned};
pub use value::{Literal, float_repr};
