//! One slice of one table, page by page, with a durable cursor; then all slices, reconciled.

#[cfg(test)]
mod campaign;
mod gather;
mod slice;

use stage::arrows::{ExportAnswer, ExportEvent};
use stage::{Deadline, StageError};
use store::{Find, Get, Put};
use supabase::Rows;

/// Exports a slice, or gathers all of them.
///
/// # Errors
/// `SourceRefused`, `ConsentUnreadable`, `CountsDiffer` and `TooFewExamples`; `Throttled` and `Unavailable`.
pub async fn handle(
    event: ExportEvent,
    deadline: Deadline,
    store: &(impl Get + Find + Put),
    rows: &impl Rows,
) -> Result<ExportAnswer, StageError> {
    match event {
        ExportEvent::Slice { run, slice } => {
            // A part that is read and one that is written make a large future.
            Box::pin(slice::export(&run, &slice, deadline, store, rows)).await.map(ExportAnswer::Slice)
        }
        ExportEvent::Gather { run } => gather::gather(&run, store).await.map(ExportAnswer::Gather),
    }
}
