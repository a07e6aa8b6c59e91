//! NumPy's legacy random generator and its distributions, bit for bit.
//!
//! A [`Stream`] is what `np.random.seed(s)` sets up. A [`BoundCall`](call::BoundCall) is a distribution's name with
//! arguments, matched and checked by [`bind`]; [`BoundCall::draw`](call::BoundCall::draw) takes its values from the stream, the
//! same values in the same order as `np.random` would, on every target. The elementary functions are
//! [`crate::sweep::math`]'s; because of them some draws of `vonmises` differ in the last places from
//! those on a machine with glibc.
//!
//! Every distribution takes its doubles, normals and words in the order in which NumPy's legacy
//! generator (`legacy-distributions.c`; licence in LICENSES/numpy.txt) takes them, rejected tries
//! included, and adds and multiplies in its order. All draws of a part share one stream: one word more
//! or less in one distribution changes every value drawn behind it. So nothing here may be simplified,
//! reordered or "improved", even where the result is the same distribution.
//!
//! Refused although NumPy takes it: arrays as parameters, sizes of several dimensions, `dtype=`,
//! text as a number, and parameters with which NumPy's integers overflow or its rejection sampling
//! never ends. Ours, not NumPy's: `loguniform`, `linspace`, `logspace` and `steps`.
//!
//! ```
//! use sweep_planner::internals::sweep::literal::Literal;
//! use sweep_planner::internals::sweep::sampling::{Arguments, Stream, bind};
//!
//! let number = |value: i64| Literal::Int(value.into());
//! let arguments = Arguments { positional: vec![number(0), number(1), number(2)], keywords: vec![] };
//! let call = bind("uniform", &arguments)?;
//! let values = call.draw(&mut Stream::new(42));
//! let texts: Vec<String> = values.iter().map(|value| value.to_string()).collect();
//! assert_eq!(texts, ["0.3745401188473625", "0.9507143064099162"]);
//! # Ok::<(), sweep_planner::internals::sweep::sampling::BindError>(())
//! ```

// NumPy's generator.
mod stream;
mod twister;

// A call's arguments, checked; what may be wrong with them.
mod arguments;
mod array;
mod decimal;
mod domain;
mod error;

// What a distribution draws, and how many.
mod distribution;
mod draw_spec;

// The distributions.
mod binomial;
mod choice;
mod exponential;
mod gamma;
mod geometric;
mod hypergeometric;
mod integers;
mod loggam;
mod normal;
mod poisson;
mod spaced;
mod uniform;
mod vonmises;

// All of them by name, and a call of one.
mod call;
mod registry;

#[cfg(test)]
mod tests;

pub use arguments::Arguments;
pub(crate) use arguments::Note;
pub use call::bind;
pub use distribution::DrawnValues;
pub(crate) use error::ArgumentRef;
pub use error::BindError;
pub use registry::{is_addition, is_distribution, names, signature};
pub use stream::Stream;
#[cfg(feature = "internals")]
pub use {call::BoundCall, distribution::DrawnValue, error::BindErrorKind};
