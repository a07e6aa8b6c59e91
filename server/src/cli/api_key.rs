//! Takes the first account's key so that no other process can read it afterwards.

use std::env;
use std::fs::Metadata;
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use zeroize::Zeroizing;

use crate::sources::open_named;

/// The variable that holds a key.
const KEY: &str = "SWEEP_API_KEY";
/// The variable that names a file with a key.
const KEY_FILE: &str = "SWEEP_API_KEY_FILE";
/// Where this process finds the key that it was given by `SWEEP_API_KEY`.
const HANDED_OVER: &str = "/dev/stdin";
/// The longest key, in bytes; a pipe holds as much without a reader.
const KEY_MAX: usize = 4096;
/// Bits of a mode by which others could read the key or the file's group could replace it. The group
/// may read: so services are given their credentials.
const OPEN_TO_OTHERS: u32 = 0o027;

/// The key that a file holds; its line's end is left out.
pub(super) fn read_key_file(path: &Path) -> Result<Zeroizing<String>, String> {
    let shown = path.display();
    let failed = |error: io::Error| format!("the key file {shown} cannot be read: {error}");
    let file = open_named(path).map_err(failed)?;
    check_key_file(&file.metadata().map_err(failed)?).map_err(|why| format!("{shown} {why}"))?;
    // With its room from the start: growing would leave copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(KEY_MAX + 1));
    file.take(KEY_MAX as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| format!("{shown} holds no text"))?;
    let key = text.trim_end_matches(['\r', '\n']);
    if key.is_empty() || bytes.len() > KEY_MAX {
        return Err(format!("{shown} holds no key of 1 to {KEY_MAX} bytes"));
    }
    Ok(Zeroizing::new(key.to_owned()))
}

fn check_key_file(meta: &Metadata) -> Result<(), String> {
    let mode = meta.permissions().mode() & 0o777;
    // What is given by its descriptor has no mode that says who can read it.
    if meta.is_file() && mode & OPEN_TO_OTHERS != 0 {
        Err(format!(
            "has mode {mode:04o}: others can read the key, or replace it. `chmod 600` it"
        ))
    } else {
        Ok(())
    }
}

/// The path of a key file that others could open as well; none where the key came by a pipe.
pub(super) fn remaining_key_file(path: Option<PathBuf>) -> Option<PathBuf> {
    let path = path.filter(|path| path.is_file())?;
    path.canonicalize().ok()
}

/// Executes this program again without `SWEEP_API_KEY`, if it is set: the memory that holds a process's
/// first environment can be read in `/proc` for as long as it lives. The key goes through a pipe, which
/// becomes the standard input; the process stays the same. Returns only if there is no such key.
///
/// # Errors
/// In words, if a key file is named as well, or the program cannot be executed again.
pub(super) fn remove_key_from_environment(file: Option<&Path>) -> Result<(), String> {
    let Some(key) = env::var_os(KEY).filter(|key| !key.is_empty()) else {
        return Ok(());
    };
    if file.is_some() {
        return Err(format!(
            "both {KEY} and a key file are given: leave one out"
        ));
    }
    let key = Zeroizing::new(key.into_encoded_bytes());
    if key.len() > KEY_MAX {
        return Err(format!("{KEY} is longer than {KEY_MAX} bytes"));
    }
    let failed = |error: io::Error| {
        format!(
            "{KEY} cannot be removed from the memory that other processes can read: {error}. Name a \
             file instead: --api-key-file"
        )
    };
    let (reader, mut writer) = io::pipe().map_err(failed)?;
    writer.write_all(&key).map_err(failed)?;
    drop(writer);
    let mut again = Command::new(env::current_exe().map_err(failed)?);
    let mut arguments = env::args_os();
    if let Some(name) = arguments.next() {
        again.arg0(name);
    }
    again.args(arguments).env_remove(KEY);
    Err(failed(
        again.env(KEY_FILE, HANDED_OVER).stdin(reader).exec(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_key_file_is_for_its_owner_alone() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("key");
        for (content, mode, expected) in [
            ("k-1\n", 0o600, Ok("k-1")),
            ("k-1", 0o400, Ok("k-1")),
            ("k-1", 0o440, Ok("k-1")),
            ("k-1", 0o644, Err("mode 0644")),
            ("k-1", 0o604, Err("chmod 600")),
            ("k-1", 0o620, Err("mode 0620")),
            ("\n", 0o600, Err("no key")),
        ] {
            fs::write(&path, content).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            match (read_key_file(&path), expected) {
                (Ok(key), Ok(expected)) => assert_eq!(*key, expected),
                (Err(error), Err(words)) => assert!(error.contains(words), "{error}"),
                (other, _) => panic!("{mode:o}: {other:?}"),
            }
            fs::remove_file(&path).unwrap();
        }
        assert!(
            read_key_file(home.path())
                .unwrap_err()
                .contains("it is a folder")
        );
        fs::write(&path, "x".repeat(KEY_MAX + 1)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(read_key_file(&path).unwrap_err().contains("no key of"));
    }
}
