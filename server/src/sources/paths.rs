//! Paths that come from elsewhere, held against what is there.

use std::path::{Component, Path, PathBuf};

/// Whether a path is relative and never goes up.
pub fn stays_below(path: &str) -> bool {
    let plain = |part| matches!(part, Component::Normal(_) | Component::CurDir);
    Path::new(path).components().all(plain)
}

/// The folder below `root` that a relative path names, if it exists and no link leads out.
pub fn resolve_below(root: &Path, relative: &str) -> Option<PathBuf> {
    let found = root.join(relative).canonicalize().ok()?;
    (found.starts_with(root.canonicalize().ok()?) && found.is_dir()).then_some(found)
}

/// Splits an absolute path into the part that exists, with its links resolved, and the rest.
pub fn split_existing(path: &Path) -> (PathBuf, PathBuf) {
    for part in path.ancestors() {
        if let (Ok(found), Ok(rest)) = (part.canonicalize(), path.strip_prefix(part)) {
            return (found, rest.to_owned());
        }
    }
    (path.to_owned(), PathBuf::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_exists_of_a_path_is_found() {
        let (found, rest) = split_existing(Path::new("/nonexistent/a/b"));
        assert_eq!((found, rest), ("/".into(), "nonexistent/a/b".into()));
        assert_eq!(split_existing(Path::new("/usr")).1, Path::new(""));
    }
}
