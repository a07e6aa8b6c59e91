//! Callers that send nothing, or read nothing, keep nobody else out.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;

use crate::client::{Request, read_head};
use crate::control;
use crate::server::{Home, KEY, Server, USER, launch_request, wait_until};

/// A trial that prints its limits on open files, soft and hard.
const PRINT_LIMITS: &str = "import resource\nprint(*resource.getrlimit(resource.RLIMIT_NOFILE))\n";
/// The shortest times that can be set.
const SHORT: &str = "[clusters.local]\nslots = 2\n\
                     [limits]\nheader_seconds = 1\nidle_seconds = 1\nstall_seconds = 2\n";
/// Longer than all of [`SHORT`], with the interval at which they are checked.
const LONG: Duration = Duration::from_secs(5);

/// Starts a server with these limits on open files, soft and hard.
fn start_with_open_files(home: &Home, soft: u32, hard: u32) -> Server {
    let plain = home.command("127.0.0.1:0");
    let script = format!("ulimit -Sn {soft} && ulimit -Hn {hard} && exec \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command
        .args(["-c", &script])
        .arg(plain.get_program())
        .args(plain.get_args());
    for (name, value) in plain.get_envs() {
        command.env(name, value.unwrap());
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    Server::start(command)
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    let patience = Some(Duration::from_secs(30));
    stream.set_read_timeout(patience).unwrap();
    stream.set_write_timeout(patience).unwrap();
    stream
}

/// A connection on which these bytes were sent.
fn send(address: SocketAddr, bytes: &str) -> TcpStream {
    let mut stream = connect(address);
    stream.write_all(bytes.as_bytes()).unwrap();
    stream
}

fn half_request(address: SocketAddr) -> TcpStream {
    send(
        address,
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Half",
    )
}

/// What comes until the server closes the connection.
fn read_until_closed(stream: &mut impl Read) -> Vec<u8> {
    let mut all = Vec::new();
    let ended = stream.read_to_end(&mut all);
    if let Err(error) = ended {
        let reset = [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe];
        assert!(reset.contains(&error.kind()), "{error}");
    }
    all
}

fn events(server: &Server) -> BufReader<TcpStream> {
    let stream = Request::new("GET", "/v1/events").basic(USER, KEY);
    let mut reader = stream.open(server.address);
    assert_eq!(read_head(&mut reader).0, 200);
    reader
}

/// Reads a stream of events until a line holds this.
fn read_event(reader: &mut BufReader<TcpStream>, text: &str) {
    let mut line = String::new();
    while !line.contains(text) {
        line.clear();
        assert!(reader.read_line(&mut line).unwrap() > 0, "it was closed");
    }
}

#[test]
fn half_requests_keep_neither_callers_nor_trials_out() {
    let home = Home::new(&[("limits.py", PRINT_LIMITS)]);
    home.write("page/index.html", "<html>the page</html>");
    let server = start_with_open_files(&home, 200, 256);
    let mut stream = events(&server);
    let open: Vec<TcpStream> = (0..400).map(|_| half_request(server.address)).collect();
    let get = |path: &str| Request::new("GET", path).send(server.address);
    assert_eq!(get("/healthz").text(), "ok\n");
    assert!(get("/").text().contains("the page"));
    let run = server.launch("limits.py  --lr '[1, 2, 3, 4, 5, 6]'");
    let trials = server.finish(&run);
    assert_eq!(trials.len(), 6);
    for trial in &trials {
        // The server has raised its own limit, and lowers it again for what it starts.
        assert_eq!(server.output_of(trial).trim(), "200 256");
    }
    // A stream of events is none of those that were closed.
    read_event(&mut stream, run["id"].as_str().unwrap());
    drop(open);
}

#[test]
fn half_bodies_keep_nobody_out() {
    let home = Home::new(&[("a.py", "")]);
    home.write("page/index.html", "<html>the page</html>");
    let server = start_with_open_files(&home, 256, 256);
    let mut stream = events(&server);
    let (head, body) = long_login(40_000);
    let half = || {
        let mut stream = send(server.address, &head);
        // It may have been closed already.
        let _ = stream.write_all(&body[..100]);
        stream
    };
    let mut open: Vec<TcpStream> = Vec::new();
    for _ in 0..8 {
        open.extend((0..50).map(|_| half()));
        let page = Request::new("GET", "/").send(server.address);
        assert!(page.text().contains("the page"));
    }
    let run = server.launch("a.py");
    server.finish(&run);
    read_event(&mut stream, run["id"].as_str().unwrap());
}

#[test]
fn a_half_request_and_an_idle_connection_are_closed_in_time() {
    let home = Home::new(&[]);
    home.write("sweep.toml", SHORT);
    let server = home.start();
    let mut half = half_request(server.address);
    let mut silent = connect(server.address);
    let whole = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut idle = send(server.address, whole);
    // Three at once are answered one after the other.
    let mut pipelined = send(server.address, &whole.repeat(3));
    assert_eq!(read_until_closed(&mut half), b"");
    assert_eq!(read_until_closed(&mut silent), b"");
    let answers = |bytes: &[u8]| String::from_utf8_lossy(bytes).matches("ok\n").count();
    assert_eq!(answers(&read_until_closed(&mut idle)), 1);
    assert_eq!(answers(&read_until_closed(&mut pipelined)), 3);
}

#[test]
fn a_connection_serves_one_request_after_the_other() {
    let home = Home::new(&[]);
    home.write(
        "sweep.toml",
        "[limits]\nheader_seconds = 2\nidle_seconds = 60\n",
    );
    let server = home.start();
    let mut reader = BufReader::new(connect(server.address));
    for pause in [0, 100, 3_500] {
        std::thread::sleep(Duration::from_millis(pause));
        let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
        reader.get_mut().write_all(request.as_bytes()).unwrap();
        assert_eq!(read_head(&mut reader).0, 200);
        let mut body = [0; 3];
        reader.read_exact(&mut body).unwrap();
        assert_eq!(&body, b"ok\n");
    }
}

#[test]
fn a_stream_of_events_lives_longer_than_the_times_allow() {
    let home = Home::new(&[("a.py", "")]);
    home.write("sweep.toml", SHORT);
    let server = home.start();
    let mut stream = events(&server);
    std::thread::sleep(LONG);
    let run = server.launch("a.py");
    read_event(&mut stream, run["id"].as_str().unwrap());
}

/// A login whose body is padded with blanks to this many bytes.
fn long_login(length: usize) -> (String, Vec<u8>) {
    let login = json!({"username": USER, "apiKey": KEY}).to_string();
    let body = format!("{}{login}", " ".repeat(length - login.len()));
    let head = format!(
        "POST /v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Connection: close\r\nContent-Length: {length}\r\n\r\n"
    );
    (head, body.into_bytes())
}

#[test]
fn a_slow_body_arrives_and_a_stalled_one_ends() {
    let home = Home::new(&[]);
    home.write("sweep.toml", SHORT);
    let server = home.start();
    let (head, body) = long_login(40_000);
    let mut stalled = send(server.address, &head);
    stalled.write_all(&body[..20_000]).unwrap();
    let mut slow = send(server.address, &head);
    for piece in body.chunks(4_000) {
        std::thread::sleep(LONG / 10);
        slow.write_all(piece).unwrap();
    }
    let answer = String::from_utf8(read_until_closed(&mut slow)).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let answer = String::from_utf8(read_until_closed(&mut stalled)).unwrap();
    assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn a_slow_upload_arrives_and_a_stalled_one_leaves_nothing() {
    let home = Home::new(&[]);
    home.write("sweep.toml", SHORT);
    let server = home.start();
    let noise: String = (0..8_000_u64)
        .map(|number| number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_string())
        .collect();
    let packed = control::tar_gz(&[("a.py", "print('here')"), ("noise", &noise)]);
    let mut upload = launch_request("a.py");
    upload["localDir"] = json!(true);
    let begin = || {
        let run = server.post_run(&upload).json();
        let url = run["status"]["uploadUrl"].as_str().unwrap();
        let (_, path) = url.split_once(&server.address.to_string()).unwrap();
        let head = format!(
            "PUT {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Length: {}\r\n\r\n",
            packed.len()
        );
        (send(server.address, &head), run)
    };
    let (mut stalled, _) = begin();
    stalled.write_all(&packed[..packed.len() / 2]).unwrap();
    let (mut slow, run) = begin();
    for piece in packed.chunks(packed.len() / 10) {
        std::thread::sleep(LONG / 10);
        slow.write_all(piece).unwrap();
    }
    let answer = String::from_utf8(read_until_closed(&mut slow)).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(server.output_of(&server.finish(&run)[0]), "here\n");
    let answer = String::from_utf8(read_until_closed(&mut stalled)).unwrap();
    assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
    wait_until("the rest of the stalled upload to be removed", || {
        let left = std::fs::read_dir(home.path("data/uploads")).unwrap();
        (left.count() == 0).then_some(())
    });
}

#[test]
fn a_head_without_end_is_refused() {
    let home = Home::new(&[]);
    let server = home.start();
    for line in ["X-Long: ", "GET /"] {
        let long = format!("{line}{}", "a".repeat(100_000));
        let head = match line {
            "GET /" => long,
            _ => format!("GET / HTTP/1.1\r\nHost: localhost\r\n{long}"),
        };
        let mut stream = connect(server.address);
        // It may be closed before all of it is sent.
        let _ = stream.write_all(head.as_bytes());
        let answer = String::from_utf8(read_until_closed(&mut stream)).unwrap();
        let refused = answer.is_empty() || answer.starts_with("HTTP/1.1 4");
        assert!(refused, "{answer}");
    }
}

#[test]
fn a_slow_reader_gets_everything_and_one_who_does_not_read_is_left() {
    const LENGTH: usize = 24 << 20;
    let home = Home::new(&[]);
    home.write("sweep.toml", SHORT);
    home.write("page/big.txt", &"x".repeat(LENGTH));
    let server = home.start();
    // Now it is in the server's memory.
    assert_eq!(
        Request::new("GET", "/big.txt")
            .send(server.address)
            .body
            .len(),
        LENGTH
    );
    let request = "GET /big.txt HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let last = "GET /big.txt HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let mut unread = send(server.address, &request.repeat(8));
    let mut slow = send(server.address, last);
    let begun = Instant::now();
    let (mut piece, mut length) = (vec![0; 1 << 20], 0);
    loop {
        let read = slow.read(&mut piece).unwrap();
        if read == 0 {
            break;
        }
        length += read;
        if begun.elapsed() < LONG {
            std::thread::sleep(LONG / 20);
        }
    }
    assert!(length > LENGTH, "{length}");
    let length = read_until_closed(&mut unread).len();
    assert!(length < LENGTH * 8, "{length}");
}

#[test]
fn callers_who_hang_up_leave_nothing_behind() {
    let home = Home::new(&[("a.py", "")]);
    let server = start_with_open_files(&home, 256, 256);
    let run = server.launch("a.py");
    let id = run["id"].as_str().unwrap();
    for path in [
        "/healthz",
        "/v1/events",
        &format!("/v1/core/local/runs/{id}/trials"),
    ] {
        for _ in 0..200 {
            let request = Request::new("GET", path).basic(USER, KEY);
            let reader = request.open(server.address);
            let _ = reader.get_ref().shutdown(Shutdown::Both);
        }
    }
    assert_eq!(
        Request::new("GET", "/healthz").send(server.address).status,
        200
    );
    server.finish(&server.launch("a.py"));
}

#[test]
fn half_requests_do_not_delay_the_stop() {
    let home = Home::new(&[]);
    let mut server = home.start();
    let open: Vec<TcpStream> = (0..50).map(|_| half_request(server.address)).collect();
    assert_eq!(
        Request::new("GET", "/healthz").send(server.address).status,
        200
    );
    let begun = Instant::now();
    server.signal(Signal::TERM);
    assert!(server.wait_exit().success());
    // Answers under way would be given five seconds.
    assert!(begun.elapsed() < Duration::from_secs(5));
    drop(open);
}

#[test]
fn a_server_that_gets_no_descriptor_for_a_connection_goes_on() {
    let home = Home::new(&[]);
    // Fewer than connections and files would take.
    let server = start_with_open_files(&home, 28, 28);
    let open: Vec<TcpStream> = (0..40).map(|_| half_request(server.address)).collect();
    let health = Request::new("GET", "/healthz").send(server.address);
    assert_eq!(health.text(), "ok\n");
    drop(open);
    assert_eq!(
        server.get("/v1/core/clusters")["clusters"][0]["id"],
        "local"
    );
}

#[test]
fn more_connections_than_are_allowed_are_served_all_the_same() {
    let home = Home::new(&[]);
    home.write("sweep.toml", "[limits]\nconnections = 3\n");
    let server = home.start();
    let mut open: Vec<TcpStream> = (0..8).map(|_| half_request(server.address)).collect();
    wait_until("the oldest to be closed", || {
        assert_eq!(
            Request::new("GET", "/healthz").send(server.address).status,
            200
        );
        let first = &mut open[0];
        first.set_nonblocking(true).unwrap();
        let mut byte = [0];
        match first.read(&mut byte) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => None,
            _ => Some(()),
        }
    });
}
