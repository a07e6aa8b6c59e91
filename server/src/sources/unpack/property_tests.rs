//! What holds of every archive, however hostile or damaged.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use proptest::prelude::*;
use tar::EntryType;

use super::tests::{ROOMY, Tar, gz, roomy};
use super::{unpack_tar, unpack_tar_gz};
use crate::sources::Walk;

/// A path of parts that hurt; `{}` is the folder above.
fn hostile_path() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => Just("a".to_owned()),
        4 => Just("b".to_owned()),
        2 => Just("..".to_owned()),
        1 => Just(".".to_owned()),
        1 => Just("outside".to_owned()),
        1 => Just("secret".to_owned()),
        1 => Just(String::new()),
        1 => Just("{}".to_owned()),
        1 => Just("\0".to_owned()),
        1 => Just("n".repeat(256)),
        1 => Just("d/".repeat(40)),
        1 => "\\PC{1,3}",
    ];
    proptest::collection::vec(part, 1..5).prop_map(|parts| parts.join("/"))
}

fn hostile_kind() -> impl Strategy<Value = EntryType> {
    prop_oneof![
        4 => Just(EntryType::Regular),
        2 => Just(EntryType::Directory),
        3 => Just(EntryType::Symlink),
        3 => Just(EntryType::Link),
        1 => prop::sample::select(vec![b'3', b'4', b'6', b'7', b'S', b'g', b'L', b'K', b'x', b'M', 0])
            .prop_map(EntryType::new),
        1 => any::<u8>().prop_map(EntryType::new),
    ]
}

/// What must hold of a folder after any archive was unpacked into it.
fn check_unpacked(home: &Path, result: &Result<(), String>) {
    let list = |folder: &Path| {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(list(home), ["archive", "outside", "to"]);
    assert_eq!(list(&home.join("outside")), ["secret"]);
    assert_eq!(
        fs::read_to_string(home.join("outside/secret")).unwrap(),
        "s"
    );
    let (mut files, mut bytes) = (0, 0);
    let to = home.join("to");
    let entries = Walk::new(&to, usize::MAX, usize::MAX);
    for entry in entries {
        let path = to.join(&entry.path);
        let meta = fs::symlink_metadata(&path).unwrap();
        files += 1;
        let kind = meta.file_type();
        if kind.is_file() {
            bytes += meta.len();
        }
        assert!(
            kind.is_file() || kind.is_dir() || kind.is_symlink(),
            "{path:?}"
        );
        assert_eq!(meta.permissions().mode() & 0o7000, 0, "{path:?}");
        assert!(path.strip_prefix(home).unwrap().components().count() <= 101);
        if kind.is_symlink() && result.is_ok() {
            let led = path.canonicalize().unwrap();
            assert!(
                led.starts_with(home.join("to").canonicalize().unwrap()),
                "{path:?}"
            );
        }
    }
    assert!(
        files <= ROOMY.files && bytes <= ROOMY.bytes,
        "{files} files, {bytes} bytes"
    );
}

/// Unpacks bytes beside a folder that must not be touched, and checks what came of it.
fn unpack_beside_a_secret(archive: impl FnOnce(&Path) -> Vec<u8>, compressed: bool) {
    let home = tempfile::tempdir().unwrap();
    let home = &home.path().canonicalize().unwrap();
    fs::create_dir(home.join("outside")).unwrap();
    fs::write(home.join("outside/secret"), "s").unwrap();
    fs::write(home.join("archive"), archive(home)).unwrap();
    let (from, to) = (home.join("archive"), home.join("to"));
    let result = if compressed {
        unpack_tar_gz(&from, &to, ROOMY, &roomy())
    } else {
        unpack_tar(&from, &to, ROOMY, &roomy())
    };
    check_unpacked(home, &result.map_err(|error| error.to_string()));
}

type HostileEntry = (EntryType, String, String, Vec<u8>, u32);

fn hostile_entries() -> impl Strategy<Value = Vec<HostileEntry>> {
    let content = proptest::collection::vec(any::<u8>(), 0..300);
    let entry = (
        hostile_kind(),
        hostile_path(),
        hostile_path(),
        content,
        0_u32..0o10000,
    );
    proptest::collection::vec(entry, 1..12)
}

fn hostile_tar(entries: &[HostileEntry], home: &Path) -> Vec<u8> {
    let shown = home.display().to_string();
    let mut tar = Tar::new();
    for (kind, name, target, content, mode) in entries {
        let [name, target] = [name, target].map(|path| path.replace("{}", &shown));
        let is_link = matches!(kind, EntryType::Symlink | EntryType::Link);
        let content: &[u8] = if is_link { b"" } else { content };
        tar.append(*kind, name.as_bytes(), target.as_bytes(), content, *mode);
    }
    tar.bytes()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_archive_leaves_its_folder_or_its_limits(entries in hostile_entries()) {
        unpack_beside_a_secret(|home| hostile_tar(&entries, home), false);
    }

    #[test]
    fn no_damaged_archive_does_either(
        entries in hostile_entries(),
        damages in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        length in any::<prop::sample::Index>(),
        compressed in any::<bool>(),
    ) {
        let damaged = |home: &Path| {
            let tar = hostile_tar(&entries, home);
            let mut bytes = if compressed { gz(&tar) } else { tar };
            for (at, byte) in &damages {
                let at = at.index(bytes.len());
                bytes[at] = *byte;
            }
            bytes.truncate(length.index(bytes.len() * 2));
            bytes
        };
        unpack_beside_a_secret(damaged, compressed);
    }

    #[test]
    fn nor_do_any_bytes(bytes in any::<Vec<u8>>(), compressed in any::<bool>()) {
        unpack_beside_a_secret(|_| bytes, compressed);
    }
}
