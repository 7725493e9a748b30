//! The intent and the ids of the paid call.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Written before anything is uploaded and after each step, so that a replay goes on where the last attempt ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadFile {
    /// The dataset the money is spent on.
    pub manifest_sha256: String,
    /// When consent was last read, before anything of this dataset was uploaded or by a later try before its job.
    #[serde(default)]
    pub consent_read_at: Option<Timestamp>,
    /// Datasets that were given up because somebody in them took consent back.
    #[serde(default)]
    pub given_up: BTreeSet<String>,
    /// The provider's id of the training file, once uploaded.
    pub training_file: Option<String>,
    /// The provider's id of the validation file, once uploaded.
    pub validation_file: Option<String>,
    /// Set before the job is asked for: from here on an answer may have been lost, so look before asking again.
    pub creating: bool,
    /// The job, once known.
    pub job: Option<SubmittedJob>,
}

/// A job the provider has accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubmittedJob {
    /// The provider's id.
    pub id: String,
    /// When the provider created it.
    pub created_at: Timestamp,
}
