//! Sweep Planner: see, price and launch every trial that a `grid run` command stands for.
//!
//! The modules follow the data, from text to results:
//!
//! 1. [`sweep`]: command text → words → command → axes → space → strategy → selection → digest.
//! 2. [`formula`]: the small expression language for run times.
//! 3. [`estimate`]: what the chosen trials will cost and how long they will take.
//! 4. [`api`]: what travels between page and server.
//! 5. [`launch`]: the chosen trials of a part as a request, and back.
//! 6. `terminal` (for the page): what a terminal would show of a trial's output.
//! 7. `page` (feature `page`): the web page.
//!
//! Everything but the page is free of signals, clocks, browsers, I/O and unseeded randomness,
//! so that the browser and the server derive the same trials from the same text.

#![cfg_attr(
    not(feature = "internals"),
    allow(
        unreachable_pub,
        reason = "`pub` is what the server or, with the feature, the tests reach; the lint reports what neither does"
    )
)]
#![cfg_attr(
    feature = "internals",
    allow(
        missing_docs,
        clippy::len_without_is_empty,
        reason = "rules for the interface, which is checked without the feature"
    )
)]
#![cfg_attr(
    not(feature = "page"),
    allow(
        dead_code,
        unused_imports,
        reason = "the page uses most of the core: its build reports what nobody uses"
    )
)]

// A command's text to its trials.
pub mod sweep;

// Run times, and from them cost and time.
pub mod estimate;
pub(crate) mod formula;

mod calendar;

// What travels, and the chosen trials as that.
pub mod api;
pub mod launch;

#[cfg(feature = "internals")]
pub mod internals;

// A trial's output as a person reads it.
#[cfg(any(feature = "page", test))]
mod terminal;

// What the browser shows of all this.
#[cfg(feature = "page")]
pub mod page;

/// The attribute of a test that runs on every target: `use crate::testing::test`.
#[cfg(test)]
pub(crate) mod testing {
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) use core::prelude::v1::test;
    #[cfg(target_arch = "wasm32")]
    pub(crate) use wasm_bindgen_test::wasm_bindgen_test as test;
}
