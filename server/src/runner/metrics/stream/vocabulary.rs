//! The words that decide what a name means. Each list is compared in lower case.
//!
//! A line alone often cannot tell a measurement from a setting (`learning rate = 0.5` beside
//! `average loss = 0.49`). Where the line's form leaves it open, these words decide.

/// The names that say where a measurement stands; the first on the line wins by this order.
const STEPS: [&str; 8] = [
    "step",
    "global_step",
    "iteration",
    "iter",
    "#",
    "epoch",
    "e",
    "trial",
];
/// Names of steps that are too short, or too common, to count outside the header of a table.
const STEPS_OF_TABLES: [&str; 2] = ["#", "e"];
/// Which parts of a data set, or phases of a training, a measurement can belong to.
const PHASES: [&str; 13] = [
    "train",
    "training",
    "val",
    "valid",
    "validation",
    "validating",
    "validate",
    "test",
    "testing",
    "eval",
    "evaluation",
    "evaluating",
    "dev",
];
/// Parts of a word that make it the name of a measurement.
const METRIC_PARTS: [&str; 45] = [
    "loss",
    "acc",
    "accuracy",
    "err",
    "error",
    "rmse",
    "mse",
    "mae",
    "mape",
    "auc",
    "auroc",
    "auprc",
    "f1",
    "precision",
    "recall",
    "score",
    "reward",
    "return",
    "ppl",
    "perplexity",
    "bleu",
    "rouge",
    "map",
    "map50",
    "iou",
    "miou",
    "dice",
    "r2",
    "logloss",
    "nll",
    "kl",
    "wer",
    "cer",
    "psnr",
    "ssim",
    "fid",
    "mrr",
    "ndcg",
    "objective",
    "kappa",
    "mcc",
    "rsquared",
    "elbo",
    "likelihood",
    "value",
];
/// Words of names that are settings or descriptions where no step is stated beside them.
const SETTINGS: [&str; 46] = [
    "lr",
    "lrs",
    "lr0",
    "rate",
    "rates",
    "batch",
    "batch_size",
    "batchsize",
    "bs",
    "epochs",
    "steps",
    "iterations",
    "seed",
    "workers",
    "momentum",
    "decay",
    "dropout",
    "gamma",
    "params",
    "parameters",
    "flops",
    "macs",
    "num",
    "number",
    "initial",
    "max",
    "min",
    "size",
    "version",
    "modules",
    "layers",
    "hidden",
    "gpu",
    "gpus",
    "cpu",
    "cpus",
    "threads",
    "port",
    "pid",
    "rank",
    "world",
    "patience",
    "v_num",
    "nodes",
    "cores",
    "bins",
];
/// Names that tell how long something takes or how far it is: never a measurement.
const PROGRESS: [&str; 22] = [
    "eta",
    "elapsed",
    "remaining",
    "progress",
    "downloading",
    "loading",
    "eta_seconds",
    "v_num",
    "rank",
    "timestamp",
    "ts",
    "gpu_mem",
    "max_mem",
    "memory",
    "remaining time",
    "support",
    "size",
    "instances",
    "images",
    "time_elapsed",
    "initscore",
    "pavg",
];
/// Words before which a name cannot begin, and which no name written without a sign contains.
const STOP: [&str; 42] = [
    "from", "to", "in", "at", "on", "for", "is", "are", "was", "were", "and", "or", "with",
    "without", "after", "before", "than", "took", "by", "the", "a", "an", "this", "that", "not",
    "no", "has", "have", "will", "be", "been", "got", "until", "improved", "did", "does", "it",
    "as", "into", "using", "per", "every",
];
/// Stop words that are harmless in a name that stands before a colon (`time per iteration: 3`).
const STOP_BUT_IN_NAMES: [&str; 1] = ["per"];
/// What announces settings: what follows counts only under the name of a measurement.
const CONTEXTS: [&str; 18] = [
    "args",
    "arguments",
    "config",
    "configuration",
    "params",
    "parameters",
    "hyperparameters",
    "hyperparams",
    "hparams",
    "hyper-parameters",
    "settings",
    "options",
    "namespace",
    "cv",
    "fold",
    "environment",
    "trial",
    "kwargs",
];
/// With these a name means the whole run, not the step above it.
const SUMMARIES: [&str; 4] = ["best", "final", "overall", "mean"];

fn contains(list: &[&str], word: &str) -> bool {
    list.iter().any(|entry| entry.eq_ignore_ascii_case(word))
}

/// The rank of a name that states a step; lower ranks win.
pub(super) fn step_rank(name: &str) -> Option<usize> {
    STEPS
        .iter()
        .position(|step| step.eq_ignore_ascii_case(name))
}

/// As [`step_rank`], for words on a line, where `E` and `#` mean something else.
pub(super) fn step_word_rank(word: &str) -> Option<usize> {
    step_rank(word).filter(|_| !contains(&STEPS_OF_TABLES, word))
}

/// Whether steps of this rank number the trials of a search, which no line below belongs to.
pub(super) fn is_trial(rank: usize) -> bool {
    STEPS[rank] == "trial"
}

pub(super) fn is_phase(word: &str) -> bool {
    contains(&PHASES, word)
}

/// Whether the phase is that of training.
pub(super) fn is_training(word: &str) -> bool {
    contains(&PHASES[..2], word)
}

pub(super) fn is_stop(word: &str) -> bool {
    contains(&STOP, word)
}

pub(super) fn is_stop_before_colon(word: &str) -> bool {
    is_stop(word) && !contains(&STOP_BUT_IN_NAMES, word)
}

/// Whether a name is of a measurement, whatever stands around it.
pub(super) fn is_metric(name: &str) -> bool {
    name.split(|letter: char| !letter.is_alphanumeric())
        .any(|part| {
            contains(&METRIC_PARTS, part)
                || contains(
                    &METRIC_PARTS,
                    part.trim_end_matches(|l: char| l.is_ascii_digit()),
                )
        })
        || name.contains("@")
        || ends_with_metric(name)
}

/// `logloss`, `valLoss`, `testacc`: a measurement written together with another word.
fn ends_with_metric(name: &str) -> bool {
    ["loss", "accuracy", "error", "reward", "score"]
        .iter()
        .any(|end| {
            name.len() > end.len()
                && name
                    .get(name.len() - end.len()..)
                    .is_some_and(|tail| tail.eq_ignore_ascii_case(end))
        })
}

/// Whether a name is that of a setting, unless a step stands beside it.
pub(super) fn is_setting(name: &str) -> bool {
    let words = |letter: char| !(letter.is_alphanumeric() || letter == '_');
    name.split(words).any(|word| {
        contains(&SETTINGS, word) || word.split('_').any(|part| contains(&SETTINGS, part))
    }) || name.ends_with("learn rate")
        || is_environment_variable(name)
}

/// `CUDA_VISIBLE_DEVICES`.
fn is_environment_variable(name: &str) -> bool {
    name.contains('_')
        && name
            .chars()
            .all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_')
}

pub(super) fn is_progress(name: &str) -> bool {
    contains(&PROGRESS, name)
}

/// Whether a word announces settings (`Namespace`, `Fold1`, `parameters`).
pub(super) fn announces_settings(word: &str) -> bool {
    let plain = word.trim_end_matches(|letter: char| letter.is_ascii_digit());
    contains(&CONTEXTS, plain)
}

/// Whether a name tells of the whole run.
pub(super) fn is_summary(name: &str) -> bool {
    name.split([' ', '_'])
        .next()
        .is_some_and(|first| contains(&SUMMARIES, first))
}
