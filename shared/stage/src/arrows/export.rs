use serde::{Deserialize, Serialize};

/// Names one slice of one table.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SliceRef {
    /// The table.
    pub table: String,
    /// The slice's number in its table, from 0.
    pub slice: u32,
}

/// Names one part of a slice: an item of the Distributed Map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartRef {
    /// The table.
    pub table: String,
    /// The slice's number in its table.
    pub slice: u32,
    /// The part's number in its slice, from 0.
    pub part: u32,
    /// Where its rows lie.
    pub key: String,
    /// Its rows.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    /// What it takes over from an earlier run; none where its lines are rows and nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried: Option<Carried>,
}

/// A part of an earlier run, from which rows are taken over: a line of the new part is a row or, as a JSON string, the
/// key of one that is taken over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// The run.
    pub run: String,
    /// The part's slice.
    pub slice: u32,
    /// Its number.
    pub part: u32,
    /// Lines of the new part that are rows.
    pub read: u64,
    /// Lines of the new part, rows or not, whose key the earlier part had.
    pub known: u64,
    /// Whether a part before this one takes over from the same part: what was counted of it as a whole counts there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
}

/// What `export` is asked to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum ExportEvent {
    /// Exports one slice until it is done or time runs out.
    Slice {
        /// The run.
        run: String,
        /// The slice.
        slice: SliceRef,
    },
    /// Reconciles all slices and lists their parts.
    Gather {
        /// The run.
        run: String,
    },
}

/// What `export` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ExportAnswer {
    /// To [`ExportEvent::Slice`].
    Slice(Exported),
    /// To [`ExportEvent::Gather`].
    Gather(Gathered),
}

/// How far a slice has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exported {
    /// The table.
    pub table: String,
    /// The slice.
    pub slice: u32,
    /// Whether the slice must be asked for again.
    pub more: bool,
    /// Parts written so far.
    pub parts: u64,
    /// Rows written so far.
    pub rows: u64,
    /// Rows of the slice that were left out for consent; known when the slice is done.
    pub left_out: u64,
    /// Bytes written so far.
    pub bytes: u64,
}

/// All slices, reconciled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gathered {
    /// The run.
    pub run: String,
    /// The Distributed Map's list.
    pub parts_key: String,
    /// Parts in the list.
    pub parts: u64,
    /// Rows written.
    pub rows: u64,
    /// Rows left out for consent.
    pub left_out: u64,
    /// Bytes written.
    pub bytes: u64,
}
