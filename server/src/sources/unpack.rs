//! Unpacking a source: gzip over tar, as Grid's client uploads it, or a tar of git's. What arrives is not
//! trusted: nothing is written outside the folder, over a link or beyond the limits.

use std::cell::Cell;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::{Component, Path, PathBuf};

use flate2::read::GzDecoder;
use tar::{Archive, EntryType};

use super::SourceLimits;
use crate::system::umask;
use crate::upkeep::disk;

/// Why a source cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    /// It is no tar.gz.
    #[error("the source is no tar.gz that can be read: {0}")]
    Archive(io::Error),
    /// An entry that is not taken.
    #[error("the source holds `{0}`, {1}; nothing of it was kept")]
    Entry(String, &'static str),
    /// Too large.
    #[error("the source unpacks to more than {0}; nothing of it was kept")]
    TooLarge(String),
    /// It cannot be written here.
    #[error("the source cannot be written: {0}")]
    Disk(io::Error),
}

/// What may be read of an archive before the next entry begins, in bytes: its header, its long name
/// and its attributes, which are kept in memory, and what is left of the entry before.
const HEADERS_MAX: u64 = 256 << 10;

/// A reader that fails after `left` further bytes.
struct BoundedReader<'a, R> {
    from: R,
    left: &'a Cell<u64>,
}

impl<R: Read> Read for BoundedReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.from.read(buffer)?;
        let left = self.left.get().checked_sub(length as u64);
        self.left.set(left.ok_or_else(|| {
            let most = HEADERS_MAX >> 10;
            io::Error::other(format!(
                "an entry has more than {most} KiB before its content"
            ))
        })?);
        Ok(length)
    }
}

/// Links, which are made after all files, so that no file is written over one.
struct Link {
    at: PathBuf,
    target: PathBuf,
    hard: bool,
}

/// Unpacks a tar.gz to the new folder `to`. O(bytes unpacked). What an error leaves in `to` is the
/// caller's to remove.
pub fn unpack_tar_gz(archive: &Path, to: &Path, limits: SourceLimits) -> Result<(), UnpackError> {
    let file = BufReader::new(File::open(archive).map_err(UnpackError::Disk)?);
    unpack_from(GzDecoder::new(file), to, limits)
}

/// The same for a tar that is not compressed.
pub fn unpack_tar(archive: &Path, to: &Path, limits: SourceLimits) -> Result<(), UnpackError> {
    let file = BufReader::new(File::open(archive).map_err(UnpackError::Disk)?);
    unpack_from(file, to, limits)
}

fn unpack_from(tar: impl Read, to: &Path, limits: SourceLimits) -> Result<(), UnpackError> {
    let left = Cell::new(HEADERS_MAX);
    let mut archive = Archive::new(BoundedReader {
        from: tar,
        left: &left,
    });
    fs::create_dir_all(to).map_err(UnpackError::Disk)?;
    let to = &to.canonicalize().map_err(UnpackError::Disk)?;
    let (mut bytes, mut files, mut links) = (0_u64, 0_u64, Vec::new());
    let mut entries = archive.entries().map_err(UnpackError::Archive)?;
    loop {
        left.set(HEADERS_MAX);
        let Some(entry) = entries.next() else { break };
        let mut entry = entry.map_err(UnpackError::Archive)?;
        files += 1;
        if files > limits.files {
            return Err(UnpackError::TooLarge(format!("{} files", limits.files)));
        }
        let name = entry.path().map_err(UnpackError::Archive)?.into_owned();
        let at =
            to.join(path_inside(&name).ok_or_else(|| entry_refused(&name, "which lies outside"))?);
        match entry.header().entry_type() {
            EntryType::Directory => {
                fs::create_dir_all(&at).map_err(|error| entry_error(&name, error))?;
            }
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                let executable = entry.header().mode().unwrap_or(0) & 0o100 != 0;
                let mode = if executable { 0o755 } else { 0o644 };
                // `write` bounds the content by itself.
                left.set(u64::MAX);
                let room = limits.bytes - bytes;
                bytes += write_entry(&mut entry, &at, &name, mode, room)?;
            }
            kind @ (EntryType::Symlink | EntryType::Link) => {
                let target = entry.link_name().map_err(UnpackError::Archive)?;
                let target = target.ok_or_else(|| entry_refused(&name, "a link to nothing"))?;
                links.push(Link {
                    at,
                    target: target.into_owned(),
                    hard: kind == EntryType::Link,
                });
            }
            EntryType::XGlobalHeader => {}
            _ => return Err(entry_refused(&name, "which is no file, folder or link")),
        }
    }
    make_links(to, &links, limits.bytes - bytes)
}

fn entry_refused(name: &Path, why: &'static str) -> UnpackError {
    UnpackError::Entry(name.display().to_string(), why)
}

const DOES_NOT_FIT: &str = "which does not fit its other entries";

fn entry_clash(name: &Path) -> UnpackError {
    entry_refused(name, DOES_NOT_FIT)
}

/// Why an entry cannot be made: there is no room, or it does not fit the others.
fn entry_error(name: &Path, error: io::Error) -> UnpackError {
    if disk::is_full(&error) {
        UnpackError::Disk(error)
    } else {
        entry_clash(name)
    }
}

/// The path without `.`, if it is relative and never goes up.
fn path_inside(name: &Path) -> Option<PathBuf> {
    let mut path = PathBuf::new();
    for part in name.components() {
        match part {
            Component::Normal(part) => path.push(part),
            Component::CurDir => {}
            _ => return None,
        }
    }
    Some(path)
}

fn write_entry(
    from: &mut impl Read,
    at: &Path,
    name: &Path,
    mode: u32,
    left: u64,
) -> Result<u64, UnpackError> {
    if let Some(folder) = at.parent() {
        fs::create_dir_all(folder).map_err(|error| entry_error(name, error))?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(mode);
    let mut file = options.open(at).map_err(|error| match error.kind() {
        io::ErrorKind::IsADirectory
        | io::ErrorKind::NotADirectory
        | io::ErrorKind::InvalidFilename => entry_clash(name),
        _ => UnpackError::Disk(error),
    })?;
    umask::apply_to(&file, mode).map_err(UnpackError::Disk)?;
    let mut limited = from.take(left.saturating_add(1));
    let mut chunk = [0; 32 << 10];
    let mut bytes = 0;
    loop {
        let length = limited.read(&mut chunk).map_err(UnpackError::Archive)?;
        if length == 0 {
            return Ok(bytes);
        }
        bytes += length as u64;
        if bytes > left {
            return Err(UnpackError::TooLarge("the limit on bytes".to_owned()));
        }
        io::Write::write_all(&mut file, &chunk[..length]).map_err(UnpackError::Disk)?;
    }
}

/// Hard links become copies, since trials share no files; symbolic ones are made and then
/// followed: one that leads out, also over another one, or nowhere is refused.
fn make_links(to: &Path, links: &[Link], mut left: u64) -> Result<(), UnpackError> {
    let refuse =
        |link: &Link, why| entry_refused(link.at.strip_prefix(to).unwrap_or(&link.at), why);
    let misfit =
        |link: &Link, error| entry_error(link.at.strip_prefix(to).unwrap_or(&link.at), error);
    for link in links.iter().filter(|link| link.hard) {
        let target =
            path_inside(&link.target).ok_or_else(|| refuse(link, "a link that leads out"))?;
        let target = to.join(target);
        let size = fs::symlink_metadata(&target).map_err(|error| misfit(link, error))?;
        left = left
            .checked_sub(size.len())
            .ok_or_else(|| UnpackError::TooLarge("the limit on bytes".to_owned()))?;
        fs::copy(target, &link.at).map_err(|error| misfit(link, error))?;
    }
    let soft = || links.iter().filter(|link| !link.hard);
    for link in soft() {
        if link.target.is_absolute() {
            return Err(refuse(link, "a link that leads out"));
        }
        // Its folder may be a link by now, which must not be followed.
        let folder = link.at.parent().unwrap_or(to);
        fs::create_dir_all(folder).map_err(|error| misfit(link, error))?;
        if folder.canonicalize().ok().as_deref() != Some(folder) {
            return Err(refuse(link, DOES_NOT_FIT));
        }
        symlink(&link.target, &link.at).map_err(|error| misfit(link, error))?;
    }
    for link in soft() {
        let led = link.at.canonicalize();
        if !led.is_ok_and(|led| led.starts_with(to)) {
            return Err(refuse(link, "a link that leads out or nowhere"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use tar::{Builder, Header};

    const ROOMY: SourceLimits = SourceLimits {
        bytes: 1000,
        files: 10,
    };

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
        let result = unpack_tar_gz(&archive, &to, ROOMY).map_err(|error| error.to_string());
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
                let error = unpack_tar(&archive, &temporary.path().join("to"), ROOMY).unwrap_err();
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
        let error = unpack_tar_gz(&archive, &temporary.path().join("to"), ROOMY).unwrap_err();
        assert!(error.to_string().contains("no tar.gz"), "{error}");
    }
}
