//! Groups that were moved to a side that a table lacked, kept beside the recipe for its next runs.

use std::collections::BTreeMap;

use records::split::SideName;
use serde::{Deserialize, Serialize};

/// Who stands on another side than the hash says. Lost, another group may be moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SidesFile {
    /// Names the key of the hashes: under another one they say nothing.
    pub subject_key: String,
    /// Seed of the split.
    pub seed: u64,
    /// The side of each such group, by its keyed hash.
    pub moved: BTreeMap<String, SideName>,
}
