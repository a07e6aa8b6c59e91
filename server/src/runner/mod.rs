//! What runs trials: from the queue in the database to a process, and back with its output, its
//! metrics and its end.

pub mod dispatcher;

pub mod engine;

pub mod protocol;

pub mod supervisor;

pub mod identity;

pub(crate) mod isolation_report;

pub mod metrics;

pub mod output_reader;
