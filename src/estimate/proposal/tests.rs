use super::super::{estimate_plan, parse_run_time};
use super::*;
use crate::testing::test;

fn reading(text: &str) -> (Arc<Plan>, sweep::Settings) {
    let settings = sweep::Settings {
        drawn_seed: 11,
        ..sweep::Settings::default()
    };
    (sweep::read(text, &settings).plan, settings)
}

fn settings(run_time: &str) -> EstimateSettings {
    EstimateSettings {
        run_time: Some(parse_run_time(run_time).unwrap()),
        ..EstimateSettings::cloud()
    }
}

fn bounds(budget: &str, deadline: u64) -> Bounds {
    Bounds {
        budget: Money::from_decimal(budget),
        deadline: (deadline > 0).then(|| Seconds::from_whole(deadline)),
    }
}

fn propose_for(
    text: &str,
    settings: &EstimateSettings,
    bounds: &Bounds,
) -> Result<Proposal, NoProposal> {
    let (plan, reading) = reading(text);
    propose(&plan, &reading, settings, Catalogue::embedded(), bounds)
}

const SWEEP: &str =
    "grid run --instance_type g4dn.xlarge f.py --epochs 'range(1, 21)' --b '[1, 2, 4]'";

/// The commands, read again with any seed drawn, are what was estimated; one trial more does not fit.
#[test]
fn the_subset_is_the_largest() {
    let several = "grid run --instance_type g4dn.xlarge f.py --epochs 'range(1, 31)'\n\
                   grid run --use_spot --seed 4 f.py --epochs 5 --lr 'uniform(0, 1, 10)'\n\
                   grid run --strategy random_search --num_trials 7 f.py --epochs 'range(1, 100)'";
    let mut reduced = 0;
    for text in [SWEEP, several] {
        for run_time in ["10 minutes", "minutes = 3 * epochs"] {
            for bounds in [
                bounds("2", 0),
                bounds("5.5", 0),
                bounds("", 7200),
                bounds("3", 9000),
            ] {
                let settings = settings(run_time);
                let (plan, reading) = reading(text);
                let found = propose(&plan, &reading, &settings, Catalogue::embedded(), &bounds);
                let found = found.unwrap();
                assert!(
                    bounds.allow(&found.estimate),
                    "{text} {run_time} {bounds:?}"
                );
                reduced += u32::from(found.left_out > 0);
                assert!(
                    found
                        .commands
                        .iter()
                        .all(|line| line.starts_with("grid run "))
                );
                if found.left_out == 0 {
                    continue;
                }
                let again = sweep::read(&found.commands.join("\n"), &sweep::Settings::default());
                assert!(!again.has_errors());
                assert_eq!(again.plan.len() + found.left_out, plan.len());
                let all = Ranges::full(again.plan.len());
                let estimate = estimate_plan(&again.plan, &all, &settings, Catalogue::embedded());
                assert_eq!(estimate, found.estimate, "{text} {run_time} {bounds:?}");
                let planner = Planner {
                    plan: &plan,
                    reading: &reading,
                    settings: &settings,
                    catalogue: Catalogue::embedded(),
                };
                let kept = u64::try_from(again.plan.len()).unwrap();
                let mut pace = Pace::unbroken();
                let more = planner.estimate_subset(kept + 1, &mut pace);
                let more = run_unbroken(more).map(|subset| subset.estimate);
                assert!(more.is_none_or(|more| !bounds.allow(&more)));
            }
        }
    }
    assert!(reduced >= 12, "{reduced}");
}

#[test]
fn words_and_other_ways() {
    // 730 s at $0.55 an hour: 11.1 cents each, and a little more at the median of the sum.
    let found = propose_for(SWEEP, &settings("10 minutes"), &bounds("2", 0)).unwrap();
    assert_eq!((found.estimate.trials, found.left_out), (17, 43));
    assert_eq!(
        found.commands,
        [
            "grid run --instance_type g4dn.xlarge --strategy random_search --num_trials 17 --seed 11 \
          f.py --epochs \"range(1, 21)\" --b \"[1, 2, 4]\""
        ]
    );
    let sentences = found.sentences();
    assert_eq!(
        sentences[0],
        "left out: 43 of 60 trials; 17 fit, drawn at random with seed 11"
    );
    assert!(
        sentences[1].starts_with("cost: likely $1.9"),
        "{sentences:?}"
    );
    // No interruptible T4 is cheap enough for all 60; a small machine is, if it is as fast.
    let [Alternative::Machine { row, commands }] = found.alternatives.as_slice() else {
        panic!("{:?}", found.alternatives);
    };
    assert!(!row.run_time.is_known() && commands[0].contains(&row.machine));
    assert!(
        sentences
            .last()
            .unwrap()
            .ends_with("; same run time assumed")
    );

    let spot = propose_for(SWEEP, &settings("10 minutes"), &bounds("3", 0)).unwrap();
    let Some(Alternative::Machine { row, commands }) = spot.alternatives.first() else {
        panic!("{:?}", spot.alternatives);
    };
    assert!(row.run_time.is_known() && row.spot);
    assert!(commands[0].starts_with("grid run --instance_type g4dn.xlarge --use_spot f.py "));

    let fits = propose_for(SWEEP, &settings("10 minutes"), &bounds("100", 0)).unwrap();
    assert_eq!(
        (fits.left_out, fits.seed, fits.commands.len()),
        (0, None, 1)
    );
    assert_eq!(
        fits.sentences()[0],
        "nothing is left out: all 60 trials fit"
    );
}

#[test]
fn a_deadline_is_met_by_fewer_trials_or_by_more_at_once() {
    // 60 trials of 730 s, four at once: 15 rounds, 10,950 s.
    let found = propose_for(SWEEP, &settings("10 minutes"), &bounds("", 7300)).unwrap();
    assert_eq!(found.estimate.trials, 40);
    assert_eq!(found.estimate.wall_seconds.as_ref().unwrap().likely, 7300.0);
    let Some(Alternative::Parallel(row)) = found.alternatives.last() else {
        panic!("{:?}", found.alternatives);
    };
    // Ten rounds of six.
    assert_eq!(row.parallel, 6);
    assert!(
        found
            .sentences()
            .last()
            .unwrap()
            .starts_with("all 60 trials fit with 6 at once: likely 2 h 1 min")
    );
}

#[test]
fn a_limit_on_the_run_time_gives_a_ceiling() {
    let mut limited = settings("10 minutes");
    limited.billing.max_run_time = Some(Seconds::from_whole(1200));
    let found = propose_for(SWEEP, &limited, &bounds("2", 0)).unwrap();
    // 17 × (90 + 30 + 10 + 1200) s at $0.55 an hour.
    assert_eq!(
        found.estimate.ceiling.as_ref().unwrap().to_decimal(6),
        "3.454306"
    );
    assert!(found.sentences()[1].ends_with("at most $3.45 by the time limit"));
}

#[test]
fn what_cannot_be_proposed() {
    let no = |text: &str, settings: &EstimateSettings, bounds: &Bounds| {
        propose_for(text, settings, bounds).unwrap_err()
    };
    let ten = settings("10 minutes");
    let below = no(SWEEP, &ten, &bounds("0.05", 0));
    assert!(
        below
            .to_string()
            .starts_with("not even one trial fits; cost: likely $0.11, high $0.16"),
        "{below}"
    );
    let NoProposal::BelowOneTrial { alternatives, .. } = &below else {
        panic!("{below:?}");
    };
    assert!(alternatives.is_empty());
    assert!(matches!(
        no(SWEEP, &ten, &bounds("", 60)),
        NoProposal::BelowOneTrial { .. }
    ));
    assert_eq!(
        no(SWEEP, &EstimateSettings::cloud(), &bounds("1", 0)),
        NoProposal::NoRunTime
    );
    let unknown = no(
        "grid run --instance_type abacus f.py",
        &ten,
        &bounds("1", 0),
    );
    assert!(
        unknown.to_string().contains("abacus: list price unknown"),
        "{unknown}"
    );
    let missing = no("grid run f.py", &settings("minutes = n"), &bounds("", 60));
    assert!(missing.to_string().contains("no argument `n`"), "{missing}");
    // A deadline needs no price.
    assert!(
        propose_for(
            "grid run --instance_type abacus f.py",
            &ten,
            &bounds("", 800)
        )
        .is_ok()
    );
}

#[test]
fn shares_are_whole_and_proportional() {
    assert_eq!(share_out(10, &[60, 30, 10]), [6, 3, 1]);
    assert_eq!(share_out(2, &[1, 1, 1]), [1, 1, 0]);
    assert_eq!(share_out(1, &[1, 9]), [0, 1]);
    assert_eq!(share_out(5, &[]), [0; 0]);
    assert_eq!(share_out(0, &[3, 4]), [0, 0]);
    let huge = share_out(1_000_000, &[u128::MAX / 2, u128::MAX / 2 - 5]);
    assert_eq!(huge.iter().sum::<u64>(), 1_000_000);
}

#[test]
fn a_plan_of_any_size() {
    let text = "grid run f.py --a 'range(0, 1000000000)' --b 'range(0, 1000000000)'";
    let found = propose_for(text, &settings("10 minutes"), &bounds("20", 0)).unwrap();
    assert!(found.estimate.trials > 1_000 && bounds("20", 0).allow(&found.estimate));
    assert!(found.alternatives.is_empty());
}
