//! The assumptions behind an estimate, one sentence each.

use super::billing::{Billing, Meter, Phase};
use super::offers::MachineOffers;
use super::run_time::RunTime;
use super::settings::{EstimateSettings, MachineRunTime, RateOverride};
use super::survey::{PartSurvey, SurveyMethod};
use super::tally::BillLines;
use super::wall_clock::WallClock;
use crate::sweep::Plan;
use crate::sweep::diagnostic::format_count;
use crate::sweep::math::exp;
use num_bigint::BigInt;

/// The sentence on what no estimate contains.
pub(crate) const LEFT_OUT: &str = "Left out: taxes, credits, commitments and free tiers; storage after \
    the sweep; rates that change while it runs; slower runs from shared disks or networks; \
    quotas below the number of trials that run at once.";

/// All assumptions, the weightiest first.
pub(super) fn list_assumptions(
    plan: &Plan,
    settings: &EstimateSettings,
    used: &[(&MachineOffers, u128)],
    surveys: Option<&[PartSurvey]>,
    wall: Option<&WallClock>,
) -> Vec<String> {
    let mut out = Vec::new();
    push_rate_sentences(settings, used, &mut out);
    out.push(run_time_sentence(settings));
    out.extend(at_once_sentence(settings));
    out.extend(survey_sentences(surveys.unwrap_or_default()));
    out.push(phases_sentence(&settings.billing));
    out.extend(rounding_sentences(used));
    out.push(parallel_sentence(settings));
    out.extend(shared_cores_sentence(plan, settings, used));
    out.extend(wall.map(wall_clock_sentence));
    if settings.run_time.is_some() {
        out.push(uncertainty_sentence(settings));
    }
    out.extend(disk_sentence(settings, plan));
    out.push(LEFT_OUT.to_owned());
    out
}

fn push_rate_sentences(
    settings: &EstimateSettings,
    used: &[(&MachineOffers, u128)],
    out: &mut Vec<String>,
) {
    match &settings.rate_override {
        Some(RateOverride::NoPrice) => {
            out.push("This cluster has no price, so nothing is charged for.".to_owned());
            return;
        }
        Some(RateOverride::OfCluster(rate)) => {
            let rate = rate.to_rate();
            out.push(format!(
                "Every trial costs ${rate} per hour, the cluster's own price, whatever machine \
                 its command names."
            ));
            return;
        }
        Some(RateOverride::PerHour(_)) | None => {}
    }
    for (pricing, _) in used {
        if settings.on_own_machine {
            let name = pricing.requested_offer().quote.name();
            out.push(format!(
                "Priced as if on {name}; the trials run on a machine of your own."
            ));
        }
        for offer in [&pricing.list, &pricing.interruptible] {
            out.push(format!("{}.", offer.quote.describe(settings.today)));
        }
        out.extend(machine_run_time_sentence(settings, pricing));
    }
    let spot = used
        .iter()
        .find(|(pricing, _)| pricing.interruptible.tariff.is_some());
    let interruptions = spot.map(|(pricing, _)| pricing.interruptible.interruptions);
    if let Some(per_hour) = interruptions.filter(|per_hour| *per_hour > 0.0) {
        out.push(format!(
            "Interruptible machines are taken away {per_hour} times an hour on average; a trial then \
             starts over and is billed again."
        ));
    } else if spot.is_some() {
        out.push(
            "Interruptible prices suppose that no trial is interrupted; one that is starts over \
             and is billed again."
                .to_owned(),
        );
    }
}

/// What is known of the run time on a machine for which none was stated.
fn machine_run_time_sentence(
    settings: &EstimateSettings,
    offers: &MachineOffers,
) -> Option<String> {
    let stated_on = settings.stated_on.as_ref()?;
    let name = offers.requested_offer().quote.name();
    match offers.run_time {
        MachineRunTime::Stated => None,
        MachineRunTime::Scaled(factor) => Some(format!(
            "On {name} a script runs {factor} times as long as on {stated_on}."
        )),
        MachineRunTime::Assumed => Some(format!(
            "The run time is that of {stated_on}: the same is assumed on {name}."
        )),
    }
}

fn run_time_sentence(settings: &EstimateSettings) -> String {
    match &settings.run_time {
        None => "No run time is given, so there is a price per hour and no total.".to_owned(),
        Some(RunTime::Constant(run)) => format!("Every script runs {run}, as typed."),
        Some(RunTime::Range(range)) => format!(
            "A script runs {} to {}, as typed: the 10th and the 90th percentile, {} at the median.",
            range.low(),
            range.high(),
            range.median()
        ),
        Some(RunTime::Measured(measured)) => {
            format!("Run times are {}.", measured.describe())
        }
        Some(RunTime::Fitted(fitted)) => format!("Run times are {fitted}."),
        Some(RunTime::Formula(formula)) => {
            format!("A script's run time is `{}`, as typed.", formula.text())
        }
    }
}

/// Where fewer or more trials run at once than did when the run times were measured.
fn at_once_sentence(settings: &EstimateSettings) -> Option<String> {
    let Some(RunTime::Fitted(fitted)) = &settings.run_time else {
        return None;
    };
    let (then, now) = (fitted.at_once()?, settings.parallel());
    let effect = match then.cmp(&now) {
        std::cmp::Ordering::Equal => return None,
        std::cmp::Ordering::Less => "longer",
        std::cmp::Ordering::Greater => "less long",
    };
    Some(format!(
        "The finished trials ran {} at once, these run {}: where they share a machine they may take \
         {effect}.",
        format_count(then.into()),
        format_count(now.into())
    ))
}

/// How run times were found where not every trial's was computed.
fn survey_sentences(surveys: &[PartSurvey]) -> Vec<String> {
    let (mut combined, mut sampled) = ((0u128, 0u128), (0u128, 0u128));
    for survey in surveys {
        let (sums, looked_at) = match survey.method {
            SurveyMethod::Constant | SurveyMethod::EachTrial => continue,
            SurveyMethod::Combinations(n) => (&mut combined, n),
            SurveyMethod::Sample(n) => (&mut sampled, n),
        };
        sums.0 = sums.0.saturating_add(survey.trials);
        sums.1 = sums.1.saturating_add(looked_at);
    }
    let mut out = Vec::new();
    if combined.0 > 0 {
        out.push(format!(
            "{} trials are priced exactly, from the {} combinations of values that the formula \
             reads.",
            format_count(combined.0),
            format_count(combined.1)
        ));
    }
    if sampled.0 > 0 {
        out.push(format!(
            "{} trials are priced from {} of them, evenly spread: close, not exact.",
            format_count(sampled.0),
            format_count(sampled.1)
        ));
    }
    out
}

fn phases_sentence(billing: &Billing) -> String {
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

fn rounding_sentences(used: &[(&MachineOffers, u128)]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for (pricing, _) in used {
        let sentence = rounding_sentence(&pricing.requested_offer().meter);
        if !out.contains(&sentence) {
            out.push(sentence);
        }
    }
    out
}

fn rounding_sentence(meter: &Meter) -> String {
    format!("Billed time is rounded up to {}.", rounding_rule(meter))
}

/// `whole seconds, at least 60 s a trial`.
fn rounding_rule(meter: &Meter) -> String {
    let rounding = meter.rounding();
    let step = match rounding.increment {
        0 | 1 => "whole seconds".to_owned(),
        60 => "whole minutes".to_owned(),
        other => format!("multiples of {} s", format_count(other.into())),
    };
    let least = match rounding.minimum {
        0 => String::new(),
        minimum => format!(", at least {} s a trial", format_count(minimum.into())),
    };
    format!("{step}{least}")
}

/// `83 % of it is rounding: billed by whole seconds, at least 60 s a trial`, where what rounding adds
/// is more than a tenth of the bill.
pub(super) fn note_rounding<'a>(
    lines: &BillLines,
    meters: impl Iterator<Item = &'a Meter>,
) -> Option<String> {
    let total = lines.total();
    let is_much = lines.rounding.clone() * BigInt::from(10) > total;
    if !is_much {
        return None;
    }
    let mut rules: Vec<String> = Vec::new();
    for rule in meters.map(rounding_rule) {
        if !rules.contains(&rule) {
            rules.push(rule);
        }
    }
    let percent = lines.rounding.as_f64() / total.as_f64() * 100.0;
    Some(format!(
        "{percent:.0} % of it is rounding: billed by {}",
        rules.join(" and by ")
    ))
}

fn parallel_sentence(settings: &EstimateSettings) -> String {
    let parallel = format_count(settings.parallel().into());
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

/// Where trials at once have more threads than there are cores: `4 trials at once with 2 threads each share
/// 2 cores, …`.
fn shared_cores_sentence(
    plan: &Plan,
    settings: &EstimateSettings,
    used: &[(&MachineOffers, u128)],
) -> Option<String> {
    let cores = settings.cores?;
    let chosen = used.iter().map(|(_, trials)| *trials);
    let chosen = chosen.fold(0, u128::saturating_add);
    let at_once = u128::from(settings.parallel()).min(chosen);
    let asked = plan.parts().iter().map(|part| part.options().cpus);
    let threads = asked
        .map(|cpus| match cpus {
            0 => settings.threads.unwrap_or(1),
            some => some,
        })
        .max()?;
    let count = |count: u128, noun: &str| {
        let plural = if count == 1 { "" } else { "s" };
        format!("{} {noun}{plural}", format_count(count))
    };
    (at_once > 1 && at_once.saturating_mul(threads.into()) > cores.into()).then(|| {
        format!(
            "{} at once with {} each share {}: a run time of one alone is too short for them.",
            count(at_once, "trial"),
            count(threads.into(), "thread"),
            count(cores.into(), "core")
        )
    })
}

fn wall_clock_sentence(wall: &WallClock) -> String {
    if wall.exact {
        "The wall clock is that of the trials in the order listed.".to_owned()
    } else {
        "The wall clock is bounded, not simulated: too many trials of different lengths.".to_owned()
    }
}

fn uncertainty_sentence(settings: &EstimateSettings) -> String {
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

fn disk_sentence(settings: &EstimateSettings, plan: &Plan) -> Option<String> {
    if settings.on_own_machine {
        return None;
    }
    match &settings.billing.disk_per_second {
        Some(disk) => Some(format!(
            "Each machine's disk of {} GB costs ${} per GB and month of 30 days.",
            disk.gb,
            disk.usd_per_gb_month.to_rate()
        )),
        None if plan.is_empty() => None,
        None => Some("Disks are not billed: the price list has no prices for them.".to_owned()),
    }
}
