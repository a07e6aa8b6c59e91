//! Why the server's source folder could not be copied, as an answer: it is others' to change while the
//! server runs, so hardly any of it is a fault of the server.

use std::io;
use std::path::Path;

use rustix::io::Errno;

use crate::http::error::{ApiError, truncated};

/// The answer to a launch where copying `path` of the folder at `source` has failed.
pub(super) fn copy_refusal(source: &Path, path: &Path, error: &io::Error) -> ApiError {
    let errno = Errno::from_io_error(error);
    if let Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM) = errno {
        return ApiError::Unavailable(
            "The server has too many files open, or too little memory, to copy the source. Try again \
             later.",
        );
    }
    let Ok(inside) = path.strip_prefix(source) else {
        return ApiError::Internal(format!("{} cannot be written: {error}", path.display()));
    };
    if inside == Path::new("") || !source.is_dir() {
        let folder = source.display();
        tracing::warn!(%folder, %error, "the source folder cannot be read; launches that need it are refused");
        return ApiError::Unavailable(
            "The folder whose scripts this server runs is gone, or cannot be read. Whoever runs the \
             server has to put it back. Sources that are uploaded, or come from a repository, can be \
             run meanwhile.",
        );
    }
    let shown = truncated(&inside.display().to_string());
    match errno {
        Some(Errno::ACCESS | Errno::PERM) => ApiError::Conflict(format!(
            "The server is not allowed to read `{shown}` of the source folder. Give it the right to, \
             or name it in a .gridignore file there."
        )),
        Some(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::NXIO | Errno::STALE) => {
            ApiError::Conflict(format!(
                "`{shown}` of the source folder has changed while it was copied. Launch again."
            ))
        }
        Some(Errno::NAMETOOLONG) => ApiError::Conflict(format!(
            "The source folder has folders too deep in one another to be copied, below `{shown}`. Name \
             what the script does not need in a .gridignore file there."
        )),
        _ => ApiError::Internal(format!(
            "the source folder cannot be copied: {}: {error}",
            path.display()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_can_do_something_about_it_is_told_what() {
        let home = tempfile::tempdir().unwrap();
        let (there, gone) = (home.path().to_owned(), home.path().join("gone"));
        for (source, path, errno, status, words) in [
            (&gone, gone.clone(), Errno::NOENT, 503, "is gone"),
            (&gone, gone.join("a"), Errno::NOENT, 503, "is gone"),
            (&there, there.clone(), Errno::ACCESS, 503, "cannot be read"),
            (&there, there.join("a"), Errno::MFILE, 503, "too many files"),
            (&there, there.join("a"), Errno::ACCESS, 409, "read `a`"),
            (&there, there.join("a"), Errno::NOENT, 409, "Launch again"),
            (&there, there.join("a"), Errno::LOOP, 409, "Launch again"),
            (&there, there.join("a"), Errno::NAMETOOLONG, 409, "too deep"),
            (&there, there.join("a"), Errno::IO, 500, "cannot be copied"),
            (&there, "/elsewhere".into(), Errno::NOENT, 500, "written"),
        ] {
            let answer = copy_refusal(source, &path, &errno.into());
            assert_eq!(answer.status().as_u16(), status, "{path:?}: {errno:?}");
            assert!(answer.to_string().contains(words), "{answer}");
        }
    }
}
