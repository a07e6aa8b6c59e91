//! The topics on money and wall-clock time: billing, schedules, warm machines, spot.

use super::input::{
    as_dollars, as_lengths, as_phase, as_real, as_seconds, as_whole, billing_rules, make_tariff,
    merge, micros_to_seconds, multiply, price_to_json,
};
use serde_json::{Map, Value as Json, json};
use sweep_planner::internals::estimate::billing::Bill;
use sweep_planner::internals::estimate::spot::{SpotExpectation, SpotTrial, young_interval};
use sweep_planner::internals::estimate::warm_pool::{Pool, PoolUsage, Release};
use sweep_planner::internals::estimate::{Billing, Money, Rational, Seconds, schedule};

pub(crate) fn billing_case(input: &Json) -> Json {
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

pub(crate) fn schedule_case(input: &Json) -> Json {
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

pub(crate) fn warm_case(input: &Json) -> Json {
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

pub(crate) fn spot_case(input: &Json) -> Json {
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
