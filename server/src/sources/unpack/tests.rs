use std::os::unix::fs::PermissionsExt;

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, Header};

use super::*;
use crate::sources::Walk;

pub(super) const ROOMY: SourceLimits = SourceLimits {
    bytes: 1000,
    files: 10,
};

pub(super) fn roomy() -> DiskMonitor {
    DiskMonitor::new(Path::new("/"), Some(0))
}

/// Unpacks entries written as (type, name, content or target), names unchecked.
fn try_unpack(entries: &[(EntryType, &str, &str)]) -> (tempfile::TempDir, Result<(), String>) {
    let temporary = tempfile::tempdir().unwrap();
    let archive = temporary.path().join("a.tar.gz");
    let file = GzEncoder::new(File::create(&archive).unwrap(), Compression::fast());
    let mut builder = Builder::new(file);
    for (kind, name, content) in entries {
        let mut header = Header::new_ustar();
        header.set_entry_type(*kind);
        header.set_mode(0o755);
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        let data = if *kind == EntryType::Regular {
            *content
        } else {
            ""
        };
        header.as_mut_bytes()[157..157 + 100].fill(0);
        if data.is_empty() {
            header.as_mut_bytes()[157..157 + content.len()].copy_from_slice(content.as_bytes());
        }
        header.set_size(data.len() as u64);
        header.set_cksum();
        builder.append(&header, data.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap();
    let to = temporary.path().join("to");
    let result = unpack_tar_gz(&archive, &to, ROOMY, &roomy()).map_err(|error| error.to_string());
    (temporary, result)
}

#[test]
fn a_source_is_unpacked() {
    let (folder, result) = try_unpack(&[
        (EntryType::Directory, ".", ""),
        (EntryType::Regular, "./a.py", "print(1)"),
        (EntryType::Regular, "./sub/b.py", "print(2)"),
        (EntryType::Symlink, "./sub/link", "../a.py"),
        (EntryType::Link, "./copy.py", "a.py"),
    ]);
    result.unwrap();
    let read = |name: &str| fs::read_to_string(folder.path().join("to").join(name)).unwrap();
    assert_eq!(read("sub/link"), "print(1)");
    assert_eq!(
        (read("sub/b.py"), read("copy.py")),
        ("print(2)".into(), "print(1)".into())
    );
}

#[test]
fn what_would_leave_the_folder_is_refused() {
    let long = "x".repeat(1001);
    for (entries, words) in [
        (vec![(EntryType::Regular, "/tmp/x", "1")], "outside"),
        (vec![(EntryType::Regular, "../x", "1")], "outside"),
        (vec![(EntryType::Regular, "a/../../x", "1")], "outside"),
        (vec![(EntryType::Symlink, "a", "/etc/passwd")], "leads out"),
        (vec![(EntryType::Symlink, "a", "..")], "leads out"),
        (vec![(EntryType::Symlink, "a", "missing")], "nowhere"),
        (
            vec![(EntryType::Link, "a", "../../etc/passwd")],
            "leads out",
        ),
        (vec![(EntryType::Char, "a", "")], "no file"),
        (vec![(EntryType::Fifo, "a", "")], "no file"),
        (
            vec![
                (EntryType::Symlink, "d/e/f", "../.."),
                (EntryType::Symlink, "g", "d/e/f/../x"),
            ],
            "leads out",
        ),
        (vec![(EntryType::Regular, "a", &long)], "more than"),
        (
            vec![(EntryType::Directory, "a", ""); 11],
            "more than 10 files",
        ),
    ] {
        let (folder, result) = try_unpack(&entries);
        let error = result.unwrap_err();
        assert!(error.contains(words), "{entries:?}: {error}");
        assert!(!folder.path().join("x").exists());
    }
}

#[test]
fn a_link_is_never_written_through() {
    let (folder, result) = try_unpack(&[
        (EntryType::Symlink, "out", ".."),
        (EntryType::Regular, "out/x", "1"),
    ]);
    assert!(result.is_err());
    assert!(!folder.path().join("x").exists());
}

#[test]
fn what_is_kept_in_memory_is_bounded() {
    for kind in [
        EntryType::GNULongName,
        EntryType::GNULongLink,
        EntryType::XHeader,
        EntryType::XGlobalHeader,
        // Nothing is to be skipped for ever either.
        EntryType::Directory,
    ] {
        for size in [300 << 10, 1 << 40] {
            let temporary = tempfile::tempdir().unwrap();
            let archive = temporary.path().join("a");
            let mut header = Header::new_gnu();
            header.set_entry_type(kind);
            header.set_path("a").unwrap();
            header.set_size(size);
            header.set_cksum();
            let mut builder = Builder::new(File::create(&archive).unwrap());
            let zeros = io::repeat(0).take(size.min(1 << 20));
            builder.append(&header, zeros).unwrap();
            header.set_entry_type(EntryType::Regular);
            header.set_size(0);
            header.set_cksum();
            builder.append(&header, io::empty()).unwrap();
            builder.into_inner().unwrap();
            let error =
                unpack_tar(&archive, &temporary.path().join("to"), ROOMY, &roomy()).unwrap_err();
            let error = error.to_string();
            assert!(
                error.contains("before its content"),
                "{kind:?} {size}: {error}"
            );
        }
    }
}

#[test]
fn what_is_no_archive_is_said_to_be_none() {
    let temporary = tempfile::tempdir().unwrap();
    let archive = temporary.path().join("a");
    fs::write(&archive, "hello").unwrap();
    let error = unpack_tar_gz(&archive, &temporary.path().join("to"), ROOMY, &roomy()).unwrap_err();
    assert!(error.to_string().contains("no tar.gz"), "{error}");
}

/// An archive, entry by entry, with names of any length and bytes.
pub(super) struct Tar(Builder<Vec<u8>>);

impl Tar {
    pub(super) fn new() -> Self {
        Self(Builder::new(Vec::new()))
    }

    fn add(mut self, kind: EntryType, name: &[u8], target: &[u8], content: &[u8]) -> Self {
        self.append(kind, name, target, content, 0o644);
        self
    }

    fn file(self, name: &str, content: &str) -> Self {
        self.add(EntryType::Regular, name.as_bytes(), b"", content.as_bytes())
    }

    fn link(self, kind: EntryType, name: &str, target: &str) -> Self {
        self.add(kind, name.as_bytes(), target.as_bytes(), b"")
    }

    pub(super) fn append(
        &mut self,
        kind: EntryType,
        name: &[u8],
        target: &[u8],
        content: &[u8],
        mode: u32,
    ) {
        // Only by attributes can a name have a NUL or be long.
        let attributes = [("path", name), ("linkpath", target)];
        let given = attributes
            .into_iter()
            .filter(|(_, value)| !value.is_empty());
        self.0.append_pax_extensions(given).unwrap();
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(content.len() as u64);
        header.set_cksum();
        self.0.append(&header, content).unwrap();
    }

    pub(super) fn bytes(self) -> Vec<u8> {
        self.0.into_inner().unwrap()
    }

    fn unpack(self) -> (tempfile::TempDir, Result<(), String>) {
        unpack_bytes(&self.bytes())
    }
}

fn unpack_bytes(tar: &[u8]) -> (tempfile::TempDir, Result<(), String>) {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("archive"), tar).unwrap();
    let (archive, to) = (home.path().join("archive"), home.path().join("to"));
    let result = unpack_tar(&archive, &to, ROOMY, &roomy());
    (home, result.map_err(|error| error.to_string()))
}

#[test]
fn everything_that_is_made_counts() {
    // Two entries, twelve folders.
    let tar = Tar::new()
        .file("a/b/c/d/e/f", "1")
        .file("g/h/i/j/k/l/m", "1");
    let (home, result) = tar.unpack();
    assert!(
        result
            .unwrap_err()
            .contains("more than 10 files and folders")
    );
    assert!(Walk::new(&home.path().join("to"), usize::MAX, usize::MAX).count() <= 10);
    let (_home, result) = Tar::new().file(&"a/".repeat(101), "").unpack();
    assert!(result.unwrap_err().contains("more than 100 levels"));
    // Links too, and the folders that they lie in.
    let tar = Tar::new()
        .file("a", "")
        .link(EntryType::Link, &"b/".repeat(10), "a");
    assert!(tar.unpack().1.unwrap_err().contains("more than 10 files"));
    let tar = Tar::new()
        .file("a", "1")
        .link(EntryType::Symlink, "b/c/d/e/f/g/h/i/j/k", "k");
    assert!(tar.unpack().1.unwrap_err().contains("more than 10 files"));
    // A copy counts as what it copies.
    let tar = Tar::new()
        .file("a", &"x".repeat(600))
        .link(EntryType::Link, "b", "a");
    assert!(tar.unpack().1.unwrap_err().contains("more than 1000 bytes"));
    let paths = (0..9).fold(Tar::new(), |tar, number| {
        let name = format!("{number}{0}/{0}", "n".repeat(200));
        tar.file(&name, "")
    });
    let (_home, result) = paths.unpack();
    assert!(result.unwrap_err().contains("more than"));
}

#[test]
fn names_that_no_file_can_have_are_the_callers_mistake() {
    let long = "n".repeat(256);
    for (name, words) in [
        (&b"a\0b"[..], "NUL"),
        (long.as_bytes(), "255 bytes"),
        (&[&b"a/"[..], long.as_bytes()].concat(), "255 bytes"),
        (b"../a", "outside"),
        (b"/a", "outside"),
    ] {
        for kind in [EntryType::Regular, EntryType::Directory] {
            let (_home, result) = Tar::new().add(kind, name, b"", b"").unpack();
            let error = result.unwrap_err();
            assert!(error.contains(words) && !error.contains('\0'), "{error}");
        }
    }
    let (_home, result) = Tar::new().link(EntryType::Symlink, "a", "b\0c").unpack();
    assert!(result.unwrap_err().contains("NUL"));
}

#[test]
fn a_hard_link_becomes_a_copy_of_a_file_of_the_archive() {
    let tar = Tar::new()
        .file("a", "content")
        .link(EntryType::Link, "a", "a")
        .link(EntryType::Link, "b", "./a")
        .link(EntryType::Link, "c", "b")
        .link(EntryType::Link, "c", "a");
    let (home, result) = tar.unpack();
    result.unwrap();
    for name in ["a", "b", "c"] {
        let read = fs::read_to_string(home.path().join("to").join(name)).unwrap();
        assert_eq!(read, "content", "{name}");
    }
    for (tar, words) in [
        (
            Tar::new().link(EntryType::Link, "a", "a"),
            "link to nothing",
        ),
        (
            Tar::new()
                .link(EntryType::Link, "a", "b")
                .link(EntryType::Link, "b", "a"),
            "to nothing",
        ),
        (
            Tar::new().file("d/x", "").link(EntryType::Link, "a", "d"),
            "what is no file",
        ),
        (
            Tar::new().file("x", "").link(EntryType::Link, "a", "x/y"),
            "not fit",
        ),
        (
            Tar::new().file("d/x", "").link(EntryType::Link, "d", "d/x"),
            "not fit",
        ),
        (
            Tar::new()
                .file("x", "")
                .link(EntryType::Symlink, "s", "x")
                .link(EntryType::Link, "a", "s"),
            "link to nothing",
        ),
    ] {
        let (_home, result) = tar.unpack();
        let error = result.unwrap_err();
        assert!(error.contains(words), "{words}: {error}");
    }
}

#[test]
fn no_folder_is_made_through_a_link() {
    let tar = Tar::new().link(EntryType::Symlink, "up", "..").link(
        EntryType::Symlink,
        "up/made/link",
        "x",
    );
    let (home, result) = tar.unpack();
    assert!(result.unwrap_err().contains("not fit"));
    assert!(!home.path().join("made").exists());
}

#[test]
fn of_a_files_rights_only_whether_it_runs_is_kept() {
    let mut tar = Tar::new();
    tar.append(EntryType::Regular, b"run.sh", b"", b"", 0o7777);
    tar.append(EntryType::Regular, b"plain", b"", b"", 0o6666);
    tar.append(EntryType::Directory, b"folder", b"", b"", 0o7000);
    let (home, result) = tar.link(EntryType::Link, "copy.sh", "run.sh").unpack();
    result.unwrap();
    let mode = |name: &str| {
        let meta = fs::metadata(home.path().join("to").join(name)).unwrap();
        meta.permissions().mode() & 0o7777
    };
    for (name, executable) in [("run.sh", true), ("copy.sh", true), ("plain", false)] {
        assert_eq!(mode(name) & 0o7022, 0, "{name}: {:o}", mode(name));
        assert_eq!(mode(name) & 0o100 != 0, executable, "{name}");
    }
    assert_eq!(mode("folder") & 0o7700, 0o700);
}

#[test]
fn of_two_files_of_one_name_the_later_is_kept() {
    let tar = Tar::new()
        .file("a", "a longer one")
        .file("./a", "2")
        .file("old/", "");
    let (home, result) = tar.unpack();
    result.unwrap();
    assert_eq!(fs::read_to_string(home.path().join("to/a")).unwrap(), "2");
    assert!(home.path().join("to/old").is_dir(), "before POSIX a folder");
    for tar in [
        Tar::new().file("a", "").file("a/b", ""),
        Tar::new().file("a/b", "").file("a", ""),
        Tar::new().file("a", "").link(EntryType::Symlink, "a", "b"),
    ] {
        assert!(tar.unpack().1.unwrap_err().contains("not fit"));
    }
}

#[test]
fn sparse_files_are_whole_or_refused() {
    let home = tempfile::tempdir().unwrap();
    let sparse = home.path().join("sparse");
    let mut file = File::create(&sparse).unwrap();
    file.set_len(900).unwrap();
    file.write_all(b"begin").unwrap();
    let mut builder = Builder::new(Vec::new());
    builder.append_path_with_name(&sparse, "a").unwrap();
    let (home, result) = unpack_bytes(&builder.into_inner().unwrap());
    result.unwrap();
    let read = fs::read(home.path().join("to/a")).unwrap();
    assert_eq!((read.len(), &read[..6]), (900, &b"begin\0"[..]));
    let mut tar = Tar::new();
    let map: [(&str, &[u8]); 2] = [("GNU.sparse.major", b"1"), ("GNU.sparse.minor", b"0")];
    tar.0.append_pax_extensions(map).unwrap();
    let mut header = Header::new_gnu();
    header.set_path("GNUSparseFile.0/a").unwrap();
    header.set_size(0);
    header.set_cksum();
    tar.0.append(&header, io::empty()).unwrap();
    assert!(tar.unpack().1.unwrap_err().contains("--sparse"));
}

pub(super) fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn unpack_gz(bytes: &[u8], disk: &DiskMonitor) -> (tempfile::TempDir, Result<(), String>) {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("archive"), bytes).unwrap();
    let (archive, to) = (home.path().join("archive"), home.path().join("to"));
    let result = unpack_tar_gz(&archive, &to, ROOMY, disk);
    (home, result.map_err(|error| error.to_string()))
}

#[test]
fn all_members_of_a_gzip_are_read_and_checked_to_the_end() {
    let tar = Tar::new().file("a", "1").file("b", "2").bytes();
    let (first, second) = tar.split_at(1024);
    let (home, result) = unpack_gz(&[gz(first), gz(second)].concat(), &roomy());
    result.unwrap();
    assert_eq!(fs::read_to_string(home.path().join("to/b")).unwrap(), "2");
    let whole = gz(&tar);
    for length in 0..whole.len() {
        let (_home, result) = unpack_gz(&whole[..length], &roomy());
        assert!(result.is_err(), "{length} of {} bytes", whole.len());
    }
    let mut damaged = whole;
    let checksum = damaged.len() - 8;
    damaged[checksum] ^= 1;
    let error = unpack_gz(&damaged, &roomy()).1.unwrap_err();
    assert!(error.contains("no tar.gz"), "{error}");
}

#[test]
fn bombs_are_refused() {
    let zeros = vec![0; 1 << 20];
    let tar = Tar::new().add(EntryType::Regular, b"a", b"", &zeros);
    let (home, result) = unpack_gz(&gz(&tar.bytes()), &roomy());
    assert!(result.unwrap_err().contains("more than 1000 bytes"));
    assert!(!home.path().join("to/a").exists(), "refused by its header");
    // Of what is no content, each little enough, but all together are too much.
    let attributes = vec![b'x'; 200 << 10];
    let tar = (0..5).fold(Tar::new(), |tar, _| {
        tar.add(EntryType::XGlobalHeader, b"", b"", &attributes)
    });
    let error = tar.unpack().1.unwrap_err();
    assert!(error.contains("besides the content"), "{error}");
}

#[test]
fn nothing_is_unpacked_onto_a_full_disk() {
    let home = tempfile::tempdir().unwrap();
    let full = DiskMonitor::new(home.path(), Some(u64::MAX));
    let tar = Tar::new().file("a", "1").bytes();
    let (_home, result) = unpack_gz(&gz(&tar), &full);
    assert!(result.unwrap_err().contains("disk has"));
}
