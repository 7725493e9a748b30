//! What the run will do.

use std::collections::BTreeMap;

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
    /// Where the base model is tuned, as `model_versions` names it: what is sent goes there and nowhere else. None in a plan
    /// that is older than this field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// When the provider shuts the base model down, if announced.
    pub base_shutdown_date: Option<Date>,
    /// What the provider accepts.
    pub limits: Limits,
    /// Counts by source.
    pub sources: Vec<SourceCount>,
    /// Whether only what has changed is read; none where the recipe has no `[incremental]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<Reading>,
    /// Ranges of keys to export.
    pub slices: Vec<Slice>,
    /// What the run will cost.
    pub estimate: Estimate,
    /// Whether an operator is asked, as far as it is known beforehand.
    #[serde(default)]
    pub approval: approval_file::Planned,
}

/// Which rows are read, and which are taken over as an earlier run left them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// The source's time less the recipe's lag, looked at before anything was counted. What changes from then on is read
    /// by the next run, whether or not this one has seen it. None where the source does not tell its time.
    pub up_to: Option<Timestamp>,
    /// SHA-256 of the columns and types that the recipe used: a run that found others is not gone on from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tables_sha256: Option<String>,
    /// Where this run begins; none when it reads everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Since>,
    /// Why it reads everything, or which source it reads whole, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// The run that is gone on from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Since {
    /// The last one that succeeded.
    pub run: String,
    /// The one that read everything: all examples have its surrogates.
    pub first: String,
    /// Runs since that one.
    pub number: u32,
    /// Where each source begins. A source that is not here is read whole.
    pub sources: BTreeMap<String, Timestamp>,
}

impl PlanFile {
    /// Returns what a source goes on from; none when it is read whole.
    pub fn since(&self, source: &str) -> Option<(&Since, Timestamp)> {
        let since = self.reading.as_ref()?.since.as_ref()?;
        since.sources.get(source).map(|from| (since, *from))
    }

    /// Returns the run that the run's surrogates are named after: its own where it reads everything.
    pub fn first(&self) -> &str {
        self.reading.as_ref().and_then(|it| it.since.as_ref()).map_or(&self.run, |since| &since.first)
    }
}

impl Reading {
    /// Says in a sentence what is read, and why.
    pub fn words(&self) -> String {
        let notes = self.notes.join("; ");
        match &self.since {
            None => format!("everything: {notes}"),
            Some(Since { run, sources, .. }) => {
                let from = sources.values().min().map_or_else(String::new, Timestamp::to_string);
                let notes = if notes.is_empty() { notes } else { format!("; {notes}") };
                format!("what has changed since {from}, beside what run {run} has left{notes}")
            }
        }
    }
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
    /// Whether an earlier run has read this range, as the slice of the same number.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub earlier: bool,
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
