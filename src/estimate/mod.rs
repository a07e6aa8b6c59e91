//! What the chosen trials of a plan will cost and how long they will take.

pub mod billing;
mod catalogue;
mod csv;
pub mod failures;
pub mod fit;
mod money;
pub mod pilot;
mod quote;
mod run_time;
pub mod schedule;
mod seconds;
pub mod spot;
mod tally;
pub mod uncertainty;
pub mod warm;

pub use billing::{Billing, Meter, Tariff};
pub use catalogue::{Catalogue, Machine};
pub use csv::CsvError;
pub use money::{Money, Rational, grouped};
pub use quote::{Basis, Quote, provider_name};
pub use run_time::{RunTime, parse_run_time};
pub use seconds::Seconds;
pub use tally::{Lines, Tally};
pub use uncertainty::{Noise, Spread};
