//! Any bytes as the archive of a source: whatever comes of it lies in its folder and within its limits.

use std::fs;
use std::path::Path;

use sweep_server::sources::{SourceLimits, Walk, remove_tree, unpack_tar, unpack_tar_gz};
use sweep_server::upkeep::disk::DiskMonitor;

const LIMITS: SourceLimits = SourceLimits {
    bytes: 10_000,
    files: 50,
};

/// The bytes as a tar, and as a tar.gz.
pub fn archive(bytes: &[u8]) {
    let home = std::env::temp_dir().join(format!("sweep-fuzz-archive-{}", std::process::id()));
    fs::create_dir_all(&home).expect("a folder");
    let disk = DiskMonitor::new(&home, Some(0));
    let (file, to) = (home.join("archive"), home.join("to"));
    fs::write(&file, bytes).expect("a file");
    for unpack in [unpack_tar, unpack_tar_gz] {
        let taken = unpack(&file, &to, LIMITS, &disk).is_ok();
        check(&home, &to, taken);
        remove_tree(&to).expect("a folder that can be removed");
    }
}

fn check(home: &Path, to: &Path, taken: bool) {
    assert_eq!(fs::read_dir(home).expect("its folder").count(), 2);
    let (mut files, mut bytes) = (0, 0);
    for entry in Walk::new(to, usize::MAX, usize::MAX) {
        let meta = entry.metadata().expect("what is there");
        files += 1;
        if meta.is_file() {
            bytes += meta.len();
        }
        assert!(meta.is_file() || meta.is_dir() || meta.is_symlink());
        if meta.is_symlink() && taken {
            let led = entry.path().canonicalize().expect("what it leads to");
            assert!(led.starts_with(to.canonicalize().expect("a folder")));
        }
    }
    assert!(files <= LIMITS.files && bytes <= LIMITS.bytes);
}
