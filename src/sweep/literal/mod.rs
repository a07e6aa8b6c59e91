//! Python literals: their values and what Python's `str` prints for them.

mod value;

pub use value::{Literal, float_repr};
