use jiff::Timestamp;
use records::recipe::Provider;
use serde::{Deserialize, Serialize};

/// Asks for the dataset to be uploaded and a job to be created.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UploadEvent {
    /// The run.
    pub run: String,
    /// The manifest that was approved. Another one in the bucket is refused.
    pub manifest_sha256: String,
}

/// A job is under way at the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submitted {
    /// The run.
    pub run: String,
    /// The provider's job id.
    pub job: String,
    /// The provider's id of the training file.
    pub file: String,
    /// When the provider created the job.
    pub submitted_at: Timestamp,
    /// When the workflow gives up.
    pub deadline: Timestamp,
    /// How the provider is spoken to, for the steps that do not read the plan.
    #[serde(default)]
    pub provider: Provider,
}
