use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::PartRef;

/// Asks for one part to be scrubbed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ScrubEvent {
    /// The run.
    pub run: String,
    /// The part.
    pub part: PartRef,
}

/// One part, scrubbed, in counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scrubbed {
    /// The table.
    pub table: String,
    /// The slice.
    pub slice: u32,
    /// The part.
    pub part: u32,
    /// Rows read.
    pub rows: u64,
    /// Examples written.
    pub examples: u64,
    /// Rows that could not be used.
    pub quarantined: u64,
    /// Findings by kind.
    pub found: BTreeMap<String, u64>,
}
