//! Paths that come from elsewhere, held against what is there.

use std::path::{Path, PathBuf};

/// The folder below `root` that a relative path names, if it exists and no link leads out.
pub fn below(root: &Path, relative: &str) -> Option<PathBuf> {
    let found = root.join(relative).canonicalize().ok()?;
    (found.starts_with(root.canonicalize().ok()?) && found.is_dir()).then_some(found)
}

/// Splits an absolute path into the part that exists, with its links resolved, and the rest.
pub fn existing(path: &Path) -> (PathBuf, PathBuf) {
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
        let (found, rest) = existing(Path::new("/nonexistent/a/b"));
        assert_eq!((found, rest), ("/".into(), "nonexistent/a/b".into()));
        assert_eq!(existing(Path::new("/usr")).1, Path::new(""));
    }
}
