use serde::{Deserialize, Serialize};

use crate::approval_file::Why;

/// Asks for the dataset.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AssembleEvent {
    /// The run.
    pub run: String,
}

/// One side of the dataset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// Examples, one a line.
    pub lines: u64,
    /// Size of the object.
    pub bytes: u64,
    /// SHA-256 of the object, in hex.
    pub sha256: String,
    /// MD5 of the object, in hex, by which a provider compares what it was sent. Earlier manifests have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub md5: Option<String>,
}

/// The dataset, in counts and hashes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assembled {
    /// The run.
    pub run: String,
    /// Where the manifest lies.
    pub manifest_key: String,
    /// SHA-256 of the manifest: the dataset's identity.
    pub manifest_sha256: String,
    /// Where the page for people lies.
    pub report_key: String,
    /// What the model learns from.
    pub train: Side,
    /// What the provider validates on.
    pub validation: Side,
    /// What the provider never sees.
    pub holdout: Side,
    /// Examples left out as exact or near duplicates.
    pub duplicates: u64,
    /// Rows that could not be used.
    pub quarantined: u64,
    /// Billed tokens: training tokens times epochs.
    pub tokens: u64,
    /// US dollars, by the recipe's price.
    pub usd: f64,
    /// Whether an operator is asked before that is spent.
    pub approval: Approval,
}

/// Whether an operator is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Whether the run goes by them.
    pub needed: bool,
    /// Why.
    pub why: Vec<Why>,
    /// Hours until nobody has answered.
    pub hours: u32,
    /// The same in seconds, as the workflow waits.
    pub seconds: u64,
}
