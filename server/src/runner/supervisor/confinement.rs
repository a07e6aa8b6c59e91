//! What a script may not do though its account may: undo the hiding of the data folder, look into
//! processes outside the trial, send them signals, and change their limits.
//!
//! All of it applies to the one thread that starts the script, and so to the script and what it
//! starts. The supervisor's other thread stays free of it.

use std::io;
use std::path::PathBuf;
use std::process::{Child, Command};

/// Restrictions to start a script with.
#[derive(Default)]
pub(super) struct Confinement {
    /// No capabilities by which root could undo what hides the data folder.
    #[cfg_attr(
        not(target_os = "linux"),
        expect(dead_code, reason = "only Linux has capabilities")
    )]
    pub(super) without_capabilities: bool,
    #[cfg(target_os = "linux")]
    landlock: Option<landlock::RulesetCreated>,
    #[cfg(target_os = "linux")]
    system_calls: Option<super::system_calls::SystemCallFilters>,
}

impl Confinement {
    /// Lets a script signal and inspect no process outside the trial, where Landlock can (signals from
    /// Linux 6.12 on).
    pub(super) fn restrict_signals(&mut self) {
        #[cfg(target_os = "linux")]
        {
            self.landlock = imp::signal_rules();
        }
    }

    /// Lets a script change no limits of processes by their number, nor weaken the scheduling of others, and
    /// make no user namespaces unless it may.
    ///
    /// # Errors
    /// In words, if this machine does not allow it.
    pub(super) fn restrict_system_calls(
        &mut self,
        may_make_namespaces: bool,
    ) -> Result<(), String> {
        #[cfg(target_os = "linux")]
        {
            use super::system_calls::SystemCallFilters;
            self.system_calls = Some(SystemCallFilters::compile(may_make_namespaces)?);
            Ok(())
        }
        #[cfg(not(target_os = "linux"))]
        {
            let _ = may_make_namespaces;
            Err("this system has no seccomp filters".to_owned())
        }
    }

    /// Lets a script open nothing of these paths but `shown`. Both are absolute and without links. New
    /// files cannot be made in the folders above the hidden ones either: Landlock knows no exceptions.
    ///
    /// # Errors
    /// In words, if this machine does not allow it.
    pub(super) fn hide_by_landlock(
        &mut self,
        hidden: &[PathBuf],
        shown: &[(PathBuf, bool)],
    ) -> Result<(), String> {
        #[cfg(target_os = "linux")]
        {
            self.landlock = Some(imp::file_rules(hidden, shown)?);
            Ok(())
        }
        #[cfg(not(target_os = "linux"))]
        {
            let _ = (hidden, shown);
            Err("this system has no Landlock".to_owned())
        }
    }

    /// Starts a command with these restrictions.
    pub(super) fn spawn(self, command: &mut Command) -> io::Result<Child> {
        if !self.restricts() {
            return command.spawn();
        }
        std::thread::scope(|scope| {
            let confined = move || {
                self.apply()?;
                command.spawn()
            };
            let thread = std::thread::Builder::new().spawn_scoped(scope, confined)?;
            let ended = thread.join();
            ended.unwrap_or_else(|_| Err(io::Error::other("the thread that starts it has ended")))
        })
    }

    #[cfg(target_os = "linux")]
    fn restricts(&self) -> bool {
        self.without_capabilities || self.landlock.is_some() || self.system_calls.is_some()
    }

    /// Restricts this thread.
    #[cfg(target_os = "linux")]
    pub(super) fn apply(self) -> io::Result<()> {
        if let Some(rules) = self.landlock {
            imp::restrict(rules)?;
        }
        if self.without_capabilities {
            imp::drop_capabilities()?;
        }
        if let Some(filters) = self.system_calls {
            filters.apply().map_err(io::Error::other)?;
        }
        Ok(())
    }

    #[cfg(not(target_os = "linux"))]
    fn restricts(&self) -> bool {
        false
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn apply(self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(target_os = "linux")]
mod imp {
    use std::fs;
    use std::io;
    use std::path::{Path, PathBuf};

    use landlock::{
        ABI, Access, AccessFs, BitFlags, CompatLevel, Compatible, Ruleset, RulesetAttr,
        RulesetCreated, RulesetCreatedAttr, Scope, path_beneath_rules,
    };
    use rustix::io::Errno;
    use rustix::process::geteuid;
    use rustix::thread::{
        CapabilitySet, capabilities, remove_capability_from_bounding_set, set_capabilities,
    };

    use super::super::namespace::ENTRIES_MAX;

    /// By these, root could unmount, look into other processes, or read the disk or the memory of the
    /// machine. Those that scripts of root use (owners of files, priorities, locked memory, network)
    /// stay.
    const DANGEROUS: CapabilitySet = CapabilitySet::SYS_ADMIN
        .union(CapabilitySet::SYS_PTRACE)
        .union(CapabilitySet::SYS_MODULE)
        .union(CapabilitySet::SYS_RAWIO)
        .union(CapabilitySet::SYS_BOOT)
        .union(CapabilitySet::MKNOD)
        .union(CapabilitySet::DAC_READ_SEARCH)
        .union(CapabilitySet::MAC_ADMIN)
        .union(CapabilitySet::MAC_OVERRIDE)
        .union(CapabilitySet::BPF)
        .union(CapabilitySet::PERFMON)
        .union(CapabilitySet::CHECKPOINT_RESTORE);

    /// A domain of the trial's own, by which Landlock keeps it from other processes. `None` on an
    /// older kernel, which knows no such rule.
    pub(super) fn signal_rules() -> Option<RulesetCreated> {
        let rules = Ruleset::default()
            .set_compatibility(CompatLevel::HardRequirement)
            .scope(Scope::Signal)
            .and_then(Ruleset::create)
            .ok()?;
        Some(rules.no_new_privs(!is_administrator()))
    }

    /// Everything is allowed beside the folders that lead to what is hidden. Listing folders is: else
    /// those above could not be listed, `/` among them.
    pub(super) fn file_rules(
        hidden: &[PathBuf],
        shown: &[(PathBuf, bool)],
    ) -> Result<RulesetCreated, String> {
        let failed = |error: landlock::RulesetError| format!("Landlock: {error}");
        let all = AccessFs::from_all(ABI::V3) & !BitFlags::from(AccessFs::ReadDir);
        let read = AccessFs::Execute | AccessFs::ReadFile;
        let mut allowed = Vec::new();
        collect_siblings(Path::new("/"), hidden, &mut allowed)?;
        let of_mode = |wanted: bool| {
            let shown = shown
                .iter()
                .filter(move |(_, read_only)| *read_only == wanted);
            shown.map(|(folder, _)| folder)
        };
        allowed.extend(of_mode(false).cloned());
        let rules = Ruleset::default()
            .set_compatibility(CompatLevel::HardRequirement)
            .handle_access(AccessFs::from_all(ABI::V1) & !BitFlags::from(AccessFs::ReadDir))
            .map_err(failed)?
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(all)
            .and_then(|rules| rules.scope(Scope::Signal))
            .and_then(Ruleset::create)
            .map_err(failed)?
            .no_new_privs(!is_administrator())
            .add_rules(path_beneath_rules(allowed, all))
            .map_err(failed)?;
        rules
            .add_rules(path_beneath_rules(of_mode(true), read))
            .map_err(failed)
    }

    /// Adds what is in a folder and neither hidden nor above something hidden; what is above is entered.
    /// A link is left out: where it leads is allowed, or not, by itself.
    fn collect_siblings(
        folder: &Path,
        hidden: &[PathBuf],
        allowed: &mut Vec<PathBuf>,
    ) -> Result<(), String> {
        let failed = |error: io::Error| format!("{}: {error}", folder.display());
        for (count, entry) in fs::read_dir(folder).map_err(failed)?.enumerate() {
            let entry = entry.map_err(failed)?;
            let path = entry.path();
            if count >= ENTRIES_MAX {
                return Err(format!(
                    "{} has more than {ENTRIES_MAX} entries",
                    folder.display()
                ));
            }
            if entry.file_type().map_err(failed)?.is_symlink() || hidden.contains(&path) {
                continue;
            }
            if hidden.iter().any(|hidden| hidden.starts_with(&path)) {
                collect_siblings(&path, hidden, allowed)?;
            } else {
                allowed.push(path);
            }
        }
        Ok(())
    }

    pub(super) fn restrict(rules: RulesetCreated) -> io::Result<()> {
        rules.restrict_self().map(drop).map_err(io::Error::other)
    }

    /// Whether this thread may do without "no new privileges", which would keep the script from
    /// `sudo`.
    fn is_administrator() -> bool {
        capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::SYS_ADMIN))
    }

    pub(super) fn drop_capabilities() -> io::Result<()> {
        for capability in DANGEROUS.iter() {
            match remove_capability_from_bounding_set(capability) {
                // Older kernels do not know all of them.
                Ok(()) | Err(Errno::INVAL) => {}
                // Only root is given capabilities by its programs.
                Err(Errno::PERM) if !geteuid().is_root() => {}
                Err(error) => return Err(error.into()),
            }
        }
        let mut sets = capabilities(None)?;
        sets.effective.remove(DANGEROUS);
        sets.permitted.remove(DANGEROUS);
        sets.inheritable.remove(DANGEROUS);
        Ok(set_capabilities(None, sets)?)
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn all_is_allowed_beside_the_way_to_what_is_hidden() {
            let home = tempfile::tempdir().unwrap();
            let top = home.path().canonicalize().unwrap();
            for folder in ["a/data/trials", "a/sets", "b"] {
                fs::create_dir_all(top.join(folder)).unwrap();
            }
            fs::write(top.join("a/key"), "").unwrap();
            std::os::unix::fs::symlink(top.join("a/data"), top.join("link")).unwrap();
            let mut allowed = Vec::new();
            let hidden = [top.join("a/data"), top.join("a/key")];
            collect_siblings(&top, &hidden, &mut allowed).unwrap();
            allowed.sort();
            assert_eq!(allowed, [top.join("a/sets"), top.join("b")]);
        }
    }
}
