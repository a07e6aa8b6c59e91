//! The topics on how long a trial runs: formulas, fits, pilots, and how sure that is.

use super::input::{
    as_lengths, as_phase, as_real, as_seconds, as_whole, billing_rules, make_tariff, merge,
    micros_to_seconds, multiply, price_to_json,
};
use serde_json::{Map, Value as Json, json};
use sweep_planner::internals::estimate::failures::{Failures, cost_ceiling};
use sweep_planner::internals::estimate::fit::{Fit, Verdict};
use sweep_planner::internals::estimate::{
    Billing, MeasuredRunTime, Money, Noise, PilotTrial, RunTime, Seconds, parse_run_time, schedule,
    uncertainty,
};
use sweep_planner::internals::formula::ArgumentValue;

pub(crate) fn run_time_case(input: &Json, expect: &Json) -> Json {
    let mut found = json!({});
    if input.get("formula").is_some() {
        formula_trials(input, expect, &mut found);
    }
    if let Some(fit) = input.get("fit") {
        found["fit"] = fit_case(fit);
    }
    if let Some(pilot) = input.get("pilot") {
        found["pilot_run_s"] = json!(pilot_run_seconds(pilot));
    }
    found
}

/// The trials of a formula. JSON objects have no order, so the trials are taken in the order in
/// which the case lists them, which decides the wall clock.
fn formula_trials(input: &Json, expect: &Json, found: &mut Json) {
    let run_time =
        parse_run_time(input["formula"].as_str().expect("a formula")).expect("a formula");
    let billing = billing_rules(input);
    let tariff = make_tariff(&billing, &input["usd_per_hour"]);
    let grid = input["grid"].as_object().expect("a grid");
    let listed = expect["trials"].as_array().expect("trials");
    let size: usize = grid
        .values()
        .map(|values| values.as_array().map_or(0, Vec::len))
        .product();
    assert_eq!(listed.len(), size);
    let mut trials = Vec::new();
    let mut occupied = Vec::new();
    let mut total = Money::zero();
    for row in listed {
        let run = run_time
            .evaluate(|name| row[name].as_f64().map(ArgumentValue::Number))
            .expect("a run time");
        let bill = tariff.bill(run);
        occupied.push(billing.occupied_time(run));
        total += bill.cost();
        let mut trial = price_to_json(&bill.cost());
        trial.extend(grid.keys().map(|name| (name.clone(), row[name].clone())));
        trials.push(merge(
            trial,
            json!({ "run_s": run.as_f64(), "billed_s": bill.billed_seconds }),
        ));
    }
    let parallel = u32::try_from(as_whole(&input["P"])).unwrap();
    found["trials"] = json!(trials);
    found["total_usd"] = json!(total.to_decimal(9));
    found["total_shown"] = json!(total.to_string());
    found["makespan_s"] = json!(micros_to_seconds(schedule::makespan(&occupied, parallel)));
}

fn as_argument(value: &Json) -> ArgumentValue<'_> {
    value.as_str().map_or_else(
        || ArgumentValue::Number(as_real(value)),
        ArgumentValue::Text,
    )
}

fn fit_case<'a>(input: &'a Json) -> Json {
    let observations = input["observations"].as_array().expect("observations");
    let names: Vec<&str> = input["features"]
        .as_array()
        .expect("features")
        .iter()
        .map(|feature| feature.as_str().expect("a name").trim_start_matches("ln "))
        .collect();
    let values = |row: &'a Json| names.iter().map(|name| as_argument(&row[*name])).collect();
    let rows: Vec<Vec<ArgumentValue<'_>>> = observations.iter().map(values).collect();
    let runs: Vec<f64> = observations
        .iter()
        .map(|row| as_real(&row["run_s"]))
        .collect();
    let fit = Fit::new(&rows, &runs, as_real(&input["ridge"])).expect("a fit");
    let mut predicted = Map::new();
    let mut extrapolates = Map::new();
    for value in input["predict"].as_array().expect("values") {
        // One argument's value, or an object of all of them.
        let row = if value.is_object() {
            values(value)
        } else {
            vec![as_argument(value)]
        };
        let prediction = fit.predict(&row).expect("a prediction");
        let key = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        predicted.insert(key.clone(), json!(prediction.run.as_f64()));
        extrapolates.insert(key, json!(prediction.extrapolates));
    }
    let verdict = match fit.verdict() {
        Verdict::Good => "good",
        Verdict::Rough => "rough",
        Verdict::Unusable => "no",
    };
    json!({
        "intercept": fit.intercept(),
        "standardised_slope": fit.weights()[0],
        "exponent": fit.exponent(0),
        "loo_log_errors": fit.leave_one_out_errors(),
        "loo_rmse": fit.rmse(),
        "loo_rmse_of_mean": fit.rmse_of_mean(),
        "verdict": verdict,
        "predict_s": predicted,
        "extrapolates": extrapolates,
    })
}

/// Exponents are a formula, `seconds = epochs ^ 1`, that the pilot calibrates.
fn pilot_run_seconds(input: &Json) -> f64 {
    let exponents = input["exponents"].as_object().expect("exponents");
    let powers = exponents
        .iter()
        .map(|(name, power)| format!("{name} ^ {}", as_real(power)));
    let formula = format!("seconds = {}", powers.collect::<Vec<_>>().join(" * "));
    let stated = parse_run_time(&formula).expect("a formula");
    let at = |of: &str, name: &str| input[of][name].as_f64().map(ArgumentValue::Number);
    let pilot = PilotTrial {
        stated: stated.evaluate(|name| at("at", name)).ok(),
        measured: as_seconds(&input["run_s"]),
    };
    let measured = MeasuredRunTime::new(Some(&stated), &[pilot]).expect("a pilot");
    let run = RunTime::Measured(measured).evaluate(|name| at("predict", name));
    run.expect("a run time").as_f64()
}

pub(crate) fn uncertainty_case(input: &Json) -> Json {
    let medians = as_lengths(&input["median_run_s"]);
    let n = medians.len() as f64;
    let noise = Noise {
        shared: as_real(&input["log_sd_shared"]),
        own: as_real(&input["log_sd_own"]),
    };
    let sum: f64 = medians.iter().map(|run| run.as_f64()).sum();
    let squares: f64 = medians.iter().map(|run| run.as_f64() * run.as_f64()).sum();
    let total = uncertainty::sum_distribution(sum, squares, noise);
    let spread = &total.spread;

    // All overhead is one billed phase, without rounding.
    let overhead = as_real(&input["overhead_per_trial_s"]);
    let billing = Billing {
        setup: as_phase(&input["overhead_per_trial_s"]),
        ..billing_rules(input)
    };
    let tariff = make_tariff(&billing, &input["usd_per_hour"]);
    let egress = multiply(tariff.egress(), medians.len() as u64);
    let per_second = tariff.cost_per_second().as_f64();
    let cost = |seconds: f64| Money::from_f64(seconds * per_second).unwrap() + egress.clone();
    let named = [
        ("mean", total.mean),
        ("low", spread.low),
        ("likely", spread.likely),
        ("high", spread.high),
    ];
    let (mut run_total, mut shown, mut exact) = (Map::new(), Map::new(), Map::new());
    for (name, seconds) in named {
        let cost = cost(n * overhead + seconds);
        run_total.insert(name.into(), json!(seconds));
        shown.insert(name.into(), json!(cost.to_string()));
        exact.insert(name.into(), json!(cost.to_decimal(9)));
    }

    let parallel = u32::try_from(as_whole(&input["P"])).unwrap();
    let wall = |factor: f64| {
        let occupied: Vec<Seconds> = medians
            .iter()
            .map(|run| run.scale(factor) + billing.setup.length)
            .collect();
        micros_to_seconds(schedule::makespan(&occupied, parallel))
    };
    let (low, high) = noise.shared_factors();
    // The wrong way, for comparison: the sum of each trial's own percentile.
    let alone = uncertainty::sum_distribution(1.0, 1.0, noise).spread;
    let retries = input.get("max_retries").map_or(0, as_whole);
    let retries = u32::try_from(retries).unwrap();
    let mut found = json!({
        "run_total_s": run_total,
        "log_sd_total": total.log_sd,
        "usd": shown,
        "usd_exact": exact,
        "wall_s": { "low": wall(low), "likely": wall(1.0), "high": wall(high) },
        "naive_sum_of_lows_highs_s": [sum * alone.low, sum * alone.high],
    });
    if let Some(probability) = input.get("failure_probability") {
        let failures = Failures {
            probability: as_real(probability),
            fraction: as_real(&input["failure_fraction"]),
            retries,
        };
        let seconds = failures.expected_seconds(n, overhead, sum, noise);
        found["failures"] = json!({
            "expected_failed_attempts_per_trial": failures.expected_failed_attempts(),
            "expected_success": failures.success_probability(),
            "expected_machine_s": seconds,
            "usd": cost(seconds).to_string(),
        });
    }
    if let Some(most) = cost_ceiling(&tariff, medians.len() as u128, retries) {
        found["ceiling_usd"] = json!(most.to_string());
    }
    found
}
