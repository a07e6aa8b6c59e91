//! Why settings cannot be used.

use std::path::PathBuf;

use crate::data_dir::DataDirError;
use crate::prices::PricesError;

/// A setting that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration file {0} cannot be read: {1}")]
    Unreadable(PathBuf, std::io::Error),
    /// The file is no TOML, or has an unknown key or a value of the wrong type.
    #[error("the configuration file {0}: {1}")]
    Invalid(PathBuf, Box<toml::de::Error>),
    /// The data folder is not to be used.
    #[error("{0}")]
    DataFolder(#[from] DataDirError),
    /// A folder is missing.
    #[error("the {0} folder {1} cannot be used: {2}")]
    Folder(&'static str, PathBuf, std::io::Error),
    /// The price list cannot be used.
    #[error("{0}")]
    Prices(#[from] PricesError),
    /// A value is wrong.
    #[error("{0}")]
    Value(String),
}
