//! `sweep prices`: prices of one's own.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::UNIX_EPOCH;

use clap::{Args, Subcommand};
use sweep_planner::estimate::{
    Date, Machine, Money, OwnPrices, PriceAge, SkyPilotSource, is_skypilot,
};

use crate::data_dir::DataDir;
use crate::prices::{PricesError, read_imported, read_list, read_text, write_imported};
use crate::system::clock;

#[derive(Debug, Args)]
pub(super) struct PricesArgs {
    #[command(subcommand)]
    command: PricesCommand,
    /// The server's data folder
    #[arg(long, value_name = "DIR", default_value = "data", global = true)]
    data: PathBuf,
}

#[derive(Debug, Subcommand)]
enum PricesCommand {
    /// Take over a list: SkyPilot's `vms.csv` of a cloud, or a CSV with the columns `name` and
    /// `on_demand_usd_per_hour` or `spot_usd_per_hour`
    ///
    /// A machine that was imported before gets the new price. The server has the list when it starts next.
    Import {
        /// The list
        file: PathBuf,
        /// The cloud of SkyPilot's list, by which billed time is rounded (`aws`, `gcp`, …)
        /// [default: the name of the file's folder]
        #[arg(long, value_name = "NAME")]
        provider: Option<String>,
        /// The region of SkyPilot's list whose prices are taken [default: each machine's cheapest]
        #[arg(long, value_name = "NAME")]
        region: Option<String>,
    },
    /// Print the imported prices
    List,
}

impl PricesArgs {
    pub(super) fn run(self) -> ExitCode {
        super::outcome::print_outcome(self.execute())
    }

    fn execute(self) -> Result<String, String> {
        let data = DataDir::new(self.data);
        match self.command {
            PricesCommand::Import {
                file,
                provider,
                region,
            } => import(&data, &file, provider, region),
            PricesCommand::List => {
                let prices = read_imported(&data).map_err(|error| error.to_string())?;
                Ok(prices.machines().map(describe).collect())
            }
        }
    }
}

fn import(
    data: &DataDir,
    file: &Path,
    provider: Option<String>,
    region: Option<String>,
) -> Result<String, String> {
    let text = read_text(file).map_err(|error| error.to_string())?;
    let (newer, mut report) = if is_skypilot(&text) {
        import_skypilot(file, &text, provider, region)?
    } else if provider.is_some() || region.is_some() {
        return Err("--provider and --region are for SkyPilot's list alone".to_owned());
    } else {
        let list = read_list(file).map_err(|error| error.to_string())?;
        (list, String::new())
    };
    data.make_private().map_err(|error| error.to_string())?;
    let mut prices = read_imported(data).map_err(|error| error.to_string())?;
    let count = newer.machines().count();
    let replaced = prices.merge(newer);
    write_imported(data, &prices).map_err(|error| error.to_string())?;
    report.insert_str(
        0,
        &format!("{count} machines imported, {replaced} of them known before\n"),
    );
    Ok(report)
}

/// SkyPilot's list, and what of it was left out.
fn import_skypilot(
    file: &Path,
    text: &str,
    provider: Option<String>,
    region: Option<String>,
) -> Result<(OwnPrices, String), String> {
    let folder = || {
        Some(
            file.canonicalize()
                .ok()?
                .parent()?
                .file_name()?
                .to_str()?
                .to_owned(),
        )
    };
    let provider = provider
        .or_else(folder)
        .ok_or("--provider: which cloud is this list of?")?;
    let source = SkyPilotSource {
        source: format!("SkyPilot's catalogue of {provider}, {}", file.display()),
        provider,
        region,
        as_of: modification_day(file),
    };
    let found = source.import(text).map_err(|problems| {
        let file = file.to_owned();
        PricesError::Invalid { file, problems }.to_string()
    })?;
    let mut report = String::new();
    if !found.unnameable.is_empty() {
        report.push_str(&format!(
            "left out, since no command can name them (`_` stands in Grid's nicknames): {}\n",
            found.unnameable.join(", ")
        ));
    }
    if found.without_machine > 0 {
        report.push_str(&format!("{} rows name no machine\n", found.without_machine));
    }
    Ok((found.prices, report))
}

/// The day of the prices: that of the file, since the list has none; nothing where it cannot be read.
fn modification_day(file: &Path) -> String {
    let modified = || {
        let modified = file.metadata().ok()?.modified().ok()?;
        let since = modified.duration_since(UNIX_EPOCH).ok()?;
        Some(Date::from_unix_seconds(i64::try_from(since.as_secs()).ok()?).to_string())
    };
    modified().unwrap_or_default()
}

fn today() -> Date {
    Date::from_unix_seconds(clock::now().micros() / 1_000_000)
}

/// `g5.xlarge: list $0.80, interruptible unknown, as of 2026-11-01`.
fn describe(machine: &Machine) -> String {
    let rate = |rate: Option<&Money>| {
        rate.map_or_else(
            || "unknown".to_owned(),
            |rate| format!("${}", rate.to_rate()),
        )
    };
    let as_of = match machine.as_of.as_str() {
        "" => "undated".to_owned(),
        day => format!("as of {day}{}", PriceAge::of(day, today()).remark()),
    };
    format!(
        "{}: list {}, interruptible {}, {as_of}\n",
        machine.name,
        rate(machine.rate(false)),
        rate(machine.rate(true))
    )
}
