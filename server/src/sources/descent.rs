//! Going down into a tree of folders and up again with two open folders, however deep it is.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::PathBuf;
use std::rc::Rc;

use rustix::fs::Mode;

use super::open_folder::{FolderId, OpenFolder};

/// A place in a tree. It is left by `..` where that still leads to where we came from, else by a new
/// way from the top: a tree that somebody moves meanwhile never leads out of itself.
#[derive(Debug)]
pub(super) struct Descent {
    top: Rc<OpenFolder>,
    /// The folder where we are; `None` at the top, and where the way to it is gone.
    current: Option<Rc<OpenFolder>>,
    /// What the folders on the way are called, and which the ones are that they lie in.
    way: Vec<(OsString, FolderId)>,
    id: FolderId,
    mode: Mode,
}

impl Descent {
    /// Begins at a folder, which is never left.
    pub(super) fn new(top: OpenFolder) -> io::Result<Self> {
        let (id, mode) = top.identify()?;
        Ok(Self {
            top: Rc::new(top),
            current: None,
            way: Vec::new(),
            id,
            mode,
        })
    }

    /// How many folders below the top we are.
    pub(super) fn depth(&self) -> usize {
        self.way.len()
    }

    /// Where we are.
    ///
    /// # Errors
    /// Where somebody has moved or removed it.
    pub(super) fn folder(&self) -> io::Result<&Rc<OpenFolder>> {
        match (&self.current, self.way.is_empty()) {
            (Some(folder), _) => Ok(folder),
            (None, true) => Ok(&self.top),
            (None, false) => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// The mode of the folder where we are, as it was when we came there.
    pub(super) fn mode(&self) -> Mode {
        self.mode
    }

    /// Goes into a folder; stays where it is if that fails.
    ///
    /// # Errors
    /// As [`OpenFolder::enter`].
    pub(super) fn enter(&mut self, name: &OsStr) -> io::Result<()> {
        let below = self.folder()?.enter(name)?;
        let (id, mode) = below.identify()?;
        self.way.push((name.to_owned(), self.id));
        (self.current, self.id, self.mode) = (Some(Rc::new(below)), id, mode);
        Ok(())
    }

    /// Goes up, and answers with the name of the folder that was left; `None` at the top. Where the
    /// way up is gone, [`Descent::folder`] reports that.
    pub(super) fn leave(&mut self) -> Option<OsString> {
        let (name, above) = self.way.pop()?;
        let left = self.current.take();
        if self.way.is_empty() {
            self.id = above;
            return Some(name);
        }
        let is_above = |found: &OpenFolder| found.identify().is_ok_and(|(id, _)| id == above);
        let by_parent = left.and_then(|left| left.above().ok()).filter(is_above);
        let way = || self.way.iter().map(|(name, _)| name).collect::<PathBuf>();
        let found = by_parent.or_else(|| self.top.enter_path(&way()).ok());
        self.current = found.map(Rc::new);
        self.id = above;
        Some(name)
    }
}
