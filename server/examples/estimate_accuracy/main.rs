//! What the core estimates of a plan, for `scripts/estimate_accuracy.py`: reads a question as JSON from standard
//! input, and prints which trials are the pilot and how long all trials run together.
//!
//! `{"command": "grid run …", "run_time": "seconds = epochs / 4", "pilot": [[0, 5.1]], "finished": [[{"--epochs": "24"},
//! 5.1]]}`: run time, pilot trials (position and seconds) and finished trials (arguments and seconds) may be absent. Finished
//! trials go before the pilot's, and these before what is stated.

use std::collections::BTreeMap;
use std::error::Error;

use serde::Deserialize;
use sweep_planner::estimate::{
    Catalogue, EstimateSettings, FinishedTrial, FittedRunTime, RunTime, Seconds, TrialEstimator,
    calibrate, choose_pilot, parse_run_time,
};
use sweep_planner::sweep::{self, Plan, Ranges, Trial};

#[derive(Deserialize)]
struct Question {
    command: String,
    #[serde(default)]
    run_time: Option<String>,
    #[serde(default)]
    pilot: Vec<(u32, f64)>,
    #[serde(default)]
    finished: Vec<(BTreeMap<String, String>, f64)>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let question: Question = serde_json::from_reader(std::io::stdin())?;
    let plan = sweep::read(&question.command, &sweep::Settings::default()).plan;
    let (run_time, source) = find_run_time(&question, &plan)?;
    let settings = EstimateSettings {
        run_time: Some(run_time),
        ..EstimateSettings::local()
    };
    let catalogue = Catalogue::embedded();
    let estimator = TrialEstimator::new(&plan, &settings, catalogue);
    let mut total = 0.0;
    for position in 0..plan.len() {
        let trial = plan.trial(position).ok_or("no such trial")?;
        total += estimator
            .estimate(&trial)
            .seconds
            .ok_or("a trial without a run time")?;
    }
    let chosen = Ranges::full(plan.len());
    let pilot = choose_pilot(&plan, &chosen, &settings, catalogue).ok_or("no trial")?;
    let answer = serde_json::json!({
        "pilot": pilot.trials.to_string(),
        "trials": plan.len() as u64,
        "total_seconds": total,
        "source": source,
    });
    println!("{answer}");
    Ok(())
}

fn find_run_time(question: &Question, plan: &Plan) -> Result<(RunTime, String), Box<dyn Error>> {
    if !question.finished.is_empty() {
        let trials: Vec<FinishedTrial<'_>> = question.finished.iter().map(to_finished).collect();
        let fitted = FittedRunTime::new(&trials).ok_or("no fit exists")?;
        let fitted = fitted.for_plan(plan);
        let source = format!("{fitted}, {:?}", fitted.verdict());
        return Ok((RunTime::Fitted(fitted), source));
    }
    let stated = question.run_time.as_deref().map(parse_run_time);
    let stated = stated.transpose()?;
    let pilots: Vec<(Trial, Seconds)> = question
        .pilot
        .iter()
        .map(|(position, seconds)| {
            let trial = plan.trial((*position).into()).ok_or("no such trial")?;
            Ok((trial, Seconds::from_f64(*seconds).ok_or("no time")?))
        })
        .collect::<Result<_, &str>>()?;
    match calibrate(plan, stated.as_ref(), &pilots) {
        Some(measured) => Ok((RunTime::Measured(measured), "measured".to_owned())),
        None => Ok((stated.ok_or("no run time")?, "stated".to_owned())),
    }
}

fn to_finished(trial: &(BTreeMap<String, String>, f64)) -> FinishedTrial<'_> {
    let (arguments, seconds) = trial;
    let arguments = arguments.iter();
    FinishedTrial {
        arguments: arguments
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect(),
        run: Seconds::from_f64(*seconds),
    }
}
