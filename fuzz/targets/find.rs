#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| fuzz::finds_in_order(text));
