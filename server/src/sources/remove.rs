//! Removing folders that hold what came from elsewhere.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Removes a folder with all that is in it, read-only folders too. One that is gone already is no
/// error.
///
/// # Errors
/// What kept it from being removed whole.
pub fn remove_tree(folder: &Path) -> io::Result<()> {
    let gone = |removed: io::Result<()>| match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    };
    match gone(fs::remove_dir_all(folder)) {
        // What Go or conda keep on the disk, they make read-only; so are datastores.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            make_writable(folder);
            gone(fs::remove_dir_all(folder))
        }
        other => other,
    }
}

/// Takes the right to change a folder and those below it, as far as that goes. No link is
/// followed, which a trial may have put in the place of a folder.
fn make_writable(folder: &Path) {
    if !fs::symlink_metadata(folder).is_ok_and(|meta| meta.is_dir()) {
        return;
    }
    let _ = fs::set_permissions(folder, fs::Permissions::from_mode(0o700));
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        make_writable(&entry.path());
    }
}
