//! A config file's text, merged into a command that names it.

use crate::text::{argvs, launches, problems};
use sweep_planner::sweep::{Settings, read};

/// A command that the file can add to, and one whose options it can replace.
const COMMANDS: [&str; 2] = [
    "grid run --config c.yml f.py --a \"[1, 2]\"",
    "grid run --config c.yml --strategy random_search --num_trials 2 --seed 1 --use_spot f.py -v",
];

/// Reads `text` as the config file of each command.
pub fn config(text: &str) {
    for command in COMMANDS {
        let settings = Settings { drawn_seed: 7, config: Some(text.into()) };
        let reading = read(command, &settings);
        problems(command, &reading.diagnostics);
        problems(text, &reading.config_diagnostics);
        assert_eq!(reading.plan.is_empty(), reading.has_errors(), "a plan, or an error");
        let plan = &reading.plan;
        for (number, _) in (0..).zip(plan.parts()) {
            launches(plan, number);
        }
        // What the file says can stand in the command instead.
        if let Some(trial) = plan.trial(0) {
            let line = plan.grid_run_line(&trial);
            let again = read(&line, &Settings::default());
            assert_eq!(argvs(&again.plan), [plan.argv(&trial)], "{line}: {:?}", again.diagnostics);
        }
    }
}
