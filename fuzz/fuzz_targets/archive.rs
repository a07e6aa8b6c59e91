#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sweep_planner_fuzz::archive(bytes));
