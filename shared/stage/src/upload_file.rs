//! The intent and the ids of the paid call.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::approval_file::Decision;

/// Written before anything is uploaded and after each step, so that a replay goes on where the last attempt ended.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct UploadFile {
    /// The dataset the money is spent on.
    pub manifest_sha256: String,
    /// When consent was last read, before anything of this dataset was uploaded or by a later try before its job.
    #[serde(default)]
    pub consent_read_at: Option<Timestamp>,
    /// Datasets that were given up because somebody in them took consent back.
    #[serde(default)]
    pub given_up: BTreeSet<String>,
    /// Which attempt may write this.
    #[serde(default)]
    pub lease: Lease,
    /// Files that were asked for, with their sizes: whatever became of the answers, the provider has no others of this run.
    #[serde(default)]
    pub sent: BTreeMap<String, u64>,
    /// The operator's answer by which it is spent; none where nobody had to be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Decision>,
    /// The provider's id of the training file, once uploaded.
    pub training_file: Option<String>,
    /// The provider's id of the validation file, once uploaded.
    pub validation_file: Option<String>,
    /// Set before the job is asked for: from here on an answer may have been lost, so look before asking again.
    pub creating: bool,
    /// When the job was asked for last.
    #[serde(default)]
    pub asked_at: Option<Timestamp>,
    /// The job, once known.
    pub job: Option<SubmittedJob>,
    /// How often it was asked for without an answer that proves that there is none: so many jobs there may be.
    #[serde(default)]
    pub asked: u32,
    /// Whether all of those have been looked for, and the others cancelled.
    #[serde(default)]
    pub settled: bool,
    /// Whether the run has ended without a model and what it left was taken back.
    #[serde(default)]
    pub cleared: bool,
    /// Since when each look at the provider has found nothing that the run has left and nobody waits for; its job has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clean_since: Option<Timestamp>,
}

/// Which attempt may write the document: whoever takes it over writes the next number, and whoever was before it finds at its
/// next write that it is late.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// The fencing number.
    pub number: u64,
    /// Another word for each attempt, so that no two write the same.
    pub holder: String,
    /// Until when the last call for a job may be on its way, which nobody can take over.
    #[serde(default)]
    pub until: Option<Timestamp>,
}

/// A job the provider has accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmittedJob {
    /// The provider's id.
    pub id: String,
    /// When the provider created it.
    pub created_at: Timestamp,
}
