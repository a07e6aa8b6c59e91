//! Removing folders that hold what came from elsewhere.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;

use rustix::fs::Mode;

use super::descent::Descent;
use super::open_folder::{OpenFolder, is_folder_entry};

/// Removes what is at a path, a folder with all that is in it, read-only folders too, however deep.
/// No link is followed but in the folders above. Nothing there is no error. O(entries); a few open
/// files, and memory for the names of the folders beside the way.
///
/// # Errors
/// The first that kept something from being removed; all else is gone.
pub fn remove_tree(path: &Path) -> io::Result<()> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    match OpenFolder::open(parent) {
        Ok(parent) => remove_entry(parent, name),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// The same for an entry of a folder that is open.
///
/// # Errors
/// As [`remove_tree`].
pub fn remove_entry(parent: OpenFolder, name: &OsStr) -> io::Result<()> {
    let mut removal = Removal {
        place: Descent::new(parent)?,
        first_error: None,
    };
    let unlinked = removal.place.folder()?.unlink(name);
    if unlinked.is_ok() {
        return Ok(());
    }
    if let Err(error) = removal.enter(name) {
        // It is no folder: the first error says why it could not go.
        return if error.kind() == io::ErrorKind::InvalidData {
            unlinked
        } else {
            Err(error)
        };
    }
    removal.run();
    removal.first_error.map_or(Ok(()), Err)
}

struct Removal {
    place: Descent,
    first_error: Option<io::Error>,
}

impl Removal {
    /// Empties the folder where we are and removes it, and so all below it.
    fn run(&mut self) {
        let mut beside: Vec<Vec<OsString>> = vec![self.remove_files()];
        while let Some(folders) = beside.last_mut() {
            if let Some(name) = folders.pop() {
                match self.enter(&name) {
                    Ok(()) => beside.push(self.remove_files()),
                    Err(error) => self.note(Err(error)),
                }
                continue;
            }
            beside.pop();
            if let Some(name) = self.place.leave() {
                let removed = self.place.folder().and_then(|up| up.remove_folder(&name));
                self.note(removed);
            }
        }
    }

    /// Goes into a folder, and takes the right to change it.
    fn enter(&mut self, name: &OsStr) -> io::Result<()> {
        if self.place.enter(name).is_err() {
            // What Go or conda keep on the disk, they make read-only; so are datastores.
            make_enterable(self.place.folder()?, name);
            self.place.enter(name)?;
        }
        let mode = self.place.mode();
        if !mode.contains(Mode::RWXU) {
            // What fails because of it is reported.
            let _ = self.place.folder()?.set_mode(mode | Mode::RWXU);
        }
        Ok(())
    }

    /// Removes all but folders where we are, and answers with the names of those.
    fn remove_files(&mut self) -> Vec<OsString> {
        let listed = self.place.folder().and_then(|here| here.list());
        let listing = match listed {
            Ok(listing) => listing,
            Err(error) => {
                self.note(Err(error));
                return Vec::new();
            }
        };
        let mut folders = Vec::new();
        for (name, kind) in listing {
            let removed = match self.place.folder() {
                Ok(here) if is_folder_entry(here, &name, kind) => {
                    folders.push(name);
                    continue;
                }
                Ok(here) => here.unlink(&name),
                Err(error) => Err(error),
            };
            self.note(removed);
        }
        folders
    }

    fn note(&mut self, result: io::Result<()>) {
        if let Err(error) = result
            && error.kind() != io::ErrorKind::NotFound
        {
            self.first_error.get_or_insert(error);
        }
    }
}

/// Takes the right to go into a folder, as far as that goes. A link in its place is not followed.
#[cfg(target_os = "linux")]
fn make_enterable(folder: &OpenFolder, name: &OsStr) {
    use rustix::fs::{CWD, OFlags, chmodat, openat};
    use std::os::fd::AsRawFd;
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    if let Ok(found) = openat(folder, name, flags, Mode::empty()) {
        // A descriptor of this kind cannot be changed itself.
        let path = format!("/proc/self/fd/{}", found.as_raw_fd());
        let _ = chmodat(CWD, path, Mode::RWXU, rustix::fs::AtFlags::empty());
    }
}

#[cfg(not(target_os = "linux"))]
fn make_enterable(folder: &OpenFolder, name: &OsStr) {
    let flags = rustix::fs::AtFlags::SYMLINK_NOFOLLOW;
    let _ = rustix::fs::chmodat(folder, name, Mode::RWXU, flags);
}

#[cfg(test)]
pub(crate) mod tests;
