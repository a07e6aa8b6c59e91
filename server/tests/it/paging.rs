//! Large runs and long metrics in small pieces.

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::client::Request;
use crate::server::{Home, Server, launch_request};

const TRIALS: u64 = 5000;

/// The wire's word for the state that a trial is given: an uneven mixture, one long stretch.
fn expected_state(number: u64) -> (&'static str, u8) {
    match number {
        1000..=3999 => ("SUCCEEDED", 3),
        _ => match number * 2_654_435_761 % 7 {
            0 | 1 => ("FAILED", 4),
            2 => ("CANCELLED", 5),
            3 => ("PAUSED", 6),
            _ => ("SUCCEEDED", 3),
        },
    }
}

/// A run whose trials are in these states, without having run.
fn start_filled(home: &Home) -> (Server, String) {
    let server = home.start();
    let mut body = launch_request(&format!("quick.sh  'range({TRIALS})'"));
    // It waits for its upload, so nothing starts.
    body["localDir"] = json!(true);
    let answer = server.post_run(&body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    server.kill();
    let mut database = Connection::open(home.path("data/sweep.db")).unwrap();
    let transaction = database.transaction().unwrap();
    for number in 0..TRIALS {
        let query = "UPDATE trial SET state = ?1 WHERE number = ?2";
        transaction
            .execute(
                query,
                [u64::from(expected_state(number).1) as i64, number as i64],
            )
            .unwrap();
    }
    transaction.commit().unwrap();
    drop(database);
    (home.start(), id)
}

fn trial_numbers(page: &Value) -> Vec<u64> {
    let trials = page["trials"].as_array().unwrap();
    trials
        .iter()
        .map(|trial| trial["number"].as_u64().unwrap())
        .collect()
}

#[test]
fn a_page_of_one_state_begins_at_any_offset() {
    let home = Home::new(&[("quick.sh", "echo $1")]);
    let (server, id) = start_filled(&home);
    for wire in [
        "SUCCEEDED",
        "FAILED",
        "CANCELLED",
        "PAUSED",
        "QUEUED",
        "RUNNING",
    ] {
        let expected: Vec<u64> = (0..TRIALS)
            .filter(|n| expected_state(*n).0 == wire)
            .collect();
        let total = expected.len();
        let deep = [total.saturating_sub(1), total, total + 1, 1 << 40];
        for offset in (0..total).step_by(97).chain(deep) {
            let page = server.get(&format!(
                "/v1/core/local/runs/{id}/trials?limit=20&offset={offset}&state=EXPERIMENT_STATE_{wire}"
            ));
            let here: Vec<u64> = expected.iter().skip(offset).take(20).copied().collect();
            assert_eq!(trial_numbers(&page), here, "{wire} at {offset}");
            assert_eq!(page["total"], json!(total));
        }
    }
}

#[test]
fn the_states_of_many_runs_come_in_one_call() {
    let home = Home::new(&[("quick.sh", "echo $1")]);
    let (server, id) = start_filled(&home);
    let other = server.launch("quick.sh  '[1, 2]'");
    server.finish(&other);
    let other = other["id"].as_str().unwrap();
    let path = |query: &str| format!("/v1/core/local/states?{query}");
    let answer = server.send(Request::new("GET", &path(&format!("run={id}&run={other}"))));
    assert!(answer.body.len() < 20_000, "{} bytes", answer.body.len());
    let list = answer.json();
    assert_eq!(
        list["runs"][1],
        json!({"id": other, "trials": 2, "next": null,
               "states": [{"state": "EXPERIMENT_STATE_SUCCEEDED", "count": 2, "trials": "0-1"}]})
    );
    for from in [0, 1500, 4995] {
        let list = server.get(&path(&format!("run={id}&from={from}")));
        assert_eq!(list["runs"][0]["next"], Value::Null);
        let mut told = 0;
        for entry in list["runs"][0]["states"].as_array().unwrap() {
            let ranges: sweep_planner::sweep::Ranges =
                entry["trials"].as_str().unwrap().parse().unwrap();
            let wire = entry["state"].as_str().unwrap();
            let of_state =
                |number: &u64| wire == format!("EXPERIMENT_STATE_{}", expected_state(*number).0);
            let expected: Vec<u128> = (from..TRIALS).filter(of_state).map(u128::from).collect();
            assert_eq!(
                ranges.iter().collect::<Vec<_>>(),
                expected,
                "{wire} from {from}"
            );
            assert_eq!(entry["count"], json!((0..TRIALS).filter(of_state).count()));
            told += expected.len() as u64;
        }
        assert_eq!(told, TRIALS - from);
    }
    let many: Vec<String> = (0..101).map(|_| format!("run={id}")).collect();
    let status = |query: &str| server.send(Request::new("GET", &path(query))).status;
    assert_eq!(status(&many.join("&")), 400);
    assert_eq!(status("run=nothing"), 404);
}

#[test]
fn states_that_change_too_often_for_one_answer_come_in_several() {
    let home = Home::new(&[("quick.sh", "echo $1")]);
    let server = home.start();
    let mut body = launch_request("quick.sh  'range(30000)'");
    body["localDir"] = json!(true);
    let id = server.post_run(&body).json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    server.kill();
    let database = Connection::open(home.path("data/sweep.db")).unwrap();
    database
        .execute("UPDATE trial SET state = 4 WHERE number % 2 = 1", [])
        .unwrap();
    drop(database);
    let server = home.start();
    let (mut from, mut failed, mut answers) = (0, Vec::new(), 0);
    loop {
        let answer = server.get(&format!("/v1/core/local/states?run={id}&from={from}"));
        for entry in answer["runs"][0]["states"].as_array().unwrap() {
            if entry["state"] == "EXPERIMENT_STATE_FAILED" {
                let numbers = entry["trials"].as_str().unwrap().split(',');
                failed.extend(numbers.map(|number| number.parse::<u32>().unwrap()));
            }
        }
        answers += 1;
        match answer["runs"][0]["next"].as_u64() {
            Some(next) => from = next,
            None => break,
        }
    }
    let expected: Vec<u32> = (1..30_000).step_by(2).collect();
    assert_eq!((failed, answers), (expected, 3));
}

#[test]
fn long_metrics_are_thinned_and_keep_their_shape() {
    let home = Home::new(&[(
        "many.py",
        "import sys\n\
         odd = {20000: 'nan', 20001: 'inf', 20002: '-inf', 31234: '12345.5'}\n\
         for step in range(60000):\n\
         \x20   print(f'step={step} loss={odd.get(step, step % 10)}')\n\
         print('other=1')",
    )]);
    let server = home.start();
    let trial = &server.finish(&server.launch("many.py "))[0];
    assert_eq!(
        trial["metrics"],
        json!({"loss": 9.0, "other": 1.0}),
        "{trial}"
    );
    let id = trial["id"].as_str().unwrap();
    let read = |query: &str| {
        let list = server.get(&format!("/v1/core/local/experiments/{id}/metrics?{query}"));
        list["series"][0].clone()
    };
    for (query, most) in [("", 1000), ("points=50", 50), ("points=1000000", 10_000)] {
        let series = read(query);
        assert_eq!(
            (&series["name"], &series["total"]),
            (&json!("loss"), &json!(60_000))
        );
        let points = series["points"].as_array().unwrap();
        assert!(
            points.len() <= most && points.len() > most / 2,
            "{query}: {}",
            points.len()
        );
        for odd in [
            json!("NaN"),
            json!("Infinity"),
            json!("-Infinity"),
            json!(12345.5),
        ] {
            let peak = points.iter().any(|point| point["value"] == odd);
            assert!(peak || most == 50, "{query}: {odd} is lost");
        }
        assert_eq!(
            (&points[0]["step"], &points[points.len() - 1]["step"]),
            (&json!(0.0), &json!(59_999.0))
        );
    }
    // As near as one likes.
    let near = read("from=19999&to=20004");
    let values: Vec<&Value> = near["points"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| &p["value"])
        .collect();
    assert_eq!(
        values,
        [
            &json!(9.0),
            &json!("NaN"),
            &json!("Infinity"),
            &json!("-Infinity"),
            &json!(3.0)
        ]
    );
    assert_eq!(read("from=99999999")["points"], json!([]));
    assert_eq!(read("from=9&to=3")["points"], json!([]));
}
