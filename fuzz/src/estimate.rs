//! Estimates of a command with a run time.

use sweep_planner::estimate::{
    Catalogue, Money, Pricer, Settings, Spread, estimate as price, parse_run_time,
};
use sweep_planner::sweep::{self, Ranges, read};

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
    for base in [Settings::cloud(), Settings::local()] {
        let settings = Settings {
            run_time: run_time.clone(),
            parallel,
            ..base
        };
        for chosen in [&whole, &holed] {
            let estimate = price(&plan, chosen, &settings, catalogue);
            assert_eq!(estimate.trials, chosen.len());
            for priced in [&estimate.list, &estimate.interruptible] {
                priced.cost.iter().for_each(ordered);
                priced
                    .total
                    .iter()
                    .chain(&priced.mean)
                    .chain(&priced.per_trial_hour)
                    .for_each(paid);
            }
            estimate.cost.iter().for_each(ordered);
            estimate.total.iter().for_each(paid);
            if let Some(wall) = &estimate.wall_seconds {
                let Spread { low, likely, high } = wall;
                assert!(
                    low >= &0.0 && low <= likely && likely <= high && high.is_finite(),
                    "{wall:?}"
                );
            }
            assert!(estimate.to_json().is_object());
        }
        let pricer = Pricer::new(&plan, &settings, catalogue);
        for position in [0, plan.len().wrapping_sub(1)] {
            if let Some(trial) = plan.trial(position) {
                let one = pricer.trial(&trial);
                one.cost.iter().for_each(paid);
                assert!(
                    one.seconds
                        .is_none_or(|seconds| seconds > 0.0 && seconds.is_finite())
                );
                assert!(one.to_json().is_object());
            }
        }
    }
}

fn ordered(cost: &Spread<Money>) {
    assert!(
        cost.low <= cost.likely && cost.likely <= cost.high,
        "{cost:?}"
    );
    paid(&cost.low);
}

/// An amount is not negative, and not shown as $0.00 where it is above zero.
fn paid(money: &Money) {
    assert!(*money >= Money::zero(), "{money}");
    assert!(money.is_zero() || money.to_string() != "$0.00");
    assert!(money.as_f64() >= 0.0);
    money.compact();
}
