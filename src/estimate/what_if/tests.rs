use super::super::{estimate_plan, parse_run_time};
use super::*;
use crate::sweep;
use crate::sweep::edit::set_option;
use crate::testing::test;
use std::sync::Arc;

const SWEEP: &str = "grid run --instance_type 1_t4_16gb f.py --epochs '[1, 2, 3, 50]' --b '[1, 2]'";

fn plan(text: &str) -> Arc<Plan> {
    sweep::read(text, &sweep::Settings::default()).plan
}

fn settings(run_time: &str) -> EstimateSettings {
    EstimateSettings {
        run_time: Some(parse_run_time(run_time).unwrap()),
        ..EstimateSettings::cloud()
    }
}

fn compare(text: &str, settings: &EstimateSettings) -> Vec<MachineRow> {
    let plan = plan(text);
    compare_machines(
        &plan,
        &Ranges::full(plan.len()),
        settings,
        Catalogue::embedded(),
    )
}

fn find<'a>(rows: &'a [MachineRow], machine: &str, spot: bool) -> &'a MachineRow {
    let mut rows = rows.iter();
    rows.find(|row| row.machine == machine && row.spot == spot)
        .unwrap()
}

/// Rows are what the estimate gives for the command with that machine in it, whatever the rules.
#[test]
fn a_row_is_the_estimate_of_the_edited_command() {
    let mut with_factors = settings("minutes = 3 * epochs / b");
    with_factors.machine_factors = vec![("g5.xlarge".into(), 0.4), ("p3.2xlarge".into(), 0.25)];
    let mut limited = settings("seconds = 7.3 * epochs");
    limited.billing.max_run_time = Some(super::super::Seconds::from_whole(60));
    let local = EstimateSettings {
        run_time: settings("6 s").run_time,
        ..EstimateSettings::local()
    };
    let interrupted = EstimateSettings {
        interruptions_per_hour: Some(0.3),
        ..settings("minutes = 12 * epochs")
    };
    for settings in [with_factors, limited, local, interrupted] {
        let rows = compare(SWEEP, &settings);
        assert_eq!(rows.len(), 2 * 125);
        // Every third, for time: list prices and interruptible ones of all providers.
        for row in rows.iter().step_by(3) {
            let text = set_option(SWEEP, "--instance_type", Some(&row.machine));
            let text = set_option(&text, "--use_spot", row.spot.then_some(""));
            let plan = plan(&text);
            let settings = EstimateSettings {
                stated_on: Some("g4dn.xlarge".into()),
                ..settings.clone()
            };
            let all = Ranges::full(plan.len());
            let whole = estimate_plan(&plan, &all, &settings, Catalogue::embedded());
            assert_eq!(row.cost.cost, whole.cost, "{text}");
            assert_eq!(row.cost.total, whole.total, "{text}");
            assert_eq!(row.cost.per_trial_hour, whole.per_trial_hour, "{text}");
            assert_eq!(row.wall_seconds, whole.wall_seconds, "{text}");
            assert_eq!(row.rounding_note, whole.rounding_note, "{text}");
        }
    }
}

#[test]
fn an_assumed_run_time_is_marked_by_its_price_alone() {
    let rows = compare(SWEEP, &settings("10 min"));
    let cheapest: Vec<&MachineRow> = rows.iter().filter(|row| row.marks.cheapest).collect();
    assert_eq!(cheapest.len(), 1);
    assert_eq!(Some(cheapest[0]), rows.first());
    assert_eq!(cheapest[0].run_time, MachineRunTime::Assumed);
    assert!(cheapest[0].marks.front && !cheapest[0].marks.fastest);
    // List and interruptible take the same time: the cheaper one is the fastest.
    let own = find(&rows, "g4dn.xlarge", true);
    assert!(own.marks.fastest && own.marks.front && !own.is_requested);
    let list = find(&rows, "g4dn.xlarge", false);
    assert!(list.is_requested && list.marks == Marks::default());
    let marked = rows.iter().filter(|row| row.marks != Marks::default());
    assert_eq!(marked.count(), 2);
    // Without a price there are no marks, and the row stands last.
    let last = rows.last().unwrap();
    assert_eq!((&last.cost.cost, last.marks), (&None, Marks::default()));
}

#[test]
fn factors_make_a_front() {
    let mut settings = settings("1 h");
    settings.machine_factors = vec![
        ("p3.2xlarge".into(), 0.25),
        ("g5.xlarge".into(), 2.0),
        ("8_v100_16gb".into(), f64::NAN),
    ];
    let rows = compare(SWEEP, &settings);
    let fast = find(&rows, "p3.2xlarge", true);
    assert_eq!(fast.run_time, MachineRunTime::Scaled(0.25));
    assert!(fast.marks.fastest && fast.marks.front);
    // Slower and dearer than the command's own machine.
    assert_eq!(find(&rows, "g5.xlarge", false).marks, Marks::default());
    assert!(find(&rows, "g4dn.xlarge", true).marks.front);
    assert_eq!(
        find(&rows, "p3.16xlarge", true).run_time,
        MachineRunTime::Assumed
    );
}

#[test]
fn several_machines_a_cluster_with_a_price_and_no_run_time() {
    let several = "grid run --instance_type g4dn.xlarge f.py
grid run --use_spot f.py";
    let rows = compare(several, &settings("1 h"));
    let unknown = |row: &MachineRow| row.run_time == MachineRunTime::Assumed;
    assert!(rows.iter().all(unknown));
    assert!(rows.iter().all(|row| !row.marks.fastest));
    let priced = EstimateSettings {
        rate_override: Some(super::super::settings::RateOverride::NoPrice),
        ..settings("1 h")
    };
    assert_eq!(compare(several, &priced).len(), 2);
    let rows = compare("grid run f.py", &EstimateSettings::cloud());
    assert!(rows.iter().all(|row| row.marks == Marks::default()));
    let hours: Vec<&Money> = rows
        .iter()
        .filter_map(|row| row.cost.per_trial_hour.as_ref())
        .collect();
    assert!(hours.is_sorted() && hours.len() > 150);
    let unlisted = compare("grid run --instance_type abacus f.py", &settings("1 h"));
    assert_eq!(find(&unlisted, "abacus", false).likely_cost(), None);
}

#[test]
fn more_at_once_takes_less_time() {
    let plan = plan(SWEEP);
    let rows = compare_parallel(
        &plan,
        &Ranges::full(plan.len()),
        &settings("minutes = epochs"),
        Catalogue::embedded(),
    );
    let steps: Vec<u32> = rows.iter().map(|row| row.parallel).collect();
    assert_eq!(steps, [1, 2, 3, 4, 6, 8]);
    let likely = |row: &ParallelRow| row.wall_seconds.as_ref().unwrap().likely;
    let walls: Vec<f64> = rows.iter().map(likely).collect();
    // 2 × (1 + 2 + 3 + 50) minutes and 8 × 130 s.
    assert_eq!(walls.first(), Some(&(112.0 * 60.0 + 8.0 * 130.0)));
    assert_eq!(walls.last(), Some(&(50.0 * 60.0 + 130.0)));
    assert!(walls.is_sorted_by(|a, b| a >= b));
}
