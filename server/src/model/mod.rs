//! Plain records, without SQL, files or HTTP: what the rooms above hand to each other.

pub mod mount;
pub mod price;
