//! The knobs of the provider.

use super::error::{Failure, ProviderError};
use super::files;
use super::state::Provider;
use super::webhooks::Target;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Body of `POST /_sandbox/provider`; what is absent stays as it is.
// No `Debug`: it may hold a webhook's key.
#[derive(Deserialize)]
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
    /// Milliseconds until a file may be trained on; meanwhile a job that names it is refused.
    #[serde(default)]
    pub(crate) files_ready_after_ms: Option<u64>,
    /// Milliseconds until new files and jobs are in lists.
    #[serde(default)]
    pub(crate) listed_after_ms: Option<u64>,
    /// Lists pass over `purpose` and `metadata`, as some hosts do.
    #[serde(default)]
    pub(crate) ignore_filters: Option<bool>,
    /// Lists hold items of kinds that no client knows yet.
    #[serde(default)]
    pub(crate) odd_items: Option<bool>,
    /// Milliseconds until an upload that was not completed expires; an hour at first.
    #[serde(default)]
    pub(crate) uploads_live_ms: Option<u64>,
    /// Days on which models shut down; null takes a day back.
    #[serde(default)]
    pub(crate) shutdown_dates: BTreeMap<String, Option<String>>,
    /// Where the ends of jobs are posted from now on, as `{"url": "http://127.0.0.1:…", "secret": "whsec_…"}`; null means
    /// nowhere.
    #[serde(default)]
    pub(crate) webhook: Target,
    /// Each event is posted twice.
    #[serde(default)]
    pub(crate) webhooks_twice: Option<bool>,
    /// Events wait for younger ones, two seconds at most, and are posted behind them.
    #[serde(default)]
    pub(crate) webhooks_reordered: Option<bool>,
}

/// A handle on the provider's knobs.
#[derive(Clone)]
pub(crate) struct Control(pub(crate) Arc<Provider>);

impl Control {
    /// The files there are, and the deleted ones that jobs were made from.
    pub(crate) fn files(&self) -> Vec<Value> {
        let state = self.0.state();
        let ready_ms = state.files_ready_after_ms;
        state.files.iter().chain(&state.used).map(|file| file.object(ready_ms)).collect()
    }

    /// The uploads there ever were, and where they stand.
    pub(crate) fn uploads(&self) -> Vec<Value> {
        let state = self.0.state();
        state.uploads.iter().map(|upload| upload.object(state.uploads_live_ms)).collect()
    }

    /// What one of them holds.
    pub(crate) async fn content(&self, id: &str) -> Result<Response, ProviderError> {
        let found = {
            let state = self.0.state();
            state.files.iter().chain(&state.used).find(|file| file.id == id).cloned()
        };
        files::send(&found.ok_or_else(|| ProviderError::no_file(id))?).await
    }

    /// Applies what a change names.
    pub(crate) fn apply(&self, change: Change) {
        let mut state = self.0.state();
        if let Some(pace) = change.pace_ms {
            state.pace_ms = milliseconds(pace);
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
        if let Some(ms) = change.files_ready_after_ms {
            state.files_ready_after_ms = milliseconds(ms);
        }
        if let Some(ms) = change.listed_after_ms {
            state.listed_after_ms = milliseconds(ms);
        }
        if let Some(ignore) = change.ignore_filters {
            state.ignore_filters = ignore;
        }
        if let Some(odd) = change.odd_items {
            state.odd_items = odd;
        }
        if let Some(ms) = change.uploads_live_ms {
            state.uploads_live_ms = milliseconds(ms);
        }
        state.shutdown_dates.extend(change.shutdown_dates);
        state.webhooks.go_to(change.webhook, &self.0);
        if let Some(twice) = change.webhooks_twice {
            state.webhooks.twice = twice;
        }
        if let Some(reordered) = change.webhooks_reordered {
            state.webhooks.reordered = reordered;
        }
    }
}

/// A duration that can be added to a time without an overflow.
pub(crate) fn milliseconds(ms: u64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX).min(i64::MAX / 8)
}
