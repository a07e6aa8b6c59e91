//! Random histories against a budget that is computed anew from what happened.

use std::collections::BTreeMap;
use std::path::Path;

use sweep_planner::api::{RunSpec, Timestamp};
use sweep_planner::estimate::{
    Catalogue, EstimateSettings, Money, TrialMeter, TrialRunTimes, parse_run_time,
};

use super::*;
use crate::model::price::BillingTerms;
use crate::model::{LaunchEstimate, NewRun, StateChange};
use crate::store::changes::tests::{new_run, new_store, new_trials};
use crate::store::{Claim, CreateOutcome, RecordOutcome};

const CLUSTERS: [&str; 2] = ["east", "west"];

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

/// The estimate of a run by the core, on a cluster that bills by whole seconds from a minimum on.
fn estimate(command: &str, run_time: &str, rounding: Rounding) -> LaunchEstimate {
    let trials = new_trials(command);
    let mut settings = EstimateSettings::local();
    settings.run_time = Some(parse_run_time(run_time).unwrap());
    settings.billing.rounding = Some(rounding);
    let catalogue = Catalogue::embedded();
    LaunchEstimate {
        kept: None,
        times: TrialRunTimes::compute(trials.plan(), trials.chosen(), &settings, catalogue),
        meter: TrialMeter::new(trials.plan(), &settings, catalogue),
    }
}

fn run_of(number: usize, command: &str, rate: &str, rounding: Rounding, amount: &str) -> NewRun {
    NewRun {
        id: format!("r{number}"),
        name: format!("r{number}"),
        cluster: CLUSTERS[number % 2].to_owned(),
        spec: RunSpec::default(),
        terms: BillingTerms {
            rate: Some(rate.to_owned()),
            rounding,
        },
        trials: new_trials(command),
        estimate: estimate(command, "seconds = 10 * n", rounding),
        budget: Some(NewBudget {
            group: "together".to_owned(),
            amount: amount.to_owned(),
        }),
        ..new_run(1, 0)
    }
}

fn claim(cluster: &str, slots: usize, now: i64) -> Option<Claim> {
    Some(Claim {
        cluster: cluster.to_owned(),
        slots,
        cpus: None,
        gpus: Vec::new(),
        now: at(now),
    })
}

/// A trial that was claimed and has not ended, as the history has it.
#[derive(Clone, Copy, Debug)]
struct Active {
    high: u64,
    start: Option<i64>,
}

struct History {
    store: Store,
    /// By key: rate, rounding, and the high figures by number.
    runs: BTreeMap<i64, (Money, Rounding, Vec<u64>)>,
    active: BTreeMap<(i64, u32), Active>,
    spent: Money,
    amount: Money,
    now: i64,
    random: u64,
}

impl History {
    async fn begin(folder: &Path, random: u64) -> Self {
        let store = new_store(folder).await;
        let mut history = Self {
            store,
            runs: BTreeMap::new(),
            active: BTreeMap::new(),
            spent: Money::zero(),
            amount: Money::from_decimal("3").unwrap(),
            now: 1,
            random,
        };
        for number in 0..3 {
            let (rate, minimum) = (["36", "7.2", "0.7"][number], [0, 60, 1][number]);
            let rounding = Rounding {
                minimum,
                increment: [1, 1, 60][number],
            };
            let count = [12, 9, 20][number];
            let command = format!("a.sh --n 'range(1, {})'", count + 1);
            let run = run_of(number, &command, rate, rounding, "3");
            let highs = (0..count).map(|number| run.estimate.figures(number).high_bill.unwrap());
            let highs = highs.collect();
            let created = history.store.create_run(run).await.unwrap();
            assert_eq!(created, CreateOutcome::Created);
            let key = number as i64 + 1;
            let rate = Money::from_decimal(rate).unwrap();
            history.runs.insert(key, (rate, rounding, highs));
        }
        history
    }

    fn draw(&mut self, below: u64) -> u64 {
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.random >> 33) % below.max(1)
    }

    fn cost(&self, run: i64, micros: u64) -> Money {
        cost_of_micros(&self.runs[&run].0, micros)
    }

    /// What active trials cost by their high figures, at least what has accrued.
    fn committed(&self) -> Money {
        let cost = |((run, _), active): (&(i64, u32), &Active)| {
            let rounding = self.runs[run].1;
            let accrued = active
                .start
                .map_or(0, |start| rounding.billed_seconds_between(start, self.now));
            self.cost(*run, active.high.max(accrued * 1_000_000))
        };
        self.active.iter().map(cost).sum()
    }

    fn note_claimed(&mut self, recorded: RecordOutcome) {
        assert_eq!(recorded.unclaimed, None);
        assert!(recorded.failed.is_empty(), "{recorded:?}");
        let any = !recorded.claimed.is_empty();
        for trial in recorded.claimed {
            let high = self.runs[&trial.run].2[trial.number as usize];
            let active = Active { high, start: None };
            let before = self.active.insert((trial.run, trial.number), active);
            assert!(before.is_none());
        }
        if any {
            let used = self.spent.clone() + self.committed();
            assert!(used <= self.amount, "{used:?} of {:?}", self.amount);
        }
    }

    /// Both clusters claim, at the same time.
    async fn claim(&mut self) {
        let slots = 1 + self.draw(4) as usize;
        let claims = CLUSTERS.map(|cluster| claim(cluster, slots, self.now));
        let [east, west] = claims.map(|claim| self.store.record(Vec::new(), Vec::new(), claim));
        let (east, west) = tokio::join!(east, west);
        // What is claimed second counts what was claimed first, so that each alone is within it.
        self.note_claimed(east.unwrap());
        self.note_claimed(west.unwrap());
    }

    fn pick(&mut self, wanted: impl Fn(&Active) -> bool) -> Option<(i64, u32)> {
        let found: Vec<_> = self
            .active
            .iter()
            .filter(|(_, active)| wanted(active))
            .map(|(key, _)| *key)
            .collect();
        let place = self.draw(found.len() as u64) as usize;
        found.get(place).copied()
    }

    async fn change(&mut self, (run, number): (i64, u32), state: TrialState, start: Option<i64>) {
        let change = StateChange {
            run,
            number,
            state,
            at: at(self.now),
            message: String::new(),
            started_at: start.map(at),
            ended_at: state.ended().then(|| at(self.now)),
            exit_code: None,
            signal: None,
        };
        let recorded = self.store.record(Vec::new(), vec![change], None).await;
        assert!(recorded.unwrap().failed.is_empty());
    }

    async fn end_one(&mut self) {
        let Some(key) = self.pick(|_| true) else {
            return;
        };
        let states = [
            TrialState::Succeeded,
            TrialState::Failed,
            TrialState::Cancelled,
        ];
        let state = states[self.draw(3) as usize];
        let active = self.active.remove(&key).unwrap();
        self.change(key, state, active.start).await;
        if let Some(start) = active.start {
            let billed = self.runs[&key.0].1.billed_seconds_between(start, self.now);
            self.spent += self.cost(key.0, billed * 1_000_000);
        }
    }

    async fn step(&mut self) {
        self.now += self.draw(60_000_000) as i64;
        match self.draw(10) {
            0..4 => self.claim().await,
            4 | 5 => {
                if let Some(key) = self.pick(|active| active.start.is_none()) {
                    self.change(key, TrialState::Running, Some(self.now)).await;
                    self.active.get_mut(&key).unwrap().start = Some(self.now);
                }
            }
            6 | 7 => self.end_one().await,
            8 => match self.pick(|active| active.start.is_none()) {
                Some(key) => {
                    self.change(key, TrialState::Queued, None).await;
                    self.active.remove(&key);
                }
                None => {
                    let run = 1 + self.draw(3) as i64;
                    self.store.retry(run, None, at(self.now)).await.unwrap();
                }
            },
            _ => {
                let run = 1 + self.draw(3) as i64;
                if self.draw(3) == 0 {
                    self.store.release(run, at(self.now)).await.unwrap();
                } else {
                    self.set_budget(run).await;
                }
            }
        }
    }

    /// Mostly raises it.
    async fn set_budget(&mut self, run: i64) {
        let cents = Money::from_decimal(&format!("0.{:02}", self.draw(90) + 10)).unwrap();
        let raised = self.amount.clone() + cents.clone();
        self.amount = if self.draw(4) == 0 { cents } else { raised };
        let amount = self.amount.to_exact_decimal().unwrap();
        let held = self.store.set_budget(run, amount).await.unwrap().unwrap();
        for run in held {
            let released = self.store.release_for_budget(run, at(self.now)).await;
            assert!(!released.unwrap().is_empty());
        }
    }

    async fn check_use(&self) {
        let now = self.now;
        let used = self
            .store
            .read(move |connection| BudgetUse::load(connection, 1, now));
        let used = used.await.unwrap();
        assert_eq!(used.spent, self.spent);
        assert_eq!(used.committed, self.committed());
        assert_eq!(used.amount, self.amount);
    }
}

#[tokio::test]
async fn no_history_passes_a_budget_by_the_high_figures() {
    for seed in 1..=4 {
        let folder = tempfile::tempdir().unwrap();
        let mut history =
            History::begin(folder.path(), 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed)).await;
        for _ in 0..120 {
            history.step().await;
            history.check_use().await;
        }
        // In the end nothing is left that could start.
        while !history.active.is_empty() {
            history.end_one().await;
        }
        for _ in 0..40 {
            history.claim().await;
            while !history.active.is_empty() {
                history.end_one().await;
            }
        }
        for run in 1..=3 {
            let record = history.store.run_by_key(run).await.unwrap().unwrap();
            assert_eq!(
                record.count(TrialState::Queued),
                0,
                "seed {seed}, run {run}"
            );
            let sums = record.sums.map(|sums| sums.high_bill);
            let highs: u64 = history.runs[&run].2.iter().map(|high| high / 1000).sum();
            assert_eq!(sums.iter().sum::<u64>(), highs);
        }
    }
}

fn one_run(count: u32, amount: &str) -> NewRun {
    let rounding = Rounding::WHOLE_SECONDS;
    let command = format!("a.sh  'range({count})'");
    NewRun {
        estimate: estimate(&command, "10 s", rounding),
        ..run_of(0, &command, "36", rounding, amount)
    }
}

/// Trials of ten cents, and fifteen by their high figure.
#[tokio::test]
async fn what_may_fit_later_waits_and_what_never_fits_is_held() {
    let folder = tempfile::tempdir().unwrap();
    let store = new_store(folder.path()).await;
    store.create_run(one_run(5, "0.41")).await.unwrap();
    let claimed = |now| {
        let (store, claim) = (store.clone(), claim("east", 5, now));
        async move {
            let recorded = store.record(Vec::new(), Vec::new(), claim).await.unwrap();
            (recorded.claimed.len(), recorded.held_for_budget.len())
        }
    };
    let end = |number, start: i64, end: i64| {
        let change = StateChange {
            run: 1,
            number,
            state: TrialState::Succeeded,
            at: at(end),
            message: String::new(),
            started_at: Some(at(start)),
            ended_at: Some(at(end)),
            exit_code: Some(0),
            signal: None,
        };
        let store = store.clone();
        async move { store.record(Vec::new(), vec![change], None).await.unwrap() }
    };
    // Two are 30 cents by their high figures.
    assert_eq!(claimed(1).await, (2, 0));
    assert_eq!(claimed(2).await, (0, 0));
    end(0, 0, 10_000_000).await;
    // 10 cents spent, 15 committed: one more fits, and then one waits for how those two end.
    assert_eq!(claimed(10_000_000).await, (1, 0));
    end(1, 0, 10_000_000).await;
    end(2, 10_000_000, 20_000_000).await;
    // 30 cents spent: the next may cost 15.
    assert_eq!(claimed(20_000_000).await, (0, 2));
    let record = store.run_by_key(1).await.unwrap().unwrap();
    let budget = record.budget.clone().unwrap();
    assert!(budget.holds && budget.spent == 0.3 && budget.committed == 0.0);
    assert_eq!(budget.enough_for_next, Some(0.45));
    assert_eq!(budget.enough_for_all, Some(0.6));
    assert_eq!(record.count(TrialState::Held), 2);
    let trial = store.trial(1, 3).await.unwrap().unwrap();
    assert_eq!(
        trial.message,
        "held: the budget of $0.41 has no room for it"
    );
    // By one cent less it is held again, by enough for the next it starts.
    for (amount, expected) in [("0.44", (0, 2)), ("0.45", (1, 0))] {
        let held = store.set_budget(1, amount.to_owned()).await.unwrap();
        assert_eq!(held, Some(vec![1]));
        let released = store.release_for_budget(1, at(30_000_000)).await.unwrap();
        assert_eq!(released, [3, 4]);
        assert_eq!(claimed(30_000_000).await, expected, "{amount}");
    }
}

#[tokio::test]
async fn a_group_has_one_budget() {
    let folder = tempfile::tempdir().unwrap();
    let store = new_store(folder.path()).await;
    let with = |id: &str, amount: &str| NewRun {
        id: id.to_owned(),
        name: id.to_owned(),
        ..one_run(2, amount)
    };
    let created = store.create_run(with("a", "1.50")).await.unwrap();
    assert_eq!(created, CreateOutcome::Created);
    // The same amount, written otherwise.
    let created = store.create_run(with("b", "1.5")).await.unwrap();
    assert_eq!(created, CreateOutcome::Created);
    let refused = store.create_run(with("c", "2")).await.unwrap();
    let differs = BudgetRefusal::Differs("1.50".to_owned());
    assert_eq!(refused, CreateOutcome::BudgetRefused(differs));
    assert_eq!(store.remove_unpublished().await.unwrap(), 0);
    let amount = store.budget_amount("u".into(), "together".into()).await;
    assert_eq!(amount.unwrap().as_deref(), Some("1.50"));
    let others = store.budget_amount("v".into(), "together".into()).await;
    assert_eq!(others.unwrap(), None);
    assert_eq!(store.set_budget(1, "9".into()).await.unwrap(), Some(vec![]));
    let record = store.run_by_key(2).await.unwrap().unwrap();
    assert_eq!(record.budget.unwrap().amount, "9");
}
