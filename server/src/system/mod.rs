//! What only the operating system knows or does: the time, entropy, signals, limits.

pub mod clock;

pub mod cores;

pub mod open_files;

pub mod random;

pub mod signals;
