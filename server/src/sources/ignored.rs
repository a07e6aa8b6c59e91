//! What is left out of a copy of a source tree.

use std::path::{Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// A larger file of rules counts as none: all of it would be kept in memory. In bytes.
const RULE_FILE_BYTES_MAX: u64 = 1 << 20;

/// What is left out of a tree.
#[derive(Debug)]
pub struct IgnoreRules {
    patterns: Gitignore,
    skip: PathBuf,
}

impl IgnoreRules {
    /// The rules of the tree at `root`; `skip` is left out too. A rule file that cannot be read
    /// counts as empty.
    pub fn load(root: &Path, skip: &Path) -> Self {
        let mut builder = GitignoreBuilder::new(root);
        let own = root.join(".gridignore");
        let files = if own.is_file() {
            vec![own]
        } else {
            vec![root.join(".gitignore"), root.join(".dockerignore")]
        };
        for file in files.iter().filter(|file| is_rule_file(file)) {
            if let Some(error) = builder.add(file) {
                tracing::warn!(%error, "a rule of an ignore file cannot be parsed");
            }
        }
        let patterns = builder.build().unwrap_or_else(|error| {
            tracing::warn!(%error, "the ignore file cannot be parsed");
            Gitignore::empty()
        });
        Self {
            patterns,
            skip: skip.to_owned(),
        }
    }

    pub(super) fn ignores(&self, path: &Path, folder: bool) -> bool {
        path.file_name().is_some_and(|name| name == ".git")
            || path == self.skip
            || self.patterns.matched(path, folder).is_ignore()
    }

    /// Whether a file of the tree, given relative to its root, is left out.
    pub fn ignores_file(&self, root: &Path, relative: &Path) -> bool {
        relative
            .ancestors()
            .filter(|part| !part.as_os_str().is_empty())
            .enumerate()
            .any(|(depth, part)| self.ignores(&root.join(part), depth > 0))
    }
}

fn is_rule_file(path: &Path) -> bool {
    let Ok(meta) = path.metadata() else {
        return false;
    };
    let is_small = meta.len() <= RULE_FILE_BYTES_MAX;
    if meta.is_file() && !is_small {
        tracing::warn!(bytes = meta.len(), "an ignore file is too large to be read");
    }
    meta.is_file() && is_small
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_rules_is_read_within_bounds() {
        let root = tempfile::tempdir().unwrap();
        let file = std::fs::File::create(root.path().join(".gridignore")).unwrap();
        file.set_len(1 << 40).unwrap();
        let ignored = IgnoreRules::load(root.path(), Path::new("/nonexistent"));
        assert!(!ignored.ignores_file(root.path(), Path::new("a.py")));
    }

    #[test]
    fn an_ignored_script_is_known_as_such() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join(".gitignore"), "old/\n").unwrap();
        let ignored = IgnoreRules::load(root.path(), Path::new("/nonexistent"));
        assert!(ignored.ignores_file(root.path(), Path::new("old/a.py")));
        assert!(!ignored.ignores_file(root.path(), Path::new("new/a.py")));
    }
}
