//! What an event says of a run, joined with what it leaves out, since that never changes: pure.

use std::collections::HashMap;
use std::mem::take;

use crate::api::Run;

/// The changed run with what was settled at its launch, taken from the same run as it was known.
pub(super) fn join(mut changed: Run, mut known: Run) -> Run {
    known.spec.desired_state = changed.spec.desired_state;
    changed.spec = known.spec;
    changed.description = known.description;
    let (status, launched) = (&mut changed.status, &mut known.status);
    status.columns = take(&mut launched.columns);
    status.fixed_arguments = take(&mut launched.fixed_arguments);
    status.experiment_ids = take(&mut launched.experiment_ids);
    changed
}

/// Runs that events are about and that have not been read yet: each is being read, once.
#[derive(Debug, Default)]
pub(super) struct UnreadRuns(HashMap<String, Run>);

impl UnreadRuns {
    /// Keeps what the last event says of a run. Whether the run is to be read.
    pub(super) fn keep(&mut self, changed: Run) -> bool {
        self.0.insert(changed.id.clone(), changed).is_none()
    }

    /// What the last event said of the run, which is known from now on, or cannot be read.
    pub(super) fn take(&mut self, id: &str) -> Option<Run> {
        self.0.remove(id)
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{FixedArgument, RunSpec, RunState, RunStatus, Timestamp};
    use crate::testing::test;

    fn run(phase: RunState, spec: RunSpec) -> Run {
        Run {
            id: "r".into(),
            name: "name".into(),
            description: String::new(),
            created_at: Timestamp::from_micros(0),
            updated_at: Timestamp::from_micros(0),
            spec,
            status: RunStatus {
                phase,
                ..RunStatus::default()
            },
        }
    }

    #[test]
    fn a_change_keeps_what_was_settled_at_the_launch() {
        let spec = RunSpec {
            run_controller_command: "train.py  --x '[1, 2]'".into(),
            cluster_id: "local".into(),
            ..RunSpec::default()
        };
        let mut known = run(RunState::Pending, spec);
        known.description = "text".into();
        known.status.columns = vec!["--x".into()];
        known.status.fixed_arguments = Some(vec![FixedArgument::default()]);
        let changed = RunSpec {
            desired_state: RunState::Canceled,
            cluster_id: "local".into(),
            ..RunSpec::default()
        };
        let joined = join(run(RunState::Running, changed), known.clone());
        known.status.phase = RunState::Running;
        known.spec.desired_state = RunState::Canceled;
        assert_eq!(joined, known);
    }

    #[test]
    fn a_run_is_read_once() {
        let mut unread = UnreadRuns::default();
        assert!(unread.keep(run(RunState::Pending, RunSpec::default())));
        assert!(!unread.keep(run(RunState::Running, RunSpec::default())));
        let last = unread.take("r").map(|run| run.status.phase);
        assert_eq!(last, Some(RunState::Running));
        assert!(unread.take("r").is_none());
    }
}
