//! The sweep language: from a command's text to the trials it stands for.
//!
//! The stages are plain values, each made by a pure function from the one before: text →
//! [`words`] → [`command`] → [`axis`] → [`part`] (space, strategy, seed) → [`plan`]. [`read`]
//! goes all the way:
//!
//! ```
//! use sweep_planner::sweep::{Settings, read};
//!
//! let reading = read("grid run file.py --batch_size \"[1, 2]\" --layers \"[3, 5]\"", &Settings::default());
//! let plan = &reading.plan;
//! assert_eq!(plan.len(), 4);
//! assert_eq!(plan.columns(), ["--batch_size", "--layers"]);
//! // The first swept argument varies fastest.
//! let second = plan.trial(1).unwrap();
//! assert_eq!(plan.argv(&second), ["file.py", "--batch_size", "2", "--layers", "3"]);
//! ```

pub mod axis;
pub mod command;
pub mod diagnostic;
pub mod digest;
pub mod edit;
pub mod literal;
pub mod machines;
pub mod math;
pub mod options;
pub mod part;
pub mod plan;
pub mod quote;
pub mod range;
pub mod ranges;
mod reading;
pub mod sampling;
pub mod span;
pub mod subset;
mod suggest;
pub mod value;
pub mod words;

pub use diagnostic::{Diagnostic, Fix, Severity};
pub use digest::digest;
pub use options::{Options, Strategy};
pub use part::{Part, Seed};
pub use plan::{Plan, Trial};
pub use ranges::Ranges;
pub use reading::{Reading, Settings, read, read_request};
pub use span::Span;
