//! What a trial costs that does nothing, beside tools that only start processes.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::client::Client;
use crate::figures::{Sample, print_line, print_title};
use crate::home::{Home, Server};
use crate::launches::launch;
use crate::{Outcome, Size};

/// How often each is measured: others work on the same machine meanwhile.
const ROUNDS: usize = 3;

/// Where the time of a trial in its slot goes, in milliseconds.
#[derive(Default)]
struct SlotTimes {
    copy: Sample,
    start: Sample,
    supervise: Sample,
}

/// The same script, as often, at the same parallelism, in turn.
pub(crate) fn measure_overhead(home: &Home, server: &Server, size: Size) -> Outcome<()> {
    print_title(&format!(
        "{} trials that do nothing, {ROUNDS} times in turn",
        size.trivial
    ));
    for parallel in [2, 4] {
        let mut ours = Sample::default();
        let others = baseline_commands(size.trivial, parallel);
        let mut theirs = [Sample::default(), Sample::default()];
        for _ in 0..ROUNDS {
            ours.add(time_server(home, server, size.trivial, parallel)? / size.trivial);
            for ((_, command), sample) in others.iter().zip(&mut theirs) {
                if let Some(wall) = time_command(home, command)? {
                    sample.add(wall / size.trivial);
                }
            }
        }
        print_overhead(parallel, "this server", &ours);
        for ((name, _), sample) in others.iter().zip(&theirs) {
            print_overhead(parallel, name, sample);
        }
    }
    let mut flushes = Sample::default();
    for _ in 0..50 {
        flushes.add(home.flush()?);
    }
    print_line("writing and flushing 4 KB meanwhile", &flushes.summary());
    Ok(())
}

fn print_overhead(parallel: u32, name: &str, each: &Sample) {
    let what = format!("at {parallel} at once: {name}");
    if each.len() == 0 {
        print_line(&what, "not installed here: left out");
        return;
    }
    let [least, median, most] = [1, 50, 100].map(|percent| each.percentile(percent));
    print_line(
        &what,
        &format!("{median:.2} ms a trial ({least:.2} to {most:.2})"),
    );
}

fn baseline_commands(count: u32, parallel: u32) -> [(&'static str, String); 2] {
    [
        (
            "xargs -P",
            format!("seq {count} | xargs -P {parallel} -n 1 bash true.sh"),
        ),
        (
            "GNU parallel -j",
            format!("seq {count} | parallel --will-cite -j {parallel} bash true.sh"),
        ),
    ]
}

/// How long a shell's command took; `None` where its tool is missing.
fn time_command(home: &Home, command: &str) -> Outcome<Option<Duration>> {
    let tool = if command.contains("parallel ") {
        "parallel"
    } else {
        "xargs"
    };
    let there = Command::new("bash")
        .args(["-c", &format!("command -v {tool}")])
        .stdout(Stdio::null())
        .status()?;
    if !there.success() {
        return Ok(None);
    }
    let begun = Instant::now();
    let status = Command::new("bash")
        .args(["-c", command])
        .current_dir(home.path("source"))
        .stdout(Stdio::null())
        .status()?;
    let took = begun.elapsed();
    if status.success() {
        Ok(Some(took))
    } else {
        Err(format!("`{command}`: {status}").into())
    }
}

/// From the launch until the last end is stored.
fn time_server(home: &Home, server: &Server, count: u32, parallel: u32) -> Outcome<Duration> {
    let mut client = Client::connect(server.address)?;
    let command = format!("true.sh  --i 'range({count})'");
    let begun = Instant::now();
    let options = json!({"parallel": parallel.to_string()});
    let (id, _) = launch(&mut client, "local", &command, &options)?;
    wait_until_succeeded(&mut client, &id)?;
    let wall = begun.elapsed();
    let parts = read_slot_times(home, &id, count)?;
    let slot = wall.as_secs_f64() * 1e3 * f64::from(parallel) / f64::from(count);
    let [copy, start, supervise] = [&parts.copy, &parts.start, &parts.supervise].map(Sample::mean);
    print_line(
        &format!("at {parallel} at once: a trial keeps its slot for"),
        &format!(
            "{slot:.2} ms: copy {copy:.2}, start {start:.2}, supervise {supervise:.2}, record {:.2}",
            slot - copy - start - supervise
        ),
    );
    Ok(wall)
}

/// Waits until every trial of a run has succeeded.
pub(crate) fn wait_until_succeeded(client: &mut Client, id: &str) -> Outcome<Value> {
    loop {
        let path = format!("/v1/core/local/runs/{id}?brief=true");
        let run = client.get(&path)?.json()?;
        match run["status"]["phase"].as_str() {
            Some("RUN_STATE_SUCCEEDED") => return Ok(run),
            Some("RUN_STATE_PENDING" | "RUN_STATE_RUNNING") => {
                std::thread::sleep(Duration::from_millis(5));
            }
            other => return Err(format!("the run is {other:?}").into()),
        }
    }
}

/// From what server and supervisor have written down. What is left of the slot's time is
/// recording: until the server sees the end, has stored it, and has claimed the next trial.
fn read_slot_times(home: &Home, id: &str, count: u32) -> Outcome<SlotTimes> {
    let database = Connection::open(home.path("data/sweep.db"))?;
    let key: i64 =
        database.query_row("SELECT key FROM run WHERE id = ?1", [id], |row| row.get(0))?;
    let mut claimed = database.prepare(
        "SELECT number, at FROM trial_history WHERE run = ?1 AND state = 1 ORDER BY number",
    )?;
    let rows = claimed.query_map([key], |row| Ok((row.get::<_, u32>(0)?, row.get(1)?)))?;
    let claims: Vec<(u32, i64)> = rows.collect::<Result<_, _>>()?;
    if claims.len() != count as usize {
        return Err(format!("{} of {count} trials were claimed", claims.len()).into());
    }
    let mut parts = SlotTimes::default();
    for (number, claimed) in claims {
        let folder = home.path(&format!("data/trials/{id}/{number}"));
        let ordered = parse_micros(&read_json(&folder.join("order.json"))?["at"])?;
        let ended = read_json(&folder.join("ended.json"))?;
        let (started, ended) = (
            parse_micros(&ended["started"])?,
            parse_micros(&ended["at"])?,
        );
        parts.copy.add_ms((ordered - claimed) as f64 / 1e3);
        parts.start.add_ms((started - ordered) as f64 / 1e3);
        parts.supervise.add_ms((ended - started) as f64 / 1e3);
    }
    Ok(parts)
}

fn read_json(path: &Path) -> Outcome<Value> {
    Ok(serde_json::from_slice(&fs::read(path)?)?)
}

fn parse_micros(time: &Value) -> Outcome<i64> {
    let time: sweep_planner::api::Timestamp = serde_json::from_value(time.clone())?;
    Ok(time.micros())
}
