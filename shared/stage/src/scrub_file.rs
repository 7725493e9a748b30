//! What one part held.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

/// Counts of one scrubbed part. They add up: `rows = examples + quarantined`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScrubReport {
    /// Rows read.
    pub rows: u64,
    /// Examples written.
    pub examples: u64,
    /// Rows taken over from an earlier run as it left them, usable or not: the counts of findings leave them out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub kept: u64,
    /// Rows that were read again and came to the example that was there.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unchanged: u64,
    /// Rows that could not be used, by reason.
    pub quarantined: BTreeMap<String, u64>,
    /// Findings by kind.
    pub found: BTreeMap<String, u64>,
    /// What was too doubtful to be replaced, by kind.
    #[serde(default)]
    pub doubtful: BTreeMap<String, u64>,
    /// What was planted into copies of a sample of the rows, by kind.
    #[serde(default)]
    pub planted: BTreeMap<String, Planted>,
    /// What earlier runs planted when they scrubbed the part that this one takes over, rows that are gone or were read
    /// again since among it. Of several parts that take one over, the first has it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inherited: BTreeMap<String, Planted>,
    /// Version of the scrubber.
    #[serde(default)]
    pub scrubber_version: String,
    /// Names the key of the hashes.
    #[serde(default)]
    pub subject_key: String,
    /// Size of the examples' object.
    pub bytes: u64,
    /// SHA-256 of the examples' object, in hex.
    pub sha256: String,
}

/// Pieces of synthetic personal data, planted and found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planted {
    /// Pieces planted.
    pub planted: u64,
    /// Of these, pieces of which nothing would have been left.
    pub found: u64,
}

impl AddAssign for Planted {
    fn add_assign(&mut self, other: Self) {
        self.planted += other.planted;
        self.found += other.found;
    }
}

/// A finding too doubtful to be replaced, for an operator to look at. Holds no text: the clean example has it, with
/// everything around it scrubbed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Doubtful {
    /// The row's line in the raw part, from 1.
    pub row: u64,
    /// The example's line in the clean part of the same name, from 1.
    pub example: u64,
    /// `prompt` or `completion`.
    pub text: String,
    /// First code point in that text.
    pub start: u64,
    /// One past the last code point.
    pub end: u64,
    /// What it may be.
    pub kind: String,
    /// How sure the rule is: 0 to 1.
    pub score: f32,
    /// The rule that saw it.
    pub rule: String,
}

/// A pointer to a row that could not be used. The row itself stays in the raw part and expires with it; one that was taken
/// over has its key alone there, and is itself in the source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantined {
    /// The raw part.
    pub part: String,
    /// The line in it, from 1.
    pub line: u64,
    /// Why, and what would mend it.
    pub reason: String,
    /// The row's key, as a keyed hash; none where the row has no key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Whether it was an earlier run that read the row, and found it unusable.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub taken_over: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference on")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}
