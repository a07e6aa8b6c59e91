//! Who may look into this process.

use std::io;

/// Lets no other process of the account read this one's memory, environment and descriptors, or
/// follow the links of its folder in `/proc`, whose files belong to root from now on; no core is
/// dumped. Root still may, and what this process executes is free again. Only on Linux.
///
/// # Errors
/// If the system refuses.
pub fn forbid() -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    }
    Ok(())
}
