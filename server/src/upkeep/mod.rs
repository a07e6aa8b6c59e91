//! What keeps the data folder from filling up: room on its disk, and files of old runs.

pub mod disk;

pub mod retention;

pub mod waiting_changes;
