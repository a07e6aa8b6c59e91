//! What a file of a trial is to a person who looks for something, judged by its name.

use std::ffi::OsStr;

/// The file that marks its folder as a cache (<https://bford.info/cachedir/>), as pip's, pytest's and
/// Cargo's are.
pub(super) const CACHE_TAG: &str = "CACHEDIR.TAG";

/// In the order in which they are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ArtifactKind {
    /// A model, or a checkpoint of one.
    Model,
    /// Tables, documents, arrays.
    Result,
    /// Pictures and films.
    Plot,
    /// Anything else.
    Other,
    /// What a program reports as it runs.
    Log,
    /// What would be made, or fetched, again: compiled code, downloads, data sets of libraries.
    Cache,
}

/// Folders of caches, and of data sets that libraries fetch.
const CACHE_FOLDERS: &[&str] = &[
    // Of Python and its tools.
    "__pycache__",
    ".ipynb_checkpoints",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".eggs",
    ".tox",
    ".nox",
    ".venv",
    ".ipython",
    ".jupyter",
    ".conda",
    // Of a home folder: pip's, uv's, Hugging Face's, PyTorch's and Matplotlib's.
    ".cache",
    ".config",
    ".local",
    ".npm",
    "node_modules",
    ".git",
    // Of compilers for GPUs.
    ".nv",
    ".triton",
    ".cupy",
    // What libraries fetch.
    ".keras",
    ".torch",
    ".locks",
    "hf_cache",
    "scikit_learn_data",
    "nltk_data",
    "tensorflow_datasets",
    "cifar-10-batches-py",
    "cifar-100-python",
    "MNIST",
    "FashionMNIST",
    "KMNIST",
    "EMNIST",
    "QMNIST",
];
/// How folders of Hugging Face's hub and of `torch.compile` begin.
const CACHE_FOLDER_STARTS: &[&str] = &["models--", "datasets--", "spaces--", "torchinductor_"];
const CACHE_FILES: &[&str] = &[
    CACHE_TAG,
    ".DS_Store",
    "Thumbs.db",
    "cifar-10-python.tar.gz",
    "cifar-100-python.tar.gz",
];

const MODELS: &[&str] = &[
    "pt",
    "pth",
    "ckpt",
    "safetensors",
    "h5",
    "hdf5",
    "keras",
    "onnx",
    "tflite",
    "pb",
    "pkl",
    "pickle",
    "joblib",
    "model",
    "cbm",
    "ubj",
    "gguf",
    "msgpack",
];
const RESULTS: &[&str] = &[
    "csv", "tsv", "json", "jsonl", "ndjson", "yaml", "yml", "toml", "txt", "md", "html", "xlsx",
    "parquet", "feather", "arrow", "npy", "npz",
];
const PLOTS: &[&str] = &[
    "png", "jpg", "jpeg", "svg", "gif", "webp", "pdf", "eps", "tif", "tiff", "mp4", "webm",
];
const LOGS: &[&str] = &["log", "out", "err"];

/// Whether a folder of this name is a cache, with all that is in it.
pub(super) fn is_cache_folder(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| {
        CACHE_FOLDERS.contains(&name)
            || CACHE_FOLDER_STARTS
                .iter()
                .any(|start| name.starts_with(start))
    })
}

/// What a file is, by its path below the trial's folder, and its place among models: 0 the best, 1
/// the last, 2 others.
pub(super) fn rank(path: &str) -> (ArtifactKind, u8) {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let in_cache = folders
        .split('/')
        .any(|folder| is_cache_folder(OsStr::new(folder)));
    if in_cache || CACHE_FILES.contains(&name) || name.ends_with(".pyc") {
        return (ArtifactKind::Cache, 0);
    }
    let lower = name.to_ascii_lowercase();
    let (stem, ending) = lower.rsplit_once('.').unwrap_or((&lower, ""));
    // `pytorch_model.bin`, Stable-Baselines3's `best_model.zip`, XGBoost's `model.json`.
    let model = MODELS.contains(&ending)
        || matches!(ending, "bin" | "zip") && stem.contains("model")
        || lower == "model.json";
    let kind = match ending {
        _ if model => ArtifactKind::Model,
        _ if lower.contains(".tfevents.") => ArtifactKind::Log,
        _ if RESULTS.contains(&ending) => ArtifactKind::Result,
        _ if PLOTS.contains(&ending) => ArtifactKind::Plot,
        _ if LOGS.contains(&ending) => ArtifactKind::Log,
        _ => ArtifactKind::Other,
    };
    let place = match stem {
        _ if !model => 0,
        _ if stem.contains("best") => 0,
        _ if ["last", "final", "latest"]
            .iter()
            .any(|word| stem.contains(word)) =>
        {
            1
        }
        _ => 2,
    };
    (kind, place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_judged_by_names() {
        use ArtifactKind::{Cache, Log, Model, Other, Plot, Result};
        for (path, kind, place) in [
            ("a/Best.PT", Model, 0),
            ("model_final.pth", Model, 1),
            ("pytorch_model.bin", Model, 2),
            ("ppo/best_model.zip", Model, 0),
            ("model.json", Model, 2),
            ("tokens.bin", Other, 0),
            ("data.zip", Other, 0),
            ("best.csv", Result, 0),
            ("confusion.PNG", Plot, 0),
            ("events.out.tfevents.17.host.1.0", Log, 0),
            (".hydra/config.yaml", Result, 0),
            ("lightning_logs/version_0/metrics.csv", Result, 0),
            ("noending", Other, 0),
            ("MNIST", Other, 0),
            ("d/MNIST/raw/t10k.gz", Cache, 0),
            ("home/.cache/pip/x.json", Cache, 0),
            ("hub/models--bert/refs/main", Cache, 0),
            ("CACHEDIR.TAG", Cache, 0),
            ("pkg/mod.pyc", Cache, 0),
        ] {
            assert_eq!(rank(path), (kind, place), "{path}");
        }
    }
}
