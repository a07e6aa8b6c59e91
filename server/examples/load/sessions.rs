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
use crate::figures::{Sample, line, megabytes, title};
use crate::home::Server;
use crate::launches::{Run, launch};
use crate::{Outcome, Size};

/// Between two changes of the slow kind.
const PACE: Duration = Duration::from_millis(25);
/// How long the last event may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// What all sessions have heard.
#[derive(Default)]
struct Heard {
    /// When a change was asked for, by the trial's number.
    asked: HashMap<u64, Instant>,
    delays: Sample,
    /// How many trials each session knows to have changed.
    known: Vec<u32>,
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
pub(crate) fn listen(server: &Server, runs: &[Run], size: Size) -> Outcome<()> {
    title(&format!("{} sessions that listen", size.sessions));
    let run = runs.first().ok_or("no run")?;
    let (before, _) = server.memory()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    let heard = Arc::new(Mutex::new(Heard {
        known: vec![0; size.sessions],
        ..Heard::default()
    }));
    let open = Arc::new(Barrier::new(size.sessions + 1));
    let begun = Instant::now();
    for session in 0..size.sessions {
        let (heard, open) = (Arc::clone(&heard), Arc::clone(&open));
        let session = hear(server.address, session, heard, open);
        // What a session lacks is counted below.
        runtime.spawn(async move {
            if let Err(error) = session.await {
                eprintln!("a session: {error}");
            }
        });
    }
    runtime.block_on(async { tokio::time::timeout(PATIENCE, open.wait()).await })?;
    let opened = begun.elapsed().as_secs_f64() * 1e3;
    line("all are open after", &format!("{opened:.0} ms"));
    let (now, _) = server.memory()?;
    let each = now.saturating_sub(before) / 1000 / size.sessions as u64;
    line(
        "memory of the server: before, with them, for each",
        &format!("{}, {}, {each} kB", megabytes(before), megabytes(now)),
    );
    let changes = queued(server, run, size.changes * 2)?;
    let (slow, fast) = changes.split_at(size.changes as usize);
    let cpu = (server.cpu()?, Instant::now());
    change(server, &heard, slow, PACE)?;
    wait(&heard, slow.len() as u32, size.sessions)?;
    let used = (server.cpu()? - cpu.0).as_secs_f64() / cpu.1.elapsed().as_secs_f64();
    report(&heard, slow.len(), "one after the other");
    line(
        "processor of the server meanwhile",
        &format!("{:.0} % of one core", used * 100.0),
    );
    *heard.lock().unwrap_or_else(PoisonError::into_inner) = Heard {
        known: vec![0; size.sessions],
        ..Heard::default()
    };
    let begun = Instant::now();
    change(server, &heard, fast, Duration::ZERO)?;
    let took = begun.elapsed().as_secs_f64();
    wait(&heard, fast.len() as u32, size.sessions)?;
    let pace = format!("at once ({:.0} a second)", fast.len() as f64 / took);
    report(&heard, fast.len(), &pace);
    burst(server, &heard, size)?;
    runtime.shutdown_background();
    let (now, most) = server.memory()?;
    let memory = format!("{} now, {} at most", megabytes(now), megabytes(most));
    line("memory of the server", &memory);
    Ok(())
}

/// Launches, stops and deletes a run with many trials at once: more than is told one by one.
fn burst(server: &Server, heard: &Arc<Mutex<Heard>>, size: Size) -> Outcome<()> {
    *heard.lock().unwrap_or_else(PoisonError::into_inner) = Heard {
        known: vec![0; size.sessions],
        ..Heard::default()
    };
    let mut client = Client::connect(server.address)?;
    let command = "true.sh  --i 'range(1000)'";
    let (id, _) = launch(&mut client, "idle", command, &json!({}))?;
    let wish = json!({"spec": {"desiredState": "RUN_STATE_CANCELED"}});
    let path = format!("/v1/core/idle/runs/{id}");
    client.call("PUT", &path, Some(&wish))?;
    wait(heard, 1, size.sessions)?;
    let heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
    line(
        "1000 trials stopped at once: sessions told to read again",
        &format!("{} of {}", heard.up_to_date, size.sessions),
    );
    Ok(())
}

/// Listens for ever.
async fn hear(
    address: SocketAddr,
    session: usize,
    heard: Arc<Mutex<Heard>>,
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
            take(data, session, &heard)?;
        }
    }
    Err("the server has closed it".into())
}

fn take(data: &str, session: usize, heard: &Mutex<Heard>) -> Outcome<()> {
    let now = Instant::now();
    let event: Value = serde_json::from_str(data)?;
    let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
    if event == "reload" {
        heard.reloads += 1;
        heard.known[session] = u32::MAX;
        heard.up_to_date += 1;
        return Ok(());
    }
    let trials = event["trials"]["trials"].as_array();
    for trial in trials.into_iter().flatten() {
        let number = trial["number"].as_u64().unwrap_or(u64::MAX);
        if let Some(asked) = heard.asked.get(&number).copied() {
            heard.delays.add(now - asked);
            heard.known[session] = heard.known[session].saturating_add(1);
        }
    }
    Ok(())
}

/// Queued trials that may be stopped.
fn queued(server: &Server, run: &Run, count: u32) -> Outcome<Vec<Change>> {
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

fn change(
    server: &Server,
    heard: &Mutex<Heard>,
    changes: &[Change],
    pace: Duration,
) -> Outcome<()> {
    let mut client = Client::connect(server.address)?;
    let wish = json!({"spec": {"desiredState": "EXPERIMENT_STATE_CANCELLED"}});
    for change in changes {
        heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .asked
            .insert(change.number, Instant::now());
        client.call("PUT", &change.path, Some(&wish))?;
        std::thread::sleep(pace);
    }
    Ok(())
}

/// Waits until each session knows so many changes, or was told to read again.
fn wait(heard: &Mutex<Heard>, count: u32, sessions: usize) -> Outcome<()> {
    let begun = Instant::now();
    loop {
        let known = {
            let heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
            heard.known.iter().filter(|known| **known >= count).count()
        };
        if known == sessions {
            return Ok(());
        }
        if begun.elapsed() > PATIENCE {
            return Err(format!("only {known} of {sessions} sessions heard everything").into());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn report(heard: &Mutex<Heard>, changes: usize, how: &str) {
    let heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
    line(
        &format!("{changes} changes {how}: until each session had it"),
        &heard.delays.shown(),
    );
    line(
        "    events heard, and sessions told to read again",
        &format!("{}, {}", heard.delays.len(), heard.reloads),
    );
}
