#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| fuzz::leaves_the_rest(text));
