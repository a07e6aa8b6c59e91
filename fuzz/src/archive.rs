//! Any bytes as the archive of a source: whatever comes of it lies in its folder and within its limits.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use sweep_server::sources::{SourceLimits, Walk, remove_tree, unpack_tar, unpack_tar_gz};
use sweep_server::upkeep::disk::DiskMonitor;

const LIMITS: SourceLimits = SourceLimits {
    bytes: 10_000,
    files: 50,
};
/// The bytes of a block of a tar, and where in a header its checksum stands.
const BLOCK: usize = 512;
const CHECKSUM: std::ops::Range<usize> = 148..156;

/// The bytes as a tar.gz, as a tar, and as a tar whose checksums are right: nearly no random one is.
pub fn archive(bytes: &[u8]) {
    static DISK: OnceLock<DiskMonitor> = OnceLock::new();
    let home = std::env::temp_dir().join(format!("sweep-fuzz-archive-{}", std::process::id()));
    fs::create_dir_all(&home).expect("a folder");
    // It has a thread of its own.
    let disk = DISK.get_or_init(|| DiskMonitor::new(&home, Some(0)));
    let (file, to) = (home.join("archive"), home.join("to"));
    let mended = with_checksums(bytes.to_vec());
    type Unpack = fn(&Path, &Path, SourceLimits, &DiskMonitor) -> bool;
    let tar: Unpack = |file, to, limits, disk| unpack_tar(file, to, limits, disk).is_ok();
    let tar_gz: Unpack = |file, to, limits, disk| unpack_tar_gz(file, to, limits, disk).is_ok();
    for (bytes, unpack) in [(bytes, tar_gz), (bytes, tar), (&mended, tar)] {
        fs::write(&file, bytes).expect("a file");
        let taken = unpack(&file, &to, LIMITS, disk);
        check(&home, &to, taken);
        remove_tree(&to).expect("a folder that can be removed");
    }
}

/// The same with a checksum in each block that is not empty, as a header has it.
fn with_checksums(mut tar: Vec<u8>) -> Vec<u8> {
    for block in tar.chunks_exact_mut(BLOCK) {
        if block.iter().all(|byte| *byte == 0) {
            continue;
        }
        block[CHECKSUM].fill(b' ');
        let sum: u32 = block.iter().copied().map(u32::from).sum();
        block[CHECKSUM].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
    tar
}

fn check(home: &Path, to: &Path, taken: bool) {
    assert_eq!(fs::read_dir(home).expect("its folder").count(), 2);
    let (mut files, mut bytes) = (0, 0);
    for entry in Walk::new(to, usize::MAX, usize::MAX) {
        let path = to.join(&entry.path);
        let meta = path.symlink_metadata().expect("what is there");
        files += 1;
        if meta.is_file() {
            bytes += meta.len();
        }
        assert!(meta.is_file() || meta.is_dir() || meta.is_symlink());
        if meta.is_symlink() && taken {
            let led = path.canonicalize().expect("what it leads to");
            assert!(led.starts_with(to.canonicalize().expect("a folder")));
        }
    }
    assert!(files <= LIMITS.files && bytes <= LIMITS.bytes);
}
