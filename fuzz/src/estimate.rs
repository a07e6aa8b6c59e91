//! Estimates of a command with a run time.

use sweep_planner::internals::estimate::{
    Catalogue, EstimateSettings, Money, Spread, TrialEstimator, estimate_plan, parse_run_time,
};
use sweep_planner::internals::sweep::{self, Ranges, read};

/// `text` is a run time on its first line and a command below it.
pub fn estimate(text: &str) {
    let (first, command) = text.split_once('\n').unwrap_or(("10 minutes", text));
    let plan = read(
        command,
        &sweep::Settings {
            drawn_seed: 7,
            ..sweep::Settings::default()
        },
    )
    .plan;
    let run_time = parse_run_time(first).ok();
    let catalogue = Catalogue::embedded();
    let parallel = u32::try_from(first.len()).ok();
    let whole = Ranges::full(plan.len());
    let mut holed = whole.clone();
    holed.remove_range(plan.len() / 3, plan.len() / 2);
    for base in [EstimateSettings::cloud(), EstimateSettings::local()] {
        let settings = EstimateSettings {
            run_time: run_time.clone(),
            parallel,
            ..base
        };
        for chosen in [&whole, &holed] {
            let estimate = estimate_plan(&plan, chosen, &settings, catalogue);
            assert_eq!(estimate.trials, chosen.len());
            for priced in [&estimate.list, &estimate.interruptible] {
                priced.cost.iter().for_each(check_spread);
                priced
                    .total
                    .iter()
                    .chain(&priced.mean)
                    .chain(&priced.per_trial_hour)
                    .for_each(check_amount);
            }
            estimate.cost.iter().for_each(check_spread);
            estimate.total.iter().for_each(check_amount);
            if let Some(wall) = &estimate.wall_seconds {
                let Spread { low, likely, high } = wall;
                assert!(
                    low >= &0.0 && low <= likely && likely <= high && high.is_finite(),
                    "{wall:?}"
                );
            }
            assert!(estimate.to_json().is_object());
        }
        let estimator = TrialEstimator::new(&plan, &settings, catalogue);
        for position in [0, plan.len().wrapping_sub(1)] {
            if let Some(trial) = plan.trial(position) {
                let one = estimator.estimate(&trial);
                one.cost.iter().for_each(check_amount);
                assert!(
                    one.seconds
                        .is_none_or(|seconds| seconds > 0.0 && seconds.is_finite())
                );
                assert!(one.to_json().is_object());
            }
        }
    }
}

fn check_spread(cost: &Spread<Money>) {
    assert!(
        cost.low <= cost.likely && cost.likely <= cost.high,
        "{cost:?}"
    );
    check_amount(&cost.low);
}

/// An amount is not negative, and not shown as $0.00 where it is above zero.
fn check_amount(money: &Money) {
    assert!(*money >= Money::zero(), "{money}");
    assert!(money.is_zero() || money.to_string() != "$0.00");
    assert!(money.as_f64() >= 0.0);
    money.to_compact();
}
