//! The estimate and the budget of a launch in its request: what the page sends of them, and how a server
//! reads them.

use super::Refusal;
use crate::api::{RunSpec, Scalar, SweepOptions};
use crate::estimate::{EstimateSettings, Money, Noise, RunTime, parse_run_time};
use crate::sweep::{QUOTED_MAX, truncate_chars};

/// The longest run time of a request, in bytes.
pub const RUN_TIME_MAX: usize = 4096;
/// The longest name of a budget's group, in characters.
pub const BUDGET_GROUP_MAX: usize = 64;

/// Stands for the machine of a stated run time that a request does not name: it is no machine's name.
const STATED_ELSEWHERE: &str = "(stated)";

/// The run time by which a launch was estimated, as its request has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeptEstimate {
    /// As a person typed it.
    pub run_time: String,
    /// `stated`, `measured` or `fitted`.
    pub source: &'static str,
    /// By what it is multiplied on the machine of the command.
    pub factor: Option<f64>,
    /// Its uncertainty, where that is not the source's own.
    pub noise: Option<Noise>,
}

/// The words for where a run time comes from.
const SOURCES: [&str; 3] = ["stated", "measured", "fitted"];

impl KeptEstimate {
    /// A run time as typed.
    pub fn stated(run_time: &str) -> KeptEstimate {
        KeptEstimate {
            run_time: run_time.to_owned(),
            source: "stated",
            ..KeptEstimate::default()
        }
    }

    /// A run time in force, by the text that a person typed for it; None where its text cannot say it.
    pub fn of(run_time: &RunTime, typed: &str) -> Option<KeptEstimate> {
        match run_time {
            RunTime::Constant(_) | RunTime::Range(_) | RunTime::Formula(_) => {
                Some(KeptEstimate::stated(typed))
            }
            RunTime::Measured(measured) => {
                let scaled = measured.scaled();
                let mean = [measured.mean().as_f64().to_string().as_str(), " s"].concat();
                Some(KeptEstimate {
                    source: "measured",
                    factor: scaled.map(|(_, factor)| factor),
                    noise: Some(measured.noise()),
                    ..KeptEstimate::stated(scaled.map_or(&mean, |_| typed))
                })
            }
            RunTime::Fitted(_) => None,
        }
    }

    /// Writes it, and what else of the settings decides the estimate, into a request.
    pub fn write(&self, options: &mut SweepOptions, settings: &EstimateSettings) {
        let number = |value: f64| Scalar(value.to_string());
        options.run_time = Some(Scalar(self.run_time.trim().to_owned()));
        options.run_time_source = Some(Scalar(self.source.to_owned()));
        options.run_time_factor = self.factor.map(number);
        options.run_time_noise = self
            .noise
            .map(|noise| Scalar([noise.shared.to_string(), noise.own.to_string()].join(",")));
        options.interruptions_per_hour = settings.interruptions_per_hour.map(number);
    }
}

/// The settings by which a server estimates a launch: the `rules` of the cluster, and what the request
/// states. Without a run time there is none in the answer. O(length of the texts).
///
/// # Errors
/// A text that cannot be read.
pub fn read_estimate_settings(
    spec: &RunSpec,
    rules: EstimateSettings,
) -> Result<EstimateSettings, Refusal> {
    let options = &spec.sweep_options;
    let Some(text) = non_empty(options.run_time.as_ref()) else {
        return Ok(rules);
    };
    let source = non_empty(options.run_time_source.as_ref()).unwrap_or(SOURCES[0]);
    if !SOURCES.contains(&source) {
        let expected = "`stated`, `measured` or `fitted`";
        return Err(refuse("sweepOptions.run_time_source", expected, source));
    }
    let factor = parse_above_zero(
        "sweepOptions.run_time_factor",
        options.run_time_factor.as_ref(),
    )?;
    let interruptions = parse_above_zero(
        "sweepOptions.interruptions_per_hour",
        options.interruptions_per_hour.as_ref(),
    )?;
    Ok(EstimateSettings {
        run_time: Some(read_run_time(text)?),
        noise: read_noise(options.run_time_noise.as_ref())?,
        interruptions_per_hour: interruptions,
        stated_on: factor.map(|_| STATED_ELSEWHERE.to_owned()),
        machine_factors: factor
            .map(|factor| (spec.instance_type.clone(), factor))
            .into_iter()
            .collect(),
        ..rules
    })
}

fn read_run_time(text: &str) -> Result<RunTime, Refusal> {
    parse_run_time(text).map_err(|error| Refusal::InvalidRunTime {
        text: truncate_chars(text, QUOTED_MAX),
        error,
    })
}

fn read_noise(text: Option<&Scalar>) -> Result<Option<Noise>, Refusal> {
    let Some(text) = non_empty(text) else {
        return Ok(None);
    };
    let number = |text: &str| text.trim().parse().ok().filter(|v| (0.0..=3.0).contains(v));
    let noise = text
        .split_once(',')
        .and_then(|(shared, own)| Some((number(shared)?, number(own)?)));
    let expected = "two numbers from 0 to 3, such as `0.2,0.1`";
    noise
        .map(|(shared, own)| Some(Noise { shared, own }))
        .ok_or_else(|| refuse("sweepOptions.run_time_noise", expected, text))
}

fn parse_above_zero(field: &'static str, text: Option<&Scalar>) -> Result<Option<f64>, Refusal> {
    let Some(text) = non_empty(text) else {
        return Ok(None);
    };
    let read = text.parse().ok();
    let read = read.filter(|value: &f64| *value > 0.0 && value.is_finite());
    read.map(Some)
        .ok_or_else(|| refuse(field, "a number above zero", text))
}

/// USD of a budget; None where there is none.
///
/// # Errors
/// Anything but a plain decimal above zero.
pub fn parse_budget(text: Option<&Scalar>) -> Result<Option<Money>, Refusal> {
    let Some(text) = text.map(|text| text.as_str().trim()) else {
        return Ok(None);
    };
    let amount = Money::from_decimal(text).filter(|amount| !amount.is_zero());
    amount.map(Some).ok_or_else(|| {
        refuse(
            "sweepOptions.budget",
            "USD above zero such as `12.50`",
            text,
        )
    })
}

/// The name of a budget's group; None where there is none.
///
/// # Errors
/// A name that is too long or holds other characters.
pub fn check_budget_group(text: Option<&Scalar>) -> Result<Option<&str>, Refusal> {
    let Some(text) = non_empty(text) else {
        return Ok(None);
    };
    let fits = text.len() <= BUDGET_GROUP_MAX
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    let expected = "up to 64 letters, digits, `-`, `_` and `.`";
    fits.then_some(Some(text))
        .ok_or_else(|| refuse("sweepOptions.group", expected, text))
}

fn non_empty(text: Option<&Scalar>) -> Option<&str> {
    text.map(|text| text.as_str().trim())
        .filter(|text| !text.is_empty())
}

fn refuse(field: &'static str, expected: &'static str, found: &str) -> Refusal {
    Refusal::InvalidField {
        field,
        expected,
        found: truncate_chars(found, QUOTED_MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimate::Catalogue;
    use crate::testing::test;

    fn spec(set: impl FnOnce(&mut SweepOptions)) -> RunSpec {
        let mut spec = RunSpec {
            instance_type: "m5a.large".to_owned(),
            ..RunSpec::default()
        };
        set(&mut spec.sweep_options);
        spec
    }

    #[test]
    fn what_is_written_is_read() {
        let kept = KeptEstimate {
            factor: Some(1.25),
            noise: Some(Noise {
                shared: 0.2,
                own: 0.1,
            }),
            source: "measured",
            ..KeptEstimate::stated(" minutes = 2 * n ")
        };
        let settings = EstimateSettings {
            interruptions_per_hour: Some(0.05),
            ..EstimateSettings::cloud()
        };
        let spec = spec(|options| kept.write(options, &settings));
        let read = read_estimate_settings(&spec, EstimateSettings::cloud()).unwrap();
        assert_eq!(read.run_time, parse_run_time("minutes = 2 * n").ok());
        assert_eq!(read.noise, kept.noise);
        assert_eq!(read.interruptions_per_hour, Some(0.05));
        let on = read.run_time_on("m5a.large", Catalogue::embedded());
        assert_eq!(on.factor(), 1.25);
        let without = read_estimate_settings(&RunSpec::default(), EstimateSettings::local());
        assert_eq!(without, Ok(EstimateSettings::local()));
    }

    #[test]
    fn a_measured_run_time_is_read_as_it_is() {
        use crate::estimate::{MeasuredRunTime, PilotTrial, Seconds};
        use crate::formula::ArgumentValue;
        let typed = "seconds = 10 * n";
        let stated = parse_run_time(typed).unwrap();
        let pilot = |stated| PilotTrial {
            stated,
            measured: Seconds::from_whole(25),
        };
        let on_ten = pilot(Some(Seconds::from_whole(10)));
        for (stated, pilots) in [(Some(&stated), [on_ten, on_ten]), (None, [pilot(None); 2])] {
            let measured = MeasuredRunTime::new(stated, &pilots).unwrap();
            let run_time = RunTime::Measured(measured);
            let kept = KeptEstimate::of(&run_time, typed).unwrap();
            let spec = spec(|options| kept.write(options, &EstimateSettings::cloud()));
            let read = read_estimate_settings(&spec, EstimateSettings::cloud()).unwrap();
            assert_eq!(read.noise, run_time.noise());
            let factor = read
                .run_time_on("m5a.large", Catalogue::embedded())
                .factor();
            let n = |_: &str| Some(ArgumentValue::Number(4.0));
            let found = read.run_time.unwrap().evaluate(n).unwrap();
            assert_eq!(Ok(found.scale_unless_one(factor)), run_time.evaluate(n));
        }
    }

    #[test]
    fn broken_texts_are_refused_in_words() {
        type Change = fn(&mut SweepOptions);
        let cases: [(Change, &str); 5] = [
            (
                |o| o.run_time = Some("minutes = 2 *".into()),
                "sweepOptions.run_time: expected",
            ),
            (
                |o| o.run_time_source = Some("guessed".into()),
                "sweepOptions.run_time_source: expected `stated`",
            ),
            (
                |o| o.run_time_factor = Some("-1".into()),
                "sweepOptions.run_time_factor: expected a number above zero, found `-1`",
            ),
            (
                |o| o.run_time_noise = Some("0.2".into()),
                "sweepOptions.run_time_noise: expected two numbers",
            ),
            (
                |o| o.interruptions_per_hour = Some("NaN".into()),
                "sweepOptions.interruptions_per_hour: expected a number",
            ),
        ];
        for (change, words) in cases {
            let spec = spec(|options| {
                options.run_time = Some("10 min".into());
                change(options);
            });
            let refusal = read_estimate_settings(&spec, EstimateSettings::cloud()).unwrap_err();
            assert!(refusal.to_string().starts_with(words), "{refusal}");
        }
    }

    #[test]
    fn budgets_and_groups() {
        let budget = |text: &str| parse_budget(Some(&text.into()));
        assert_eq!(budget("12.50").unwrap(), Money::from_decimal("12.5"));
        assert_eq!(parse_budget(None), Ok(None));
        for text in ["", "0", "0.00", "-1", "$5", "1e3", "1,5", "NaN"] {
            assert!(budget(text).is_err(), "{text}");
        }
        let group =
            |text: &str| check_budget_group(Some(&text.into())).map(|group| group.is_some());
        assert_eq!(group("a-B_1.x"), Ok(true));
        assert_eq!(group(" "), Ok(false));
        for text in ["a b", "é", "a/b", &"x".repeat(65)] {
            assert!(group(text).is_err(), "{text}");
        }
    }
}
