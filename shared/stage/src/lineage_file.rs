//! Whose examples a run's dataset holds, kept for as long as its model may be asked about.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a run's lineage is, and how to find a person in it. Written last: without it there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineageIndex {
    /// Version of this schema.
    pub schema: u32,
    /// The run.
    pub run: String,
    /// The recipe's name.
    pub recipe: String,
    /// The dataset: SHA-256 of its manifest, in hex.
    pub manifest_sha256: String,
    /// When consent was read for it.
    pub read_at: Timestamp,
    /// The objects with the lines.
    #[serde(flatten)]
    pub lineage: Lineage,
}

/// The objects that hold a run's lineage, one for each prefix of that many hex digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lineage {
    /// Names the key of the hashes, see `records::subject::SubjectKey::id`.
    pub subject_key: String,
    /// Hex digits of a person's hash that name their object.
    pub digits: usize,
    /// Lines of all objects: examples in the dataset.
    pub lines: u64,
    /// SHA-256 over all objects in the order of their prefixes, in hex.
    pub sha256: String,
}

/// One example of the dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineageLine {
    /// Whose it is, as a keyed hash; none where the recipe names nobody, and the row's key stands for the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The recipe's source.
    pub source: String,
    /// The row's table.
    pub table: String,
    /// The row's key, as a keyed hash.
    pub key: String,
    /// Identifies prompt and completion.
    pub content: String,
    /// Which side of the dataset it is on: the provider never saw the hold-out.
    pub side: String,
}

impl LineageLine {
    /// By which an example is found: the subject, or the row where nobody is named.
    pub fn person(&self) -> &str {
        self.subject.as_deref().unwrap_or(&self.key)
    }
}
