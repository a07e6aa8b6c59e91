use super::money::Rational;
use super::quote::Basis;
use super::settings::RateOverride;
use super::uncertainty::Noise;
use super::*;
use crate::sweep::{self, Plan, Ranges};
use crate::testing::test;
use num_bigint::BigInt;
use std::sync::Arc;

fn plan(text: &str) -> Arc<Plan> {
    let reading = sweep::read(text, &sweep::Settings::default());
    assert!(!reading.has_errors(), "{text}: {:?}", reading.diagnostics);
    reading.plan
}

fn settings(run_time: &str) -> EstimateSettings {
    EstimateSettings {
        run_time: Some(parse_run_time(run_time).unwrap()),
        ..EstimateSettings::cloud()
    }
}

fn estimate_all(plan: &Plan, settings: &EstimateSettings) -> Estimate {
    estimate_plan(
        plan,
        &Ranges::full(plan.len()),
        settings,
        Catalogue::embedded(),
    )
}

/// The sum of the trials' own costs, one by one.
fn sum_of_trials(plan: &Plan, chosen: &Ranges, settings: &EstimateSettings) -> Option<Money> {
    let pricer = TrialEstimator::new(plan, settings, Catalogue::embedded());
    chosen
        .iter()
        .map(|position| pricer.estimate(&plan.trial(position)?).cost)
        .sum()
}

#[test]
fn a_constant_run_time() {
    let plan = plan("grid run --instance_type g4dn.xlarge file.py --batch_size '[8, 16, 32, 64]'");
    let estimate = estimate_all(&plan, &settings("10 minutes"));
    assert_eq!(estimate.trials, 4);
    // 90 + 30 + 600 + 10 = 730 s at $0.55 per hour, four times.
    assert_eq!(estimate.total.as_ref().unwrap().to_decimal(6), "0.446111");
    assert_eq!(estimate.list.total, estimate.total);
    assert_eq!(
        estimate.interruptible.total.as_ref().unwrap().to_decimal(6),
        "0.137889"
    );
    assert_eq!(
        estimate.per_trial_hour.as_ref().unwrap().to_string(),
        "$0.55"
    );
    assert_eq!(estimate.wall_seconds.as_ref().unwrap().likely, 730.0);
    let cost = estimate.cost.as_ref().unwrap();
    assert!(cost.low < cost.likely && cost.likely < cost.high);
    assert!(estimate.mean.as_ref().unwrap() > &cost.likely);
    assert!(estimate.problems.is_empty());
    let lines = estimate.bill_lines.as_ref().unwrap();
    assert_eq!(lines.total(), estimate.total.clone().unwrap());
    assert_eq!(lines.script.to_decimal(6), "0.366667");
    assert_eq!(lines.overhead.to_decimal(6), "0.079444");
}

#[test]
fn low_likely_and_high_are_those_of_section_8() {
    let plan = plan("grid run --instance_type g4dn.xlarge f.py --a '[1, 2, 3, 4]'");
    let estimate = estimate_all(&plan, &settings("10 minutes"));
    let (n, run, overhead, rate) = (4.0, 600.0, 130.0, 0.55);
    let run_total = uncertainty::sum_distribution(n * run, n * run * run, Noise::TYPED);
    let dollars = |q: f64| (n * overhead + q) / 3600.0 * rate;
    let cost = estimate.cost.unwrap();
    for (money, q) in [
        (cost.low, run_total.spread.low),
        (cost.likely, run_total.spread.likely),
        (cost.high, run_total.spread.high),
        (estimate.mean.unwrap(), run_total.mean),
    ] {
        assert!((money.as_f64() - dollars(q)).abs() < 1e-8);
    }
    let wall = estimate.wall_seconds.unwrap();
    assert!(
        (wall.low - (130.0 + 600.0 * crate::sweep::math::exp(-0.3 * uncertainty::Z_90))).abs()
            < 1e-5
    );
    assert!(
        (wall.high - (130.0 + 600.0 * crate::sweep::math::exp(0.3 * uncertainty::Z_90))).abs()
            < 1e-5
    );
}

#[test]
fn cost_does_not_depend_on_parallelism_and_wall_clock_does() {
    let plan = plan("grid run f.py --epochs '[1, 2, 3, 4, 5, 6, 7]'");
    let at = |parallel| {
        estimate_all(
            &plan,
            &EstimateSettings {
                parallel: Some(parallel),
                ..settings("minutes = 10 * epochs")
            },
        )
    };
    let (one, seven) = (at(1), at(7));
    assert_eq!(one.total, seven.total);
    assert_eq!(one.cost, seven.cost);
    assert_eq!(one.wall_seconds.unwrap().likely, 7.0 * 130.0 + 28.0 * 600.0);
    assert_eq!(seven.wall_seconds.unwrap().likely, 130.0 + 7.0 * 600.0);
    let wall = at(4).wall_clock.unwrap();
    assert!(wall.exact && wall.longest_first.unwrap() < wall.seconds.likely);
    assert!(wall.bounds.lower <= wall.seconds.likely && wall.seconds.likely <= wall.bounds.upper);
    assert_eq!(wall.useful_slots, Some(7));
}

#[test]
fn prices_without_listing() {
    let text = "grid run --instance_type g4dn.xlarge f.py --a 'range(0, 1000000000)' \
                --b 'range(0, 1000000000)'";
    let plan = plan(text);
    assert_eq!(plan.len(), 1_000_000_000_000_000_000);
    let estimate = estimate_all(&plan, &settings("10 minutes"));
    assert_eq!(
        estimate.total.unwrap().to_string(),
        "$111,527,777,777,777,777.78"
    );
    assert_eq!(estimate.wall_seconds.unwrap().likely, 730.0 * 2.5e17);
    let json = estimate_all(&plan, &settings("10 minutes")).to_json();
    assert_eq!(json["trials"], "1000000000000000000");
    // Without a run time there is a price per hour and no total.
    let bare = estimate_all(&plan, &EstimateSettings::cloud());
    assert_eq!(
        (bare.cost, bare.total, bare.wall_seconds),
        (None, None, None)
    );
    assert_eq!(bare.per_trial_hour.unwrap().to_string(), "$0.55");
    assert!(
        bare.assumptions
            .iter()
            .any(|a| a.contains("No run time is given"))
    );
}

/// A stretch of the sample is a multiple of the first axis here: evenly spaced trials would all
/// have the same `a`.
#[test]
fn a_sample_sees_every_axis() {
    let text = "grid run --instance_type g4dn.xlarge f.py --a 'range(0, 1000)' \
                --b 'range(0, 1000000)'";
    let plan = plan(text);
    let estimate = estimate_all(&plan, &settings("seconds = a ^ 2 + b"));
    // Mean of a² is 332,833.5 and of b 499,999.5.
    let expected = (130.0 + 332_833.5 + 499_999.5) * 1e9 / 3600.0 * 0.55;
    assert!(estimate.problems.len() == 1, "a = b = 0 is no run time");
    let estimate = estimate_all(&plan, &settings("seconds = a ^ 2 + b + 1e-3"));
    let total = estimate.total.unwrap().as_f64();
    assert!((total / expected - 1.0).abs() < 0.01, "{total} {expected}");
}

/// 10^18 trials, of which a formula reads one axis: exact, and still so with some taken out.
#[test]
fn a_formula_over_few_axes_is_exact_at_any_size() {
    let text = "grid run --instance_type g4dn.xlarge f.py --epochs '[1, 2, 3]' \
                --a 'range(0, 1000000000)' --b 'range(0, 1000000000)'";
    let plan = plan(text);
    let settings = settings("minutes = 10 * epochs");
    let estimate = estimate_all(&plan, &settings);
    // 3 × 130 s + 60 × 60 s for every three trials, in whole seconds.
    let billed = BigInt::from(3990) * BigInt::from(10u128.pow(18));
    let expected = Money::from_decimal("0.55").unwrap() * Rational::new(billed, 3600.into());
    assert_eq!(estimate.total, Some(expected.clone()));
    assert!(!estimate.wall_clock.as_ref().unwrap().exact);
    assert!(
        estimate
            .assumptions
            .iter()
            .any(|a| a.contains("the 3 combinations of values"))
    );

    let mut chosen = Ranges::full(plan.len());
    chosen.remove(0);
    chosen.remove(5);
    chosen.remove_range(1_000_000, 1_000_009);
    let fewer = super::estimate_plan(&plan, &chosen, &settings, Catalogue::embedded());
    let removed: Ranges = "0,5,1000000-1000009".parse().unwrap();
    let off = sum_of_trials(&plan, &removed, &settings).unwrap();
    assert_eq!(fewer.total, Some(expected - off));
    assert_eq!(fewer.trials, plan.len() - 12);
}

#[test]
fn a_formula_over_large_axes_is_sampled_and_says_so() {
    let text = "grid run --instance_type g4dn.xlarge f.py --a 'range(1, 1000001)' \
                --b 'range(1, 1001)'";
    let plan = plan(text);
    let settings = settings("seconds = a / 1000 + b");
    let estimate = estimate_all(&plan, &settings);
    // Mean of a / 1000 is 500.0005 and of b 500.5; rounding up adds about half a second.
    let mean_billed = 130.0 + 500.0 + 500.5 + 0.5;
    let expected = mean_billed * 1e9 / 3600.0 * 0.55;
    let total = estimate.total.clone().unwrap().as_f64();
    assert!((total / expected - 1.0).abs() < 0.01, "{total} {expected}");
    assert!(
        estimate
            .assumptions
            .iter()
            .any(|a| a.contains("10,000 of them, evenly spread"))
    );
    // The same again: nothing in it is random.
    assert_eq!(estimate_all(&plan, &settings), estimate);
}

#[test]
fn every_way_of_counting_agrees_with_the_trials_one_by_one() {
    let texts = [
        "grid run f.py --a '[1, 2, 3]' --b '[0.5, 1, 2, 4]' --c 'x' --d '[7, 8]'",
        "grid run --strategy random_search --num_trials 9 --seed 3 f.py --a 'range(1, 7)' --b \
         '[1, 2, 3, 4]'",
        "grid run f.py --a 3 --b '[1, 2]'\ngrid run --use_spot --instance_type g5.xlarge f.py \
         --a '[1, 2]' --b 5\ngrid run --instance_type p3.2xlarge f.py --b 0.25 --a '[9, 10, 11]'",
    ];
    let selections = ["0-1000", "0", "1,3-4", "0-2,5", "7-9,11", "1000-2000", ""];
    let formulas = [
        "90 s",
        "minutes = a",
        "seconds = 100.7 * a / b",
        "hours = log(a + 1) ^ b",
    ];
    for (text, formula) in texts
        .iter()
        .flat_map(|t| formulas.iter().map(move |f| (t, f)))
    {
        let plan = plan(text);
        for selection in selections {
            let chosen: Ranges = selection.parse().unwrap();
            let settings = settings(formula);
            let estimate = super::estimate_plan(&plan, &chosen, &settings, Catalogue::embedded());
            let clipped = chosen.clip(plan.len());
            assert_eq!(estimate.trials, clipped.len());
            let sum = sum_of_trials(&plan, &clipped, &settings);
            assert_eq!(estimate.total, sum, "{text} {formula} {selection}");
        }
    }
}

#[test]
fn machines_of_several_commands() {
    let plan = plan(
        "grid run --instance_type g4dn.xlarge f.py\ngrid run --use_spot f.py\n\
         grid run --instance_type g4dn.xlarge f.py --a '[1, 2]'",
    );
    let estimate = estimate_all(&plan, &settings("1h"));
    let uses: Vec<(String, u128, bool)> = estimate
        .machines
        .iter()
        .map(|machine| {
            (
                machine.requested_quote().name().to_owned(),
                machine.trials,
                machine.spot,
            )
        })
        .collect();
    assert_eq!(
        uses,
        [
            ("g4dn.xlarge".into(), 3, false),
            ("m5a.large".into(), 1, true)
        ]
    );
    assert_eq!(estimate.per_trial_hour, None);
    // 3,730 s each, at 0.55, 0.55, 0.55 and 0.0344 per hour.
    assert_eq!(estimate.total.unwrap().to_decimal(6), "1.745226");
    let only: Ranges = "1".parse().unwrap();
    let spot = super::estimate_plan(&plan, &only, &settings("1h"), Catalogue::embedded());
    assert_eq!(spot.per_trial_hour.unwrap().to_rate(), "0.0344");
    assert_eq!(spot.machines.len(), 1);
}

#[test]
fn an_unknown_price_is_unknown() {
    let plan = plan("grid run --instance_type g4dn.xlage f.py --a '[1, 2]'");
    let estimate = estimate_all(&plan, &settings("1h"));
    assert_eq!(
        (estimate.cost, estimate.total, estimate.mean),
        (None, None, None)
    );
    assert_eq!(estimate.per_trial_hour, None);
    assert_eq!(estimate.wall_seconds.unwrap().likely, 3730.0);
    assert_eq!(
        estimate
            .problems
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        ["g4dn.xlage: list price unknown; did you mean g4dn.xlarge?"]
    );
    let trial = plan.trial(0).unwrap();
    let one = TrialEstimator::new(&plan, &settings("1h"), Catalogue::embedded()).estimate(&trial);
    assert_eq!(
        one.to_json().to_string(),
        r#"{"cost_usd":null,"seconds":3600.0}"#
    );
}

#[test]
fn a_trial_without_a_run_time_leaves_a_partial_total() {
    let plan = plan("grid run f.py --epochs '[1, 2, \"many\", 0]'");
    let estimate = estimate_all(&plan, &settings("minutes = epochs"));
    assert_eq!((&estimate.cost, &estimate.wall_seconds), (&None, &None));
    assert!(estimate.per_trial_hour.is_some());
    let partial = estimate.partial.as_ref().unwrap();
    let good: Ranges = "0-1".parse().unwrap();
    let alone = super::estimate_plan(
        &plan,
        &good,
        &settings("minutes = epochs"),
        Catalogue::embedded(),
    );
    assert_eq!(partial.trials, 2);
    assert_eq!(Some(&partial.cost), alone.cost.as_ref());
    assert_eq!(Some(&partial.total), alone.total.as_ref());
    assert_eq!(alone.partial, None);
    // 190 and 250 s at $0.086 an hour.
    assert!(
        estimate
            .describe_cost()
            .starts_with("2 of 4 trials: $0.011 ($0.0"),
        "{}",
        estimate.describe_cost()
    );
    let json = estimate.to_json();
    assert_eq!(
        (&json["trials"], &json["priced_trials"], &json["sum_usd"]),
        (&4.into(), &2.into(), &"0.010511".into())
    );
    assert!(json["cost_usd"]["likely"].is_f64() && json["wall_seconds"].is_null());
    assert_eq!(
        estimate
            .problems
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        ["trial 3 (and 1 more) has no run time: `epochs` is not a number in this trial"]
    );
    let pricer = TrialEstimator::new(&plan, &settings("minutes = epochs"), Catalogue::embedded())
        .estimate(&plan.trial(3).unwrap());
    assert_eq!(
        pricer.error.unwrap().to_string(),
        "the result is 0 seconds, not above zero"
    );
    // Only the good ones chosen: all is known.
    let good: Ranges = "0-1".parse().unwrap();
    let some = super::estimate_plan(
        &plan,
        &good,
        &settings("minutes = epochs"),
        Catalogue::embedded(),
    );
    assert!(some.cost.is_some() && some.problems.is_empty());
    // A name that no trial has, in a plan too large to list.
    let huge = self::plan("grid run f.py --a 'range(0, 1000000000)' --b 'range(0, 1000000000)'");
    let missing = estimate_all(&huge, &settings("minutes = layers"));
    assert_eq!(
        missing.problems[0].to_string(),
        "trial 1 (and 999,999,999,999,999,999 more) has no run time: this trial has no argument \
         `layers`"
    );
}

#[test]
fn rates_set_by_hand_and_local_clusters() {
    let plan = plan("grid run f.py --a '[1, 2]'");
    let typed = EstimateSettings {
        rate_override: Some(RateOverride::PerHour(Money::from_decimal("3.6").unwrap())),
        ..settings("870 s")
    };
    let estimate = estimate_all(&plan, &typed);
    assert_eq!(estimate.total.unwrap().to_string(), "$2.00");
    assert_eq!(estimate.machines[0].list.basis, Basis::Typed);
    let local = EstimateSettings {
        run_time: typed.run_time.clone(),
        ..EstimateSettings::local()
    };
    let estimate = estimate_all(&plan, &local);
    // 870 s of m5a.large each, no boot.
    assert_eq!(estimate.total.as_ref().unwrap().to_decimal(6), "0.041567");
    assert_eq!(estimate.wall_seconds.unwrap().likely, 870.0);
    assert!(
        estimate
            .assumptions
            .iter()
            .any(|a| a.starts_with("Priced as if on m5a.large"))
    );
    let free = EstimateSettings {
        rate_override: Some(RateOverride::NoPrice),
        ..typed
    };
    let estimate = estimate_all(&plan, &free);
    assert_eq!((estimate.total, estimate.per_trial_hour), (None, None));
    // No gap of the price list: the cluster is without a price on purpose.
    assert!(estimate.problems.is_empty());
}

#[test]
fn a_cluster_s_own_price_is_every_machine_s_and_is_named() {
    let plan = plan("grid run --use_spot f.py --a '[1, 2]'");
    let price = |rate: Option<&str>| crate::api::ClusterPrice {
        hourly_rate: rate.map(str::to_owned),
        minimum_seconds: 60,
        increment_seconds: 10,
    };
    let local = EstimateSettings {
        run_time: settings("61 s").run_time,
        ..EstimateSettings::local()
    };
    let own = local.clone().with_cluster_price(&price(Some("36")));
    let estimate = estimate_all(&plan, &own);
    // Two trials of 61 s, billed as 70.
    assert_eq!(estimate.total.unwrap().to_string(), "$1.40");
    let used = &estimate.machines[0];
    assert_eq!(
        (used.list.basis, used.interruptible.basis),
        (Basis::Cluster, Basis::Cluster)
    );
    assert_eq!(
        used.list.to_string(),
        "m5a.large: $36.00 per hour, the cluster's own price"
    );
    assert_eq!(
        estimate.assumptions[0],
        "Every trial costs $36.00 per hour, the cluster's own price, whatever machine its command \
         names."
    );
    let other_rate = |text: &String| text.contains("Priced as if") || text.contains("list price");
    assert!(
        !estimate.assumptions.iter().any(other_rate),
        "{:?}",
        estimate.assumptions
    );
    assert!(
        estimate
            .assumptions
            .iter()
            .any(|a| a.contains("multiples of 10 s, at least 60 s"))
    );
    // Neither a cluster without a price nor one whose rate cannot be read falls back on the list.
    for unknown in [None, Some("cheap"), Some("-1")] {
        let settings = local.clone().with_cluster_price(&price(unknown));
        let estimate = estimate_all(&plan, &settings);
        assert_eq!(
            (estimate.total, estimate.per_trial_hour),
            (None, None),
            "{unknown:?}"
        );
    }
}

#[test]
fn nothing_chosen_and_nothing_planned() {
    for plan in [
        plan("grid run f.py --a '[1, 2]'"),
        Arc::new(Plan::default()),
    ] {
        let estimate = super::estimate_plan(
            &plan,
            &Ranges::empty(),
            &settings("1h"),
            Catalogue::embedded(),
        );
        assert_eq!(estimate.trials, 0);
        assert_eq!(estimate.wall_seconds, None);
        assert!(estimate.problems.is_empty());
    }
}

/// A machine without a price among others: their total, and what it leaves out.
#[test]
fn an_unknown_price_among_others_leaves_a_partial_total() {
    let plan = plan(
        "grid run --instance_type g4dn.xlarge f.py --a '[1, 2]'\ngrid run --instance_type abacus f.py",
    );
    let estimate = estimate_all(&plan, &settings("870 s"));
    assert_eq!((&estimate.cost, &estimate.total), (&None, &None));
    let partial = estimate.partial.as_ref().unwrap();
    assert_eq!(
        (partial.trials, partial.total.to_decimal(6)),
        (2, "0.305556".into())
    );
    assert!(estimate.describe_cost().starts_with("2 of 3 trials: $0.3"));
    assert_eq!(estimate.problems.len(), 1);
    assert_eq!(
        estimate_all(&plan, &EstimateSettings::cloud()).describe_cost(),
        "unknown"
    );
}

/// Six seconds are billed as the provider's minimum of sixty.
#[test]
fn rounding_is_said_where_it_is_more_than_a_tenth() {
    let plan = plan("grid run f.py --a '[1, 2]'");
    let local = |seconds: &str| EstimateSettings {
        run_time: settings(seconds).run_time,
        ..EstimateSettings::local()
    };
    let short = estimate_all(&plan, &local("6 s"));
    assert_eq!(
        short.rounding_note.as_deref(),
        Some("90 % of it is rounding: billed by whole seconds, at least 60 s a trial")
    );
    assert_eq!(
        short.to_json()["rounding"],
        short.rounding_note.clone().unwrap()
    );
    assert!(
        short.describe_cost().starts_with("$0.002"),
        "{}",
        short.describe_cost()
    );
    // However short the scripts are, two minutes at $0.086 an hour are billed.
    let cost = short.cost.as_ref().unwrap();
    assert_eq!(Some(&cost.low), short.total.as_ref());
    assert_eq!(cost.low.to_decimal(6), "0.002867");
    // 54 of 60 seconds: a tenth and no more.
    assert_eq!(estimate_all(&plan, &local("54 s")).rounding_note, None);
    assert!(
        estimate_all(&plan, &local("53.9 s"))
            .rounding_note
            .is_some()
    );
    assert_eq!(
        estimate_all(&plan, &EstimateSettings::local()).rounding_note,
        None
    );
}

#[test]
fn a_time_limit_is_a_ceiling() {
    let plan = plan(
        "grid run --instance_type g4dn.xlarge f.py --n '[1, 2]'\n\
         grid run --instance_type p3.2xlarge f.py",
    );
    let mut limited = settings("minutes = n");
    limited.billing.max_run_time = Some(Seconds::from_whole(3470));
    // An hour each, whatever the run time, which the third trial has not: 2 × $0.55 + $3.21.
    let estimate = estimate_all(&plan, &limited);
    assert_eq!(estimate.ceiling.unwrap().to_string(), "$4.31");
    assert_eq!(estimate.cost, None);
    assert_eq!(estimate_all(&plan, &settings("1 h")).ceiling, None);
}

#[test]
fn old_prices_say_so() {
    let plan = plan("grid run f.py");
    let on = |day: i64| EstimateSettings {
        today: Some(Date::from_unix_seconds(day * 86_400)),
        ..EstimateSettings::cloud()
    };
    // 2026-07-20 is day 20,654.
    let sentence =
        |settings: &EstimateSettings| estimate_all(&plan, settings).assumptions[0].clone();
    assert_eq!(
        sentence(&on(20_654 + 91)),
        "m5a.large: $0.086 per hour, AWS list price as of 2026-07-20 in us-east-1 (Grid published no \
         rate for it), more than 90 days ago."
    );
    for settings in [on(20_654 + 90), EstimateSettings::cloud()] {
        assert!(sentence(&settings).ends_with("rate for it)."));
    }
}

#[test]
fn the_run_time_of_another_machine() {
    let plan = plan("grid run --instance_type g5.xlarge f.py");
    let stated = |factors: &[(&str, f64)]| EstimateSettings {
        stated_on: Some("1_t4_16gb".into()),
        machine_factors: factors
            .iter()
            .map(|(name, by)| ((*name).to_owned(), *by))
            .collect(),
        ..settings("1000 s")
    };
    let scaled = estimate_all(&plan, &stated(&[("p3.2xlarge", 0.1), ("G5.xlarge", 0.5)]));
    assert_eq!(scaled.wall_seconds.as_ref().unwrap().likely, 630.0);
    // 630 s at $1.006 an hour.
    assert_eq!(scaled.total.as_ref().unwrap().to_decimal(6), "0.176050");
    let pricer_settings = stated(&[("g5.xlarge", 0.5)]);
    let pricer = TrialEstimator::new(&plan, &pricer_settings, Catalogue::embedded());
    let trial = pricer.estimate(&plan.trial(0).unwrap());
    assert_eq!((trial.seconds, trial.cost), (Some(500.0), scaled.total));
    let says =
        |estimate: &Estimate, text: &str| estimate.assumptions.iter().any(|a| a.contains(text));
    assert!(says(
        &estimate_all(&plan, &stated(&[])),
        "the same is assumed on g5.xlarge"
    ));
    assert!(says(
        &estimate_all(&plan, &pricer_settings),
        "0.5 times as long as on 1_t4_16gb"
    ));
}

#[test]
fn a_range_is_the_spread() {
    let plan = plan("grid run f.py");
    let estimate = estimate_all(
        &plan,
        &EstimateSettings {
            billing: Billing::local(),
            ..settings("5 to 20 minutes")
        },
    );
    let wall = estimate.wall_seconds.unwrap();
    assert_eq!(wall.likely, 600.0);
    let cost = estimate.cost.unwrap();
    let rate = 0.086 / 3600.0;
    for (money, seconds) in [(cost.low, 300.0), (cost.likely, 600.0), (cost.high, 1200.0)] {
        assert!((money.as_f64() - seconds * rate).abs() < 1e-8, "{money}");
    }
}

#[test]
fn json_of_a_total() {
    let plan = plan("grid run --instance_type g4dn.xlarge f.py --a '[1, 2]'");
    let json = estimate_all(&plan, &settings("1h")).to_json();
    assert_eq!(json["trials"], 2);
    assert_eq!(json["sum_usd"], "1.139722");
    assert_eq!(json["wall_seconds"]["likely"], 3730.0);
    let likely = json["cost_usd"]["likely"].as_f64().unwrap();
    assert!((1.139722..1.15).contains(&likely));
    assert!(json["assumptions"].as_array().unwrap().len() > 5);
    let bare = estimate_all(&plan, &EstimateSettings::cloud()).to_json();
    assert!(bare["cost_usd"].is_null() && bare["wall_seconds"].is_null());
}

#[test]
fn trials_that_share_too_few_cores_are_said_so() {
    let sentence = |text: &str, cores, threads, parallel| {
        let settings = EstimateSettings {
            cores,
            threads,
            parallel: Some(parallel),
            ..EstimateSettings::local()
        };
        let estimate = estimate_all(&plan(text), &settings);
        let found = estimate
            .assumptions
            .iter()
            .find(|line| line.contains("share"));
        found.filter(|line| line.contains("core")).cloned()
    };
    let four = "grid run f.py --x '[1, 2, 3, 4]'";
    let shared = "4 trials at once with 1 thread each share 2 cores: a run time of one alone is too short \
                  for them.";
    assert_eq!(sentence(four, Some(2), None, 4).as_deref(), Some(shared));
    // Only four trials are there to run at once.
    assert_eq!(sentence(four, Some(2), Some(1), 9).as_deref(), Some(shared));
    assert_eq!(sentence(four, Some(4), Some(1), 9), None);
    assert_eq!(sentence(four, Some(1), Some(2), 1), None, "one alone");
    assert_eq!(sentence(four, None, Some(2), 4), None, "not known");
    let asking = "grid run --cpus 2 f.py --x '[1, 2, 3, 4]'";
    let shared = "3 trials at once with 2 threads each share 4 cores: a run time of one alone is too short \
                  for them.";
    assert_eq!(
        sentence(asking, Some(4), Some(1), 3).as_deref(),
        Some(shared)
    );
}

#[test]
fn old_prices_are_named_beside_the_cost() {
    let note = |text: &str, today: &str, own: &str| {
        let own = OwnPrices::parse(&format!("name,on_demand_usd_per_hour,as_of\n{own}\n")).unwrap();
        let catalogue = Catalogue::embedded().with_own(&own);
        let (plan, (today, _)) = (plan(text), Date::parse_span(today).unwrap());
        let all = Ranges::full(plan.len());
        estimate_plan(&plan, &all, &settings("1 h"), &catalogue).describe_old_prices(today)
    };
    let text = "grid run --instance_type lab f.py";
    let old = "price of 2026-08-29, more than 90 days ago";
    assert_eq!(
        note(text, "2026-11-28", "lab,1,2026-08-29").as_deref(),
        Some(old)
    );
    assert_eq!(note(text, "2026-11-28", "lab,1,2026-08-30"), None);
    assert_eq!(
        note(text, "2026-11-28", "lab,1,").as_deref(),
        Some("price without a date")
    );
    let unclear = "price of 2026-08, perhaps more than 90 days ago";
    assert_eq!(
        note(text, "2026-11-28", "lab,1,2026-08").as_deref(),
        Some(unclear)
    );
    // A machine without a price has none that is old.
    assert_eq!(
        note(
            "grid run --instance_type none f.py",
            "2026-11-28",
            "lab,1,2020"
        ),
        None
    );
    let both = "grid run --instance_type lab f.py\ngrid run --instance_type g4dn.xlarge f.py";
    let grid = format!("{old}; price of 2022-06-10, more than 90 days ago");
    assert_eq!(
        note(both, "2026-11-28", "lab,1,2026-08-29").as_deref(),
        Some(grid.as_str())
    );
}
