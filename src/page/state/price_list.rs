//! The price list in force: the built-in one, and before it the server's own prices.

use std::sync::Arc;

use leptos::prelude::*;

use crate::estimate::{Catalogue, OwnPrices};
use crate::page::client::Failure;

/// Machines and prices by which the page estimates.
#[derive(Clone, Copy)]
pub(crate) struct PriceList {
    /// All machines.
    pub(crate) catalogue: RwSignal<Arc<Catalogue>>,
    /// Why the server's own prices are missing from it, where they are.
    pub(crate) problem: RwSignal<Option<String>>,
    /// The CSV that the server's own prices were read from; empty without any.
    text: StoredValue<String>,
}

impl PriceList {
    /// The built-in list alone.
    pub(super) fn new() -> PriceList {
        PriceList {
            catalogue: RwSignal::new(Arc::new(Catalogue::embedded().clone())),
            problem: RwSignal::new(None),
            text: StoredValue::new(String::new()),
        }
    }

    /// Takes over the server's own prices. Where they could not be read, those that are known stay.
    pub(super) fn apply(self, answer: Result<String, Failure>) {
        match answer {
            Ok(text) => self.set(text),
            // The page then shows that nobody is signed in, or that there is no server.
            Err(Failure::SignedOut(_) | Failure::NoServer) => {}
            Err(Failure::Refused { reason, .. }) => self.report(&reason),
            Err(Failure::NoAnswer) => self.report("no answer"),
        }
    }

    /// Removes the server's own prices.
    pub(super) fn reset(self) {
        self.set(String::new());
    }

    fn set(self, text: String) {
        if self.problem.with_untracked(Option::is_some) {
            self.problem.set(None);
        }
        if self.text.with_value(|known| *known == text) {
            return;
        }
        let own = if text.is_empty() {
            Ok(OwnPrices::default())
        } else {
            OwnPrices::parse(&text)
        };
        match own {
            Ok(own) => {
                self.text.set_value(text);
                self.catalogue
                    .set(Arc::new(Catalogue::embedded().with_own(&own)));
            }
            Err(problems) => {
                let first = problems.first().map(ToString::to_string);
                self.report(&first.unwrap_or_default());
            }
        }
    }

    fn report(self, why: &str) {
        let words = [
            "The server's own prices cannot be read (",
            why,
            "), so the bill may differ from this estimate.",
        ];
        self.problem.set(Some(words.concat()));
    }
}
