//! What the chosen trials of a plan will cost and how long they will take.

pub mod billing;
mod catalogue;
mod csv;
mod money;
mod quote;
mod run_time;
pub mod schedule;
mod seconds;
mod tally;
pub mod uncertainty;

pub use billing::{Billing, Tariff};
pub use catalogue::{Catalogue, Machine};
pub use csv::CsvError;
pub use money::{Money, Rational, grouped};
pub use quote::{Basis, Note, Quote, provider_name};
pub use run_time::{RunTime, parse_run_time};
pub use seconds::Seconds;
pub use tally::{Lines, Tally};
pub use uncertainty::{Noise, Spread};
