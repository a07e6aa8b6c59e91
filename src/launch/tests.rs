use super::*;
use crate::sweep::read;
use crate::testing::test;

const COMMANDS: &[&str] = &[
    "grid run file.py",
    "grid run file.py --batch_size \"[1, 2]\" --layers \"[3, 5]\"",
    "grid run --strategy random_search --num_trials 5 --seed 7 f.py --a \"range(0, 100)\" --b=\"['x y', 'it''s']\"",
    "grid run --strategy none f.py --a \"[1, 2]\" 'an argument' ''",
    "grid run --instance_type 1_t4_16gb --use_spot --gpus 1 --memory 200 --framework torch --name one f.py --a \"[1]\"",
    "grid run --datastore_name cifar5 --datastore_version 2 cifar5.py --data_dir /datastores/cifar5 --n \"[1, 2]\"",
    "grid run --datastore_name d --datastore_mount_dir /here -d Dockerfile --dependency_file r.txt --auto_resume --scratch_size 5 --scratch_mount_path /s f.sh",
    "grid run f.jl --x \"uniform(0, 1, 4)\" --flag",
    // What is not sent, for want of a data set, is not part of what is launched either.
    "grid run --datastore_version 1 f.py",
    "grid run --datastore_mount_dir /here --datastore_version 1 f.py",
    "grid run --scratch_size 2147483647 f.py",
    "grid run --dockerfile=--seed -- -f.py --x '--y=[1, 2]'",
];

fn plan(text: &str) -> std::sync::Arc<Plan> {
    let reading = read(
        text,
        &Settings {
            drawn_seed: 11,
            ..Settings::default()
        },
    );
    assert!(!reading.has_errors(), "{text}: {:?}", reading.diagnostics);
    reading.plan
}

/// What the page launches, the server reads as the same trials.
#[test]
fn a_request_is_read_as_the_plan_it_was_made_from() {
    for text in COMMANDS {
        let plan = plan(text);
        let all = Ranges::full(plan.len());
        let some = Ranges::from_ascending((0..plan.len()).step_by(2));
        for selection in [&all, &some] {
            let made = create_request(&plan, 0, selection, "local", Some(3)).unwrap();
            let wire = serde_json::to_string(&made).unwrap();
            let received = check_request(&serde_json::from_str(&wire).unwrap(), 999);
            let launch = received.unwrap_or_else(|e| panic!("{text}: {e}"));
            let part = launch.part().unwrap();
            let sent = selection
                .iter()
                .map(|at| plan.argv(&plan.trial(at).unwrap()));
            let read = launch.chosen.iter().map(|index| part.argv(index).unwrap());
            assert_eq!(sent.collect::<Vec<_>>(), read.collect::<Vec<_>>(), "{text}");
            assert_eq!(launch.parallel, Some(3));
        }
    }
}

const CONFIG: &str = r#"
compute:
  train:
    instance: 1_v100_16gb
    environment: {A: x y, B: yes, C: 1.0e-05, D: ""}
    actions: {on_build: [one, "two 'three'"], on_experiment_end: ["", four]}
hyper_params:
  settings: {strategy: random_search, strategy_options: {num_trials: 3}}
  params: {--lr: "uniform(0, 1, 2)", --m: ["a b", 'it''s'], --note: "'x y'", --flag: ""}
"#;

/// Variables that are typed beside the command go before a config file's, and count in the digest.
#[test]
fn a_request_carries_typed_variables() {
    let typed = parse_environment("MODE=quick\nA=1");
    let with = |environment, config: Option<&str>| {
        let settings = Settings {
            environment,
            config: config.map(Into::into),
            ..Settings::default()
        };
        let option = if config.is_some() {
            "--config c.yml "
        } else {
            ""
        };
        read(&["grid run ", option, "f.py"].concat(), &settings).plan
    };
    let config = "compute: {train: {environment: {MODE: full, B: 2}}}";
    let both = with(typed.variables.clone(), Some(config));
    let made = create_request(&both, 0, &Ranges::full(1), "local", None).unwrap();
    let sent: Vec<(&str, &str)> = made
        .spec
        .env
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(sent, [("A", "1"), ("B", "2"), ("MODE", "quick")]);
    assert!(check_request(&made, 0).is_ok());
    let bare = create_request(
        &with(typed.variables, None),
        0,
        &Ranges::full(1),
        "local",
        None,
    );
    let none = create_request(&plan("grid run f.py"), 0, &Ranges::full(1), "local", None);
    assert_ne!(
        bare.unwrap().spec.sweep_options.digest,
        none.unwrap().spec.sweep_options.digest
    );
}

/// A command with a config file, which gives a request what no option can.
#[test]
fn a_request_carries_the_config_file() {
    let settings = Settings {
        drawn_seed: 11,
        config: Some(CONFIG.into()),
        character_names: None,
        ..Settings::default()
    };
    let reading = read("grid run --config c.yml f.py --n \"[1, 2]\"", &settings);
    assert!(!reading.has_errors(), "{:?}", reading.config_diagnostics);
    let plan = reading.plan;
    let made = create_request(&plan, 0, &Ranges::full(plan.len()), "local", None).unwrap();
    let wire = serde_json::to_string(&made).unwrap();
    let launch = check_request(&serde_json::from_str(&wire).unwrap(), 999).unwrap();
    let (part, sent) = (launch.part().unwrap(), &plan.parts()[0]);
    assert_eq!(launch.chosen.len(), 3);
    for index in launch.chosen.iter() {
        assert_eq!(part.argv(index), sent.argv(index));
    }
    let options = part.options();
    assert_eq!(options.instance_type, "p3.2xlarge");
    assert_eq!(options.environment, sent.options().environment);
    assert_eq!(options.environment["B"], "True");
    assert_eq!(options.environment["C"], "1e-05");
    assert_eq!(options.actions, sent.options().actions);
    assert_eq!(options.actions.on_build, ["one", "two 'three'"]);
    let changes: [fn(&mut CreateRun); 4] = [
        |run| drop(run.spec.env.insert("A".into(), Scalar("z".into()))),
        |run| drop(run.spec.env.remove("D")),
        |run| run.spec.actions.on_build.swap(0, 1),
        |run| {
            let moved = std::mem::take(&mut run.spec.actions.on_experiment_end);
            run.spec.actions.on_experiment_start = moved;
        },
    ];
    for (number, change) in changes.iter().enumerate() {
        let mut changed = made.clone();
        change(&mut changed);
        let refused = check_request(&changed, 0);
        assert!(
            matches!(refused, Err(Refusal::DigestMismatch { .. })),
            "{number}: {refused:?}"
        );
    }
}

/// A request lists no more than a text does.
#[test]
fn a_request_draws_no_more_than_a_text() {
    let plan =
        plan("grid run --strategy random_search --num_trials 5 f.py --n \"range(10000000)\"");
    let mut made = create_request(&plan, 0, &Ranges::full(5), "local", None).unwrap();
    made.spec.sweep_options.num_trials = Some(Scalar("2000000".into()));
    assert!(matches!(
        check_request(&made, 0),
        Err(Refusal::InvalidCommand { .. })
    ));
}

/// Anything changed on the way that would change what runs is noticed.
#[test]
fn another_plan_has_another_digest() {
    let plan = plan(
        "grid run --strategy random_search --num_trials 2 file.py --batch_size \"[1, 2]\" --layers \"[3, 5]\"",
    );
    let made = create_request(&plan, 0, &Ranges::full(2), "local", None).unwrap();
    assert!(check_request(&made, 0).is_ok());
    let changes: [fn(&mut CreateRun); 7] = [
        |run| {
            run.spec.run_controller_command =
                "file.py  --batch_size '[1, 2]' --layers '[3, 6]'".into();
        },
        |run| {
            run.spec.run_controller_command =
                "other.py  --batch_size '[1, 2]' --layers '[3, 5]'".into();
        },
        |run| run.spec.sweep_options.seed = Some(Scalar("12".into())),
        |run| run.spec.sweep_options.num_trials = Some(Scalar("3".into())),
        |run| run.spec.sweep_type = "grid_search".into(),
        |run| run.spec.instance_type = "p3.2xlarge".into(),
        |run| run.spec.use_spot = true,
    ];
    for (number, change) in changes.iter().enumerate() {
        let mut changed = made.clone();
        change(&mut changed);
        let refused = check_request(&changed, 0);
        assert!(
            matches!(refused, Err(Refusal::DigestMismatch { .. })),
            "{number}: {refused:?}"
        );
    }
}

#[test]
fn refuses_what_is_not_there() {
    let base = create_request(
        &plan("grid run f.py --a \"[1, 2]\""),
        0,
        &Ranges::full(2),
        "local",
        None,
    )
    .unwrap();
    let refuse = |change: fn(&mut CreateRun)| {
        let mut changed = base.clone();
        changed.spec.sweep_options.digest = None;
        change(&mut changed);
        check_request(&changed, 0)
            .map(|_| ())
            .map_err(|e| e.to_string())
    };
    let trials = |text: &str| Some(Scalar(text.to_owned()));
    assert_eq!(refuse(|_| ()), Ok(()));
    assert!(refuse(|r| r.spec.sweep_options.trials = Some(Scalar("2".into()))).is_err());
    assert!(refuse(|r| r.spec.sweep_options.trials = Some(Scalar("x".into()))).is_err());
    assert!(refuse(|r| r.spec.sweep_options.trials = Some(Scalar(String::new()))).is_err());
    assert!(refuse(|r| r.spec.sweep_options.pilot = Some(Scalar("x".into()))).is_err());
    assert!(refuse(|r| r.spec.sweep_options.seed = Some(Scalar("-1".into()))).is_err());
    assert!(refuse(|r| r.spec.sweep_type = "bayes".into()).is_err());
    assert!(refuse(|r| r.spec.run_controller_command = "f.py  --a '[1, '".into()).is_err());
    assert!(refuse(|r| r.spec.run_controller_command = "f.txt ".into()).is_err());
    assert!(refuse(|r| r.spec.run_controller_command = String::new()).is_err());
    assert!(
        refuse(|r| r.spec.run_controller_command = "f.py  --a 'range(2000000)'".into()).is_err()
    );
    assert_eq!(trials("1"), Some(Scalar("1".into())));
}

/// The published client puts a config file's lists unquoted into the command.
#[test]
fn unquoted_lists_of_a_config_file_are_joined() {
    let run: CreateRun = serde_json::from_str(
        r#"{"name": "hp", "spec": {"sweepType": "grid_search",
            "runControllerCommand": "train.py  --lr [0.1, 0.2] --note a b --opt ['x', 'y']"}}"#,
    )
    .unwrap();
    let launch = check_request(&run, 0).unwrap();
    let part = launch.part().unwrap();
    assert_eq!(part.len(), 4);
    assert_eq!(
        part.argv(3).unwrap(),
        ["train.py", "--lr", "0.2", "--note", "a", "b", "--opt", "y"]
    );
}
