//! What only the operating system knows or does: the time, entropy, signals, the umask; and whether
//! workers get on.

pub mod clock;

pub mod cores;

pub mod heartbeat;

pub mod random;

pub mod signals;

pub mod umask;
