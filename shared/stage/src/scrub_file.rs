//! What one part held.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Counts of one scrubbed part. They add up: `rows = examples + quarantined`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScrubReport {
    /// Rows read.
    pub rows: u64,
    /// Examples written.
    pub examples: u64,
    /// Rows that could not be used, by reason.
    pub quarantined: BTreeMap<String, u64>,
    /// Findings by kind.
    pub found: BTreeMap<String, u64>,
    /// Size of the examples' object.
    pub bytes: u64,
    /// SHA-256 of the examples' object, in hex.
    pub sha256: String,
}

/// A pointer to a row that could not be used. The row itself stays in the raw part and expires with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    /// The raw part.
    pub part: String,
    /// The line in it, from 1.
    pub line: u64,
    /// Why, and what would mend it.
    pub reason: String,
}
