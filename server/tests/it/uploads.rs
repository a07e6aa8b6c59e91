//! Uploads that stall, come twice, or hold more than they seem to; sources with links.

use std::fs;
use std::io::{BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::symlink;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use tar::{Builder, EntryType, Header};

use crate::client::{self, Answer, Request};
use crate::control::tar_gz;
use crate::disk::{health_text, start_on_small_disk};
use crate::faults::may_mount;
use crate::repository::random_bytes;
use crate::server::{Home, Server, launch_request, wait_until};
use crate::skip::skip;

/// A run that waits for its upload, and the path of its address.
fn launch_with_upload(server: &Server, command: &str) -> (Value, String) {
    let mut body = launch_request(command);
    body["localDir"] = json!(true);
    let run = server.post_run(&body).json();
    let url = run["status"]["uploadUrl"].as_str().unwrap();
    let path = url[url.find("/v1/").unwrap()..].to_owned();
    (run, path)
}

fn put(server: &Server, path: &str, bytes: &[u8]) -> Answer {
    let mut request = Request::new("PUT", path);
    request.body = Some(bytes.to_vec());
    request.send(server.address)
}

/// An upload of which all but the last byte is sent.
fn begin_upload(server: &Server, path: &str, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(server.address).unwrap();
    let (host, length) = (server.address, bytes.len());
    let head = format!(
        "PUT {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
         Content-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&bytes[..length - 1]).unwrap();
    stream
}

/// The status of an answer, and its text.
fn read_answer(stream: TcpStream) -> (u16, String) {
    let mut reader = BufReader::new(stream);
    let (status, _) = client::read_head(&mut reader);
    let mut text = String::new();
    // A server that does not take the rest may cut the connection behind its answer.
    let _ = reader.read_to_string(&mut text);
    (status, text)
}

fn upload_files(home: &Home) -> usize {
    fs::read_dir(home.path("data/uploads")).map_or(0, Iterator::count)
}

fn wait_for_files(home: &Home, count: usize) {
    wait_until("the upload's files", || {
        (upload_files(home) == count).then_some(())
    });
}

#[test]
fn a_stalled_upload_is_ended_and_removed() {
    for (settings, words) in [
        ("upload_idle_seconds = 1", "nothing of it came for 1 s"),
        ("upload_seconds = 1", "more than 1 s"),
    ] {
        let home = Home::new(&[]);
        home.write("sweep.toml", &format!("[limits]\n{settings}\n"));
        let server = home.start();
        let (run, path) = launch_with_upload(&server, "train.py ");
        let source = tar_gz(&[("train.py", "print('ran')")]);
        let (status, text) = read_answer(begin_upload(&server, &path, &source));
        assert_eq!(status, 408, "{text}");
        assert!(text.contains(words), "{text}");
        assert_eq!(upload_files(&home), 0);
        // The address still takes it.
        assert_eq!(put(&server, &path, &source).status, 200);
        assert_eq!(server.output_of(&server.finish(&run)[0]), "ran\n");
    }
}

#[test]
fn nothing_is_left_of_an_upload_whose_client_hangs_up() {
    let home = Home::new(&[]);
    let server = home.start();
    let (_, path) = launch_with_upload(&server, "train.py ");
    let stream = begin_upload(&server, &path, &tar_gz(&[("train.py", "")]));
    wait_for_files(&home, 1);
    drop(stream);
    wait_for_files(&home, 0);
}

#[test]
fn of_two_uploads_at_once_the_later_is_taken() {
    let home = Home::new(&[]);
    let server = home.start();
    for _ in 0..5 {
        let (run, path) = launch_with_upload(&server, "train.py ");
        let sources = ["print('first')", "print('the second')"];
        let [first, second] = sources.map(|text| tar_gz(&[("train.py", text)]));
        let stalled = begin_upload(&server, &path, &first);
        wait_for_files(&home, 1);
        let mut later = begin_upload(&server, &path, &second);
        let (status, text) = read_answer(stalled);
        assert_eq!(status, 409, "{text}");
        assert!(text.contains("replaces this one"), "{text}");
        assert!(upload_files(&home) <= 1);
        later.write_all(&second[second.len() - 1..]).unwrap();
        assert_eq!(read_answer(later).0, 200);
        let log = server.output_of(&server.finish(&run)[0]);
        assert_eq!(log, "the second\n");
        assert_eq!(upload_files(&home), 0);
    }
}

#[test]
fn a_small_disk_keeps_its_free_space_while_sources_come() {
    if !may_mount() {
        return skip("this account may not mount");
    }
    let home = Home::new(&[("train.py", "print('ran')")]);
    home.write(
        "sweep.toml",
        "[clusters.local]\nslots = 2\n[limits]\nfree_bytes = 20000000\n",
    );
    let server = start_on_small_disk(&home, "size=40m");
    let (run, path) = launch_with_upload(&server, "train.py ");
    let unpacked = "0".repeat(30_000_000);
    let bomb = tar_gz(&[("train.py", ""), ("zeros", &unpacked)]);
    assert!(bomb.len() < 1_000_000);
    for bytes in [bomb, random_bytes(30_000_000)] {
        let answer = put(&server, &path, &bytes);
        assert_eq!(answer.status, 507, "{}", answer.text());
        let message = answer.message();
        assert!(
            message.contains("disk has") && message.contains("below 20 MB"),
            "{message}"
        );
        // Nothing is left of it, and it never came so far that trials would have had to wait.
        assert_eq!(health_text(&server), "ok\n");
        let cluster = server.get("/v1/core/clusters/local");
        assert_eq!(cluster["status"]["message"], "", "{cluster}");
    }
    // So does a copy of the source folder.
    fs::write(home.path("source/large.bin"), random_bytes(30_000_000)).unwrap();
    let refused = server.post_run(&launch_request("train.py "));
    assert_eq!(refused.status, 507, "{}", refused.text());
    assert!(refused.message().contains("disk has"), "{}", refused.text());
    assert_eq!(health_text(&server), "ok\n");
    // And a trial's copy of that: one fits, the other waits.
    fs::write(home.path("source/large.bin"), random_bytes(8_000_000)).unwrap();
    let two = server.launch("train.py  '[1, 2]'");
    wait_until("the second to wait", || {
        let trials = server.trials(&two);
        let waits = |trial: &&Value| {
            let message = trial["message"].as_str().unwrap();
            trial["state"] == "EXPERIMENT_STATE_QUEUED" && message.contains("disk has")
        };
        (trials.iter().filter(waits).count() == 1).then_some(())
    });
    assert_eq!(server.trials(&two).len(), 2);
    assert_eq!(
        put(&server, &path, &tar_gz(&[("train.py", "print(1)")])).status,
        200
    );
    assert_eq!(server.output_of(&server.finish(&run)[0]), "1\n");
}

/// Its kind, name, target and content.
type HostileEntry<'a> = (EntryType, &'a [u8], &'a [u8], &'a [u8]);

/// A tar.gz of entries whose names and targets are attributes, so that they may be anything.
fn hostile_tar_gz(entries: &[HostileEntry<'_>]) -> Vec<u8> {
    let mut builder = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (kind, name, target, content) in entries {
        let attributes = [("path", *name), ("linkpath", *target)];
        let given = attributes
            .into_iter()
            .filter(|(_, value)| !value.is_empty());
        builder.append_pax_extensions(given).unwrap();
        let mut header = Header::new_gnu();
        header.set_entry_type(*kind);
        header.set_mode(0o644);
        header.set_size(content.len() as u64);
        header.set_cksum();
        builder.append(&header, *content).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

#[test]
fn hostile_uploads_are_refused_in_words() {
    const FILE: EntryType = EntryType::Regular;
    let home = Home::new(&[]);
    home.write("sweep.toml", "[limits]\nsource_files = 1000\n");
    let server = home.start();
    let (run, path) = launch_with_upload(&server, "train.py ");
    let long = "n".repeat(300);
    let implied: Vec<String> = (0..50)
        .map(|number| format!("{number}/{}x", "d/".repeat(90)))
        .collect();
    let implied: Vec<_> = implied
        .iter()
        .map(|name| (FILE, name.as_bytes(), &b""[..], &b""[..]))
        .collect();
    let deep = "d/".repeat(1000);
    for (entries, status, words) in [
        (vec![(FILE, &b"a\0b"[..], &b""[..], &b""[..])], 400, "NUL"),
        (vec![(FILE, long.as_bytes(), b"", b"")], 400, "255 bytes"),
        (vec![(FILE, b"../../x", b"", b"")], 400, "outside"),
        (
            vec![(EntryType::Directory, deep.as_bytes(), b"", b"")],
            413,
            "100 levels",
        ),
        (implied, 413, "1000 files and folders"),
        (
            vec![(EntryType::Fifo, b"train.py", b"", b"")],
            400,
            "no file, folder or link",
        ),
        (
            vec![(EntryType::Char, b"train.py", b"", b"")],
            400,
            "no file, folder or link",
        ),
        (
            vec![(EntryType::Link, b"train.py", b"../../../sweep.db", b"")],
            400,
            "leads out",
        ),
        (
            vec![(EntryType::Symlink, b"train.py", b"../../../sweep.db", b"")],
            400,
            "leads out",
        ),
    ] {
        let answer = put(&server, &path, &hostile_tar_gz(&entries));
        assert_eq!(answer.status, status, "{words}: {}", answer.text());
        assert!(answer.message().contains(words), "{}", answer.text());
        assert_eq!(upload_files(&home), 0);
    }
    // What tar writes for a file that it was given twice.
    let twice = hostile_tar_gz(&[
        (FILE, b"train.py", b"", b"print('whole')"),
        (EntryType::Link, b"train.py", b"train.py", b""),
    ]);
    assert_eq!(put(&server, &path, &twice).status, 200);
    assert_eq!(server.output_of(&server.finish(&run)[0]), "whole\n");
}

#[test]
fn a_script_behind_a_link_out_of_the_source_is_refused_and_data_is_read() {
    let home = Home::new(&[
        (
            "real.py",
            "print(open('data').read(), open('inner').read())",
        ),
        ("inner.txt", "inner"),
    ]);
    home.write("elsewhere/train.py", "print('live')");
    home.write("elsewhere/data.txt", "data");
    symlink(
        home.path("elsewhere/train.py"),
        home.path("source/train.py"),
    )
    .unwrap();
    symlink("../elsewhere", home.path("source/folder")).unwrap();
    symlink("../elsewhere/data.txt", home.path("source/data")).unwrap();
    let whole = home.path("source/inner.txt").canonicalize().unwrap();
    symlink(whole, home.path("source/inner")).unwrap();
    let server = home.start();
    for script in ["train.py", "folder/train.py"] {
        let refused = server.post_run(&launch_request(&format!("{script} ")));
        assert_eq!(refused.status, 400, "{}", refused.text());
        let message = refused.message();
        assert!(
            message.contains("a link that leads out of the source"),
            "{message}"
        );
    }
    let run = server.launch("real.py ");
    assert_eq!(server.output_of(&server.finish(&run)[0]), "data inner\n");
    let id = run["id"].as_str().unwrap();
    let copied = home.path(&format!("data/sources/{id}"));
    assert_eq!(
        fs::read_link(copied.join("inner")).unwrap().to_str(),
        Some("inner.txt")
    );
    assert!(fs::read_link(copied.join("data")).unwrap().is_absolute());
}
