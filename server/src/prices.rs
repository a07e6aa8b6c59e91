//! A person's own prices: the file of the data folder that `sweep prices import` writes, and one that the
//! configuration or `--prices` names.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use sweep_planner::estimate::{Catalogue, OwnPrices, PriceListProblem};

use crate::data_dir::DataDir;
use crate::sources::read_named;
use crate::system::random::to_hex;

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
    /// Each list can be read, but both together are none.
    #[error("the imported prices and those of the configuration cannot be used together: {0}")]
    Together(PriceListProblem),
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

/// The prices that a server estimates and bills by: those of a data folder, and before them those of the
/// file that the configuration names.
pub fn read_both(data: &DataDir, file: Option<&Path>) -> Result<OwnPrices, PricesError> {
    let mut own = read_imported(data)?;
    if let Some(file) = file {
        own.merge(read_list(file)?);
        ensure_readable(&own).map_err(PricesError::Together)?;
    }
    Ok(own)
}

/// Refuses what cannot be read again once it is written, as too many machines.
fn ensure_readable(prices: &OwnPrices) -> Result<(), PriceListProblem> {
    let problem = match OwnPrices::parse(&prices.to_csv()) {
        Err(problems) if !prices.is_empty() => problems.into_iter().next(),
        _ => None,
    };
    problem.map_or(Ok(()), Err)
}

/// Replaces the list of a data folder in one step, so that a reader has the old one or the new one.
pub fn write_imported(data: &DataDir, prices: &OwnPrices) -> Result<(), PricesError> {
    let path = data.prices();
    ensure_readable(prices).map_err(|problem| PricesError::Invalid {
        file: path.clone(),
        problems: vec![problem],
    })?;
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

/// One's own prices as the API publishes them.
#[derive(Clone, Debug)]
pub struct PublishedPrices {
    /// In the plain form, without the sources of the prices, which may name files of the server; empty
    /// where there are none. Its size is bounded by that of a list: at most 5,000 machines with short
    /// fields.
    pub csv: Arc<str>,
    /// Names its content: an entity tag with its quotes.
    pub tag: String,
}

impl PublishedPrices {
    /// Writes the list once, for all answers.
    pub fn new(own: &OwnPrices) -> Self {
        let csv = if own.is_empty() {
            String::new()
        } else {
            own.without_sources().to_csv()
        };
        let hash = Sha256::digest(csv.as_bytes());
        Self {
            tag: format!("\"{}\"", to_hex(&hash[..16])),
            csv: csv.into(),
        }
    }
}
