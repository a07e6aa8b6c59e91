//! The small expression language for run times, and for conditions on trials.
//!
//! A person types a run time as a [`Formula`] over a trial's arguments:
//!
//! ```
//! use sweep_planner::internals::formula::{ArgumentValue, Formula};
//!
//! let formula = Formula::parse("minutes = 40 * epochs / batch_size")?;
//! let seconds = formula.evaluate_seconds(|name| match name {
//!     "epochs" => Some(ArgumentValue::Number(10.0)),
//!     "batch_size" => Some(ArgumentValue::Number(16.0)),
//!     _ => None,
//! });
//! assert_eq!(seconds, Ok(1500.0));
//! # Ok::<(), sweep_planner::internals::formula::Error>(())
//! ```
//!
//! and a [`Condition`](evaluate::Condition) the same way:
//!
//! ```
//! use sweep_planner::internals::formula::{ArgumentValue, Condition};
//!
//! let condition = Condition::parse("batch_size * layers <= 64 and optimizer == 'sgd'")?;
//! let holds = condition.holds(|name| match name {
//!     "optimizer" => Some(ArgumentValue::Text("sgd")),
//!     _ => Some(ArgumentValue::Number(8.0)),
//! });
//! assert_eq!(holds, Ok(true));
//! # Ok::<(), sweep_planner::internals::formula::Error>(())
//! ```
//!
//! # Grammar
//!
//! ```text
//! formula    = ("seconds" | "minutes" | "hours") "=" expression
//! condition  = expression                        (its result is true or false)
//! expression = number | string | name | function "(" expression { "," expression } ")"
//!            | "(" expression ")" | prefix expression | expression infix expression
//! function   = "min" | "max"                     (one argument or more)
//!            | "ceil" | "floor" | "sqrt" | "log" | "exp"
//! ```
//!
//! | operators, weakest first | groups |
//! |---|---|
//! | `or` | from the left |
//! | `and` | from the left |
//! | `not` | prefix |
//! | `==` `!=` `<` `<=` `>` `>=` | not chained |
//! | `+` `-` | from the left |
//! | `*` `/` | from the left |
//! | `-` `+` before a value | prefix |
//! | `^` | from the right |
//!
//! `log` is the natural logarithm. A name is an argument of the script without its leading dashes,
//! with `_` for each `-`; positional arguments are `arg1`, `arg2`, …. A name directly before `(` is
//! a function, so that an argument called `min` can still be used as a value.
//!
//! Parsing is one pass over the text and nests at most [`MAX_DEPTH`] deep; evaluating is one pass
//! over at most [`MAX_TOKENS`] nodes, without recursion.

// Text to tokens to a tree to a value.
mod evaluate;
mod parser;
mod syntax;
mod token;

// A condition on a plan's trials.
#[cfg_attr(
    not(feature = "internals"),
    expect(dead_code, reason = "issue 14 wires it to the page")
)]
mod filter;

// Whatever is wrong.
mod error;

pub use error::Error;
pub(crate) use error::{ErrorKind, EvalError};
#[cfg(feature = "internals")]
pub use evaluate::Condition;
pub use evaluate::{ArgumentValue, Formula};

/// How deep parentheses, prefixes, powers and calls may nest: the parser recurses once per level.
pub(crate) const MAX_DEPTH: u32 = 64;

/// How many tokens an expression may have, so that pricing many trials stays bounded.
pub(crate) const MAX_TOKENS: usize = 1_000;

#[cfg(test)]
mod tests;
