//! One slice of one table, page by page, with a durable cursor; then all slices, reconciled.

#[cfg(test)]
mod campaign;
mod changed;
mod gather;
mod slice;

use std::time::Duration;

use stage::arrows::{ExportAnswer, ExportEvent};
use stage::{Deadline, StageError};
use store::{Find, Get, List, Put};
use supabase::Rows;

/// Kept back for closing the part: a page with some retries, two counts and two writes. A handler that is killed all the
/// same is called again.
const RESERVE: Duration = Duration::from_secs(90);

/// Exports a slice, or gathers all of them.
///
/// # Errors
/// `SourceRefused`, `ConsentUnreadable`, `CountsDiffer` and `TooFewExamples`; `Throttled` and `Unavailable`.
pub async fn handle(
    event: ExportEvent,
    deadline: Deadline,
    store: &(impl Get + Find + List + Put),
    rows: &impl Rows,
) -> Result<ExportAnswer, StageError> {
    handle_with(event, deadline, Sizes::default(), store, rows).await
}

/// How much is read at once.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    /// A part is closed behind the row that reaches this size: some seconds of scrubbing, and small enough to hold in
    /// memory. It ends there however the rows come in, so that a replay writes the same bytes.
    pub part_bytes: usize,
    /// A part that goes on from an earlier one has at most twice its rows, and so many more: rows with random keys come in
    /// between.
    pub more_keys: usize,
    /// Unknown keys with fewer keys than these between them are read together: a request costs as much as so many rows.
    pub near: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { part_bytes: 8 << 20, more_keys: 1_000, near: 100 }
    }
}

/// As [`handle`], in other sizes: so that a test needs no large tables.
///
/// # Errors
/// As [`handle`].
pub async fn handle_with(
    event: ExportEvent,
    deadline: Deadline,
    sizes: Sizes,
    store: &(impl Get + Find + List + Put),
    rows: &impl Rows,
) -> Result<ExportAnswer, StageError> {
    match event {
        ExportEvent::Slice { run, slice } => {
            // A part that is read and one that is written make a large future.
            Box::pin(slice::export(&run, &slice, deadline, sizes, store, rows)).await.map(ExportAnswer::Slice)
        }
        ExportEvent::Gather { run } => gather::gather(&run, store).await.map(ExportAnswer::Gather),
    }
}
