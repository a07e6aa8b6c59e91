//! A request's `runControllerCommand`, as any client may send it.

use crate::text::check_diagnostics;
use sweep_planner::internals::sweep::{Options, Ranges, Settings, Strategy, digest, read_request};

/// Reads `text` under each strategy.
pub fn wire(text: &str) {
    let settings = &Settings {
        drawn_seed: 3,
        ..Settings::default()
    };
    let strategies = [Strategy::GridSearch, Strategy::RandomSearch, Strategy::None];
    for strategy in strategies {
        let num_trials = (strategy == Strategy::RandomSearch).then_some(5);
        let options = Options {
            strategy,
            num_trials,
            ..Options::default()
        };
        let reading = read_request(text, options.clone(), settings);
        check_diagnostics(text, &reading);
        assert_eq!(
            reading.plan.is_empty(),
            reading.has_errors(),
            "a plan, or an error"
        );
        let Some(part) = reading.plan.parts().first() else {
            continue;
        };
        assert_eq!(reading.plan.parts().len(), 1);
        let last = part.index_at(part.len() - 1).expect("the last trial");
        let argv = part.argv(last).expect("its words");
        assert!(!argv.is_empty());
        // The command as this program sends it is read as the same plan.
        let sent = part.run_controller_command();
        let again = read_request(&sent, options, settings);
        let there = again
            .plan
            .parts()
            .first()
            .unwrap_or_else(|| panic!("{sent}: {:?}", again.diagnostics));
        assert_eq!(there.argv(last), Some(argv), "{sent}");
        let chosen = Ranges::from_ascending([last]);
        assert_eq!(digest(there, &chosen), digest(part, &chosen));
    }
}
