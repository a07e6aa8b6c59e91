//! The estimate that a run keeps, and the budget that it gets, from its launch.

use sweep_planner::api::{CreateRun, EstimateRange, RunEstimate, RunSpec, Scalar};
use sweep_planner::estimate::{
    Catalogue, EstimateSettings, Money, Seconds, Spread, TrialMeter, TrialRunTimes, estimate_plan,
};
use sweep_planner::launch::{check_budget_group, parse_budget, read_estimate_settings};
use sweep_planner::sweep::Ranges;
use sweep_planner::sweep::diagnostic::format_count;

use crate::app::App;
use crate::config::Config;
use crate::http::error::{ApiError, to_sentence, truncated};
use crate::model::price::BillingTerms;
use crate::model::{LaunchEstimate, NewBudget, NewTrials};

/// Estimates a launch by the core, as the page and the terminal do. `spec` has the machine that the
/// command names. O(trials).
pub(super) fn estimate_launch(
    config: &Config,
    cluster: &str,
    spec: &RunSpec,
    trials: &NewTrials,
) -> Result<LaunchEstimate, ApiError> {
    let settings = read_settings(config, cluster, spec)?;
    let (catalogue, plan) = (config.catalogue.as_ref(), trials.plan());
    let times = TrialRunTimes::compute(plan, trials.chosen(), &settings, catalogue);
    Ok(LaunchEstimate {
        kept: settings
            .run_time
            .is_some()
            .then(|| kept_estimate(spec, trials, &times, &settings, catalogue)),
        times,
        meter: TrialMeter::new(plan, &settings, catalogue),
    })
}

/// The rules of the cluster, the run time that the launch states, and the limit at which trials are ended.
fn read_settings(
    config: &Config,
    cluster: &str,
    spec: &RunSpec,
) -> Result<EstimateSettings, ApiError> {
    let rules = config
        .clusters
        .get(cluster)
        .map_or_else(EstimateSettings::cloud, |cluster| {
            cluster.estimate_settings()
        });
    let refuse = |refusal| ApiError::Invalid(to_sentence(&refusal));
    let mut settings = read_estimate_settings(spec, rules).map_err(refuse)?;
    let asked = spec.sweep_options.time_limit.as_ref();
    let limit = asked.and_then(|limit| limit.0.parse().ok());
    let limit = limit.unwrap_or(config.limits.trial_seconds);
    settings.billing.max_run_time = (limit > 0).then(|| Seconds::from_whole(limit));
    Ok(settings)
}

fn kept_estimate(
    spec: &RunSpec,
    trials: &NewTrials,
    times: &TrialRunTimes,
    settings: &EstimateSettings,
    catalogue: &Catalogue,
) -> RunEstimate {
    let options = &spec.sweep_options;
    let text = |value: &Option<Scalar>| value.clone().unwrap_or_default().0;
    let plan = trials.plan();
    let positions = plan.parts().first().map_or_else(Ranges::empty, |part| {
        Ranges::from_ascending(
            trials
                .chosen()
                .iter()
                .filter_map(|index| part.position_of(index)),
        )
    });
    let estimate = estimate_plan(plan, &positions, settings, catalogue);
    let (known, seconds) = times.sum(trials.count(), settings);
    let source = text(&options.run_time_source);
    RunEstimate {
        run_time: text(&options.run_time).trim().to_owned(),
        source: if source.is_empty() {
            "stated".to_owned()
        } else {
            source
        },
        trials: known,
        cost: estimate.cost.map(|cost| to_range(&cost, Money::as_f64)),
        machine_seconds: to_range(&seconds, |seconds| *seconds),
        remaining: None,
    }
}

fn to_range<T>(spread: &Spread<T>, to_number: impl Fn(&T) -> f64) -> EstimateRange {
    EstimateRange {
        low: to_number(&spread.low),
        likely: to_number(&spread.likely),
        high: to_number(&spread.high),
    }
}

/// The budget that a launch asks for: refused where it cannot be kept.
pub(super) async fn read_budget(
    app: &App,
    account: &str,
    id: &str,
    request: &CreateRun,
) -> Result<Option<NewBudget>, ApiError> {
    let options = &request.spec.sweep_options;
    let refuse = |refusal| ApiError::Invalid(to_sentence(&refusal));
    let group = check_budget_group(options.group.as_ref()).map_err(refuse)?;
    let amount = parse_budget(options.budget.as_ref()).map_err(refuse)?;
    match (amount, group) {
        (Some(amount), group) => Ok(Some(NewBudget {
            group: group.unwrap_or(id).to_owned(),
            // What was read is a decimal, so it can be written.
            amount: amount.to_exact_decimal().unwrap_or_default(),
        })),
        (None, Some(group)) => {
            let (account, name) = (account.to_owned(), group.to_owned());
            match app.store.budget_amount(account, name).await? {
                None => Ok(None),
                Some(amount) => Err(ApiError::Conflict(format!(
                    "The runs of the group `{group}` share a budget of ${amount}. Send the same \
                     budget, or launch without the group."
                ))),
            }
        }
        (None, None) => Ok(None),
    }
}

/// Refuses a budget for trials of which nobody knows what they cost at most. O(trials).
pub(super) fn check_high_figures(estimate: &LaunchEstimate, trials: u32) -> Result<(), ApiError> {
    let unknown = |number: &u32| estimate.figures(*number).high_bill.is_none();
    let Some(first) = (0..trials).find(unknown) else {
        return Ok(());
    };
    let others = match (first + 1..trials).filter(unknown).count() {
        0 => String::new(),
        others => format!(" (and {} more)", format_count(others as u128)),
    };
    Err(ApiError::Invalid(format!(
        "A budget cannot be kept: nobody knows what trial {}{others} costs at most. Give a run time \
         or a time limit.",
        format_count(u128::from(first) + 1)
    )))
}

/// Refuses a budget for trials without a price.
pub(super) fn check_price(terms: &BillingTerms, machine: &str) -> Result<(), ApiError> {
    match terms.rate {
        Some(_) => Ok(()),
        None => Err(ApiError::Invalid(format!(
            "A budget cannot be kept: the price of `{}` is unknown on this cluster.",
            truncated(machine)
        ))),
    }
}
