//! Python literals: a parser by the rules of `ast.literal_eval`, and what Python's `str` and `repr`
//! print for their values.

mod call;
mod character_names;
mod error;
mod names;
mod number;
mod parser;
mod string;
mod value;

pub use call::CallArgument;
pub use character_names::CharacterNames;
pub use error::{LiteralError, Problem};
pub use names::{dotted_path, identifier, integer};
pub use parser::{Items, Parser, Spanned};
pub use value::{Literal, float_repr};
