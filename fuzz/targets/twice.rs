#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| fuzz::comes_to_an_end(text));
