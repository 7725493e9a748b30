//! How far the export of one slice has come.

use serde::{Deserialize, Serialize};

use crate::arrows::Carried;

use crate::plan_file::Counted;

/// The durable cursor of one slice: written after each part, so that a killed handler goes on behind it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportCursor {
    /// The key up to which everything is written; none before the first part.
    pub after: Option<String>,
    /// Parts of the earlier run that are gone through, and the rows that they had.
    #[serde(default, skip_serializing_if = "Earlier::is_none")]
    pub earlier: Earlier,
    /// The parts written, in order.
    pub parts: Vec<ExportPart>,
    /// The slice's rows as the source counts them once all are read; none before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<Counted>,
    /// Whether the slice is exhausted.
    pub done: bool,
}

/// How far an earlier run's slice is gone through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    /// Its parts.
    pub parts: usize,
    /// The rows that they had.
    pub rows: u64,
}

impl Earlier {
    fn is_none(&self) -> bool {
        *self == Self::default()
    }
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
    /// The greatest key that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// What it takes over from an earlier run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried: Option<Carried>,
}

impl ExportCursor {
    /// Counts what was taken over from an earlier run; none where nothing could be.
    pub fn carried(&self) -> Option<CarriedCounts> {
        let parts = || self.parts.iter().filter_map(|part| Some((part.rows, part.carried.as_ref()?)));
        // A part that nothing could be taken over for is read whole.
        let read = self.parts.iter().map(|it| it.carried.as_ref().map_or(it.rows, |it| it.read)).sum();
        let kept = parts().map(|(rows, carried)| rows - carried.read).sum();
        let known: u64 = parts().map(|(_, carried)| carried.known).sum();
        let earlier = self.earlier.rows;
        (self.earlier.parts > 0).then(|| CarriedCounts {
            earlier,
            kept,
            replaced: known - kept,
            gone: earlier.saturating_sub(known),
            read,
        })
    }

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

/// What became of the rows that an earlier run had in a slice. They add up: `earlier = kept + replaced + gone`, and
/// the slice's parts hold `kept + read` rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarriedCounts {
    /// Rows that it had.
    pub earlier: u64,
    /// Of these, rows that are taken over as it left them.
    pub kept: u64,
    /// Of these, rows that were read again.
    pub replaced: u64,
    /// Of these, rows that are not there any more, or may not be used any more.
    pub gone: u64,
    /// Rows read: those that are replaced, and those that are new.
    pub read: u64,
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
    /// Rows written: each that was read, and each that is taken over from an earlier run.
    pub written: u64,
    /// What is taken over; none where everything was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried: Option<CarriedCounts>,
}
