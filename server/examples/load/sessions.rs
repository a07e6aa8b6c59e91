//! Many sessions that listen to events while trials change.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::Barrier;

use crate::client::{Client, authorization};
use crate::figures::{Sample, format_bytes, print_line, print_title};
use crate::home::Server;
use crate::launches::{Run, launch};
use crate::{Outcome, Size};

/// Between two changes of the slow kind.
const CHANGE_INTERVAL: Duration = Duration::from_millis(25);
/// How long the last event may take.
const EVENT_TIMEOUT: Duration = Duration::from_secs(20);

/// What all sessions have heard.
#[derive(Default)]
struct Received {
    /// When a change was asked for, by the trial's number.
    requested_at: HashMap<u64, Instant>,
    delays: Sample,
    /// How many trials each session knows to have changed.
    changes_seen: Vec<u32>,
    reloads: u64,
    /// Sessions that were told to read again after the last change, which covers all.
    up_to_date: usize,
}

/// A change by its trial's number.
struct Change {
    path: String,
    number: u64,
}

/// Holds the sessions, changes trials one after the other, then as fast as the server takes it.
pub(crate) fn measure_sessions(server: &Server, runs: &[Run], size: Size) -> Outcome<()> {
    print_title(&format!("{} sessions that listen", size.sessions));
    let run = runs.first().ok_or("no run")?;
    let (before, _) = server.memory()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let heard = Arc::new(Mutex::new(Received {
        changes_seen: vec![0; size.sessions],
        ..Received::default()
    }));
    let open = Arc::new(Barrier::new(size.sessions + 1));
    let begun = Instant::now();
    for session in 0..size.sessions {
        let (heard, open) = (Arc::clone(&heard), Arc::clone(&open));
        let session = receive_events(server.address, session, heard, open);
        // What a session lacks is counted below.
        runtime.spawn(async move {
            if let Err(error) = session.await {
                eprintln!("a session: {error}");
            }
        });
    }
    runtime.block_on(async { tokio::time::timeout(EVENT_TIMEOUT, open.wait()).await })?;
    let opened = begun.elapsed().as_secs_f64() * 1e3;
    print_line("all are open after", &format!("{opened:.0} ms"));
    let (now, _) = server.memory()?;
    let each = now.saturating_sub(before) / 1000 / size.sessions as u64;
    print_line(
        "memory of the server: before, with them, for each",
        &format!("{}, {}, {each} kB", format_bytes(before), format_bytes(now)),
    );
    let changes = queued_trials(server, run, size.changes * 2)?;
    let (slow, fast) = changes.split_at(size.changes as usize);
    let cpu = (server.cpu()?, Instant::now());
    request_changes(server, &heard, slow, CHANGE_INTERVAL)?;
    wait_for_sessions(&heard, slow.len() as u32, size.sessions)?;
    let used = (server.cpu()? - cpu.0).as_secs_f64() / cpu.1.elapsed().as_secs_f64();
    print_delays(&heard, slow.len(), "one after the other");
    print_line(
        "processor of the server meanwhile",
        &format!("{:.0} % of one core", used * 100.0),
    );
    *heard.lock().unwrap_or_else(PoisonError::into_inner) = Received {
        changes_seen: vec![0; size.sessions],
        ..Received::default()
    };
    let begun = Instant::now();
    request_changes(server, &heard, fast, Duration::ZERO)?;
    let took = begun.elapsed().as_secs_f64();
    wait_for_sessions(&heard, fast.len() as u32, size.sessions)?;
    let pace = format!("at once ({:.0} a second)", fast.len() as f64 / took);
    print_delays(&heard, fast.len(), &pace);
    measure_burst(server, &heard, size)?;
    runtime.shutdown_background();
    let (now, most) = server.memory()?;
    let memory = format!("{} now, {} at most", format_bytes(now), format_bytes(most));
    print_line("memory of the server", &memory);
    Ok(())
}

/// Launches, stops and deletes a run with many trials at once: more than is told one by one.
fn measure_burst(server: &Server, heard: &Arc<Mutex<Received>>, size: Size) -> Outcome<()> {
    *heard.lock().unwrap_or_else(PoisonError::into_inner) = Received {
        changes_seen: vec![0; size.sessions],
        ..Received::default()
    };
    let mut client = Client::connect(server.address)?;
    let command = "true.sh  --i 'range(1000)'";
    let (id, _) = launch(&mut client, "idle", command, &json!({}))?;
    let wish = json!({"spec": {"desiredState": "RUN_STATE_CANCELED"}});
    let path = format!("/v1/core/idle/runs/{id}");
    client.call("PUT", &path, Some(&wish))?;
    wait_for_sessions(heard, 1, size.sessions)?;
    let heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
    print_line(
        "1000 trials stopped at once: sessions told to read again",
        &format!("{} of {}", heard.up_to_date, size.sessions),
    );
    Ok(())
}

/// Listens for ever.
async fn receive_events(
    address: SocketAddr,
    session: usize,
    heard: Arc<Mutex<Received>>,
    open: Arc<Barrier>,
) -> Outcome<()> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!(
        "GET /v1/events HTTP/1.1\r\nHost: {address}\r\n{}\r\n",
        authorization()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut lines = BufReader::new(stream).lines();
    while let Some(text) = lines.next_line().await? {
        if text.starts_with(": open") || text == ":open" {
            open.wait().await;
            break;
        }
    }
    while let Some(text) = lines.next_line().await? {
        let Some(data) = text.strip_prefix("data: ").or(text.strip_prefix("data:")) else {
            continue;
        };
        // How the run is comes along with each change; that is not measured.
        if !data.starts_with("{\"run\"") {
            record_event(data, session, &heard)?;
        }
    }
    Err("the server has closed it".into())
}

fn record_event(data: &str, session: usize, heard: &Mutex<Received>) -> Outcome<()> {
    let now = Instant::now();
    let event: Value = serde_json::from_str(data)?;
    let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
    if event == "reload" {
        heard.reloads += 1;
        heard.changes_seen[session] = u32::MAX;
        heard.up_to_date += 1;
        return Ok(());
    }
    let trials = event["trials"]["trials"].as_array();
    for trial in trials.into_iter().flatten() {
        let number = trial["number"].as_u64().unwrap_or(u64::MAX);
        if let Some(asked) = heard.requested_at.get(&number).copied() {
            heard.delays.add(now - asked);
            heard.changes_seen[session] = heard.changes_seen[session].saturating_add(1);
        }
    }
    Ok(())
}

/// Queued trials that may be stopped.
fn queued_trials(server: &Server, run: &Run, count: u32) -> Outcome<Vec<Change>> {
    let mut client = Client::connect(server.address)?;
    let path = format!(
        "/v1/core/idle/runs/{}/trials?limit={count}&state=EXPERIMENT_STATE_QUEUED",
        run.id
    );
    let page = client.get(&path)?.json()?;
    let change = |trial: &Value| {
        Some(Change {
            path: format!("/v1/core/idle/experiments/{}", trial["id"].as_str()?),
            number: trial["number"].as_u64()?,
        })
    };
    let trials = page["trials"].as_array().into_iter().flatten();
    let found: Vec<Change> = trials.filter_map(change).collect();
    if found.len() == count as usize {
        Ok(found)
    } else {
        Err(format!("{} trials are queued, {count} are needed", found.len()).into())
    }
}

fn request_changes(
    server: &Server,
    heard: &Mutex<Received>,
    changes: &[Change],
    pace: Duration,
) -> Outcome<()> {
    let mut client = Client::connect(server.address)?;
    let wish = json!({"spec": {"desiredState": "EXPERIMENT_STATE_CANCELLED"}});
    for change in changes {
        heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .requested_at
            .insert(change.number, Instant::now());
        client.call("PUT", &change.path, Some(&wish))?;
        std::thread::sleep(pace);
    }
    Ok(())
}

/// Waits until each session knows so many changes, or was told to read again.
fn wait_for_sessions(heard: &Mutex<Received>, count: u32, sessions: usize) -> Outcome<()> {
    let begun = Instant::now();
    loop {
        let known = {
            let heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
            heard
                .changes_seen
                .iter()
                .filter(|known| **known >= count)
                .count()
        };
        if known == sessions {
            return Ok(());
        }
        if begun.elapsed() > EVENT_TIMEOUT {
            return Err(format!("only {known} of {sessions} sessions heard everything").into());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn print_delays(heard: &Mutex<Received>, changes: usize, how: &str) {
    let heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
    print_line(
        &format!("{changes} changes {how}: until each session had it"),
        &heard.delays.summary(),
    );
    print_line(
        "    events heard, and sessions told to read again",
        &format!("{}, {}", heard.delays.len(), heard.reloads),
    );
}
