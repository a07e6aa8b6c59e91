//! What the trials cost that wait for a yes after a pilot.

use crate::estimate::Money;
use crate::page::format::{format_duration, format_quantity};
use crate::page::state::RestEstimate;

/// `10 trials: $0.12 likely, $0.09 – $0.15, 40 s`
pub(super) fn describe_rest(rest: Option<&RestEstimate>) -> String {
    let Some(rest) = rest else {
        return String::new();
    };
    let trials = format_quantity(rest.trials, "trial");
    let cost = rest.cost.as_ref().map(|cost| {
        let [low, likely, high] = [&cost.low, &cost.likely, &cost.high].map(Money::to_compact);
        [&likely, " likely, ", &low, " – ", &high].concat()
    });
    let cost = cost.unwrap_or_else(|| "cost unknown".to_owned());
    let wall = rest.wall_seconds.map(format_duration);
    let wall = wall.map_or_else(String::new, |wall| [", ", &wall].concat());
    [&trials, ": ", &cost, &wall].concat()
}
