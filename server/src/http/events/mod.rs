//! Changes on their way to the pages that watch: what is sent of them, and the hub that hands it to
//! all who listen.

mod announce;

mod hub;

mod log;

pub use announce::announce;
pub use hub::EventHub;
pub use log::{Message, Receiver};
