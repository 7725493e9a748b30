//! What the run will do.

use jiff::{Timestamp, civil::Date};
use records::recipe::Recipe;
use serde::{Deserialize, Serialize};

use crate::approval_file;
use crate::arrows::Estimate;

pub use records::check::Limits;

/// The plan: everything later steps need to know, fixed before the first row is read.
///
/// The recipe is kept as resolved, so that a deployment in mid-run changes nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanFile {
    /// The run.
    pub run: String,
    /// When the execution started.
    pub started_at: Timestamp,
    /// The recipe, as resolved.
    pub recipe: Recipe,
    /// SHA-256 of the recipe's file, in hex.
    pub recipe_sha256: String,
    /// The registered version; none in a dry run.
    pub model: Option<String>,
    /// When the provider shuts the base model down, if announced.
    pub base_shutdown_date: Option<Date>,
    /// What the provider accepts.
    pub limits: Limits,
    /// Counts by source.
    pub sources: Vec<SourceCount>,
    /// Ranges of keys to export.
    pub slices: Vec<Slice>,
    /// What the run will cost.
    pub estimate: Estimate,
    /// Whether an operator is asked, as far as it is known beforehand.
    #[serde(default)]
    pub approval: approval_file::Planned,
}

/// Rows of one source at plan time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceCount {
    /// The source's name.
    pub source: String,
    /// Rows that match the recipe's filter.
    pub rows: u64,
    /// Of these, rows whose subject lets them be used.
    pub consented: u64,
}

/// A range of keys of one source: `after < key <= up_to`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slice {
    /// The source's name.
    pub source: String,
    /// The slice's number, from 0.
    pub slice: u32,
    /// Exclusive lower bound; none for the first slice.
    pub after: Option<String>,
    /// Inclusive upper bound. The last one is the greatest key at plan time: rows added later wait for the next run.
    pub up_to: Option<String>,
    /// Its rows at plan time; none in a plan that is older than this field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<Counted>,
}

/// Rows of a range, as the source counted them at one time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Rows that match the recipe's filter.
    pub rows: u64,
    /// Of these, rows whose subject lets them be used. The others are left out.
    pub consented: u64,
}

impl Counted {
    /// Rows that are left out for consent.
    pub fn left_out(self) -> u64 {
        self.rows.saturating_sub(self.consented)
    }
}
