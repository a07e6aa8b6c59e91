//! Creating large runs, and giving them a life without running 10^6 scripts.

use rusqlite::{Connection, params};
use serde_json::{Value, json};

use crate::client::Client;
use crate::figures::{Sample, format_bytes, print_line, print_title};
use crate::home::{Home, Server};
use crate::{Outcome, Size};

/// A stored run.
pub(crate) struct Run {
    pub(crate) id: String,
    pub(crate) trials: u32,
}

/// A request for a run of this command, as the page writes it.
pub(crate) fn launch_request(command: &str, options: &Value) -> Value {
    json!({"localDir": false, "name": "", "spec": {
        "runControllerCommand": command, "sweepType": "grid_search", "sweepOptions": options,
        "instanceType": "m5a.large", "resources": {"cpu": 0, "gpu": "0", "storageGb": 100}}})
}

/// Launches a command; answers with the run and how long that took.
pub(crate) fn launch(
    client: &mut Client,
    cluster: &str,
    command: &str,
    options: &Value,
) -> Outcome<(String, std::time::Duration)> {
    let path = format!("/v1/core/{cluster}/runs?brief=true");
    let answer = client.call("POST", &path, Some(&launch_request(command, options)))?;
    let run = answer.json()?;
    let id = run["id"].as_str().ok_or("a run without an id")?;
    Ok((id.to_owned(), answer.took))
}

/// Creates the runs.
pub(crate) fn create_runs(home: &Home, server: &Server, size: Size) -> Outcome<Vec<Run>> {
    let trials = size.hundreds * 100;
    print_title(&format!("Creating runs of {trials} trials"));
    let mut client = Client::connect(server.address)?;
    launch(&mut client, "idle", "hold.sh ", &json!({}))?;
    let command = format!(
        "true.sh  --learning_rate 'range({})' --batch_size 'range(100)'",
        size.hundreds
    );
    let (mut times, mut runs, before) = (Sample::default(), Vec::new(), home.database_bytes());
    for _ in 0..size.runs {
        let (id, took) = launch(&mut client, "idle", &command, &json!({}))?;
        times.add(took);
        runs.push(Run { id, trials });
    }
    print_line(
        &format!("a durable run of {trials} trials, {} times", times.len()),
        &times.summary(),
    );
    let (now, most) = server.memory()?;
    let memory = format!("{} now, {} at most", format_bytes(now), format_bytes(most));
    print_line("memory of the server", &memory);
    let bytes = home.database_bytes() - before;
    let each = bytes / u64::from(trials * size.runs);
    let shown = format!("{}, {each} bytes a trial", format_bytes(bytes));
    print_line("database and its log have grown by", &shown);
    Ok(runs)
}

/// Ends most trials in the database, each with two metrics, as if they had run: half succeeded, a
/// quarter failed, an eighth was stopped, some are held, the others still wait.
pub(crate) fn simulate_ends(home: &Home, runs: &[Run]) -> Outcome<()> {
    let mut database = Connection::open(home.path("data/sweep.db"))?;
    database.pragma_update(None, "synchronous", "OFF")?;
    for run in runs {
        let transaction = database.transaction()?;
        let key: i64 =
            transaction.query_row("SELECT key FROM run WHERE id = ?1", [&run.id], |row| {
                row.get(0)
            })?;
        // Knuth's multiplication spreads the states, the same in each run.
        transaction.execute(
            "UPDATE trial SET changed_at = changed_at + 1, state = CASE
                 WHEN (number * 2654435761) % 4294967296 < 2147483648 THEN 3
                 WHEN (number * 2654435761) % 4294967296 < 3221225472 THEN 4
                 WHEN (number * 2654435761) % 4294967296 < 3758096384 THEN 5
                 WHEN (number * 2654435761) % 4294967296 < 4026531840 THEN 6
                 ELSE 0 END
             WHERE run = ?1",
            [key],
        )?;
        transaction.execute(
            "UPDATE trial SET started_at = changed_at, ended_at = changed_at + 60000000,
                 exit_code = state - 3, billed_seconds = 60
             WHERE run = ?1 AND state IN (3, 4)",
            [key],
        )?;
        transaction.execute(
            "UPDATE run SET started_at = created_at WHERE key = ?1",
            [key],
        )?;
        for (id, name) in ["loss", "accuracy"].into_iter().enumerate() {
            transaction.execute(
                "INSERT INTO metric_name (run, id, name) VALUES (?1, ?2, ?3)",
                params![key, id as i64, name],
            )?;
            transaction.execute(
                "INSERT INTO metric_last (run, number, name, source, points, value)
                 SELECT run, number, ?2, 0, 100, number / 1e5 FROM trial
                 WHERE run = ?1 AND state = 3",
                params![key, id as i64],
            )?;
        }
        transaction.commit()?;
    }
    let _: i64 = database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    Ok(())
}

/// How long the server took to start on what is stored.
pub(crate) fn print_start_time(home: &Home, server: &Server) {
    let bytes = home.database_bytes();
    let seconds = server.took.as_secs_f64();
    let pace = bytes as f64 / 1e6 / seconds;
    print_line(
        &format!("starting on a database of {}", format_bytes(bytes)),
        &format!("{seconds:.2} s, {pace:.0} MB/s: all of it is checked"),
    );
}
