//! The clock and random ids.

use rand::Rng as _;
use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Random letters and digits behind a prefix.
pub(crate) fn fresh_id(prefix: &str, length: usize) -> String {
    let mut random = rand::rng();
    let tail: String =
        (&mut random).sample_iter(rand::distr::Alphanumeric).take(length).map(char::from).collect();
    format!("{prefix}{tail}")
}
