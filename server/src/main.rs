//! The `sweep` binary: the server, and `sweep plan`.

fn main() {}
