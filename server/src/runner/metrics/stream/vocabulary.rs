//! The words that decide what a name means. Each list is compared in lower case.
//!
//! A line alone often cannot tell a measurement from a setting (`learning rate = 0.5` beside
//! `average loss = 0.49`). Where the line's form leaves it open, these words decide.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The names that say where a measurement stands; the first on the line wins by this order.
const STEPS: &[&str] = &[
    "step",
    "global_step",
    "iteration",
    "iter",
    "timestep",
    "#",
    "epoch",
    "episode",
    "round",
    "generation",
    "gen",
    "update",
    "e",
    "trial",
];
/// Names of steps that are too short to count outside the header of a table.
const STEPS_OF_TABLES: &[&str] = &["#", "e"];
/// Which parts of a data set, or phases of a training, a measurement can belong to.
const PHASES: &[&str] = &[
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
const METRICS: &[&str] = &[
    "concordance",
    "minimum",
    "optimality",
    "success",
    "divergence",
    "loss",
    "cost",
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
    "fitness",
    "logprob",
    "roc",
    "rocauc",
];
/// Words of names that are settings or descriptions where no step is stated beside them.
const SETTINGS: &[&str] = &[
    "alpha",
    "nprobe",
    "nlist",
    "sample",
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
    "length",
    "samples",
];
/// Names that tell how long something takes or how far it is: never a measurement.
const PROGRESS: &[&str] = &[
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
    "steps",
    "batchsize",
    "batch_size",
    "size",
    "instances",
    "images",
    "time_elapsed",
    "initscore",
    "pavg",
];
/// Words that no name contains, and before which none begins.
const STOPS: &[&str] = &[
    "from", "to", "at", "is", "are", "was", "were", "and", "or", "with", "without", "after",
    "before", "than", "took", "this", "that", "not", "has", "have", "will", "be", "been", "got",
    "until", "improved", "did", "does", "it", "as", "into", "using", "every",
];
/// Words that a name contains only if a sign stands behind it (`rmse of the prediction = 5`).
const CONNECTIVES: &[&str] = &[
    "of", "over", "each", "the", "a", "an", "per", "for", "on", "in", "by",
];
/// What announces settings: what follows counts only under the name of a measurement.
const CONTEXTS: &[&str] = &[
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
const SUMMARIES: &[&str] = &["best", "final", "overall", "mean"];

/// The longest word of a list, in bytes.
const WORD_MAX: usize = 24;

/// What a word is, one bit for each list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Word(u16);

impl Word {
    const STEP: u16 = 1;
    const SHORT_STEP: u16 = 1 << 1;
    const PHASE: u16 = 1 << 2;
    const METRIC: u16 = 1 << 3;
    const SETTING: u16 = 1 << 4;
    const PROGRESS: u16 = 1 << 5;
    const STOP: u16 = 1 << 6;
    const CONNECTIVE: u16 = 1 << 7;
    const CONTEXT: u16 = 1 << 8;
    const SUMMARY: u16 = 1 << 9;

    /// Looks a word up, in any case. O(length).
    pub(super) fn of(word: &str) -> Self {
        let mut lower = [0; WORD_MAX];
        let Some(lower) = lower.get_mut(..word.len()) else {
            return Self::default();
        };
        lower.copy_from_slice(word.as_bytes());
        lower.make_ascii_lowercase();
        WORDS.get(&*lower).copied().unwrap_or_default()
    }

    fn has(self, bit: u16) -> bool {
        self.0 & bit != 0
    }

    pub(super) fn is_phase(self) -> bool {
        self.has(Self::PHASE)
    }

    /// Whether no name can contain it.
    pub(super) fn is_stop(self) -> bool {
        self.has(Self::STOP)
    }

    /// Whether only a name before a sign can contain it.
    pub(super) fn is_connective(self) -> bool {
        self.has(Self::CONNECTIVE)
    }

    /// Whether it states the step, on a line or as the title of a column.
    pub(super) fn is_step(self) -> bool {
        self.has(Self::STEP)
    }
}

static WORDS: LazyLock<HashMap<&[u8], Word>> = LazyLock::new(|| {
    let lists = [
        (STEPS, Word::STEP),
        (STEPS_OF_TABLES, Word::SHORT_STEP),
        (PHASES, Word::PHASE),
        (METRICS, Word::METRIC),
        (SETTINGS, Word::SETTING),
        (PROGRESS, Word::PROGRESS),
        (STOPS, Word::STOP),
        (CONNECTIVES, Word::CONNECTIVE),
        (CONTEXTS, Word::CONTEXT),
        (SUMMARIES, Word::SUMMARY),
    ];
    let mut words: HashMap<&[u8], Word> = HashMap::new();
    for (list, bit) in lists {
        for word in list {
            words.entry(word.as_bytes()).or_default().0 |= bit;
        }
    }
    words
});

/// The rank of a name that states a step; lower ranks win.
pub(super) fn step_rank(name: &str) -> Option<usize> {
    if !Word::of(name).is_step() {
        return None;
    }
    STEPS
        .iter()
        .position(|step| step.eq_ignore_ascii_case(name))
}

/// As [`step_rank`], for words on a line, where `E` and `#` mean something else.
pub(super) fn step_word_rank(word: &str) -> Option<usize> {
    let word = if word.len() > 1 {
        word.trim_end_matches('#')
    } else {
        word
    };
    step_rank(word).filter(|_| !Word::of(word).has(Word::SHORT_STEP))
}

/// Whether steps of this rank number the trials of a search, which no line below belongs to.
pub(super) fn is_trial(rank: usize) -> bool {
    STEPS[rank] == "trial"
}

pub(super) fn is_phase(word: &str) -> bool {
    Word::of(word).is_phase()
}

/// Whether the phase is that of training.
pub(super) fn is_training(word: &str) -> bool {
    PHASES[..2]
        .iter()
        .any(|phase| phase.eq_ignore_ascii_case(word))
}

/// Whether a name is of a measurement, whatever stands around it.
pub(super) fn is_metric(name: &str) -> bool {
    let is_part = |part: &str| {
        let plain = part.trim_end_matches(|letter: char| letter.is_ascii_digit());
        Word::of(part).has(Word::METRIC) || (plain != part && Word::of(plain).has(Word::METRIC))
    };
    name.split(|letter: char| !letter.is_alphanumeric())
        .any(is_part)
        || name.contains('@')
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
    let is_word = |word: &str| {
        Word::of(word).has(Word::SETTING)
            || word
                .split('_')
                .any(|part| Word::of(part).has(Word::SETTING))
            || ["max", "min", "num", "n_"]
                .iter()
                .any(|start| word.starts_with(start))
    };
    name.split(|letter: char| !(letter.is_alphanumeric() || letter == '_'))
        .any(is_word)
        || name.ends_with("learn rate")
        || is_environment_variable(name)
}

/// `CUDA_VISIBLE_DEVICES`.
fn is_environment_variable(name: &str) -> bool {
    name.contains('_')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

pub(super) fn is_progress(name: &str) -> bool {
    Word::of(name).has(Word::PROGRESS)
}

/// Whether a word announces settings (`Namespace`, `Fold1`, `parameters`).
pub(super) fn announces_settings(word: &str) -> bool {
    let plain = word.trim_end_matches(|letter: char| letter.is_ascii_digit());
    Word::of(plain).has(Word::CONTEXT)
}

/// Whether a name tells of the whole run.
pub(super) fn is_summary(name: &str) -> bool {
    let first = name.split([' ', '_']).next().unwrap_or_default();
    Word::of(first).has(Word::SUMMARY)
}
