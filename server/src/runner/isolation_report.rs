//! Finds out at a start what keeps the data folder from trials, and reports it.

use std::ffi::OsString;
use std::process::{Command, Stdio};

use sweep_planner::api::{IsolationMethod, TrialIsolation};

use crate::config::Config;
use crate::data_dir::DataDir;
use crate::runner::supervisor;

/// Logs what keeps the data folder from trials, as a supervisor finds it that is started for this, and
/// what else in it is hidden with it.
///
/// # Errors
/// In words, if a cluster's trials are to see certain folders alone and this machine does not allow that.
pub(crate) async fn report(config: &Config) -> Result<(), String> {
    let specs = config.clusters.iter().filter_map(|(name, cluster)| {
        let visible = !config.isolation_spec(cluster)?.visible.is_empty();
        Some((name, visible))
    });
    let specs: Vec<_> = specs.collect();
    warn_of_root();
    if specs.is_empty() {
        tracing::warn!("trials can read and write all of the data folder, as the settings say");
        return Ok(());
    }
    let data = config.data.clone();
    let found = tokio::task::spawn_blocking(move || probe(&data)).await;
    let found = found.unwrap_or_else(|error| nothing(error.to_string()));
    let reason = found.because;
    match found.by {
        IsolationMethod::Namespace => {
            tracing::info!(
                reason,
                "the data folder is hidden from trials, by mount namespaces"
            );
            report_containers(config);
        }
        IsolationMethod::Landlock => tracing::info!(
            reason,
            "the files of the data folder are kept from trials, by Landlock"
        ),
        IsolationMethod::Nothing => {
            tracing::warn!(reason, "nothing keeps the data folder from trials");
        }
    }
    let limited = specs.iter().find(|(_, limited)| *limited);
    if let Some((name, _)) = limited
        && found.by != IsolationMethod::Namespace
    {
        return Err(format!(
            "`visible` of cluster `{name}` needs mount namespaces, which this machine does not \
             allow: {reason}"
        ));
    }
    if found.by != IsolationMethod::Nothing {
        for name in config.data.foreign_folders() {
            tracing::warn!(
                folder = %config.data.path().join(name).display(),
                "trials do not see this folder, since it is in the data folder"
            );
        }
    }
    Ok(())
}

/// Root may do more to a machine than anything here takes from it.
fn warn_of_root() {
    if rustix::process::geteuid().is_root() {
        tracing::warn!("trials run as root: they can read the disks and stop the server");
    }
}

fn report_containers(config: &Config) {
    let specs = config.clusters.values();
    let mut specs = specs.filter_map(|cluster| config.isolation_spec(cluster));
    if !specs.all(|spec| supervisor::may_make_namespaces(&spec)) {
        tracing::info!(
            "trials cannot start containers: the account can rename folders above the server's files"
        );
    }
}

fn probe(data: &DataDir) -> TrialIsolation {
    let output = std::env::current_exe().and_then(|program| {
        let arguments: [OsString; 3] = ["supervise".into(), "--probe".into(), data.path().into()];
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).output()
    });
    match output {
        Ok(output) => serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| nothing(String::from_utf8_lossy(&output.stderr).into_owned())),
        Err(error) => nothing(error.to_string()),
    }
}

fn nothing(because: String) -> TrialIsolation {
    TrialIsolation {
        by: IsolationMethod::Nothing,
        because,
    }
}
