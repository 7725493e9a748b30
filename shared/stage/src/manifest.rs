//! What the dataset is made of.

use std::collections::BTreeMap;

use jiff::Timestamp;
use records::recipe::Bill;
use records::split::{SideName, Split};
use serde::{Deserialize, Serialize};

use crate::arrows::Side;
use crate::error::{ErrorName, StageError};
use crate::export_file::SliceCounts;
use crate::lineage_file::Lineage;

/// Hashes and counts of every input and output.
///
/// Written as canonical JSON (RFC 8785), so that its own SHA-256 is the dataset's identity, whoever writes it down. One
/// time is in it, and it stays when the step is repeated and finds what it found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this schema.
    pub schema: u32,
    /// The run.
    pub run: String,
    /// The recipe's name.
    pub recipe: String,
    /// SHA-256 of the recipe's file, in hex.
    pub recipe_sha256: String,
    /// SHA-256 of the plan, in hex.
    pub plan_sha256: String,
    /// Version of this bundle.
    pub code_version: String,
    /// Version of the scrubber.
    pub scrubber_version: String,
    /// Seed of the split.
    pub split_seed: u64,
    /// Share of groups in the hold-out, in percent; none in a manifest that is older than this field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holdout_percent: Option<u8>,
    /// Groups, by keyed hashes, that stand on another side than their hash says, because a table had nobody there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub moved: BTreeMap<String, SideName>,
    /// The hold-out that was kept from an earlier run; none where the recipe pins none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pinned: Option<PinnedHoldout>,
    /// Who may be used, as last read; none in a manifest that is older than this field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<Consent>,
    /// Which rows were read, and which were taken over from an earlier run; none where the recipe has no
    /// `[incremental]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<Reading>,
    /// Counts through the funnel.
    pub counts: Counts,
    /// What became of each slice's rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slices: Vec<Slice>,
    /// Rows that could not be used, by reason.
    pub quarantined: BTreeMap<String, u64>,
    /// Findings by kind.
    pub found: BTreeMap<String, u64>,
    /// What was too doubtful to be replaced, by kind.
    #[serde(default)]
    pub doubtful: BTreeMap<String, u64>,
    /// What the scrubber found of people planted into copies of the run's own records, by kind.
    #[serde(default)]
    pub recall: BTreeMap<String, Recall>,
    /// What many examples share.
    #[serde(default)]
    pub boilerplate: Boilerplate,
    /// How long the examples of each side are.
    #[serde(default)]
    pub lengths: BTreeMap<String, Lengths>,
    /// Examples of each source by side.
    #[serde(default)]
    pub sides: BTreeMap<String, BTreeMap<String, u64>>,
    /// Tokens of the training side, once.
    pub training_tokens: u64,
    /// Billed tokens: training tokens times epochs.
    pub billed_tokens: u64,
    /// US dollars, by the recipe's price.
    pub usd: f64,
    /// What the job may be billed, from the least to the most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bill: Option<Bill>,
    /// The clean parts that were read, in order.
    pub inputs: Vec<Object>,
    /// The sides of the dataset.
    pub outputs: BTreeMap<String, Side>,
    /// Which examples of the inputs are in the outputs, by which consent is read once more before they are uploaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<Object>,
    /// Whose examples are in the outputs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lineage: Option<Lineage>,
}

impl Manifest {
    /// Returns how many examples a side has.
    #[must_use]
    pub fn lines(&self, side: SideName) -> u64 {
        self.outputs.get(side.as_str()).map_or(0, |side| side.lines)
    }

    /// Returns the hold-out that a run of such a split may keep.
    ///
    /// # Errors
    /// Why it may not, in a clause: somebody could stand on two sides, or it is too long.
    pub fn holdout_for(&self, split: &Split) -> Result<Side, String> {
        let side = self.outputs.get(SideName::Holdout.as_str()).cloned().unwrap_or_default();
        let same = self.split_seed == split.seed
            && self.holdout_percent.is_some_and(|percent| percent <= split.holdout_percent);
        if side.lines > MOST_PINNED {
            return Err(format!("it has {} examples, {MOST_PINNED} can be pinned", side.lines));
        }
        if same {
            return Ok(side);
        }
        let percent = self.holdout_percent.map_or("unknown".to_owned(), |percent| percent.to_string());
        Err(format!(
            "it was split with seed {} and holdout_percent {percent}: use that seed, and as many percent at least",
            self.split_seed
        ))
    }
}

/// An example is two texts; scrubbing a row of at most 1 MiB does not make it that long.
pub const LONGEST_LINE: usize = 32 << 20;
/// A longer hold-out cannot be pinned: it is held in memory, about 20 MB.
const MOST_PINNED: u64 = 100_000;

/// Refuses a recipe that pins the hold-out of that run.
pub fn cannot_be_pinned(run: &str, problem: &str) -> StageError {
    let text =
        format!("the hold-out of run {run} cannot be pinned: {problem}; mend split.holdout_of or remove it");
    StageError::new(ErrorName::DatasetRejected, text)
}

/// What was read, and what an earlier run has left. The rows of [`Counts`] are `kept + read`, and what the earlier run
/// had is `kept + replaced + gone`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// As planned.
    #[serde(flatten)]
    pub plan: crate::plan_file::Reading,
    /// Rows read.
    pub read: u64,
    /// Rows taken over as they were left.
    pub kept: u64,
    /// Rows that were there, and were read again.
    pub replaced: u64,
    /// Of these, rows that came to the same example.
    pub unchanged: u64,
    /// Rows that are not there any more, or may not be used any more.
    pub gone: u64,
}

/// What the source said of consent just before the dataset was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// When this state was first read. Reading the same state again changes nothing.
    pub read_at: Timestamp,
    /// SHA-256 over source and keyed hash of each example that may be used, in the dataset's order.
    pub sha256: String,
    /// Counts by source.
    pub sources: BTreeMap<String, Consented>,
    /// A bit an example, set where it may not be used any more: with it, the dataset can be made again.
    pub withdrawn: Object,
}

/// Examples of one source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consented {
    /// Examples that may be used.
    pub usable: u64,
    /// Examples whose row was exported and may not be used any more.
    pub withdrawn: u64,
}

/// Counts through the funnel; each line adds up to the one above it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Rows exported.
    pub rows: u64,
    /// Rows that could not be used.
    pub quarantined: u64,
    /// Examples built.
    pub examples: u64,
    /// Examples left out because their row was deleted, or may not be used any more, since it was exported.
    #[serde(default)]
    pub withdrawn: u64,
    /// Examples left out as exact duplicates.
    pub duplicates: u64,
    /// Examples left out because they say almost what an earlier one says.
    #[serde(default)]
    pub near_duplicates: u64,
    /// Examples left out because they are longer than the provider takes.
    pub too_long: u64,
    /// Examples left out because their person is held out, and not in the pinned hold-out with this row.
    #[serde(default)]
    pub held_back: u64,
    /// Examples that are in it, with a completion that was cut to what the provider takes.
    #[serde(default)]
    pub cut: u64,
}

/// A hold-out of an earlier run, kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinnedHoldout {
    /// The run that made it.
    pub run: String,
    /// Its object, as it was read.
    pub object: Object,
    /// Lines whose row is still there and may be used: they are this run's hold-out.
    pub kept: u64,
}

/// Sentences and lines that stand in many examples. Holds no text: the report shows some.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Boilerplate {
    /// In how many examples a passage stands to be counted here.
    pub from: u64,
    /// How many passages do.
    pub passages: u64,
    /// By how much counts may be too low, because there were more passages than are counted at once.
    pub missed: u64,
    /// The most shared ones.
    pub most_shared: Vec<Shared>,
}

/// A passage that many examples share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shared {
    /// A hash of its words, in hex.
    pub passage: String,
    /// Examples in which it stands.
    pub examples: u64,
}

/// Lengths of one side's examples, in tokens.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lengths {
    /// Examples.
    pub examples: u64,
    /// Their tokens, together.
    pub tokens: u64,
    /// Of the shortest.
    pub least: u64,
    /// Of the longest.
    pub most: u64,
    /// Examples by length, bins that hold any.
    pub histogram: Vec<Bin>,
}

/// The shortest bin of a histogram ends here.
const FIRST_BIN: u64 = 16;

/// One bin of a histogram.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bin {
    /// The greatest length in it; the bin below ends at three quarters or two thirds of it.
    pub up_to: u64,
    /// Examples of such a length.
    pub examples: u64,
}

impl Bin {
    /// Returns where bins end: 16, 24, 32, 48, 64, 96, …
    pub fn ends() -> impl Iterator<Item = u64> {
        (0..48).flat_map(|power| [FIRST_BIN << power, (FIRST_BIN << power) / 2 * 3])
    }

    /// Returns where the bin of such a length ends.
    #[must_use]
    pub fn end_of(length: u64) -> u64 {
        Self::ends().find(|end| *end >= length).unwrap_or(u64::MAX)
    }
}

/// One slice's rows, from the plan to its examples: `written = examples + quarantined`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slice {
    /// Up to the raw parts.
    #[serde(flatten)]
    pub counts: SliceCounts,
    /// Examples built.
    pub examples: u64,
    /// Rows that could not be used.
    pub quarantined: u64,
}

/// How much of what was planted was found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Recall {
    /// Pieces planted.
    pub planted: u64,
    /// Of these, pieces that earlier runs planted, when they scrubbed the parts that this run takes over: they measure rows
    /// that were read then, some of which may be gone or read again. The others measure the rows that this run has read.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub earlier: u64,
    /// Pieces of which nothing would have been left.
    pub found: u64,
    /// The share found, rounded down to four places.
    pub recall: f64,
    /// What the share is at least: the lower bound of Wilson's 95% interval, rounded down to four places.
    pub lower_bound: f64,
    /// What the recipe asks of the lower bound; none where it asks nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub floor: Option<f64>,
}

/// One object, with the hash of its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// Where it lies.
    pub key: String,
    /// Its lines.
    pub lines: u64,
    /// Its size.
    pub bytes: u64,
    /// SHA-256, in hex.
    pub sha256: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference on")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_end_at_powers_of_two_and_half_way_between() {
        for (length, end) in
            [(0, 16), (16, 16), (17, 24), (24, 24), (25, 32), (33, 48), (49, 64), (65_536, 65_536)]
        {
            assert_eq!(Bin::end_of(length), end, "{length}");
        }
        assert_eq!(Bin::end_of(u64::MAX), u64::MAX);
        assert!(Bin::ends().is_sorted());
    }
}
