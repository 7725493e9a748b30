#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| fuzz::counts_code_points(text));
