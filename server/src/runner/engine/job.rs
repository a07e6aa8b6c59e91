//! What a supervisor is told to run: a trial's command, environment and bounds.

use std::collections::BTreeMap;
use std::env;
use std::path::PathBuf;
use std::sync::Arc;

use sweep_planner::api::{ProgramOrigin, TrialExecution};

use super::cores::{CoreAllocator, attempt_key};
use super::program::{Python, activate, choose_python, command_line, is_python};
use super::threads::{ThreadShare, share_threads};
use crate::config::{Config, Limits, MountMode, Threads};
use crate::model::ActiveTrial;
use crate::model::names::{experiment_id, experiment_name};
use crate::runner::protocol::{IsolationSpec, JobSpec, TrialFolder};
use crate::system::clock;

/// Makes the jobs of a cluster's trials, by its settings.
#[derive(Debug, Default)]
pub(super) struct JobMaker {
    cluster: String,
    /// Whether trials get GPUs of their own (`CUDA_VISIBLE_DEVICES`).
    assigns_gpus: bool,
    mounts: MountMode,
    /// What its trials are not to see.
    isolation: Option<IsolationSpec>,
    threads: Threads,
    /// The Python of its trials, where a run names none.
    python: Option<String>,
    /// Environment variables of its trials.
    env: BTreeMap<String, String>,
    limits: Limits,
    cores: Arc<CoreAllocator>,
}

impl JobMaker {
    pub(super) fn new(config: &Config, cluster: &str, cores: Arc<CoreAllocator>) -> Self {
        let mut maker = Self {
            cluster: cluster.to_owned(),
            limits: config.limits,
            cores,
            ..Self::default()
        };
        if let Some(settings) = config.clusters.get(cluster) {
            maker.assigns_gpus = !settings.gpus.is_empty();
            maker.mounts = settings.mounts;
            maker.isolation = config.isolation_spec(settings);
            maker.threads = settings.threads;
            maker.python.clone_from(&settings.python);
            maker.env.clone_from(&settings.env);
        }
        maker
    }

    /// The job of a trial, one of so many at once, whose copy of the source is there. Gives it its
    /// cores.
    ///
    /// # Errors
    /// Why it can never start, for a person.
    pub(super) fn make(
        &self,
        trial: &ActiveTrial,
        folder: &TrialFolder,
        at_once: u32,
    ) -> Result<JobSpec, String> {
        let python = self.choose_python(trial, folder)?;
        let share = self.share_threads(trial, at_once);
        let environment = self.environment(trial, &share, &python);
        let command = command_line(&trial.argv, &python.program);
        let cores = share
            .cores
            .map(|cores| self.cores.allocate(attempt_key(trial), cores));
        let execution = TrialExecution {
            program: command.first().cloned().unwrap_or_default(),
            program_from: match is_python(&trial.argv) {
                true => python.from,
                false => ProgramOrigin::Default,
            },
            note: python.note,
            threads: share.threads,
            cores: cores.unwrap_or_default(),
            isolation: None,
        };
        Ok(JobSpec {
            command,
            environment,
            output_bytes: self.limits.output_bytes,
            stop_grace_seconds: self.limits.stop_grace_seconds,
            time_limit_seconds: self.time_limit(trial),
            working_folder: trial.spec.relative_work_dir.clone(),
            mounts: trial.mounts.clone(),
            mounts_by_arguments: self.mounts == MountMode::Arguments,
            isolation: self.isolation.clone(),
            at: Some(clock::now()),
            execution: Some(execution),
        })
    }

    fn choose_python(&self, trial: &ActiveTrial, folder: &TrialFolder) -> Result<Python, String> {
        let top = folder.work();
        let mut folders: Vec<PathBuf> = vec![top.join(&trial.spec.relative_work_dir), top];
        folders.dedup();
        choose_python(&trial.spec.sweep_options, self.python.as_deref(), &folders)
            .map_err(|error| format!("its Python cannot be used: {error}"))
    }

    fn time_limit(&self, trial: &ActiveTrial) -> Option<u64> {
        let asked = trial.spec.sweep_options.time_limit.as_ref();
        let asked = asked.and_then(|limit| limit.0.parse().ok());
        Some(asked.unwrap_or(self.limits.trial_seconds)).filter(|seconds| *seconds > 0)
    }

    /// Its threads and cores, where `at_once` trials share the machine.
    fn share_threads(&self, trial: &ActiveTrial, at_once: u32) -> ThreadShare {
        let cpus = u32::try_from(trial.spec.resources.cpu.0.max(0)).unwrap_or(u32::MAX);
        let given = |name: &str| {
            let of_run = trial.spec.env.get(name).map(|value| value.0.clone());
            let of_cluster = || self.env.get(name).cloned();
            let of_server = || env::var_os(name).map(|value| value.to_string_lossy().into_owned());
            of_run.or_else(of_cluster).or_else(of_server)
        };
        share_threads(self.threads, cpus, self.cores.count(), at_once, given)
    }

    /// What Grid's documents promise, the number of threads, the interpreter's environment, then what
    /// the cluster's settings say and the run asks for.
    fn environment(
        &self,
        trial: &ActiveTrial,
        share: &ThreadShare,
        python: &Python,
    ) -> BTreeMap<String, String> {
        let id = experiment_id(&trial.run_id, trial.number);
        let name = experiment_name(&trial.run_name, trial.number);
        let ours = [
            ("PYTHONUNBUFFERED", "1"),
            ("GRID_EXPERIMENT_ID", &id),
            ("GRID_EXPERIMENT_NAME", &name),
            ("GRID_USER_ID", &trial.account),
            ("GRID_CLUSTER_ID", &self.cluster),
            ("GRID_INSTANCE_TYPE", &trial.spec.instance_type),
        ];
        let text = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let mut environment: BTreeMap<_, _> = ours.into_iter().map(text).collect();
        for name in &share.variables {
            let threads = share.threads.map(|threads| threads.to_string());
            environment.extend(threads.map(|threads| ((*name).to_owned(), threads)));
        }
        environment.extend(activate(&python.program));
        environment.extend(self.env.clone());
        let asked = trial.spec.env.iter();
        environment.extend(asked.map(|(name, value)| (name.clone(), value.0.clone())));
        // Last, so that a run cannot override it and use another trial's GPUs.
        if self.assigns_gpus {
            let gpus: Vec<String> = trial.gpus.iter().map(ToString::to_string).collect();
            environment.insert("CUDA_VISIBLE_DEVICES".to_owned(), gpus.join(","));
        }
        environment
    }
}
