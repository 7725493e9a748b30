//! How far the export of one slice has come.

use serde::{Deserialize, Serialize};

/// The durable cursor of one slice: written after each part, so that a killed handler goes on behind it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportCursor {
    /// The key of the last row written; none before the first.
    pub after: Option<String>,
    /// The parts written, in order.
    pub parts: Vec<ExportPart>,
    /// Rows of the slice left out for consent; known once done.
    pub left_out: u64,
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

    /// Bytes written so far.
    pub fn bytes(&self) -> u64 {
        self.parts.iter().map(|part| part.bytes).sum()
    }
}
