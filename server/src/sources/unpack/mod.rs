//! Unpacking a source: gzip over tar, as Grid's client uploads it, or a tar of git's. What arrives is not
//! trusted: nothing is made outside the folder, over a link or beyond the limits, and of a file's rights
//! only whether it can be executed is kept.

mod entry;

mod links;

use std::cell::Cell;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use tar::{Archive, Entry, EntryType};

pub use entry::UnpackError;

use super::budget::{SourceLimits, TreeBudget, why_unusable};
use crate::upkeep::disk::DiskMonitor;
use entry::{create_file, entry_clash, entry_error, entry_refused, path_inside};
use links::Link;

/// What may be read of an archive before the next entry begins, in bytes: its header, its long name
/// and its attributes, which are kept in memory, and what is left of the entry before.
const HEADERS_MAX: u64 = 256 << 10;
/// The same for all entries together, on average.
const HEADERS_MEAN_MAX: u64 = 4 << 10;

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

/// Unpacks a tar.gz to the new folder `to`, as long as `disk` keeps its free space. O(bytes unpacked).
/// What an error leaves in `to` is the caller's to remove.
pub fn unpack_tar_gz(
    archive: &Path,
    to: &Path,
    limits: SourceLimits,
    disk: &DiskMonitor,
) -> Result<(), UnpackError> {
    let file = BufReader::new(File::open(archive).map_err(UnpackError::Disk)?);
    unpack_from(MultiGzDecoder::new(file), to, limits, disk)
}

/// The same for a tar that is not compressed.
pub fn unpack_tar(
    archive: &Path,
    to: &Path,
    limits: SourceLimits,
    disk: &DiskMonitor,
) -> Result<(), UnpackError> {
    let file = BufReader::new(File::open(archive).map_err(UnpackError::Disk)?);
    unpack_from(file, to, limits, disk)
}

fn unpack_from(
    tar: impl Read,
    to: &Path,
    limits: SourceLimits,
    disk: &DiskMonitor,
) -> Result<(), UnpackError> {
    let left = Cell::new(HEADERS_MAX);
    let mut archive = Archive::new(BoundedReader {
        from: tar,
        left: &left,
    });
    fs::create_dir_all(to).map_err(UnpackError::Disk)?;
    let to = &to.canonicalize().map_err(UnpackError::Disk)?;
    let mut unpacking = Unpacking {
        to,
        budget: TreeBudget::new(limits, disk),
        links: Vec::new(),
    };
    let headers_max = limits
        .files
        .saturating_mul(HEADERS_MEAN_MAX)
        .saturating_add(HEADERS_MAX);
    take_entries(&mut archive, &left, headers_max, &mut unpacking)?;
    // To the end of what was compressed, where its checksum is.
    left.set(u64::MAX);
    let mut rest = archive.into_inner().take(headers_max);
    io::copy(&mut rest, &mut io::sink()).map_err(UnpackError::Archive)?;
    let Unpacking { budget, links, .. } = unpacking;
    links::make_links(to, &links, budget)
}

/// Takes one entry after the other, with bounds on what there is besides their content.
fn take_entries<R: Read>(
    archive: &mut Archive<BoundedReader<'_, R>>,
    left: &Cell<u64>,
    headers_max: u64,
    unpacking: &mut Unpacking<'_>,
) -> Result<(), UnpackError> {
    let mut headers = 0_u64;
    let mut entries = archive.entries().map_err(UnpackError::Archive)?;
    loop {
        left.set(HEADERS_MAX);
        let Some(entry) = entries.next() else {
            return Ok(());
        };
        let entry = entry.map_err(UnpackError::Archive)?;
        headers = headers.saturating_add(HEADERS_MAX - left.get());
        if headers > headers_max {
            let what = format!("{headers_max} bytes besides the content of its files");
            return Err(UnpackError::TooLarge(what));
        }
        // What is read of its content is counted as it is written.
        left.set(u64::MAX);
        unpacking.take_entry(entry)?;
    }
}

/// What was made so far, and the links, which are made after all files and folders, so that nothing is
/// made through one.
struct Unpacking<'a> {
    /// Absolute, without links.
    to: &'a Path,
    budget: TreeBudget<'a>,
    links: Vec<Link>,
}

impl Unpacking<'_> {
    fn take_entry(&mut self, mut entry: Entry<'_, impl Read>) -> Result<(), UnpackError> {
        let name = entry.path().map_err(UnpackError::Archive)?.into_owned();
        if let Some(why) = why_unusable(&name) {
            return Err(entry_refused(&name, why));
        }
        let path = path_inside(&name).ok_or_else(|| entry_refused(&name, "which lies outside"))?;
        self.budget.charge_entry(&path)?;
        // Before POSIX a folder was a file whose name ends so.
        let is_folder = entry.path_bytes().ends_with(b"/");
        match entry.header().entry_type() {
            EntryType::Directory => self.make_folder(&name, &path),
            EntryType::Regular if is_folder => self.make_folder(&name, &path),
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => {
                if is_other_sparse(&mut entry)? {
                    return Err(entry_refused(&name, SPARSE));
                }
                self.make_folders(&name, path.parent())?;
                self.write_file(&name, &self.to.join(&path), &mut entry)
            }
            kind @ (EntryType::Symlink | EntryType::Link) => {
                let target = entry.link_name().map_err(UnpackError::Archive)?;
                let target = target.ok_or_else(|| entry_refused(&name, "a link to nothing"))?;
                let link = Link::new(path, target.into_owned(), kind == EntryType::Link)
                    .map_err(|why| entry_refused(&name, why))?;
                links::ensure_few(self.links.len())?;
                self.make_folders(&name, link.at.parent())?;
                self.links.push(link);
                Ok(())
            }
            EntryType::XGlobalHeader => Ok(()),
            _ => Err(entry_refused(&name, "which is no file, folder or link")),
        }
    }

    /// Makes a folder, unless it is there, and those above it.
    fn make_folder(&mut self, name: &Path, path: &Path) -> Result<(), UnpackError> {
        self.make_folders(name, path.parent())?;
        let at = self.to.join(path);
        match fs::create_dir(&at) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && at.is_dir() => Ok(()),
            made => made.map_err(|error| entry_error(name, error)),
        }
    }

    /// Makes the folder that an entry is in, and those above it, as far as they are not there. Each is
    /// counted as if the archive named it.
    fn make_folders(&mut self, name: &Path, path: Option<&Path>) -> Result<(), UnpackError> {
        let above = path.into_iter().flat_map(Path::ancestors);
        let mut missing = Vec::new();
        for folder in above.take_while(|folder| !folder.as_os_str().is_empty()) {
            match fs::symlink_metadata(self.to.join(folder)) {
                Ok(meta) if meta.is_dir() => break,
                Ok(_) => return Err(entry_clash(name)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => missing.push(folder),
                Err(error) => return Err(entry_error(name, error)),
            }
        }
        for folder in missing.into_iter().rev() {
            self.budget.charge_entry(folder)?;
            fs::create_dir(self.to.join(folder)).map_err(|error| entry_error(name, error))?;
        }
        Ok(())
    }

    /// Writes a file; one of this name that came before is replaced.
    fn write_file(
        &mut self,
        name: &Path,
        at: &Path,
        entry: &mut Entry<'_, impl Read>,
    ) -> Result<(), UnpackError> {
        self.budget.ensure_bytes(entry.size())?;
        let executable = entry.header().mode().unwrap_or(0) & 0o100 != 0;
        let mode = if executable { 0o755 } else { 0o644 };
        let mut file = create_file(at, mode).map_err(|error| entry_error(name, error))?;
        let mut chunk = [0; 32 << 10];
        loop {
            let length = entry.read(&mut chunk).map_err(UnpackError::Archive)?;
            if length == 0 {
                return Ok(());
            }
            self.budget.charge_bytes(length as u64)?;
            file.write_all(&chunk[..length])
                .map_err(UnpackError::Disk)?;
        }
    }
}

const SPARSE: &str = "a sparse file in a form that is not read: pack it without --sparse";

/// Whether an entry's content is not a file's but a map of its holes and what is between them.
fn is_other_sparse(entry: &mut Entry<'_, impl Read>) -> Result<bool, UnpackError> {
    let attributes = entry.pax_extensions().map_err(UnpackError::Archive)?;
    let mut all = attributes.into_iter().flatten().flatten();
    Ok(all.any(|one| one.key_bytes().starts_with(b"GNU.sparse.")))
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod property_tests;
