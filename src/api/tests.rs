//! One test for each mistake that the wire format invites.

use crate::testing::test;
use serde_json::{Value, from_value, json, to_value};

use super::*;

/// The request that Grid's client 0.8.81 sends, as recorded.
fn recorded_request() -> Value {
    json!({"localDir":true,"name":"hp","spec":{"actions":{},"autoResume":false,
        "clusterId":"local-1","desiredState":"RUN_STATE_SUCCEEDED","dryRun":false,"env":{},
        "image":{"framework":"lightning"},"instanceType":"m5a.large",
        "resources":{"cpu":0,"extra":{},"gpu":0,"storageGb":100},
        "runControllerCommand":"train.py  --lr '[0.1, 0.2]' --batch_size '[8, 16, 32]'",
        "scratch":[{"mountPath":"/tmp/scratch","sizeGb":100}],"sweepOptions":{},
        "sweepType":"grid_search","useSpot":false}})
}

#[test]
fn a_recorded_create_request_is_read() {
    let request: CreateRun = from_value(recorded_request()).unwrap();
    assert!(request.local_dir);
    assert_eq!(request.spec.resources.storage_gb, Int64(100));
    assert_eq!(request.spec.scratch[0].size_gb, 100);
    assert_eq!(request.spec.desired_state, RunState::Succeeded);
}

#[test]
fn numbers_text_and_null_are_all_taken() {
    let mut body = recorded_request();
    body["description"] = Value::Null;
    body["spec"]["resources"] = json!({"cpu":"2","gpu":null,"storageGb":200.0});
    body["spec"]["scratch"] = json!([{"mountPath":"/s","sizeGb":"7"}]);
    body["spec"]["env"] = json!({"A":1,"B":true,"C":"x","D":1.5});
    body["spec"]["sweepOptions"] = json!({"num_trials":2,"seed":"0","later":[1]});
    body["spec"]["image"] = Value::Null;
    let spec = from_value::<CreateRun>(body).unwrap().spec;
    assert_eq!(spec.resources.cpu, Int64(2));
    assert_eq!(spec.resources.gpu, Int64(0));
    assert_eq!(spec.resources.storage_gb, Int64(200));
    assert_eq!(spec.scratch[0].size_gb, 7);
    let env: Vec<_> = spec.env.values().map(Scalar::as_str).collect();
    assert_eq!(env, ["1", "True", "x", "1.5"]);
    assert_eq!(spec.sweep_options.num_trials.unwrap().parse(), Ok(2_u64));
}

#[test]
fn a_fraction_is_no_integer() {
    let mut body = recorded_request();
    body["spec"]["resources"] = json!({"cpu": 1.5});
    let error = from_value::<CreateRun>(body).unwrap_err().to_string();
    assert!(
        error.contains("expected an integer, found `1.5`"),
        "{error}"
    );
}

#[test]
fn sixty_four_bits_go_out_as_text() {
    let spec = from_value::<CreateRun>(recorded_request()).unwrap().spec;
    let sent = to_value(&spec).unwrap();
    assert_eq!(
        sent["resources"],
        json!({"cpu":"0","gpu":"0","storageGb":"100","extra":{}})
    );
    assert_eq!(sent["scratch"][0]["sizeGb"], json!(100));
}

#[test]
fn what_the_client_needs_is_always_there() {
    let spec = to_value(RunSpec::default()).unwrap();
    for (member, empty) in [
        ("sourceCode", json!("")),
        ("image", json!({})),
        ("datastores", json!([])),
        ("scratch", json!([])),
        ("actions", json!({})),
        ("env", json!({})),
    ] {
        assert_eq!(spec[member], empty, "{member}");
    }
    let status = to_value(RunStatus::default()).unwrap();
    assert_eq!(status["experimentIds"], json!([]));
    assert_eq!(
        status["experimentCounts"],
        json!({"pending":0,"running":0,"succeeded":0,"failed":0,"cancelled":0,"deleted":0})
    );
    assert_eq!(
        to_value(ArtifactPage::default()).unwrap()["nextPageToken"],
        json!("")
    );
}

#[test]
fn states_are_spelled_as_the_client_expects() {
    for state in RunState::ALL {
        assert_eq!(to_value(state).unwrap(), json!(state.as_str()));
        assert_eq!(RunState::from_wire(state.as_str()), Some(state));
    }
    for state in ExperimentState::ALL {
        assert_eq!(to_value(state).unwrap(), json!(state.as_str()));
        assert_eq!(ExperimentState::from_wire(state.as_str()), Some(state));
    }
    assert!(from_value::<RunState>(json!("RUN_STATE_CANCELLED")).is_err());
    assert!(from_value::<ExperimentState>(json!("EXPERIMENT_STATE_CANCELED")).is_err());
    assert!(from_value::<RunState>(json!(3)).is_err());
}

#[test]
fn not_a_number_survives() {
    for (value, wire) in [
        (f64::NAN, json!("NaN")),
        (f64::INFINITY, json!("Infinity")),
        (f64::NEG_INFINITY, json!("-Infinity")),
        (0.1, json!(0.1)),
        (-0.0, json!(-0.0)),
    ] {
        assert_eq!(to_value(MetricValue(value)).unwrap(), wire);
        let back: MetricValue = from_value(wire).unwrap();
        assert!(back.0 == value || back.0.is_nan() && value.is_nan());
    }
    assert_eq!(
        from_value::<MetricValue>(json!(3)).unwrap(),
        MetricValue(3.0)
    );
    assert!(from_value::<MetricValue>(json!("nan")).is_err());
}

#[test]
fn large_indices_are_text() {
    for (index, wire) in [
        (7, json!(7)),
        (1 << 53, json!(9_007_199_254_740_992_u64)),
        ((1 << 53) + 1, json!("9007199254740993")),
        (u128::MAX, json!("340282366920938463463374607431768211455")),
    ] {
        assert_eq!(to_value(SpaceIndex(index)).unwrap(), wire);
        assert_eq!(from_value::<SpaceIndex>(wire).unwrap(), SpaceIndex(index));
    }
}

#[test]
fn times_of_rfc_3339() {
    for (text, shown) in [
        ("2026-11-23T18:49:05.187395Z", "2026-11-23T18:49:05.187395Z"),
        ("2026-11-23T18:49:05Z", "2026-11-23T18:49:05.000000Z"),
        (
            "2024-02-29t23:59:59.1234567z",
            "2024-02-29T23:59:59.123456Z",
        ),
        ("1969-12-31 22:00:00.5-01:30", "1969-12-31T23:30:00.500000Z"),
        ("0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000000Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000Z"),
    ] {
        assert_eq!(
            text.parse::<Timestamp>().unwrap().to_string(),
            shown,
            "{text}"
        );
    }
    for text in [
        "",
        "2026-11-23",
        "2026-11-23T18:49:05",
        "2026-13-01T00:00:00Z",
        "2025-02-29T00:00:00Z",
        "2026-11-23T24:00:00Z",
        "2026-11-23T18:49:05.Z",
        "2026-11-23T18:49:05+0200",
        "0000-01-01T00:00:00+01:00",
        "２026-11-23T18:49:05Z",
    ] {
        assert_eq!(text.parse::<Timestamp>(), Err(InvalidTimestamp), "{text}");
    }
}

#[test]
fn every_day_of_a_thousand_years_reads_back() {
    let midnight = |day: i64| Timestamp::from_micros(day * 86_400_000_000);
    for day in -200_000..200_000 {
        let shown = midnight(day).to_string();
        assert_eq!(shown.parse(), Ok(midnight(day)), "{shown}");
    }
}

#[test]
fn an_error_has_exactly_one_detail() {
    let body = to_value(ErrorBody::new(
        ErrorCode::ResourceExhausted,
        "only 4 GPUs left",
    ))
    .unwrap();
    assert_eq!(body["code"], json!(8));
    assert_eq!(body["details"].as_array().unwrap().len(), 1);
    assert_eq!(body["details"][0]["message"], json!("only 4 GPUs left"));
}

#[test]
fn secrets_stay_out_of_debug() {
    let credentials = Credentials {
        username: "ada".into(),
        api_key: "k-secret".into(),
    };
    let token = LoginAnswer {
        token: "t-secret".into(),
    };
    assert!(!format!("{credentials:?}{token:?}").contains("secret"));
}

#[test]
fn events_carry_their_type() {
    assert_eq!(to_value(Event::Reload).unwrap(), json!("reload"));
    let event: Event =
        from_value(json!({"trials":{"clusterId":"local","runId":"x","trials":[]}})).unwrap();
    assert!(matches!(event, Event::Trials(changes) if changes.run_id == "x"));
}

#[test]
fn filled_paths_match_their_routes() {
    for (filled, route) in [
        (paths::cluster("C"), paths::CLUSTER),
        (paths::instance_types("C"), paths::INSTANCE_TYPES),
        (paths::runs("C"), paths::RUNS),
        (paths::run("C", "R"), paths::RUN),
        (paths::trials("C", "R"), paths::TRIALS),
        (paths::states("C"), paths::STATES),
        (paths::experiments("C"), paths::EXPERIMENTS),
        (paths::experiment("C", "E"), paths::EXPERIMENT),
        (paths::logs("C", "E"), paths::LOGS),
        (paths::metrics("C", "E"), paths::METRICS),
        (paths::artifacts("C", "E"), paths::ARTIFACTS),
    ] {
        let expected = route
            .replace("{cluster}", "C")
            .replace("{run}", "R")
            .replace("{experiment}", "E");
        assert_eq!(filled, expected);
    }
}

#[test]
fn a_cluster_without_a_price_member_has_none_of_its_own() {
    let spec =
        json!({"clusterType": "CLUSTER_TYPE_GLOBAL", "desiredState": "CLUSTER_STATE_RUNNING"});
    let older: ClusterSpec = from_value(spec).unwrap();
    assert_eq!(older.price, None);
    assert!(to_value(&older).unwrap().get("price").is_none());
    let free: ClusterPrice = from_value(json!({"hourlyRate": null})).unwrap();
    assert_eq!(free, ClusterPrice::default());
}
