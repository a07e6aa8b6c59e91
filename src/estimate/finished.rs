//! The run time of a plan's trials by those of the same script that have finished.

use super::catalogue::Catalogue;
use super::fit::Verdict;
use super::fitted::{FinishedTrial, FittedRunTime};
use super::seconds::Seconds;
use super::settings::EstimateSettings;
use crate::api::{
    ExperimentState, FinishedRun, FinishedTrialList, FinishedTrialRow, FixedArgument,
};
use crate::sweep::math::{exp, log};
use std::fmt;

/// Most trials that a fit takes, the newest: its work grows with them.
const MAX_TRIALS: usize = 1000;
/// How many finished trials on another machine show how fast it is.
const MIN_FOR_FACTOR: usize = 3;

/// What a run time is wanted for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FitTarget<'a> {
    /// The plan's cluster.
    pub(crate) cluster: &'a str,
    /// The machine that its command names.
    pub(crate) machine: &'a str,
    /// How many of its trials run at once.
    pub(crate) parallel: u32,
}

/// A run time fitted to finished trials, and on which machine they ran.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FinishedFit {
    pub(crate) run_time: FittedRunTime,
    /// The machine on which the trials ran; None: a machine of one's own, whatever a command names.
    pub(crate) stated_on: Option<String>,
    /// Run times on other machines as multiples of it, as finished trials there show.
    pub(crate) machine_factors: Vec<(String, f64)>,
}

/// Why there is no fit that is worth using. `Display` gives a clause for the page.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum NoFit {
    /// No trial of the script has finished.
    NoTrials,
    /// Too few have, or their times differ by what the arguments do not explain.
    Unusable {
        /// Trials that ran to their end.
        finished: usize,
        /// The leave-one-out error of the logarithm, where there was a fit.
        rmse: Option<f64>,
    },
    /// The fit reads an argument that the plan does not pass.
    NotPassed {
        /// As formulas call it.
        name: String,
    },
}

impl fmt::Display for NoFit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoFit::NoTrials => f.write_str("no trial of this script has finished"),
            NoFit::NotPassed { name } => {
                write!(
                    f,
                    "the finished trials differ in `{name}`, which is not passed here"
                )
            }
            NoFit::Unusable { finished: 1, .. } => {
                f.write_str("1 trial has finished: too few for a fit")
            }
            NoFit::Unusable {
                finished,
                rmse: Some(rmse),
            } if rmse.is_finite() && *rmse > 0.69 => write!(
                f,
                "{finished} trials have finished, and a fit to them is off by {:.0} %",
                (exp(*rmse) - 1.0) * 100.0
            ),
            NoFit::Unusable { finished, .. } => {
                write!(f, "{finished} trials have finished: too few for a fit")
            }
        }
    }
}

/// Where a trial ran.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// The machine of a cluster that runs trials itself.
    Own(String),
    /// A machine by its name.
    Machine(String),
}

/// A trial that has ended, as a fit takes it.
struct Observation<'a> {
    trial: FinishedTrial<'a>,
    place: &'a Place,
    at_once: Option<u32>,
}

/// Fits the run time to finished trials of one script: to those of its present content where they are
/// enough, else to all; on the target's machine where they are enough, else on that with most; and that
/// ran as many at once as the target's will, where they are enough. `is_own` says whether a cluster runs
/// trials on a machine of its own. O(trials · arguments²), at most a thousand trials.
///
/// # Errors
/// Why no fit is worth using.
pub(crate) fn fit_finished(
    list: &FinishedTrialList,
    target: FitTarget<'_>,
    is_own: impl Fn(&str) -> bool,
    catalogue: &Catalogue,
) -> Result<FinishedFit, NoFit> {
    let place_of = |cluster: &str, machine: &str| match is_own(cluster) {
        true => Place::Own(cluster.to_owned()),
        false => Place::Machine(catalogue.resolve_name(machine).to_owned()),
    };
    let wanted = place_of(target.cluster, target.machine);
    let runs: Vec<(Place, &FinishedRun)> = list
        .runs
        .iter()
        .map(|run| (place_of(&run.cluster_id, &run.instance_type), run))
        .collect();
    let is_present = |run: &FinishedRun| run.digest.is_some() && run.digest == list.digest;
    let mut refusal = NoFit::NoTrials;
    for is_earlier in [false, true] {
        let of_content = runs.iter().filter(|(_, run)| is_earlier || is_present(run));
        let all: Vec<Observation<'_>> = of_content
            .flat_map(|(place, run)| {
                let rows = run.trials.iter();
                rows.filter_map(move |row| Observation::new(place, run, row))
            })
            .take(MAX_TRIALS)
            .collect();
        match fit_observations(&all, &wanted, target.parallel, is_earlier) {
            Ok(fit) => return Ok(fit),
            Err(NoFit::NoTrials) => {}
            Err(why) => refusal = why,
        }
    }
    Err(refusal)
}

fn fit_observations(
    all: &[Observation<'_>],
    wanted: &Place,
    parallel: u32,
    is_earlier: bool,
) -> Result<FinishedFit, NoFit> {
    let mut refusal = NoFit::NoTrials;
    for place in places_by_use(all, wanted) {
        let here: Vec<&Observation<'_>> = all.iter().filter(|one| one.place == place).collect();
        let same = here
            .iter()
            .copied()
            .filter(|one| one.at_once == Some(parallel));
        for some in [same.collect(), here.clone()] {
            match fit_some(&some) {
                Ok(fitted) => {
                    return Ok(FinishedFit {
                        machine_factors: machine_factors(&fitted, all, place),
                        run_time: fitted.with_origin(usual_at_once(&some), is_earlier),
                        stated_on: match place {
                            Place::Own(_) => None,
                            Place::Machine(name) => Some(name.clone()),
                        },
                    });
                }
                Err(NoFit::NoTrials) => {}
                Err(why) => refusal = why,
            }
        }
    }
    Err(refusal)
}

/// Where the trials ran: the wanted place first, then by how many did.
fn places_by_use<'a>(all: &[Observation<'a>], wanted: &Place) -> Vec<&'a Place> {
    let mut places: Vec<(&Place, usize)> = Vec::new();
    for one in all.iter().filter(|one| one.trial.run.is_some()) {
        match places.iter_mut().find(|(place, _)| *place == one.place) {
            Some((_, count)) => *count += 1,
            None => places.push((one.place, 1)),
        }
    }
    places.sort_by_key(|(place, count)| (*place != wanted, std::cmp::Reverse(*count)));
    places.into_iter().map(|(place, _)| place).collect()
}

fn fit_some(some: &[&Observation<'_>]) -> Result<FittedRunTime, NoFit> {
    let trials: Vec<FinishedTrial<'_>> = some.iter().map(|one| one.trial.clone()).collect();
    let finished = trials.iter().filter(|trial| trial.run.is_some()).count();
    if finished == 0 {
        return Err(NoFit::NoTrials);
    }
    let fitted = FittedRunTime::new(&trials);
    let rmse = fitted.as_ref().map(FittedRunTime::rmse);
    fitted
        .filter(|fitted| fitted.verdict() != Verdict::Unusable)
        .ok_or(NoFit::Unusable { finished, rmse })
}

/// How many at once most of the trials ran.
fn usual_at_once(some: &[&Observation<'_>]) -> Option<u32> {
    let mut counts: Vec<(u32, usize)> = Vec::new();
    for at_once in some.iter().filter_map(|one| one.at_once) {
        match counts.iter_mut().find(|(known, _)| *known == at_once) {
            Some((_, count)) => *count += 1,
            None => counts.push((at_once, 1)),
        }
    }
    let most = counts.into_iter().max_by_key(|(_, count)| *count);
    most.map(|(at_once, _)| at_once)
}

/// By what factor trials on other machines took longer than the fit says: the geometric mean, where
/// enough of them have finished there.
fn machine_factors(
    fitted: &FittedRunTime,
    all: &[Observation<'_>],
    here: &Place,
) -> Vec<(String, f64)> {
    let mut factors: Vec<(String, f64, usize)> = Vec::new();
    for one in all {
        let (Place::Machine(name), Some(run)) = (one.place, one.trial.run) else {
            continue;
        };
        let predicted = fitted.predict_finished(&one.trial);
        let Some(predicted) = predicted.filter(|_| one.place != here) else {
            continue;
        };
        let ratio = log(run.as_f64() / predicted.as_f64());
        match factors.iter_mut().find(|(known, _, _)| known == name) {
            Some((_, sum, count)) => (*sum, *count) = (*sum + ratio, *count + 1),
            None => factors.push((name.clone(), ratio, 1)),
        }
    }
    let known = factors
        .into_iter()
        .filter(|(_, _, count)| *count >= MIN_FOR_FACTOR && matches!(here, Place::Machine(_)));
    known
        .map(|(name, sum, count)| (name, exp(sum / count as f64)))
        .collect()
}

impl<'a> Observation<'a> {
    /// None for a run whose arguments are not all known.
    fn new(
        place: &'a Place,
        run: &'a FinishedRun,
        row: &'a FinishedTrialRow,
    ) -> Option<Observation<'a>> {
        let fixed = run.fixed_arguments.as_ref()?.iter();
        let fixed = fixed
            .filter(|argument| argument.name != FixedArgument::SCRIPT)
            .map(|argument| (&*argument.name, &*argument.value));
        let swept = run.columns.iter().zip(&row.values);
        let swept = swept.filter_map(|(name, value)| Some((&**name, value.as_deref()?)));
        let seconds = row
            .run_seconds
            .filter(|_| row.state == ExperimentState::Succeeded);
        let run_time = seconds
            .and_then(Seconds::from_f64)
            .filter(|run| *run > Seconds::ZERO);
        Some(Observation {
            trial: FinishedTrial {
                arguments: swept.chain(fixed).collect(),
                run: run_time,
            },
            place,
            at_once: run.at_once,
        })
    }
}

impl FinishedFit {
    /// Refuses a plan of which some command does not pass what the fit reads.
    ///
    /// # Errors
    /// [`NoFit::NotPassed`], with the first argument that some command lacks.
    pub(crate) fn ensure_passed(&self, plan: &crate::sweep::Plan) -> Result<(), NoFit> {
        match self.run_time.find_missing(plan) {
            Some(name) if !plan.is_empty() => Err(NoFit::NotPassed {
                name: name.to_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// The settings with the fit as the run time: known on the machine where the trials ran, and on
    /// others by what finished trials there show.
    pub(crate) fn apply(
        &self,
        settings: EstimateSettings,
        plan: &crate::sweep::Plan,
    ) -> EstimateSettings {
        let mut machine_factors = settings.machine_factors;
        machine_factors.extend(self.machine_factors.iter().cloned());
        EstimateSettings {
            run_time: Some(super::RunTime::Fitted(self.run_time.for_plan(plan))),
            stated_on: self.stated_on.clone(),
            machine_factors,
            ..settings
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimate::{RunTime, estimate_plan};
    use crate::sweep::{self, Plan, Ranges};
    use crate::testing::test;
    use std::collections::BTreeMap;
    use std::sync::Arc;

    /// A run of `--n 1` to `--n COUNT`, each of which took `n * seconds` and a little.
    fn run(cluster: &str, machine: &str, at_once: u32, count: u32, seconds: f64) -> FinishedRun {
        let rows = (1..=count).map(|n| FinishedTrialRow {
            number: n,
            values: vec![Some(n.to_string())],
            state: ExperimentState::Succeeded,
            finish_timestamp: None,
            run_seconds: Some(f64::from(n) * seconds * [0.98, 1.0, 1.02][n as usize % 3]),
            cost: None,
            metrics: BTreeMap::new(),
        });
        FinishedRun {
            cluster_id: cluster.into(),
            digest: Some("d".into()),
            instance_type: machine.into(),
            at_once: Some(at_once),
            columns: vec!["--n".into()],
            fixed_arguments: Some(Vec::new()),
            trials: rows.collect(),
            ..FinishedRun::default()
        }
    }

    fn list(runs: Vec<FinishedRun>) -> FinishedTrialList {
        FinishedTrialList {
            script: "f.py".into(),
            digest: Some("d".into()),
            runs,
            ..FinishedTrialList::default()
        }
    }

    fn fit(runs: Vec<FinishedRun>, parallel: u32) -> Result<FinishedFit, NoFit> {
        let target = FitTarget {
            cluster: "local",
            machine: "g5.xlarge",
            parallel,
        };
        let is_own = |cluster: &str| cluster == "local";
        fit_finished(&list(runs), target, is_own, Catalogue::embedded())
    }

    fn plan(text: &str) -> Arc<Plan> {
        sweep::read(text, &sweep::Settings::default()).plan
    }

    fn seconds_of(fit: &FinishedFit, n: u32) -> f64 {
        let n = n.to_string();
        let trial = FinishedTrial {
            arguments: vec![("--n", &n)],
            run: None,
        };
        fit.run_time.predict_finished(&trial).unwrap().as_f64()
    }

    #[test]
    fn trials_of_the_same_kind_come_before_others() {
        let two_at_once = || run("local", "m5a.large", 2, 8, 10.0);
        let fitted = fit(vec![two_at_once()], 2).unwrap();
        assert_eq!(fitted.run_time.verdict(), Verdict::Good);
        assert_eq!(fitted.run_time.at_once(), Some(2));
        // It is a machine of one's own, whatever the commands name.
        assert_eq!(fitted.stated_on, None);
        assert!((seconds_of(&fitted, 4) - 40.0).abs() < 3.0);
        assert!(
            fitted
                .run_time
                .to_string()
                .starts_with("fitted from 8 finished trials, leave-one-out"),
            "{}",
            fitted.run_time
        );
        // As many at once as the plan's where there are enough of those, and else whatever ran.
        let four = run("local", "m5a.large", 4, 8, 30.0);
        let slower = fit(vec![two_at_once(), four], 4).unwrap();
        assert!((seconds_of(&slower, 4) - 120.0).abs() < 9.0);
        assert_eq!(
            fit(vec![two_at_once()], 4).unwrap().run_time.at_once(),
            Some(2)
        );
        // The present script's before an earlier one's, which says so.
        let mut earlier = two_at_once();
        earlier.digest = Some("before".into());
        let fitted = fit(vec![earlier.clone()], 2).unwrap();
        assert!(
            fitted
                .run_time
                .to_string()
                .contains("trials of an earlier version of the script")
        );
        let both = fit(vec![earlier, run("local", "m5a.large", 2, 5, 10.0)], 2).unwrap();
        assert_eq!(both.run_time.observations(), 5);
    }

    #[test]
    fn a_factor_is_learnt_where_trials_have_finished() {
        let runs = vec![
            run("cloud", "g5.xlarge", 2, 8, 10.0),
            run("cloud", "p3.2xlarge", 2, 3, 5.0),
            run("cloud", "m5a.large", 2, 2, 50.0),
            run("local", "m5a.large", 2, 8, 70.0),
        ];
        let target = FitTarget {
            cluster: "cloud",
            machine: "1_a10g_24gb",
            parallel: 2,
        };
        let is_own = |cluster: &str| cluster == "local";
        let found = |machine| {
            let target = FitTarget { machine, ..target };
            fit_finished(&list(runs.clone()), target, is_own, Catalogue::embedded()).unwrap()
        };
        let fitted = found("g5.xlarge");
        assert_eq!(fitted.stated_on.as_deref(), Some("g5.xlarge"));
        let [(name, factor)] = fitted.machine_factors.as_slice() else {
            panic!("{fitted:?}")
        };
        assert_eq!(name, "p3.2xlarge");
        assert!((factor - 0.5).abs() < 0.05, "{factor}");
        let plan = plan("grid run --instance_type p3.2xlarge f.py --n 2");
        let settings = fitted.apply(EstimateSettings::cloud(), &plan);
        assert!(matches!(settings.run_time, Some(RunTime::Fitted(_))));
        let known = settings.run_time_on("p3.2xlarge", Catalogue::embedded());
        assert!((known.factor() - 0.5).abs() < 0.05);
        assert!(
            !settings
                .run_time_on("m5a.large", Catalogue::embedded())
                .is_known()
        );
        // A machine on which nothing ran takes the fit of that with most.
        assert_eq!(found("t2.medium").stated_on.as_deref(), Some("g5.xlarge"));
    }

    #[test]
    fn what_failed_says_nothing_and_is_counted() {
        let mut run = run("local", "m5a.large", 2, 8, 10.0);
        run.trials[0].state = ExperimentState::Failed;
        run.trials[1].state = ExperimentState::Cancelled;
        let fitted = fit(vec![run.clone()], 2).unwrap();
        let words = fitted.run_time.to_string();
        assert!(
            words.starts_with("fitted from 6 finished trials, "),
            "{words}"
        );
        assert!(
            words.ends_with("; 2 that did not run to their end are left out"),
            "{words}"
        );
        let nothing = fit(Vec::new(), 2).unwrap_err();
        assert_eq!(nothing.to_string(), "no trial of this script has finished");
        run.trials.truncate(3);
        let few = fit(vec![run], 2).unwrap_err();
        assert_eq!(few.to_string(), "1 trial has finished: too few for a fit");
    }

    #[test]
    fn arguments_of_which_the_trials_show_nothing_are_named_and_widen_the_range() {
        let mut run = run("local", "m5a.large", 2, 8, 10.0);
        run.fixed_arguments = Some(
            [("script", "f.py"), ("--epochs", "1"), ("--fast", "--fast")]
                .map(|(name, value)| FixedArgument {
                    name: name.into(),
                    value: value.into(),
                })
                .into(),
        );
        let found = fit(vec![run], 2).unwrap();
        let missing = found
            .ensure_passed(&plan("grid run f.py --epochs 1"))
            .unwrap_err();
        assert_eq!(
            missing.to_string(),
            "the finished trials differ in `n`, which is not passed here"
        );
        assert_eq!(found.ensure_passed(&plan("grid run f.py --n 1")), Ok(()));
        let fitted = found.run_time;
        for (command, words) in [
            ("grid run f.py --n 2 --epochs 1 --fast", None),
            ("grid run f.py --n 2 --epochs '[1]'", None),
            (
                "grid run f.py --n 2 --epochs '[1, 100]'",
                Some("nothing of `epochs`"),
            ),
            (
                "grid run f.py --n 2 --epochs 'range(1, 3)' --lr 1",
                Some("of `epochs` and `lr`"),
            ),
            (
                "grid run f.py --n 2 --epochs 1 --new",
                Some("nothing of `new`"),
            ),
        ] {
            let here = fitted.for_plan(&plan(command));
            let found = here.to_string();
            assert_eq!(here.has_untold(), words.is_some(), "{command}: {found}");
            assert!(words.is_none_or(|words| found.ends_with(words)), "{found}");
            assert_eq!(here.noise() != fitted.noise(), words.is_some(), "{command}");
        }
    }

    #[test]
    fn another_number_at_once_is_an_assumption() {
        let fitted = fit(vec![run("local", "m5a.large", 2, 8, 10.0)], 4).unwrap();
        let plan = plan("grid run f.py --n '[1, 2]'");
        let sentence = |parallel| {
            let settings = EstimateSettings {
                parallel: Some(parallel),
                ..EstimateSettings::local()
            };
            let settings = fitted.apply(settings, &plan);
            let estimate = estimate_plan(&plan, &Ranges::full(2), &settings, Catalogue::embedded());
            let mut lines = estimate.assumptions.into_iter();
            lines.find(|line| line.starts_with("The finished trials ran"))
        };
        assert_eq!(sentence(2), None);
        assert_eq!(
            sentence(4).as_deref(),
            Some(
                "The finished trials ran 2 at once, these run 4: where they share a machine they may \
                 take longer."
            )
        );
    }
}
