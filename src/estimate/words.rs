//! The assumptions behind an estimate, one sentence each.

use super::billing::{Billing, Meter, Phase};
use super::pricing::Pricing;
use super::run_time::RunTime;
use super::settings::{RateOverride, Settings};
use super::survey::{Method, PartSurvey};
use super::wall::Wall;
use crate::sweep::Plan;
use crate::sweep::diagnostic::grouped;
use crate::sweep::math::exp;

/// The sentence on what no estimate contains.
pub const LEFT_OUT: &str = "Left out: taxes, credits, commitments and free tiers; storage after \
    the sweep; rates that change while it runs; slower runs from shared disks or networks; \
    quotas below the number of trials that run at once.";

/// Digits in groups of three: `1,234,567`.
pub(super) fn count(n: u128) -> String {
    grouped(n)
}

/// All assumptions, the weightiest first.
pub(super) fn assumptions(
    plan: &Plan,
    settings: &Settings,
    used: &[(&Pricing, u128)],
    surveys: Option<&[PartSurvey]>,
    wall: Option<&Wall>,
) -> Vec<String> {
    let mut out = Vec::new();
    rates(settings, used, &mut out);
    out.push(run_time(settings));
    out.extend(methods(surveys.unwrap_or_default()));
    out.push(phases(&settings.billing));
    out.extend(rounding(used));
    out.push(at_once(settings));
    out.extend(wall.map(clock));
    if settings.run_time.is_some() {
        out.push(range(settings));
    }
    out.extend(disks(settings, plan));
    out.push(LEFT_OUT.to_owned());
    out
}

fn rates(settings: &Settings, used: &[(&Pricing, u128)], out: &mut Vec<String>) {
    if settings.rate_override == Some(RateOverride::NoPrice) {
        out.push("This cluster has no price, so nothing is charged for.".to_owned());
        return;
    }
    for (pricing, _) in used {
        if settings.as_if {
            let name = pricing.planned().quote.name();
            out.push(format!(
                "Priced as if on {name}; the trials run on a machine of your own."
            ));
        }
        for offer in [&pricing.list, &pricing.interruptible] {
            out.push(format!("{}.", offer.quote));
        }
    }
    if used
        .iter()
        .any(|(pricing, _)| pricing.interruptible.tariff.is_some())
    {
        out.push(
            "Interruptible prices suppose that no trial is interrupted; one that is starts over \
             and is billed again."
                .to_owned(),
        );
    }
}

fn run_time(settings: &Settings) -> String {
    match &settings.run_time {
        None => "No run time is given, so there is a price per hour and no total.".to_owned(),
        Some(RunTime::Constant(run)) => format!("Every script runs {run}, as typed."),
        Some(RunTime::Formula(formula)) => {
            format!("A script's run time is `{}`, as typed.", formula.text())
        }
    }
}

/// How run times were found where not every trial's was computed.
fn methods(surveys: &[PartSurvey]) -> Vec<String> {
    let (mut combined, mut sampled) = ((0u128, 0u128), (0u128, 0u128));
    for survey in surveys {
        let (sums, looked_at) = match survey.method {
            Method::Constant | Method::Each => continue,
            Method::Combinations(n) => (&mut combined, n),
            Method::Sample(n) => (&mut sampled, n),
        };
        sums.0 = sums.0.saturating_add(survey.trials);
        sums.1 = sums.1.saturating_add(looked_at);
    }
    let mut out = Vec::new();
    if combined.0 > 0 {
        out.push(format!(
            "{} trials are priced exactly, from the {} combinations of values that the formula \
             reads.",
            count(combined.0),
            count(combined.1)
        ));
    }
    if sampled.0 > 0 {
        out.push(format!(
            "{} trials are priced from {} of them, evenly spread: close, not exact.",
            count(sampled.0),
            count(sampled.1)
        ));
    }
    out
}

fn phases(billing: &Billing) -> String {
    let named = [
        ("boot", billing.boot),
        ("set-up", billing.setup),
        ("teardown", billing.teardown),
    ];
    let some: Vec<String> = named
        .iter()
        .filter(|(_, phase)| phase.length > super::Seconds::ZERO)
        .map(|(name, Phase { length, billed })| {
            format!(
                "{name} {length}{}",
                if *billed { "" } else { " (not billed)" }
            )
        })
        .collect();
    match some.as_slice() {
        [] => "Boot, set-up and teardown take no time.".to_owned(),
        [one] => format!("Each trial adds {one}."),
        [most @ .., last] => format!("Each trial adds {} and {last}.", most.join(", ")),
    }
}

fn rounding(used: &[(&Pricing, u128)]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for (pricing, _) in used {
        let sentence = rounding_of(&pricing.planned().meter);
        if !out.contains(&sentence) {
            out.push(sentence);
        }
    }
    out
}

fn rounding_of(meter: &Meter) -> String {
    let rounding = meter.rounding();
    let step = match rounding.increment {
        0 | 1 => "whole seconds".to_owned(),
        60 => "whole minutes".to_owned(),
        other => format!("multiples of {} s", count(other.into())),
    };
    let least = match rounding.minimum {
        0 => String::new(),
        minimum => format!(", at least {} s a trial", count(minimum.into())),
    };
    format!("Billed time is rounded up to {step}{least}.")
}

fn at_once(settings: &Settings) -> String {
    let parallel = count(settings.parallel().into());
    let assumed = if settings.parallel.is_none() {
        " (assumed)"
    } else {
        ""
    };
    let (trials, run) = if settings.parallel() == 1 {
        ("trial", "runs")
    } else {
        ("trials", "run")
    };
    format!("{parallel} {trials} {run} at once{assumed}; the cost does not depend on it.")
}

fn clock(wall: &Wall) -> String {
    if wall.exact {
        "The wall clock is that of the trials in the order listed.".to_owned()
    } else {
        "The wall clock is bounded, not simulated: too many trials of different lengths.".to_owned()
    }
}

fn range(settings: &Settings) -> String {
    let noise = settings.noise();
    let factor = |log_sd: f64| format!("{:.2}", exp(log_sd));
    format!(
        "Low and high are the 10th and 90th percentile where all run times may be off by a common \
         factor of about {} and each by its own of about {}; likely is the median, a little above \
         the sum of the trials because overruns outweigh early ends.",
        factor(noise.shared),
        factor(noise.own)
    )
}

fn disks(settings: &Settings, plan: &Plan) -> Option<String> {
    if settings.as_if {
        return None;
    }
    match &settings.billing.disk {
        Some(disk) => Some(format!(
            "Each machine's disk of {} GB costs ${} per GB and month of 30 days.",
            disk.gb,
            disk.usd_per_gb_month.to_rate()
        )),
        None if plan.is_empty() => None,
        None => Some("Disks are not billed: the price list has no prices for them.".to_owned()),
    }
}
