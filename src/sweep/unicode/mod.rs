//! Characters by what they do and what they look like: those that nobody sees, those that look like
//! others, and text that was read in a wrong encoding.

pub(crate) mod hidden;
pub(super) mod lookalike;
mod mojibake;

pub(crate) use hidden::HiddenClass;
