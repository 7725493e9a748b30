//! All slices, reconciled, and the list of their parts.

use serde::Serialize;
use stage::arrows::{Gathered, PartRef};
use stage::export_file::{ExportCursor, SliceCounts};
use stage::plan_file::{PlanFile, Slice};
use stage::{ErrorName, StageError, keys};
use store::{Class, Get, Put, get_json};

/// Lists the parts of all slices in the plan's order, which becomes the dataset's order.
pub(crate) async fn gather(run: &str, store: &(impl Get + Put)) -> Result<Gathered, StageError> {
    let plan: PlanFile = get_json(store, &keys::plan(run)).await?;
    let parts_key = keys::export_parts(run);
    let (mut lines, mut counts) = (Vec::new(), Vec::new());
    let mut answer = Gathered { run: run.to_owned(), parts_key, parts: 0, rows: 0, left_out: 0, bytes: 0 };
    for slice in &plan.slices {
        let key = keys::export_cursor(run, &slice.source, slice.slice);
        let cursor: ExportCursor = get_json(store, &key).await?;
        if !cursor.done {
            return Err(StageError::internal(format!("{key} is not at its end")));
        }
        answer.left_out += cursor.left_out();
        line(&mut counts, &counted(slice, &cursor))?;
        for (number, part) in (0..).zip(cursor.parts) {
            answer.parts += 1;
            answer.rows += part.rows;
            answer.bytes += part.bytes;
            let part = PartRef {
                table: slice.source.clone(),
                slice: slice.slice,
                part: number,
                key: part.key,
                rows: part.rows,
                bytes: part.bytes,
                carried: part.carried,
            };
            line(&mut lines, &part)?;
        }
    }
    if answer.parts == 0 {
        return Err(StageError::new(
            ErrorName::TooFewExamples,
            "no row may be used: every table is empty or opted out",
        ));
    }
    store.put(&keys::export_counts(run), counts.into(), Class::Derived).await?;
    // It names parts and counts rows: whoever makes the dataset again reads it for as long as the clean parts stay.
    store.put(&answer.parts_key, lines.into(), Class::Derived).await?;
    Ok(answer)
}

fn counted(slice: &Slice, cursor: &ExportCursor) -> SliceCounts {
    SliceCounts {
        source: slice.source.clone(),
        slice: slice.slice,
        planned: slice.counted,
        counted: cursor.counted.unwrap_or_default(),
        left_out: cursor.left_out(),
        written: cursor.rows(),
        carried: cursor.carried(),
    }
}

fn line(lines: &mut Vec<u8>, value: &impl Serialize) -> Result<(), StageError> {
    serde_json::to_writer(&mut *lines, value)
        .map_err(|error| StageError::internal("a line cannot be written as JSON").caused_by(error))?;
    lines.push(b'\n');
    Ok(())
}
