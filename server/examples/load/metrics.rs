//! A trial that measures a great deal.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::client::Client;
use crate::figures::{Sample, format_bytes, print_line, print_title};
use crate::home::{Home, Server};
use crate::launches::launch;
use crate::overhead::wait_until_succeeded;
use crate::{Outcome, Size};

const READS: usize = 20;

/// One trial prints all the points as fast as it can.
pub(crate) fn measure_recording(home: &Home, server: &Server, size: Size) -> Outcome<()> {
    print_title(&format!("A trial with {} metric points", size.points));
    let mut client = Client::connect(server.address)?;
    let (before, begun) = (home.database_bytes(), Instant::now());
    let command = format!("points.py  {}", size.points);
    let (id, _) = launch(&mut client, "local", &command, &json!({}))?;
    let run = wait_until_succeeded(&mut client, &id)?;
    let wall = begun.elapsed();
    print_line(
        "launched, run and recorded after",
        &format!("{:.1} s", wall.as_secs_f64()),
    );
    let script = script_time(&run)?;
    print_line("the script itself ran", &format!("{script:.1} s"));
    let bytes = home.database_bytes().saturating_sub(before);
    let each = bytes / u64::from(size.points);
    let shown = format!("{}, {each} bytes a point", format_bytes(bytes));
    print_line("database and its log have grown by", &shown);
    let (now, most) = server.memory()?;
    let memory = format!("{} now, {} at most", format_bytes(now), format_bytes(most));
    print_line("memory of the server", &memory);
    let experiment = format!("/v1/core/local/experiments/{id}-0/metrics");
    for (what, path) in [
        ("all metrics", experiment.clone()),
        ("one metric", format!("{experiment}?name=loss")),
        (
            "the trials page",
            format!("/v1/core/local/runs/{id}/trials"),
        ),
    ] {
        let (times, bytes) = time_reads(&mut client, &path)?;
        let shown = format!("{}, {}", times.summary(), format_bytes(bytes));
        print_line(&format!("{what}, read {READS} times"), &shown);
    }
    check_odd_values(&mut client, &experiment)
}

fn script_time(run: &serde_json::Value) -> Outcome<f64> {
    let time = |name: &str| -> Outcome<i64> {
        let time = run["status"][name].clone();
        let time: sweep_planner::api::Timestamp = serde_json::from_value(time)?;
        Ok(time.micros())
    };
    let micros = time("finishTimestamp")? - time("startTimestamp")?;
    Ok(Duration::from_micros(micros.unsigned_abs()).as_secs_f64())
}

fn time_reads(client: &mut Client, path: &str) -> Outcome<(Sample, u64)> {
    let (mut times, mut bytes) = (Sample::default(), 0);
    for _ in 0..READS {
        let answer = client.get(path)?;
        times.add(answer.took);
        bytes = answer.body.len() as u64;
    }
    Ok((times, bytes))
}

/// NaN and both infinities are still among the points.
fn check_odd_values(client: &mut Client, path: &str) -> Outcome<()> {
    let list = client.get(&format!("{path}?name=loss"))?.json()?;
    let points = list["series"][0]["points"].as_array();
    let points = points.ok_or("no points")?;
    for odd in ["NaN", "Infinity", "-Infinity"] {
        if !points.iter().any(|point| point["value"] == odd) {
            return Err(format!("{odd} is not among the points").into());
        }
    }
    print_line("NaN, Infinity and -Infinity", "are among the points");
    Ok(())
}
