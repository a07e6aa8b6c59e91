//! What only the operating system knows or does: the time, entropy, signals.

pub mod clock;

pub mod cores;

pub mod inspection;

pub mod random;

pub mod signals;
