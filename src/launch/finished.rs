//! Trials of a plan that have finished already: with the same script, arguments, environment and data.

use crate::api::{
    DatastoreMount, ExperimentState, FinishedRun, FinishedTrialList, FinishedTrialRow,
    FixedArgument, Scalar,
};
use crate::sweep::trial_lookup::TrialLookup;
use crate::sweep::{Options, Part, Plan, Ranges, Trial};
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// Most positions of a plan that are marked: values drawn from a few repeat, so that one finished trial
/// may be any number of the plan's.
const MAX_POSITIONS: usize = 100_000;

/// The path of a script in its source, from the folder in which it runs: no `.` and no empty parts.
pub fn normalize_script(folder: &str, script: &str) -> String {
    let parts = folder.split('/').chain(script.split('/'));
    let parts: Vec<&str> = parts.filter(|part| !matches!(*part, "" | ".")).collect();
    parts.join("/")
}

/// SHA-256 of environment variables in the order of their names; empty for none.
pub fn digest_environment<'a>(variables: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut hash = None;
    for (name, value) in variables {
        let hash: &mut Sha256 = hash.get_or_insert_with(Sha256::new);
        for text in [name, value] {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        }
    }
    let hex = |hash: Sha256| {
        let digits = hash.finalize();
        digits.iter().map(|byte| format!("{byte:02x}")).collect()
    };
    hash.map_or_else(String::new, hex)
}

/// A finished trial: the number of its list, of its run there, and of the trial in that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FinishedMark {
    list: u32,
    run: u32,
    trial: u32,
}

impl FinishedMark {
    /// The trial, in the lists that it was found in.
    pub(crate) fn find(
        self,
        lists: &[FinishedTrialList],
    ) -> Option<(&FinishedRun, &FinishedTrialRow)> {
        let run = lists.get(self.list as usize)?.runs.get(self.run as usize)?;
        Some((run, run.trials.get(self.trial as usize)?))
    }
}

/// Which trials of a plan have finished.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct FinishedMarks {
    parts: Vec<PartMarks>,
    positions: Ranges,
    is_cut: bool,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct PartMarks {
    /// By index in the space; all that pass the same where values repeat.
    by_index: HashMap<u128, FinishedMark>,
}

impl FinishedMarks {
    /// The newest finished trial that is the same as this one of the plan. O(1).
    pub(crate) fn of(&self, trial: &Trial) -> Option<FinishedMark> {
        let part = self.parts.get(trial.part as usize)?;
        part.by_index.get(&trial.index).copied()
    }

    /// The positions in the plan that are marked.
    pub(crate) fn positions(&self) -> &Ranges {
        &self.positions
    }

    /// Whether more trials of the plan are equal to finished ones than are marked.
    pub(crate) fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// What the marked ones among `chosen` cost, in USD; `None` where that of one is not known. O(marked).
    pub(crate) fn cost_of(
        &self,
        plan: &Plan,
        chosen: &Ranges,
        lists: &[FinishedTrialList],
    ) -> Option<f64> {
        let marked = self.positions.intersection(chosen);
        let costs = marked.iter().map(|position| {
            let (_, row) = self.of(&plan.trial(position)?)?.find(lists)?;
            row.cost
        });
        costs.sum()
    }
}

/// Marks the trials of a plan that have succeeded in one of the listed runs that have ended: of the same script as it is
/// on the server now, with the same arguments by name, the same environment and the same versions of
/// the same data. No trial of the plan is listed but those.
/// O(finished trials · swept arguments + listed values).
pub(crate) fn mark_finished(plan: &Plan, lists: &[FinishedTrialList]) -> FinishedMarks {
    let mut left = MAX_POSITIONS;
    let mut marks = FinishedMarks::default();
    if lists.iter().all(|list| list.runs.is_empty()) {
        return marks;
    }
    let mut positions = Vec::new();
    for (number, part) in (0..).zip(plan.parts()) {
        let script = normalize_script("", part.script());
        let list = (0..).zip(lists).find(|(_, list)| list.script == script);
        let of_part = list.map_or_else(PartMarks::default, |(at, list)| {
            mark_part(part, at, list, &mut left)
        });
        let start = plan.part_start(number);
        let indices = of_part.by_index.keys();
        positions.extend(
            indices
                .filter_map(|index| part.position_of(*index))
                .map(|position| (start + position, start + position)),
        );
        marks.parts.push(of_part);
    }
    marks.positions = positions.into_iter().collect();
    marks.is_cut = left == 0;
    marks
}

fn mark_part(part: &Part, at: u32, list: &FinishedTrialList, left: &mut usize) -> PartMarks {
    let mut marks = PartMarks::default();
    let environment = part.options().environment.iter();
    let environment = digest_environment(environment.map(|(name, value)| (&**name, &**value)));
    let data = DataRead::of(part.options(), list);
    let is_same = |run: &FinishedRun| {
        run.has_ended
            && run.digest.is_some()
            && run.digest == list.digest
            && run.environment_digest == environment
            && data.is_same(&run.datastores)
    };
    // Made when the first run asks for it: it costs as much as the listed values are many.
    let mut lookup = None;
    for (number, run) in (0..).zip(&list.runs) {
        let Some(fixed) = run.fixed_arguments.as_ref().filter(|_| is_same(run)) else {
            continue;
        };
        let lookup = lookup.get_or_insert_with(|| TrialLookup::new(part));
        let fixed = fixed
            .iter()
            .filter(|argument| argument.name != FixedArgument::SCRIPT)
            .map(|argument| (&*argument.name, &*argument.value));
        let Some(sources) = lookup.match_arguments(fixed, &run.columns) else {
            continue;
        };
        for (trial, row) in (0..).zip(&run.trials) {
            if row.state != ExperimentState::Succeeded {
                continue;
            }
            let mark = FinishedMark {
                list: at,
                run: number,
                trial,
            };
            if let Some(index) = lookup.find(&sources, &row.values) {
                marks.add(lookup, index, mark, left);
            }
        }
    }
    marks
}

impl PartMarks {
    /// Marks what passes the same as the trial at `index`, unless a newer one has.
    fn add(&mut self, lookup: &TrialLookup<'_>, index: u128, mark: FinishedMark, left: &mut usize) {
        if self.by_index.contains_key(&index) {
            return;
        }
        for index in lookup.all_equal(index, *left) {
            self.by_index.insert(index, mark);
            *left = left.saturating_sub(1);
        }
    }
}

/// What a command reads.
struct DataRead<'a> {
    /// Name, version and where it is mounted; `None`: nothing.
    store: Option<(&'a str, Option<u32>, String)>,
}

impl<'a> DataRead<'a> {
    fn of(options: &'a Options, list: &FinishedTrialList) -> DataRead<'a> {
        let store = options.datastore_name.as_deref().map(|name| {
            let newest = || list.newest_versions.get(name).copied();
            let mount = options.datastore_mount().unwrap_or_default();
            let version = options.datastore_version.or_else(newest);
            (name, version, mount.trim_end_matches('/').to_owned())
        });
        DataRead { store }
    }

    /// A command mounts one data set at most.
    fn is_same(&self, mounts: &[DatastoreMount]) -> bool {
        match (&self.store, mounts) {
            (None, []) => true,
            (Some((name, Some(version), at)), [mount]) => {
                mount.name == *name
                    && mount.mount_path == *at
                    && mount.version.as_ref().map(Scalar::as_str) == Some(&version.to_string())
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::launch::list_fixed_arguments;
    use crate::sweep::{self, Settings};
    use crate::testing::test;
    #[cfg(not(target_arch = "wasm32"))]
    use proptest::prelude::*;
    use std::borrow::Cow;
    use std::collections::BTreeMap;

    fn read(text: &str) -> std::sync::Arc<Plan> {
        let reading = sweep::read(text, &Settings::default());
        assert!(!reading.has_errors(), "{text}: {:?}", reading.diagnostics);
        reading.plan
    }

    /// A run of a command whose trials at these indices have succeeded, for $0.25 each.
    fn finished_run(command: &str, indices: &[u128]) -> FinishedRun {
        let plan = read(command);
        let part = &plan.parts()[0];
        let rows = (0..).zip(indices).map(|(number, index)| FinishedTrialRow {
            number,
            values: part
                .axes()
                .iter()
                .zip(part.digits(index % part.space_len()))
                .map(|(axis, digit)| axis.value(digit).map(Cow::into_owned))
                .collect(),
            state: ExperimentState::Succeeded,
            finish_timestamp: None,
            run_seconds: Some(5.0),
            cost: Some(0.25),
            metrics: BTreeMap::new(),
        });
        FinishedRun {
            has_ended: true,
            digest: Some("d".into()),
            columns: plan.columns().to_vec(),
            fixed_arguments: list_fixed_arguments(part),
            trials: rows.collect(),
            ..FinishedRun::default()
        }
    }

    fn list(runs: Vec<FinishedRun>) -> Vec<FinishedTrialList> {
        vec![FinishedTrialList {
            script: "f.py".into(),
            digest: Some("d".into()),
            runs,
            newest_versions: BTreeMap::from([("c".to_owned(), 2)]),
            ..FinishedTrialList::default()
        }]
    }

    fn marked(command: &str, run: FinishedRun) -> String {
        mark_finished(&read(command), &list(vec![run]))
            .positions
            .to_string()
    }

    const GRID: &str = r#"grid run ./f.py --a "[1, 2, 3]" --b "[4, 5]""#;

    #[test]
    fn what_has_finished_is_marked_wherever_it_stands_in_the_plan() {
        let run = finished_run(GRID, &[0, 4]);
        assert_eq!(marked(GRID, run.clone()), "0,4");
        // Axes in another order, more values, one of them fixed, other options.
        assert_eq!(
            marked(r#"grid run f.py --b "[5, 4]" --a "[0, 1, 2]""#, run.clone()),
            "3-4"
        );
        assert_eq!(
            marked("grid run --use_spot f.py --a=2 --b=5", run.clone()),
            "0"
        );
        assert_eq!(marked("grid run f.py --a 3 --b 5", run.clone()), "");
        assert_eq!(marked("grid run f.py --a 1 --b 4 --c 6", run.clone()), "");
        assert_eq!(marked("grid run g.py --a 1 --b 4", run.clone()), "");
        let two = [GRID, "grid run f.py --a 1 --b 4"].join("\n");
        assert_eq!(marked(&two, run), "0,4,6");
    }

    #[test]
    fn another_script_environment_or_data_is_another_trial() {
        let run = || finished_run(GRID, &[1]);
        let changed = FinishedRun {
            digest: Some("before".into()),
            ..run()
        };
        assert_eq!(marked(GRID, changed), "");
        let going_on = FinishedRun {
            has_ended: false,
            ..run()
        };
        assert_eq!(marked(GRID, going_on), "");
        let unknown = FinishedRun {
            digest: None,
            ..run()
        };
        let nowhere = FinishedTrialList {
            digest: None,
            ..list(vec![unknown]).remove(0)
        };
        assert!(mark_finished(&read(GRID), &[nowhere]).positions.is_empty());
        let environment = FinishedRun {
            environment_digest: digest_environment([("A", "1")].into_iter()),
            ..run()
        };
        assert_eq!(marked(GRID, environment.clone()), "");
        let settings = Settings {
            environment: BTreeMap::from([("A".into(), "1".into())]),
            ..Settings::default()
        };
        let plan = sweep::read(GRID, &settings).plan;
        let lists = list(vec![environment]);
        assert_eq!(mark_finished(&plan, &lists).positions.to_string(), "1");

        let reads = |version: &str, at: &str| FinishedRun {
            datastores: vec![DatastoreMount {
                id: String::new(),
                name: "c".into(),
                version: Some(version.into()),
                mount_path: at.into(),
            }],
            ..run()
        };
        let with = |options: &str| GRID.replace("./f.py", &format!("{options} f.py"));
        let (newest, first) = (
            with("--datastore_name c"),
            with("--datastore_name c --datastore_version 1"),
        );
        let at = "/datastores/c";
        assert_eq!(marked(&newest, reads("2", at)), "1");
        assert_eq!(marked(&newest, reads("1", at)), "");
        assert_eq!(marked(&first, reads("1", at)), "1");
        assert_eq!(marked(&newest, reads("2", "/in")), "");
        assert_eq!(marked(GRID, reads("2", at)), "");
        assert_eq!(marked(&newest, run()), "");
    }

    #[test]
    fn only_success_counts_and_the_newest_is_shown() {
        let mut failed = finished_run(GRID, &[0, 1]);
        failed.trials[0].state = ExperimentState::Failed;
        failed.trials[1].state = ExperimentState::Cancelled;
        let (mut newer, older) = (finished_run(GRID, &[2]), finished_run(GRID, &[3, 2]));
        newer.trials[0].cost = Some(1.0);
        let lists = list(vec![failed, newer, older]);
        let plan = read(GRID);
        let marks = mark_finished(&plan, &lists);
        assert_eq!(marks.positions().to_string(), "2-3");
        let cost = |chosen: &str| marks.cost_of(&plan, &chosen.parse().unwrap(), &lists);
        assert_eq!(cost("0-5"), Some(1.25));
        assert_eq!(cost("0-2"), Some(1.0));
        let mut lists = lists;
        lists[0].runs[2].trials[0].cost = None;
        let unknown = marks.cost_of(&plan, &Ranges::full(6), &lists);
        assert_eq!(unknown, None);
    }

    #[test]
    fn a_plan_that_no_one_could_list_is_marked_all_the_same() {
        let huge = "grid run f.py --a 'range(1000000000)' --b 'range(1000000000)'";
        let last = 10_u128.pow(18) - 1;
        assert_eq!(
            marked(huge, finished_run(huge, &[3, last])),
            format!("3,{last}")
        );
        // Values that repeat: marked up to a bound, which is reported.
        let list_of_one = format!("\"[{}]\"", vec!["1"; 1000].join(", "));
        let equal = format!("grid run f.py --a {list_of_one} --b {list_of_one}");
        let marks = mark_finished(&read(&equal), &list(vec![finished_run(&equal, &[0])]));
        assert_eq!(marks.positions.len(), MAX_POSITIONS as u128);
        assert!(marks.is_cut());
    }

    #[test]
    fn a_random_search_is_marked_where_it_proposes_what_has_finished() {
        let some = "grid run --strategy random_search --num_trials 5 --seed 3 f.py --a 'range(20)'";
        let plan = read(some);
        let drawn: Vec<u128> = (0..5).filter_map(|n| plan.parts()[0].index_at(n)).collect();
        let other = (0..20).find(|index| !drawn.contains(index)).unwrap();
        let run = finished_run(some, &[drawn[1], other]);
        assert_eq!(marked(some, run), "1");
    }

    /// What a trial passes, by the names of its arguments.
    #[cfg(not(target_arch = "wasm32"))]
    fn arguments(part: &Part, index: u128) -> BTreeMap<String, String> {
        let named = part.named_arguments();
        named
            .map(|(name, slot)| {
                let value = part.value(slot, index).unwrap();
                (name.to_owned(), value.into_owned())
            })
            .collect()
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn command() -> impl Strategy<Value = String> {
        let value = prop_oneof![
            "[1-3]",
            prop::collection::vec("[1-3]", 1..5)
                .prop_map(|items| format!("\"[{}]\"", items.join(", "))),
            (0_u32..3, 1_u32..5)
                .prop_map(|(start, len)| format!("'range({start}, {})'", start + len)),
        ];
        let argument = prop_oneof![
            3 => ("--[ab]", prop_oneof!["=", " "], value.clone()).prop_map(|(n, s, v)| n + &s + &v),
            1 => Just("--fast".to_owned()),
            1 => value,
        ];
        prop::collection::vec(argument, 0..4)
            .prop_map(|arguments| format!("grid run f.py {}", arguments.join(" ")))
    }

    #[cfg(not(target_arch = "wasm32"))]
    proptest! {
        #[test]
        fn marks_are_those_of_a_comparison_of_all_with_all(
            text in prop::collection::vec(command(), 1..3).prop_map(|lines| lines.join("\n")),
            runs in prop::collection::vec(
                (command(), prop::collection::vec((0_u128..200, any::<bool>()), 0..8)), 0..4),
        ) {
            let plan = read(&text);
            let mut finished = Vec::new();
            let runs = runs.iter().map(|(command, trials)| {
                let of = read(command);
                let part = &of.parts()[0];
                let indices: Vec<u128> = trials.iter().map(|(index, _)| *index).collect();
                let mut run = finished_run(command, &indices);
                for ((index, succeeded), row) in trials.iter().zip(&mut run.trials) {
                    if *succeeded {
                        finished.push(arguments(part, index % part.space_len()));
                    } else {
                        row.state = ExperimentState::Failed;
                    }
                }
                run
            });
            let lists = list(runs.collect());
            let marks = mark_finished(&plan, &lists);
            for position in 0..plan.len() {
                let trial = plan.trial(position).unwrap();
                let passed = arguments(&plan.parts()[trial.part as usize], trial.index);
                let expected = finished.contains(&passed);
                prop_assert_eq!(marks.of(&trial).is_some(), expected, "{} {}", text, position);
                prop_assert_eq!(marks.positions().contains(position), expected);
            }
        }
    }
}
