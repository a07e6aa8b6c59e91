//! Members of a case's input, as the library's types, and amounts as a case expects them.

use serde_json::{Map, Value as Json, json};
use sweep_planner::internals::estimate::billing::{Disk, Egress, Phase, Rounding};
use sweep_planner::internals::estimate::{Billing, Meter, Money, Rational, Seconds, Tariff};

pub(crate) fn as_real(value: &Json) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is no number"))
}

pub(crate) fn as_whole(value: &Json) -> u64 {
    value
        .as_u64()
        .unwrap_or_else(|| panic!("{value} is no whole number"))
}

pub(crate) fn as_seconds(value: &Json) -> Seconds {
    Seconds::from_f64(as_real(value)).expect("a length of time")
}

pub(crate) fn as_lengths(value: &Json) -> Vec<Seconds> {
    value
        .as_array()
        .expect("a list")
        .iter()
        .map(as_seconds)
        .collect()
}

/// The decimal exactly as written, as a number or a text.
pub(crate) fn as_dollars(value: &Json) -> Money {
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    Money::from_decimal(&text).unwrap_or_else(|| panic!("{value} is no price"))
}

pub(crate) fn as_phase(value: &Json) -> Phase {
    Phase {
        length: if value.is_null() {
            Seconds::ZERO
        } else {
            as_seconds(value)
        },
        billed: true,
    }
}

/// The billing of an input with boot, set-up and teardown, minimum and increment, and where given
/// disks, egress and a limit.
pub(crate) fn billing_rules(input: &Json) -> Billing {
    let or = |key: &str, default: u64| input.get(key).map_or(default, as_whole);
    Billing {
        boot: as_phase(&input["boot_s"]),
        setup: as_phase(&input["setup_s"]),
        teardown: as_phase(&input["teardown_s"]),
        rounding: Some(Rounding {
            minimum: or("min_s", 0),
            increment: or("inc_s", 1),
        }),
        machines_per_trial: u32::try_from(or("machines", 1)).unwrap(),
        disk_per_second: input.get("disk_gb").map(|gb| Disk {
            gb: u32::try_from(as_whole(gb)).unwrap(),
            usd_per_gb_month: as_dollars(&input["disk_usd_per_gb_month"]),
        }),
        egress: input.get("egress").map(|egress| Egress {
            gb: as_dollars(&egress["gb_per_trial"]).dollars().clone(),
            usd_per_gb: as_dollars(&egress["usd_per_gb"]),
        }),
        max_run_time: input.get("max_run_s").map(as_seconds),
        ..Billing::local()
    }
}

pub(crate) fn make_tariff(billing: &Billing, rate: &Json) -> Tariff {
    Tariff::new(Meter::new(billing, ""), &as_dollars(rate))
}

pub(crate) fn multiply(money: &Money, factor: u64) -> Money {
    money.clone() * Rational::from_integer(factor.into())
}

/// `{"usd": "0.048363", "shown": "$0.05"}`.
pub(crate) fn price_to_json(money: &Money) -> Map<String, Json> {
    let mut object = Map::new();
    object.insert("usd".into(), json!(money.to_decimal(9)));
    object.insert("shown".into(), json!(money.to_string()));
    object
}

pub(crate) fn merge(mut object: Map<String, Json>, more: Json) -> Json {
    if let Json::Object(more) = more {
        object.extend(more);
    }
    Json::Object(object)
}

pub(crate) fn micros_to_seconds(micros: u128) -> f64 {
    micros as f64 / 1e6
}
