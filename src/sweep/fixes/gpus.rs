//! Fixes for `--gpus` on a machine that has fewer GPUs, or none.

use crate::sweep::diagnostic::{Fix, GpuPlaces};
use crate::sweep::machine_nicknames;
use crate::sweep::span::Span;

impl GpuPlaces {
    /// Two fixes: the `has` GPUs that `machine` has, and a machine that has the `found` ones.
    pub(super) fn fixes(&self, found: u32, machine: &str, has: u32) -> Vec<Fix> {
        let mut fixes = Vec::new();
        if has > 0 {
            fixes.push(Fix {
                label: format!("Ask for {has}"),
                edits: vec![(self.gpus, has.to_string())],
            });
        }
        fixes.extend(
            machine_nicknames::smallest_with_gpus(found, machine).map(|(name, count)| {
                let edit = match self.machine {
                    Some(place) => (place, name.to_owned()),
                    None => (
                        Span::at(self.options_at),
                        format!(" --instance_type {name}"),
                    ),
                };
                let s = if count == 1 { "" } else { "s" };
                Fix {
                    label: format!("Use {name} ({count} GPU{s})"),
                    edits: vec![edit],
                }
            }),
        );
        fixes
    }
}
