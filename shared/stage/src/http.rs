//! The one way to build an HTTP client, and what its failures mean.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use crate::{ErrorName, StageError};

/// Builds a client with a timeout for connecting, no redirects and an honest name. Each request sets its own timeout.
///
/// Idle connections are dropped after four seconds: gateways close theirs after five, and a request that meets a
/// closing connection is reset.
///
/// # Errors
/// `Internal` when the TLS stack cannot be set up.
pub fn client() -> Result<reqwest::Client, StageError> {
    reqwest::Client::builder()
        .connect_timeout(Duration::from_secs(5))
        .timeout(Duration::from_mins(1))
        .pool_idle_timeout(Duration::from_secs(4))
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("zion/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| StageError::internal("cannot set up HTTPS").caused_by(error.without_url()))
}

/// Names a request that got no whole answer. The address is left out: its query may hold keys of rows.
pub fn unanswered(what: &str, error: reqwest::Error) -> StageError {
    StageError::new(ErrorName::Unavailable, format!("{what} got no whole answer"))
        .caused_by(error.without_url())
}

/// Names an answer that a retry can help: 408, 425, 429 and every 5xx. Others are the caller's to name.
pub fn retryable(status: StatusCode) -> Option<ErrorName> {
    match status.as_u16() {
        429 => Some(ErrorName::Throttled),
        408 | 425 | 500..=599 => Some(ErrorName::Unavailable),
        _ => None,
    }
}

/// Reads how long a service asks us to wait, in seconds or milliseconds; a date is not read.
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
    number("retry-after-ms")
        .map(Duration::from_millis)
        .or_else(|| number("retry-after").map(Duration::from_secs))
}
