//! A command with the YAML file that it names.

use crate::text;
use std::sync::Arc;
use sweep_planner::internals::sweep::literal::CharacterNames;
use sweep_planner::internals::sweep::{Settings, read};

/// `text` is a command on its first line and the file below it.
pub fn config(text: &str) {
    let (command, yaml) = text
        .split_once('\n')
        .unwrap_or(("grid run --config c.yml f.py", text));
    let settings = Settings {
        drawn_seed: 7,
        config: Some(Arc::from(yaml)),
        character_names: Some(CharacterNames::embedded()),
        ..Settings::default()
    };
    let reading = read(command, &settings);
    text::check_places(command, &reading.diagnostics);
    text::check_places(yaml, &reading.config_diagnostics);
    assert_eq!(
        reading.plan.is_empty(),
        reading.has_errors(),
        "a plan, or an error"
    );
    let plan = &reading.plan;
    if text::count_listed(plan) > text::MAX_LISTED {
        return;
    }
    text::check_positions(plan);
    for number in 0..plan.parts().len() as u32 {
        text::check_launches(plan, number);
    }
}
