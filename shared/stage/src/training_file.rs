//! How a job went, kept when it has ended: providers forget events sooner than models.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A job's end, with what it said on the way. Written by `status` at each end of a job, good or bad.
///
/// `E` and `C` are the provider port's events and checkpoints.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingFile<E, C> {
    /// Version of this schema.
    pub schema: u32,
    /// The run.
    pub run: String,
    /// The provider's job id.
    pub job: String,
    /// The provider's own word for how it ended.
    pub provider_status: String,
    /// The model's id; none when there is none.
    pub model: Option<String>,
    /// When the provider created the job.
    pub submitted_at: Timestamp,
    /// Tokens billed for, where the provider says so.
    pub trained_tokens: Option<u64>,
    /// What was not read of the following, and why: a failure's name, no answer in time, more than is read, another form.
    /// The rest is there; of a list that was not read to its end, the newest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<String>,
    /// What the job said, the oldest first: losses, warnings, examples that were skipped.
    pub events: Vec<E>,
    /// Models on the way, the oldest first.
    pub checkpoints: Vec<C>,
}
