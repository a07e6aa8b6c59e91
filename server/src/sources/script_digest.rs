//! Digests of scripts: whether two runs have run the same one, and whether it has changed since.

use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::open_folder::{OpenFolder, open_in};
use super::script::resolve_script;
use crate::system::random::to_hex;

/// A larger script has no digest. In bytes.
const SCRIPT_BYTES_MAX: u64 = 16 << 20;

/// SHA-256 of what Python, bash or julia runs for a script: the file, or the `__main__.py` of a folder,
/// links within the source followed. Modules that it imports do not count. `None` where it is not a file
/// of the source, cannot be read, or is larger than 16 MiB.
pub fn digest_script(root: &Path, folder: &str, script: &str) -> Option<String> {
    let path = resolve_script(root, folder, script)?;
    read_digest(root, &path).ok().flatten()
}

fn read_digest(root: &Path, path: &Path) -> io::Result<Option<String>> {
    let file = open_in(&OpenFolder::open(root)?, path)?;
    let mut file = file.take(SCRIPT_BYTES_MAX + 1);
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    let mut chunk = vec![0; 64 << 10];
    loop {
        match file.read(&mut chunk)? {
            0 => break,
            length => {
                bytes += length as u64;
                hash.update(&chunk[..length]);
            }
        }
    }
    Ok((bytes <= SCRIPT_BYTES_MAX).then(|| to_hex(&hash.finalize())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    /// `printf x | sha256sum`
    const X: &str = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";

    #[test]
    fn content_counts_and_not_the_name() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        fs::create_dir_all(at("pkg/sub")).unwrap();
        for name in ["a.py", "pkg/b.py", "pkg/sub/__main__.py"] {
            fs::write(at(name), "x").unwrap();
        }
        fs::write(at("other.py"), "y").unwrap();
        symlink("../a.py", at("pkg/link.py")).unwrap();
        for (folder, script) in [
            ("", "a.py"),
            ("", "./a.py"),
            ("pkg", "b.py"),
            ("", "pkg/sub"),
            ("pkg", "link.py"),
        ] {
            let found = digest_script(root.path(), folder, script);
            assert_eq!(found.as_deref(), Some(X), "{folder} {script}");
        }
        assert_ne!(
            digest_script(root.path(), "", "other.py").as_deref(),
            Some(X)
        );
    }

    #[test]
    fn what_is_no_script_of_the_source_has_no_digest() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        fs::create_dir(at("folder")).unwrap();
        symlink("/etc/passwd", at("out.py")).unwrap();
        symlink("round.py", at("round.py")).unwrap();
        fs::File::create(at("large.py"))
            .unwrap()
            .set_len(SCRIPT_BYTES_MAX + 1)
            .unwrap();
        rustix::fs::mknodat(
            rustix::fs::CWD,
            at("pipe.py"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )
        .unwrap();
        for script in [
            "",
            "folder",
            "gone.py",
            "out.py",
            "round.py",
            "large.py",
            "pipe.py",
            "/etc/passwd",
            "../x",
        ] {
            assert_eq!(digest_script(root.path(), "", script), None, "{script}");
        }
    }
}
