//! The worked cases of docs/cost-model.md (tests/data/cost_cases.json, or the file that the
//! environment variable `COST_CASES` names), computed by the library's own functions.
//!
//! Each topic has a function that computes, from a case's input, an object with the members that
//! the case expects. The two are then compared: whole numbers and amounts as shown exactly, real
//! seconds within 0.1, dollars within 0.000001, other real numbers within 0.000001 or half of the
//! last digit given. A member that is expected but not computed is a failure.

#![allow(
    clippy::unwrap_used,
    reason = "a case that cannot be read fails the test"
)]

use serde_json::{Map, Value as Json, json};
use sweep_planner::internals::estimate::billing::{Bill, Disk, Egress, Phase, Rounding};
use sweep_planner::internals::estimate::failures::{Failures, cost_ceiling};
use sweep_planner::internals::estimate::fit::{Fit, Verdict};
use sweep_planner::internals::estimate::pilot::{ArgumentScale, Pilot};
use sweep_planner::internals::estimate::spot::{SpotExpectation, SpotTrial, young_interval};
use sweep_planner::internals::estimate::warm_pool::{Pool, PoolUsage, Release};
use sweep_planner::internals::estimate::{
    Billing, Meter, Money, Noise, Rational, Seconds, Tariff, parse_run_time, schedule, uncertainty,
};
use sweep_planner::internals::formula::ArgumentValue;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn worked_cases() {
    let file = read_cases();
    let cases = file["cases"].as_array().expect("an array of cases");
    assert!(!cases.is_empty());
    let mut wrong = Vec::new();
    for case in cases {
        let (input, expect) = (&case["input"], &case["expect"]);
        let found = match case["topic"].as_str() {
            Some("billing") => billing_case(input),
            Some("schedule") => schedule_case(input),
            Some("warm") => warm_case(input),
            Some("spot") => spot_case(input),
            Some("run_time") => run_time_case(input, expect),
            Some("uncertainty") => uncertainty_case(input),
            other => panic!("no computation for topic {other:?}"),
        };
        compare(
            case["id"].as_str().unwrap_or("?"),
            expect,
            &found,
            &mut wrong,
        );
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn read_cases() -> Json {
    let embedded = include_str!("data/cost_cases.json").to_owned();
    #[cfg(not(target_arch = "wasm32"))]
    let embedded = match std::env::var_os("COST_CASES") {
        Some(file) => std::fs::read_to_string(&file)
            .unwrap_or_else(|e| panic!("{}: {e}", file.to_string_lossy())),
        None => embedded,
    };
    serde_json::from_str(&embedded).expect("JSON")
}

/// Adds a line to `wrong` for each place where `found` is not as expected.
fn compare(path: &str, expect: &Json, found: &Json, wrong: &mut Vec<String>) {
    let matches = match (expect, found) {
        (Json::Object(expect), Json::Object(found)) => {
            for (key, value) in expect {
                let found = found.get(key).unwrap_or(&Json::Null);
                compare(&format!("{path}.{key}"), value, found, wrong);
            }
            true
        }
        (Json::Array(expect), Json::Array(found)) if expect.len() == found.len() => {
            for (at, (value, found)) in expect.iter().zip(found).enumerate() {
                compare(&format!("{path}.{at}"), value, found, wrong);
            }
            true
        }
        (Json::Number(expect), Json::Number(_)) => {
            let difference = (expect.as_f64().unwrap() - found.as_f64().unwrap()).abs();
            difference <= tolerance(path, expect) + 1e-12
        }
        (Json::String(expect), Json::String(found)) if expect.contains('$') => expect == found,
        (Json::String(expect), Json::String(found)) => {
            match (expect.parse::<f64>(), found.parse::<f64>()) {
                (Ok(expect), Ok(found)) => (expect - found).abs() <= 1e-6 + 1e-12,
                _ => expect == found,
            }
        }
        _ => expect == found,
    };
    if !matches {
        wrong.push(format!("{path}: expected {expect}, found {found}"));
    }
}

fn tolerance(path: &str, expect: &serde_json::Number) -> f64 {
    if expect.is_u64() || expect.is_i64() {
        return 0.0;
    }
    // A key that ends with `_s` marks all below it as seconds: `run_total_s.low`, `predict_s.24`.
    if path.split('.').any(|key| key.ends_with("_s")) {
        return 0.1;
    }
    let text = expect.to_string();
    let decimals = text
        .split_once('.')
        .map_or(0, |(_, decimals)| decimals.len());
    (0..decimals).fold(0.5f64, |half, _| half / 10.0).max(1e-6)
}

// Members of inputs.

fn as_real(value: &Json) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is no number"))
}

fn as_whole(value: &Json) -> u64 {
    value
        .as_u64()
        .unwrap_or_else(|| panic!("{value} is no whole number"))
}

fn as_seconds(value: &Json) -> Seconds {
    Seconds::from_f64(as_real(value)).expect("a length of time")
}

fn as_lengths(value: &Json) -> Vec<Seconds> {
    value
        .as_array()
        .expect("a list")
        .iter()
        .map(as_seconds)
        .collect()
}

/// The decimal exactly as written, as a number or a text.
fn as_dollars(value: &Json) -> Money {
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    Money::from_decimal(&text).unwrap_or_else(|| panic!("{value} is no price"))
}

fn as_phase(value: &Json) -> Phase {
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
fn billing_rules(input: &Json) -> Billing {
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

fn make_tariff(billing: &Billing, rate: &Json) -> Tariff {
    Tariff::new(Meter::new(billing, ""), &as_dollars(rate))
}

fn multiply(money: &Money, factor: u64) -> Money {
    money.clone() * Rational::from_integer(factor.into())
}

/// `{"usd": "0.048363", "shown": "$0.05"}`.
fn price_to_json(money: &Money) -> Map<String, Json> {
    let mut object = Map::new();
    object.insert("usd".into(), json!(money.to_decimal(9)));
    object.insert("shown".into(), json!(money.to_string()));
    object
}

fn merge(mut object: Map<String, Json>, more: Json) -> Json {
    if let Json::Object(more) = more {
        object.extend(more);
    }
    Json::Object(object)
}

fn micros_to_seconds(micros: u128) -> f64 {
    micros as f64 / 1e6
}

// The topics.

fn billing_case(input: &Json) -> Json {
    let bills: Vec<_> = input["trials"]
        .as_array()
        .expect("trials")
        .iter()
        .map(|trial| {
            make_tariff(&billing_rules(trial), &trial["usd_per_hour"])
                .bill(as_seconds(&trial["run_s"]))
        })
        .collect();
    let total: Money = bills.iter().map(Bill::cost).sum();
    let cents: Money = bills
        .iter()
        .map(|bill| Money::from_decimal(&bill.cost().to_decimal(2)).unwrap())
        .sum();
    let trials: Vec<Json> = bills
        .iter()
        .map(|bill| {
            merge(
                price_to_json(&bill.cost()),
                json!({ "billed_s": bill.billed_seconds }),
            )
        })
        .collect();
    json!({
        "trials": trials,
        "total_usd": total.to_decimal(9),
        "total_shown": total.to_string(),
        "sum_of_rounded_usd": cents.to_decimal(2),
    })
}

fn schedule_case(input: &Json) -> Json {
    let overhead = as_phase(&input["overhead_per_trial_s"]).length;
    let occupied: Vec<Seconds> = as_lengths(&input["run_s"])
        .into_iter()
        .map(|run| run + overhead)
        .collect();
    let sum: Seconds = occupied.iter().copied().sum();
    let longest = occupied.iter().max().copied().unwrap_or(Seconds::ZERO);
    let mut by_p = Map::new();
    for parallel in input["P"].as_array().expect("P") {
        let p = u32::try_from(as_whole(parallel)).unwrap();
        let plan = schedule::simulate(&occupied, p);
        let bounds =
            schedule::makespan_bounds(occupied.len() as u128, sum.as_f64(), longest.as_f64(), p);
        let finish: Vec<f64> = plan
            .finish
            .iter()
            .map(|end| micros_to_seconds(*end))
            .collect();
        let entry = json!({
            "slots": plan.slots,
            "finish_s": finish,
            "makespan_s": micros_to_seconds(plan.makespan),
            "lower_bound_s": bounds.lower,
            "list_upper_bound_s": bounds.upper,
            "longest_first_makespan_s": micros_to_seconds(schedule::longest_first_makespan(&occupied, p)),
        });
        by_p.insert(p.to_string(), entry);
    }
    let occupancy: Vec<f64> = occupied.iter().map(|trial| trial.as_f64()).collect();
    let mut found = json!({ "occupancy_s": occupancy, "by_P": by_p });
    if let Some(reported) = input["reported"].as_array() {
        // Reported costs are added up as they are, not computed from a rate.
        let costs = || reported.iter().map(|row| as_dollars(&row["usd"]));
        let hourly = reported.iter().map(|row| {
            let hours = as_dollars(&row["minutes"]).dollars() / Rational::from_integer(60.into());
            (as_dollars(&row["usd"]) * hours.recip()).to_decimal(2)
        });
        found["implied_usd_per_hour"] = json!(hourly.collect::<Vec<_>>());
        found["reported_total_usd"] = json!(costs().sum::<Money>().to_decimal(2));
    }
    found
}

fn warm_case(input: &Json) -> Json {
    let runs = as_lengths(&input["run_s"]);
    let parallel = u32::try_from(as_whole(&input["P"])).unwrap();
    let pool = Pool {
        parallel,
        boot: as_seconds(&input["boot_s"]),
        machine_setup: as_seconds(&input["machine_setup_s"]),
        trial_setup: as_seconds(&input["per_trial_setup_s"]),
        teardown: as_seconds(&input["teardown_s"]),
    };
    let [boot, setup, teardown] = pool.cold_phases();
    let billing = Billing {
        boot,
        setup,
        teardown,
        ..billing_rules(input)
    };
    let tariff = make_tariff(&billing, &input["usd_per_hour"]);
    let bills: Vec<_> = runs.iter().map(|run| tariff.bill(*run)).collect();
    let billed: Vec<u64> = bills.iter().map(|bill| bill.billed_seconds).collect();
    let cost: Money = bills.iter().map(Bill::cost).sum();
    let occupied: Vec<Seconds> = runs.iter().map(|run| billing.occupied_time(*run)).collect();
    let cold = json!({
        "billed_s": billed,
        "billed_total_s": billed.iter().sum::<u64>(),
        "makespan_s": micros_to_seconds(schedule::makespan(&occupied, parallel)),
    });
    let rounding = tariff.meter().rounding();
    let found = |used: &PoolUsage| {
        let total = used.billed_seconds.iter().sum::<u64>().into();
        let cost = tariff.cost_of_machines(&total) + tariff.cost_of_disks(&total);
        let busy: Vec<f64> = used.busy_time.iter().map(|busy| busy.as_f64()).collect();
        let idle: Vec<f64> = used.idle_time.iter().map(|idle| idle.as_f64()).collect();
        let found = json!({
            "slots": used.schedule.slots,
            "machine_busy_s": busy,
            "billed_s": used.billed_seconds,
            "idle_s": idle,
            "makespan_s": pool.makespan(&used.schedule),
        });
        merge(price_to_json(&cost), found)
    };
    json!({
        "one_machine_per_trial": merge(price_to_json(&cost), cold),
        "warm_release_early": found(&pool.simulate(&runs, Release::Early, rounding)),
        "warm_hold_to_end": found(&pool.simulate(&runs, Release::Together, rounding)),
    })
}

fn spot_case(input: &Json) -> Json {
    let hours = |key: &str| input.get(key).map_or(0.0, as_real) / 3600.0;
    let trial = SpotTrial {
        start_hours: hours("overhead_s"),
        run_hours: hours("run_s"),
        interruptions_per_hour: as_real(&input["interruptions_per_hour"]),
    };
    let trials = input.get("trials").map_or(1, as_whole);
    let spot_rate = as_real(&input["spot_usd_per_hour"]);
    let mut sweep = Map::new();
    let mut expected = |name: &str, expected: SpotExpectation| {
        let cost = Money::from_f64(expected.billed_hours * spot_rate).unwrap();
        sweep.insert(name.into(), json!(multiply(&cost, trials).to_string()));
        let more = json!({
            "expected_billed_s": expected.billed_hours * 3600.0,
            "expected_interruptions": expected.interruptions,
            "expected_wall_s": expected.wall_hours(hours("requeue_wait_s")) * 3600.0,
        });
        merge(price_to_json(&cost), more)
    };
    let restart = expected("spot_restart", trial.expect_with_restarts());
    let every = (hours("checkpoint_every_s"), hours("checkpoint_cost_s"));
    let resume = expected(
        "spot_resume",
        trial.expect_with_checkpoints(every.0, every.1),
    );
    let free = trial.billed_hours_first_hour_free();
    let free_cost = Money::from_f64(free * spot_rate).unwrap();
    let billing = Billing {
        setup: as_phase(&input["overhead_s"]),
        ..billing_rules(&json!({}))
    };
    let on_demand =
        make_tariff(&billing, &input["on_demand_usd_per_hour"]).bill(as_seconds(&input["run_s"]));
    sweep.insert(
        "on_demand".into(),
        json!(multiply(&on_demand.cost(), trials).to_string()),
    );
    let list_rate = as_real(&input["on_demand_usd_per_hour"]);
    json!({
        "on_demand": merge(price_to_json(&on_demand.cost()), json!({ "billed_s": on_demand.billed_seconds })),
        "spot_restart": restart,
        "spot_resume": resume,
        "spot_restart_first_hour_free":
            merge(price_to_json(&free_cost), json!({ "expected_billed_s": free * 3600.0 })),
        "p_no_interruption_restart": trial.no_interruption_probability(),
        "break_even_interruptions_per_hour_restart": trial.break_even_rate(list_rate, spot_rate),
        "young_interval_s": young_interval(trial.interruptions_per_hour, every.1) * 3600.0,
        "sweep_usd": sweep,
    })
}

fn run_time_case(input: &Json, expect: &Json) -> Json {
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

fn pilot_run_seconds(input: &Json) -> f64 {
    let scales = input["exponents"]
        .as_object()
        .expect("exponents")
        .iter()
        .map(|(name, power)| ArgumentScale {
            name: name.clone(),
            pilot_value: as_real(&input["at"][name]),
            exponent: as_real(power),
        });
    let pilot = Pilot {
        run: as_seconds(&input["run_s"]),
        scales: scales.collect(),
    };
    let run = pilot
        .predict(|name| input["predict"][name].as_f64())
        .expect("a run time");
    run.as_f64()
}

fn uncertainty_case(input: &Json) -> Json {
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
