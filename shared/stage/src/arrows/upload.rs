use std::collections::BTreeMap;

use jiff::Timestamp;
use records::recipe::Provider;
use serde::{Deserialize, Serialize};

/// What `upload` is asked to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum UploadEvent {
    /// By the workflow.
    Submit(SubmitEvent),
    /// By the rule that hears of a run that ended without a model.
    Clear(ClearEvent),
    /// By the hourly rule, or by an operator.
    Sweep(SweepEvent),
}

/// Asks for what the runs of this stack have left at the provider and nobody waits for.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct SweepEvent {
    /// Whether it is removed, too. Otherwise it is only listed.
    #[serde(default)]
    pub remove: bool,
}

/// Asks for the dataset to be uploaded and a job to be created.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SubmitEvent {
    /// The run.
    pub run: String,
    /// The manifest that was approved. Another one in the bucket is refused.
    pub manifest_sha256: String,
}

/// Asks for what a run has left at the provider to be taken back: a job that would go on and be paid for, and files.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ClearEvent {
    /// The run.
    pub run: String,
    /// How it ended.
    pub ended: Ended,
}

/// How a run ended that has no model, in the words of Step Functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Ended {
    /// A step failed.
    Failed,
    /// Somebody stopped it.
    Aborted,
    /// It took longer than the workflow allows.
    TimedOut,
}

/// What `upload` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum UploadAnswer {
    /// To [`UploadEvent::Submit`].
    Submit(Submitted),
    /// To [`UploadEvent::Clear`].
    Clear(Cleared),
    /// To [`UploadEvent::Sweep`].
    Sweep(Swept),
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
    /// Where the job is, for them.
    #[serde(default)]
    pub host: Option<String>,
    /// Who has approved it, when and how; none where nobody had to be asked.
    #[serde(default)]
    pub approval: Option<String>,
}

/// Nothing of the run is left at the provider but a model that was trained already.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cleared {
    /// The run.
    pub run: String,
    /// Jobs that were cancelled.
    pub cancelled: Vec<String>,
    /// Whether files were uploaded, and so deleted.
    pub files: bool,
}

/// What was found at the provider that nobody waits for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swept {
    /// By run: only runs of this stack.
    pub left: BTreeMap<String, Left>,
    /// Whether it has been removed.
    pub removed: bool,
    /// Jobs that go on and files which look like ours but are of no run that this stack knows: another stack's, or of runs
    /// whose objects have expired. They are never touched.
    pub unknown: Left,
}

/// What is left.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    /// Jobs that go on, by the provider's ids.
    pub jobs: Vec<String>,
    /// Files, by the provider's ids.
    pub files: Vec<String>,
    /// Uploads in parts that nobody completes, by the provider's ids.
    pub uploads: Vec<String>,
}

impl Left {
    /// Says whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty() && self.files.is_empty() && self.uploads.is_empty()
    }
}
