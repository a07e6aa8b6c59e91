//! What the estimate of `sweep plan` depends on: the cluster's rules, the run time, the price list.

use std::borrow::Cow;
use std::path::PathBuf;

use clap::Args;
use sweep_planner::estimate::{
    self, Catalogue, Date, EstimateSettings, Failures, Money, RunTime, Seconds, unknown_names,
};
use sweep_planner::sweep::Plan;
use sweep_planner::sweep::diagnostic::render_with_carets;

use crate::config::{load_clusters, load_own_prices};
use crate::prices::{catalogue_with, read_list};
use crate::system::clock;

/// The options of `sweep plan` for its estimate.
#[derive(Args, Debug)]
pub(super) struct PricingArgs {
    /// How long a trial runs: `10 minutes`, `5 to 10 min`, or `minutes = 40 * epochs / batch_size`
    #[arg(long, value_name = "TEXT")]
    pub(super) run_time: Option<String>,
    /// Trials that run at once
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    parallel: Option<u32>,
    /// The time after which a script is stopped: `2h`
    #[arg(long, value_name = "TIME", value_parser = parse_length)]
    time_limit: Option<Seconds>,
    /// Interruptions per hour of interruptible machines, after each of which a trial starts over: `0.05`
    #[arg(long, value_name = "NUMBER", value_parser = parse_rate)]
    interruptions: Option<f64>,
    /// The share of attempts that fail, after half of their run: `0.1` or `10%`
    #[arg(long, value_name = "SHARE", value_parser = parse_share)]
    failures: Option<f64>,
    /// How often a failed trial is tried again
    #[arg(long, value_name = "N", default_value_t = 0, requires = "failures")]
    retries: u32,
    /// The machine for which the run time holds, where it is not the command's
    #[arg(long, value_name = "MACHINE")]
    run_time_on: Option<String>,
    /// How long a trial runs on another machine, as a multiple: `g5.xlarge=0.5` is twice as fast
    #[arg(long, value_name = "MACHINE=FACTOR", value_parser = parse_factor)]
    machine_factor: Vec<(String, f64)>,
    /// Estimate by the rules, the price and the slots of a cluster: `local`, or one of the server's
    /// configuration; by those of a cloud that starts a machine for each trial otherwise
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
    /// The server's settings (TOML), in which the cluster is configured, and the file of your own prices
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Prices of your own, which go before the price list's: a CSV with the columns `name` and
    /// `on_demand_usd_per_hour` or `spot_usd_per_hour` [default: that of --config]
    #[arg(long, value_name = "FILE")]
    prices: Option<PathBuf>,
}

/// A length of time such as `8h`.
pub(super) fn parse_length(text: &str) -> Result<Seconds, String> {
    match estimate::parse_run_time(text) {
        Ok(RunTime::Constant(length)) => Ok(length),
        Ok(_) | Err(_) => Err("expected one length of time, such as `8h`".to_owned()),
    }
}

fn parse_factor(text: &str) -> Result<(String, f64), String> {
    let expected =
        || "expected a machine and a number above zero, such as `g5.xlarge=0.5`".to_owned();
    let (machine, factor) = text.rsplit_once('=').ok_or_else(expected)?;
    let factor: f64 = factor.trim().parse().map_err(|_| expected())?;
    let is_usable = factor > 0.0 && factor.is_finite() && !machine.trim().is_empty();
    is_usable
        .then(|| (machine.trim().to_owned(), factor))
        .ok_or_else(expected)
}

fn parse_rate(text: &str) -> Result<f64, String> {
    let rate = text.trim().parse().ok();
    let usable = rate.filter(|rate: &f64| *rate >= 0.0 && rate.is_finite());
    usable.ok_or_else(|| "expected a number from 0 up, such as `0.05`".to_owned())
}

fn parse_share(text: &str) -> Result<f64, String> {
    let (number, unit) = match text.trim().strip_suffix('%') {
        Some(number) => (number, 100.0),
        None => (text, 1.0),
    };
    let share = number
        .trim()
        .parse::<f64>()
        .ok()
        .map(|number| number / unit);
    let usable = share.filter(|share| (0.0..=1.0).contains(share));
    usable.ok_or_else(|| "expected a share from 0 to 1, such as `0.1` or `10%`".to_owned())
}

/// Dollars, with or without a `$` and commas.
pub(super) fn parse_dollars(text: &str) -> Result<Money, String> {
    Money::from_typed(text)
        .ok_or_else(|| "expected dollars above zero, such as `20` or `0.50`".to_owned())
}

/// Settings and prices of an estimate.
pub(super) struct Pricing {
    pub(super) settings: EstimateSettings,
    pub(super) catalogue: Cow<'static, Catalogue>,
}

impl PricingArgs {
    /// Finds the cluster and the price list; the run time is read later, once the text is.
    pub(super) fn load(&self) -> Result<Pricing, String> {
        let rules = self.cluster_rules()?;
        let mut settings = EstimateSettings {
            parallel: self.parallel.or(rules.parallel),
            interruptions_per_hour: self.interruptions,
            failures: self.failures.map(|probability| Failures {
                probability,
                fraction: 0.5,
                retries: self.retries,
            }),
            stated_on: self.run_time_on.clone(),
            machine_factors: self.machine_factor.clone(),
            today: Some(Date::from_unix_seconds(clock::now().micros() / 1_000_000)),
            ..rules
        };
        settings.billing.max_run_time = self.time_limit;
        Ok(Pricing {
            settings,
            catalogue: self.load_prices()?,
        })
    }

    /// The price list, with the person's own prices before it.
    fn load_prices(&self) -> Result<Cow<'static, Catalogue>, String> {
        let own = match &self.prices {
            Some(file) => read_list(file).map_err(|error| error.to_string())?,
            None => load_own_prices(self.config.as_deref()).map_err(|error| error.to_string())?,
        };
        if self.config.is_some() && self.cluster.is_none() && own.is_empty() {
            return Err("--config is for --cluster, or for `prices` in the file".to_owned());
        }
        Ok(catalogue_with(&own))
    }

    /// The rules of the cluster that `--cluster` names, or of a cloud.
    fn cluster_rules(&self) -> Result<EstimateSettings, String> {
        let Some(name) = &self.cluster else {
            return Ok(EstimateSettings::cloud());
        };
        let clusters = load_clusters(self.config.as_deref()).map_err(|error| error.to_string())?;
        let cluster = clusters.get(name).ok_or_else(|| {
            let known: Vec<&str> = clusters.keys().map(String::as_str).collect();
            let known = known.join(", ");
            match &self.config {
                Some(file) => format!("{} has no cluster `{name}`, only {known}", file.display()),
                None => format!("there is no cluster `{name}` without --config, only {known}"),
            }
        })?;
        Ok(cluster.estimate_settings())
    }

    /// The run time, where one is given; the error is rendered.
    pub(super) fn parse_run_time(&self) -> Result<Option<RunTime>, String> {
        let Some(text) = &self.run_time else {
            return Ok(None);
        };
        let run_time = estimate::parse_run_time(text);
        run_time.map(Some).map_err(|error| {
            render_with_carets("error", &error.to_string(), None, text, error.span)
        })
    }

    /// Reports names of the formula that no command has: their trials have no run time.
    pub(super) fn warn_of_unknown_names(&self, run_time: Option<&RunTime>, plan: &Plan) {
        let (Some(run_time), Some(text)) = (run_time, &self.run_time) else {
            return;
        };
        for problem in unknown_names(run_time, plan) {
            let message = problem.to_string();
            eprintln!(
                "{}",
                render_with_carets("warning", &message, None, text, problem.span)
            );
        }
    }
}
