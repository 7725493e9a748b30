//! The knobs of the provider.

use super::error::Failure;
use super::state::Provider;
use serde::Deserialize;
use std::sync::Arc;

/// Body of `POST /_sandbox/provider`; what is absent stays as it is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    /// Milliseconds a job stays in each state.
    #[serde(default)]
    pub(crate) pace_ms: Option<u64>,
    /// The next job created ends as failed after running.
    #[serde(default)]
    pub(crate) fail_next_job: Option<Failure>,
    /// The next job created ends as cancelled after running.
    #[serde(default)]
    pub(crate) cancel_next_job: Option<bool>,
    /// A status word shown once, at the next look at a job.
    #[serde(default)]
    pub(crate) next_status_word: Option<String>,
}

/// A handle on the provider's knobs.
#[derive(Clone)]
pub(crate) struct Control(pub(crate) Arc<Provider>);

impl Control {
    /// Applies what a change names.
    pub(crate) fn apply(&self, change: Change) {
        let mut state = self.0.state();
        if let Some(pace) = change.pace_ms {
            state.pace_ms = i64::try_from(pace).unwrap_or(i64::MAX / 8);
        }
        if let Some(failure) = change.fail_next_job {
            state.fail_next_job = Some(failure);
        }
        if let Some(cancel) = change.cancel_next_job {
            state.cancel_next_job = cancel;
        }
        if let Some(word) = change.next_status_word {
            state.next_status_word = Some(word);
        }
    }
}
