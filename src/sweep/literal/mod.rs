//! Python literals: their values and what Python's `str` prints for them.

mod error;
mod number;
mod parser;
mod string;
mod value;

pub use error::{LiteralError, Problem};
pub use parser::{CallArgument, Items, Parser, Spanned, dotted_path, identifier, integer};
pub use value::{Literal, float_repr};
