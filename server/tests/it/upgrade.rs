//! Databases that earlier versions have filled are brought up to date with all that is in them.

use std::fs;
use std::os::unix::fs::DirBuilderExt;

use rusqlite::types::Value as SqlValue;
use rusqlite::{Connection, params};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::client::Request;
use crate::server::{Home, KEY, Server, USER};

/// The tables of the first version, and what each version after it added to them. The fifth corrects
/// figures and leaves the tables as they are; the sixth adds a column and fills it, in Rust; the
/// seventh lets a point have no step; the eighth stores arguments by run; the ninth keeps accounts
/// apart; the eleventh keeps estimates and budgets; the twelfth finds runs by their script.
const TABLES: [&str; 12] = [
    include_str!("../../migrations/0001_runs.sql"),
    include_str!("../../migrations/0002_control.sql"),
    include_str!("../../migrations/0003_data.sql"),
    include_str!("../../migrations/0004_load.sql"),
    "",
    "ALTER TABLE run ADD COLUMN fixed TEXT",
    include_str!("../../migrations/0007_steps.sql"),
    include_str!("../../migrations/0008_arguments.sql"),
    include_str!("../../migrations/0009_accounts.sql"),
    include_str!("../../migrations/0010_waiting_changes.sql"),
    include_str!("../../migrations/0011_estimates.sql"),
    include_str!("../../migrations/0012_scripts.sql"),
];

/// What each version, from the second on, could store of a run that has ended beyond what the one
/// before it could.
const LATER_ROWS: [&str; 11] = [
    "UPDATE run SET stop_after = 3, failures = 2, cpus = 2, gpus = 1, upload = 'abc' WHERE key = 1;
     UPDATE trial SET attempt = 1, gpus = '[1, 3]' WHERE run = 1 AND number = 4;
     INSERT INTO trial_attempt VALUES
         (1, 4, 0, 4, 'exit status 1', 1760000000000000, 1760000090000000, 1, NULL, 90);
     UPDATE run SET billed_seconds = billed_seconds + 90 WHERE key = 1;",
    r#"UPDATE run SET fetched = 'c0ffee', fetch_failure = 'once', mounts =
         '[{"id":"c-v1","name":"c","version":1,"folder":"/srv/c/1","at":"/data/c"}]' WHERE key = 1;"#,
    "INSERT INTO discarded VALUES (1, 0, 1760000100000000, 1);",
    "",
    r#"UPDATE run SET fixed = '[{"name":"script","value":"quick.sh"},{"name":"--note","value":"a b"},
         {"name":"--fast","value":"--fast"}]' WHERE key = 1;"#,
    "INSERT INTO metric_point VALUES (1, 3, 1, 0, 1, NULL, 0.25);
     UPDATE metric_last SET points = 2 WHERE run = 1 AND number = 3 AND name = 1;",
    r#"INSERT INTO run_arguments VALUES (1, '{"words":["quick.sh","--x",{"prefix":"","axis":0}],
         "axes":[{"range":{"start":"0","step":"1","len":"7500"}}]}');
     INSERT INTO axis_values VALUES (1, 1, 0, '["a"]');
     UPDATE trial SET passed = '["3"]', argv = '["quick.sh","--x","3"]' WHERE run = 1 AND number = 3;"#,
    "UPDATE account SET admin = 1;",
    "",
    r#"INSERT INTO budget VALUES (1, 'u-1', 'a-group', '12.50');
     UPDATE run SET budget = 1, estimate = '{"runTime":"10 min","source":"stated","trials":2500,
         "cost":{"low":1.0,"likely":2.0,"high":3.0},
         "machineSeconds":{"low":1.0,"likely":2.0,"high":3.0},"remaining":null}' WHERE key = 1;
     UPDATE trial SET likely_run = 1500000, likely_bill = 60000000, high_bill = 60000000
         WHERE run = 1 AND number = 4;"#,
    "INSERT INTO run_script VALUES ('u-1', 'quick.sh', 1, 'd1');",
];

const ENDED_RUN: &str = "01k0old000000000000000ended";
const WAITING_RUN: &str = "01k0old0000000000000waiting";
/// More than one block of trials, the last one not full.
const TRIALS: i64 = 2500;
const BEGAN: i64 = 1_760_000_000_000_000;

/// The state of a trial of the old run: most succeeded.
fn expected_state(number: i64) -> i64 {
    match number % 10 {
        0..=5 => 3,
        6 | 7 => 4,
        8 => 5,
        _ => 7,
    }
}

fn spec_json(command: &str) -> String {
    json!({
        "actions": {}, "autoResume": false, "clusterId": "local",
        "desiredState": "RUN_STATE_UNSPECIFIED", "dryRun": false, "env": {"MODE": "old"},
        "image": {}, "instanceType": "m5a.large",
        "resources": {"cpu": "0", "gpu": "0", "storageGb": "100"},
        "runControllerCommand": command, "scratch": [],
        "sweepOptions": {"seed": "7", "digest": "d1"}, "sweepType": "grid_search",
        "useSpot": false, "sourceCode": "", "datastores": [], "userId": "u-1",
    })
    .to_string()
}

/// The billed seconds of the run that has ended; from the second version on, a trial of it was
/// tried twice.
fn expected_seconds(version: usize) -> f64 {
    if version == 1 { 225_000.0 } else { 225_090.0 }
}

/// Writes a database as a version left it.
fn write_old_database(home: &Home, version: usize) {
    let mut folder = fs::DirBuilder::new();
    folder.mode(0o700).create(home.path("data")).unwrap();
    let mut database = Connection::open(home.path("data/sweep.db")).unwrap();
    database.pragma_update(None, "journal_mode", "WAL").unwrap();
    let transaction = database.transaction().unwrap();
    for tables in &TABLES[..version] {
        transaction.execute_batch(tables).unwrap();
    }
    transaction
        .pragma_update(None, "application_id", 0x5357_4550)
        .unwrap();
    transaction
        .pragma_update(None, "user_version", version as i64)
        .unwrap();
    let (salt, hash) = (
        vec![9_u8; 16],
        Sha256::new().chain_update([9; 16]).chain_update(KEY),
    );
    transaction
        .execute(
            "INSERT INTO account (id, name, salt, key_hash, created_at)
             VALUES ('u-1', ?1, ?2, ?3, ?4)",
            params![USER, salt, hash.finalize().to_vec(), BEGAN],
        )
        .unwrap();
    ended_run(&transaction);
    waiting_run(&transaction);
    for rows in &LATER_ROWS[..version - 1] {
        transaction.execute_batch(rows).unwrap();
    }
    transaction
        .execute_batch(
            "INSERT INTO setting VALUES ('signing_key', x'0102');
             INSERT INTO page_session (token_hash, account, expires_at)
                 VALUES (x'0304', 'u-1', 9000000000000000);",
        )
        .unwrap();
    transaction.commit().unwrap();
}

fn insert_run(database: &Connection, key: i64, id: &str, command: &str, trials: i64) {
    database
        .execute(
            "INSERT INTO run (key, id, cluster, name, description, account, spec, columns, rate,
                              bill_minimum, bill_increment, parallel, priority, trials,
                              billed_seconds, created_at, changed_at)
             VALUES (?1, ?2, 'local', ?2, 'about it', 'u-1', ?3, '[\"--x\"]', '0.086', 60, 1, 2, 5,
                     ?4, 0, ?5, ?5)",
            params![key, id, spec_json(command), trials, BEGAN],
        )
        .unwrap();
    let hash = vec![key as u8; 32];
    database
        .execute(
            "INSERT INTO launch VALUES ('u-1', ?1, ?2, ?3)",
            params![format!("key-{key}"), hash, key],
        )
        .unwrap();
    for number in 0..trials {
        database
            .execute(
                "INSERT INTO trial (run, number, space_index, passed, argv, changed_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    key,
                    number,
                    (number * 3).to_string(),
                    json!([number.to_string()]).to_string(),
                    json!(["quick.sh", "--x", number.to_string()]).to_string(),
                    BEGAN
                ],
            )
            .unwrap();
    }
    database
        .execute(
            "INSERT INTO trial_count (run, state, trials) VALUES (?1, 0, ?2)",
            [key, trials],
        )
        .unwrap();
    if database.table_exists(None, "trial_block").unwrap() {
        let count = "INSERT INTO trial_block
            SELECT run, state, number >> 10, count(*) FROM trial WHERE run = ?1 GROUP BY 1, 2, 3";
        database.execute(count, [key]).unwrap();
    }
}

/// The rows of a table that do not change when the server is started.
struct Rows {
    table: String,
    columns: String,
    rows: Vec<Vec<SqlValue>>,
}

fn query_rows(database: &Connection, table: &str, columns: &str) -> Vec<Vec<SqlValue>> {
    let only = match table {
        "run" => "key = 1",
        "account" | "setting" | "page_session" => "TRUE",
        _ => "run = 1",
    };
    let query = format!("SELECT {columns} FROM {table} WHERE {only} ORDER BY {columns}");
    let mut statement = database.prepare(&query).unwrap();
    let width = statement.column_count();
    let rows = statement.query_map([], |row| (0..width).map(|at| row.get(at)).collect());
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

/// All that is stored of the run that has ended, and of accounts, by the columns there are.
fn read_rows(home: &Home) -> Vec<Rows> {
    let database = Connection::open(home.path("data/sweep.db")).unwrap();
    let names = |query: &str| -> Vec<String> {
        let mut statement = database.prepare(query).unwrap();
        let names = statement.query_map([], |row| row.get(0)).unwrap();
        names.collect::<Result<_, _>>().unwrap()
    };
    let tables = names("SELECT name FROM sqlite_schema WHERE type = 'table'");
    let rows = |table: String| {
        let columns = names(&format!("SELECT name FROM pragma_table_info('{table}')")).join(", ");
        let rows = query_rows(&database, &table, &columns);
        assert!(!rows.is_empty(), "{table} is filled");
        Rows {
            table,
            columns,
            rows,
        }
    };
    tables.into_iter().map(rows).collect()
}

/// Checks that every value that the old database had is in the new one, in tables that are those of
/// a new database.
fn check_rows(home: &Home, before: Vec<Rows>) {
    let database = Connection::open(home.path("data/sweep.db")).unwrap();
    for old in before {
        let mut rows = query_rows(&database, &old.table, &old.columns);
        if ["setting", "page_session"].contains(&old.table.as_str()) {
            // The server adds its own.
            rows.retain(|row| old.rows.contains(row));
        }
        assert!(rows == old.rows, "{} has changed", old.table);
    }
    let fresh = Connection::open_in_memory().unwrap();
    fresh.execute_batch(&TABLES.join(";\n")).unwrap();
    let tables = |database: &Connection| -> Vec<(String, Option<String>)> {
        let query = "SELECT name, sql FROM sqlite_schema ORDER BY name";
        let mut statement = database.prepare(query).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        rows.unwrap().collect::<Result<_, _>>().unwrap()
    };
    assert_eq!(tables(&database), tables(&fresh));
}

fn ended_run(database: &Connection) {
    insert_run(
        database,
        1,
        ENDED_RUN,
        "quick.sh  --x 'range(2500)' --note 'a b' --fast",
        TRIALS,
    );
    for number in 0..TRIALS {
        for step in [1, 2, expected_state(number)] {
            database
                .execute(
                    "UPDATE trial SET state = ?2, started_at = ?3, ended_at = ?3 + 90000000,
                         exit_code = 0, billed_seconds = 90 WHERE run = 1 AND number = ?1",
                    [number, step, BEGAN],
                )
                .unwrap();
        }
    }
    database
        .execute_batch(&format!(
            "UPDATE run SET billed_seconds = 225000, started_at = {BEGAN},
                 ended_at = {BEGAN} + 90000000 WHERE key = 1;
             INSERT INTO metric_name VALUES (1, 0, 'loss'), (1, 1, 'acc');
             INSERT INTO metric_point VALUES (1, 3, 0, 0, 0, 0.0, 0.5), (1, 3, 0, 0, 1, 1.0, NULL),
                 (1, 3, 0, 0, 2, 2.0, 9e999), (1, 3, 1, 0, 0, 0.0, 0.25);
             INSERT INTO metric_last VALUES (1, 3, 0, 0, 3, 9e999), (1, 3, 1, 0, 1, 0.25);"
        ))
        .unwrap();
}

/// Two trials that never had a slot.
fn waiting_run(database: &Connection) {
    insert_run(database, 2, WAITING_RUN, "quick.sh  --x 'range(2)'", 2);
}

/// Checks every place of a page and every state against what was written.
fn check_trials(server: &Server) {
    for wire in [
        ("SUCCEEDED", 3),
        ("FAILED", 4),
        ("CANCELLED", 5),
        ("QUEUED", 0),
    ] {
        let expected: Vec<i64> = (0..TRIALS)
            .filter(|n| expected_state(*n) == wire.1)
            .collect();
        for offset in [0, 1, 240, 1000, expected.len().saturating_sub(3)] {
            let page = server.get(&format!(
                "/v1/core/local/runs/{ENDED_RUN}/trials?state=EXPERIMENT_STATE_{}&offset={offset}&limit=50",
                wire.0
            ));
            let found: Vec<i64> = page["trials"]
                .as_array()
                .unwrap()
                .iter()
                .map(|trial| trial["number"].as_i64().unwrap())
                .collect();
            let here: Vec<i64> = expected.iter().skip(offset).take(50).copied().collect();
            assert_eq!(found, here, "{} at {offset}", wire.0);
            assert_eq!(page["total"], json!(expected.len()));
        }
    }
    let page = server.get(&format!(
        "/v1/core/local/runs/{ENDED_RUN}/trials?offset=3&limit=1"
    ));
    let trial = &page["trials"][0];
    assert_eq!(
        (&trial["values"], &trial["index"], &trial["billedSeconds"]),
        (&json!(["3"]), &json!(9), &json!(90))
    );
    assert_eq!(trial["metrics"], json!({"loss": "Infinity", "acc": 0.25}));
    let series = server.get(&format!(
        "/v1/core/local/experiments/{ENDED_RUN}-3/metrics?name=loss"
    ));
    assert_eq!(
        series["series"][0]["points"],
        json!([
            {"step": 0.0, "value": 0.5}, {"step": 1.0, "value": "NaN"},
            {"step": 2.0, "value": "Infinity"},
        ])
    );
}

fn check_upgrade_from(version: usize) {
    let home = Home::new(&[("quick.sh", "echo $2")]);
    write_old_database(&home, version);
    let before = read_rows(&home);
    for id in [ENDED_RUN, WAITING_RUN] {
        home.write(&format!("data/sources/{id}/quick.sh"), "echo old $2");
    }
    home.write(
        &format!("data/trials/{ENDED_RUN}/3/output.log"),
        "what it printed\n",
    );
    // The key of the account is the database's, not the environment's.
    let mut command = home.command("127.0.0.1:0");
    command.env_remove("SWEEP_USER").env_remove("SWEEP_API_KEY");
    let server = Server::start(command);
    let run = server.get(&format!("/v1/core/local/runs/{ENDED_RUN}"));
    assert_eq!(run["status"]["phase"], "RUN_STATE_FAILED", "{run}");
    assert_eq!(run["status"]["experimentCounts"]["succeeded"], 1500);
    let cost = run["status"]["cost"].as_f64().unwrap();
    assert!((cost - 0.086 * expected_seconds(version) / 3600.0).abs() < 1e-12);
    assert_eq!(
        (
            &run["description"],
            &run["spec"]["env"],
            &run["spec"]["sweepOptions"]["seed"]
        ),
        (&json!("about it"), &json!({"MODE": "old"}), &json!("7"))
    );
    assert_eq!(
        run["status"]["fixedArguments"],
        json!([
            {"name": "script", "value": "quick.sh"},
            {"name": "--note", "value": "a b"},
            {"name": "--fast", "value": "--fast"},
        ])
    );
    check_trials(&server);
    let trial = json!({"id": format!("{ENDED_RUN}-3")});
    assert_eq!(server.output_of(&trial), "what it printed\n");
    // What waited goes on, by the source that was kept for it.
    let waiting = server.get(&format!("/v1/core/local/runs/{WAITING_RUN}"));
    for trial in server.finish(&waiting) {
        assert_eq!(trial["state"], "EXPERIMENT_STATE_SUCCEEDED", "{trial}");
        assert_eq!(
            server.output_of(&trial),
            format!("old {}\n", trial["values"][0].as_str().unwrap())
        );
    }
    // An idempotency key is still taken.
    let again = Request::new("POST", "/v1/core/local/runs").header("Idempotency-Key", "key-1");
    assert_eq!(
        server
            .send(again.json(&crate::server::launch_request("quick.sh ")))
            .status,
        422
    );
    drop(server);
    check_rows(&home, before);
    check_counts(&home);
}

fn check_counts(home: &Home) {
    let database = Connection::open(home.path("data/sweep.db")).unwrap();
    let one = |query: &str| -> i64 { database.query_row(query, [], |row| row.get(0)).unwrap() };
    assert_eq!(one("PRAGMA user_version"), TABLES.len() as i64);
    assert_eq!(
        one("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"),
        0
    );
    assert_eq!(
        one(
            "SELECT count(*) FROM (SELECT run, state, number >> 10 AS block, count(*) AS n
                 FROM trial GROUP BY 1, 2, 3)
             LEFT JOIN trial_block USING (run, state, block) WHERE n IS NOT trials"
        ),
        0,
        "each block is counted"
    );
    assert_eq!(
        one("SELECT sum(trials) FROM trial_block"),
        one("SELECT count(*) FROM trial")
    );
    assert_eq!(
        one("SELECT count(*) FROM trial_history WHERE run = 1"),
        TRIALS * 3
    );
}

/// How the fourth version recorded the end of a trial: `started_at` in the inner select was the
/// run's, so that a trial was billed for the time that it had waited.
const BILL_TRIAL_V4: &str = "UPDATE trial SET state = ?3, changed_at = ?5, message = '',
         started_at = coalesce(started_at, ?4), ended_at = ?5, exit_code = 0, signal = NULL,
         billed_seconds = (
             SELECT (max(bill_minimum, (?5 - coalesce(started_at, ?4) + 999999) / 1000000)
                     + bill_increment - 1) / bill_increment * bill_increment
             FROM run WHERE key = ?1)
     WHERE run = ?1 AND number = ?2 AND state IN (0, 1, 2, 6) RETURNING billed_seconds";
const BILL_RUN_V4: &str = "UPDATE run SET started_at = coalesce(started_at, ?2),
         billed_seconds = billed_seconds + coalesce(?3, 0), ended_at = ?4 WHERE key = ?1";

/// Five trials on one slot, 61.5 s each, the fourth of which failed and was tried again, and one
/// that was stopped before it started; as that version left them.
fn wrongly_billed_run(database: &Connection, id: &str) {
    const LENGTH: i64 = 61_500_000;
    insert_run(database, 3, id, "quick.sh  --x 'range(6)'", 6);
    let record = |number: i64, state: i64, slot: i64| {
        let (start, end) = (BEGAN + slot * LENGTH, BEGAN + (slot + 1) * LENGTH);
        let billed: Option<i64> = database
            .query_row(
                BILL_TRIAL_V4,
                params![3, number, state, start, end],
                |row| row.get(0),
            )
            .unwrap();
        database
            .execute(BILL_RUN_V4, params![3, start, billed, end])
            .unwrap();
        billed
    };
    let first: Vec<_> = [(0, 3), (1, 3), (2, 3), (3, 4)]
        .map(|(number, state)| record(number, state, number))
        .into();
    assert_eq!(first, [62, 123, 185, 246].map(Some), "as it was wrong");
    database
        .execute_batch(
            "INSERT INTO trial_attempt SELECT run, number, attempt, state, message, started_at,
                 ended_at, exit_code, signal, billed_seconds FROM trial WHERE run = 3 AND number = 3;
             UPDATE trial SET attempt = 1, state = 0, started_at = NULL, ended_at = NULL,
                 exit_code = NULL, billed_seconds = NULL WHERE run = 3 AND number = 3;",
        )
        .unwrap();
    assert_eq!(record(4, 3, 4), Some(308));
    assert_eq!(record(3, 3, 5), Some(369));
    let stop = format!(
        "UPDATE trial SET state = 5, ended_at = {BEGAN} + 1, message = 'stopped before it started'
         WHERE run = 3 AND number = 5"
    );
    database.execute_batch(&stop).unwrap();
}

#[test]
fn what_was_billed_for_waiting_is_put_right() {
    const WRONG: &str = "01k0old0000000000000000wrong";
    let home = Home::new(&[("quick.sh", "echo $2")]);
    write_old_database(&home, 4);
    home.write(
        &format!("data/sources/{WAITING_RUN}/quick.sh"),
        "echo old $2",
    );
    let path = home.path("data/sweep.db");
    let database = Connection::open(&path).unwrap();
    wrongly_billed_run(&database, WRONG);
    drop(database);
    for _ in 0..2 {
        // A second start finds nothing to put right.
        let server = home.start();
        let run = server.get(&format!("/v1/core/local/runs/{WRONG}"));
        // Six attempts of 62 s at $0.086.
        assert_eq!(
            run["status"]["cost"],
            json!(31_992.0 / 3_600_000.0),
            "{run}"
        );
        let page = server.get(&format!("/v1/core/local/runs/{WRONG}/trials"));
        for trial in page["trials"].as_array().unwrap() {
            let expected = match trial["number"].as_u64().unwrap() {
                5 => (Value::Null, Value::Null),
                _ => (json!(62), json!(5_332.0 / 3_600_000.0)),
            };
            assert_eq!(
                (&trial["billedSeconds"], &trial["cost"]),
                (&expected.0, &expected.1)
            );
        }
        let trial = server.get(&format!("/v1/core/local/experiments/{WRONG}-3"));
        let attempts = &trial["status"]["attempts"];
        assert_eq!(attempts[0]["billedSeconds"], 62, "{trial}");
        // What was right stays.
        let right = server.get(&format!("/v1/core/local/runs/{ENDED_RUN}"));
        let cost = right["status"]["cost"].as_f64().unwrap();
        assert!((cost - 0.086 * expected_seconds(4) / 3600.0).abs() < 1e-12);
    }
    // An earlier binary knows four versions of the tables and refuses a later one.
    let database = Connection::open(&path).unwrap();
    let version: i64 = database
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .unwrap();
    assert_eq!(version, TABLES.len() as i64);
}

#[test]
fn a_database_of_the_first_version_is_taken_up() {
    check_upgrade_from(1);
}

#[test]
fn a_database_of_the_second_version_is_taken_up() {
    check_upgrade_from(2);
}

#[test]
fn a_database_of_the_third_version_is_taken_up() {
    check_upgrade_from(3);
}

#[test]
fn a_database_of_the_fourth_version_is_taken_up() {
    check_upgrade_from(4);
}

#[test]
fn a_database_of_the_fifth_version_is_taken_up() {
    check_upgrade_from(5);
}

#[test]
fn a_database_of_the_sixth_version_is_taken_up() {
    check_upgrade_from(6);
}

#[test]
fn a_database_of_the_seventh_version_is_taken_up() {
    check_upgrade_from(7);
}

#[test]
fn a_database_of_the_eighth_version_is_taken_up() {
    check_upgrade_from(8);
}

#[test]
fn a_database_of_this_version_is_taken_up() {
    check_upgrade_from(9);
}

#[test]
fn the_oldest_account_of_an_older_database_is_its_administrator() {
    let home = Home::new(&[]);
    write_old_database(&home, 7);
    {
        let database = Connection::open(home.path("data/sweep.db")).unwrap();
        let (salt, hash) = (
            vec![9_u8; 16],
            Sha256::new().chain_update([9; 16]).chain_update(KEY),
        );
        let insert = "INSERT INTO account VALUES ('u-0', 'eve', ?1, ?2, ?3)";
        let later = params![salt, hash.finalize().to_vec(), BEGAN + 1];
        database.execute(insert, later).unwrap();
    }
    let mut command = home.command("127.0.0.1:0");
    command.env_remove("SWEEP_USER").env_remove("SWEEP_API_KEY");
    let server = Server::start(command);
    let list = Request::new("GET", "/v1/core/local/runs").basic("eve", KEY);
    assert_eq!(list.send(server.address).json()["runs"], json!([]));
    drop(server);
    let database = Connection::open(home.path("data/sweep.db")).unwrap();
    let mut statement = database
        .prepare("SELECT name FROM account WHERE admin")
        .unwrap();
    let names = statement.query_map([], |row| row.get(0)).unwrap();
    let names: Vec<String> = names.collect::<Result<_, _>>().unwrap();
    assert_eq!(names, [USER]);
    let session = "SELECT created_at FROM page_session WHERE token_hash = x'0304'";
    let created: i64 = database.query_row(session, [], |row| row.get(0)).unwrap();
    assert_eq!(created, 9_000_000_000_000_000 - 2_592_000_000_000);
}

#[test]
fn every_version_is_tried() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
    let files = fs::read_dir(folder).unwrap().count();
    // Two versions are steps in Rust.
    assert_eq!(files + 2, TABLES.len());
}
