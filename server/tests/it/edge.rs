//! The edge of the network: bodies that are larger than what they say, callers who close their side
//! or send more than is read, guesses that wait.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::client::Request;
use crate::server::{Home, KEY, Server, USER, launch_request};

const RUNS: &str = "/v1/core/local/runs";

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    let patience = Some(Duration::from_secs(30));
    stream.set_read_timeout(patience).unwrap();
    stream.set_write_timeout(patience).unwrap();
    stream
}

/// The status of an answer that is read to its end; 0 for none.
fn read_status(mut stream: TcpStream) -> u16 {
    let mut answer = Vec::new();
    if let Err(error) = stream.read_to_end(&mut answer) {
        assert_ne!(error.kind(), ErrorKind::WouldBlock, "no answer in time");
        return 0;
    }
    let text = String::from_utf8_lossy(&answer);
    text.get(9..12).map_or(0, |code| code.parse().unwrap())
}

/// The most memory that the server has had, in MiB.
#[cfg(target_os = "linux")]
fn memory_peak(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let digits = line.unwrap().split_whitespace().nth(1).unwrap();
    digits.parse::<u64>().unwrap() >> 10
}

#[test]
#[cfg(target_os = "linux")]
fn many_bodies_of_many_small_objects_take_bounded_memory() {
    let home = Home::new(&[]);
    let server = home.start();
    let body = format!(
        "{{\"spec\":{{\"datastores\":[{}{{}}]}}}}",
        "{},".repeat(5_000_000)
    );
    let mut request = Request::new("POST", RUNS)
        .basic(USER, KEY)
        .header("Content-Type", "application/json");
    request.body = Some(body.into_bytes());
    let bytes: Arc<[u8]> = request.bytes(server.address).into();
    let senders: Vec<_> = (0..30)
        .map(|_| {
            let (mut stream, bytes) = (connect(server.address), Arc::clone(&bytes));
            std::thread::spawn(move || {
                // What waits longer than ten seconds for its turn is refused.
                let _ = stream.write_all(&bytes);
                read_status(stream)
            })
        })
        .collect();
    let statuses: Vec<u16> = senders.into_iter().map(|one| one.join().unwrap()).collect();
    assert!(statuses.contains(&413), "{statuses:?}");
    let refused = |status: &u16| [413, 503].contains(status);
    assert!(statuses.iter().all(refused), "{statuses:?}");
    let peak = memory_peak(&server);
    assert!(peak < 256, "{peak} MiB");
}

#[test]
fn who_closes_its_side_after_a_whole_request_gets_its_answer() {
    let home = Home::new(&[("a.py", "")]);
    let server = home.start();
    let login =
        Request::new("POST", "/v1/auth/login").json(&json!({"username": USER, "apiKey": KEY}));
    let launch = Request::new("POST", RUNS)
        .basic(USER, KEY)
        .json(&launch_request("a.py"));
    let list = Request::new("GET", RUNS).basic(USER, KEY);
    for request in [&login, &launch, &list] {
        for _ in 0..10 {
            let mut stream = connect(server.address);
            let bytes = request.bytes(server.address);
            stream.write_all(&bytes).unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            assert_eq!(read_status(stream), 200, "{}", request.path);
        }
    }
    // Half a body is none.
    let mut half = connect(server.address);
    let bytes = launch.bytes(server.address);
    half.write_all(&bytes[..bytes.len() - 10]).unwrap();
    half.shutdown(Shutdown::Write).unwrap();
    assert_ne!(read_status(half), 200);
}

#[test]
fn an_answer_to_a_body_that_is_not_read_arrives() {
    let home = Home::new(&[]);
    let server = home.start();
    let with_body = |request: Request, bytes: usize| {
        let mut request = request.header("Content-Type", "application/json");
        request.body = Some(vec![b' '; bytes]);
        request.bytes(server.address)
    };
    let post = || Request::new("POST", RUNS);
    for (status, bytes) in [
        (401, with_body(post(), 8_000_000)),
        (413, with_body(post().basic(USER, KEY), 20_000_000)),
        (
            413,
            with_body(Request::new("POST", "/v1/auth/login"), 2_000_000),
        ),
        (
            403,
            with_body(post().header("Host", "evil.example"), 2_000_000),
        ),
    ] {
        for _ in 0..5 {
            let mut stream = connect(server.address);
            stream.write_all(&bytes).unwrap();
            assert_eq!(read_status(stream), status);
        }
    }
}

/// Whether the server has closed a connection without an answer.
fn is_closed_unanswered(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    match stream.peek(&mut [0]) {
        Ok(bytes) => bytes == 0,
        Err(error) => error.kind() != ErrorKind::WouldBlock,
    }
}

#[test]
fn guesses_that_wait_are_closed_for_another_caller() {
    let home = Home::new(&[]);
    home.write("sweep.toml", "[limits]\nconnections = 110\n");
    let server = home.start();
    let guess =
        Request::new("POST", "/v1/auth/login").json(&json!({"username": "x", "apiKey": "guess"}));
    let slowed = (0..60).any(|_| guess.send(server.address).status == 429);
    assert!(slowed);
    let send_and_stay = |request: &Request| {
        let mut stream = connect(server.address);
        let text = String::from_utf8(request.bytes(server.address)).unwrap();
        let text = text.replace("Connection: close\r\n", "");
        stream.write_all(text.as_bytes()).unwrap();
        stream
    };
    // Eight of them are answered in a second.
    let waiting: Vec<TcpStream> = (0..100).map(|_| send_and_stay(&guess)).collect();
    std::thread::sleep(Duration::from_millis(500));
    let honest = Request::new("GET", RUNS).basic(USER, KEY);
    let mut answered = Vec::new();
    let found = (0..30).any(|_| {
        let mut stream = send_and_stay(&honest);
        let mut start = [0; 12];
        stream.read_exact(&mut start).unwrap();
        assert_eq!(&start, b"HTTP/1.1 200");
        answered.push(stream);
        waiting.iter().any(is_closed_unanswered)
    });
    assert!(found, "{} callers, and all guesses go on", answered.len());
}

#[test]
fn right_keys_at_once_wait_for_none_of_their_own() {
    let home = Home::new(&[]);
    let server = home.start();
    let honest = Request::new("GET", RUNS).basic(USER, KEY);
    let address = server.address;
    let callers: Vec<_> = (0..100)
        .map(|_| {
            let honest = honest.clone();
            std::thread::spawn(move || honest.send(address).status)
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.join().unwrap(), 200);
    }
}
