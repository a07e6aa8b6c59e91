//! Run times and conditions, as a person types them.

use sweep_planner::internals::estimate::parse_run_time;
use sweep_planner::internals::formula::{ArgumentValue, Condition, Error, Formula};

/// Reads `text` as a formula, a condition and a run time, and evaluates what it gives.
pub fn formula(text: &str) {
    let lookups: [fn(&str) -> Option<ArgumentValue<'static>>; 4] = [
        |_| None,
        |_| Some(ArgumentValue::Number(-2.5)),
        |name| Some(ArgumentValue::Number(name.len() as f64 * 1e300)),
        |name| {
            Some(if name.len() % 2 == 0 {
                ArgumentValue::Text("sgd")
            } else {
                ArgumentValue::Number(f64::NAN)
            })
        },
    ];
    match Formula::parse(text) {
        Err(error) => check_error_place(text, &error),
        Ok(formula) => {
            for lookup in lookups {
                match formula.evaluate_seconds(lookup) {
                    Ok(seconds) => assert!(seconds.is_finite() && seconds > 0.0),
                    Err(fault) => assert!(!fault.to_string().is_empty()),
                }
            }
            let again = Formula::parse(formula.text()).expect("its own text");
            assert_eq!(again.expression().nodes(), formula.expression().nodes());
        }
    }
    match Condition::parse(text) {
        Err(error) => check_error_place(text, &error),
        Ok(condition) => {
            for lookup in lookups {
                if let Err(fault) = condition.holds(lookup) {
                    assert!(!fault.to_string().is_empty());
                }
            }
        }
    }
    match parse_run_time(text) {
        Err(error) => check_error_place(text, &error),
        Ok(run_time) => {
            for lookup in lookups {
                if let Ok(seconds) = run_time.evaluate(lookup) {
                    assert!(seconds.as_f64() > 0.0, "{run_time:?}");
                }
            }
        }
    }
}

fn check_error_place(text: &str, error: &Error) {
    let place = error.span.start as usize..error.span.end as usize;
    assert!(text.get(place).is_some(), "{error:?}");
    assert!(!error.to_string().is_empty());
}
