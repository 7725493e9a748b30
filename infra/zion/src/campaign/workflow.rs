//! The states from `Upload` to `Trained`, as `infra/workflow.asl.json` has them.

use rand::Rng as _;
use rand_chacha::ChaCha8Rng;
use serde::Deserialize;
use serde_json::Value;

use crate::error::{Context as _, Error, Result};

const TEXT: &str = include_str!("../../../workflow.asl.json");

/// The workflow.
#[derive(Debug, Clone)]
pub(crate) struct Workflow {
    pub(crate) upload: Task,
    pub(crate) status: Task,
    /// Seconds before the first look at a job.
    pub(crate) first_wait: u64,
}

/// A step that a function does.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Task {
    #[serde(rename = "TimeoutSeconds")]
    pub(crate) timeout_seconds: u64,
    retry: Vec<Retrier>,
    catch: Vec<Catcher>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Retrier {
    error_equals: Vec<String>,
    interval_seconds: f64,
    backoff_rate: f64,
    max_attempts: u32,
    #[serde(default)]
    max_delay_seconds: Option<f64>,
    #[serde(default)]
    jitter_strategy: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Catcher {
    error_equals: Vec<String>,
    next: String,
}

impl Workflow {
    pub(crate) fn read() -> Result<Self> {
        let text: Value = serde_json::from_str(TEXT).context("read the workflow")?;
        let task = |name: &str| serde_json::from_value(text["States"][name].clone()).context("read a state");
        let first_wait = text["States"]["FirstWait"]["Seconds"].as_u64();
        let first_wait = first_wait.ok_or_else(|| Error::new("the workflow has no first wait"))?;
        Ok(Self { upload: task("Upload")?, status: task("Status")?, first_wait })
    }
}

impl Task {
    /// How often each retrier was used; a state that is entered anew begins anew.
    pub(crate) fn unused(&self) -> Vec<u32> {
        vec![0; self.retry.len()]
    }

    /// Milliseconds until the next try behind an error of that name; none when it is given up.
    pub(crate) fn again(&self, error: &str, used: &mut [u32], random: &mut ChaCha8Rng) -> Option<u64> {
        let named = |retrier: &Retrier| retrier.error_equals.iter().any(|name| name == error);
        let at = self.retry.iter().position(named)?;
        let (retrier, used) = (&self.retry[at], &mut used[at]);
        if *used >= retrier.max_attempts {
            return None;
        }
        let grown =
            retrier.interval_seconds * retrier.backoff_rate.powi(i32::try_from(*used).unwrap_or(i32::MAX));
        *used += 1;
        let seconds = grown.min(retrier.max_delay_seconds.unwrap_or(f64::MAX));
        let share = if retrier.jitter_strategy.as_deref() == Some("FULL") { random.random() } else { 1.0 };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "milliseconds of hours")]
        Some((seconds * share * 1_000.0) as u64)
    }

    /// The state that follows an error.
    pub(crate) fn next(&self, error: &str) -> Option<&str> {
        let named = |catcher: &&Catcher| {
            catcher.error_equals.iter().any(|name| name == error || name == "States.ALL")
        };
        self.catch.iter().find(named).map(|catcher| catcher.next.as_str())
    }
}
