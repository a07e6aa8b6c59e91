//! Files that the command line, the environment or a command names. Somebody else of the same account
//! (a trial, say) may have put something else in their place, by which nobody is to wait for ever and
//! no memory is to be used up.

use std::fs::{File, FileType};
use std::io::{self, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags, fcntl_getfl, fcntl_setfl, openat};

/// Below these are the descriptors that whoever starts a program gives to it, as a shell does for
/// `<(command)`.
const OF_DESCRIPTORS: [&str; 3] = ["/dev/stdin", "/dev/fd", "/proc"];

/// Opens a regular file, or a pipe that is named by its descriptor (`/dev/stdin`, `/dev/fd/63`): that one
/// is read for as long as whoever gave it goes on. Links are followed, since services are given their
/// settings and credentials by links.
///
/// # Errors
/// Where there is none; of the kind [`io::ErrorKind::InvalidData`] where something else is there.
pub fn open_named(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let file = match openat(CWD, path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        // A socket, or a device that is not there.
        Err(rustix::io::Errno::NXIO) => return Err(unexpected("a socket or a device")),
        Err(error) => return Err(error.into()),
    };
    let kind = file.metadata()?.file_type();
    if kind.is_fifo() && OF_DESCRIPTORS.iter().any(|of| path.starts_with(of)) {
        fcntl_setfl(&file, fcntl_getfl(&file)?.difference(OFlags::NONBLOCK))?;
    } else if !kind.is_file() {
        return Err(unexpected(describe_kind(kind)));
    }
    Ok(file)
}

/// Reads such a file whole.
///
/// # Errors
/// As [`open_named`], and for more than `most` bytes or what is no UTF-8.
pub fn read_named(path: &Path, most: u64) -> io::Result<String> {
    let file = open_named(path)?;
    let too_large = || {
        let what = format!("it has more than the {most} bytes that are expected at most");
        io::Error::new(io::ErrorKind::InvalidData, what)
    };
    if file.metadata()?.len() > most {
        return Err(too_large());
    }
    let mut text = String::new();
    file.take(most + 1).read_to_string(&mut text)?;
    if text.len() as u64 > most {
        return Err(too_large());
    }
    Ok(text)
}

/// What is no regular file, in words.
pub fn describe_kind(kind: FileType) -> &'static str {
    if kind.is_dir() {
        "a folder"
    } else if kind.is_symlink() {
        "a symbolic link"
    } else if kind.is_fifo() {
        "a pipe"
    } else if kind.is_socket() {
        "a socket"
    } else if kind.is_file() {
        "a file"
    } else {
        "a device"
    }
}

fn unexpected(found: &str) -> io::Error {
    let what = format!("it is {found}; a regular file is expected");
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_are_read_and_nothing_blocks() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        std::fs::write(at("file"), "1234").unwrap();
        std::fs::create_dir(at("folder")).unwrap();
        std::os::unix::fs::symlink("file", at("link")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", at("zero")).unwrap();
        std::fs::write(at("bytes"), b"\xff").unwrap();
        File::create(at("sparse"))
            .unwrap()
            .set_len(64 << 30)
            .unwrap();
        let _listener = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        let made = std::process::Command::new("mkfifo")
            .arg(at("fifo"))
            .status();
        assert!(made.unwrap().success());
        for name in ["file", "link"] {
            assert_eq!(read_named(&at(name), 4).unwrap(), "1234");
        }
        for (name, words) in [
            ("folder", "it is a folder; a regular file is expected"),
            ("zero", "it is a device; a regular file is expected"),
            ("fifo", "it is a pipe; a regular file is expected"),
            ("socket", "a regular file is expected"),
            ("sparse", "more than the 4 bytes"),
            ("bytes", "UTF-8"),
        ] {
            let error = read_named(&at(name), 4).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{name}: {error}");
            assert!(error.to_string().contains(words), "{name}: {error}");
        }
        let none = read_named(&at("none"), 4).unwrap_err();
        assert_eq!(none.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_pipe_that_is_given_by_its_descriptor_is_read_to_its_end() {
        use std::io::Write;
        use std::os::fd::AsRawFd;

        let (reader, mut writer) = io::pipe().unwrap();
        let path = format!("/proc/self/fd/{}", reader.as_raw_fd());
        let read = std::thread::spawn(move || read_named(Path::new(&path), 10));
        writer.write_all(b"12").unwrap();
        std::thread::sleep(std::time::Duration::from_millis(50));
        writer.write_all(b"34").unwrap();
        drop(writer);
        assert_eq!(read.join().unwrap().unwrap(), "1234");
        drop(reader);
    }
}
