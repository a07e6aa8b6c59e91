//! Folders by their descriptors, so that what is in them can be reached while somebody else changes
//! it: no link is followed on the way, nothing blocks, and no path is too long.
//!
//! Every file that a trial could have touched is opened here.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path};

use rustix::fs::{
    AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat, fchmod, fstat, openat, renameat, statat,
    unlinkat,
};
use rustix::io::Errno;

/// A FIFO or device neither blocks nor becomes our terminal.
const SAFE: OFlags = OFlags::NOFOLLOW
    .union(OFlags::NONBLOCK)
    .union(OFlags::CLOEXEC)
    .union(OFlags::NOCTTY);
const FOLDER: OFlags = OFlags::DIRECTORY
    .union(OFlags::CLOEXEC)
    .union(OFlags::NONBLOCK);
/// For the server's account alone.
const PRIVATE: Mode = Mode::RUSR.union(Mode::WUSR);
/// How many names are tried for what is moved out of the way.
const NAMES_TRIED_MAX: u32 = 1_000;

/// Which folder it is, whatever its name: its device and its inode.
pub(super) type FolderId = (u64, u64);

/// A folder that is open.
#[derive(Debug)]
pub struct OpenFolder(OwnedFd);

impl OpenFolder {
    /// Opens the folder at a path that is ours: links on the way are followed, also the last.
    ///
    /// # Errors
    /// Where there is none.
    pub fn open(path: &Path) -> io::Result<Self> {
        let found = openat(CWD, path, FOLDER, Mode::empty())?;
        Ok(Self(found))
    }

    /// Opens a folder in this one. A link is none.
    ///
    /// # Errors
    /// Of the kind [`io::ErrorKind::InvalidData`] where something else is there.
    pub fn enter(&self, name: &OsStr) -> io::Result<Self> {
        let flags = FOLDER | OFlags::NOFOLLOW;
        let found = openat(&self.0, name, flags, Mode::empty());
        found.map(Self).map_err(|error| match error {
            Errno::NOTDIR | Errno::LOOP => unusable(name, "is no folder"),
            other => open_error(name, other),
        })
    }

    /// Opens the folder at a relative path, which may be of any length.
    ///
    /// # Errors
    /// As [`OpenFolder::enter`] for each part; a path that goes up names no folder.
    pub fn enter_path(&self, relative: &Path) -> io::Result<Self> {
        let mut found = self.again()?;
        for part in relative.components() {
            match part {
                Component::CurDir => {}
                Component::Normal(name) => found = found.enter(name)?,
                _ => return Err(io::ErrorKind::NotFound.into()),
            }
        }
        Ok(found)
    }

    /// The same folder, opened once more.
    fn again(&self) -> io::Result<Self> {
        let found = openat(&self.0, ".", FOLDER, Mode::empty())?;
        Ok(Self(found))
    }

    /// The folder that this one is in at this moment.
    pub(super) fn above(&self) -> io::Result<Self> {
        let found = openat(&self.0, "..", FOLDER, Mode::empty())?;
        Ok(Self(found))
    }

    /// Which folder it is, and its mode.
    pub(super) fn identify(&self) -> io::Result<(FolderId, Mode)> {
        let stat = fstat(&self.0)?;
        #[allow(
            clippy::unnecessary_cast,
            clippy::useless_conversion,
            reason = "it differs by system"
        )]
        Ok((
            (stat.st_dev as u64, stat.st_ino as u64),
            Mode::from_raw_mode(stat.st_mode),
        ))
    }

    /// Whether it was removed while it is open.
    pub fn is_deleted(&self) -> bool {
        fstat(&self.0).is_ok_and(|stat| stat.st_nlink == 0)
    }

    /// Sets its own mode.
    pub(super) fn set_mode(&self, mode: Mode) -> io::Result<()> {
        Ok(fchmod(&self.0, mode)?)
    }

    /// What is there by this name; of a link, the link.
    ///
    /// # Errors
    /// Where nothing is.
    pub fn stat(&self, name: &OsStr) -> io::Result<Stat> {
        Ok(statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)?)
    }

    /// Whether anything is there by this name, be it a link to nowhere.
    ///
    /// # Errors
    /// Where that cannot be found out.
    pub fn holds(&self, name: &OsStr) -> io::Result<bool> {
        match self.stat(name) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Its entries, in no order, without `.` and `..`. What vanishes meanwhile is left out.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn list(&self) -> io::Result<Listing> {
        Ok(Listing(Dir::read_from(&self.0)?))
    }

    /// Opens a regular file for reading.
    ///
    /// # Errors
    /// Of the kind [`io::ErrorKind::InvalidData`], in words, where something else is there.
    pub fn open_file(&self, name: &OsStr) -> io::Result<File> {
        self.open_regular(name, OFlags::RDONLY)
    }

    /// Reads a regular file whole.
    ///
    /// # Errors
    /// As [`OpenFolder::open_file`], and so for a file of more than `most` bytes.
    pub fn read_file(&self, name: &OsStr, most: u64) -> io::Result<Vec<u8>> {
        let file = self.open_file(name)?;
        let too_large = || unusable(name, &format!("has more than {most} bytes"));
        if file.metadata()?.len() > most {
            return Err(too_large());
        }
        let mut bytes = Vec::new();
        file.take(most + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > most {
            return Err(too_large());
        }
        Ok(bytes)
    }

    /// Makes a new file of mode 0600 for writing.
    ///
    /// # Errors
    /// Of the kind [`io::ErrorKind::AlreadyExists`] where anything is there.
    pub fn create_new(&self, name: &OsStr) -> io::Result<File> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | SAFE;
        Ok(openat(&self.0, name, flags, PRIVATE)?.into())
    }

    /// Opens a regular file for appending; makes one of mode 0600 where nothing is there.
    ///
    /// # Errors
    /// As [`OpenFolder::open_file`].
    pub fn open_to_append(&self, name: &OsStr) -> io::Result<File> {
        self.open_regular(name, OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE)
    }

    /// Opens a regular file for writing, with what it has; makes one of mode 0600 where nothing is there.
    ///
    /// # Errors
    /// As [`OpenFolder::open_file`].
    pub fn open_to_write(&self, name: &OsStr) -> io::Result<File> {
        self.open_regular(name, OFlags::WRONLY | OFlags::CREATE)
    }

    /// Replaces what is there by an empty file of mode 0600.
    ///
    /// # Errors
    /// Where what is there cannot be removed or moved away.
    pub fn create_empty(&self, name: &OsStr) -> io::Result<File> {
        self.clear_name(name)?;
        self.create_new(name)
    }

    /// Replaces what is there by a file of this content: a reader sees all of it or none. `durably`:
    /// also after a crash.
    ///
    /// # Errors
    /// Where it cannot be written, or what is there cannot be moved away.
    pub fn replace(&self, name: &OsStr, content: &[u8], durably: bool) -> io::Result<()> {
        let temporary = hidden_name(name, "tmp");
        let mut file = self.create_empty(&temporary)?;
        file.write_all(content)?;
        if durably {
            file.sync_all()?;
        }
        match renameat(&self.0, &*temporary, &self.0, name) {
            // A folder is in the way.
            Err(Errno::ISDIR | Errno::NOTEMPTY | Errno::EXIST) => {
                self.move_aside(name)?;
                renameat(&self.0, &*temporary, &self.0, name)?;
            }
            renamed => renamed?,
        }
        if durably {
            self.sync()?;
        }
        Ok(())
    }

    /// Flushes its names to the disk.
    pub fn sync(&self) -> io::Result<()> {
        Ok(rustix::fs::fsync(&self.0)?)
    }

    /// Removes what is there by this name but for a folder. Nothing there is no error.
    ///
    /// # Errors
    /// Of the kind [`io::ErrorKind::IsADirectory`] for a folder, on Linux.
    pub fn unlink(&self, name: &OsStr) -> io::Result<()> {
        match unlinkat(&self.0, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes an empty folder. Nothing there is no error.
    pub(super) fn remove_folder(&self, name: &OsStr) -> io::Result<()> {
        match unlinkat(&self.0, name, AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn open_regular(&self, name: &OsStr, flags: OFlags) -> io::Result<File> {
        let opened = openat(&self.0, name, flags | SAFE, PRIVATE);
        let file = File::from(opened.map_err(|error| open_error(name, error))?);
        if file.metadata()?.is_file() {
            Ok(file)
        } else {
            Err(unusable(name, "is no regular file"))
        }
    }

    /// Frees a name for a new file.
    fn clear_name(&self, name: &OsStr) -> io::Result<()> {
        match self.unlink(name) {
            Err(_) if self.stat(name).is_ok_and(|stat| is_folder(&stat)) => self.move_aside(name),
            unlinked => unlinked,
        }
    }

    /// Gives another name to a folder that is in the way: with what is in it, it may be too large to
    /// be removed now.
    fn move_aside(&self, name: &OsStr) -> io::Result<()> {
        for number in 0..NAMES_TRIED_MAX {
            let aside = hidden_name(name, &format!("aside-{number}"));
            if !self.holds(&aside)? {
                return Ok(renameat(&self.0, name, &self.0, &*aside)?);
            }
        }
        Err(unusable(name, "cannot be moved away"))
    }
}

impl AsFd for OpenFolder {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// The entries of a folder.
#[derive(Debug)]
pub struct Listing(Dir);

impl Iterator for Listing {
    /// A name and what it is, as far as the file system says so in a list.
    type Item = (OsString, FileType);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            // An error ends the listing, so that one that lasts is not read for ever.
            let entry = self.0.read()?.ok()?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                return Some((OsStr::from_bytes(name).to_owned(), entry.file_type()));
            }
        }
    }
}

/// Whether an entry of a listing is a folder. Some file systems say so only when they are asked.
pub(super) fn is_folder_entry(folder: &OpenFolder, name: &OsStr, kind: FileType) -> bool {
    match kind {
        FileType::Unknown => folder.stat(name).is_ok_and(|stat| is_folder(&stat)),
        known => known == FileType::Directory,
    }
}

pub(super) fn is_folder(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::Directory
}

/// Opens a regular file below a folder for reading. No link is followed below `root`, nor is `root`
/// itself one.
///
/// # Errors
/// Where there is no such file; of the kind [`io::ErrorKind::InvalidData`] where something else is
/// there.
pub fn open_below(root: &Path, relative: &Path) -> io::Result<File> {
    open_in(&open_no_link(root)?, relative)
}

/// The same below a folder that is open.
///
/// # Errors
/// As [`open_below`].
pub fn open_in(root: &OpenFolder, relative: &Path) -> io::Result<File> {
    let name = relative.file_name().ok_or(io::ErrorKind::NotFound)?;
    let ends_with_name = relative.as_os_str().as_bytes().ends_with(name.as_bytes());
    let folder = relative.parent().unwrap_or(Path::new(""));
    if !ends_with_name {
        return Err(io::ErrorKind::NotFound.into());
    }
    root.enter_path(folder)?.open_file(name)
}

/// Opens the folder at a path whose last part is no link; those before it are ours.
///
/// # Errors
/// As [`OpenFolder::enter`].
pub fn open_no_link(path: &Path) -> io::Result<OpenFolder> {
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) if !parent.as_os_str().is_empty() => {
            OpenFolder::open(parent)?.enter(name)
        }
        (_, Some(name)) => OpenFolder::open(Path::new("."))?.enter(name),
        _ => OpenFolder::open(path),
    }
}

/// A name beside another that nobody asks for.
fn hidden_name(name: &OsStr, ending: &str) -> OsString {
    let mut hidden = OsString::from(".");
    hidden.push(name);
    hidden.push(".");
    hidden.push(ending);
    hidden
}

/// What is there can never be what it should be, as opposed to a disk that fails for now.
fn unusable(name: &OsStr, what: &str) -> io::Error {
    let shown = name.to_string_lossy();
    io::Error::new(io::ErrorKind::InvalidData, format!("`{shown}` {what}"))
}

fn open_error(name: &OsStr, error: Errno) -> io::Error {
    match error {
        Errno::LOOP | Errno::MLINK => unusable(name, "is a symbolic link"),
        Errno::NXIO | Errno::ISDIR | Errno::NOTDIR | Errno::NODEV | Errno::OPNOTSUPP => {
            unusable(name, "is no regular file")
        }
        // The files are our own account's, with its rights to read and write.
        Errno::ACCESS | Errno::PERM => unusable(name, "cannot be opened: permission denied"),
        other => other.into(),
    }
}

#[cfg(test)]
mod tests;
