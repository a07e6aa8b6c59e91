//! The expression language for run times.
