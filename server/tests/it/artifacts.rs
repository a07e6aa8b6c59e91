//! What a trial made, as one tar.

use std::io::Read;

use serde_json::Value;

use crate::client::Request;
use crate::server::{Home, Server, wait_until};

/// The address of the tar, as its path.
fn archive_path(server: &Server, trial: &Value) -> String {
    let id = trial["id"].as_str().unwrap();
    let page = server.get(&format!("/v1/core/local/experiments/{id}/artifacts"));
    let url = page["archiveUrl"].as_str().unwrap().to_owned();
    let path = url.strip_prefix(&format!("http://{}", server.address));
    path.unwrap_or_else(|| panic!("{url}")).to_owned()
}

fn unpack_tar(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = tar::Archive::new(bytes);
    let read = |entry: std::io::Result<tar::Entry<'_, &[u8]>>| {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().display().to_string();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        (name, content)
    };
    archive.entries().unwrap().map(read).collect()
}

#[test]
fn all_artifacts_come_as_one_tar() {
    let home = Home::new(&[(
        "make.py",
        "import os\n\
         os.makedirs('out/deep')\n\
         open('out/deep/a.txt', 'w').write('a')\n\
         open('big.bin', 'wb').write(bytes(range(256)) * 40_000)\n\
         open('empty', 'w')\n\
         open('é ü', 'w').write('é')\n\
         os.symlink('/etc/passwd', 'link')\n\
         os.symlink('/etc', 'folder')",
    )]);
    let server = home.start();
    let trial = &server.finish(&server.launch("make.py "))[0];
    let path = archive_path(&server, trial);
    let answer = Request::new("GET", &path).send(server.address);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("Content-Type"), Some("application/x-tar"));
    let big: Vec<u8> = (0..=255).cycle().take(256 * 40_000).collect();
    let expected: [(&str, &[u8]); 4] = [
        ("out/deep/a.txt", b"a"),
        ("big.bin", &big),
        ("empty", b""),
        ("é ü", "é".as_bytes()),
    ];
    let found = unpack_tar(&answer.body);
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, expected.map(|(name, _)| name));
    assert!(
        found
            .iter()
            .zip(expected)
            .all(|((_, found), (_, expected))| found == expected)
    );
    let forged = path.replace("signature=", "signature=00");
    assert_eq!(
        Request::new("GET", &forged).send(server.address).status,
        403
    );
    let other = path.replace("-0/artifacts.tar", "-1/artifacts.tar");
    assert_eq!(Request::new("GET", &other).send(server.address).status, 403);
}

#[test]
fn caches_are_listed_and_packed_where_they_are_asked_for() {
    let home = Home::new(&[(
        "make.py",
        "import os\n\
         os.makedirs('__pycache__'); os.makedirs('.cache/pip')\n\
         for name in ['__pycache__/a.pyc', '.cache/pip/b', 'm.pt', 'r.csv']:\n\
         \x20   open(name, 'w').write(name)",
    )]);
    let server = home.start();
    let trial = &server.finish(&server.launch("make.py "))[0];
    let id = trial["id"].as_str().unwrap();
    let wanted = ["m.pt", "r.csv"];
    let all = ["m.pt", "r.csv", ".cache/pip/b", "__pycache__/a.pyc"];
    for (query, expected) in [
        ("", &wanted[..]),
        ("all=false", &wanted),
        ("all=true", &all),
    ] {
        let page = server.get(&format!(
            "/v1/core/local/experiments/{id}/artifacts?{query}"
        ));
        let files = page["artifacts"].as_array().unwrap();
        let names: Vec<&str> = files
            .iter()
            .filter_map(|file| file["filename"].as_str())
            .collect();
        assert_eq!(names, expected, "{query}");
        let url = page["archiveUrl"].as_str().unwrap();
        let answer = Request::new("GET", &url[url.find("/v1/").unwrap()..]).send(server.address);
        let packed = unpack_tar(&answer.body);
        let packed: Vec<&str> = packed.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(packed, expected, "{query}");
    }
    // By pages, as Grid's client reads them.
    let path = format!("/v1/core/local/experiments/{id}/artifacts?pageSize=1&pageToken=");
    let first = server.get(&path);
    let token = first["nextPageToken"].as_str().unwrap();
    let second = server.get(&format!("{path}{token}"));
    assert_eq!(second["artifacts"][0]["filename"], "r.csv");
    assert_eq!(second["nextPageToken"], "");
}

#[test]
fn files_that_grow_and_shrink_meanwhile_leave_the_archive_whole() {
    let home = Home::new(&[(
        "meddle.py",
        "import os\n\
         for n in range(8): open(f'f{n}', 'wb').write(b'x' * 400_000)\n\
         print('there', flush=True)\n\
         while True:\n\
         \x20   for n in range(8):\n\
         \x20       with open(f'f{n}', 'r+b') as file:\n\
         \x20           file.truncate(1000); file.write(b'y' * 700_000)\n\
         \x20   open('come', 'w').close(); os.remove('come')",
    )]);
    let server = home.start();
    let run = server.launch("meddle.py ");
    let trial = server.trials(&run)[0].clone();
    wait_until("its files", || {
        server.output_of(&trial).contains("there").then_some(())
    });
    for _ in 0..20 {
        let answer = Request::new("GET", &archive_path(&server, &trial)).send(server.address);
        let found = unpack_tar(&answer.body);
        let kept = found
            .iter()
            .filter(|(name, _)| name.starts_with('f'))
            .count();
        assert_eq!(kept, 8);
        // Two blocks of zeros end it.
        assert!(answer.body.ends_with(&[0; 1024]) && answer.body.len().is_multiple_of(512));
    }
    let path = format!("/v1/core/local/runs/{}", run["id"].as_str().unwrap());
    server.send(Request::new("DELETE", &path).json(&serde_json::json!({})));
}
