//! Random lives of trials in a real database, beside the plain definition of what they are billed.

use proptest::prelude::*;
use rusqlite::Connection;
use sweep_planner::api::Timestamp;
use sweep_planner::estimate::billing::{Billing, Rounding};
use sweep_planner::estimate::{Catalogue, Meter, Money, OwnPrices, Seconds, Tariff};

use crate::http::wire;
use crate::model::price::{BillingTerms, Pricing, billing_terms};
use crate::model::{StateChange, TrialState, Viewer};
use crate::store::changes::tests::store_with_waiting_run;
use crate::store::sql::sql;
use crate::store::{Claim, Store};

const TRIALS: u32 = 5;
/// Where the clock begins, in microseconds.
const BEGAN: i64 = 1_760_000_000_000_000;

/// What may happen. A trial in whose state it cannot is left alone.
#[derive(Clone, Debug)]
enum Event {
    /// The clock moves, also back.
    Pass(i64),
    /// The dispatcher claims trials for so many free slots.
    Claim(usize),
    /// A claimed trial is seen to run since so many microseconds.
    Start(u32, i64),
    /// A claimed or running trial is seen to have ended so many microseconds ago.
    End(u32, TrialState, Begun, i64),
    /// A claimed or running trial cannot be found any more.
    Lose(u32),
    /// There was no room for a claimed trial.
    PutBack(u32),
    /// A person stops a trial, or the run.
    Stop(u32),
    StopRun,
    /// A person tries failed trials again: all of them, or one.
    Retry(Option<u32>),
    /// A person lets held trials go on.
    Release,
    /// A person hides a trial.
    Delete(u32),
}

/// What the end of a trial that was not seen to run says of its start.
#[derive(Clone, Copy, Debug)]
enum Begun {
    /// Its script never started.
    Never,
    /// It started so many microseconds before its end; below zero after a clock was set back.
    Before(i64),
}

fn any_event() -> impl Strategy<Value = Event> {
    let number = 0..TRIALS;
    let ended = prop_oneof![
        3 => Just(TrialState::Succeeded),
        4 => Just(TrialState::Failed),
        1 => Just(TrialState::Cancelled),
    ];
    let begun = prop_oneof![
        Just(Begun::Never),
        (-2_000_000..150_000_000_i64).prop_map(Begun::Before),
        // To the microsecond around whole seconds, where rounding decides.
        (0..150_i64, -1..=1_i64).prop_map(|(whole, off)| Begun::Before(whole * 1_000_000 + off)),
    ];
    let begun = begun.boxed();
    prop_oneof![
        4 => (-3_000_000..90_000_000_i64).prop_map(Event::Pass),
        2 => (0..150_i64).prop_map(|whole| Event::Pass(whole * 1_000_000)),
        4 => (1..3_usize).prop_map(Event::Claim),
        5 => (number.clone(), 0..400_000_i64).prop_map(|(n, ago)| Event::Start(n, ago)),
        6 => (number.clone(), ended, begun, 0..400_000_i64)
            .prop_map(|(n, state, begun, ago)| Event::End(n, state, begun, ago)),
        1 => number.clone().prop_map(Event::Lose),
        1 => number.clone().prop_map(Event::PutBack),
        1 => number.clone().prop_map(Event::Stop),
        1 => Just(Event::StopRun),
        4 => proptest::option::of(number.clone()).prop_map(Event::Retry),
        2 => Just(Event::Release),
        1 => number.prop_map(Event::Delete),
    ]
}

/// When an attempt started and ended, in microseconds.
#[derive(Clone, Copy, Debug, Default)]
struct AttemptTimes {
    start: Option<i64>,
    end: Option<i64>,
}

/// The definition, on whole numbers of its own: the begun seconds from start to end, at least the
/// minimum, as whole increments. What the estimate bills for that length is the same.
fn expected_seconds(rounding: Rounding, start: i64, end: i64) -> u64 {
    let length = i128::from(end - start).max(0);
    let begun = (length + 999_999) / 1_000_000;
    let step = i128::from(rounding.increment.max(1));
    let steps = (begun.max(i128::from(rounding.minimum)) + step - 1) / step;
    let billing = Billing {
        rounding: Some(rounding),
        ..Billing::local()
    };
    let run = Seconds::from_micros(u64::try_from(length).unwrap());
    let estimated = Meter::new(&billing, "").billed_seconds(run);
    assert_eq!(i128::from(estimated), steps * step, "{rounding:?} {length}");
    estimated
}

/// What the estimate prices for a script of that length at these terms.
fn estimated_cost(terms: &BillingTerms, start: i64, end: i64) -> Money {
    let billing = Billing {
        rounding: Some(terms.rounding),
        ..Billing::local()
    };
    let rate = Money::from_decimal(terms.rate.as_deref().unwrap()).unwrap();
    let run = Seconds::from_micros(u64::try_from(end - start).unwrap_or(0));
    Tariff::new(Meter::new(&billing, ""), &rate)
        .bill(run)
        .cost()
}

/// A run under test, and what is known of each attempt of each of its trials.
struct World {
    store: Store,
    run: i64,
    terms: BillingTerms,
    now: i64,
    lives: Vec<Vec<AttemptTimes>>,
}

impl World {
    async fn new(folder: &std::path::Path, terms: BillingTerms, stop_after: u32) -> Self {
        let (store, run) = store_with_waiting_run(folder, TRIALS, stop_after, terms.clone()).await;
        Self {
            store,
            run,
            terms,
            now: BEGAN,
            lives: vec![vec![AttemptTimes::default()]; TRIALS as usize],
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.now)
    }

    async fn state(&self, number: u32) -> TrialState {
        let trial = self.store.trial(self.run, number).await.unwrap();
        trial.unwrap().state
    }

    fn current_attempt(&mut self, number: u32) -> &mut AttemptTimes {
        self.lives[number as usize].last_mut().unwrap()
    }

    async fn record(&self, number: u32, state: TrialState, start: Option<i64>, end: Option<i64>) {
        let change = StateChange {
            run: self.run,
            number,
            state,
            at: self.now(),
            message: String::new(),
            started_at: start.map(Timestamp::from_micros),
            ended_at: end.map(Timestamp::from_micros),
            exit_code: None,
            signal: None,
        };
        let recorded = self.store.record(Vec::new(), vec![change], None).await;
        assert!(recorded.unwrap().failed.is_empty());
    }

    async fn claim(&self, slots: usize) {
        let claim = Claim {
            cluster: "local".into(),
            slots,
            cpus: None,
            gpus: Vec::new(),
            now: self.now(),
        };
        let claimed = self.store.record(Vec::new(), Vec::new(), Some(claim)).await;
        assert_eq!(claimed.unwrap().unclaimed, None);
    }

    /// A trial is seen to have ended, if it was claimed; one that has ended already is told of its
    /// end a second time, which changes nothing.
    async fn end(&mut self, number: u32, state: TrialState, begun: Begun, end: i64) {
        let active = matches!(
            self.state(number).await,
            TrialState::Starting | TrialState::Running
        );
        let over = self.state(number).await.ended();
        if !active && !over {
            return;
        }
        let start = match (self.current_attempt(number).start, begun) {
            (Some(start), _) => Some(start),
            (None, Begun::Never) => None,
            (None, Begun::Before(length)) => Some(end - length),
        };
        self.record(number, state, start, Some(end)).await;
        if active {
            *self.current_attempt(number) = AttemptTimes {
                start,
                end: Some(end),
            };
        }
    }

    async fn apply(&mut self, event: &Event) {
        match *event {
            Event::Pass(micros) => self.now += micros,
            Event::Claim(slots) => self.claim(slots).await,
            Event::Start(number, ago) => {
                if self.state(number).await == TrialState::Starting {
                    let start = self.now - ago;
                    self.record(number, TrialState::Running, Some(start), None)
                        .await;
                    self.current_attempt(number).start = Some(start);
                }
            }
            Event::End(number, state, begun, ago) => {
                self.end(number, state, begun, self.now - ago).await;
            }
            Event::Lose(number) => {
                if !self.state(number).await.ended() {
                    self.end(number, TrialState::Failed, Begun::Never, self.now)
                        .await;
                }
            }
            Event::PutBack(number) => self.record(number, TrialState::Queued, None, None).await,
            Event::Stop(number) => {
                let stopped = self.store.stop_trial(self.run, number, self.now());
                stopped.await.unwrap();
            }
            Event::StopRun => {
                let stopped = self.store.stop_run(self.run, self.now(), false);
                stopped.await.unwrap();
            }
            Event::Retry(number) => {
                let numbers = number.map(|number| vec![number]);
                let again = self.store.retry(self.run, numbers, self.now()).await;
                for number in again.unwrap().unwrap() {
                    self.lives[number as usize].push(AttemptTimes::default());
                }
            }
            Event::Release => {
                self.store.release(self.run, self.now()).await.unwrap();
            }
            Event::Delete(number) => {
                let hidden = self.store.delete_trial(self.run, number, self.now());
                hidden.await.unwrap();
            }
        }
    }

    /// Compares every figure that is stored, and every one that is shown now.
    async fn check(&self) {
        let record = self.store.run_by_key(self.run).await.unwrap().unwrap();
        let trials = self.store.trials(self.run, None, 0, 100).await.unwrap();
        let (mut over, mut in_all, mut priced) = (0, 0, Money::zero());
        assert_eq!(record.terms, self.terms);
        for (trial, lives) in trials.iter().zip(&self.lives) {
            let so_far = |life: &AttemptTimes| {
                let end = life.end.unwrap_or(self.now);
                life.start
                    .map(|start| expected_seconds(self.terms.rounding, start, end))
            };
            let price = |life: &AttemptTimes| {
                let end = life.end.unwrap_or(self.now);
                life.start
                    .map(|start| estimated_cost(&self.terms, start, end))
            };
            let billed: Vec<Option<u64>> = lives.iter().map(so_far).collect();
            let (last, earlier) = billed.split_last().unwrap();
            let row = wire::trial_to_row(&record, trial, self.now());
            assert_eq!(row.billed_seconds, *last, "{trial:?} {lives:?}");
            let cost = lives.last().and_then(price).map(|cost| cost.as_f64());
            assert_eq!(row.cost, cost);
            lives
                .iter()
                .filter_map(price)
                .for_each(|cost| priced += cost);
            let viewer = Viewer::Administrator(String::new());
            let shown =
                wire::trial_to_experiment(&viewer, &record, trial, Vec::new(), self.now()).status;
            assert_eq!(shown.cost, cost);
            let attempts = self.store.attempts(self.run, trial.number).await.unwrap();
            let stored: Vec<_> = attempts.iter().map(|one| one.billed_seconds).collect();
            assert_eq!(stored, earlier);
            let ended = lives.iter().filter(|life| life.end.is_some());
            over += ended.filter_map(so_far).sum::<u64>();
            in_all += billed.iter().flatten().sum::<u64>();
        }
        assert_eq!(record.billed_seconds, over);
        for state in TrialState::ALL {
            let counted = trials.iter().filter(|trial| trial.state == state).count();
            assert_eq!(record.count(state) as usize, counted, "{state:?}");
        }
        let counts = record.experiment_counts();
        assert_eq!(
            counts.total(),
            counts.ended() + counts.pending + counts.running
        );
        assert_eq!(wire::billed_seconds_so_far(&record, self.now()), in_all);
        // Of the run: all attempts, those that failed as well.
        assert_eq!(record.terms.cost(in_all), Some(priced.as_f64()));
    }
}

/// Of any minimum and increment, of a machine of the price list, of a person's own prices (with the
/// provider's rounding), and of a cluster's.
fn any_terms() -> impl Strategy<Value = BillingTerms> {
    let made_up = (0..200_u64, 1..100_u64).prop_map(|(minimum, increment)| BillingTerms {
        rate: Some("0.086".to_owned()),
        rounding: Rounding { minimum, increment },
    });
    let listed = (
        prop_oneof![Just("m5a.large"), Just("gpu_1x_a10"), Just("1_t4_16gb")],
        any::<bool>(),
    )
        .prop_map(|(machine, spot)| {
            billing_terms(&Pricing::AsIf, Catalogue::embedded(), machine, spot)
        })
        .prop_filter("a price", |terms| terms.rate.is_some());
    let providers = prop_oneof![
        Just(""),
        Just("aws"),
        Just("runpod"),
        Just("lambda"),
        Just("grid")
    ];
    let own = (providers, 1..100_000_000_u64, any::<bool>()).prop_map(|(provider, rate, spot)| {
        let list = format!(
            "name,provider,on_demand_usd_per_hour,spot_usd_per_hour\nlab-box,{provider},{},{}\n",
            rate as f64 / 1e6,
            rate as f64 / 4e6
        );
        let own = OwnPrices::parse(&list).unwrap();
        let catalogue = Catalogue::embedded().with_own(&own);
        billing_terms(&Pricing::AsIf, &catalogue, "lab-box", spot)
    });
    let of_cluster = (0..1_000_000_u64).prop_map(|rate| {
        let price = Pricing::Rate(format!("{}", rate as f64 / 1e5));
        billing_terms(&price, Catalogue::embedded(), "m5a.large", false)
    });
    prop_oneof![made_up, listed, own, of_cluster]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(40) })]

    #[test]
    fn each_attempt_is_billed_from_its_own_start_to_its_own_end(
        terms in any_terms(),
        stop_after in 0..3_u32,
        events in proptest::collection::vec(any_event(), 1..60),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let mut world = World::new(folder.path(), terms, stop_after).await;
            for event in &events {
                world.apply(event).await;
                world.check().await;
            }
            // As an earlier version would have billed it, and corrected.
            world.store.close().await;
            bill_as_version_four(&folder.path().join("sweep.db"));
            world.store = Store::open(&folder.path().join("sweep.db")).unwrap();
            world.check().await;
            world.store.close().await;
        });
    }
}

/// What later versions have added and would add again.
const WITHOUT_LATER_COLUMNS: &str = "
    ALTER TABLE run DROP COLUMN fixed;
    UPDATE trial SET passed = json_array('0'), argv = json_array('a.sh', '0');
    DROP TABLE run_arguments;
    DROP TABLE axis_values;
    ALTER TABLE account DROP COLUMN admin;
    ALTER TABLE account DROP COLUMN revoked_at;
    DROP INDEX page_session_account;
    ALTER TABLE page_session DROP COLUMN created_at;
    ALTER TABLE page_session DROP COLUMN used_at;
    ALTER TABLE page_session DROP COLUMN client;
    DROP TABLE waiting_change;
    PRAGMA user_version = 4;";

/// Bills a database as the version before did, from the run's start on, and has it be that
/// version's.
fn bill_as_version_four(path: &std::path::Path) {
    let database = Connection::open(path).unwrap();
    database.execute_batch(WITHOUT_LATER_COLUMNS).unwrap();
    database
        .execute_batch(
            "UPDATE trial SET billed_seconds = (
                 SELECT (max(bill_minimum, (ended_at - coalesce(started_at, trial.started_at)
                             + 999999) / 1000000) + bill_increment - 1)
                        / bill_increment * bill_increment
                 FROM run WHERE key = trial.run) WHERE ended_at IS NOT NULL;
             UPDATE trial_attempt SET billed_seconds = coalesce(billed_seconds, 0) + 7;
             UPDATE run SET billed_seconds = billed_seconds + 11;",
        )
        .unwrap();
}

#[tokio::test]
async fn what_has_no_times_is_not_billed() {
    let folder = tempfile::tempdir().unwrap();
    let terms = billing_terms(
        &Pricing::Rate("36".into()),
        Catalogue::embedded(),
        "",
        false,
    );
    let world = World::new(folder.path(), terms, 0).await;
    world.store.close().await;
    let path = folder.path().join("sweep.db");
    let database = Connection::open(&path).unwrap();
    database.execute_batch(WITHOUT_LATER_COLUMNS).unwrap();
    database
        .execute_batch(sql!(
            "UPDATE run SET started_at = NULL, billed_seconds = 99;
                 UPDATE trial SET state = {failed}, billed_seconds = 50;
                 UPDATE trial SET started_at = 1000000 WHERE number > 0 AND number < 3;
                 UPDATE trial SET ended_at = 4000001 WHERE number > 1 AND number < 4;
                 UPDATE trial SET state = {running}, started_at = 5, ended_at = NULL
                     WHERE number = 4;"
        ))
        .unwrap();
    database
        .execute_batch(sql!(
            "INSERT INTO trial_attempt VALUES
                 (1, 0, 0, {failed}, '', NULL, NULL, NULL, NULL, 9),
                 (1, 0, 1, {failed}, '', 5, NULL, 1, NULL, 9),
                 (1, 0, 2, {failed}, '', 0, 1000001, 1, NULL, NULL)"
        ))
        .unwrap();
    drop(database);
    let store = Store::open(&path).unwrap();
    let trials = store.trials(world.run, None, 0, 10).await.unwrap();
    let billed: Vec<_> = trials.iter().map(|trial| trial.billed_seconds).collect();
    assert_eq!(billed, [None, None, Some(4), None, None]);
    let earlier = store.attempts(world.run, 0).await.unwrap();
    let earlier: Vec<_> = earlier.iter().map(|one| one.billed_seconds).collect();
    assert_eq!(earlier, [None, None, Some(2)]);
    let record = store.run_by_key(world.run).await.unwrap().unwrap();
    assert_eq!(record.billed_seconds, 6);
    // Nothing to correct any more, and the version before refuses it.
    store.close().await;
    let version = |path| -> i64 {
        let database = Connection::open(path).unwrap();
        database
            .query_row("PRAGMA user_version", [], |row| row.get(0))
            .unwrap()
    };
    assert_eq!(version(&path), 10);
}
