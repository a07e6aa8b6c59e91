//! Messages that are more than a label, and the plans to start from.

use super::client::Failure;

/// The plan of a first visit: the example that `sweep serve` ships.
pub(crate) const EXAMPLE: &str =
    "grid run digits.py --learning_rate \"[0.02, 0.2]\" --batch_size \"[16, 64]\" --epochs 20";
/// About what one trial of [`EXAMPLE`] takes, in the form of the box Run time.
pub(crate) const EXAMPLE_RUN_TIME: &str = "6 seconds";

/// The choices of the box Examples: a name and the commands.
pub(crate) const EXAMPLES: &[(&str, &str)] = &[
    ("Handwritten digits, four trials", EXAMPLE),
    (
        "Four commands",
        "grid run --datastore_name cifar5 cifar5.py --data_dir /datastores/cifar5 --batch_size 8\ngrid run --datastore_name cifar5 cifar5.py --data_dir /datastores/cifar5 --batch_size 16\ngrid run --datastore_name cifar5 cifar5.py --data_dir /datastores/cifar5 --batch_size 32\ngrid run --datastore_name cifar5 cifar5.py --data_dir /datastores/cifar5 --batch_size 64",
    ),
    ("List", "grid run file.py --batch_size \"[8, 16, 32, 64]\""),
    ("Range", "grid run file.py --batch_size \"range(1, 10, 2)\""),
    (
        "List of strings",
        "grid run file.py --model_backbone \"['resnet18' 'transformer', 'resnet50']\"",
    ),
    (
        "Sampling",
        "grid run file.py --learning_rate \"uniform(1e-5, 1e-1, 3)\"",
    ),
    (
        "Grid search",
        "grid run file.py --batch_size \"[1, 2]\" --layers \"[3, 5]\"",
    ),
    (
        "Random search",
        "grid run --strategy random_search --num_trials 2 file.py --batch_size \"[1, 2]\" --layers \"[3, 5]\"",
    ),
];

/// Follows the number of trials while the text has an error and the plan shown is the last readable one.
pub(crate) const OF_THE_TEXT_BEFORE: &str = ", of the text before";

/// Why trials of an earlier text are not launched.
pub(crate) const STALE_TO_LAUNCH: &str = "The command cannot be read: see Problems.";

pub(crate) const NO_SERVER_TO_LAUNCH: &str = "There is no server to launch on. Start one with `sweep serve`, or give its address under Connection. Your plan stays as it is.";

/// The message for a launch that failed: the reason, and what to do.
pub(crate) fn launch_failure(failure: &Failure) -> String {
    match failure {
        Failure::NoAnswer => "No answer came. Launch again when the server is back: what has already started will not start twice.".to_owned(),
        Failure::NoServer => NO_SERVER_TO_LAUNCH.to_owned(),
        Failure::SignedOut(_) => "Sign in, then launch again.".to_owned(),
        Failure::Refused { status: 409, reason } => ["The server refused this launch: ", reason, " Nothing was started by it."].concat(),
        Failure::Refused { status: 500.., reason } => ["The server failed: ", reason, " Launch again: what has already started will not start twice."].concat(),
        Failure::Refused { reason, .. } => ["The server refused this launch: ", reason].concat(),
    }
}

/// The message for a request that failed, other than a launch.
pub(crate) fn failure(failure: &Failure) -> String {
    match failure {
        Failure::NoAnswer => "The server does not answer.".to_owned(),
        Failure::NoServer => "There is no Sweep Planner server at this address.".to_owned(),
        Failure::SignedOut(reason) if reason.is_empty() => "Signed out.".to_owned(),
        Failure::SignedOut(reason) | Failure::Refused { reason, .. } => reason.clone(),
    }
}

/// While the stream of changes is interrupted.
pub(crate) const NOT_LIVE: &str =
    "Connection lost: what is shown may be out of date. Trying again…";
