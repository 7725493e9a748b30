use jiff::Timestamp;
use records::recipe::Provider;
use serde::{Deserialize, Serialize};

/// Asks for one poll.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StatusEvent {
    /// The run.
    pub run: String,
    /// The provider's job id.
    pub job: String,
    /// When the provider created the job.
    pub submitted_at: Timestamp,
    /// When the workflow gives up.
    pub deadline: Timestamp,
    /// How the provider is spoken to. An execution of an older template does not say.
    #[serde(default)]
    pub provider: Provider,
    /// Where the job was made, by the plan. An execution of an older template does not say.
    #[serde(default)]
    pub host: Option<String>,
}

/// What the workflow does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Waits and polls again.
    Waiting,
    /// Goes on.
    Trained,
}

/// Steps done of all steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Steps done.
    pub step: u64,
    /// All steps.
    pub of: u64,
}

/// One poll. A job that failed, was cancelled or is too late is an error, not an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Polled {
    /// What the workflow does next.
    pub state: JobState,
    /// The provider's own word.
    pub provider_status: String,
    /// How far it has come, where the provider says so.
    #[serde(default)]
    pub progress: Option<Progress>,
    /// Seconds until the next poll.
    pub wait_seconds: u64,
    /// The provider's model id, once trained.
    pub model: Option<String>,
    /// Tokens billed for, once known.
    pub trained_tokens: Option<u64>,
}
