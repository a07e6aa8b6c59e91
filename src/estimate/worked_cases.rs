//! The worked cases of docs/cost-model.md (section 14) as commands, through what page and server call:
//! tests/cost_cases.rs computes them from the parts.

use super::billing::{Disk, Egress, Phase, Rounding};
use super::uncertainty::Noise;
use super::*;
use crate::sweep::{self, Plan, Ranges};
use crate::testing::test;
use serde_json::Value as Json;
use std::sync::Arc;

const CASES: &str = include_str!("../../tests/data/cost_cases.json");

/// Input and expectation of a case.
fn case(id: &str) -> (Json, Json) {
    let file: Json = serde_json::from_str(CASES).unwrap();
    let cases = file["cases"].as_array().unwrap();
    let case = cases.iter().find(|case| case["id"] == id).unwrap();
    (case["input"].clone(), case["expect"].clone())
}

fn number(value: &Json) -> f64 {
    value.as_f64().unwrap_or(0.0)
}

fn money(value: &Json) -> Money {
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    Money::from_decimal(&text).unwrap()
}

fn phase(value: &Json) -> Phase {
    Phase {
        length: Seconds::from_f64(number(value)).unwrap(),
        billed: true,
    }
}

/// The rules of a case's input.
fn billing(input: &Json) -> Billing {
    Billing {
        boot: phase(&input["boot_s"]),
        setup: phase(&input["setup_s"]),
        teardown: phase(&input["teardown_s"]),
        rounding: Some(Rounding {
            minimum: input["min_s"].as_u64().unwrap_or(0),
            increment: input["inc_s"].as_u64().unwrap_or(1),
        }),
        ..Billing::local()
    }
}

/// A price list with a machine `box` at these rates.
fn priced(list: &Json, spot: &Json) -> Catalogue {
    let rate = |value: &Json| match value {
        Json::Null => String::new(),
        value => value.to_string(),
    };
    let text = format!(
        "name,on_demand_usd_per_hour,spot_usd_per_hour\nbox,{},{}\n",
        rate(list),
        rate(spot)
    );
    Catalogue::embedded().with_own(&OwnPrices::parse(&text).unwrap())
}

fn plan(text: &str) -> Arc<Plan> {
    let reading = sweep::read(text, &sweep::Settings::default());
    assert!(!reading.has_errors(), "{text}: {:?}", reading.diagnostics);
    reading.plan
}

/// A plan on `box` of one trial for each run time.
fn plan_of_runs(runs: &Json) -> Arc<Plan> {
    plan(&format!("grid run --instance_type box f.py --t \"{runs}\""))
}

fn run_time(text: &str) -> Option<RunTime> {
    Some(parse_run_time(text).unwrap())
}

fn estimate(plan: &Plan, settings: &EstimateSettings, catalogue: &Catalogue) -> Estimate {
    estimate_plan(plan, &Ranges::full(plan.len()), settings, catalogue)
}

fn assert_near(found: f64, expected: &Json, tolerance: f64) {
    let expected = expected
        .as_f64()
        .unwrap_or_else(|| expected.as_str().unwrap().parse().unwrap());
    assert!(
        (found - expected).abs() <= tolerance + 1e-9,
        "{found} is not {expected}"
    );
}

#[test]
fn s1_billing() {
    let (input, expect) = case("S1");
    let mut total = Money::zero();
    let trials = input["trials"].as_array().unwrap().iter();
    for (trial, expect) in trials.zip(expect["trials"].as_array().unwrap()) {
        let settings = EstimateSettings {
            run_time: run_time("seconds = t"),
            billing: billing(trial),
            ..EstimateSettings::cloud()
        };
        let plan = plan_of_runs(&Json::from(vec![trial["run_s"].clone()]));
        let catalogue = priced(&trial["usd_per_hour"], &Json::Null);
        let cost = estimate(&plan, &settings, &catalogue).total.unwrap();
        assert_eq!(cost.to_decimal(6), expect["usd"].as_str().unwrap());
        assert_eq!(cost.to_string(), expect["shown"].as_str().unwrap());
        let pricer = TrialEstimator::new(&plan, &settings, &catalogue);
        assert_eq!(
            pricer.estimate(&plan.trial(0).unwrap()).cost,
            Some(cost.clone())
        );
        total += cost;
    }
    assert_eq!(total.to_decimal(6), expect["total_usd"].as_str().unwrap());
    assert_eq!(total.to_string(), expect["total_shown"].as_str().unwrap());
}

#[test]
fn s2_schedule() {
    let (input, expect) = case("S2");
    let plan = plan_of_runs(&input["run_s"]);
    for (parallel, expect) in expect["by_P"].as_object().unwrap() {
        let settings = EstimateSettings {
            run_time: run_time("seconds = t"),
            parallel: parallel.parse().ok(),
            ..EstimateSettings::local()
        };
        let wall = estimate(&plan, &settings, Catalogue::embedded())
            .wall_clock
            .unwrap();
        assert_near(wall.seconds.likely, &expect["makespan_s"], 0.0);
        assert_near(wall.bounds.lower, &expect["lower_bound_s"], 0.1);
        assert_near(wall.bounds.upper, &expect["list_upper_bound_s"], 0.1);
        assert_near(
            wall.longest_first.unwrap(),
            &expect["longest_first_makespan_s"],
            0.0,
        );
        let all = Ranges::full(plan.len());
        let rows = compare_parallel(&plan, &all, &settings, Catalogue::embedded());
        let row = rows
            .iter()
            .find(|row| row.parallel.to_string() == *parallel);
        let wall = row.unwrap().wall_seconds.clone();
        assert_near(wall.unwrap().likely, &expect["makespan_s"], 0.0);
    }
}

#[test]
fn s3_one_machine_per_trial() {
    let (input, expect) = case("S3");
    let expect = &expect["one_machine_per_trial"];
    let settings = EstimateSettings {
        run_time: run_time("seconds = t"),
        parallel: Some(3),
        billing: Billing {
            setup: phase(&Json::from(
                number(&input["machine_setup_s"]) + number(&input["per_trial_setup_s"]),
            )),
            disk_per_second: Some(Disk {
                gb: 100,
                usd_per_gb_month: money(&input["disk_usd_per_gb_month"]),
            }),
            ..billing(&input)
        },
        ..EstimateSettings::cloud()
    };
    let catalogue = priced(&input["usd_per_hour"], &Json::Null);
    let found = estimate(&plan_of_runs(&input["run_s"]), &settings, &catalogue);
    let total = found.total.unwrap();
    assert_eq!(total.to_decimal(6), expect["usd"].as_str().unwrap());
    assert_eq!(total.to_string(), expect["shown"].as_str().unwrap());
    assert_near(
        found.wall_seconds.unwrap().likely,
        &expect["makespan_s"],
        0.0,
    );
}

#[test]
fn s4_spot() {
    let (input, expect) = case("S4");
    let settings = EstimateSettings {
        run_time: run_time("4 h"),
        billing: Billing {
            setup: phase(&input["overhead_s"]),
            wait: phase(&input["requeue_wait_s"]).length,
            rounding: Some(Rounding::WHOLE_SECONDS),
            ..Billing::local()
        },
        interruptions_per_hour: input["interruptions_per_hour"].as_f64(),
        ..EstimateSettings::cloud()
    };
    let catalogue = priced(
        &input["on_demand_usd_per_hour"],
        &input["spot_usd_per_hour"],
    );
    let sixteen = plan("grid run --use_spot --instance_type box f.py --n 'range(16)'");
    let sixteen = estimate(&sixteen, &settings, &catalogue);
    let one = plan("grid run --use_spot --instance_type box f.py");
    let found = estimate(&one, &settings, &catalogue);
    let pricer = TrialEstimator::new(&one, &settings, &catalogue);
    let trial = pricer.estimate(&one.trial(0).unwrap()).cost.unwrap();
    let list = found.list.total.clone().unwrap();
    let spot = found.total.clone().unwrap();
    assert_eq!(
        list.to_decimal(6),
        expect["on_demand"]["usd"].as_str().unwrap()
    );
    for (cost, sum, name) in [
        (&list, &sixteen.list.total, "on_demand"),
        (&spot, &sixteen.total, "spot_restart"),
        (&trial, &sixteen.total, "spot_restart"),
    ] {
        assert_near(cost.as_f64(), &expect[name]["usd"], 1e-6);
        assert_eq!(cost.to_string(), expect[name]["shown"].as_str().unwrap());
        assert_eq!(
            sum.as_ref().unwrap().to_string(),
            expect["sweep_usd"][name].as_str().unwrap()
        );
    }
    // The clock has the wait for the first machine too.
    let wait = number(&input["requeue_wait_s"]);
    let wall = found.wall_seconds.unwrap().likely - wait;
    assert_near(wall, &expect["spot_restart"]["expected_wall_s"], 0.1);
    // Three interruptions and more in one run: no saving is quoted.
    let endless = EstimateSettings {
        interruptions_per_hour: Some(0.75),
        ..settings
    };
    let found = estimate(&one, &endless, &catalogue);
    assert_eq!((&found.total, &found.interruptible.total), (&None, &None));
    assert_eq!(found.wall_seconds, None);
    assert_eq!(found.list.total, Some(list));
    assert!(
        found.problems[0].to_string().contains("may never end"),
        "{:?}",
        found.problems
    );
}

#[test]
fn s5_formula() {
    let (input, expect) = case("S5");
    let settings = EstimateSettings {
        run_time: run_time(input["formula"].as_str().unwrap()),
        parallel: Some(4),
        billing: billing(&input),
        ..EstimateSettings::cloud()
    };
    // Grid's list price of the machine is the case's.
    let plan = plan(&format!(
        "grid run --instance_type g4dn.xlarge f.py --batch_size \"{}\" --epochs \"{}\"",
        input["grid"]["batch_size"], input["grid"]["epochs"]
    ));
    let catalogue = Catalogue::embedded();
    let pricer = TrialEstimator::new(&plan, &settings, catalogue);
    for (position, expect) in (0..).zip(expect["trials"].as_array().unwrap()) {
        let trial = plan.trial(position).unwrap();
        assert_eq!(plan.value(&trial, 1).unwrap(), expect["epochs"].to_string());
        let found = pricer.estimate(&trial);
        assert_near(found.seconds.unwrap(), &expect["run_s"], 0.1);
        let cost = found.cost.unwrap();
        assert_eq!(cost.to_decimal(6), expect["usd"].as_str().unwrap());
        assert_eq!(cost.to_string(), expect["shown"].as_str().unwrap());
    }
    let found = estimate(&plan, &settings, catalogue);
    assert_eq!(
        found.total.as_ref().unwrap().to_decimal(6),
        expect["total_usd"].as_str().unwrap()
    );
    assert_eq!(
        found.total.unwrap().to_string(),
        expect["total_shown"].as_str().unwrap()
    );
    assert_near(
        found.wall_seconds.unwrap().likely,
        &expect["makespan_s"],
        0.1,
    );
}

/// The fit on the seed table, as the run time of a plan.
#[test]
fn s5_fit() {
    let (input, expect) = case("S5");
    let (fit, expect) = (&input["fit"], &expect["fit"]);
    let observations = fit["observations"].as_array().unwrap();
    let texts: Vec<String> = observations
        .iter()
        .map(|row| row["batch_size"].to_string())
        .collect();
    let mut trials: Vec<FinishedTrial<'_>> = observations
        .iter()
        .zip(&texts)
        .map(|(row, text)| FinishedTrial {
            arguments: vec![("--batch_size", text), ("--epochs", "3")],
            run: Seconds::from_f64(number(&row["run_s"])),
        })
        .collect();
    // A trial that failed says nothing.
    trials.push(FinishedTrial {
        arguments: vec![("--batch_size", "512"), ("--epochs", "3")],
        run: None,
    });
    let fitted = FittedRunTime::new(&trials).unwrap();
    assert_eq!(fitted.verdict(), Verdict::Good);
    for (value, seconds) in expect["predict_s"].as_object().unwrap() {
        let plan = plan(&format!("grid run f.py --batch_size {value}"));
        let fitted = fitted.for_plan(&plan);
        let widened = fitted != FittedRunTime::new(&trials).unwrap();
        assert_eq!(widened, expect["extrapolates"][value] == true, "{value}");
        let settings = EstimateSettings {
            run_time: Some(RunTime::Fitted(fitted)),
            ..EstimateSettings::local()
        };
        let pricer = TrialEstimator::new(&plan, &settings, Catalogue::embedded());
        let trial = pricer.estimate(&plan.trial(0).unwrap());
        assert_near(trial.seconds.unwrap(), seconds, 0.1);
        let found = estimate(&plan, &settings, Catalogue::embedded());
        let log_sd = number(&expect["loo_rmse"]) * if widened { 1.5 } else { 1.0 };
        let wall = found.wall_seconds.unwrap();
        // Half of the variance is shared, which is what the wall clock has.
        let shared = crate::sweep::math::log(wall.high / wall.likely) / uncertainty::Z_90;
        assert!(
            (shared - log_sd / 2f64.sqrt()).abs() < 1e-4,
            "{shared} {log_sd}"
        );
        let sentence = found
            .assumptions
            .iter()
            .find(|a| a.starts_with("Run times are"))
            .unwrap();
        assert!(
            sentence.starts_with(
                "Run times are fitted from 4 finished trials, leave-one-out error 14 %"
            )
        );
        assert!(
            sentence.ends_with("; 1 that did not run to their end are left out."),
            "{sentence}"
        );
    }
}

/// Categories are levels of a fit, and a level that never ran has no certain time.
#[test]
fn a_fit_reads_texts() {
    let trial = |model: &'static str, run: u64| FinishedTrial {
        arguments: vec![("--model", model)],
        run: Some(Seconds::from_whole(run)),
    };
    let trials = [
        trial("small", 100),
        trial("small", 104),
        trial("small", 98),
        trial("large", 1000),
        trial("large", 1030),
        trial("large", 990),
    ];
    let fitted = FittedRunTime::new(&trials).unwrap();
    assert_eq!(fitted.verdict(), Verdict::Good);
    let plan = plan("grid run f.py --model \"['small', 'large']\"");
    let settings = EstimateSettings {
        run_time: Some(RunTime::Fitted(fitted.for_plan(&plan))),
        ..EstimateSettings::local()
    };
    let pricer = TrialEstimator::new(&plan, &settings, Catalogue::embedded());
    let seconds = |position| {
        pricer
            .estimate(&plan.trial(position).unwrap())
            .seconds
            .unwrap()
    };
    assert!((95.0..115.0).contains(&seconds(0)), "{}", seconds(0));
    assert!((930.0..1040.0).contains(&seconds(1)), "{}", seconds(1));
    let huge = self::plan("grid run f.py --model huge");
    assert_ne!(fitted.for_plan(&huge), fitted);
}

#[test]
fn s6_uncertainty() {
    let (input, expect) = case("S6");
    let egress = &input["egress"];
    let settings = EstimateSettings {
        run_time: run_time("seconds = t"),
        parallel: Some(4),
        noise: Some(Noise {
            shared: number(&input["log_sd_shared"]),
            own: number(&input["log_sd_own"]),
        }),
        billing: Billing {
            boot: phase(&input["overhead_per_trial_s"]),
            egress: Some(Egress {
                gb: money(&egress["gb_per_trial"]).dollars().clone(),
                usd_per_gb: money(&egress["usd_per_gb"]),
            }),
            max_run_time: Seconds::from_f64(number(&input["max_run_s"])),
            ..Billing::local()
        },
        failures: Some(Failures {
            probability: number(&input["failure_probability"]),
            fraction: number(&input["failure_fraction"]),
            retries: 1,
        }),
        ..EstimateSettings::cloud()
    };
    let catalogue = priced(&input["usd_per_hour"], &Json::Null);
    let plan = plan_of_runs(&input["median_run_s"]);
    let found = estimate(&plan, &settings, &catalogue);
    let cost = found.cost.unwrap();
    let mean = found.mean.unwrap();
    for (money, name) in [
        (&cost.low, "low"),
        (&cost.likely, "likely"),
        (&cost.high, "high"),
        (&mean, "mean"),
    ] {
        assert_near(money.as_f64(), &expect["usd_exact"][name], 1e-6);
        assert_eq!(money.to_string(), expect["usd"][name].as_str().unwrap());
    }
    let failures = found.with_failures.unwrap();
    assert_eq!(
        failures.to_string(),
        expect["failures"]["usd"].as_str().unwrap()
    );
    assert_eq!(
        found.ceiling.unwrap().to_string(),
        expect["ceiling_usd"].as_str().unwrap()
    );
    // The case's wall clock knows no limit on the run time.
    let unlimited = EstimateSettings {
        billing: Billing {
            max_run_time: None,
            ..settings.billing.clone()
        },
        ..settings
    };
    let wall = estimate(&plan, &unlimited, &catalogue)
        .wall_seconds
        .unwrap();
    for (seconds, name) in [
        (wall.low, "low"),
        (wall.likely, "likely"),
        (wall.high, "high"),
    ] {
        assert_near(seconds, &expect["wall_s"][name], 0.1);
    }
}
