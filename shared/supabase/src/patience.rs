//! How long a request is tried again before the workflow takes over.

use std::time::Duration;

use backon::ExponentialBuilder;

/// Longer waits are the workflow's: a Lambda that sleeps is billed.
pub(crate) const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Up to five more tries, growing waits with jitter.
pub(crate) fn patience() -> ExponentialBuilder {
    ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(200))
        .with_max_delay(LONGEST_WAIT)
        .with_max_times(5)
        .with_jitter()
}
