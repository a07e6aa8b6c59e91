#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| sweep_planner_fuzz::fixes(text));
