use super::*;
use crate::testing::test;

#[test]
fn lengths() {
    for (text, micros) in [
        ("10 minutes", 600_000_000),
        ("10min", 600_000_000),
        ("10 Min", 600_000_000),
        (" 1h 30m ", 5_400_000_000),
        ("1h30m", 5_400_000_000),
        ("1 hour, 30 minutes", 5_400_000_000),
        ("90 s", 90_000_000),
        ("90 seconds", 90_000_000),
        ("1.5 h", 5_400_000_000),
        (".5 h", 1_800_000_000),
        ("0.1 minutes", 6_000_000),
        ("247.2 s", 247_200_000),
        ("2 days", 172_800_000_000),
        ("250 ms", 250_000),
        ("0.0000005 s", 1),
        ("1:30:00", 5_400_000_000),
        (" 0:00:01.25 ", 1_250_000),
        ("100:00:00", 360_000_000_000),
        ("1000000000000 s", 1_000_000_000_000_000_000),
        ("10", 600_000_000),
        (" 1.5 ", 90_000_000),
        ("5 min to 5 min", 300_000_000),
    ] {
        let expected = RunTime::Constant(Seconds::from_micros(micros));
        assert_eq!(parse_run_time(text), Ok(expected), "{text}");
    }
    assert!(matches!(
        parse_run_time("minutes = 10"),
        Ok(RunTime::Formula(_))
    ));
}

#[test]
fn ranges() {
    for (text, low, high) in [
        ("5 to 10 minutes", 300, 600),
        ("5 to 10", 300, 600),
        ("5-10 min", 300, 600),
        ("5\u{2013}10 min", 300, 600),
        ("5 min - 10", 300, 600),
        ("30s to 2m", 30, 120),
        ("30 s To 1h 30m", 30, 5400),
        ("0:30:00 to 1:30:00", 1800, 5400),
        ("1:30:00-2h", 5400, 7200),
    ] {
        let range = TimeRange {
            low: Seconds::from_whole(low),
            high: Seconds::from_whole(high),
        };
        assert_eq!(parse_run_time(text), Ok(RunTime::Range(range)), "{text}");
    }
    let Ok(range) = parse_run_time("4 to 9 min") else {
        panic!("a range");
    };
    assert_eq!(range.evaluate(|_| None), Ok(Seconds::from_whole(360)));
    assert_eq!(range.noise(), Noise::from_range(240.0, 540.0));
}

#[test]
fn refusals() {
    let no_unit = "a formula begins with `seconds =`, `minutes =` or `hours =`";
    for (text, at, message) in [
        (
            "5 to 1h 30m",
            "5",
            "expected a unit after `5`: `5 seconds`, `5 minutes` or `5 hours`",
        ),
        (
            "10 to 5 min",
            "10 to 5 min",
            "the second time of a range is the longer one",
        ),
        ("0 to 5 min", "0", "a run time must be above zero"),
        ("5 - x", "5 - x", no_unit),
        (
            "5 to",
            "to",
            "expected a unit of time (seconds, minutes, hours, days), found `to`",
        ),
        (
            "5 to x",
            "x",
            "expected a run time such as `10 minutes`, found `x`",
        ),
        (
            "1h 30",
            "30",
            "expected a unit after `30`: `30 seconds`, `30 minutes` or `30 hours`",
        ),
        (
            "",
            "",
            "expected a run time such as `10 minutes`, found the end",
        ),
        (
            "  ",
            "",
            "expected a run time such as `10 minutes`, found the end",
        ),
        (
            "soon!",
            "soon!",
            "expected a run time such as `10 minutes`, found `soon!`",
        ),
        (
            "-3 s",
            "-3 s",
            "expected a run time such as `10 minutes`, found `-3 s`",
        ),
        (
            "1,5 h",
            ",5 h",
            "expected a run time such as `10 minutes`, found `,5 h`",
        ),
        ("1.2.3 s", "1.2.3", "expected a number, found `1.2.3`"),
        (". s", ".", "expected a number, found `.`"),
        (
            "10 parsecs",
            "parsecs",
            "expected a unit of time (seconds, minutes, hours, days), found `parsecs`",
        ),
        (
            "30m 1h",
            "h",
            "expected a smaller unit than the one before, found `h`",
        ),
        (
            "1h 2h",
            "h",
            "expected a smaller unit than the one before, found `h`",
        ),
        ("0 s", "0 s", "a run time must be above zero"),
        ("0:00:00", "0:00:00", "a run time must be above zero"),
        (
            "1000000000001 s",
            "1000000000001 s",
            "a run time may be at most 1,000,000,000,000 seconds",
        ),
        (
            "9999999999999999999999999999999999999999999 s",
            "9999999999999999999999999999999999999999999",
            "a run time may be at most 1,000,000,000,000 seconds",
        ),
        (
            "1:30",
            "1:30",
            "hours and minutes, or minutes and seconds? Write `1h 30m`, `1m 30s` or `1:30:00`",
        ),
        (
            "1:75:00",
            "75",
            "expected two digits from 00 to 59, found `75`",
        ),
        (
            "1:5:00",
            "5",
            "expected two digits from 00 to 59, found `5`",
        ),
        ("40 * epochs", "40 * epochs", no_unit),
        ("epochs", "epochs", no_unit),
    ] {
        let error = parse_run_time(text).expect_err(text);
        assert_eq!(error.to_string(), message, "{text}");
        assert_eq!(error.span.slice(text), at, "{text}");
    }
}

#[test]
fn a_formula_too_long_to_count_is_a_fault() {
    let run_time = parse_run_time("hours = 1e12").unwrap();
    assert_eq!(run_time.evaluate(|_| None), Err(EvalError::TooLong(3.6e15)));
    let tiny = parse_run_time("seconds = 1e-30").unwrap();
    assert_eq!(tiny.evaluate(|_| None), Ok(Seconds::from_micros(1)));
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

        /// Any text is a run time above zero, or has a problem within it.
        #[test]
        fn any_text_is_a_run_time_or_has_a_problem(
            text in prop_oneof![any::<String>(), "[0-9. :mhsd–to-]{0,14}", "[0-9]{1,3} ?(min|h|s|) ?(to|-|–) ?[0-9]{1,3} ?(min|h|s|)"],
        ) {
            match parse_run_time(&text) {
                Ok(RunTime::Constant(run)) => prop_assert!(run > Seconds::ZERO),
                Ok(RunTime::Range(range)) => {
                    prop_assert!(Seconds::ZERO < range.low() && range.low() < range.high());
                    prop_assert!(range.low() <= range.median() && range.median() <= range.high());
                }
                Ok(_) => {}
                Err(error) => {
                    prop_assert!(error.span.start <= error.span.end);
                    prop_assert!(error.span.end as usize <= text.len());
                    prop_assert!(text.is_char_boundary(error.span.start as usize));
                    prop_assert!(text.is_char_boundary(error.span.end as usize));
                }
            }
        }
    }
}
