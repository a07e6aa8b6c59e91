//! The server.

pub mod clock;
pub mod error;
pub mod random;
pub mod store;
