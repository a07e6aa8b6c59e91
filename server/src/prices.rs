//! A person's own prices: the file of the data folder that `sweep prices import` writes, and one that the
//! configuration or `--prices` names.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sweep_planner::estimate::{Catalogue, OwnPrices, PriceListProblem};

use crate::data_dir::DataDir;
use crate::sources::read_named;

/// The largest price list that is read: SkyPilot's of AWS has some 20 MB.
const MAX_BYTES: u64 = 64 << 20;

/// Why a price list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PricesError {
    /// The file cannot be read.
    #[error("the price list {0} cannot be read: {1}")]
    Unreadable(PathBuf, io::Error),
    /// The file is no price list.
    #[error("the price list {file} cannot be used:\n{}", list_problems(.file, .problems))]
    Invalid {
        /// Where it is.
        file: PathBuf,
        /// At least one.
        problems: Vec<PriceListProblem>,
    },
    /// The list of the data folder cannot be written.
    #[error("the price list {0} cannot be written: {1}")]
    Unwritable(PathBuf, io::Error),
}

/// `prices.csv:7: a second price for …`, a line for each.
fn list_problems(file: &Path, problems: &[PriceListProblem]) -> String {
    let line = |problem: &PriceListProblem| {
        let PriceListProblem { line, message } = problem;
        format!("{}:{line}: {message}", file.display())
    };
    problems.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The text of a price list.
pub fn read_text(path: &Path) -> Result<String, PricesError> {
    read_named(path, MAX_BYTES).map_err(|error| PricesError::Unreadable(path.to_owned(), error))
}

/// A list in the plain form.
pub fn read_list(path: &Path) -> Result<OwnPrices, PricesError> {
    let text = read_text(path)?;
    OwnPrices::parse(&text).map_err(|problems| PricesError::Invalid {
        file: path.to_owned(),
        problems,
    })
}

/// The list of a data folder; an empty one where there is none.
pub fn read_imported(data: &DataDir) -> Result<OwnPrices, PricesError> {
    match read_list(&data.prices()) {
        Err(PricesError::Unreadable(_, error)) if error.kind() == io::ErrorKind::NotFound => {
            Ok(OwnPrices::default())
        }
        read => read,
    }
}

/// Replaces the list of a data folder in one step, so that a reader has the old one or the new one.
pub fn write_imported(data: &DataDir, prices: &OwnPrices) -> Result<(), PricesError> {
    let path = data.prices();
    let written = || -> io::Result<()> {
        let unfinished = path.with_extension(format!("csv.{}", std::process::id()));
        let mut file = File::create(&unfinished)?;
        file.write_all(prices.to_csv().as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&unfinished, &path)
    };
    written().map_err(|error| PricesError::Unwritable(path.clone(), error))
}

/// The built-in price list with own prices before it.
pub fn catalogue_with(own: &OwnPrices) -> Cow<'static, Catalogue> {
    if own.is_empty() {
        Cow::Borrowed(Catalogue::embedded())
    } else {
        Cow::Owned(Catalogue::embedded().with_own(own))
    }
}
