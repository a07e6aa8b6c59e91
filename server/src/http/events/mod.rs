//! Changes on their way to the pages that watch.

mod hub;

pub use hub::{Events, Message, Subscription};
