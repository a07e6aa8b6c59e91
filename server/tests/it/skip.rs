//! Tests that need something of the machine: rights, kernel features, a Debian package.

use std::io::Write;

/// Counts the running test as skipped; the caller returns at once. Under `CI` it fails the test instead, since the
/// set-up there provides what every test needs.
///
/// The variable `SKIPPED_TESTS` names the file that takes a line for each skipped test; `scripts/test.sh` counts them,
/// because the harness itself counts a test that returns as passed.
pub(crate) fn skip(reason: &str) {
    let test = std::thread::current().name().unwrap_or("?").to_owned();
    assert!(
        std::env::var_os("CI").is_none_or(|value| value.is_empty()),
        "under CI nothing is skipped, but {test} cannot run: {reason}"
    );
    println!("skipped: {reason}");
    if let Some(path) = std::env::var_os("SKIPPED_TESTS") {
        let mut options = std::fs::OpenOptions::new();
        let file = options.create(true).append(true).open(path);
        let line = format!("{}\t{test}\t{reason}\n", env!("CARGO_PKG_NAME"));
        file.and_then(|mut file| file.write_all(line.as_bytes()))
            .expect("the file of skipped tests can be written");
    }
}
