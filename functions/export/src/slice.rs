//! One slice, part by part.

use std::time::Duration;

use records::digest::sha256;
use records::recipe::Source;
use records::row::Row;
use stage::arrows::{Exported, SliceRef};
use stage::export_file::{ExportCursor, ExportPart};
use stage::plan_file::{PlanFile, Slice};
use stage::{Deadline, ErrorName, StageError, keys};
use store::{Class, Find, Get, Put, find_json, get_json, put_json};
use supabase::{Range, Rows};

/// A part is closed at this size: some seconds of scrubbing, and small enough to hold in memory.
const PART_BYTES: usize = 8 << 20;
/// Asked for at first: enough to learn how long rows are, few enough to hold whatever their length.
const FIRST_PAGE_ROWS: u32 = 100;
/// Asked for at once, at most. A server that allows fewer answers fewer, silently.
const MOST_PAGE_ROWS: u32 = 5_000;
/// A page should be about this long.
const PAGE_BYTES: u64 = 4 << 20;
/// Kept back for closing the part: a page with some retries, two counts and two writes. A handler that is killed all the
/// same is called again.
const RESERVE: Duration = Duration::from_secs(90);

/// Exports a slice until it is done or time runs out.
///
/// A part is written before the cursor that names it, and the cursor before the next part is begun: a handler killed
/// anywhere reads again what the cursor does not name, and writes it under the same name.
pub(crate) async fn export(
    run: &str,
    asked: &SliceRef,
    deadline: Deadline,
    store: &(impl Get + Find + Put),
    rows: &impl Rows,
) -> Result<Exported, StageError> {
    let plan: PlanFile = get_json(store, &keys::plan(run)).await?;
    let (source, slice) = find(&plan, asked)?;
    let cursor_key = keys::export_cursor(run, &asked.table, asked.slice);
    let mut cursor: ExportCursor = find_json(store, &cursor_key).await?.unwrap_or_default();
    if !cursor.done && deadline.remaining() <= RESERVE {
        return Err(StageError::internal(format!(
            "export needs a time limit well above {} s",
            RESERVE.as_secs()
        )));
    }
    while !cursor.done && deadline.remaining() > RESERVE {
        let mut part = Part::default();
        while part.lines.len() < PART_BYTES && deadline.remaining() > RESERVE {
            let after = part.last.as_deref().or(cursor.after.as_deref()).or(slice.after.as_deref());
            let page =
                rows.page(Range { source, after, up_to: slice.up_to.as_deref() }, part.page_rows()).await?;
            if !part.add(source, page.rows()?)? {
                cursor.done = true;
                break;
            }
        }
        part.write(run, asked, &mut cursor, store).await?;
        if cursor.done {
            reconcile(&plan, source, slice, &mut cursor, rows).await?;
        }
        put_json(store, &cursor_key, &cursor).await?;
    }
    Ok(Exported {
        table: asked.table.clone(),
        slice: asked.slice,
        more: !cursor.done,
        parts: cursor.parts.len() as u64,
        rows: cursor.rows(),
        left_out: cursor.left_out,
        bytes: cursor.bytes(),
    })
}

fn find<'a>(plan: &'a PlanFile, asked: &SliceRef) -> Result<(&'a Source, &'a Slice), StageError> {
    let slice = plan.slices.iter().find(|slice| slice.source == asked.table && slice.slice == asked.slice);
    plan.recipe.source(&asked.table).zip(slice).ok_or_else(|| {
        StageError::internal(format!("the plan has no slice {} of {}", asked.slice, asked.table))
    })
}

/// Rows on their way into one object.
#[derive(Default)]
struct Part {
    lines: Vec<u8>,
    rows: u64,
    last: Option<String>,
}

impl Part {
    /// Asks for as many rows as make a page, by the length of those seen in this part.
    fn page_rows(&self) -> u32 {
        let seen = (self.lines.len() as u64).checked_div(self.rows);
        let rows = seen.map_or(u64::from(FIRST_PAGE_ROWS), |length| PAGE_BYTES / length.max(1));
        u32::try_from(rows).unwrap_or(MOST_PAGE_ROWS).clamp(1, MOST_PAGE_ROWS)
    }

    /// Appends a page. Returns false when it is empty: that alone says that there are no more rows.
    fn add(&mut self, source: &Source, page: Vec<&serde_json::value::RawValue>) -> Result<bool, StageError> {
        let Some(last) = page.last() else { return Ok(false) };
        let last = Row::parse(last.get().as_bytes()).ok().and_then(|row| row.text(&source.key));
        if last.is_none() || last == self.last {
            let text = format!(
                "{} does not move on by its key {}: it must be unique and not null",
                source.table, source.key
            );
            return Err(StageError::new(ErrorName::SourceRefused, text));
        }
        self.last = last;
        for row in page {
            // A `json` column keeps its line breaks. Outside of strings they are white space, inside they are escaped.
            self.lines.extend(
                row.get().bytes().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { byte }),
            );
            self.lines.push(b'\n');
            self.rows += 1;
        }
        Ok(true)
    }

    async fn write(
        self,
        run: &str,
        asked: &SliceRef,
        cursor: &mut ExportCursor,
        store: &impl Put,
    ) -> Result<(), StageError> {
        if self.rows == 0 {
            return Ok(());
        }
        let number = u32::try_from(cursor.parts.len()).unwrap_or(u32::MAX);
        let key = keys::export_part(run, &asked.table, asked.slice, number);
        let (bytes, sha256) = (self.lines.len() as u64, sha256(&self.lines));
        store.put(&key, self.lines.into(), Class::Raw).await?;
        tracing::info!(export.part = key, export.rows = self.rows, size_bytes = bytes, "part written");
        cursor.parts.push(ExportPart { key, rows: self.rows, bytes, sha256 });
        cursor.after = self.last;
        Ok(())
    }
}

/// Compares what was written with what the database counts, and learns how many rows were left out.
async fn reconcile(
    plan: &PlanFile,
    source: &Source,
    slice: &Slice,
    cursor: &mut ExportCursor,
    rows: &impl Rows,
) -> Result<(), StageError> {
    let range = Range { source, after: slice.after.as_deref(), up_to: slice.up_to.as_deref() };
    let (all, consented) = (rows.count(range, false).await?, rows.count(range, true).await?);
    cursor.left_out = all.saturating_sub(consented);
    let (written, moved) = (cursor.rows(), cursor.rows().abs_diff(consented));
    #[expect(clippy::cast_precision_loss, reason = "a share in percent needs no more than 52 bits")]
    let share = moved as f64 * 100.0 / consented.max(1) as f64;
    if share <= plan.recipe.gates.max_moved_percent {
        return Ok(());
    }
    let text = format!(
        "slice {} of {}: {written} rows were written, the database counts {consented}; rows moved while they were read: start again, or raise gates.max_moved_percent",
        slice.slice, slice.source
    );
    Err(StageError::new(ErrorName::CountsDiffer, text))
}
