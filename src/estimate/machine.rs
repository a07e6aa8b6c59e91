//! A machine of the price list, with its rates.

use super::money::Money;

/// One row of a price list. Prices are USD per hour of one machine.
#[derive(Clone, Debug, PartialEq)]
pub struct Machine {
    /// The provider in lower case: `grid`, `aws`, `gcp`, ….
    pub(crate) provider: String,
    /// The provider's name for it.
    pub name: String,
    /// Other names, such as Grid's `1_t4_16gb`.
    pub(crate) aliases: Vec<String>,
    /// Virtual processors, where stated.
    pub vcpus: Option<u32>,
    /// Main memory in the provider's nominal GB, where stated.
    pub memory_gb: Option<f64>,
    /// Model of the accelerator, `T4`; None on a machine without.
    pub(crate) gpu: Option<String>,
    /// Accelerators, 0 on a machine without.
    pub gpu_count: u32,
    /// Memory of each accelerator in nominal GB.
    pub(crate) gpu_memory_gb: Option<u32>,
    /// List price in USD per hour; None is unknown, never free.
    pub(crate) on_demand: Option<Money>,
    /// Interruptible price in USD per hour; None is unknown, never free.
    pub(crate) spot: Option<Money>,
    /// The provider's region whose prices these are, or `any`.
    pub(crate) region: String,
    /// The date of the list price: `2026-07-20`, `2026-07` or `2026`.
    pub as_of: String,
    /// The sources of both prices, as a sentence.
    pub(crate) source: String,
    /// Whether it is of the person's own price list.
    pub(crate) is_own: bool,
}

impl Machine {
    /// The list price, or with `spot` the interruptible one.
    pub fn rate(&self, spot: bool) -> Option<&Money> {
        if spot {
            self.spot.as_ref()
        } else {
            self.on_demand.as_ref()
        }
    }

    pub(super) fn is_called(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    pub(super) fn has_alias(&self, name: &str) -> bool {
        self.aliases
            .iter()
            .any(|alias| alias.eq_ignore_ascii_case(name))
    }
}
