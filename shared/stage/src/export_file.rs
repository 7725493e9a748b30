//! How far the export of one slice has come.

use serde::{Deserialize, Serialize};

use crate::plan_file::Counted;

/// The durable cursor of one slice: written after each part, so that a killed handler goes on behind it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportCursor {
    /// The key of the last row written; none before the first.
    pub after: Option<String>,
    /// The parts written, in order.
    pub parts: Vec<ExportPart>,
    /// The slice's rows as the source counts them once all are read; none before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<Counted>,
    /// Whether the slice is exhausted.
    pub done: bool,
}

/// One part, as written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportPart {
    /// Where it lies.
    pub key: String,
    /// Its rows.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    /// SHA-256, in hex.
    pub sha256: String,
}

impl ExportCursor {
    /// Rows written so far.
    pub fn rows(&self) -> u64 {
        self.parts.iter().map(|part| part.rows).sum()
    }

    /// Rows of the slice left out for consent; known once done.
    pub fn left_out(&self) -> u64 {
        self.counted.map_or(0, Counted::left_out)
    }

    /// Bytes written so far.
    pub fn bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.bytes).sum()
    }
}

/// What became of a slice's rows, up to the raw parts. `written` and each count of `consented` may differ by as much as
/// the recipe lets rows move; `rows = consented + left_out` whenever it is counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SliceCounts {
    /// The source's name.
    pub source: String,
    /// The slice.
    pub slice: u32,
    /// As counted at plan time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned: Option<Counted>,
    /// As counted when all rows were read.
    pub counted: Counted,
    /// Rows left out for consent, by the second count.
    pub left_out: u64,
    /// Rows read, each of them written.
    pub written: u64,
}
