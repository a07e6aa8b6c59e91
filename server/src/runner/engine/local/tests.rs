use super::*;

fn trial() -> ActiveTrial {
    ActiveTrial {
        run: 1,
        run_id: "r".into(),
        run_name: "r".into(),
        account: "u".into(),
        spec: Arc::default(),
        number: 0,
        argv: vec!["a.sh".into()],
        state: crate::model::TrialState::Starting,
        attempt: 0,
        run_parallel: 1,
        gpus: Vec::new(),
        mounts: Vec::new(),
        metrics_read: 0,
    }
}

fn engine(data: &Path) -> LocalEngine {
    LocalEngine {
        data: DataDir::new(data),
        disk: DiskMonitor::new(data, Some(0)),
        program: "/nonexistent".into(),
        jobs: JobMaker::default(),
        cores: Arc::default(),
        supervisors: Arc::default(),
        wake: Arc::default(),
    }
}

#[test]
fn a_trial_that_was_withdrawn_unrecorded_is_stopped_and_not_lost() {
    let data = tempfile::tempdir().unwrap();
    let trial = trial();
    assert_eq!(engine(data.path()).withdraw(&trial), Ok(true));
    // What the next server sees.
    let seen = engine(data.path()).observe(&[&trial]);
    let [TrialStatus::Ended(ended)] = &seen[..] else {
        panic!("{seen:?}");
    };
    assert!(ended.stopped && ended.started.is_none(), "{ended:?}");
    // A supervisor that was killed after its claim is another matter.
    let other = ActiveTrial { number: 1, ..trial };
    let folder = engine(data.path()).trial_folder(&other);
    folder.create().unwrap();
    assert!(folder.claim().unwrap());
    let seen = engine(data.path()).observe(&[&other]);
    assert!(
        matches!(seen[..], [TrialStatus::Lost { started: None, .. }]),
        "{seen:?}"
    );
    // One whose start no server has recorded yet is billed from then on.
    let note = StartRecord {
        at: clock::now(),
        process: 1,
        identity: None,
        command: Vec::new(),
        datastores: None,
        execution: None,
    };
    folder.write_start(&note).unwrap();
    let seen = engine(data.path()).observe(&[&other]);
    let [TrialStatus::Lost { started, .. }] = &seen[..] else {
        panic!("{seen:?}");
    };
    assert_eq!(*started, Some(note.at));
}

#[test]
fn a_supervisor_that_ends_before_it_takes_its_trial_is_a_failed_start() {
    let data = tempfile::tempdir().unwrap();
    let engine = LocalEngine {
        program: "false".into(),
        ..engine(data.path())
    };
    fs::create_dir_all(engine.data.source("r")).unwrap();
    engine.submit(&trial(), 1).unwrap();
    let begun = std::time::Instant::now();
    let seen = loop {
        match &engine.observe(&[&trial()])[..] {
            [TrialStatus::Starting] => std::thread::sleep(std::time::Duration::from_millis(5)),
            seen => break seen[0].clone(),
        }
        assert!(begun.elapsed().as_secs() < 20);
    };
    assert!(
        matches!(&seen, TrialStatus::StartFailed(why) if why.contains("without an error message")),
        "{seen:?}"
    );
}

#[test]
fn a_trial_that_has_started_is_not_started_again_whatever_it_does_to_its_folder() {
    let data = tempfile::tempdir().unwrap();
    let running = ActiveTrial {
        state: crate::model::TrialState::Running,
        ..trial()
    };
    // Gone, a link to another folder, and another thing.
    let folder = engine(data.path()).trial_folder(&running);
    for number in 0..3 {
        match number {
            0 => fs::create_dir_all(folder.path().parent().unwrap()).unwrap(),
            1 => std::os::unix::fs::symlink(data.path(), folder.path()).unwrap(),
            _ => {
                fs::remove_file(folder.path()).unwrap();
                fs::write(folder.path(), "").unwrap();
            }
        }
        let seen = engine(data.path()).observe(&[&running]);
        assert!(
            matches!(seen[..], [TrialStatus::Lost { .. }]),
            "{number}: {seen:?}"
        );
    }
    // One that could not have started fails alone: the others need not wait.
    let submitted = engine(data.path()).submit(&trial(), 1);
    assert!(
        matches!(submitted, Err(SubmitError::Unusable(_))),
        "{submitted:?}"
    );
}
